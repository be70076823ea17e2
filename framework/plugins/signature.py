"""A plugin function's typed parameters: their JSON Schema, their validation, the result's too."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired, Union

from pydantic import ConfigDict, Field, PydanticUserError, TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic.fields import FieldInfo
from typing_extensions import TypedDict

from framework.errors import PluginError
from framework.plugins.schema import RecursiveSchemaError, inlined, nullable, optional

STRICT = ConfigDict(extra="forbid", coerce_numbers_to_str=True)
"""Unknown arguments are errors; a number where text is wanted is that number as text."""

UNNAMED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes and gives."""

    parameters: dict[str, Any]
    """JSON Schema of the arguments, an object."""
    result_schema: dict[str, Any] | None
    """JSON Schema of the result; None when the function doesn't say."""
    context: str | None
    """The parameter that we fill, if there is one."""
    arguments: TypeAdapter[dict[str, Any]]
    result: TypeAdapter[Any] | None
    defaulted: frozenset[str]
    """Parameters for which null means "not given": they have a default and don't take null."""

    def bind(self, arguments: Mapping[str, Any], context: object) -> dict[str, Any]:
        """The keyword arguments of a call; `ValidationError` when they don't fit."""
        given = {k: v for k, v in arguments.items() if v is not None or k not in self.defaulted}
        bound = dict(self.arguments.validate_python(given))
        if self.context:
            bound[self.context] = context
        return bound


def read(function: Callable[..., Any], described: Mapping[str, str], context_type: type) -> Signature:
    """The signature of a plugin's function; `PluginError` says what it lacks."""
    hints = _hints(function)
    given = hints.pop("return", Any)
    parameters = inspect.signature(function).parameters
    context = next((name for name, hint in hints.items() if _is(hint, context_type)), None)
    fields = {
        name: _field(function, parameter, hints.get(name), described.get(name))
        for name, parameter in parameters.items()
        if name != context
    }
    return _signature(function, fields, given, context)


def _signature(function: Callable[..., Any], fields: dict[str, Any], given: Any, context: str | None) -> Signature:
    name = getattr(function, "__name__", "function")
    make: Any = TypedDict  # built from data: nothing a type checker could follow
    arguments_type = make(name, fields)
    arguments_type.__pydantic_config__ = STRICT
    try:
        arguments: TypeAdapter[dict[str, Any]] = TypeAdapter(arguments_type)
        raw = inlined(arguments.json_schema())
        result: TypeAdapter[Any] | None = None if given is Any else TypeAdapter(given)
        result_schema = inlined(result.json_schema(mode="serialization")) if result else None
    except RecursiveSchemaError as recursive:
        raise _unfit(function, f"`{recursive}` contains itself, which a model can't be told") from None
    except (PydanticUserError, PydanticInvalidForJsonSchema, NameError) as unfit:
        raise _unfit(function, f"its types can't be described: {str(unfit).splitlines()[0]}") from unfit
    loose = raw["properties"].keys() - raw.get("required", ())
    defaulted = frozenset(name for name in loose if not nullable(raw["properties"][name]))
    return Signature(_arguments_schema(raw, function), result_schema, context, arguments, result, defaulted)


def _arguments_schema(raw: dict[str, Any], function: Callable[..., Any]) -> dict[str, Any]:
    required = raw.get("required", [])
    defaults = inspect.signature(function).parameters
    properties = {}
    for name, schema in raw["properties"].items():
        properties[name] = schema if name in required else _with_default(optional(schema), defaults[name].default)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _with_default(schema: dict[str, Any], default: Any) -> dict[str, Any]:
    """A default that can be written in JSON is told to the model."""
    return {**schema, "default": default} if isinstance(default, str | int | float | bool) else schema


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except TypeError:
        raise _unfit(function, "it is no function", "Decorate a function, not an object or a class.") from None
    except NameError as unknown:
        raise _unfit(
            function,
            f"its annotation `{unknown.name}` is not defined when it is read",
            "Import it at the top of the module, not under `TYPE_CHECKING`.",
        ) from None


def _field(function: Callable[..., Any], parameter: inspect.Parameter, hint: Any, described: str | None) -> Any:
    """The TypedDict entry for one parameter."""
    name = parameter.name
    if parameter.kind in UNNAMED:
        raise _unfit(function, f"`{parameter}` can't be given by name", "Spell each argument out.")
    if hint is None:
        raise _unfit(function, f"`{name}` has no type", f"Annotate it, for example `{name}: str`.")
    if isinstance(parameter.default, FieldInfo):
        fix = f"Write `{name}: Annotated[…, Field(…)] = …`."
        raise _unfit(function, f"`{name}` has a `Field` as its default", fix)
    if described and not _says(hint):
        hint = Annotated[hint, Field(description=described)]
    return hint if parameter.default is parameter.empty else NotRequired[hint]


def _says(hint: Any) -> bool:
    """Whether an annotation brings a description of its own."""
    return any(isinstance(extra, FieldInfo) and extra.description for extra in getattr(hint, "__metadata__", ()))


def _is(hint: Any, context_type: type) -> bool:
    """Whether an annotation means our context, perhaps an optional one."""
    if typing.get_origin(hint) in (Union, types.UnionType):
        return context_type in typing.get_args(hint)
    return hint is context_type


def _unfit(
    function: Callable[..., Any], why: str, fix: str = "Use plain types, dataclasses or pydantic models."
) -> PluginError:
    return PluginError(f"`{getattr(function, '__name__', function)}` can't be offered: {why}", fix=fix)
