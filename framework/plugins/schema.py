"""JSON Schema as models like it: no references, no titles, an optional value without its null."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DROPPED = frozenset({"title", "$defs", "discriminator"})
VERBATIM = frozenset({"default", "examples", "enum", "const", "required"})
"""Keys whose values are data, not schemas."""


class RecursiveSchemaError(ValueError):
    """A type contains itself, and can't be written without references."""


def inlined(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with every `$ref` replaced by what it refers to.

    >>> inlined({"$ref": "#/$defs/A", "$defs": {"A": {"type": "string", "title": "A"}}})
    {'type': 'string'}
    """
    plain: dict[str, Any] = _inlined(schema, schema.get("$defs", {}), ())
    return plain


def optional(schema: dict[str, Any]) -> dict[str, Any]:
    """A property that may be left out, without the null that says so again.

    >>> optional({"anyOf": [{"type": "string"}, {"type": "null"}], "default": None})
    {'type': 'string'}
    """
    kept = {key: value for key, value in schema.items() if key != "default" or value is not None}
    if not nullable(kept) or "anyOf" not in kept:
        return kept
    choices = [choice for choice in kept.pop("anyOf") if choice.get("type") != "null"]
    return {**choices[0], **kept} if len(choices) == 1 else {"anyOf": choices, **kept}


def nullable(schema: Mapping[str, Any]) -> bool:
    """Whether null is among the values that a schema allows."""
    if "anyOf" in schema:
        return any(nullable(choice) for choice in schema["anyOf"])
    return schema.get("type") == "null" or not schema.keys() & {"type", "enum", "const", "oneOf", "allOf"}


def _inlined(node: Any, definitions: Mapping[str, Any], within: tuple[str, ...]) -> Any:
    if isinstance(node, list):
        return [_inlined(item, definitions, within) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        if name in within:
            raise RecursiveSchemaError(name)
        within = (*within, name)
        node = {**definitions[name], **{key: value for key, value in node.items() if key != "$ref"}}
    return {key: _value(key, value, definitions, within) for key, value in node.items() if key not in DROPPED}


def _value(key: str, value: Any, definitions: Mapping[str, Any], within: tuple[str, ...]) -> Any:
    if key in VERBATIM:
        return value
    if key == "properties":
        return {name: _inlined(inner, definitions, within) for name, inner in value.items()}
    return _inlined(value, definitions, within)
