"""espeak-ng speaks every language that has no neural voice; robotic, instant, from a pip wheel."""

from __future__ import annotations

from framework.plugins.markers import hookimpl
from framework.plugins.registry import Registry
from framework.plugins.services import Keys, Service


def keys() -> Keys:
    """What a stack may give: `rate` in words a minute, `word_gap` in hundredths of a second, others from 0 to 100."""
    whole = ("rate", "pitch", "pitch_range", "volume", "word_gap")
    return Keys(settings=dict.fromkeys(whole, int))


@hookimpl
def register_services(services: Registry[Service]) -> None:
    """Offer `tts: {provider: espeak}`."""
    services.add(
        Service(
            kind="tts",
            name="espeak",
            build=f"{__name__}.service:build",
            extra="offline",
            packages=("espeakng_loader",),
            keys=f"{__name__}:keys",
        )
    )
