"""Does a value of one type fit where another is wanted? Pure questions about types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framework.flows.expressions.types import NUMBERS, TEXTS

if TYPE_CHECKING:
    from framework.flows.expressions import Type


def mismatch(given: Type, wanted: Type) -> str:
    """A sentence when values of the given type can't be of the wanted one, else nothing.

    >>> from framework.flows.expressions import Type
    >>> mismatch(Type("text"), Type("integer"))
    'a number is expected here, not a text.'
    """
    if {given.kind, wanted.kind} & {"any", "null"} or given.kind == wanted.kind != "enum":
        return ""
    if given.kind == wanted.kind == "enum":
        strange = [value for value in given.values if value not in wanted.values]
        return f"`{strange[0]}` is not one of the values." if strange and len(strange) == len(given.values) else ""
    if {given.kind, wanted.kind} <= NUMBERS or {given.kind, wanted.kind} <= TEXTS:
        return ""
    return f"{wanted.words} is expected here, not {given.words}."


def literal_fits(value: Any, wanted: Type) -> bool:
    """True when a value written in the file can be of the type.

    >>> from framework.flows.expressions import Type
    >>> literal_fits(3, Type("integer")), literal_fits("x", Type("boolean"))
    (True, False)
    """
    if value is None or wanted.kind in {"any", "null"}:
        return True
    if wanted.kind == "enum":
        return value in wanted.values
    if wanted.kind in NUMBERS:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    kinds = {"boolean": bool, "list": list, "object": dict}
    return isinstance(value, kinds.get(wanted.kind, str))
