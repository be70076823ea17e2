"""Texts of a Pipecat FlowConfig: `{{ a.b }}` from the free-form state, everything else left alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from framework.flows.expressions.errors import EvaluationError

if TYPE_CHECKING:
    from datetime import datetime

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
FORM = re.compile(rf"(?P<escape>\\?)\{{\{{\s*(?P<path>{NAME}(?:\.{NAME})*)\s*\}}\}}")


@dataclass(frozen=True, slots=True)
class StateTemplate:
    """A text, parsed once; immutable."""

    text: str
    parts: tuple[str | tuple[str, ...], ...]

    @classmethod
    def parse(cls, text: str) -> StateTemplate:
        """The template of a text; anything is one."""
        return _parse(text)

    def names(self) -> set[tuple[str, ...]]:
        """The paths that it reads."""
        return {("state", *part) for part in self.parts if isinstance(part, tuple)}

    def render(self, names: Mapping[str, Any], now: datetime, speak: Callable[[Any, Any], str] | None = None) -> str:
        """The text with every placeholder filled; `EvaluationError` for a key that the state has not."""
        del now, speak
        state = names.get("state")
        return "".join(part if isinstance(part, str) else str(_look_up(state, part)) for part in self.parts)

    def value(self, names: Mapping[str, Any], now: datetime) -> Any:
        """The rendered text: Pipecat knows no typed placeholders."""
        return self.render(names, now)


def _look_up(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            raise EvaluationError(f"`{'.'.join(path)}` is not in the state.")
        value = value[key]
    return value


@lru_cache(maxsize=4096)
def _parse(text: str) -> StateTemplate:
    parts: list[str | tuple[str, ...]] = []
    at = 0
    for found in FORM.finditer(text):
        escaped = found["escape"] == "\\"
        parts.append(text[at : found.start()])
        parts.append(found[0][1:] if escaped else tuple(found["path"].split(".")))
        at = found.end()
    parts.append(text[at:])
    return StateTemplate(text, tuple(part for part in parts if part))
