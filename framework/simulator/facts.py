"""What happened in a simulated conversation, in order, and what Pipecat's eval harness calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened: an event of the engine's, or something that the simulator saw."""

    at: float
    """Seconds since the epoch, in virtual time."""
    event: str
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The words in it, empty where there are none."""
        match self.event:
            case "bot.said":
                return str(self.data["spoken"] or "") if self.data["interrupted"] else str(self.data["generated"])
            case "user.said":
                return str(self.data["text"])
            case _:
                return ""


REPLIES = frozenset({"response", "llm_response", "tts_response"})
"""Pipecat's names for what the bot says: judged as one text, however many pieces it came in."""

PIPECAT = {
    **dict.fromkeys(REPLIES, "bot.said"),
    "user_transcription": "user.said",
    "user_started_speaking": "user.began",
    "vad_user_started_speaking": "user.began",
    "user_stopped_speaking": "user.stopped",
    "vad_user_stopped_speaking": "user.stopped",
    "bot_started_speaking": "bot.began",
    "bot_stopped_speaking": "bot.stopped",
    "llm_started": "model.started",
    "function_call": "model.called",
    "function_call_stopped": "model.answered",
}
"""What a scenario in Pipecat's words waits for, and the fact that it is here."""

ELSEWHERE = frozenset({"llm_marker", "image", "bot_backchannel", "user_backchannel"})
"""Events of Pipecat's harness that need its pipeline: they are looked at with `--live` and `--voice` only."""


SEEN = frozenset({
    "user.began", "user.stopped", "user.pressed", "bot.began", "bot.stopped", "model.started", "model.called",
    "model.answered", "clock.moved", "event.arrived", "transfer.ended",
})  # fmt: skip
"""What the simulator saw itself; everything else is an event of the session."""


def lines(facts: Iterable[Fact]) -> list[str]:
    """A transcript for people: who said what, and where the conversation went meanwhile.

    >>> lines([Fact(0.0, "node.entered", {"node": "greet"}), Fact(0.0, "user.said", {"text": "hi"})])
    ['     -> greet', 'You: hi']
    """
    return [line for fact in facts if (line := told(fact))]


def told(fact: Fact) -> str:
    """One fact in one line; empty for those that nobody needs to read."""
    teller = TELLERS.get(fact.event)
    return teller(fact.data).rstrip() if teller else ""


def _bot(data: Mapping[str, Any]) -> str:
    return f"Bot: {data['spoken']} —" if data["interrupted"] else f"Bot: {data['generated']}"


TELLERS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "user.said": lambda data: f"You: {data['text'] or '***'}",
    "bot.said": _bot,
    "user.pressed": lambda data: f"You: [keys {data['keys']}]",
    "clock.moved": lambda data: f"     ({data['seconds']:g} s pass)",
    "node.entered": lambda data: f"     -> {data['node']}",
    "tool.finished": lambda data: f"     {data['tool']}: {data['outcome']} {_short(data['result'])}",
    "intent.heard": lambda data: f"     understood: {data['intent']}",
    "event.arrived": lambda data: f"     event {data['type']} {_short(data['data'])}",
    "transfer.ended": lambda data: f"     transfer to {data['target']}: {data['outcome']}",
    "error": lambda data: f"     ! {data['code']}: {data['message']}",
    "session.ended": lambda data: f"     ended: {data['reason']}",
}
"""Event → one line about it."""

SHORT = 80
"""Characters of a value in a transcript."""


def _short(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"


def path(facts: Iterable[Fact]) -> list[str]:
    """The nodes entered, in order."""
    return [fact.data["node"] for fact in facts if fact.event == "node.entered"]
