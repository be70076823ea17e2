"""How much of what people say the slot types understand: a table of utterances per type and language.

The tables stand in `tests/framework/slots/spoken/`. They were written before the grammars and are never made from them;
what is missed is printed and stays in the tables. `unseen.yaml` beside them was written afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from benchmarks.measure import Ratio, Size, tell
from framework.slots import BUILT_IN
from framework.slots.base import Found, Hearing, Refused

TABLES = Path(__file__).resolve().parent.parent / "tests/framework/slots/spoken"
LANGUAGES = ("en", "es", "de")
NOW = datetime(2026, 11, 21, 10, 0)  # noqa: DTZ001 - the caller's clock on the wall, a Saturday
TYPES = {slot_type.name: slot_type for slot_type in BUILT_IN}
BAR = 0.9
"""The share of all utterances that must be understood in each language."""


@dataclass(frozen=True, eq=False)
class Row:
    """One utterance and what should come of it."""

    type: str
    language: str
    said: str
    wanted: Any
    """A canonical value; `REFUSED` for a value the slot doesn't take; `NOTHING` for no value."""
    options: dict[str, Any]

    def heard(self, text: str | None = None) -> Any:
        """What the type makes of it, or of what a recogniser wrote for it."""
        options = dict(self.options)
        name, tag = options.pop("name", ""), options.pop("language", self.language)
        slot_type = TYPES[self.type]
        hearing = Hearing(tag, NOW.date(), name=name, now=NOW)
        found = slot_type.hear(self.said if text is None else text, slot_type.Options.model_validate(options), hearing)
        if isinstance(found, Found):
            return found.value
        return "REFUSED" if isinstance(found, Refused) else "NOTHING"

    def understood(self, text: str | None = None) -> bool:
        """Whether it is what should come of it."""
        got = self.heard(text)
        return got == self.wanted and type(got) is type(self.wanted)


def tables() -> list[str]:
    """The types that have a table, in the order of the language reference."""
    return [name for name in TYPES if (TABLES / f"{name}.yaml").exists()]


def rows(name: str) -> Iterator[Row]:
    """All utterances for a type."""
    table = _table(name)
    for language in LANGUAGES:
        for said, wanted, *options in table[language]:
            yield Row(name, language, said, wanted, table.get("options", {}) | (options[0] if options else {}))


def unseen() -> Iterator[Row]:
    """Utterances that were written after the grammars."""
    for name, table in _yaml(TABLES.parent / "unseen.yaml").items():
        for language in LANGUAGES:
            for said, wanted in table[language]:
                yield Row(name, language, said, wanted, _table(name).get("options", {}))


def first() -> dict[str, Any]:
    """What was understood when the tables were measured for the first time."""
    return _yaml(TABLES.parent / "first.yaml")


@lru_cache
def _table(name: str) -> dict[str, Any]:
    return _yaml(TABLES / f"{name}.yaml")


def _yaml(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


@lru_cache
def shares() -> dict[str, dict[str, tuple[int, int]]]:
    """Type → language → how many are understood, and of how many."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for name in tables():
        right = Counter(row.language for row in rows(name) if row.understood())
        every = Counter(row.language for row in rows(name))
        found[name] = {language: (right[language], every[language]) for language in LANGUAGES}
    return found


@lru_cache
def missed() -> tuple[Row, ...]:
    """What isn't understood yet."""
    return tuple(row for name in tables() for row in rows(name) if not row.understood())


def measure(_size: Size) -> list[Ratio]:
    """The share understood by language; prints it by type, and all that is missed."""
    found = shares()
    for row in missed():
        tell(f"    {row.type} {row.language}: {row.said} → {row.heard()}, not {row.wanted}")
    return [*(_ratio(language, found) for language in LANGUAGES), _strange()]


def _strange() -> Ratio:
    """The share of the utterances that the grammars were not made for."""
    each = list(unseen())
    by = {name: sum(row.understood() for row in each if row.language == name) for name in LANGUAGES}
    every = {name: sum(row.language == name for row in each) for name in LANGUAGES}
    raw = {"understood": by, "of": every, "at first sight": dict(zip(LANGUAGES, first()["unseen"], strict=True))}
    share = sum(by.values()) / len(each)
    return Ratio(name="spoken forms, unseen", value=share, bar=BAR, at_least=True, aim=True, raw=raw)


def _ratio(language: str, found: dict[str, dict[str, tuple[int, int]]]) -> Ratio:
    right = sum(by[language][0] for by in found.values())
    every = sum(by[language][1] for by in found.values())
    by_type = {name: by[language][0] / by[language][1] for name, by in found.items()}
    return Ratio(
        name=f"spoken forms, {language}", value=right / every, bar=BAR, at_least=True, raw={"by type": by_type}
    )
