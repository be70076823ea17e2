"""The functions that expressions may call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from framework.flows.expressions.errors import EvaluationError
from framework.flows.expressions.patterns import PatternError, pattern
from framework.flows.expressions.values import bounded, kind, ordered, within

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Builtin:
    """A function: what it does, how many arguments it takes, and of which kinds."""

    run: Callable[..., Any]
    least: int
    most: int
    takes: tuple[frozenset[str], ...]
    """For each argument the kinds it may have; the last one holds for those that follow."""
    gives: str
    """The kind of the result; empty when it depends on the arguments."""
    clock: bool = False
    """True when the present moment comes first."""


def _text(value: Any, name: str) -> str:
    if isinstance(value, str):
        return value
    raise EvaluationError(f"`{name}` wants a text, not {kind(value)}.")


def _number(value: Any, name: str) -> Any:
    if kind(value) == "a number":
        return value
    raise EvaluationError(f"`{name}` wants a number, not {kind(value)}.")


def _day(value: Any, name: str) -> date:
    try:
        return date.fromisoformat(_text(value, name)[:10])
    except ValueError:
        raise EvaluationError(f"`{name}` wants a date, not `{str(value)[:40]}`.") from None


def _len(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, (str, list, dict)):
        return len(value)
    raise EvaluationError(f"`len` wants a text or a list, not {kind(value)}.")


def _on_text(name: str, function: Callable[[str], str]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else bounded(function(_text(value, name)))


def _contains(value: Any, part: Any) -> bool:
    return within(part, value)


def _affix(name: str, function: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, part: (
        value is not None and part is not None and function(_text(value, name), _text(part, name))
    )


def _matches(value: Any, text: Any) -> bool:
    if value is None or text is None:
        return False
    try:
        return pattern(_text(text, "matches")).fits(_text(value, "matches"))
    except PatternError as wrong:
        raise EvaluationError(str(wrong)) from None


def _extreme(name: str, *, least: bool) -> Callable[..., Any]:
    def pick(*values: Any) -> Any:
        items = values[0] if len(values) == 1 and isinstance(values[0], list) else values
        known = [v for v in items if v is not None]
        best = known[0] if known else None
        for value in known[1:]:
            if ordered(lambda a, b: a < b if least else a > b, value, best):
                best = value
        if known and kind(best) not in {"a number", "a text"}:
            raise EvaluationError(f"`{name}` wants numbers or texts, not {kind(best)}.")
        return best

    return pick


def _round(value: Any, digits: Any = 0) -> Any:
    if value is None:
        return None
    number, places = _number(value, "round"), _number(digits, "round")
    if not isinstance(places, int) or not -MOST_DIGITS <= places <= MOST_DIGITS:
        raise EvaluationError("`round` wants a whole number of digits between -15 and 15.")
    return round(number, places) if places else round(number)


def _abs(value: Any) -> Any:
    return None if value is None else abs(_number(value, "abs"))


def _age(now: datetime, born: Any) -> int | None:
    if born is None:
        return None
    day, today = _day(born, "age"), now.date()
    return today.year - day.year - ((today.month, today.day) < (day.month, day.day))


def _days_between(begin: Any, end: Any) -> int | None:
    if begin is None or end is None:
        return None
    return (_day(end, "days_between") - _day(begin, "days_between")).days


MOST_DIGITS = 15
"""What a float can show."""

TEXT = frozenset({"text", "enum", "date", "time", "datetime", "duration"})
NUMBER = frozenset({"integer", "number"})
ORDERED = TEXT | NUMBER | {"list"}
DATE = frozenset({"date", "text"})
ANYTHING = frozenset({"any"})
SIZED = TEXT | {"list", "object"}

FUNCTIONS: dict[str, Builtin] = {
    "len": Builtin(_len, 1, 1, (SIZED,), "integer"),
    "lower": Builtin(_on_text("lower", str.lower), 1, 1, (TEXT,), "text"),
    "upper": Builtin(_on_text("upper", str.upper), 1, 1, (TEXT,), "text"),
    "trim": Builtin(_on_text("trim", str.strip), 1, 1, (TEXT,), "text"),
    "contains": Builtin(_contains, 2, 2, (SIZED, ANYTHING), "boolean"),
    "starts_with": Builtin(_affix("starts_with", str.startswith), 2, 2, (TEXT,), "boolean"),
    "ends_with": Builtin(_affix("ends_with", str.endswith), 2, 2, (TEXT,), "boolean"),
    "matches": Builtin(_matches, 2, 2, (TEXT,), "boolean"),
    "min": Builtin(_extreme("min", least=True), 1, 20, (ORDERED,), ""),
    "max": Builtin(_extreme("max", least=False), 1, 20, (ORDERED,), ""),
    "round": Builtin(_round, 1, 2, (NUMBER,), "number"),
    "abs": Builtin(_abs, 1, 1, (NUMBER,), "number"),
    "default": Builtin(lambda value, other: other if value is None else value, 2, 2, (ANYTHING,), ""),
    "today": Builtin(lambda now: now.date().isoformat(), 0, 0, (), "date", clock=True),
    "now": Builtin(lambda now: now.isoformat(timespec="seconds"), 0, 0, (), "text", clock=True),
    "age": Builtin(_age, 1, 1, (DATE,), "integer", clock=True),
    "days_between": Builtin(_days_between, 2, 2, (DATE,), "integer"),
}
