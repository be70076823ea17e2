"""`integer`: a whole number."""

from __future__ import annotations

from typing import ClassVar

from typing_extensions import override

from framework.slots.base import Kind
from framework.slots.number import NumberOptions, Numeral


class Integer(Numeral):
    """A whole number."""

    name: ClassVar[str] = "integer"
    kind: ClassVar[Kind] = "integer"

    @override
    def misfit(self, value: float, options: NumberOptions) -> tuple[str, float] | None:
        """Halves are refused too."""
        return ("not_whole", 0) if value != int(value) else super().misfit(value, options)
