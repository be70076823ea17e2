"""What became of a file that was rewritten: what was changed on the way, and what could not come along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from framework.documents import Source, Span

Sort = Literal["lost", "changed"]


@dataclass(frozen=True, slots=True, order=True)
class Remark:
    """One thing that is not in the new file as it was in the old one."""

    span: Span
    sort: Sort
    """`lost`: it is not carried over. `changed`: it is, and means something else or looks otherwise."""
    message: str

    def as_json(self) -> dict[str, Any]:
        """The remark as plain data; lines and columns count from 1."""
        return {
            "file": self.span.file,
            "line": self.span.line,
            "column": self.span.column,
            "sort": self.sort,
            "message": self.message,
        }

    def __str__(self) -> str:
        return f"{self.span.file}:{self.span.line}:{self.span.column}: {self.sort}: {self.message}"


@dataclass
class Report:
    """The remarks on one file, as they come up."""

    source: Source
    remarks: list[Remark] = field(default_factory=list)

    def lost(self, path: Sequence[str | int], message: str) -> None:
        """Something is not carried over."""
        self.remarks.append(Remark(self.source.locate_key(path), "lost", message))

    def changed(self, path: Sequence[str | int], message: str) -> None:
        """Something is carried over as something else."""
        self.remarks.append(Remark(self.source.locate_key(path), "changed", message))

    def rest(self, value: Any, path: Sequence[str | int], known: Sequence[str], what: str) -> None:
        """Say of every key of a mapping that nobody reads that it is lost."""
        for key in value if isinstance(value, dict) else ():
            if key not in known:
                self.lost((*path, key), f"`{key}` of {what} has no counterpart here.")


@dataclass(frozen=True)
class Rewritten:
    """A flow in another form, and what is to be said about it."""

    value: dict[str, Any]
    text: str
    remarks: tuple[Remark, ...]

    @property
    def lost(self) -> Iterator[Remark]:
        """What did not come along."""
        return (remark for remark in self.remarks if remark.sort == "lost")


def finished(report: Report) -> tuple[Remark, ...]:
    """The remarks in the order of the file, each once."""
    return tuple(sorted(set(report.remarks)))
