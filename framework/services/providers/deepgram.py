"""Deepgram's recogniser, over its WebSocket."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from framework.plugins.markers import hookimpl
from framework.plugins.registry import Registry
from framework.plugins.services import Keys, Service, ServiceContext
from framework.services.providers.tables import STT, STT_ARGS

SETTINGS: dict[str, Any] = {
    **STT,
    "detect_entities": bool,
    "diarize": bool,
    "dictation": bool,
    "endpointing": int | bool,
    "interim_results": bool,
    "keyterm": str | list[str],
    "keywords": str | list[str],
    "numerals": bool,
    "profanity_filter": bool | None,
    "punctuate": bool,
    "redact": str | bool | list[str],
    "replace": str | list[str],
    "search": str | list[str],
    "smart_format": bool,
    "utterance_end_ms": int | None,
    "version": str | None,
}

ARGS: dict[str, Any] = {
    **STT_ARGS,
    "api_key": str,
    "base_url": str,
    "encoding": str,
    "channels": int,
    "multichannel": bool,
    "callback": str | None,
    "callback_method": str | None,
    "tag": Any,
    "mip_opt_out": bool | None,
    "addons": dict[str, Any] | None,
}


def keys() -> Keys:
    """What a stack may give."""
    return Keys(settings=SETTINGS, args=ARGS)


def build(context: ServiceContext) -> Any:
    """The recogniser, listening in the session's language."""
    from pipecat.services.deepgram.stt import DeepgramSTTService  # noqa: PLC0415 - Pipecat weighs

    from framework.services.providers.construct import construct, spoken  # noqa: PLC0415 - Pipecat weighs

    return construct(DeepgramSTTService, replace(context, settings=spoken(context)))


@hookimpl
def register_services(services: Registry[Service]) -> None:
    """Offer `stt: {provider: deepgram}`."""
    services.add(
        Service(
            kind="stt",
            name="deepgram",
            build=f"{__name__}:build",
            keys=f"{__name__}:keys",
            extra="deepgram",
            packages=("pipecat", "deepgram"),
            secrets={"api_key": "DEEPGRAM_API_KEY"},
        )
    )
