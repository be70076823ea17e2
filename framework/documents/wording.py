"""Say in plain words what a model expects and what stands there instead."""

from __future__ import annotations

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

KINDS: dict[Any, str] = {str: "a text", bool: "`true` or `false`", int: "a whole number", float: "a number"}
CONTAINERS: dict[Any, str] = {dict: "a mapping", list: "a list", tuple: "a list", set: "a list", frozenset: "a list"}

NAME_FORMS = {
    r"^[a-z][a-z0-9_-]*$": "Names have lower-case letters, digits, `_` and `-`, and begin with a letter.",
    r"^[a-z_][a-z0-9_]*$": "Names have lower-case letters, digits and `_`, and don't begin with a digit.",
}


def expected(annotation: Any) -> str:
    """What a value must be, for example `a text or a list`.

    >>> expected(str | list[int] | None)
    'a text or a list'
    """
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        parts = dict.fromkeys(expected(a) for a in get_args(annotation) if a is not type(None))
        return " or ".join(parts)
    if origin is Literal:
        return "one of " + ", ".join(f"`{a}`" for a in get_args(annotation))
    return KINDS.get(annotation) or CONTAINERS.get(origin or annotation) or "a mapping"


def article(value: Any) -> str:
    """What a value is.

    >>> article(3), article([1]), article("3")
    ('the number `3`', 'a list', 'a text')
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, (int, float)):
        return f"the number `{value}`"
    return "a text" if isinstance(value, str) else CONTAINERS.get(type(value), f"a {type(value).__name__}")


def sentence(problem: dict[str, Any]) -> tuple[str, str, str]:
    """Code suffix, sentence and remedy for one of pydantic's problems."""
    kind, context = problem["type"], problem.get("ctx") or {}
    value = problem.get("input")
    if kind == "missing":
        return "003", f"`{problem['loc'][-1]}` is missing here.", f"Add `{problem['loc'][-1]}:`."
    if kind == "extra_forbidden":
        return "001", f"`{problem['loc'][-1]}` is not a key that can stand here.", ""
    if kind == "string_pattern_mismatch":
        return "002", f"`{str(value)[:60]}` does not have the right form.", _form(context.get("pattern", ""))
    if kind in {"value_error", "assertion_error"}:
        return "002", str(context.get("error", problem["msg"])).rstrip(".") + ".", ""
    if kind == "literal_error":
        return (
            "002",
            f"`{str(value)[:60]}` can't stand here.",
            f"Write {str(context.get('expected')).replace(chr(39), '`')}.",
        )
    return "002", _bounds(kind, context) or _plain(problem, value), ""


def _form(pattern: str) -> str:
    return NAME_FORMS.get(pattern, f"It must match `{pattern}`.")


def _bounds(kind: str, context: dict[str, Any]) -> str:
    if kind in {"greater_than_equal", "greater_than", "less_than_equal", "less_than"}:
        word = {"greater_than_equal": "at least", "greater_than": "more than"}.get(kind)
        word = word or {"less_than_equal": "at most", "less_than": "less than"}[kind]
        return f"the value must be {word} {next(iter(context.values()))}."
    if kind in {"too_short", "string_too_short"}:
        return f"at least {context.get('min_length', 1)} is needed here."
    if kind in {"too_long", "string_too_long"}:
        return f"at most {context.get('max_length')} can stand here."
    return ""


def _plain(problem: dict[str, Any], value: Any) -> str:
    wanted = {
        "string_type": "a text",
        "bool_type": "`true` or `false`",
        "bool_parsing": "`true` or `false`",
        "int_type": "a whole number",
        "int_parsing": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "float_parsing": "a number",
        "list_type": "a list",
        "dict_type": "a mapping",
        "model_type": "a mapping",
        "model_attributes_type": "a mapping",
    }.get(problem["type"])
    if wanted:
        return f"{wanted} is expected here, not {article(value)}."
    message = str(problem["msg"])
    return f"{message[:1].lower()}{message[1:]}{'' if message.endswith('.') else '.'}"
