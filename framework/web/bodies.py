"""Read request bodies that may be hostile: too long, too deep, not JSON."""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request

from framework.web.headers import first
from framework.web.ports import RefusedError

JSON_LIMIT = 64 * 1024
"""Longest JSON body of our own routes, in bytes."""

FORWARD_LIMIT = 1024 * 1024
"""Longest body that is passed on to a worker (an SDP offer has a few kB)."""


async def read(request: Request, limit: int) -> bytes:
    """The body, unless it is longer than `limit`."""
    announced = first(request.scope["headers"], b"content-length", b"0")
    if announced.isdigit() and int(announced) > limit:
        raise too_long(limit)
    body = bytearray()
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise RefusedError("the client left in the middle of the body", status=HTTPStatus.BAD_REQUEST)
        more = message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        if len(body) + len(piece) > limit:
            raise too_long(limit)
        if not more and not body:
            return piece  # nearly always: all of it came at once
        body += piece
    return bytes(body)


def too_long(limit: int) -> RefusedError:
    """The refusal of a body."""
    return RefusedError(f"the body is longer than {limit // 1024} kB", status=413, fix="Send less.")
