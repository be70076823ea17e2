"""Examine what the control plane needs: settings, store, gateway, key."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framework.control.store import Store

LOOK_S = 10.0
SIGNS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✗", "red"), "unknown": ("?", "dim")}


@dataclass(frozen=True)
class Finding:
    """One thing that was examined."""

    about: Literal["environment", "store", "gateway"]
    level: Literal["ok", "warning", "error", "unknown"]
    message: str
    fix: str = ""


def doctor(
    *,
    every: Annotated[bool, typer.Option("--all", help="List the names that are not set, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Examine the environment, the store and the gateway: what was read, what is wrong, what to do about it.

    Names that operators of older systems have set are listed with what they mean here. Of the store it says whether its
    settings may lose what was accepted (persistence, eviction, memory), of the gateway whether it answers and takes the
    key in CONVO_API_KEY. Without REDIS_URL there is no store to examine: `convo up` brings one. Nothing is changed, and
    secrets are not shown.

    Exit code: 0, or 1 when something is wrong.

    Examples:

    - `convo doctor`
    - `REDIS_URL=redis://store:6379/0 CONVO_API_KEY=convo_… convo doctor`
    - `convo doctor --json | jq '.findings[] | select(.level == "error")'`
    """
    import json  # noqa: PLC0415 - the command line starts fast
    import os  # noqa: PLC0415 - the command line starts fast
    from pathlib import Path  # noqa: PLC0415 - the command line starts fast

    from framework.cli import client  # noqa: PLC0415 - the command line starts fast
    from framework.cli.environment import readings  # noqa: PLC0415 - the command line starts fast
    from framework.processes.dotenv import load  # noqa: PLC0415 - the command line starts fast

    load(Path.cwd() / ".env", os.environ)
    findings = client.run(_examine(os.environ))
    if as_json:
        names = [
            {"name": one.name.name, "value": one.value, "meaning": one.name.meaning, "overruled_by": one.by}
            for one in readings(os.environ)
            if every or one.value
        ]
        print(json.dumps({"names": names, "findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        _print(os.environ, findings, every=every)
    if any(finding.level == "error" for finding in findings):
        raise typer.Exit(1)


async def _examine(environment: Mapping[str, str]) -> list[Finding]:
    return [*_settings(environment), *await _store(environment), *await _gateway(environment)]


def _settings(environment: Mapping[str, str]) -> list[Finding]:
    from framework.cli.environment import readings  # noqa: PLC0415 - the command line starts fast
    from framework.control import settings  # noqa: PLC0415 - the command line starts fast
    from framework.errors import UserError  # noqa: PLC0415 - the command line starts fast

    try:
        limits = settings.limits_from(environment)
        operator = settings.operator_settings_from(environment)
        found = [Finding("environment", "warning", sentence) for sentence in settings.warnings_from(environment)]
        where = f"environment `{settings.environment_from(environment)}`, build `{operator.build}`"
    except UserError as error:
        return [Finding("environment", "error", error.message, error.fix)]
    found += [
        Finding("environment", "warning", f"{one.name.name} is set, but nothing in this version reads it")
        for one in readings(environment)
        if one.value and one.name.later
    ]
    numbers = f"{limits.max_live} sessions at a time, {operator.warm} free slots kept ready"
    times = f"lease {limits.lease_ms / 1000:g} s, longest session {limits.session_ms / 1000:g} s"
    return [*found, Finding("environment", "ok", f"{where}; {numbers}; {times}")]


async def _store(environment: Mapping[str, str]) -> list[Finding]:
    import asyncio  # noqa: PLC0415 - the command line starts fast

    from framework.control.connection import Connection  # noqa: PLC0415 - the command line starts fast
    from framework.control.health import examine  # noqa: PLC0415 - the command line starts fast
    from framework.control.settings import environment_from, redis_from  # noqa: PLC0415 - the command line starts fast
    from framework.control.store import Store  # noqa: PLC0415 - the command line starts fast
    from framework.errors import FrameworkError  # noqa: PLC0415 - the command line starts fast

    url, found = redis_from(environment), []
    if not url:
        alone = "REDIS_URL is not set: `convo up` keeps its state in itself, and loses it with it"
        return [Finding("store", "unknown", alone)]
    connection = None
    try:
        async with asyncio.timeout(LOOK_S):
            connection = Connection.to(url)
            found = [Finding("store", one.level, one.what, one.fix) for one in await examine(connection)]
            found += await _fleet(Store(connection, environment=environment_from(environment)))
    except FrameworkError as error:
        # A store that can't be reached has been found so above.
        found = found or [Finding("store", "error", error.message, error.fix)]
    except TimeoutError:
        found.append(Finding("store", "error", f"it took longer than {LOOK_S:g} s", "Is that Redis? See REDIS_URL."))
    finally:
        if connection:
            await connection.close()
    return found


async def _fleet(store: Store) -> list[Finding]:
    """Who takes sessions, and who waits for nobody."""
    runners = [runner for runner in await store.runners() if not runner.draining]
    waiting = {pool: sum(tenants.values()) for pool, tenants in (await store.waiting()).items()}
    counts = await store.counts()
    slots, free = sum(runner.capacity for runner in runners), sum(runner.free for runner in runners)
    numbers = f"runners: {len(runners)}, slots: {slots}, free: {free}; sessions that wait: {sum(waiting.values())}"
    found = [Finding("store", "ok", numbers)]
    for pool, many in sorted(waiting.items()):
        if many and not any(runner.pool == pool for runner in runners):
            failures = counts.get(f"launch.failed:{pool}", 0)
            why = f"; {failures} launches for it have failed" if failures else ""
            fix = "See `convo events --since 1d --type launch.`" if failures else "Run `convo operator`, or a runner"
            place = "." if failures else f" with CONVO_POOL={pool}."
            found.append(
                Finding("store", "warning", f"{many} wait in `{pool}`, which no runner serves{why}", fix + place)
            )
    return found


async def _gateway(environment: Mapping[str, str]) -> list[Finding]:
    from framework.cli.client import Gateway, RefusedError  # noqa: PLC0415 - the command line starts fast
    from framework.errors import UserError  # noqa: PLC0415 - the command line starts fast

    try:
        asked = Gateway.read(environment)
    except UserError as error:
        return [Finding("gateway", "error", error.message, error.fix)]
    key = bool(environment.get("CONVO_API_KEY", "").strip())
    async with asked as gateway:
        try:
            await gateway.get("/health")
            found = [Finding("gateway", "ok", f"{gateway.address} answers")]
        except UserError as error:
            named = environment.get("CONVO_GATEWAY", "").strip()
            return [Finding("gateway", "error" if named else "unknown", error.message, error.fix)]
        try:
            await gateway.get("/sessions", limit="1")
        except RefusedError as error:
            if key and error.status == 403:  # noqa: PLR2004 - forbidden: known, but without this right
                return [*found, Finding("gateway", "ok", "it knows the key, which may not read sessions")]
            return [*found, Finding("gateway", "error", error.message, error.fix)]
    return [*found, Finding("gateway", "ok", "it takes the key" if key else "it wants no key from this machine")]


# --- For people -------------------------------------------------------------------------------------------------------


def _print(environment: Mapping[str, str], findings: list[Finding], *, every: bool) -> None:
    from rich.console import Console  # noqa: PLC0415 - the command line starts fast
    from rich.table import Table  # noqa: PLC0415 - the command line starts fast
    from rich.text import Text  # noqa: PLC0415 - the command line starts fast

    console = Console(highlight=False)
    _print_names(console, environment, every=every)
    for about in ("environment", "store", "gateway"):
        console.print(Text(f"\n{about}", "bold"))
        grid = Table.grid(padding=(0, 1, 0, 0))
        for finding in (finding for finding in findings if finding.about == about):
            sign, style = SIGNS[finding.level]
            grid.add_row(Text(sign, style), Text(finding.message))
            if finding.fix:
                grid.add_row("", Text(finding.fix, "dim"))
        console.print(grid)


def _print_names(console: Any, environment: Mapping[str, str], *, every: bool) -> None:
    from rich.table import Table  # noqa: PLC0415 - the command line starts fast
    from rich.text import Text  # noqa: PLC0415 - the command line starts fast

    from framework.cli.environment import readings  # noqa: PLC0415 - the command line starts fast
    from framework.cli.showing import plain  # noqa: PLC0415 - the command line starts fast

    found = [one for one in readings(environment) if every or one.value]
    if not found:
        console.print("None of the names is set that older systems use; --all lists them.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("name", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("what it is", overflow="fold", ratio=1)
    for one in found:
        value = Text(plain(one.value)) if one.value else Text(one.name.default and f"({one.name.default})", "dim")
        meaning = Text(one.name.meaning, "dim" if one.name.gone or one.name.later else "")
        if one.by:
            meaning.append(f"; {one.by} is set and wins", "yellow")
        elif one.name.later:
            meaning.append("; not used by this version")
        table.add_row(Text(one.name.name), value, meaning)
    console.print(table)
