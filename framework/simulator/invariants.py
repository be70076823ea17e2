"""What must hold in every conversation, whatever anybody says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from framework.simulator.facts import Fact

AGAIN = 25
"""How often a node may be entered with the same slots set before it counts as a loop."""
DEAD_AIR_S = 8.0
"""How long a person may wait for the bot to say something."""
MOST = 0.5
"""The share of callers on whom a bot may hang up."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A simulated call that is over."""

    seed: int
    reason: str
    """How it ended; `gave_up` when the caller did, `stuck` when nobody could go on."""
    turns: int
    seconds: float
    """In virtual time."""
    facts: Sequence[Fact] = field(repr=False)
    cooperative: bool = True
    """Whether the caller's last turn was an answer that a bot should understand."""
    scenario: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The same call as a scenario."""


@dataclass(frozen=True, kw_only=True)
class Broken:
    """An invariant that did not hold in a call, or in all of them together."""

    invariant: str
    why: str
    seed: int | None = None


def broken(ran: Ran, dead_air_s: float = DEAD_AIR_S) -> list[Broken]:
    """What did not hold in a call."""
    found = []
    for name, check in CHECKS.items():
        found += [Broken(invariant=name, why=why, seed=ran.seed) for why in check(ran)]
    found += [Broken(invariant="dead_air", why=why, seed=ran.seed) for why in _dead_air(ran, dead_air_s)]
    return found


def _ends(ran: Ran) -> Iterator[str]:
    if ran.reason == "stuck":
        yield "nobody could go on: nothing was going to happen, and the bot did not listen"
    elif not any(fact.event == "session.ended" for fact in ran.facts):
        yield "the call never ended"


def _loops(ran: Ran) -> Iterator[str]:
    """A node that is entered again and again, while nothing else changes."""
    slots: dict[str, Any] = {}
    seen: Counter[str] = Counter()
    for fact in ran.facts:
        match fact.event:
            case "slot.set":
                slots[fact.data["slot"]] = fact.data["value"]
            case "slot.cleared":
                slots.pop(fact.data["slot"], None)
            case "node.entered":
                seen[f"{fact.data['node']} {sorted(slots)}"] += 1
    for place, count in seen.items():
        if count > AGAIN:
            yield f"node `{place.split(' ')[0]}` was entered {count} times, and nothing had changed"


def _outcomes(ran: Ran) -> Iterator[str]:
    """Every call of a tool has one outcome, unless the session ended before."""
    called = Counter(fact.data["call"] for fact in ran.facts if fact.event == "tool.called")
    finished = Counter(fact.data["call"] for fact in ran.facts if fact.event == "tool.finished")
    for call in called:
        if finished[call] > 1:
            yield f"call `{call}` ended {finished[call]} times"
        elif not finished[call] and ran.reason not in ("gave_up", "hangup", "limit"):
            yield f"call `{call}` never ended"


def _errors(ran: Ran) -> Iterator[str]:
    for fact in ran.facts:
        if fact.event == "error":
            yield f"`{fact.data['code']}`: {fact.data['message']}"


def _dead_air(ran: Ran, most_s: float) -> Iterator[str]:
    """From a person's last word until the bot says something."""
    since: float | None = None
    for fact in ran.facts:
        if fact.event == "user.said":
            since = fact.at
        elif fact.event in ("bot.began", "bot.said", "user.began", "session.ended"):
            if since is not None and fact.at - since > most_s and fact.event != "user.began":
                yield f"{fact.at - since:.1f} s without a word from the bot"
            since = None


CHECKS: dict[str, Callable[[Ran], Iterator[str]]] = {
    "ends": _ends,
    "progress": _loops,
    "outcomes": _outcomes,
    "errors": _errors,
}
"""Name of an invariant → what is wrong with a call."""

MOVED = frozenset({"intent.heard", "slot.set", "tool.called"})
"""What shows that a person was understood."""


def hung_up_on(ran: Ran) -> bool:
    """Whether the bot ended the call although the caller was ready to go on."""
    if ran.reason in ("gave_up", "hangup", "stuck") or not ran.cooperative:
        return False
    last = max((n for n, fact in enumerate(ran.facts) if fact.event == "user.said"), default=None)
    if last is None or ran.reason in ("error", "limit"):
        return True
    return not any(fact.event in MOVED for fact in ran.facts[last:])


def broken_by_all(runs: Sequence[Ran]) -> list[Broken]:
    """What is wrong with all calls together."""
    cooperative = [ran for ran in runs if ran.cooperative and ran.reason not in ("gave_up", "hangup")]
    dropped = [ran for ran in cooperative if hung_up_on(ran)]
    if not cooperative or len(dropped) <= MOST * len(runs):
        return []
    why = f"the bot hung up on {len(dropped)} of {len(runs)} callers who would have gone on"
    return [Broken(invariant="hangs_up", why=why)]
