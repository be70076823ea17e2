"""Play a recorded conversation against a changed flow, and show where it would have gone otherwise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from framework.story.replaying import Replay, Step

BEFORE = 4
"""Steps that are shown before the difference."""


def replay(
    transcript: Annotated[Path, typer.Argument(metavar="TRANSCRIPT", help="Events as lines of JSON; `-` is stdin.")],
    *,
    flow: Annotated[str, typer.Option(metavar="NEW", help="The changed flow: its name, or its file.")],
    session: Annotated[str, typer.Option(help="Which session, where the transcript holds several.")] = "",
    words: Annotated[bool, typer.Option("--words", help="Let other words of the bot count as a difference.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object, for programs.")] = False,
) -> None:
    """Play a recorded conversation against a changed flow: the same person, tools and model, as they were recorded.

    The person says the same at the same times. A tool gives what it gave for these arguments, else its next result; the
    router takes words for what it took them for; the model does what it did at that node for those words, as far as the
    new flow offers it. What the recording can't answer is said.

    Compared are the nodes entered, the tools called with their arguments, the slots set, and the reason of the end.

    Exit code: 0 when it goes the same way, 1 when it goes otherwise, 2 when it could not be played.

    Examples:

    - `convo replay call.jsonl --flow flows/pizza.yaml`
    - `for call in calls/*.jsonl; do convo replay $call --flow new.yaml > /dev/null || echo $call; done`
    """
    from framework.cli.drawing import read_events  # noqa: PLC0415 - the command line starts fast
    from framework.cli.talking import prepared  # noqa: PLC0415 - the command line starts fast
    from framework.story import flows  # noqa: PLC0415 - the command line starts fast
    from framework.story.replaying import replay as play  # noqa: PLC0415 - the command line starts fast
    from framework.story.transcript import transcript as read  # noqa: PLC0415 - the command line starts fast

    recorded = read(read_events(transcript), session)
    project, host = prepared()
    blueprint = flows.drawn(recorded, project, flow)
    found = play(flows.compiled(blueprint, host), recorded, words=words)
    if as_json:
        print(json.dumps(_object(found), indent=2, ensure_ascii=False, default=str))
    else:
        _print(found, flow)
    raise typer.Exit(0 if found.parted is None else 1)


def _object(found: Replay) -> dict[str, Any]:
    def plain(steps: tuple[Step, ...]) -> list[dict[str, Any]]:
        return [{"type": one.kind, "text": one.text, "at": round(one.at, 3), "data": one.data} for one in steps]

    return {
        "same": found.parted is None,
        "parted": None if found.parted is None else {"old": found.parted[0], "new": found.parted[1]},
        "path": found.path,
        "missing": list(found.missing),
        "old": plain(found.old),
        "new": plain(found.new),
    }


def _print(found: Replay, flow: str) -> None:
    from rich.console import Console  # noqa: PLC0415 - the command line starts fast
    from rich.markup import escape  # noqa: PLC0415 - the command line starts fast

    console = Console(highlight=False)
    path = escape(" → ".join(found.path)) or "nothing"
    if found.parted is None:
        console.print(f"[green]It goes the same way:[/] {path}")
    else:
        console.print(f"[red]It goes otherwise[/] after: {path}\n")
        _columns(console, found, flow)
    for line in found.missing:
        console.print(f"[yellow]Not recorded:[/] {escape(line)}", soft_wrap=True)


def _columns(console: Any, found: Replay, flow: str) -> None:
    """Both ways from a little before the difference on, side by side."""
    from rich.table import Table  # noqa: PLC0415 - the command line starts fast
    from rich.text import Text  # noqa: PLC0415 - the command line starts fast

    from framework.cli.showing import plain  # noqa: PLC0415 - the command line starts fast

    assert found.parted is not None  # noqa: S101 - the caller looked
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), expand=console.is_terminal)
    table.add_column("as it was recorded", ratio=1, overflow="fold")
    table.add_column(plain(f"with {flow}"), ratio=1, overflow="fold")
    old, new = (_part(steps, at) for steps, at in zip((found.old, found.new), found.parted, strict=True))
    for number in range(max(len(old), len(new))):
        cells = [column[number] if number < len(column) else ("", "") for column in (old, new)]
        table.add_row(*(Text(plain(text), style) for text, style in cells))
    console.print(table)


def _part(steps: tuple[Step, ...], at: int) -> list[tuple[str, str]]:
    """The last steps before the difference, and all after it."""
    begin = max(0, at - BEFORE)
    before: list[tuple[str, str]] = [("…", "dim")] if begin else []
    before += [(one.text, "dim") for one in steps[begin:at]]
    before = [("", "dim")] * (BEFORE + 1 - len(before)) + before
    after = [(one.text, "bold" if one.kind == "node.entered" else "") for one in steps[at:]]
    return before + (after or [("(nothing more)", "dim")])
