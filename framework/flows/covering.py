"""Which outcomes and values a node's routes take, and which remain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.flows.expressions.reading import Choice
    from framework.flows.subject import Subject, Way


def bare(way: Way) -> bool:
    """True for routes that wait for nothing but the node's completion."""
    route = way.route
    return route.intent is None and route.keys is None and route.event is None and route.after is None


def completing(subject: Subject) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The nodes that are done at some moment and have a list of routes then, each with the outcomes to be taken."""
    for name, node in subject.flow.nodes.items():
        kind = subject.verbs[name]
        waits = name in subject.heard and kind != "collect"
        if waits or not isinstance(node.next, list) or node.end not in (None, False):
            continue
        if not subject.after[name] or subject.hurt(("nodes", name)):
            continue
        outcomes = subject.outcomes(name) or (("done",) if kind != "subflow" else ())
        if subject.flow.on_error is not None:
            outcomes = tuple(o for o in outcomes if o == "done" or (kind == "subflow" and o != "error"))
        yield name, outcomes


def remaining(subject: Subject, name: str, outcomes: tuple[str, ...]) -> list[str]:
    """The outcomes that no route is sure to take."""
    remain = list(outcomes)
    for way in subject.ways(name):
        if way.route.if_ in (None, True) and bare(way):
            remain = [o for o in remain if way.route.outcome is not None and o not in way.route.outcome]
    return [outcome for outcome in remain if missing_values(subject, name, outcome) != []]


def missing_values(subject: Subject, name: str, outcome: str) -> list[Any] | None:
    """The values for which no route holds after an outcome, where all routes test one thing for its values.

    None where they don't. An empty list where a route holds for every value, and there is sure to be one.
    """
    tests = [_test(subject, way) for way in subject.ways(name) if bare(way) and _takes(way, outcome)]
    known = [test for test in tests if test is not None]
    if not known or len(known) < len(tests) or len({test.path for test in known}) != 1:
        return None
    domain = _domain(subject, known[0])
    if domain is None or not _filled(subject, name, outcome, known[0].path):
        return None
    covered = frozenset(value for test in known for value in test.holds(domain))
    return sorted(domain - covered, key=str)


def _takes(way: Way, outcome: str) -> bool:
    return way.route.outcome is None or outcome in way.route.outcome


def _test(subject: Subject, way: Way) -> Choice | None:
    expression = subject.guard(way.route)
    return expression.choice() if expression is not None else None


def _domain(subject: Subject, test: Choice) -> frozenset[Any] | None:
    """All values that the tested slot can have, where they can be told."""
    if len(test.path) != len(("slots", "name")) or test.path[0] != "slots":
        return None
    kind = (subject.slots.fields or {}).get(test.path[1])
    if kind is None or kind.kind not in {"enum", "boolean"}:
        return None
    return frozenset(kind.values) if kind.kind == "enum" else frozenset({True, False})


def _filled(subject: Subject, name: str, outcome: str, path: tuple[str, ...]) -> bool:
    """True when the slot is sure to have a value: it was just asked for, or has one from the start."""
    asked = outcome == "done" and path[1] in (subject.flow.nodes[name].collect or ())
    return asked or subject.flow.slots[path[1]].default is not None
