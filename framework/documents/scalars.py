"""What a plain scalar means: in our files, in Pipecat's YAML 1.1 and in JSON."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import yaml

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]+)?(?P<exponent>[eE][+-]?[0-9]+)?")
WORDS: dict[str, Any] = {"null": None, "~": None, "": None, "true": True, "false": False}
PYTHON_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
DIGITS = frozenset("-0123456789")
"""How a number can begin."""

LONGEST_NUMBER = 300
"""Characters; far beyond any number that means something."""

PREFIX = "tag:yaml.org,2002:"

Reader = Callable[[str], Any]
"""Turns a plain scalar into its value; `ValueError` with a sentence when it can't."""


def ours(text: str) -> Any:
    """Null, true, false, a JSON number, else text.

    >>> ours("012"), ours("yes"), ours("1.5"), ours("true")
    ('012', 'yes', 1.5, True)
    """
    if text in WORDS:
        return WORDS[text]
    return number(text) if text[0] in DIGITS else text


def number(text: str) -> Any:
    """A JSON number as such, anything else as the text it is."""
    found = NUMBER.fullmatch(text)
    if not found:
        return text
    if len(text) > LONGEST_NUMBER:
        raise ValueError("this number is too long.")
    if not found["fraction"] and not found["exponent"]:
        return int(text)
    value = float(text)
    if math.isinf(value):
        raise ValueError("this number is too large.")
    return value


def pipecat_json(text: str) -> Any:
    """A plain word of JSON as Python's own parser reads it."""
    return PYTHON_WORDS[text] if text in PYTHON_WORDS else ours(text)


class _Scalars(yaml.constructor.SafeConstructor, yaml.resolver.Resolver):
    """PyYAML's own resolution and construction of scalars."""

    def __init__(self) -> None:
        yaml.constructor.SafeConstructor.__init__(self)
        yaml.resolver.Resolver.__init__(self)


def yaml11(text: str) -> Any:
    """What `yaml.safe_load` makes of a plain scalar.

    >>> yaml11("yes"), yaml11("012"), yaml11("1:30")
    (True, 10, 90)
    """
    scalars: Any = _Scalars()
    return _construct(scalars.resolve(yaml.ScalarNode, text, (True, False)), text)


def tagged(tag: str, text: str, *, plain: bool) -> Any:
    """The value of a scalar with one of YAML's own tags, as `yaml.safe_load` has it."""
    if tag == "!":
        scalars: Any = _Scalars()
        return _construct(scalars.resolve(yaml.ScalarNode, text, (False, True)), text) if plain else text
    return _construct(tag, text)


def _construct(tag: str, text: str) -> Any:
    try:
        return _Scalars().construct_document(yaml.ScalarNode(tag, text))
    except (yaml.YAMLError, ValueError, OverflowError, IndexError, KeyError, AttributeError, TypeError):
        raise ValueError(f"`{text[:40]}` is not a valid `{tag.removeprefix(PREFIX)}`.") from None
