"""Have a running pipeline hear and speak as a node wants: with its language, voice, personality and services."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pipecat.frames.frames import Frame, ManuallySwitchServiceFrame, STTUpdateSettingsFrame, TTSUpdateSettingsFrame
from pipecat.services.settings import STTSettings, TTSSettings
from pipecat.utils.types import is_given

from framework.engine import effects as do
from framework.services.ensemble import Ensemble, Member

if TYPE_CHECKING:
    from framework.personalities.model import Personality
    from framework.plugins.services import Kind
    from framework.services.router import Router


class Tuner:
    """Knows which service works at each place, and what makes it do what is wanted.

    Args:
        ensemble: All services of the session.
        cast: Finds a personality by its name.
        channel: `voice` or `text`.
        routed: Is told which router decides from now on.
    """

    def __init__(
        self,
        ensemble: Ensemble,
        *,
        cast: Callable[[str], Personality | None],
        channel: str,
        routed: Callable[[Router | None], None],
    ) -> None:
        self._ensemble = ensemble
        self._cast = cast
        self._kinds: list[Kind] = ["llm", "stt", "tts"] if channel == "voice" else ["llm"]
        self._routed = routed
        self._active: dict[Kind, Member] = {}
        self._voices: dict[Member, Any] = {}
        """The voice that each service had at first."""
        for kind, member in reversed([(kind, m) for (kind, _, _), m in ensemble.members.items()]):
            self._active[kind] = member
        self.problems: list[tuple[str, str]] = []
        """What of the last wish could not be done: a code (`stack`, `language`, `voice`) and a sentence."""

    def frames(self, wanted: do.Tune) -> list[Frame]:
        """What makes the pipeline hear and speak like this; what can't be done is in `problems`."""
        self.problems = []
        stack = wanted.stack or self._ensemble.stack
        frames = [frame for kind in self._kinds for frame in self._switched(kind, stack, wanted)]
        frames += [*self._speaking(wanted), *self._hearing(wanted)]
        if stack in self._ensemble.routers:
            self._routed(self._ensemble.routers[stack])
        return frames

    def _switched(self, kind: Kind, stack: str, wanted: do.Tune) -> Iterator[Frame]:
        found = self._ensemble.find(kind, stack, wanted.language)
        if isinstance(found, str):
            code = "stack" if wanted.stack is not None else "language"
            self.problems.append((code, f"{kind}: {found}"))
        elif found is not self._active.get(kind):
            self._active[kind] = found
            yield ManuallySwitchServiceFrame(service=found.service)

    def _speaking(self, wanted: do.Tune) -> Iterator[Frame]:
        """The voice of the node, else the personality's for this service, else the service's own."""
        member = self._active.get("tts")
        if member is None or "tts" not in self._kinds:
            return
        present = getattr(getattr(member.service, "settings", None), "voice", None)
        first = self._voices.setdefault(member, present if is_given(present) else None)
        who = self._cast(wanted.personality)
        voice = self._possible(member, wanted.voice or (who.voices.get(member.provider) if who else None)) or first
        delta = TTSSettings()
        if voice:
            delta.voice = voice
        if member.polyglot:
            delta.language = wanted.language
        yield TTSUpdateSettingsFrame(delta=delta, service=member.service)

    def _possible(self, member: Member, voice: str | None) -> str | None:
        """The voice, if the service has it; services that can tell say so themselves."""
        wrong = getattr(member.service, "voice_problem", None)
        if voice and wrong is not None and (why := wrong(voice)):
            self.problems.append(("voice", f"tts: {why}"))
            return None
        return voice

    def _hearing(self, wanted: do.Tune) -> Iterator[Frame]:
        member = self._active.get("stt")
        if member is not None and member.polyglot and "stt" in self._kinds:
            delta = STTSettings()
            delta.language = wanted.language
            yield STTUpdateSettingsFrame(delta=delta, service=member.service)
