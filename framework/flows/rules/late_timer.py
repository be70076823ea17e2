"""FLW041: the time of this can never come: the session is over by then.

Bad:
    flow: x
    limits: {duration: 10m}
    timers: {wrap_up: {after: 12m, say: Let us come to an end.}}
    initial_node: a
    nodes: {a: {instruct: Help., next: [{intent: is done, end: true}]}}

Good:
    flow: x
    limits: {duration: 10m}
    timers: {wrap_up: {after: 8m, say: Let us come to an end.}}
    initial_node: a
    nodes: {a: {instruct: Help., next: [{intent: is done, end: true}]}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.documents import Severity
from framework.flows import durations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Timers and routes beyond the limit of the session, rungs beyond that of silence, timers where no time passes."""
    whole = _seconds(subject.flow.limits.duration)
    for path, text in _times(subject):
        seconds = _seconds(text)
        if whole and seconds and seconds >= whole and not subject.hurt(path):
            message = f"this never comes: a session lasts {subject.flow.limits.duration}."
            yield subject.problem("FLW041", path, message, "Shorten it, or raise `limits.duration`.", Severity.WARNING)
    for name, path, timer in subject.timers():
        if timer.nodes and all(subject.verbs.get(node) == "decide" for node in timer.nodes):
            message = f"the timer `{name}` counts only where no time passes: its nodes decide at once."
            fix = "Name nodes that speak or listen."
            yield subject.problem_at_key("FLW041", (*path, "nodes"), message, fix, Severity.WARNING)
    yield from _silent(subject)


def _silent(subject: Subject) -> Iterator[Diagnostic]:
    """Rungs whose turn comes when the limit of silence has ended the session."""
    most = _seconds(subject.flow.limits.silence)
    for key, _, path, rungs in subject.ladders:
        passed = 0.0
        for index, rung in enumerate(rungs):
            passed = passed + _seconds(rung.after) if key == "no_input" else 0.0
            spoken = rung.say is not None
            if most and passed >= most and not subject.hurt((*path, index)):
                message = f"this never comes: a session ends after {subject.flow.limits.silence} of silence."
                fix = "Shorten it, or raise `limits.silence`."
                yield subject.problem("FLW041", (*path, index, "after"), message, fix, Severity.WARNING)
                break
            passed = 0.0 if spoken else passed


def _times(subject: Subject) -> Iterator[tuple[Path, str]]:
    for _, path, timer in subject.timers():
        for key, text in (("after", timer.after), ("every", timer.every)):
            if text is not None:
                yield (*path, key), text
    for way in subject.all_ways():
        if way.route.after is not None:
            yield (*way.path, "after"), way.route.after


def _seconds(text: str | None) -> float:
    """The seconds of a duration; 0 where it is none, which another rule says."""
    try:
        return durations.parse(text or "")
    except ValueError:
        return 0.0
