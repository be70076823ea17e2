"""Make the edits of all problems, look again, and take back what made nothing better."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from framework.checker.mending import applied
from framework.documents import unsaved

if TYPE_CHECKING:
    from framework.checker.checking import Checking
    from framework.documents import Diagnostic

ROUNDS = 10
"""How often is looked again; what is mended first may show what is wrong behind it."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass
class Fixing:
    """Files before and after, and what was mended."""

    checking: Checking
    """The last look: what is left."""
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    mended: int = 0

    def write(self) -> None:
        """Save what has changed; every byte outside the edits stays as it is."""
        for name, text in self.after.items():
            path = Path(name)
            mark = BYTE_ORDER_MARK if path.read_bytes().startswith(BYTE_ORDER_MARK) else b""
            path.write_bytes(mark + text.encode("utf-8"))

    def diff(self) -> str:
        """What would change, as a unified diff."""
        return "".join(_diff(name, self.before[name], text) for name, text in self.after.items())


def fix(look: Callable[[], Checking]) -> Fixing:
    """Mend in memory what `look` finds, until nothing can be mended any more. Nothing is written."""
    done = Fixing(look())
    stuck: set[str] = set()
    for _ in range(ROUNDS):
        edits = _edits(done.checking.found, stuck)
        texts = done.checking.texts
        new = {name: applied(texts[name], [p.edit for p in found if p.edit]) for name, found in edits.items()}
        new = {name: text for name, text in new.items() if text != texts[name]}
        if not new:
            break
        with unsaved({Path(name).resolve(): text for name, text in {**done.after, **new}.items()}):
            checking = look()
        worse = {name for name in new if not _less(edits[name], checking.found)}
        stuck |= worse
        if worse:  # without those, once more
            continue
        done.before = {**{name: texts[name] for name in new}, **done.before}
        done.after |= new
        done.mended += sum((_told(p for found in edits.values() for p in found) - _told(checking.found)).values())
        done.checking = checking
    return done


def _edits(found: list[Diagnostic], stuck: set[str]) -> dict[str, list[Diagnostic]]:
    """Name of a file → its problems that can be mended."""
    edits: dict[str, list[Diagnostic]] = {}
    for problem in found:
        if problem.edit is not None and problem.edit.span.file not in stuck:
            edits.setdefault(problem.edit.span.file, []).append(problem)
    return edits


def _told(problems: object) -> Counter[tuple[str, str, str]]:
    return Counter((p.span.file, p.code, p.message) for p in problems)  # type: ignore[attr-defined]


def _less(tried: list[Diagnostic], left: list[Diagnostic]) -> bool:
    """True when at least one of the problems is gone, and the file can be read as well as before."""
    here = {problem.span.file for problem in tried}
    gone = _told(tried) - _told(left)
    unread = [p for p in left if p.code == "YML004" and p.span.file in here]
    return bool(gone) and not unread


def _diff(name: str, before: str, after: str) -> str:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    made = difflib.unified_diff(old, new, f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in made)
