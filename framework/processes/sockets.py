"""Bind a listening socket, or say in a sentence why there is none."""

from __future__ import annotations

import errno
import socket

from framework.errors import UserError

_BACKLOG = 1024


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # With the protocol named, asyncio turns Nagle's algorithm off: it delays answers by 40 ms.
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UserError(f"port {port} is in use", fix=f"Choose another one with --port {port + 1}.") from None
        if error.errno == errno.EACCES:
            raise UserError(f"port {port} needs more rights", fix="Choose one above 1023 with --port.") from None
        raise UserError(f"can't listen on {host}:{port}: {error.strerror}", fix="Check --host and --port.") from None
    return listening


def url_of(listening: socket.socket) -> str:
    """Where this machine reaches it."""
    host, port = listening.getsockname()[:2]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - read, not bound
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"
