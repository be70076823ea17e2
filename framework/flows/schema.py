"""The JSON Schema that editors use to complete and check the files of a project."""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from framework.flows.model import Flow, declared, listed, pressed
from framework.flows.names import KEYS, VALUES
from framework.flows.vocabulary import OWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel
    from pydantic_core import core_schema

    from framework.flows.vocabulary import Vocabulary


class Written(GenerateJsonSchema):
    """Describes files as people write them: a single value may stand for a list of one, a type for a declaration."""

    def model_schema(self, schema: core_schema.ModelSchema) -> dict[str, Any]:
        """A model with the docstrings of its fields; reading them is left to this moment, for it takes time."""
        made = super().model_schema(schema)
        model: Any = schema["cls"]
        docs = {name: text for base in reversed(model.__mro__) for name, text in docstrings(base).items()}
        for name, field in model.model_fields.items():
            described = made.get("properties", {}).get(field.alias or name)
            if described is not None and name in docs:
                described["description"] = docs[name]
        return made

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> dict[str, Any]:
        """What a value may be before our validators have brought it into shape."""
        inner = self.generate_inner(schema["schema"])
        function: Any = schema["function"]["function"]
        if function is declared:
            return {"anyOf": [{"type": "string"}, inner]}
        if function is pressed:
            key = {"type": ["string", "integer"]}
            return {"anyOf": [key, {"type": "array", "items": key}, {"type": "null"}]}
        return _single_too(inner) if function is listed else inner


def docstrings(model: Any) -> dict[str, str]:
    """Attribute → the text below it in the class."""
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    except (OSError, TypeError):
        return {}
    statements = body.body if isinstance(body, ast.ClassDef) else []
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(statements)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    }


def schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    """The schema of one kind of file."""
    made = model.model_json_schema(by_alias=True, schema_generator=Written)
    for part in [made, *made.get("$defs", {}).values()]:
        if part.get("additionalProperties") is False:
            part["patternProperties"] = {"^x-": {"description": "The author's own; ignored."}}
        _tidy(part)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": title}


def flow_schema() -> dict[str, Any]:
    """The schema of our flow files."""
    made = schema(Flow, "Flow")
    made["properties"].pop("pipecat", None)
    return made


def _single_too(inner: dict[str, Any]) -> dict[str, Any]:
    """A list, or one of its items."""
    branches = inner.get("anyOf", [inner])
    items = [branch["items"] for branch in branches if branch.get("type") == "array" and "items" in branch]
    return {**{k: v for k, v in inner.items() if k == "default"}, "anyOf": [*items, *branches]}


def _tidy(part: dict[str, Any]) -> None:
    """Leave out titles that only repeat the key, and lines of descriptions that are for programmers."""
    for value in part.get("properties", {}).values():
        value.pop("title", None)
    if "description" in part:
        part["description"] = part["description"].split("\n\n")[0]


# --- Of one project ---------------------------------------------------------

SUGGESTED = frozenset({"node", "slot", "event", "interrupt", "timer", "outcome", "language"})
"""Kinds of names that a schema for all flows can only suggest: each flow has its own."""

PUBLISHED = "PublishedName"
"""The type of an event that a flow publishes: only those that it waits for are declared."""

PATHS = frozenset({"flow", "personality", "stack"})
"""Kinds of names in whose place the path of a file may stand."""


def project_schema(known: Vocabulary, *, one_flow: bool = False) -> dict[str, Any]:
    """The schema of the flows of a project: with the names that they may use.

    Args:
        known: The names.
        one_flow: They are those of one flow: then its nodes, slots and events are the only ones.
    """
    made = flow_schema()
    parts = {**made["$defs"], "Flow": made}
    for (model, key), kind in VALUES.items():
        if (part := parts.get(model.__name__, {}).get("properties", {}).get(key)) is not None:
            _named(part, _reference(key, kind))
    for (model, key), kind in KEYS.items():
        if model is not Flow and kind != "argument":
            _keyed(parts[model.__name__]["properties"][key], _reference(key, kind))
    for kind in sorted({*VALUES.values(), *KEYS.values()} - {"argument"}):
        strict = one_flow and kind in OWN
        made["$defs"][_title(kind)] = _names(kind, known.of(kind), strict=strict or kind not in SUGGESTED)
    made["$defs"][PUBLISHED] = _names("event", known.of("event"), strict=False)
    _slot_options(parts["Slot"], known.slot_types)
    for name, key in (("Node", "run"), ("ToolUse", "name")):
        parts[name]["allOf"] = [_arguments(key, tool, use) for tool, use in known.tools.items()]
    return {**made, "title": "Flow of this project"}


def _reference(key: str, kind: str) -> str:
    """Where the names of a kind stand in the schema; those that a flow publishes stand apart."""
    return f"#/$defs/{PUBLISHED if key == 'emit' else _title(kind)}"


def _title(kind: str) -> str:
    return f"{kind.title().replace(' ', '')}Name"


def _names(kind: str, names: Mapping[str, str], *, strict: bool) -> dict[str, Any]:
    """One of the names; where others can't be ruled out, any text."""
    listed = [{"const": name, **({"description": text} if text else {})} for name, text in names.items()]
    rest: list[dict[str, Any]] = [] if strict else [{"type": "string"}]
    paths = [{"type": "string", "pattern": r"[/\\.]"}] if kind in PATHS else []
    return {"description": f"A name of a kind: {kind}.", "type": "string", "anyOf": [*listed, *rest, *paths] or [False]}


def _named(part: dict[str, Any], reference: str) -> None:
    """Let every text in a schema be a name: alone, in a list, or as the value of a mapping."""
    if part.get("type") == "string":
        described = part.get("description")
        part.clear()
        part.update({"$ref": reference, **({"description": described} if described else {})})
    for branch in part.get("anyOf", ()):
        _named(branch, reference)
    for key in ("items", "additionalProperties"):
        inner = part.get(key)
        if isinstance(inner, dict) and inner.get("additionalProperties") is not True:
            _named(inner, reference)


def _keyed(part: dict[str, Any], reference: str) -> None:
    """Let the keys of a mapping be names."""
    for branch in (part, *part.get("anyOf", ())):
        if branch.get("type") == "object":
            branch["propertyNames"] = {"$ref": reference}


class Lenient(GenerateJsonSchema):
    """Options as they may be written: where a type reads a value in its own way, anything may stand."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> dict[str, Any]:
        """A model as it is; anything in the place of a value."""
        inner = schema["schema"]
        return self.generate_inner(inner) if inner["type"] in {"model", "model-fields"} else {}

    function_plain_schema = function_before_schema  # type: ignore[assignment]
    function_wrap_schema = function_before_schema  # type: ignore[assignment]


def _slot_options(slot: dict[str, Any], types: Mapping[str, Any]) -> None:
    """With each type only its own options, beside what every slot may have."""
    shared = dict.fromkeys(slot["properties"], True)
    slot["allOf"] = []
    for name, kind in types.items():
        made = kind.Options.model_json_schema(schema_generator=Lenient)
        slot["$defs"] = {**slot.get("$defs", {}), **made.get("$defs", {})}
        then = {
            "properties": {**shared, **{key: _untitled(value) for key, value in made.get("properties", {}).items()}},
            "patternProperties": {"^x-": True},
            "additionalProperties": False,
            "required": made.get("required", []),
        }
        slot["allOf"].append({"if": _is("type", name), "then": then})


def _untitled(value: Any) -> Any:
    return {k: v for k, v in value.items() if k != "title"} if isinstance(value, dict) else value


def _arguments(key: str, name: str, tool: Any) -> dict[str, Any]:
    """Where a tool is named, `with` has its parameters; their values may be templates."""
    parameters = tool.parameters.get("properties", {})
    if not parameters and tool.signature is None:
        return {}
    described = {n: {"description": p["description"]} if "description" in p else True for n, p in parameters.items()}
    return {
        "if": _is(key, name),
        "then": {"properties": {"with": {"properties": described, "additionalProperties": False}}},
    }


def _is(key: str, value: str) -> dict[str, Any]:
    return {"properties": {key: {"const": value}}, "required": [key]}
