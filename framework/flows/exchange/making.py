"""What the readers of foreign formats share: names that ours may have, placeholders, and the finished flow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from framework.errors import UserError
from framework.flows.config import name_of
from framework.flows.exchange.report import Report, Rewritten, finished
from framework.flows.exchange.writing import written

PLACEHOLDER = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def flow_name(raw: object, file: str) -> str:
    """A flow's name from what it was called, else from its file.

    >>> flow_name("My Flow!", "x.json"), flow_name(None, "a/b c.json")
    ('my_flow', 'b_c')
    """
    return name_of(f"{raw}.x".replace("/", "_")) if isinstance(raw, str) and raw.strip() else name_of(file)


def slot_name(raw: object) -> str:
    """A slot's name.

    >>> slot_name("Budget (USD)")
    'budget_usd'
    """
    plain = re.sub(r"[^a-z0-9_]+", "_", str(raw).lower()).strip("_")
    return plain if re.match("[a-z_]", plain) else f"slot_{plain}".rstrip("_")


def distinct(raw: str, taken: Iterable[str]) -> str:
    """A name that is not taken yet."""
    known, number, name = set(taken), 2, raw
    while name in known:
        name, number = f"{raw}_{number}", number + 1
    return name


def placeholders(text: str, read: Callable[[str], str | None], miss: Callable[[str], None]) -> str:
    """A text with its placeholders rewritten; what has no counterpart stands as it was written.

    Args:
        text: The foreign text, with `{{ name }}`.
        read: A foreign name as an expression of ours, or None.
        miss: Told of each that has none.
    """

    def one(found: re.Match[str]) -> str:
        expression = read(found[1])
        if expression is None:
            miss(found[1])
            return "\\" + found[0]
        return f"{{{{ {expression} }}}}"

    return PLACEHOLDER.sub(one, text)


def done(value: Mapping[str, Any], report: Report, comment: str) -> Rewritten:
    """The flow as it is written, without keys that hold nothing."""
    kept = {key: item for key, item in value.items() if item not in (None, {}, [], "")}
    return Rewritten(kept, written(kept, {(): [f"# {comment}"]}), finished(report))


@contextmanager
def shaped_as(whose: str) -> Iterator[None]:
    """Say in a sentence that a file has another shape than its format.

    Raises:
        UserError: Something in it is of another kind than the format has there.
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as odd:
        raise UserError(f"this file is not shaped as {whose} publishes it ({odd})") from odd


def wanted(condition: object, message: str, fix: str = "") -> None:
    """Refuse a file that is none of the format.

    Raises:
        UserError: It is none.
    """
    if not condition:
        raise UserError(message, fix=fix)
