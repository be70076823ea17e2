"""Say why a recorded conversation went as it did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.errors import UserError

if TYPE_CHECKING:
    from framework.flows.load import Loaded
    from framework.story.rehearsal import Rehearsal
    from framework.story.telling import Entry

EXPLAINED = ("move", "tool", "bad")
"""Kinds of entries whose reasons are printed."""


def explain(
    transcript: Annotated[Path, typer.Argument(metavar="TRANSCRIPT", help="Events as lines of JSON; `-` is stdin.")],
    *,
    flow: Annotated[
        str, typer.Option(metavar="FLOW", help="The flow's file, where the one of that name has changed since.")
    ] = "",
    session: Annotated[str, typer.Option(help="Which session, where the transcript holds several.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one object, for programs.")] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page that steps through the call on the drawn flow.")
    ] = None,
) -> None:
    """Say why each step of a recorded conversation was taken: expressions, outcomes, what the model was offered.

    A transcript is what `convo chat --json` or `convo call --json` prints, or one session of the event stream. The flow
    is driven through it again, and it is checked that it tells the same events; where it doesn't, that is said. It is
    found by its name, and must be the same as it was then, by its hash; another one is named with `--flow`.

    A transcript may break off. Where words and values are masked, others that fit take their place, unseen.

    Exit code: 0 when the flow tells the same again, 1 when it parts from the recording, 2 when nothing could be driven.

    Examples:

    - `convo chat pizza --json > call.jsonl`, then `convo explain call.jsonl`
    - `convo explain call.jsonl --html call.html` writes a page to step through.
    """
    from framework.cli.drawing import family, read_events  # noqa: PLC0415 - the command line starts fast
    from framework.cli.talking import prepared  # noqa: PLC0415 - the command line starts fast
    from framework.story import flows, rehearsal, telling  # noqa: PLC0415 - the command line starts fast
    from framework.story.transcript import transcript as read  # noqa: PLC0415 - the command line starts fast

    recorded = read(read_events(transcript), session)
    project, host = prepared()
    blueprint, plan = flows.behind(recorded, project, host, flow)
    found = rehearsal.rehearse(plan, recorded)
    entries = telling.tell(found)
    changed = flows.changed(blueprint, recorded)
    if html is not None:
        _page(html, found, entries, family(blueprint.loaded, project))
    if as_json:
        print(json.dumps(_object(found, entries, changed=changed), indent=2, ensure_ascii=False))
    elif html is None:
        _print(found, entries, changed=changed)
    raise typer.Exit(1 if found.difference else 0)


def _object(found: Rehearsal, entries: list[Entry], *, changed: bool) -> dict[str, Any]:
    from framework.story.telling import remark  # noqa: PLC0415 - the command line starts fast

    recorded = found.transcript
    return {
        "session": recorded.session,
        "flow": recorded.flow,
        "hash": recorded.hash,
        "changed": changed,
        "complete": recorded.complete,
        "same": found.difference is None,
        "remark": remark(found),
        "entries": [entry.as_json() for entry in entries],
    }


def _print(found: Rehearsal, entries: list[Entry], *, changed: bool) -> None:
    """What was said, where it went, and why."""
    from rich.console import Console  # noqa: PLC0415 - the command line starts fast
    from rich.markup import escape  # noqa: PLC0415 - the command line starts fast

    from framework.cli.showing import plain  # noqa: PLC0415 - the command line starts fast
    from framework.story.telling import remark  # noqa: PLC0415 - the command line starts fast

    console = Console(highlight=False, soft_wrap=True)
    recorded = found.transcript
    console.print(f"[bold]{escape(recorded.flow)}[/] · {recorded.channel} · session {escape(recorded.session)}")
    if changed:
        console.print("[yellow]This is not the flow that the conversation was held with.[/]")
    console.print(f"[{'red' if found.difference else 'green'}]{escape(remark(found))}[/]\n")
    begin = recorded.events[0].at
    for entry in entries:
        at = recorded.events[entry.event].at - begin if entry.event is not None and begin else 0.0
        words = escape(plain(entry.text))
        console.print(f"[dim]{max(at, 0):7.1f} s[/]  {_line(entry.kind, words)}")
        for why in entry.why if entry.kind in EXPLAINED or entry.title.startswith("The person meant") else ():
            console.print(f"             [dim]{escape(plain(why))}[/]")


def _line(kind: str, words: str) -> str:
    return {
        "user": f"[bold]You:[/] {words}",
        "bot": f"[bold cyan]Bot:[/] {words}",
        "move": f"[bold magenta]→[/] [bold]{words}[/]",
        "tool": f"[yellow]⚒[/] {words}",
        "bad": f"[red]✗ {words}[/]",
    }.get(kind, f"[dim]·[/] {words}")


def _page(out: Path, found: Rehearsal, entries: list[Entry], loaded: dict[str, Loaded]) -> None:
    from framework.flows.drawing import picture  # noqa: PLC0415 - only where it is used
    from framework.flows.drawing.page import Sheet, page  # noqa: PLC0415 - only where it is used
    from framework.story.telling import remark  # noqa: PLC0415 - the command line starts fast

    sheets = [Sheet(picture=picture(one.flow), source=one.source) for one in loaded.values()]
    number = {name: index for index, name in enumerate(loaded)}
    story = {
        "title": f"A conversation of {found.transcript.flow}",
        "remark": remark(found),
        "same": found.difference is None,
        "entries": [{**entry.as_json(), "flow": number.get(entry.flow, 0)} for entry in entries],
    }
    try:
        out.write_text(page(sheets, story=story), "utf-8")
    except OSError as wrong:
        raise UserError(f"the page can't be written to `{out}`: {wrong.strerror}") from None
