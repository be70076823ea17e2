"""How results are told to people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from framework.simulator.coverage import Coverage, Target
from framework.simulator.matching import arrows
from framework.simulator.play import Failure, Result


def failed(result: Result) -> str:
    """A scenario that failed, with everything one needs to see why."""
    told = [f"FAILED {result.name}"]
    shown: tuple[str, ...] = ()
    for failure in result.failures:
        told += [f"  {line}" for line in failure_lines(result, failure, whole=failure.transcript != shown)]
        shown = failure.transcript
    return "\n".join(told)


def failure_lines(result: Result, failure: Failure, *, whole: bool = True) -> Iterator[str]:
    """One failure: where it is written, what was expected, what happened, and what came before."""
    yield f"{result.file}:{failure.line}"
    yield f"  expected: {failure.expected}"
    yield f"  happened: {failure.happened}"
    if not whole:
        return
    if failure.path:
        yield f"  path:     {arrows(failure.path)}"
    for line in failure.transcript:
        yield f"    | {line}"


def summary(results: Sequence[Result], seconds: float) -> str:
    """The last line.

    >>> summary([], 0.0)
    '0 scenarios: nothing to do (0.0 s).'
    """
    counts = [
        (sum(result.passed for result in results), "passed"),
        (sum(bool(result.failures) for result in results), "failed"),
        (sum(bool(result.skipped) for result in results), "skipped"),
    ]
    told = ", ".join(f"{count} {word}" for count, word in counts if count) or "nothing to do"
    turns = sum(result.turns for result in results)
    many = f", {turns} turns" if turns else ""
    return f"{len(results)} scenario{'' if len(results) == 1 else 's'}: {told} ({seconds:.1f} s{many})."


def unjudged(results: Sequence[Result], *, live: bool = False) -> str:
    """What was not looked at, as only a live run, or only the simulator, can; empty when that is nothing."""
    count = sum(result.unjudged for result in results)
    if not count:
        return ""
    if live:
        things = "expectation is" if count == 1 else "expectations are"
        return f"{count} {things} about what only the engine knows: left out here."
    things = "expectation needs" if count == 1 else "expectations need"
    return f"{count} {things} a judge or Pipecat's pipeline: run with `--live` or `--voice`."


def missing(coverage: Coverage) -> Iterator[str]:
    """What was never seen, flow by flow and kind by kind."""
    by: dict[tuple[str, str], list[Target]] = {}
    for target in coverage.missing():
        by.setdefault(target[:2], []).append(target)
    for (flow, kind), targets in by.items():
        yield f"{flow}: {kind} never seen: {', '.join(name for _, _, name in targets)}"
