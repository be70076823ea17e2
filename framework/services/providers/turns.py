"""When has a person finished? `smart_turn` listens to how one speaks, `timeout` counts silence."""

from __future__ import annotations

from typing import Any

from framework.plugins.markers import hookimpl
from framework.plugins.registry import Registry
from framework.plugins.services import Keys, Service, ServiceContext

START: dict[str, Any] = {"min_words": int}
"""How many words must be heard before the bot is interrupted; without it, speech alone does."""

SMART: dict[str, Any] = {"stop_secs": float, "pre_speech_ms": float, "max_duration_secs": float}

TIMEOUT: dict[str, Any] = {"user_speech_timeout": float}

BOTH: dict[str, Any] = {"wait_for_transcript": bool}


def smart_keys() -> Keys:
    """What a stack may give `smart_turn`."""
    return Keys(settings=START | SMART | BOTH)


def timeout_keys() -> Keys:
    """What a stack may give `timeout`."""
    return Keys(settings=START | TIMEOUT | BOTH)


def build_smart(context: ServiceContext) -> Any:
    """Strategies that ask a model whether the sentence sounded finished."""
    from pipecat.audio.turn.smart_turn.base_smart_turn import SmartTurnParams  # noqa: PLC0415 - Pipecat weighs
    from pipecat.turns.user_stop import TurnAnalyzerUserTurnStopStrategy  # noqa: PLC0415 - Pipecat weighs

    from framework.services.providers.shared import SmartTurn  # noqa: PLC0415 - Pipecat weighs

    settings = context.settings
    analyzer = SmartTurn(params=SmartTurnParams(**_only(settings, SMART)))
    return _strategies(settings, TurnAnalyzerUserTurnStopStrategy(turn_analyzer=analyzer, **_only(settings, BOTH)))


def build_timeout(context: ServiceContext) -> Any:
    """Strategies that wait for a stretch of silence."""
    from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy  # noqa: PLC0415 - Pipecat weighs

    return _strategies(context.settings, SpeechTimeoutUserTurnStopStrategy(**_only(context.settings, TIMEOUT | BOTH)))


def _strategies(settings: dict[str, Any], stop: Any) -> Any:
    from pipecat.turns.user_start import MinWordsUserTurnStartStrategy  # noqa: PLC0415 - Pipecat weighs
    from pipecat.turns.user_turn_strategies import UserTurnStrategies  # noqa: PLC0415 - Pipecat weighs

    words = settings.get("min_words")
    return UserTurnStrategies(start=[MinWordsUserTurnStartStrategy(min_words=words)] if words else None, stop=[stop])


def _only(settings: dict[str, Any], keys: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key in keys}


@hookimpl
def register_services(services: Registry[Service]) -> None:
    """Offer `turn: {stop: smart_turn}` and `turn: {stop: timeout}`."""
    for name, build, keys in (
        ("smart_turn", "build_smart", "smart_keys"),
        ("timeout", "build_timeout", "timeout_keys"),
    ):
        services.add(
            Service(
                kind="turn",
                name=name,
                build=f"{__name__}:{build}",
                keys=f"{__name__}:{keys}",
                extra="runtime",
                packages=("pipecat", "onnxruntime"),
            )
        )
