"""Silero and smart turn on one loaded model for the whole process; their states stay with the session.

Both classes load their model in the constructor. These skip that step and nothing else; a test compares their
attributes with a fresh one of Pipecat's, so that an upgrade that adds a step turns red.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pipecat.audio.turn.smart_turn.base_smart_turn import BaseSmartTurn
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3
from pipecat.audio.vad.silero import SileroOnnxModel, SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADAnalyzer, VADParams


@cache
def _silero() -> SileroVADAnalyzer:
    return SileroVADAnalyzer()


@cache
def _smart_turn() -> LocalSmartTurnAnalyzerV3:
    return LocalSmartTurnAnalyzerV3()


class _Model(SileroOnnxModel):
    """The loaded weights with a recurrent state of their own."""

    def __init__(self, loaded: SileroOnnxModel) -> None:
        self.session = loaded.session
        self.sample_rates = loaded.sample_rates
        self.reset_states()  # type: ignore[no-untyped-call]


class Silero(SileroVADAnalyzer):
    """Pipecat's analyser, on the shared weights."""

    def __init__(self, *, sample_rate: int | None = None, params: VADParams | None = None) -> None:
        VADAnalyzer.__init__(self, sample_rate=sample_rate, params=params)
        self._model = _Model(_silero()._model)  # noqa: SLF001 - see the module's docstring
        self._windows_since_reset = 0
        self._low_confidence_windows = 0


class SmartTurn(LocalSmartTurnAnalyzerV3):
    """Pipecat's analyser, on the shared weights, which keep no state."""

    def __init__(self, **kwargs: Any) -> None:
        BaseSmartTurn.__init__(self, **kwargs)
        self._log_data = False
        self._session = _smart_turn()._session  # noqa: SLF001 - see the module's docstring
