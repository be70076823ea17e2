"""`engine`: turns a CPU second of the engine's `step` alone, against a text session with the same conversation."""

from __future__ import annotations

from benchmarks.measure import Ratio, Size, figures, in_turn, program, quotient, run

BAR = 20.0


def measure(size: Size) -> list[Ratio]:
    """Processes in which the clinic flow is played and then replayed."""
    found = in_turn(size, {"clinic": lambda: run(*program("clinic", "--sessions", 1 if size.tiny else 20)).said()})
    alone = [said["engine"] for said in found["clinic"]]
    session = [said["session"] for said in found["clinic"]]
    raw = {
        "step alone, turns a second": figures(alone, digits=0),
        "text session, turns a second": figures(session, digits=0),
    }
    return [quotient("engine", alone, session, BAR, at_least=True, raw=raw)]
