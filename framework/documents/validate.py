"""Check a source against a pydantic model and report every problem in place, in words for people."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args

from framework.documents.quiet import collector_resting
from framework.documents.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from framework.documents.diagnostics import Diagnostic
    from framework.documents.source import KeyPath, Source

M = TypeVar("M", bound="BaseModel")

ROUNDS = 20
"""How often what pydantic refuses is taken out and the rest tried again."""


@dataclass
class Examined(Generic[M]):
    """What came of a check: the model of everything that was right, and what was not."""

    model: M | None
    diagnostics: list[Diagnostic] = field(default_factory=list)
    damage: list[tuple[str | int, ...]] = field(default_factory=list)
    """Paths at which something was left out of the model or guessed."""


def validate(
    source: Source,
    model: type[M],
    path: KeyPath = (),
    *,
    codes: str = "CFG",
    later: Mapping[Any, set[str]] | None = None,
) -> tuple[M | None, list[Diagnostic]]:
    """The source as an instance of `model`, or None, with all problems at once."""
    found = examine(source, model, path, codes=codes, later=later)
    return (None if found.diagnostics else found.model), found.diagnostics


def examine(
    source: Source,
    model: type[M],
    path: KeyPath = (),
    *,
    codes: str = "CFG",
    later: Mapping[Any, set[str]] | None = None,
    lenient: bool = False,
) -> Examined[M]:
    """The same, with a model of what is right even when something is wrong, so that other checks can go on."""
    if source.whole and not lenient and not later and (clean := _clean(source, model, path)) is not None:
        return Examined[M](clean)
    shape = Shape(source, codes, later or {}, lenient=lenient)
    data = shape.model(model, source.node(path).value, tuple(path))
    result = Examined[M](None, shape.diagnostics, shape.damage)
    for _ in range(ROUNDS):
        problems = _attempt(result, model, data)
        if not problems:
            break
        before = data
        for problem in shape.deepest_first(data, problems):
            data = shape.refuse(data, tuple(path), problem)
        if data == before:
            break
    return result


def _clean(source: Source, model: type[M], path: KeyPath) -> M | None:
    """The model of data with which nothing is wrong; None where a closer look is needed."""
    from pydantic import ValidationError  # noqa: PLC0415 - reading alone needs no pydantic

    if any(word in text for text in source.texts.values() for word in inner_names(model)):
        return None  # pydantic would take Python's own names of fields, too
    try:
        with collector_resting():
            return model.model_validate(source.node(path).value, strict=True)
    except (ValidationError, RecursionError):
        return None


@cache
def inner_names(model: type[BaseModel]) -> frozenset[str]:
    """Python's names of the fields of a model, and of models in it, that a file calls otherwise or may not have."""
    found: set[str] = set()
    todo: list[Any] = [model]
    seen: set[Any] = set()
    while todo:
        kind = todo.pop()
        if kind in seen:
            continue
        seen.add(kind)
        for name, info in getattr(kind, "model_fields", {}).items():
            found |= {name} if info.exclude or (info.alias or name) != name else set()
            todo.append(info.annotation)
        todo += [inner for inner in get_args(kind) if isinstance(inner, Hashable)]
    return frozenset(found)


def _attempt(result: Examined[M], model: type[M], data: Any) -> list[Any]:
    from pydantic import ValidationError  # noqa: PLC0415 - reading alone needs no pydantic

    try:
        result.model = model.model_validate(data)
    except ValidationError as wrong:
        return list(wrong.errors(include_url=False))
    except RecursionError:
        return []
    return []
