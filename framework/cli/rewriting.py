"""What the commands that rewrite flows share: reading foreign files, writing the result, saying what was lost."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from framework.errors import UserError

if TYPE_CHECKING:
    from framework.documents import Source
    from framework.flows.exchange import Rewritten


def foreign(path: Path) -> Source:
    """A document in another format, with the place of everything in it.

    Raises:
        DocumentError: It can't be read.
    """
    from framework.documents import read  # noqa: PLC0415 - only where it is used

    return read(path, mode="pipecat")


def deliver(found: Rewritten, out: Path | None, *, as_json: bool) -> None:
    """Write or print a flow, and say what is to be said about it; leaves with 1 when something was lost."""
    if out is not None:
        try:
            out.write_text(found.text, "utf-8")
        except OSError as wrong:
            raise UserError(f"the flow can't be written to `{out}`: {wrong.strerror}") from None
    problems = _checked(found.text, out.name if out else "flow.yaml")
    if as_json:
        remarks = [remark.as_json() for remark in found.remarks]
        print(json.dumps({"text": found.text, "remarks": remarks, "problems": problems}, indent=2, ensure_ascii=False))
    else:
        if out is None:
            print(found.text, end="")
        for line in (*found.remarks, *(f"still to be done: {problem}" for problem in problems)):
            print(line, file=sys.stderr)
    raise typer.Exit(1 if any(found.lost) or problems else 0)


def _checked(text: str, name: str) -> list[str]:
    """What the checker calls errors in what was written, but for what only plugins could answer."""
    from framework.flows.check import check, errors  # noqa: PLC0415 - only where it is used

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(text, "utf-8")
        found = errors(check(path))
    return [f"{name}:{one.span.line}:{one.span.column}: {one.code}: {one.message} {one.fix}".strip() for one in found]
