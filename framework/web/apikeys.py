"""API keys: their text form, what is kept of one, and whether an offered one is it."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from framework.web.credentials import EVERY_TENANT, Credential, Scope, is_tenant

PREFIX = "convo_"
"""What a scanner of published code looks for: `convo_[a-z0-9]{10,32}_[A-Za-z0-9_-]{32,128}`."""

_FORM = re.compile(r"convo_([a-z0-9]{10,32})_([A-Za-z0-9_-]{32,128})", re.ASCII)
_ID_BYTES = 8
_SECRET_BYTES = 32


class KeyText(NamedTuple):
    """The two parts of a key as its owner has it."""

    key_id: str
    secret: str

    def __repr__(self) -> str:
        return f"KeyText({self.key_id!r}, …)"

    @property
    def text(self) -> str:
        """The key as it is handed out."""
        return f"{PREFIX}{self.key_id}_{self.secret}"

    @classmethod
    def new(cls) -> Self:
        """A key that nobody has had before."""
        return cls(secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The parts of a key; `None` where the text has not the form of one."""
        found = _FORM.fullmatch(text)
        return cls(*found.groups()) if found else None


def hash_of(secret: str) -> str:
    """What is kept of a secret.

    SHA-256 and no slow password hash: the secret is 256 random bits that we drew, so there is nothing to guess by
    trying words, and a slow hash would only make each request slow and the door easy to overload.
    """
    return "sha256:" + hashlib.sha256(secret.encode()).hexdigest()


class KeyRecord(BaseModel):
    """A key as it is kept: without its secret."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    key_id: str = Field(pattern=r"^[a-z0-9]{10,32}$")
    hash: str = Field(pattern=r"^sha256:[0-9a-f]{64}$", repr=False)
    name: str = Field(min_length=1, max_length=100)
    tenant: str
    scopes: tuple[Scope, ...] = Field(min_length=1)
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None

    @field_validator("tenant")
    @classmethod
    def _is_tenant(cls, value: str) -> str:
        if value != EVERY_TENANT and not is_tenant(value):
            raise ValueError("a tenant's name has 1 to 64 letters, digits and `_ . -`; `*` is every tenant")
        return value

    def fits(self, secret: str) -> bool:
        """Whether this is the key's secret, in constant time."""
        return hmac.compare_digest(hash_of(secret), self.hash)

    def problem(self, now: float) -> str:
        """Why the key is good no more; empty while it is."""
        if self.revoked_at is not None:
            return "this key was revoked"
        if self.expires_at is not None and self.expires_at.timestamp() <= now:
            return "this key has expired"
        return ""

    def credential(self) -> Credential:
        """What its owner may do."""
        return Credential(
            key_id=self.key_id,
            name=self.name,
            tenant=self.tenant,
            scopes=frozenset(self.scopes),
            expires_at=self.expires_at.timestamp() if self.expires_at else None,
        )

    def revoked(self, now: datetime | None = None) -> KeyRecord:
        """The same key, good no more from now on."""
        return self.model_copy(update={"revoked_at": self.revoked_at or now or datetime.now(UTC)})


def issue(
    name: str,
    *,
    tenant: str,
    scopes: tuple[Scope, ...],
    days: float | None = None,
    now: datetime | None = None,
) -> tuple[KeyText, KeyRecord]:
    """A new key, and what is to be kept of it."""
    key = KeyText.new()
    created = (now or datetime.now(UTC)).replace(microsecond=0)
    record = KeyRecord(
        key_id=key.key_id,
        hash=hash_of(key.secret),
        name=name,
        tenant=tenant,
        scopes=tuple(dict.fromkeys(scopes)),
        created_at=created,
        expires_at=created + timedelta(days=days) if days else None,
    )
    return key, record
