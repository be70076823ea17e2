"""`integer`: a whole number."""

from __future__ import annotations

from typing import Any, ClassVar

from typing_extensions import override

from framework.slots import keypad
from framework.slots.base import Found, Hearing, Kind, Refused
from framework.slots.number import NumberOptions, Numeral


class Integer(Numeral):
    """A whole number."""

    name: ClassVar[str] = "integer"
    kind: ClassVar[Kind] = "integer"

    @override
    def keys(self, pressed: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """Figures; a `*` before them is a minus."""
        return self._fitting(pressed, keypad.count(pressed), options, hearing)

    @override
    def misfit(self, value: float, options: NumberOptions) -> tuple[str, float] | None:
        """Halves are refused too."""
        return ("not_whole", 0) if value != int(value) else super().misfit(value, options)
