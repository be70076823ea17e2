"""Are these keys ones that a service takes, and are their values of the right type? Pipecat itself never asks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

from framework.services.secrets import variables
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from framework.plugins.services import Keys

Part = Literal["settings", "args"]


@dataclass(frozen=True, slots=True)
class Misfit:
    """A key that a service doesn't take, or a value that it can't use."""

    path: tuple[str | int, ...]
    """Below the service: `("settings", "temperature")`."""
    unknown: bool
    message: str
    fix: str


def misfits(keys: Keys, settings: Mapping[str, Any], args: Mapping[str, Any], owner: str) -> Iterator[Misfit]:
    """Everything wrong with what a stack gives one service.

    >>> from framework.plugins.services import Keys
    >>> found = misfits(Keys(settings={"model": str}), {"modle": "x"}, {}, "llm.openai")
    >>> [(wrong.message, wrong.fix) for wrong in found]
    [('`llm.openai` takes no setting `modle`.', 'Did you mean `model`?')]
    """
    parts: tuple[tuple[Part, Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]], ...] = (
        ("settings", settings, keys.settings, keys.args),
        ("args", args, keys.args, keys.settings),
    )
    for part, given, known, elsewhere in parts:
        for key, value in given.items():
            if key not in known:
                yield _unknown(part, key, known, elsewhere, owner)
            elif wrong := _wrong(known[key], value):
                inner, why = wrong
                yield Misfit((part, key, *inner), unknown=False, message=f"`{key}` can't be this: {why}.", fix="")


def coerced(types: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values as their types want them: numbers from `${ENV}`, nested models from mappings."""
    return {key: _coerce(types.get(key, Any), value) for key, value in given.items()}


def _unknown(part: Part, key: str, known: Mapping[str, Any], elsewhere: Mapping[str, Any], owner: str) -> Misfit:
    noun = "setting" if part == "settings" else "argument"
    other = "args" if part == "settings" else "settings"
    fix = f"Write it under `{other}`." if key in elsewhere else did_you_mean(key, known)
    return Misfit((part, key), unknown=True, message=f"`{owner}` takes no {noun} `{key}`.", fix=fix)


def _wrong(expected: Any, value: Any) -> tuple[tuple[str | int, ...], str] | None:
    """Where inside the value and why it doesn't fit; what the environment fills in is judged at start."""
    if variables(value):
        return None
    try:
        _adapter(expected).validate_json(json.dumps(value, default=str), strict=True, extra="forbid")
    except ValidationError as refused:
        first = refused.errors(include_url=False, include_input=False)[0]
        return _written(value, first["loc"]), _why(
            first["type"], str(first["loc"][-1]) if first["loc"] else "", first["msg"]
        )
    return None


def _why(kind: str, key: str, message: str) -> str:
    """Pydantic's sentence; for a key inside that nobody knows, one of ours: it would be dropped silently."""
    return f"it has no key `{key}`" if kind == "extra_forbidden" else message[:1].lower() + message[1:]


def _written(value: Any, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The part of pydantic's path that somebody wrote; it also names the members of unions."""
    place: list[str | int] = []
    for part in path:
        inner = isinstance(value, dict) and part in value
        if inner or (isinstance(value, list) and isinstance(part, int) and part < len(value)):
            place.append(part)
            value = value[part]
    return tuple(place)


def _coerce(expected: Any, value: Any) -> Any:
    return _adapter(expected).validate_python(value)


def _adapter(expected: Any) -> TypeAdapter[Any]:
    try:
        return _cached(expected)
    except TypeError:
        return _made(expected)


@lru_cache(maxsize=512)
def _cached(expected: Any) -> TypeAdapter[Any]:
    return _made(expected)


def _made(expected: Any) -> TypeAdapter[Any]:
    """A type that pydantic can't judge takes everything."""
    try:
        return TypeAdapter(expected)
    except PydanticUserError:
        pass
    try:
        return TypeAdapter(expected, config=ConfigDict(arbitrary_types_allowed=True))
    except (PydanticSchemaGenerationError, PydanticUserError, NameError):
        return TypeAdapter(Any)
