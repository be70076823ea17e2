"""Who is asking: a credential, what it may do, and whose sessions it sees."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal, get_args

from framework.web.ports import RefusedError

Scope = Literal["join", "admin", "read"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
"""`join` starts sessions and takes part in them, `admin` gives orders, `read` looks at sessions, events and figures."""

EVERY_TENANT = "*"
"""The tenant of a platform operator's key."""

DEFAULT_TENANT = "default"
"""The tenant of whoever names none."""

_TENANT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?", re.ASCII)


def is_tenant(name: str) -> bool:
    """Whether a tenant may be called so. The name becomes part of keys, pools and labels.

    >>> is_tenant("acme"), is_tenant("acme.eu-1"), is_tenant("*"), is_tenant("a:b"), is_tenant("")
    (True, True, False, False, False)
    """
    return _TENANT.fullmatch(name) is not None


@dataclass(frozen=True, kw_only=True)
class Credential:
    """Someone whom we know, by whatever they have shown."""

    key_id: str
    """What it is counted and remembered by; not secret."""
    name: str
    """For people and for the audit record of an order."""
    tenant: str
    """A tenant's name, or `*`: every tenant."""
    scopes: frozenset[Scope] = field(default_factory=frozenset)
    kind: Literal["key", "jwt", "local"] = "key"
    expires_at: float | None = None
    """Seconds since the epoch, where it ends by itself."""

    def may(self, scope: str) -> bool:
        """Whether it has this scope."""
        return scope in self.scopes

    def sees(self, tenant: str) -> bool:
        """Whether what belongs to this tenant exists for it."""
        return self.tenant in (EVERY_TENANT, tenant)

    def tenant_for(self, asked: str = "") -> str:
        """The tenant that something new belongs to; a platform operator may name one.

        Raises:
            RefusedError: Another's tenant is named, or what is named is none.
        """
        own = DEFAULT_TENANT if self.tenant == EVERY_TENANT else self.tenant
        tenant = asked or own
        if not self.sees(tenant):
            raise RefusedError(
                "this credential is of another tenant",
                status=HTTPStatus.FORBIDDEN,
                fix="Leave the tenant out: it is taken from the credential.",
            )
        if not is_tenant(tenant):
            raise RefusedError(
                "a tenant's name has 1 to 64 letters, digits and `_ . -`", status=HTTPStatus.UNPROCESSABLE_ENTITY
            )
        return tenant


LOCAL = Credential(key_id="local", name="this machine", tenant=DEFAULT_TENANT, scopes=frozenset(SCOPES), kind="local")
"""Everyone on this machine, while no key is configured and nobody else is served."""
