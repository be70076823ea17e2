"""List the sessions of a gateway's whole fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType

    from framework.cli.client import Gateway

OPEN = "queued,assigned,claimed,joined"
COLUMNS = ("session", "state", "phase", "bot", "room", "role", "tenant", "node", "place", "age", "why")
LOOK_S = 1.0
PAGE = 100


def sessions(
    *,
    state: Annotated[
        str, typer.Option(metavar="STATE,…", help="queued, assigned, claimed, joined, ended, failed, or all.")
    ] = OPEN,
    room: Annotated[str, typer.Option(help="Only those in this room.")] = "",
    bot: Annotated[str, typer.Option(help="Only those of this bot.")] = "",
    tenant: Annotated[str, typer.Option(help="Only this tenant's; for a key of every tenant.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on showing them, until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """List sessions: those that wait, start and talk, newest change first.

    Ended ones are kept for an hour, failed ones for a week: see them with --state. CONVO_GATEWAY names the gateway
    (http://127.0.0.1:4444), CONVO_API_KEY a key with the scope `read`.

    Examples:

    - `convo sessions`
    - `convo sessions --state failed`
    - `convo sessions --room lobby --state all`
    - `convo sessions --watch`
    - `convo sessions --json | jq '.[].session_id'`
    """
    from framework.cli import client  # noqa: PLC0415 - the command line starts fast

    query = {"state": "" if state == "all" else state, "room": room, "bot": bot, "tenant": tenant}
    client.run(_show(query, limit, watch=watch, as_json=as_json))


async def _show(query: dict[str, str], limit: int, *, watch: bool, as_json: bool) -> None:
    import json  # noqa: PLC0415 - the command line starts fast

    from rich.console import Console  # noqa: PLC0415 - the command line starts fast

    from framework.cli.client import Gateway  # noqa: PLC0415 - the command line starts fast

    async with Gateway.read() as gateway:
        found = await _all(gateway, query, limit)
        console = Console()
        if as_json:
            print(json.dumps(found, indent=2))
        elif watch and console.is_terminal:
            await _watch(gateway, query, limit)
        else:
            console.print(_table(found))


async def _all(gateway: Gateway, query: dict[str, str], limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = ""
    while len(found) < limit:
        asked = str(min(PAGE, limit - len(found)))
        page = await gateway.get("/sessions", **query, limit=asked, after=after)
        found += page["sessions"]
        after = page.get("next", "")
        if not after:
            break
    return found


async def _watch(gateway: Gateway, query: dict[str, str], limit: int) -> None:
    import asyncio  # noqa: PLC0415 - the command line starts fast

    from rich.live import Live  # noqa: PLC0415 - the command line starts fast

    from framework.cli.client import RefusedError  # noqa: PLC0415 - the command line starts fast
    from framework.errors import UserError  # noqa: PLC0415 - the command line starts fast

    with Live(auto_refresh=False) as live:
        while True:
            try:
                live.update(_table(await _all(gateway, query, limit)), refresh=True)
            except RefusedError as refused:
                if refused.status < 500:  # noqa: PLR2004 - it is the asker's fault, and stays so
                    raise
                live.update(str(refused), refresh=True)
            except UserError as away:
                live.update(str(away), refresh=True)
            await asyncio.sleep(LOOK_S)


def _table(found: list[dict[str, Any]]) -> RenderableType:
    import time  # noqa: PLC0415 - the command line starts fast

    from framework.cli import showing  # noqa: PLC0415 - the command line starts fast

    if not found:
        return "There are no such sessions."
    now = time.time()
    rows = [showing.session_row(session, now) for session in found]
    if {row["tenant"] for row in rows} == {"default"}:
        rows = [row | {"tenant": ""} for row in rows]
    return showing.table(rows, COLUMNS, whole=("session", "state", "age"))
