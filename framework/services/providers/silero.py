"""Voice activity by Silero, whose weights come with Pipecat."""

from __future__ import annotations

from typing import Any

from framework.plugins.markers import hookimpl
from framework.plugins.registry import Registry
from framework.plugins.services import Keys, Service, ServiceContext

SETTINGS: dict[str, Any] = {"confidence": float, "start_secs": float, "stop_secs": float, "min_volume": float}


def keys() -> Keys:
    """What a stack may give."""
    return Keys(settings=SETTINGS)


def build(context: ServiceContext) -> Any:
    """An analyser of this session, on the model that the process shares."""
    from pipecat.audio.vad.vad_analyzer import VADParams  # noqa: PLC0415 - Pipecat weighs

    from framework.services.providers.shared import Silero  # noqa: PLC0415 - Pipecat weighs

    return Silero(params=VADParams(**context.settings))


@hookimpl
def register_services(services: Registry[Service]) -> None:
    """Offer `vad: {provider: silero}`."""
    services.add(
        Service(
            kind="vad",
            name="silero",
            build=f"{__name__}:build",
            keys=f"{__name__}:keys",
            extra="runtime",
            packages=("pipecat", "onnxruntime"),
        )
    )
