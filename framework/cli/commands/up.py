"""Start gateway, operator and runner on this machine and say where the page is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from framework.processes.machine import Machine

LOOK_S = 0.1


def up(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any that is free.")] = 4444,
    host: Annotated[str, typer.Option(help="Address to listen on; others than loopback want API keys.")] = "127.0.0.1",
    stack: Annotated[str, typer.Option(help="Use these services for every bot, instead of each bot's own stack.")] = "",
    redis: Annotated[str, typer.Option(help="Keep the sessions' state in this Redis, as REDIS_URL does.")] = "",
) -> None:
    """Start everything on this machine and print the page's address.

    The page is where one picks a bot of the project, talks or types, and sees the transcript, the flow, the slots and
    how long each answer took. Behind it are a gateway (`POST /join`, `GET /sessions`, `GET /events` and so on: see
    /docs there), an operator that looks after deadlines, and a runner that keeps workers warm, so that a session starts
    at once. Ctrl-C ends everything; SIGTERM lets sessions finish first.

    The state of all sessions is in this process and ends with it. With --redis it is in Redis: then it outlives this
    process, and gateways and runners on other machines can share it.

    Nobody is dialled: a transfer says on the page whom it would call, and ends as PRETEND_OUTCOME says (done,
    no_answer, busy or error). CONVO_SWITCHBOARD names a plugin's switchboard instead.

    Without API keys only this machine is served; `convo keys new` makes one, and from then on every door wants it.

    Settings from the environment, or from a file `.env`: REDIS_URL, MAX_BOTS (sessions at a time, 50), SESSION_TIMEOUT
    (longest session, in milliseconds), CONVO_RUNNER_SPARE (workers kept warm, 1), CONVO_DRAIN_SECS (how long sessions
    may go on after SIGTERM, 30), CONVO_LOG_LEVEL.

    Examples:
        convo up
        convo up --port 9000 --stack offline
        convo up --redis redis://localhost:6379/0
    """
    import asyncio  # noqa: PLC0415 - the command line starts fast
    import os  # noqa: PLC0415 - the command line starts fast

    from framework.errors import UserError  # noqa: PLC0415 - the command line starts fast
    from framework.log import set_up  # noqa: PLC0415 - the command line starts fast
    from framework.processes.dotenv import load  # noqa: PLC0415 - the command line starts fast
    from framework.processes.machine import Machine  # noqa: PLC0415 - the command line starts fast
    from framework.processes.runner import settings_from  # noqa: PLC0415 - the command line starts fast
    from framework.project import Project  # noqa: PLC0415 - the command line starts fast
    from framework.web.auth import is_loopback  # noqa: PLC0415 - the command line starts fast

    load(Path.cwd() / ".env", os.environ)
    os.environ.setdefault("CONVO_LOG_LEVEL", "WARNING")  # people read the page, not the log
    set_up()
    if is_loopback(host):
        os.environ.setdefault("CONVO_SWITCHBOARD", "pretend")  # on one's own machine a transfer is tried, not refused
    project = Project.find(Path.cwd())
    if not project.bots:
        raise UserError(
            "this project has no bot", fix="Make a project with `convo init DIR`, or name a bot in `convo.yaml`."
        )
    environment = dict(os.environ) | ({"REDIS_URL": redis} if redis else {})

    async def run() -> None:
        settings = settings_from(project.root, environment, stack=stack)
        await Machine(settings, environment, host=host, port=port).run(watch=_welcome)

    asyncio.run(run())


async def _welcome(machine: Machine) -> None:
    """Show what the first worker does until it is ready, then where the page is."""
    import asyncio  # noqa: PLC0415 - the command line starts fast

    from rich.console import Console  # noqa: PLC0415 - the command line starts fast

    from framework.errors import UserError  # noqa: PLC0415 - the command line starts fast

    console = Console(stderr=True)
    with console.status("Starting …") as status:
        while not (state := machine.readiness()) or not state.ready:
            if state and state.problem:
                raise UserError(state.problem, fix=machine.fix)
            if state and state.draining:
                return
            status.update(f"Getting ready: {state.doing} …" if state else "Starting …")
            await asyncio.sleep(LOOK_S)
    print(machine.url, flush=True)
    kept = "in this process: it ends with it" if machine.embedded else "in Redis"
    console.print(f"Open it in a browser. The sessions' state is {kept}. Ctrl-C ends everything.", style="dim")
