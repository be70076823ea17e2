"""Run an operator: the part that places sessions and keeps runners ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from framework.control.settings import OperatorSettings


def operator(
    *,
    host: Annotated[
        str, typer.Option(help="Address of its own port; others than loopback want a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Its own port, for probes and metrics; 0: any.")] = 4445,
    launcher: Annotated[str, typer.Option(help="Where runners are started; else CONVO_LAUNCHER.")] = "",
) -> None:
    """Sweep deadlines, give out what waits, and keep as many runners as are needed.

    Any number of operators may run at once, without a leader: whatever one leaves half done, another one finishes. None
    of them is on the way of a call: sessions go to free runners in the very step that asks for them. An operator ends
    at once on SIGTERM or Ctrl-C. Its port has `/health` (its loops go on), `/ready` (store and launcher answer) and
    `/metrics` for Prometheus.

    How many runners: enough slots for the sessions that wait, those that live, and a buffer, which is PREWARM_POOL_SIZE
    or as many as come while one runner starts, whichever is more; never above MAX_BOTS. Idle runners beyond that are
    let go, those of older builds first. A launch whose runner does not register in time is given up, told as the event
    `launch.failed`, and tried again after a pause that doubles with each failure, up to five minutes.

    Settings from the environment:

    - `REDIS_URL`: the store (redis://localhost:6379/0); `CONVO_ENV`: which installation in it (dev)
    - `CONVO_LAUNCHER`: where runners are started: `local` (child processes, the default), `kubernetes`, `none` (sweep
      and dispatch only), or one of a plugin
    - `CONVO_BUILD`: the build of its runners (any); queues of builds that no runner serves any more go to this one
    - `PREWARM_POOL_SIZE` or `CONVO_OPERATOR_WARM`: free slots kept ready (3); `MAX_BOTS`: slots in all, and sessions
      at a time (50)
    - `SESSION_TIMEOUT`: the longest session, in milliseconds (1800000)
    - `BOT_STARTUP_TIMEOUT`: from a runner's claim until the bot is in its room, in seconds (30)
    - `BOT_HEARTBEAT_STALE_SECS` × `BOT_ZOMBIE_REQUIRED_STALE_HITS`: after how long a silent runner is given up, in
      seconds × readings (5 × 2)
    - `CONVO_LIMITS_LEASE_MS` and so on, one for each limit of the store; they win over the old names above. Give the
      same limits to gateways, operators and runners
    - `CONVO_OPERATOR_CAPACITY`: slots of a warm runner (1)
    - `CONVO_OPERATOR_AT_ONCE`, `CONVO_OPERATOR_PER_MINUTE`: launches under way at one time (10), and of one operator
      in a minute (120)
    - `CONVO_OPERATOR_LAUNCH_SECS`: from a launch to its runner's registration (120)
    - `CONVO_OPERATOR_IDLE_SECS`: before a surplus runner is let go (60); `CONVO_OPERATOR_GRACE_SECS`: for a runner
      that is removed, to leave by itself (30)
    - `CONVO_OPERATOR_PLAN_SECS`, `CONVO_OPERATOR_SWEEP_SECS`: how often it plans (1) and sweeps (0.25)
    - `CONVO_OPERATOR_FAMILY`: the pool that is kept warm, without its build (shared.default)
    - `CONVO_OPERATOR_TOKEN`: what `/metrics` wants as `Authorization: Bearer`; needed for a --host of others
    - `CONVO_LOG_LEVEL`, `CONVO_LOG_JSON`: how much is logged, and for whom

    Exit code: 0 when it was told to end, 2 when a setting is wrong.

    Examples:

    - `convo operator`
    - `REDIS_URL=redis://store:6379/0 PREWARM_POOL_SIZE=5 convo operator --launcher kubernetes`
    - `CONVO_OPERATOR_TOKEN=$(openssl rand -hex 24) convo operator --host 0.0.0.0`
    """
    import asyncio  # noqa: PLC0415 - the command line starts fast
    import os  # noqa: PLC0415 - the command line starts fast
    from pathlib import Path  # noqa: PLC0415 - the command line starts fast

    from framework.log import set_up  # noqa: PLC0415 - the command line starts fast
    from framework.processes.dotenv import load  # noqa: PLC0415 - the command line starts fast
    from framework.processes.operator import serve  # noqa: PLC0415 - the command line starts fast

    load(Path.cwd() / ".env", os.environ)
    if launcher:
        os.environ["CONVO_LAUNCHER"] = launcher
    set_up()
    asyncio.run(serve(os.environ, host=host, port=port, watch=_say))


def _say(url: str, settings: OperatorSettings) -> None:
    """Say where it is, once; programs read this line."""
    print(f"operator: {url}", flush=True)
    from loguru import logger  # noqa: PLC0415 - the command line starts fast

    bound = logger.bind(launcher=settings.launcher, pool=settings.home, warm=settings.warm, most=settings.max_slots)
    bound.info("an operator begins")
