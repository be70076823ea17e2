"""The conversation of `turn` as a flow of ours, with an RTVI client on a WebSocket; run by `client.typed`."""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import Any

import uvicorn
from loguru import logger

from benchmarks.measure import PROJECT
from benchmarks.programs import chatter, report
from benchmarks.programs.our_text import services
from framework.plugins.host import PluginHost
from framework.plugins.transports import TransportContext
from framework.project import Project
from framework.runtime import rtvi
from framework.runtime.session import LiveSession
from framework.sessions.events import Event
from framework.sessions.spec import SessionSpec


class Meter:
    """Looks at the clock of the CPU when the first turn that counts begins and when the last one is over."""

    def __init__(self, turns: int) -> None:
        self._turns = turns
        self._said = -1 - min(chatter.WARM, turns)
        self._began = 0.0

    def __call__(self, event: Event) -> None:
        """Count a turn of the bot."""
        if event.type != "bot.said":
            return
        self._said += 1
        if self._said == 0:
            self._began = time.process_time()
        elif self._said == self._turns:
            report(cpu_s=(time.process_time() - self._began) / self._turns)


async def main(turns: int) -> None:
    """Serve one session."""
    rtvi.BURST = 100_000  # the other sides are not slowed down either
    project = Project.find(PROJECT)
    host = PluginHost.load(project)
    spec = SessionSpec(flow="chatter", channel="text", transport="websocket")
    transport = host.transports.get("websocket")
    over = asyncio.Event()

    async def converse(connection: Any) -> asyncio.Event:
        session = LiveSession(
            spec,
            project=project,
            host=host,
            transport=transport.build(TransportContext(session=spec, connection=connection)),
            door=rtvi.Door(),
            services=services,
            waits_for_client=True,
            on_event=Meter(turns),
        )
        tasks.append(asyncio.create_task(session.run()))
        return over

    tasks: list[asyncio.Task[Any]] = []
    config = uvicorn.Config(
        transport.signalling(spec, converse),
        host="127.0.0.1",
        port=0,
        log_config=None,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for this
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    print(f"url ws://127.0.0.1:{port}/ws-client", flush=True)
    await serving


if __name__ == "__main__":
    logger.remove()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=60)
    asyncio.run(main(parser.parse_args().turns))
