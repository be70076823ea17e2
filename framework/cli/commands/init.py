"""Begin a project: a bot that runs, small enough to read at one sitting."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from framework.cli.commands.schema import Kind, made
from framework.errors import UserError

STARTER = Path(__file__).resolve().parent.parent / "starter"
LEFT_OUT = frozenset({"__pycache__", ".DS_Store"})


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to begin: a new folder, or an empty one.")],
) -> None:
    """Make a small project that runs.

    The folder gets a bot in `convo.yaml`, its flow with scenarios that test it, its personality, a tool of its own,
    the schemas that let an editor complete these files, and a README that says what to try. Nothing that is already
    there is touched: a folder that holds anything is refused.

    For example: `convo init bakery && cd bakery && convo chat`
    """
    written = begin(folder)
    print(f"{folder} is a project now, with {len(written)} files. Try:")
    print(f"  cd {folder}")
    print("  convo check")
    print("  convo test")
    print("  convo chat")


def begin(folder: Path) -> list[Path]:
    """Write the project and return its files."""
    _refuse_unless_free(folder)
    written = []
    for source in sorted(path for path in STARTER.rglob("*") if path.is_file() and not LEFT_OUT & {*path.parts}):
        target = folder / _name(source.relative_to(STARTER))
        written.append(_write(target, source.read_text("utf-8")))
    for kind in Kind:
        text = json.dumps(made(kind.value), indent=2, ensure_ascii=False)
        written.append(_write(folder / "schema" / f"{kind.value}.schema.json", f"{text}\n"))
    return written


def _refuse_unless_free(folder: Path) -> None:
    """A project begins in a folder that is new or empty: what somebody else wrote is never mixed up with ours."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"`{folder}` is a file", fix="Name a folder that is new or empty.")
    if not folder.exists():
        return
    there = sorted(path.name for path in folder.iterdir() if path.name != ".git")
    if there:
        shown = ", ".join(f"`{name}`" for name in there[:3]) + (", …" if there[3:] else "")
        raise UserError(
            f"`{folder}` is not empty: it has {shown}",
            fix="Name a folder that is new or empty; nothing in this one was changed.",
        )


def _name(source: Path) -> Path:
    """Where a file of the starter goes; `gitignore` is kept without its dot so that it counts only there."""
    return source.with_name(".gitignore") if source.name == "gitignore" else source


def _write(target: Path, text: str) -> Path:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    except OSError as refused:
        raise UserError(f"`{target}` can't be written: {refused.strerror}", fix="Choose another folder.") from None
    return target
