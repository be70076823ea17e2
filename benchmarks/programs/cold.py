"""A process that has just been started, until the pipeline of a voice session runs in it."""

from __future__ import annotations

import argparse
import asyncio
import time

from benchmarks.measure import PROJECT
from benchmarks.programs import report


async def main(since: float) -> None:
    """Run the bot `guide` without a client, and end it as soon as it runs."""
    from framework.log import set_up  # noqa: PLC0415 - as late as a program of ours would
    from framework.plugins.host import PluginHost  # noqa: PLC0415
    from framework.project import Project  # noqa: PLC0415
    from framework.runtime.session import LiveSession  # noqa: PLC0415
    from framework.sessions.spec import SessionSpec  # noqa: PLC0415

    set_up()
    project = Project.find(PROJECT)
    running = asyncio.Event()
    session = LiveSession(
        SessionSpec(bot="guide", channel="voice", transport="headless"),
        project=project,
        host=PluginHost.load(project),
        on_phase=lambda phase: running.set() if phase == "talking" else None,
    )
    conversing = asyncio.create_task(session.run())
    await asyncio.wait({conversing, asyncio.ensure_future(running.wait())}, return_when=asyncio.FIRST_COMPLETED)
    if not running.is_set():
        raise SystemExit("the session did not run")
    report(wall_s=time.monotonic() - since)
    session.hang_up()
    await conversing


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--since", type=float, required=True, help="`time.monotonic()` when the process was started")
    asyncio.run(main(parser.parse_args().since))
