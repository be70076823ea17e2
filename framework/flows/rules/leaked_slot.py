"""SLT006: a sensitive slot would reach a prompt, a spoken text, an event or a tool that may not have it.

Bad:
    flow: x
    slots: {pin: {type: text, sensitive: true, grant: [weather.now]}}
    initial_node: a
    nodes: {a: {collect: pin, next: b}, b: {say: "Your pin is {{ slots.pin }}.", end: true}}

Good:
    flow: x
    slots: {pin: {type: text, sensitive: true, grant: [weather.now]}}
    initial_node: a
    nodes:
      a: {collect: pin, next: b}
      b: {run: weather.now, with: {city: "{{ slots.pin }}"}, next: c}
      c: {say: "{{ 'Thank you.' if slots.pin else 'Next time, then.' }}", end: true}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.flows.subject import INSTRUCTING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject, Written


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Placeholders that render a sensitive value, and values that hand it on."""
    hidden = {name for name, slot in subject.flow.slots.items() if slot.sensitive}
    if not hidden:
        return
    for written in subject.texts():
        where = "a prompt" if written.use in INSTRUCTING else "the brief" if written.use == "brief" else "what is said"
        yield from _problems(subject, written, hidden, where)
    for written in subject.values():
        if (to := _going(subject, written)) is not None:
            yield from _problems(subject, written, hidden - _granted(subject, written), to)
    for written in subject.expressions():
        if written.slot is not None and written.slot not in hidden and written.expression is not None:
            read = written.expression.flowing() if not subject.hurt(written.path) else ()
            for slot in sorted(name[1] for name in read if name[0] == "slots" and len(name) > 1 and name[1] in hidden):
                yield _problem(subject, written, 1, slot, f"the slot `{written.slot}`, which is not")


def _problems(subject: Subject, written: Written, hidden: set[str], where: str) -> Iterator[Diagnostic]:
    if subject.hurt(written.path):
        return
    for placeholder in written.placeholders:
        for name in sorted(placeholder.expression.flowing()):
            if name[0] == "slots" and len(name) > 1 and name[1] in hidden:
                yield _problem(subject, written, placeholder.offset + 1, name[1], where)
            elif name == ("slots",):
                yield _problem(subject, written, placeholder.offset + 1, "…", where)


def _problem(subject: Subject, written: Written, column: int, slot: str, where: str) -> Diagnostic:
    message = f"`slots.{slot}` is sensitive and would reach {where}."
    fix = "Give it to tools in its `grant` only."
    text = written.text
    lead = len(text[column - 1 :]) - len(text[column - 1 :].lstrip())
    return subject.problem_inside("SLT006", written.path, column + lead, message, fix)


def _going(subject: Subject, written: Written) -> str | None:
    """Where a value goes; None where a sensitive one may go."""
    path = written.path
    if written.slot is not None or "set" in path[2:]:
        slot = written.slot or str(path[path.index("set", 2) + 1])
        declared = subject.flow.slots.get(slot)
        return None if declared is None or declared.sensitive else f"the slot `{slot}`, which is not"
    if "emit" in path:
        return "an event"
    if "actions" in path[2:3]:
        return "an action"
    node = subject.flow.nodes.get(written.node)
    if path[:1] == ("nodes",) and path[2:3] == ("with",) and node is not None and node.subflow is not None:
        other = subject.called(node.subflow)
        declared = other.slots.get(str(path[3])) if other else None
        return None if declared is None or declared.sensitive else f"the input `{path[3]}`, which is not"
    return f"the tool `{_tool(subject, written)}`, which is not in its `grant`"


def _granted(subject: Subject, written: Written) -> set[str]:
    """The slots that the tool which a value goes to may have, by any of its names."""
    name = _tool(subject, written)
    tool = subject.tool(name)
    names = {name, *((tool.name, *tool.aliases) if tool is not None else ())}
    return {slot for slot, declared in subject.flow.slots.items() if names & set(declared.grant)}


def _tool(subject: Subject, written: Written) -> str:
    path = written.path
    if "with" not in path:
        return ""
    if path[0] == "nodes" and path[2] == "with":
        return subject.flow.nodes[written.node].run or ""
    base = path[: path.index("with", 1)]
    return next((use.name for _, place, use in subject.tool_uses() if place == base), "")
