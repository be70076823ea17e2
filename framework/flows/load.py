"""Read one flow file, or say everything that is wrong with its structure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from framework.documents import Diagnostic, DocumentError, Source, scan
from framework.documents.validate import examine
from framework.flows.model import Flow

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Loaded:
    """A flow and where it was written."""

    flow: Flow
    source: Source
    damage: tuple[tuple[str | int, ...], ...] = field(default=(), repr=False)
    """Paths at which something was wrong; other rules keep quiet about them."""

    @property
    def hash(self) -> str:
        """SHA-256 over the file and what it includes, in hex."""
        return self.source.hash


@dataclass(frozen=True)
class Reading:
    """What came of a file: a flow as far as it can be read, its problems, and the texts to show them in."""

    loaded: Loaded | None
    diagnostics: list[Diagnostic]
    texts: dict[str, str]


def load(path: Path | str, project_root: Path | None = None) -> Loaded:
    """The flow in the file at `path`; `DocumentError` with every error that can be seen without plugins."""
    from framework.flows.check import check_reading, errors  # noqa: PLC0415 - rules look at what was loaded

    reading = examine_file(path, project_root)
    problems = errors(check_reading(reading))
    if reading.loaded is None or problems:
        raise DocumentError(problems, reading.texts)
    return reading.loaded


def examine_file(path: Path | str, project_root: Path | None = None) -> Reading:
    """Read a flow file as far as possible."""
    return examine_scanned(*scan(path, project_root))


def examine_scanned(source: Source | None, problems: list[Diagnostic], texts: dict[str, str]) -> Reading:
    """The flow in a document that was read already."""
    if source is None:
        return Reading(None, problems, texts)
    flow, found, damage = _ours(source) if source.ours else _pipecat(source)
    loaded = Loaded(flow, source, tuple(damage)) if flow else None
    return Reading(loaded, problems + found, texts)


def _ours(source: Source) -> tuple[Flow | None, list[Diagnostic], list[tuple[str | int, ...]]]:
    found = examine(source, Flow, codes="FLW")
    return found.model, found.diagnostics, found.damage


def _pipecat(source: Source) -> tuple[Flow | None, list[Diagnostic], list[tuple[str | int, ...]]]:
    from framework.flows.config import FlowConfig, flow_of  # noqa: PLC0415 - only for files of Pipecat's kind

    found = examine(source, FlowConfig, codes="FLW", lenient=True)
    flow = flow_of(found.model, source.file) if found.model else None
    return flow, found.diagnostics, found.damage
