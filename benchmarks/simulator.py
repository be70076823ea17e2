"""`simulator`: turns a CPU second in virtual time against a text session; `convo test` against its conversations."""

from __future__ import annotations

from benchmarks.measure import Ratio, Size, figures, in_turn, program, quotient, run

FASTER = 8.0
DEARER = 1.5


def measure(size: Size) -> list[Ratio]:
    """Processes in which the clinic flow is played as a session and simulated, and the shipped suite is run."""
    command = program("simulated", "--sessions", 1 if size.tiny else 20)
    found = in_turn(size, {"simulated": lambda: run(*command).said()})["simulated"]
    alone, session = [said["simulator"] for said in found], [said["session"] for said in found]
    whole, played = [said["whole"] for said in found], [said["alone"] for said in found]
    return [
        quotient(
            "simulator",
            alone,
            session,
            FASTER,
            at_least=True,
            raw={
                "simulator, turns a second": figures(alone, digits=0),
                "text session, turns a second": figures(session, digits=0),
            },
        ),
        quotient(
            "convo test",
            whole,
            played,
            DEARER,
            raw={
                "the shipped suite, ms": figures(whole, times=1000),
                "its conversations alone, ms": figures(played, times=1000),
            },
        ),
    ]
