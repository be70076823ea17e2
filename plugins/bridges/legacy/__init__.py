"""The old Redis names, both ways: jobs and orders come in by them, runners and sessions are shown under them."""

from __future__ import annotations

from framework import Bridge, Manifest, Registry, hookimpl

from .bridge import LegacyBridge
from .settings import LegacySettings


@hookimpl
def describe_plugin() -> Manifest:
    """What the plugin is."""
    return Manifest(settings=LegacySettings)


@hookimpl
def register_bridges(bridges: Registry[Bridge]) -> None:
    """Offer the bridge; it runs where `CONVO_BRIDGES=legacy`."""
    bridges.add(LegacyBridge())
