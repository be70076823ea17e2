"""Show runners, slots, queue and sessions on one screen, live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import RenderableType

    from framework.cli.client import Gateway

OPEN = "queued,assigned,claimed,joined"
SESSIONS = ("session", "state", "phase", "bot", "room", "tenant", "node", "age")
RUNNERS = ("runner", "name", "pool", "slots", "used", "state")
LOOK_S = 1.0
MOST = 500
HEAD = 8
"""Lines beside the rows of the two tables."""
BAR = 10


def top(
    *,
    once: Annotated[bool, typer.Option("--once", help="Print it once, whole, and leave.")] = False,
    every: Annotated[float, typer.Option("--every", min=0.2, metavar="SECS", help="How often to look.")] = LOOK_S,
    as_json: Annotated[bool, typer.Option("--json", help="Print once as JSON, for programs.")] = False,
) -> None:
    """Show the fleet on one screen, until Ctrl-C: slots and queue of each pool, runners, sessions with phase and age.

    A key of one tenant sees that tenant's sessions only, and no runners. CONVO_GATEWAY names the gateway
    (http://127.0.0.1:4444), CONVO_API_KEY a key with the scope `read`.

    Examples:

    - `convo top`
    - `convo top --every 5`
    - `convo top --once`
    - `convo top --json | jq .stats.pool`
    """
    from framework.cli import client  # noqa: PLC0415 - the command line starts fast

    client.run(_show(every, once=once, as_json=as_json))


async def _show(every: float, *, once: bool, as_json: bool) -> None:
    import json  # noqa: PLC0415 - the command line starts fast

    from rich.console import Console  # noqa: PLC0415 - the command line starts fast

    from framework.cli.client import Gateway  # noqa: PLC0415 - the command line starts fast

    console = Console()
    async with Gateway.read() as gateway:
        stats, sessions = await _look(gateway)
        if as_json:
            print(json.dumps({"stats": stats, "sessions": sessions}, indent=2))
        elif once or not console.is_terminal:
            console.print(_screen(gateway.address, stats, sessions, MOST))
        else:
            await _live(console, gateway, every)


async def _look(gateway: Gateway) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    stats = await gateway.get("/stats")
    page = await gateway.get("/sessions", state=OPEN, limit=str(MOST))
    return stats, page["sessions"]


async def _live(console: Any, gateway: Gateway, every: float) -> None:
    import asyncio  # noqa: PLC0415 - the command line starts fast

    from rich.live import Live  # noqa: PLC0415 - the command line starts fast

    from framework.cli.client import RefusedError  # noqa: PLC0415 - the command line starts fast
    from framework.errors import UserError  # noqa: PLC0415 - the command line starts fast

    with Live(console=console, auto_refresh=False, screen=True, vertical_overflow="crop") as live:
        while True:
            try:
                stats, sessions = await _look(gateway)
                live.update(_screen(gateway.address, stats, sessions, console.height - HEAD), refresh=True)
            except RefusedError as refused:
                if refused.status < 500:  # noqa: PLR2004 - it is the asker's fault, and stays so
                    raise
                live.update(str(refused), refresh=True)
            except UserError as away:
                live.update(str(away), refresh=True)
            await asyncio.sleep(every)


# --- One screen -------------------------------------------------------------------------------------------------------


def _screen(
    address: str, stats: Mapping[str, Any], sessions: Sequence[Mapping[str, Any]], lines: int
) -> RenderableType:
    """All that fits into so many rows; of what doesn't fit, how much it is."""
    import time  # noqa: PLC0415 - the command line starts fast

    from rich.console import Group  # noqa: PLC0415 - the command line starts fast
    from rich.text import Text  # noqa: PLC0415 - the command line starts fast

    pools = _pools(stats)
    lines = max(4, lines - len(pools))
    runners = sorted(stats.get("runners", []), key=lambda one: (one["pool"], -one["owned"], one["runner_id"]))
    room = max(lines - len(sessions), lines // 2) if runners else 0
    shown_runners = runners[:room]
    shown_sessions = sessions[: max(1, lines - len(shown_runners))]
    head = f"{address}  {_store(stats)}  {time.strftime('%H:%M:%S')}"
    parts: list[Any] = [Text(head, "dim", no_wrap=True, overflow="ellipsis"), _totals(stats), *pools]
    parts += ["", *_part([_runner_row(one) for one in shown_runners], RUNNERS, len(runners))] if runners else []
    now = time.time()
    rows = [_session_row(one, now) for one in shown_sessions]
    if {row["tenant"] for row in rows} == {"default"}:
        rows = [row | {"tenant": ""} for row in rows]
    parts += ["", *_part(rows, SESSIONS, len(sessions))] if rows else ["", "No session is live or waits."]
    return Group(*parts)


def _part(rows: Sequence[Mapping[str, object]], columns: Sequence[str], there: int) -> list[Any]:
    from rich.text import Text  # noqa: PLC0415 - the command line starts fast

    from framework.cli import showing  # noqa: PLC0415 - the command line starts fast

    table = showing.table(rows, columns, whole=("session", "runner", "slots", "used", "state", "age"))
    more = there - len(rows)
    return [table, Text(f"… and {more} more", "dim")] if more else [table]


def _store(stats: Mapping[str, Any]) -> str:
    store = stats.get("store", {})
    return f"store answers in {store.get('answer_ms', 0):g} ms" if store.get("up") else "the store is away"


def _totals(stats: Mapping[str, Any]) -> Any:
    from rich.text import Text  # noqa: PLC0415 - the command line starts fast

    from framework.cli.showing import STYLES  # noqa: PLC0415 - the command line starts fast

    line = Text(no_wrap=True, overflow="ellipsis")
    for state, many in stats.get("sessions", {}).items():
        line.append(f"{many} {state}  ", STYLES.get(state, "") if many else "dim")
    return line


def _pools(stats: Mapping[str, Any]) -> list[Any]:
    """A line for each pool: its slots, and who waits for one."""
    from rich.text import Text  # noqa: PLC0415 - the command line starts fast

    from framework.cli.showing import plain  # noqa: PLC0415 - the command line starts fast

    queue, slots = stats.get("queue", {}), stats.get("pool", {})
    lines = []
    for pool in sorted({*slots, *(pool for pool, tenants in queue.items() if any(tenants.values()))}):
        has = slots.get(pool, {})
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(f"{plain(pool)}  ", "bold")
        if has:
            line.append(f"{has['taken']} of {has['slots']} slots taken, {has['free']} free")
        waiting = {tenant: many for tenant, many in queue.get(pool, {}).items() if many}
        if waiting:
            who = ", ".join(
                f"{plain(tenant)} {many}" for tenant, many in sorted(waiting.items(), key=lambda one: -one[1])
            )
            line.append(f"  {sum(waiting.values())} wait ({who})", "yellow")
        if failed := stats.get("counts", {}).get(f"launch.failed:{pool}"):
            line.append(f"  {failed} launches failed so far", "dim")
        lines.append(line)
    return lines


def _runner_row(runner: Mapping[str, Any]) -> dict[str, object]:
    from framework.cli.showing import styled  # noqa: PLC0415 - the command line starts fast

    capacity, owned = int(runner["capacity"]), int(runner["owned"])
    filled = round(BAR * min(1.0, owned / capacity)) if capacity else 0
    return {
        "runner": str(runner["runner_id"])[:8],
        "name": runner.get("name", ""),
        "pool": runner.get("pool", ""),
        "slots": f"{owned}/{capacity}",
        "used": "█" * filled + "·" * (BAR - filled),
        "state": styled("draining") if runner.get("draining") else styled(""),
    }


def _session_row(session: Mapping[str, Any], now: float) -> dict[str, object]:
    from framework.cli import showing  # noqa: PLC0415 - the command line starts fast

    row = showing.session_row(session, now)
    return row | {"session": str(row["session"])[:8], "room": "" if row["room"] == row["session"] else row["room"]}
