"""The Status bodies with which an API server refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from framework.testing.kubernetes.rules import Wrong

REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "AlreadyExists",
    410: "Expired",
    415: "UnsupportedMediaType",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


class RefusedError(Exception):
    """A request that is answered with a Status."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        reason: str = "",
        details: dict[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after
        self.body = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason or REASONS.get(code, "InternalError"),
            "details": details or {},
            "code": code,
        }


def not_found(plural: str, name: str) -> RefusedError:
    """There is nothing of this name."""
    return RefusedError(404, f'{plural} "{name}" not found', details={"name": name, "kind": plural})


def exists(plural: str, group: str, name: str) -> RefusedError:
    """There is already something of this name."""
    shown = f"{plural}.{group}" if group else plural
    return RefusedError(409, f'{shown} "{name}" already exists', details={"name": name, "group": group, "kind": plural})


def invalid(kind: str, group: str, name: str, found: Sequence[Wrong]) -> RefusedError:
    """The object has the form of its kind, but breaks its rules."""
    causes = [{"reason": "FieldValueInvalid", "message": wrong.message, "field": wrong.field} for wrong in found]
    told = ", ".join(str(wrong) for wrong in found)
    shown = f"{kind}.{group}" if group else kind
    return RefusedError(
        422, f'{shown} "{name}" is invalid: {told}', details={"name": name, "kind": kind, "causes": causes}
    )


def forbidden(user: str, verb: str, resource: str, group: str, namespace: str) -> RefusedError:
    """The Role doesn't allow it."""
    return RefusedError(
        403,
        f'{resource} is forbidden: User "{user}" cannot {verb} resource "{resource}" in API group "{group}" in the'
        f' namespace "{namespace}"',
        details={"kind": resource},
    )


def success(plural: str, name: str) -> dict[str, Any]:
    """What a deletion answers."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {"name": name, "kind": plural},
    }
