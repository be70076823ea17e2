"""How much one may ask for: requests a second, and bytes, depth and size of what is sent.

Buckets are this process's own: they protect it from one caller who overdoes it. What a tenant may have at once in a
whole fleet is the store's to say (`Request.tenant_live`, `tenant_queued`).
"""

from __future__ import annotations

import ipaddress
import json
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.types import Message, Receive

from framework.settings import Group
from framework.web.bodies import read, too_long
from framework.web.policy import BODY_LIMIT
from framework.web.ports import RefusedError

DEPTH = 50
LONGEST_TEXT = 256 * 1024
LONGEST_NAME = 256
LARGEST_NUMBER = 2**63


@dataclass(frozen=True, kw_only=True)
class RateSettings(Group):
    """How often one may ask, per gateway process: `CONVO_RATE_*`."""

    prefix: ClassVar[str] = "CONVO_RATE"

    requests: float = 500.0
    """Requests a second of one credential; 0: as many as it likes."""

    burst: int = 1000
    """Requests that it may have saved up."""

    failures: float = 1.0
    """Requests a second from one address that are refused for what they show; those above are answered 429."""

    failures_burst: int = 30
    """Refused requests that it may have saved up."""


class Buckets:
    """A token bucket for each key; those not used for longest are forgotten first."""

    def __init__(
        self, rate: float, burst: float, *, most: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._most, self._clock = rate, burst, most, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str) -> float:
        """Take one token, and answer 0; or the seconds until there is one."""
        if self._rate <= 0:
            return 0.0
        now = self._clock()
        tokens, since = self._buckets.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + max(0.0, now - since) * self._rate)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / self._rate
        self._buckets[key] = (tokens if wait else tokens - 1, now)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return wait


def too_often(wait_s: float) -> RefusedError:
    """The refusal of one who has asked too often."""
    return RefusedError(
        "too many requests",
        status=HTTPStatus.TOO_MANY_REQUESTS,
        retry_after_s=max(1, math.ceil(wait_s)),
        fix="Wait as long as `Retry-After` says.",
    )


def address(client: object) -> str:
    """What a client's failures are counted under: its address, of IPv6 the network, since a client has all of that.

    >>> address(("192.0.2.7", 1234)), address(("2001:db8::1", 1)), address(None)
    ('192.0.2.7', '2001:db8::/64', 'unknown')
    """
    if not isinstance(client, list | tuple) or not client:
        return "unknown"
    try:
        found = ipaddress.ip_address(str(client[0]))
    except ValueError:
        return str(client[0])[:64]
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


# --- Bodies -----------------------------------------------------------------------------------------------------------


def limited(receive: Receive, limit: int) -> Receive:
    """The same body, ending in a 413 where it is longer than announced or allowed."""
    length = 0

    async def next_message() -> Message:
        nonlocal length
        message = await receive()
        if message["type"] == "http.request":
            length += len(message.get("body", b""))
            if length > limit:
                raise too_long(limit)
        return message

    return next_message


async def read_json(request: Request, limit: int = BODY_LIMIT) -> dict[str, Any]:
    """The JSON object in the body; an empty body is an empty object. Raises `RefusedError`: 400, 413 or 422."""
    return json_object(await read(request, limit))


def json_object(body: bytes) -> dict[str, Any]:
    """A JSON object from a stranger: UTF-8, no deeper than 50, nothing in it too large to be passed on.

    >>> json_object(b'{"bot": "clinic"}'), json_object(b"")
    ({'bot': 'clinic'}, {})
    """
    if not body.strip():
        return {}
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise RefusedError("the body is not UTF-8", status=HTTPStatus.BAD_REQUEST, fix="Send UTF-8.") from None
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_int=_whole, parse_float=_fraction)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise RefusedError(
            f"the body is not JSON: {error}", status=HTTPStatus.BAD_REQUEST, fix="Send a JSON object."
        ) from None
    if not isinstance(value, dict):
        raise RefusedError(
            f"the body is a JSON {type(value).__name__}", status=HTTPStatus.BAD_REQUEST, fix="Send a JSON object."
        )
    _check(value)
    return value


def _check(value: Any) -> None:
    """Look at every part of a value, without recursion."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEPTH:
            raise _too_deep()
        deeper: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                for name in item:
                    _check_text(name, LONGEST_NAME)
                deeper += item.values()
            elif isinstance(item, list):
                deeper += item
            elif isinstance(item, str):
                _check_text(item, LONGEST_TEXT)
        level = deeper


def _check_text(text: str, longest: int) -> None:
    if len(text) > longest:
        raise _odd(f"a text is longer than {longest} characters")
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _odd("a text holds half a character (a lone surrogate)") from None


def _whole(text: str) -> int:
    if len(text) <= len(str(LARGEST_NUMBER)) + 1 and abs(value := int(text)) < LARGEST_NUMBER:
        return value
    raise _odd("a number is larger than 64 bits")


def _fraction(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _odd("a number is too large")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"`{name}` is no JSON number")


def _odd(detail: str) -> RefusedError:
    return RefusedError(detail, status=HTTPStatus.UNPROCESSABLE_ENTITY, fix="Send less in it.")


def _too_deep() -> RefusedError:
    return RefusedError(
        f"the JSON is nested deeper than {DEPTH}", status=HTTPStatus.BAD_REQUEST, fix="Send it flatter."
    )
