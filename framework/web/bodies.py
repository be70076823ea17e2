"""Read request bodies that may be hostile: too long, too deep, not JSON."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import ClientDisconnect, Request

from framework.web.ports import RefusedError

JSON_LIMIT = 64 * 1024
"""Longest JSON body of our own routes, in bytes."""

FORWARD_LIMIT = 1024 * 1024
"""Longest body that is passed on to a worker (an SDP offer has a few kB)."""


async def read(request: Request, limit: int) -> bytes:
    """The body, unless it is longer than `limit`."""
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > limit:
        raise _too_long(limit)
    body = bytearray()
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        more = message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        if len(body) + len(piece) > limit:
            raise _too_long(limit)
        if not more and not body:
            return piece  # nearly always: all of it came at once
        body += piece
    return bytes(body)


async def read_object(request: Request) -> dict[str, Any]:
    """The JSON object in the body; an empty body is an empty object."""
    body = await read(request, JSON_LIMIT)
    if not body.strip():
        return {}
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except RecursionError:
        raise RefusedError("the JSON is nested too deeply", status=400) from None
    except ValueError as error:
        raise RefusedError(f"the body is not JSON: {error}", status=400, fix="Send a JSON object.") from None
    if not isinstance(value, dict):
        raise RefusedError(f"the body is a JSON {type(value).__name__}", status=400, fix="Send a JSON object.")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"`{name}` is no JSON number")


def _too_long(limit: int) -> RefusedError:
    return RefusedError(f"the body is longer than {limit // 1024} kB", status=413, fix="Send less.")
