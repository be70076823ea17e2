"""ElevenLabs voices, over their WebSocket."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from framework.errors import UserError
from framework.plugins.markers import hookimpl
from framework.plugins.registry import Registry
from framework.plugins.services import Keys, Service, ServiceContext
from framework.services.providers.tables import TTS, TTS_ARGS

SETTINGS: dict[str, Any] = {
    **TTS,
    "stability": float | None,
    "similarity_boost": float | None,
    "style": float | None,
    "use_speaker_boost": bool | None,
    "speed": float | None,
    "apply_text_normalization": Literal["auto", "on", "off"] | None,
}

ARGS: dict[str, Any] = {
    **TTS_ARGS,
    "api_key": str,
    "url": str,
    "auto_mode": bool | None,
    "enable_ssml_parsing": bool | None,
    "enable_logging": bool | None,
    "reconnect_on_error": bool,
}

SLOWEST, FASTEST = 0.7, 1.2
"""What the vendor takes as `speed`."""


def keys() -> Keys:
    """What a stack may give."""
    return Keys(settings=SETTINGS, args=ARGS)


def build(context: ServiceContext) -> Any:
    """The personality's voice, at its pace."""
    from pipecat.services.elevenlabs.tts import ElevenLabsTTSService  # noqa: PLC0415 - Pipecat weighs

    from framework.services.providers.construct import construct, spoken  # noqa: PLC0415 - Pipecat weighs

    if not (context.voice or context.settings.get("voice") or context.settings.get("voice_id")):
        fix = "Give the personality `voices: {elevenlabs: …}`, or the stack `settings: {voice: …}`."
        raise UserError("ElevenLabs needs a voice", fix=fix)
    settings = spoken(context)
    if context.pace != 1.0:
        settings.setdefault("speed", min(max(context.pace, SLOWEST), FASTEST))
    return construct(ElevenLabsTTSService, replace(context, settings=settings))


@hookimpl
def register_services(services: Registry[Service]) -> None:
    """Offer `tts: {provider: elevenlabs}`."""
    services.add(
        Service(
            kind="tts",
            name="elevenlabs",
            build=f"{__name__}:build",
            keys=f"{__name__}:keys",
            extra="elevenlabs",
            packages=("pipecat", "websockets"),
            secrets={"api_key": "ELEVENLABS_API_KEY"},
        )
    )
