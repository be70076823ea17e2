"""Moonshine hears English, with an open vocabulary: weights from a pip wheel, prepared once."""

from __future__ import annotations

from framework.plugins.markers import hookimpl
from framework.plugins.registry import Registry
from framework.plugins.services import Keys, Service


def keys() -> Keys:
    """What a stack may give."""
    return Keys(settings={"floor": float, "lean": float}, args={"threads": int})


@hookimpl
def register_services(services: Registry[Service]) -> None:
    """Offer `stt: {provider: moonshine}`."""
    services.add(
        Service(
            kind="stt",
            name="moonshine",
            build=f"{__name__}.service:build",
            prepare=f"{__name__}.store:preparation",
            extra="offline",
            packages=("moonshine_cpp", "onnxruntime"),
            languages=("en",),
            keys=f"{__name__}:keys",
        )
    )
