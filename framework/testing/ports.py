"""Ports of the loopback for servers of tests."""

from __future__ import annotations

import socket


def free_port() -> int:
    """One that nobody listens on now; another process may take it before you do."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
