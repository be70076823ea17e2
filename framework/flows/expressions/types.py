"""What is known about a value before there is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS = {
    "text": "a text",
    "integer": "a number",
    "number": "a number",
    "boolean": "true or false",
    "enum": "a text",
    "date": "a date",
    "time": "a time",
    "datetime": "a date and time",
    "duration": "a length of time",
    "list": "a list",
    "object": "an object",
    "null": "null",
    "any": "anything",
}

TEXTS = frozenset({"text", "enum", "date", "time", "datetime", "duration"})
FORMATS = {"date": "date", "time": "time", "date-time": "datetime", "duration": "duration"}
"""Formats of texts in JSON Schema that are types of their own."""
NUMBERS = frozenset({"integer", "number"})


@dataclass(frozen=True)
class Type:
    """A kind, and for some kinds what is inside. Any value may be null as well."""

    kind: str
    values: tuple[str, ...] = ()
    """Of an enum."""
    fields: Mapping[str, Type] | None = None
    """Of an object whose fields are known."""
    item: Type | None = None
    """Of a list."""
    noun: str = "field"
    """What a field of it is called in messages: `slot`, `field`."""

    @property
    def words(self) -> str:
        """The kind in words for people."""
        return WORDS[self.kind]

    @classmethod
    def of_schema(cls, schema: Mapping[str, Any] | None) -> Type:
        """The type that a JSON Schema describes, as far as it can be told.

        >>> Type.of_schema({"type": "object", "properties": {"n": {"type": "integer"}}}).fields["n"].kind
        'integer'
        """
        if not schema:
            return ANY
        options = [s for s in schema.get("anyOf", schema.get("oneOf", [])) if s.get("type") != "null"]
        if options:
            return cls.of_schema(options[0]) if len(options) == 1 else ANY
        if values := schema.get("enum"):
            return cls("enum", tuple(values)) if all(isinstance(v, str) for v in values) else ANY
        return _of_kind(schema)


ANY = Type("any")
NULL = Type("null")


def _of_kind(schema: Mapping[str, Any]) -> Type:
    kind = schema.get("type")
    if isinstance(kind, list):
        others = [k for k in kind if k != "null"]
        kind = others[0] if len(others) == 1 else None
    if kind == "object":
        known = schema.get("properties")
        closed = known and not schema.get("additionalProperties")
        return (
            Type("object", fields={k: Type.of_schema(v) for k, v in known.items()})
            if closed and known
            else Type("object")
        )
    if kind == "array":
        return Type("list", item=Type.of_schema(schema.get("items")))
    if kind == "string":
        return Type(FORMATS.get(str(schema.get("format")), "text"))
    return Type(kind) if kind in {"integer", "number", "boolean", "null"} else ANY
