"""Compare plain data with a model's annotations: unknown keys, missing keys and wrong kinds, each at its place."""

from __future__ import annotations

import copy
import types
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator

from framework.documents.diagnostics import Diagnostic
from framework.documents.wording import KINDS, article, expected, sentence
from framework.suggest import Advice, did_you_mean, nearest
from framework.suggest import meant as did_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framework.documents.source import KeyPath, Source

Path = tuple[str | int, ...]

DROP: Any = object()
"""Stands for a value that had to be left out."""


class Shape:
    """One check: gathers diagnostics and damage while it makes a clean copy of the data."""

    def __init__(self, source: Source, codes: str, later: Mapping[Any, set[str]], *, lenient: bool = False) -> None:
        self.source = source
        self.codes = codes
        self.later = later
        self.lenient = lenient
        """Leave scalars to pydantic, which is as forgiving as Pipecat."""
        self.diagnostics: list[Diagnostic] = []
        self.damage: list[Path] = []

    def value(  # noqa: PLR0911 - one line for each kind of annotation
        self, annotation: Any, value: Any, path: Path, metadata: tuple[Any, ...] = ()
    ) -> Any:
        """A clean copy of `value`, or `DROP`."""
        if self.source.broken(path):
            self.damage.append(path)
            return DROP
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            metadata = (*metadata, *more)
        value = _prepared(value, metadata)
        origin = get_origin(annotation)
        if origin in (Union, types.UnionType):
            return self._union(annotation, value, path)
        if origin is Literal:
            return self._literal(annotation, value, path)
        if _is_model(annotation):
            return self.model(annotation, value, path)
        if origin in (list, tuple, set, frozenset):
            return self._list(annotation, value, path)
        if origin is dict:
            return self._dict(annotation, value, path)
        if annotation in KINDS and not self.lenient and not _is(annotation, value):
            return self._wrong(annotation, value, path)
        return value

    def model(self, model: type[BaseModel], value: Any, path: Path) -> Any:
        """A mapping cleaned by the model's fields."""
        if not isinstance(value, dict):
            return self._wrong(model, value, path)
        fields = {info.alias or name: info for name, info in model.model_fields.items() if not info.exclude}
        keys = self._known_keys(model, fields, value, path)
        clean: dict[Any, Any] = {}
        for key, (written, inner) in keys.items():
            info = fields.get(key)
            place = (*path, written)
            kept = inner if info is None else self.value(info.annotation, inner, place, tuple(info.metadata))
            if kept is DROP and info is not None and info.is_required():
                kept = _minimal(info.annotation)
            if kept is not DROP:
                clean[key] = kept
        return self._complete(fields, keys, clean, path)

    def _complete(self, fields: dict[str, Any], keys: dict[Any, Any], clean: dict[Any, Any], path: Path) -> Any:
        """The mapping with something in the place of every required key, or `DROP`."""
        for key, info in fields.items():
            if key in clean or not info.is_required():
                continue
            if key not in keys:
                self._missing(key, path)
            clean[key] = _minimal(info.annotation)
        return DROP if any(value is DROP for value in clean.values()) else clean

    def _missing(self, key: str, path: Path) -> None:
        owner = f"`{path[-1]}`" if path and isinstance(path[-1], str) else ("this" if path else "the file")
        span = self.source.locate_key(path)
        self._add(span, "003", f"{owner} has no `{key}`, which it needs.", f"Add `{key}:`.", path)

    def _known_keys(
        self, model: type[BaseModel], fields: dict[str, Any], value: dict[Any, Any], path: Path
    ) -> dict[Any, tuple[Any, Any]]:
        """Key → (as written, value) of the keys to keep; a misspelt key goes on as the one it resembles."""
        keys: dict[Any, tuple[Any, Any]] = {}
        strange = {k: v for k, v in value.items() if k not in fields}
        for key, inner in value.items():
            if key in fields:
                keys[key] = (key, inner)
        for key, inner in strange.items():
            if key in self.later.get(model, ()):
                message = f"`{key}` is part of the language, but this version does not carry it out yet."
                self._add(self.source.locate_key((*path, key)), "004", message, "Leave it out for now.", (*path, key))
            elif model.model_config.get("extra") == "forbid":
                self._unknown(fields, keys, key, inner, path)
            else:
                keys[key] = (key, inner)
        return keys

    def _unknown(self, fields: dict[str, Any], keys: dict[Any, Any], key: Any, inner: Any, path: Path) -> None:
        """Report a key that nobody knows; where it is sure to be a misspelt one, go on with the right one."""
        place = (*path, key)
        owner = self.source.node(path)
        absent = {name: info for name, info in fields.items() if name not in owner.children}
        fitting = [n for n, info in absent.items() if _fits(info.annotation, _prepared(inner, tuple(info.metadata)))]
        meant = nearest(str(key), fitting)
        fix = did_mean(str(key), meant, fitting) if meant else did_you_mean(str(key), fields)
        message = f"`{key}` is not a key that can stand here."
        self._add(self.source.locate_key(place), "001", message, fix, place)
        if meant and meant not in keys:
            self.damage.remove(place)
            owner.rename(key, meant)
            keys[meant] = (meant, inner)

    def _union(self, annotation: Any, value: Any, path: Path) -> Any:
        branches = get_args(annotation)
        for branch in branches:
            if branch is type(None) and value is None:
                return None
            if _fits(branch, value):
                return self.value(branch, value, path)
        if self.lenient and not isinstance(value, (dict, list)):
            return value
        return self._wrong(annotation, value, path)

    def _literal(self, annotation: Any, value: Any, path: Path) -> Any:
        allowed = get_args(annotation)
        if any(value == a and type(value) is type(a) for a in allowed):
            return value
        names = [str(a) for a in allowed]
        fix = did_you_mean(str(value), names) if len(names) > 1 else f"Write `{names[0]}`."
        message = f"`{str(value)[:60]}` can't stand here."
        return self._add(self.source.locate(path), "002", message, fix, path)

    def _list(self, annotation: Any, value: Any, path: Path) -> Any:
        if not isinstance(value, (list, tuple, set, frozenset)):
            return self._wrong(annotation, value, path)
        inner = (get_args(annotation) or (Any,))[0]
        kept = [self._item(inner, item, (*path, index)) for index, item in enumerate(value)]
        return [item for item in kept if item is not DROP]

    def _dict(self, annotation: Any, value: Any, path: Path) -> Any:
        if not isinstance(value, dict):
            return self._wrong(annotation, value, path)
        inner = (get_args(annotation) or (Any, Any))[1]
        kept = {key: self._item(inner, item, (*path, key)) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item is not DROP}

    def _item(self, annotation: Any, value: Any, path: Path) -> Any:
        kept = self.value(annotation, value, path)
        return _minimal(annotation) if kept is DROP else kept

    def _wrong(self, annotation: Any, value: Any, path: Path) -> Any:
        if value is None:
            message = f"a value is missing: {expected(annotation)} is expected."
            return self._add(self.source.locate_key(path), "002", message, "", path)
        text = KINDS.get(annotation) == "a text" or "a text" in expected(annotation)
        fix = _quoted(self._written(value, path)) if text and not isinstance(value, (dict, list)) else ""
        message = f"{expected(annotation)} is expected here, not {article(value)}."
        return self._add(self.source.locate(path), "002", message, fix, path)

    def _written(self, value: Any, path: Path) -> str:
        span = self.source.locate(path)
        lines = self.source.texts.get(span.file, "").split("\n")
        whole = span.line == span.end_line <= len(lines)
        return lines[span.line - 1][span.column - 1 : span.end_column - 1] if whole else str(value)

    def _add(self, span: Any, code: str, message: str, fix: str, path: Path) -> Any:
        self.diagnostics.append(Diagnostic(span, self.codes + code, message, fix))
        self.damage.append(path)
        return DROP

    def deepest_first(self, data: Any, problems: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The problems in an order in which one can be taken out without moving what the next is about."""
        return sorted(problems, key=lambda problem: _ranks(data, problem), reverse=True)

    def refuse(self, data: Any, base: Path, problem: dict[str, Any]) -> Any:
        """Report one of pydantic's problems and return the data without what it is about."""
        inner = _inside(data, problem["loc"])
        path = (*base, *inner)
        if not any(path[: len(seen)] == seen or seen[: len(path)] == path for seen in self.damage):
            code, message, fix = sentence(problem)
            owner = problem["type"] in {"missing", "too_short", "value_error"}
            self._add(self.source.locate_key(path) if owner else self.source.locate(path), code, message, fix, path)
        return _without(data, inner, problem)


def _quoted(written: str) -> Advice:
    """The advice to put what is written into quotes."""
    right = f'"{written}"'
    return Advice.to_write(f"Put it in quotes: `{right}`.", written, right)


def _inside(data: Any, location: KeyPath) -> Path:
    """The path in the data that pydantic's location means; names of union branches are left out."""
    path: list[str | int] = []
    for part in location:
        inside = isinstance(data, dict) and part in data
        listed = isinstance(data, (list, tuple)) and isinstance(part, int) and part < len(data)
        if inside or listed:
            data = data[part]
            path.append(part)
    return tuple(path)


def _ranks(data: Any, problem: dict[str, Any]) -> list[str]:
    path = _inside(data, problem["loc"])
    return [f"{len(path):06}", *(f"{part:06}" if isinstance(part, int) else str(part) for part in path)]


def _without(data: Any, path: Path, problem: dict[str, Any]) -> Any:
    """The data with something valid in the place of what was refused, or nothing."""
    data = copy.deepcopy(data)
    here = data
    for part in path[:-1]:
        here = here[part]
    context = problem.get("ctx") or {}
    if not path:
        return data
    if problem["type"] == "string_pattern_mismatch":
        here[path[-1]] = "x"
    elif problem["type"] in {"greater_than_equal", "less_than_equal"}:
        here[path[-1]] = context.get("ge", context.get("le"))
    else:
        here.pop(path[-1])
    return data


def _prepared(value: Any, metadata: tuple[Any, ...]) -> Any:
    for item in metadata:
        if isinstance(item, BeforeValidator):
            try:
                value = item.func(value)  # type: ignore[call-arg]
            except (TypeError, ValueError):
                return value
    return value


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _is(kind: Any, value: Any) -> bool:
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, kind)


def _fits(annotation: Any, value: Any) -> bool:
    """True when the value has the outer form of the annotation."""
    if get_origin(annotation) is Annotated:
        annotation, *metadata = get_args(annotation)
        value = _prepared(value, tuple(metadata))
    origin = get_origin(annotation) or annotation
    if origin in (Union, types.UnionType):
        return any(_fits(branch, value) for branch in get_args(annotation))
    if origin is Literal:
        return value in get_args(annotation)
    if origin is Any:
        return True
    if _is_model(origin):
        return isinstance(value, dict)
    return isinstance(origin, type) and origin is not type(None) and _is(origin, value)


def _minimal(annotation: Any) -> Any:
    """Something valid to stand in for a value that was wrong, or `DROP`."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    origin = get_origin(annotation) or annotation
    if origin in (Union, types.UnionType):
        models = [a for a in get_args(annotation) if _is_model(a)]
        return _minimal(models[0] if models else get_args(annotation)[0])
    if _is_model(origin):
        needed = {i.alias or n: _minimal(i.annotation) for n, i in origin.model_fields.items() if i.is_required()}
        return DROP if any(v is DROP for v in needed.values()) else needed
    plain = {str: "", dict: {}, list: [], int: 0, bool: False, float: 0.0}
    return copy.copy(plain.get(origin, DROP)) if isinstance(origin, type) else DROP
