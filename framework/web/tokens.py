"""JSON Web Tokens of an identity provider, as an option beside API keys.

One kind of key is configured, and it decides the one algorithm that is accepted: what a token says of itself never
does. `none` is not among them, and a public key can't be used as an HS256 secret.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import jwt

from framework.errors import MissingExtraError, UserError
from framework.settings import Group
from framework.web.credentials import SCOPES, Credential, is_tenant

LEEWAY_S = 30
_LONGEST = 8192
_SHORTEST_SECRET = 32
_SHORTEST_RSA = 2048
_CURVES = {"secp256r1": "ES256"}


class TokenError(Exception):
    """Why a token is refused: a sentence without anything of the token in it."""


@dataclass(frozen=True, kw_only=True)
class TokenSettings(Group):
    """Whose tokens are accepted: `CONVO_JWT_*`. Nobody's, unless one of the three kinds of key is given."""

    prefix: ClassVar[str] = "CONVO_JWT"

    secret: str = field(default="", repr=False)
    """HS256, shared with the issuer: at least 32 bytes."""

    public_key: str = ""
    """The issuer's public key, in PEM form: RSA (RS256), P-256 (ES256) or Ed25519 (EdDSA)."""

    jwks_file: Path | None = None
    """The issuer's public keys as a JSON Web Key Set; read again when it changes, so that keys can be rotated."""

    issuer: str = ""
    """What `iss` has to be."""

    audience: str = ""
    """What `aud` has to be, or to contain."""

    tenant_claim: str = "tenant"
    """The claim that holds the tenant."""

    @property
    def configured(self) -> bool:
        """Whether tokens are accepted."""
        return bool(self.secret or self.public_key or self.jwks_file)


@dataclass(frozen=True)
class _Key:
    material: Any = field(repr=False)
    algorithm: str


class Tokens:
    """Turns a token into a credential, or says why not."""

    def __init__(self, settings: TokenSettings | None = None) -> None:
        self._settings = settings or TokenSettings()
        self._seen: tuple[int, int, int] | None = None
        self._keys: dict[str, _Key] = {}
        self._check()

    @property
    def configured(self) -> bool:
        """Whether tokens are accepted at all."""
        return self._settings.configured

    def credential(self, token: str, now: float) -> Credential:
        """Who has this token.

        Raises:
            TokenError: It isn't good.
        """
        key = self._key(_header(token))
        try:
            claims = jwt.decode(
                token,
                key.material,
                algorithms=[key.algorithm],
                issuer=self._settings.issuer,
                audience=self._settings.audience,
                # The times are compared here, with the clock that the caller has.
                options={
                    "require": ["exp", "iss", "aud"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except jwt.PyJWTError as error:
            raise TokenError(_WORDS.get(type(error), "this token is not good")) from None
        except (ValueError, TypeError, RecursionError):
            raise TokenError("this token is not good") from None
        _check_times(claims, now)
        return self._of(claims)

    def _of(self, claims: dict[str, Any]) -> Credential:
        tenant = claims.get(self._settings.tenant_claim)
        # `*` is for keys that we issued: a claim may be filled in from what a user chose.
        if not isinstance(tenant, str) or not is_tenant(tenant):
            raise TokenError(f"this token's claim `{self._settings.tenant_claim}` names no tenant")
        words = claims.get("scope", "")
        if not isinstance(words, str):
            raise TokenError("this token's claim `scope` is no text")
        subject = claims.get("sub", "")
        name = subject if isinstance(subject, str) and subject.isprintable() else ""
        digest = hashlib.sha256(f"{self._settings.issuer}\n{tenant}\n{subject}".encode(errors="replace")).hexdigest()
        return Credential(
            key_id=f"jwt-{digest[:24]}",
            name=name[:100] or "a token's owner",
            tenant=tenant,
            scopes=frozenset(scope for scope in SCOPES if scope in words.split()),
            kind="jwt",
            expires_at=float(claims["exp"]),
        )

    # --- Keys ---------------------------------------------------------------

    def _check(self) -> None:
        """Refuse to begin with settings that would be refused, or worse accepted, later."""
        ours = self._settings
        given = [name for name in ("secret", "public_key", "jwks_file") if getattr(ours, name)]
        if not given:
            return
        if len(given) > 1:
            names = " and ".join(f"CONVO_JWT_{name.upper()}" for name in given)
            raise UserError(f"{names} are both set", fix="Keep one: it decides which algorithm is accepted.")
        for name in ("issuer", "audience"):
            if not getattr(ours, name):
                raise UserError(
                    f"`CONVO_JWT_{name.upper()}` is not set",
                    fix="Set it: a token that was made for somebody else must not open this door.",
                )
        if ours.secret:
            if len(ours.secret.encode()) < _SHORTEST_SECRET:
                raise UserError(
                    "the secret is shorter than 32 bytes",
                    where="CONVO_JWT_SECRET",
                    fix="Make one: `openssl rand -hex 32`.",
                )
            self._keys = {"": _Key(ours.secret.encode(), "HS256")}
        elif ours.public_key:
            self._keys = {"": _public(ours.public_key.replace("\\n", "\n"))}
        else:
            self._load()

    def _key(self, header: dict[str, Any]) -> _Key:
        if not self._keys:
            raise TokenError("tokens are not accepted here")
        if self._settings.jwks_file is None:
            return self._keys[""]
        self._reload()
        name = header.get("kid")
        if name is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        if not isinstance(name, str) or name not in self._keys:
            raise TokenError("this token was signed with a key that is not known here")
        return self._keys[name]

    def _reload(self) -> None:
        """Take up a changed file; a broken or missing one changes nothing."""
        try:
            self._load()
        except UserError:
            return

    def _load(self) -> None:
        path = self._settings.jwks_file
        assert path is not None  # noqa: S101 - for the type checker
        try:
            found = path.stat()
            seen = (found.st_mtime_ns, found.st_ino, found.st_size)
            if seen == self._seen:
                return
            self._seen = seen
            _need_cryptography()
            items = json.loads(path.read_text(encoding="utf-8"))["keys"]
            self._keys = {str(item.get("kid", "")): _of_jwk(item) for item in items if item.get("use") != "enc"}
        except OSError as error:
            raise UserError(
                error.strerror or "it can't be read", where=str(path), fix="Check CONVO_JWT_JWKS_FILE."
            ) from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, jwt.PyJWTError):
            raise UserError("it is no JSON Web Key Set", where=str(path), fix="Check CONVO_JWT_JWKS_FILE.") from None


_WORDS: dict[type[Exception], str] = {
    jwt.InvalidAudienceError: "this token is for another audience",
    jwt.InvalidIssuerError: "this token is of another issuer",
    jwt.MissingRequiredClaimError: "this token lacks one of the claims `exp`, `iss`, `aud`",
    jwt.InvalidAlgorithmError: "this token is signed in a way that is not accepted here",
}


def _header(token: str) -> dict[str, Any]:
    if len(token) > _LONGEST:
        raise TokenError("this token is too long")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise TokenError("this is no token") from None
    if "crit" in header or "b64" in header:
        raise TokenError("this token asks for an extension that is not known here")
    return header


def _check_times(claims: dict[str, Any], now: float) -> None:
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in times.values()) or not all(
        math.isfinite(value) for value in times.values()
    ):
        raise TokenError("a time of this token is no number")
    if not times["exp"] > now - LEEWAY_S:
        raise TokenError("this token has expired")
    if not times.get("nbf", now) <= now + LEEWAY_S:
        raise TokenError("this token is not good yet")
    if not times.get("iat", now) <= now + LEEWAY_S:
        raise TokenError("this token was made in the future")


def _public(pem: str) -> _Key:
    """A public key with the one algorithm that goes with it."""
    _need_cryptography()
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - heavy, and only for this choice
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 - likewise

    try:
        return _pinned(load_pem_public_key(pem.encode()))
    except (ValueError, UnsupportedAlgorithm):
        raise UserError(
            "it is no public key that can be used",
            where="CONVO_JWT_PUBLIC_KEY",
            fix="Give an RSA (2048 bits or more), P-256 or Ed25519 public key in PEM form.",
        ) from None


def _need_cryptography() -> None:
    if find_spec("cryptography") is None:
        raise MissingExtraError(
            "public keys need the package `cryptography`",
            fix="Run `pip install 'PyJWT[crypto]'`, or use CONVO_JWT_SECRET.",
        )


def _of_jwk(item: dict[str, Any]) -> _Key:
    key = _pinned(jwt.PyJWK(item).key)  # which refuses a secret among them
    if item.get("alg", key.algorithm) != key.algorithm:
        raise ValueError("an algorithm that is not accepted")
    return key


def _pinned(key: Any) -> _Key:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa  # noqa: PLC0415 - only for this choice

    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _SHORTEST_RSA:
        return _Key(key, "RS256")
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return _Key(key, _CURVES[key.curve.name])
    if isinstance(key, ed25519.Ed25519PublicKey):
        return _Key(key, "EdDSA")
    raise ValueError("a key of a kind that is not accepted")
