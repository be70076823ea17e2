"""Notice that nobody says anything: ask again, rung by rung, and end what stays silent for too long.

Silence is time in which only the person can go on and doesn't. What the bot works at or says is none, nor is the
time at a node that waits for something else than the person. A rung counts from the end of the bot's speech, or from
the rung before; the limit counts from what was last said, the words of the ladder itself aside: they are silence's own.

`since` is when the present silence began, `waited` and `spent` are the seconds before it that count for the next rung
and for the limit, `held` is until when the person has asked to be waited for, `asked` are words of the ladder.
"""

from __future__ import annotations

from framework.engine import ladders, limits
from framework.engine.verbs import collect
from framework.engine.work import Work

REASK_S = {"voice": 10.0, "text": 25.0}
"""When it is asked again where no ladder says it, by channel: one who types needs longer."""
HOLD_S = 120.0
"""How long somebody is waited for who has said "one moment"."""


def watch(work: Work) -> None:
    """After every step: silence has begun, or is over."""
    silence = work.state["silence"]
    silent = work.quiet and not work.state["hearing"] and work.node.asks and not work.deaf
    if not silent:
        _pause(work)
        _spoken(work)
    elif silence["since"] is None:
        silence["since"] = work.at
        _arm(work)


def broken(work: Work) -> None:
    """The person has said something: all starts over."""
    _pause(work)
    work.state["silence"].update(waited=0.0, spent=0.0, held=None)
    ladders.start_over(work, "no_input")


def entered(work: Work) -> None:
    """Another node has been entered: its ladders begin at their feet, and silence there is another one."""
    _pause(work)
    work.state["silence"]["waited"] = 0.0
    ladders.start_over(work, "no_input", "no_match")


def resumed(work: Work, away: float) -> None:
    """The conversation goes on in another process: nobody was silent in between."""
    silence = work.state["silence"]
    held = silence["held"]
    silence.update(since=None, asked=[], held=None if held is None else held + away)
    work.undue("no_input", "silence")


def hold(work: Work) -> None:
    """The person has asked for a moment."""
    _pause(work)
    work.state["silence"]["held"] = work.at + HOLD_S


def missing(work: Work) -> None:
    """Silence has lasted until the next rung: take it, or ask again."""
    _pause(work)
    silence, before = work.state["silence"], set(work.state["sayings"])
    silence["waited"] = 0.0
    if ladders.climb(work, "no_input") is None:
        _ask_again(work)
    silence["asked"] = [*silence["asked"], *(say for say in work.state["sayings"] if say not in before)]


def over(work: Work) -> None:
    """Silence has lasted for too long."""
    _pause(work)
    limits.reached(work, "silence")


def _ask_again(work: Work) -> None:
    work.say(work.sentence("still_there"))
    if work.node.kind == "collect":
        collect.repeat(work)


def _spoken(work: Work) -> None:
    """Words that the bot says end the rung's silence; those that no ladder says end the limit's, too."""
    silence, sayings = work.state["silence"], work.state["sayings"]
    if not sayings:
        return
    silence["waited"] = 0.0
    silence["asked"] = [say for say in silence["asked"] if say in sayings]
    if len(silence["asked"]) < len(sayings):
        silence["spent"] = 0.0


def _pause(work: Work) -> None:
    silence = work.state["silence"]
    if silence["since"] is not None:
        passed = max(0.0, work.at - max(silence["since"], silence["held"] or 0.0))
        silence.update(since=None, waited=silence["waited"] + passed, spent=silence["spent"] + passed)
        work.undue("no_input", "silence")


def _arm(work: Work) -> None:
    silence = work.state["silence"]
    held = max(0.0, (silence["held"] or 0.0) - work.at)
    after_s = _after_s(work)
    if after_s is not None:
        work.due("no_input", held + max(0.0, after_s - silence["waited"]))
    work.due("silence", held + max(0.0, work.root.limits.silence_s - silence["spent"]))


def _after_s(work: Work) -> float | None:
    """How long the silence before the next rung lasts; None where an empty ladder says that nothing is asked."""
    ladder, rung = work.node.no_input, ladders.ahead(work, "no_input")
    if ladder is not None and rung is None:
        return None
    if rung is not None and rung.after_s is not None:
        return rung.after_s
    return REASK_S.get(work.state["session"].get("channel", "text"), REASK_S["text"])
