"""SLT003: an option does not fit the slot's type.

Bad:
    flow: x
    slots: {size: {type: integer, mim: 1}}
    initial_node: a
    nodes: {a: {collect: size, next: b}, b: {say: b, end: true}}

Good:
    flow: x
    slots: {size: {type: integer, min: 1}}
    initial_node: a
    nodes: {a: {collect: size, next: b}, b: {say: b, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framework.documents.wording import sentence
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Everything that the type's own model of options refuses."""
    from pydantic import ValidationError  # noqa: PLC0415 - reading alone needs no pydantic

    for name, slot in subject.flow.slots.items():
        known = subject.slot_types.get(slot.type)
        if known is None:
            continue
        try:
            known.Options.model_validate(slot.options)
        except ValidationError as wrong:
            for problem in wrong.errors(include_url=False):
                yield _problem(subject, name, known, dict(problem))
        except TypeError:  # a list or a mapping where only a text makes sense
            message = "an option of this slot holds a list or a mapping where one value belongs."
            yield subject.problem_at_key("SLT003", ("slots", name), message)


def _problem(subject: Subject, name: str, known: Any, problem: dict[str, Any]) -> Diagnostic:
    path = ("slots", name, *problem["loc"])
    if problem["type"] == "extra_forbidden":
        options = [info.alias or key for key, info in known.Options.model_fields.items()]
        keys = [*options, "prompt", "reprompt", "confirm", "default", "description", "examples"]
        message = f"`{known.name}` has no option `{problem['loc'][-1]}`."
        return subject.problem_at_key("SLT003", path, message, did_you_mean(str(problem["loc"][-1]), keys))
    if problem["type"] == "missing":
        owner = ("slots", name)
        message = f"the type `{known.name}` needs `{problem['loc'][0]}`."
        return subject.problem_at_key("SLT003", owner, message, f"Add `{problem['loc'][0]}:`.")
    _, message, fix = sentence(problem)
    return subject.problem("SLT003", path, message, fix)
