"""`object`: several values under one name, as tools return them."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Any, ClassVar

from pydantic import ConfigDict, field_validator
from typing_extensions import override

from framework.slots.base import Found, Hearing, Kind, Options, Refused, SlotType
from framework.slots.list import item
from framework.slots.phrases import sentence


class ObjectOptions(Options):
    """The fields."""

    model_config = ConfigDict(extra="forbid", ignored_types=(cached_property,))

    fields: dict[str, dict[str, Any]]
    """Field → its type: a name, or a declaration as a slot has it."""

    @field_validator("fields", mode="before")
    @classmethod
    def _as_declarations(cls, fields: Any) -> Any:
        if not isinstance(fields, dict):
            return fields
        declared = {name: {"type": of} if isinstance(of, str) else of for name, of in fields.items()}
        for name, of in declared.items():
            if isinstance(of, dict):
                try:
                    item(of)
                except ValueError as wrong:
                    raise ValueError(f"`{name}`: {wrong}") from None
        return declared

    @cached_property
    def items(self) -> dict[str, tuple[SlotType, Any]]:
        """The type of each field and its options."""
        return {name: item(of) for name, of in self.fields.items()}


class ObjectType(SlotType):
    """Several values under one name. Nobody says one in an answer: tools and flows set it."""

    name: ClassVar[str] = "object"
    kind: ClassVar[Kind] = "object"
    heard: ClassVar[bool] = False
    Options = ObjectOptions

    @override
    def hear(self, text: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """Nothing."""
        return None

    @override
    def check(self, value: Any, options: Any, today: date) -> Any:
        """An object with these fields and no others; a field may be null."""
        if not isinstance(value, dict):
            raise ValueError(f"an object is needed here, not `{value!r}`")  # noqa: TRY004 - see `SlotType.check`
        if strange := sorted(set(value) - set(options.items)):
            raise ValueError(f"there is no field `{strange[0]}`")
        return {name: self._field(name, value.get(name), options, today) for name in options.items}

    def _field(self, name: str, value: Any, options: ObjectOptions, today: date) -> Any:
        slot_type, inner = options.items[name]
        try:
            return None if value is None else slot_type.check(value, inner, today)
        except ValueError as wrong:
            raise ValueError(f"`{name}`: {wrong}") from None

    @override
    def spoken(self, value: Any, options: Any, language: str) -> str:
        """The fields that are set, one after another."""
        said = [
            slot_type.spoken(value[name], inner, language)
            for name, (slot_type, inner) in options.items.items()
            if value.get(name) is not None
        ]
        return ", ".join(said)

    @override
    def schema(self, options: Any) -> dict[str, Any]:
        """The fields."""
        fields = {name: slot_type.schema(inner) for name, (slot_type, inner) in options.items.items()}
        return {"type": "object", "properties": fields, "additionalProperties": False}

    @override
    def question(self, name: str, language: str) -> str:
        """Ask for it by the slot's name, though nobody should be asked."""
        return sentence("ask_text", language, name=name.replace("_", " "))
