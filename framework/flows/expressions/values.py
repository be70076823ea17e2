"""Values in expressions: equality, order, arithmetic and text, by the language's rules rather than Python's."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from framework.flows.expressions.errors import EvaluationError

LONGEST = 100_000
"""Characters of a text, items of a list that an expression may make."""

LARGEST = 2**63
"""Numbers stay below this."""


def kind(value: Any) -> str:
    """What a value is, in words.

    >>> kind(True), kind(2), kind("a"), kind(None)
    ('true or false', 'a number', 'a text', 'null')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, (list, tuple)) else "an object"


def same(left: Any, right: Any) -> bool:
    """Equality of JSON values: `true` is not `1`."""
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    return bool(left == right)


def ordered(operator: Callable[[Any, Any], Any], left: Any, right: Any) -> bool:
    """`< <= > >=`: false with `null`, an error between things without a common order."""
    if left is None or right is None:
        return False
    comparable = kind(left) == kind(right) and kind(left) in {"a number", "a text"}
    if not comparable:
        raise EvaluationError(f"{kind(left)} can't be compared with {kind(right)}.")
    return bool(operator(left, right))


def within(item: Any, container: Any) -> bool:
    """`in`: an item of a list, a part of a text, a key of an object; false with `null`."""
    if item is None or container is None:
        return False
    if isinstance(container, (list, tuple)):
        return any(same(item, other) for other in container)
    if isinstance(container, (str, Mapping)) and isinstance(item, str):
        return item in container
    raise EvaluationError(f"{kind(item)} can't be `in` {kind(container)}.")


def field(value: Any, name: str) -> Any:
    """`a.b`: null where there is no such field, or nothing to have one."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        return value.get(name)
    raise EvaluationError(f"{kind(value)} has no field `{name}`.")


def item(value: Any, index: Any) -> Any:
    """`a[0]`, `a["b"]`: null where there is nothing."""
    if value is None or index is None:
        return None
    if isinstance(value, Mapping) and isinstance(index, str):
        return value.get(index)
    if isinstance(value, (list, tuple, str)) and isinstance(index, int) and not isinstance(index, bool):
        return value[index] if -len(value) <= index < len(value) else None
    raise EvaluationError(f"{kind(value)} has no item `{canonical(index)[:40]}`.")


def plus(left: Any, right: Any) -> Any:
    """Sum of numbers, two texts or two lists in a row."""
    if isinstance(left, str) and isinstance(right, str):
        return bounded(left + right)
    if isinstance(left, list) and isinstance(right, list):
        return bounded(left + right)
    return arithmetic("+", lambda a, b: a + b, left, right)


def arithmetic(sign: str, operator: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """A calculation with two numbers."""
    if kind(left) != "a number" or kind(right) != "a number":
        raise EvaluationError(f"`{sign}` can't join {kind(left)} and {kind(right)}.")
    try:
        return bounded(operator(left, right))
    except ZeroDivisionError:
        raise EvaluationError("a number is divided by zero.") from None
    except (OverflowError, ValueError):
        raise EvaluationError("the result is too large.") from None


def bounded(value: Any) -> Any:
    """The value, or an error when it has grown beyond all use."""
    if isinstance(value, (str, list)):
        if len(value) > LONGEST:
            raise EvaluationError(f"the result is longer than {LONGEST:,}.")
    elif isinstance(value, (int, float)) and not -LARGEST < value < LARGEST:
        raise EvaluationError("the result is too large.")
    return value


def canonical(value: Any) -> str:
    """A value in a text for a model: null is empty, whole numbers have no point, the rest is JSON.

    >>> canonical(None), canonical(3.0), canonical(True), canonical(["a"])
    ('', '3', 'true', '["a"]')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, ensure_ascii=False, default=str)
