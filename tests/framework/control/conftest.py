"""Fixtures of the control plane's tests: a Redis server."""

from __future__ import annotations

from framework.testing.redis import redis_server

__all__ = ["redis_server"]
