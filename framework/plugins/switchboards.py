"""Switchboards: who puts a person through to somebody else, during a session."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from framework.sessions.spec import SessionSpec
from framework.sessions.transfers import Handover, Outcome


def _nobody(_type: str, _data: Mapping[str, Any]) -> None:
    """Nobody listens."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """The conversation that a person is put through from."""

    session: SessionSpec = field(default_factory=SessionSpec)
    transport: Any = None
    """The Pipecat transport that the person is connected by; None in a session that is only typed to."""
    settings: Any = None
    """The plugin's settings, as its manifest describes them; None if it has none."""
    tell: Callable[[str, Mapping[str, Any]], None] = _nobody
    """Tells those who listen to the session a fact: its type and data."""


class Switchboard(ABC):
    """Puts people through, under the name that `CONVO_SWITCHBOARD` uses; one object serves all sessions."""

    name: str

    @abstractmethod
    async def connect(self, handover: Handover, call: Call) -> Outcome:
        """Dial, tell, put through; cancelled when the other side doesn't answer in time, or the session ends.

        What it raises is the outcome `error`, and is written to the log.
        """
