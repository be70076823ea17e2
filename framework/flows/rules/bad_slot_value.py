"""SLT004: a value is not one that the slot can have.

Bad:
    flow: x
    slots: {size: {type: enum, values: [small, large], default: smal}}
    initial_node: a
    nodes: {a: {say: "{{ slots.size }}", end: true}}

Good:
    flow: x
    slots: {size: {type: enum, values: [small, large], default: small}}
    initial_node: a
    nodes: {a: {say: "{{ slots.size }}", end: true}}
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from framework.flows.expressions import ExpressionError, Template
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Defaults, and the literal values that `set` gives."""
    for name, slot in subject.flow.slots.items():
        if slot.default is not None:
            yield from _value(subject, name, slot.default, ("slots", name, "default"))
    for written in subject.values():
        literal = written.text is not None and not (isinstance(written.text, str) and "{{" in written.text)
        if literal and written.slot in subject.flow.slots and not subject.hurt(written.path):
            yield from _value(subject, written.slot or "", written.text, written.path)


def _value(subject: Subject, name: str, value: Any, path: Path) -> Iterator[Diagnostic]:
    slot = subject.flow.slots[name]
    known = subject.slot_types.get(slot.type)
    if known is None or (isinstance(value, str) and _is_template(value)):
        return
    try:
        options = known.Options.model_validate(slot.options)
    except (ValueError, TypeError):
        return  # said by another rule
    try:
        known.check(value, options, datetime.now(UTC).date())
    except (ValueError, TypeError) as wrong:
        shown = value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else value
        values = subject.slots.fields[name].values if subject.slots.fields else ()
        fix = did_you_mean(str(value), values) if values else str(wrong)
        yield subject.problem("SLT004", path, f"`{shown}` is not a value that the slot `{name}` can have.", fix)


def _is_template(text: str) -> bool:
    try:
        return bool(Template.parse(text).placeholders)
    except ExpressionError:
        return True
