"""Compare what was expected of a turn with what happened in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from framework.simulator.facts import ELSEWHERE, PIPECAT, REPLIES, Fact, path
from framework.simulator.scenario import TEXTS, Call, Expectation

HELD = ("node", "path", "slots", "end")
"""What holds at the end of a turn, rather than happens in it."""
SECONDS = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """One expectation that was not met."""

    expected: str
    happened: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the conversation stands when a turn is over."""

    node: str | None
    slots: Mapping[str, Any]
    ended: str | None


@dataclass
class Window:
    """The facts of a turn, and how far they have been used up."""

    facts: Sequence[Fact]
    begin: int
    """The first fact of the turn."""
    sent_at: float
    at: int = -1
    used: set[int] = field(default_factory=set)
    unjudged: int = 0
    """Criteria that only a judge could decide."""

    def __post_init__(self) -> None:
        self.at = self.begin

    def look(self, expected: Expectation, standing: Standing) -> Miss | None:
        """What is missing, or None."""
        found = self._happened(expected)
        return found if found is not None else _holds(expected, standing, self.facts[self.begin :])

    # --- What happens ---------------------------------------------------------------

    def _happened(self, expected: Expectation) -> Miss | None:
        kind = _kind(expected)
        if kind is None or kind in ELSEWHERE:
            self.unjudged += kind is not None
            return None
        if expected.absent:
            return self._absent(expected, kind)
        if kind in REPLIES and any(getattr(expected, key) is not None for key in TEXTS):
            return self._said(expected)
        if kind == "function_call" and expected.calls is not None:
            return self._called(expected)
        return self._one(expected, kind)

    def _from(self, expected: Expectation) -> Iterable[int]:
        begin = self.begin if expected.check_from == "turn_start" else self.at
        return (place for place in range(begin, len(self.facts)) if place not in self.used)

    def _take(self, place: int) -> None:
        self.used.add(place)
        self.at = max(self.at, place + 1)

    def _absent(self, expected: Expectation, kind: str) -> Miss | None:
        for place in self._from(expected):
            fact = self.facts[place]
            if self._meets(expected, kind, fact):
                return Miss(expected=f"no {words(expected).removeprefix('a ')}", happened=_one_line(fact))
        return None

    def _one(self, expected: Expectation, kind: str) -> Miss | None:
        for place in self._from(expected):
            fact = self.facts[place]
            if self._meets(expected, kind, fact) and _text_fits(expected, fact.text):
                self._take(place)
                return self._late(expected, fact)
        return Miss(expected=words(expected), happened=self._instead(kind))

    def _meets(self, expected: Expectation, kind: str, fact: Fact) -> bool:
        """Whether this is what is expected; arguments are those of the call, also where its end is looked for."""
        if not _fits(expected, kind, fact):
            return False
        if expected.with_ is None or not kind.startswith("tool."):
            return True
        call = next((f for f in self.facts if f.event == "tool.called" and f.data["call"] == fact.data["call"]), None)
        return call is not None and holds(expected.with_, call.data["arguments"])

    def _said(self, expected: Expectation) -> Miss | None:
        """A reply may come in pieces: the first of them up to where all checks hold."""
        pieces: list[str] = []
        places: list[int] = []
        for place in self._from(expected):
            fact = self.facts[place]
            if fact.event != "bot.said" or not fact.text:
                continue
            pieces.append(fact.text)
            places.append(place)
            if expected.text is not None and squeezed(fact.text) == squeezed(expected.text):
                self._take(place)
                return self._late(expected, fact)
            whole = " ".join(pieces)
            if _text_fits(expected, whole, decided=self._judged(expected)) and not _only_excludes(expected):
                for one in places:
                    self._take(one)
                return self._late(expected, fact)
        whole = " ".join(pieces)
        if _only_excludes(expected) and pieces and _text_fits(expected, whole):
            return None
        return Miss(expected=words(expected), happened=f"the bot said: {whole}" if whole else "the bot said nothing")

    def _judged(self, expected: Expectation) -> bool:
        if expected.eval is None or expression(expected.eval) is not None:
            return True
        self.unjudged += 1
        return False

    def _called(self, expected: Expectation) -> Miss | None:
        wanted = [Call(name=one) if isinstance(one, str) else one for one in expected.calls or ()]
        for call in wanted:
            place = next((p for p in self._from(expected) if _is_call(self.facts[p], call)), None)
            if place is None:
                return Miss(expected=f"a call of {_signature(call)}", happened=self._instead("function_call"))
            self.used.add(place)
        self.at = max(self.at, *(place + 1 for place in self.used))
        return None

    def _late(self, expected: Expectation, fact: Fact) -> Miss | None:
        took = round((fact.at - self.sent_at) * SECONDS)
        if expected.within_ms is None or took <= expected.within_ms:
            return None
        return Miss(expected=f"{words(expected)} within {expected.within_ms} ms", happened=f"after {took} ms")

    def _instead(self, kind: str) -> str:
        events = {PIPECAT.get(kind, kind)} | ({"tool.called"} if kind == "tool.finished" else set())
        same = [_one_line(fact) for fact in self.facts[self.begin :] if fact.event in events]
        return "; ".join(same) if same else "nothing of the kind"


def _kind(expected: Expectation) -> str | None:
    """The event that is meant, in Pipecat's words or ours."""
    if expected.event is not None:
        return expected.event
    if any(getattr(expected, key) is not None for key in TEXTS):
        return "response"
    if expected.name is not None or expected.calls is not None or expected.args is not None:
        return "function_call"
    if expected.tool is not None:
        return "tool.finished" if expected.outcome is not None else "tool.called"
    return "intent.heard" if expected.intent is not None else None


def _fits(expected: Expectation, kind: str, fact: Fact) -> bool:
    if fact.event != PIPECAT.get(kind, kind):
        return False
    if kind in ("function_call", "function_call_stopped"):
        return _is_call(fact, Call(name=expected.name, args=expected.args))
    wanted = {
        "tool": expected.tool,
        "outcome": expected.outcome,
        "intent": expected.intent,
    }
    asked = {key: value for key, value in wanted.items() if value is not None} | (expected.data or {})
    return holds(asked, fact.data)


def _is_call(fact: Fact, call: Call) -> bool:
    if fact.event not in {"model.called", "model.answered"}:
        return False
    return call.name in (None, fact.data["name"]) and holds(call.args or {}, fact.data["args"])


def _text_fits(expected: Expectation, text: str, *, decided: bool = True) -> bool:
    if expected.text is not None and squeezed(text) != squeezed(expected.text):
        return False
    if expected.text_contains is not None and squeezed(expected.text_contains) not in squeezed(text):
        return False
    if expected.text_excludes is not None and squeezed(expected.text_excludes) in squeezed(text):
        return False
    if expected.text_matches is not None and not re.search(expected.text_matches, text):
        return False
    criterion = expression(expected.eval) if expected.eval is not None and decided else None
    return criterion is None or re.search(criterion, text, re.IGNORECASE) is not None


def _only_excludes(expected: Expectation) -> bool:
    return expected.text_excludes is not None and all(
        getattr(expected, key) is None for key in TEXTS if key != "text_excludes"
    )


def expression(criterion: str) -> str | None:
    """The regular expression between the slashes of a criterion.

    >>> expression("the bot asks for the /full name/"), expression("is polite")
    ('full name', None)
    """
    found = re.search(r"/(.+?)/", criterion)
    return found[1] if found else None


def squeezed(text: str) -> str:
    r"""A text with single spaces for whatever spaces it has, as Pipecat's harness compares texts.

    >>> squeezed("May I  have\n your name?")
    'May I have your name?'
    """
    return " ".join(text.split())


# --- What holds -----------------------------------------------------------------------


def _holds(expected: Expectation, standing: Standing, facts: Sequence[Fact]) -> Miss | None:
    if expected.node is not None and standing.node != expected.node:
        return Miss(expected=f"to be at `{expected.node}`", happened=_where(standing))
    if expected.path is not None and path(facts) != expected.path:
        return Miss(expected=f"the path {arrows(expected.path)}", happened=arrows(path(facts)))
    if expected.end is not None and standing.ended != expected.end:
        return Miss(expected=f"the end with reason `{expected.end}`", happened=_where(standing))
    return slots_differ(expected.slots or {}, standing.slots)


def slots_differ(wanted: Mapping[str, Any], slots: Mapping[str, Any]) -> Miss | None:
    """The slots that have other values than they should."""
    wrong = {name: slots.get(name) for name, value in wanted.items() if slots.get(name) != value}
    if not wrong:
        return None
    return Miss(expected=_slots({name: wanted[name] for name in wrong}), happened=_slots(wrong))


def _slots(slots: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {shown(value)}" for name, value in slots.items())


def _where(standing: Standing) -> str:
    if standing.ended is not None:
        return f"it ended with reason `{standing.ended}`"
    return f"it is at `{standing.node}`"


def holds(wanted: Any, found: Any) -> bool:
    """Whether everything that is wanted is there: of mappings a part, of everything else the whole.

    >>> holds({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}, "d": 3}), holds([1], [1, 2])
    (True, False)
    """
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(k in found and holds(v, found[k]) for k, v in wanted.items())
    return bool(wanted == found)


# --- In words -------------------------------------------------------------------------


def words(expected: Expectation) -> str:
    """What is expected, in a few words."""
    for key, told in (
        ("text", "the bot to say exactly"),
        ("text_contains", "the bot to say"),
        ("text_matches", "the bot to say something that matches"),
        ("eval", "a reply of which holds"),
        ("text_excludes", "the bot not to say"),
    ):
        if (value := getattr(expected, key)) is not None:
            return f"{told}: {value}"
    if expected.tool is not None:
        ending = f" that ends with `{expected.outcome}`" if expected.outcome else ""
        given = f" with {shown(expected.with_)}" if expected.with_ else ""
        return f"a call of `{expected.tool}`{given}{ending}"
    if expected.intent is not None:
        return f"the intent `{expected.intent}` to be understood"
    if _kind(expected) == "function_call":
        return f"a call of {_signature(Call(name=expected.name, args=expected.args))}"
    data = f" with {shown(expected.data)}" if expected.data else ""
    return f"`{expected.event}`{data}"


def _signature(call: Call) -> str:
    return f"`{call.name or 'any function'}`" + (f" with {shown(call.args)}" if call.args else "")


def _one_line(fact: Fact) -> str:
    if fact.text:
        return fact.text
    if fact.event == "model.called":
        return f"{fact.data['name']} {shown(fact.data['args'])}"
    if fact.event == "tool.called":
        return f"`{fact.data['tool']}` with {shown(fact.data['arguments'])}"
    if fact.event == "tool.finished":
        return f"`{fact.data['tool']}` ended with `{fact.data['outcome']}`"
    return f"{fact.event} {shown(fact.data)}"


def shown(value: Any) -> str:
    """A value in a message."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {shown(one)}" for name, one in value.items()) + "}"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def arrows(names: Sequence[str]) -> str:
    """Nodes in their order.

    >>> arrows(["greet", "help"])
    'greet → help'
    """
    return " → ".join(names) or "no node"
