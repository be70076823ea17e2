"""Who may speak while the bot does: let it finish where nobody may stop it, and hear nobody where it may not be heard.

Both are asked when somebody speaks, since the next node may want it otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass

from pipecat.frames.frames import (
    Frame,
    InterimTranscriptionFrame,
    ProposedUserStartedSpeakingFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
)
from pipecat.turns.types import ProcessFrameResult
from pipecat.turns.user_mute import BaseUserMuteStrategy
from pipecat.turns.user_start import BaseUserTurnStartStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies

Asked = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Manners:
    """What the present node wants."""

    interruptible: bool = True
    """Whether speech stops the bot."""
    mute: bool = False
    """Whether the person is unheard while the bot speaks."""
    deaf: bool = False
    """Whether the person is unheard at all: an operator has said so."""


class Unheard(BaseUserMuteStrategy):
    """Drops what the person says while the node wants that."""

    def __init__(self, asked: Asked) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._asked = asked

    async def process_frame(self, frame: Frame) -> bool:
        """Whether the next frame of the person is dropped."""
        del frame
        return self._asked()


class Patience(BaseUserTurnStartStrategy):  # type: ignore[no-untyped-call]
    """Begins turns of the person that stop nobody; the other strategies are not asked meanwhile."""

    def __init__(self, asked: Asked, *, resolves: bool) -> None:
        super().__init__(enable_interruptions=False)
        self._asked = asked
        self._resolves = resolves

    @property
    def resolves_proposed_turn_start_frames(self) -> bool:
        """Whether a strategy behind this one does."""
        return self._resolves

    async def process_frame(self, frame: Frame) -> ProcessFrameResult:
        """Begin a turn where the bot may not be stopped; else leave it to the others."""
        speaks = VADUserStartedSpeakingFrame | TranscriptionFrame | InterimTranscriptionFrame
        if self._resolves:
            speaks |= ProposedUserStartedSpeakingFrame
        if not isinstance(frame, speaks) or not self._asked():
            return ProcessFrameResult.CONTINUE
        await self.trigger_user_turn_started()
        return ProcessFrameResult.STOP


def patient(turns: UserTurnStrategies, asked: Asked) -> UserTurnStrategies:
    """The same strategies, behind one that lets the bot finish while that is wanted."""
    start, changed = turns.start or [], copy(turns)
    resolves = any(strategy.resolves_proposed_turn_start_frames for strategy in start)
    changed.start = [Patience(asked, resolves=resolves), *start]
    return changed
