"""Keep sensitive values from everybody: what shows instead, and how a trace of them is found."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

HIDDEN = "***"
"""What shows in the place of a sensitive value."""
FIGURES = re.compile(r"(?<!\w)\d(?:[ \-./,]{0,2}\d)*(?!\w)")
"""Figures in a row or in groups."""
LONG = 8
"""So many figures are hidden also within a longer row of them."""
SHORTEST = 4
"""Texts of fewer characters are hidden only where they stand alone: "12" is part of many innocent words."""


def veiled(slots: Mapping[str, Any], sensitive: Collection[str], reveal: Collection[str]) -> Mapping[str, Any]:
    """Slots with `***` in place of sensitive values that aren't revealed.

    >>> veiled({"card": "4111", "n": 1}, {"card"}, ())
    {'card': '***', 'n': 1}
    """
    hidden = [name for name in sensitive if name in slots and name not in reveal]
    return {**slots, **dict.fromkeys(hidden, HIDDEN)} if hidden else slots


def cleared(value: Any, kept: Iterable[Any]) -> Any:
    """A JSON value without any trace of the values that are kept, also when their figures stand in groups.

    >>> cleared({"note": "card 4111 1111-2222 3333.", "n": 7}, ["4111111122223333"])
    {'note': 'card ***.', 'n': 7}
    >>> cleared("It is 4 1 1, 1 2 2, please.", ["411122"])
    'It is ***, please.'
    >>> cleared([506172833, 5061], ["50617283"])
    ['***', 5061]
    """
    texts = tuple(sorted({text for one in kept for text in _texts(one)}, key=len, reverse=True))
    return _cleared(value, texts) if texts else value


def _cleared(value: Any, texts: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {key: _cleared(item, texts) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_cleared(item, texts) for item in value)
    if isinstance(value, str):
        if value in texts:
            return HIDDEN
        for text in texts:
            value = _without(value, text) if len(text) >= SHORTEST else value
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value if _cleared(str(value), texts) == str(value) else HIDDEN
    return value


def _texts(value: Any) -> Iterable[str]:
    """The texts that a value consists of; yes and no are no secret by themselves."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif not isinstance(value, bool) and value is not None and str(value):
        yield str(value)


def _without(text: str, secret: str) -> str:
    """A text without the secret; no pattern is made of the secret, as Python keeps those."""
    if FIGURES.fullmatch(secret):
        return FIGURES.sub(lambda found: _figures(found[0], _bare(secret)), text)
    folded, sought, at = text.casefold(), secret.casefold(), 0
    while (at := folded.find(sought, at)) >= 0 and len(folded) == len(text):
        end = at + len(sought)
        if _inside_word(text, at) or _inside_word(text, end):
            at = end
            continue
        text = text[:at] + HIDDEN + text[end:]
        folded, at = text.casefold(), at + len(HIDDEN)
    return text


def _figures(found: str, secret: str) -> str:
    bare = _bare(found)
    return HIDDEN if (bare == secret or (len(secret) >= LONG and secret in bare)) else found


def _bare(figures: str) -> str:
    return "".join(c for c in figures if c.isdecimal())


def _inside_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()
