"""Start a runner on this machine and say where its page is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from framework.processes.runner import Runner

LOOK_S = 0.1


def up(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any that is free.")] = 8080,
    host: Annotated[str, typer.Option(help="Address to listen on; others than loopback want a token.")] = "127.0.0.1",
    stack: Annotated[str, typer.Option(help="Use these services for every bot, instead of each bot's own stack.")] = "",
) -> None:
    """Start everything on this machine and print the page's address.

    The page is where one picks a bot of the project, talks or types, and sees the transcript, the flow, the slots and
    how long each answer took. Voice sessions run in a process each; one more is always kept warm, so that a session
    starts at once. Ctrl-C ends everything; SIGTERM lets sessions finish first.

    Without CONVO_RUNNER_TOKEN only this machine is served. With it, programs send it as `Authorization: Bearer`, and
    the page asks for it.

    Settings from the environment: CONVO_RUNNER_TOKEN, CONVO_RUNNER_SPARE (workers kept warm, 1), MAX_BOTS (sessions at
    a time, 50), CONVO_DRAIN_SECS (how long sessions may go on after SIGTERM, 30), CONVO_LOG_LEVEL.

    Examples:
        convo up
        convo up --port 9000 --stack offline
    """
    import asyncio  # noqa: PLC0415 - the command line starts fast
    import os  # noqa: PLC0415 - the command line starts fast

    from framework.errors import UserError  # noqa: PLC0415 - the command line starts fast
    from framework.log import set_up  # noqa: PLC0415 - the command line starts fast
    from framework.processes.runner import make_runner, settings_from  # noqa: PLC0415 - the command line starts fast
    from framework.project import Project  # noqa: PLC0415 - the command line starts fast

    os.environ.setdefault("CONVO_LOG_LEVEL", "WARNING")  # people read the page, not the log
    set_up()
    project = Project.find(Path.cwd())
    if not project.bots:
        raise UserError(
            "this project has no bot", fix="Make a project with `convo init DIR`, or name a bot in `convo.yaml`."
        )
    settings = settings_from(project.root, dict(os.environ), stack=stack)
    runner = make_runner(settings, dict(os.environ), host=host, port=port)
    asyncio.run(runner.run(watch=_welcome))


async def _welcome(runner: Runner) -> None:
    """Show what the first worker does until it is ready, then where the page is."""
    import asyncio  # noqa: PLC0415 - the command line starts fast

    from rich.console import Console  # noqa: PLC0415 - the command line starts fast

    from framework.errors import UserError  # noqa: PLC0415 - the command line starts fast

    console = Console(stderr=True)
    with console.status("Starting …") as status:
        while not (state := runner.readiness()) or not state.ready:
            if state and state.problem:
                raise UserError(state.problem, fix=runner.fix)
            if state and state.draining:
                return
            status.update(f"Getting ready: {state.doing} …" if state else "Starting …")
            await asyncio.sleep(LOOK_S)
    print(runner.url, flush=True)
    console.print("Open it in a browser. Ctrl-C ends it.", style="dim")
