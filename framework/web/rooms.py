"""Check the name or address of a room before any bot is sent there, and give each room one name.

A bot that joins whatever address it is told would reach for us what the caller can't: the machine's own services, the
network behind it, a cloud's metadata. So an address has to be a public one. Names are **not** resolved here: a public
name may still lead inside, today or a moment later. Where that matters, bots belong into a network that can't reach
what they must not.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import SplitResult, urlsplit

from framework.errors import UserError
from framework.settings import NO, YES
from framework.web.ports import RefusedError

LONGEST: Final = 512
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}", re.ASCII)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)
_PATH = re.compile(r"[A-Za-z0-9._~+=:@/-]*", re.ASCII)
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.ASCII)
_DEFAULT_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}
_PUBLIC_SCHEMES = ("https", "wss")
_INSIDE = (
    "localhost", "localdomain", "local", "internal", "intranet", "private", "lan", "home", "corp", "arpa", "svc",
    "invalid", "onion",
)  # fmt: skip
"""Ends of names that mean the machine or the network that asks."""


def check_room(text: str, *, private: bool = False, ports: frozenset[int] = frozenset({443})) -> str:
    """The one name of a room: a plain name, or an address without what makes no difference.

    Args:
        text: A name (`[A-Za-z0-9_.-]`, up to 128 characters) or an `https` or `wss` address.
        private: Allow any host, and `http` and `ws`: where the rooms are on one's own network.
        ports: Ports that an address may have.

    Raises:
        RefusedError: 422, with what is wrong. It repeats nothing of an address, which may hold a secret.

    >>> check_room("lobby"), check_room("HTTPS://Acme.Daily.co:443/Front-Desk/")
    ('lobby', 'https://acme.daily.co/Front-Desk')
    """
    if _NAME.fullmatch(text) and text.strip("."):
        return text
    if len(text) > LONGEST:
        raise _refused(f"a room's address has at most {LONGEST} characters")
    if not (text.isascii() and text.isprintable()) or any(character in text for character in " \\<>\"'`{}|^"):
        raise _refused("a room's address has characters that don't belong in it", "Write other scripts as `xn--…`.")
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise _refused("that is neither a room's name nor an address") from None
    _check_form(url, private=private)
    if "?" in text or "#" in text:
        raise _refused("a room's address has nothing behind a `?` or `#`", "Send a token as `token`, beside the room.")
    host = _host(url, private=private)
    allowed = ports | ({_DEFAULT_PORTS[url.scheme]} if private else set())
    if port is not None and port not in allowed and not private:
        raise _refused(f"a room's address has no port but {', '.join(map(str, sorted(ports)))}")
    where = "" if port in (None, _DEFAULT_PORTS[url.scheme]) else f":{port}"
    return f"{url.scheme}://{host}{where}{_path(url.path)}"


def check_room_here(text: str, environment: Mapping[str, str] | None = None) -> str:
    """`check_room`, as `CONVO_PRIVATE_ROOMS` and `CONVO_ROOM_PORTS` have it."""
    given = os.environ if environment is None else environment
    private = given.get("CONVO_PRIVATE_ROOMS", "").strip().lower()
    if private not in YES | NO:
        raise UserError("`CONVO_PRIVATE_ROOMS` is neither yes nor no", fix="Set it to 1 or 0.")
    try:
        ports = frozenset(int(part) for part in given.get("CONVO_ROOM_PORTS", "443").split(","))
    except ValueError:
        raise UserError("`CONVO_ROOM_PORTS` is no list of ports", fix="Write them like `443,8443`.") from None
    return check_room(text, private=private in YES, ports=ports)


def _check_form(url: SplitResult, *, private: bool) -> None:
    schemes = tuple(_DEFAULT_PORTS) if private else _PUBLIC_SCHEMES
    if url.scheme not in schemes or not url.netloc:
        raise _refused("a room is a plain name or an address that begins with https:// or wss://")
    if "@" in url.netloc:
        raise _refused("a room's address has no user or password", "Send a token as `token`, beside the room.")


def _host(url: SplitResult, *, private: bool) -> str:
    host = (url.hostname or "").removesuffix(".")
    if url.netloc.startswith("["):
        return f"[{_address(host, private=private)}]"
    labels = host.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused("a room's address has no host that can be")
    # What ends in a number is an address to everyone who resolves names, in whatever notation: 2130706433, 0x7f.1.
    if _NUMBER.fullmatch(labels[-1]):
        return _address(host, private=private)
    if not private and (len(labels) == 1 or labels[-1] in _INSIDE):
        raise _inside()
    return host


def _address(host: str, *, private: bool) -> str:
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        raise _refused("a room's address has a number for a host that is no IP address") from None
    if private:
        return str(found)
    if isinstance(found, ipaddress.IPv6Address) and (found not in _IPV6_GLOBAL or _hides_ipv4(found)):
        raise _inside()
    if not found.is_global or found.is_multicast or found.is_reserved or found in _IPV4_ODD:
        raise _inside()
    return str(found)


_IPV6_GLOBAL = ipaddress.ip_network("2000::/3")
_IPV4_ODD = ipaddress.ip_network("192.88.99.0/24")  # relays into IPv6
_IPV6_ODD = ("2001::/23", "2002::/16", "2001:db8::/32", "3fff::/20")


def _hides_ipv4(found: ipaddress.IPv6Address) -> bool:
    """Whether it leads on to an IPv4 address, or is of a block that no host has."""
    return any(found in ipaddress.ip_network(block) for block in _IPV6_ODD)


def _path(path: str) -> str:
    """A path that has one form only."""
    trimmed = path.removesuffix("/")
    segments = trimmed.split("/")[1:]
    if not _PATH.fullmatch(path) or any(segment in ("", ".", "..") for segment in segments):
        raise _refused("the path of a room's address has letters, digits and `. _ ~ + = : @ -` between single slashes")
    return trimmed


def _inside() -> RefusedError:
    return _refused(
        "a room's address leads inside, not to a public host",
        "Name a public host, or set CONVO_PRIVATE_ROOMS=1 where rooms are on your own network.",
    )


def _refused(detail: str, fix: str = "") -> RefusedError:
    return RefusedError(
        detail, status=HTTPStatus.UNPROCESSABLE_ENTITY, fix=fix or "Send a name like `lobby`, or `https://host/room`."
    )
