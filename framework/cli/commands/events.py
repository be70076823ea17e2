"""Show what happens in the whole fleet, live."""

from __future__ import annotations

from typing import Annotated, Any

import typer

DOUBLES = ("bot.session.start", "bot.session.end")
"""Older names of facts that are told under newer ones, too."""
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def events(
    *,
    session: Annotated[str, typer.Option(help="Only this session's.")] = "",
    types: Annotated[
        list[str] | None, typer.Option("--type", metavar="TYPE", help="Only these; `session.` is all of a kind.")
    ] = None,
    tenant: Annotated[str, typer.Option(help="Only this tenant's; for a key of every tenant.")] = "",
    since: Annotated[str, typer.Option(metavar="WHEN", help="Begin there: 90s, 10m, 2h, 1d, or an event's id.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
) -> None:
    """Show events as they happen, until Ctrl-C: sessions, orders, runners, and what conversations tell.

    A broken connection is made again, and goes on where it broke. With --json each line is a CloudEvent, whose `cursor`
    is an id for --since. CONVO_GATEWAY names the gateway (http://127.0.0.1:4444), CONVO_API_KEY a key with the scope
    `read`.

    Examples:

    - `convo events`
    - `convo events --since 10m --type session. --type order.`
    - `convo events --session 2f6c1d0b9a8e4f35b7c6d5e4f3a2b1c0`
    - `convo events --json | jq -c 'select(.type == "session.failed")'`
    """
    from framework.cli import client  # noqa: PLC0415 - the command line starts fast

    kinds = ",".join(types or ())
    client.run(_show({"session": session, "types": kinds, "tenant": tenant}, begin(since), as_json=as_json))


def begin(since: str, now: float | None = None) -> str:
    """The id of the event to begin after.

    >>> begin("10m", now=1_000_600.0), begin("1700000000000-0"), begin("")
    ('1000000000-0', '1700000000000-0', '')
    """
    import re  # noqa: PLC0415 - the command line starts fast
    import time  # noqa: PLC0415 - the command line starts fast

    from framework.errors import UserError  # noqa: PLC0415 - the command line starts fast

    if not since or re.fullmatch(r"\d{6,16}(-\d{1,16})?", since, re.ASCII):
        return since
    if since == "0":
        return "0-0"
    found = re.fullmatch(r"(\d{1,6})([smhd])", since, re.ASCII)
    if not found:
        raise UserError(
            f"`{since[:60]}` is no time to begin at", where="--since", fix="Write it as 90s, 10m, 2h or 1d."
        )
    at = (time.time() if now is None else now) - int(found[1]) * UNITS[found[2]]
    return f"{max(0, int(at * 1000))}-0"


async def _show(query: dict[str, str], after: str, *, as_json: bool) -> None:
    import json  # noqa: PLC0415 - the command line starts fast

    from rich.console import Console  # noqa: PLC0415 - the command line starts fast

    from framework.cli.client import Gateway  # noqa: PLC0415 - the command line starts fast

    console = Console(highlight=False)
    async with Gateway.read() as gateway:
        async for cursor, event in gateway.events(after=after, **query):
            # Whoever begins at some time has missed nothing, though the store's first event may be younger.
            if event.get("type") == "gap" and event.get("after") == after:
                continue
            if as_json:
                print(json.dumps({"cursor": cursor, **event}, ensure_ascii=False), flush=True)
            elif query["types"] or event.get("type") not in DOUBLES:
                _print(console, event)


def _print(console: Any, event: dict[str, Any]) -> None:
    """One event as a line: when, whose, what, and its data."""
    from rich.text import Text  # noqa: PLC0415 - the command line starts fast

    line = Text(no_wrap=True, overflow="ellipsis" if console.is_terminal else "ignore")
    for text, style in _parts(event):
        line.append(text, style)
    console.print(line, soft_wrap=not console.is_terminal)


def _short(value: object) -> str:
    """A value on one line; of an id its beginning."""
    import re  # noqa: PLC0415 - the command line starts fast

    from framework.cli.showing import plain  # noqa: PLC0415 - the command line starts fast

    text = plain(value)
    return text[:8] if re.fullmatch(r"[0-9a-f]{32}", text) else text


def _parts(event: dict[str, Any]) -> list[tuple[str, str]]:
    import time  # noqa: PLC0415 - the command line starts fast

    from framework.cli.showing import moment, plain  # noqa: PLC0415 - the command line starts fast

    kind = plain(event.get("type", "?"))
    if kind == "gap":
        return [(f"… some events are missing here: {plain(event.get('why', ''))}", "yellow")]
    at = moment(str(event.get("time", "")))
    clock = time.strftime("%H:%M:%S", time.localtime(at)) if at else "--:--:--"
    bad = kind.endswith((".failed", ".dead", ".refused", ".requeued"))
    data = event.get("data")
    told = data.items() if isinstance(data, dict) else [("data", data)] if data else []
    values = "  ".join(
        f"{plain(name)}={_short(value)}" for name, value in told if value not in ("", None) and name != "epoch"
    )
    subject = plain(event.get("subject", ""))
    return [
        (f"{clock}  ", "dim"),
        (f"{subject[:8]:<8}  ", "cyan"),
        (f"{kind:<20}  ", "red" if bad else "bold"),
        (values, ""),
    ]
