"""Hand a person to somebody else: the port, and doubles that dial nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

Outcome = Literal["done", "no_answer", "busy", "error"]
"""How it went."""
OUTCOMES: tuple[Outcome, ...] = ("done", "no_answer", "busy", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Whom a person is handed to, and what they are told."""

    target: str
    """A name under `transfers` of `convo.yaml`."""
    address: str
    """The number, queue or participant that stands there."""
    brief: str
    """What the other side is told about the person; may be empty."""
    warm: bool
    """Whether they are told first and take over then; else the person is put through at once."""
    language: str


class Switchboard(Protocol):
    """Puts people through."""

    async def connect(self, handover: Handover) -> Outcome:
        """Dial, tell, put through; cancelled when the other side doesn't answer in time.

        What it raises counts as `error`.
        """
        ...


@dataclass(frozen=True, slots=True)
class LocalSwitchboard:
    """Dials nobody: says whom it would dial, and answers as told."""

    outcome: Outcome = "done"
    show: Callable[[str], None] = lambda _: None

    async def connect(self, handover: Handover) -> Outcome:
        """Say whom it would dial and what they would be told."""
        how = "would tell {}" if handover.warm else "would dial {}"
        whom = f"{handover.target} ({handover.address})"
        brief = f": {handover.brief}" if handover.brief else ""
        self.show(f"[{how.format(whom)}{brief} — {self.outcome}]")
        return self.outcome
