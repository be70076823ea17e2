"""Frames of our own that travel through the pipeline beside Pipecat's."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipecat.frames.frames import ControlFrame, DataFrame


@dataclass
class Cue(ControlFrame):
    """Marks where an utterance begins or ends among the frames; survives interruptions."""

    key: str
    edge: str
    """`start` or `end`."""
    interruptible: bool = field(default=False, init=False)


@dataclass
class Run(ControlFrame):
    """Asks the gate to let the model respond; survives interruptions."""

    turn: int
    interruptible: bool = field(default=False, init=False)


@dataclass
class Line(DataFrame):
    """A text to be shown word for word where nothing is spoken; survives interruptions."""

    key: str
    text: str
    remember: bool = True
    interruptible: bool = field(default=False, init=False)
