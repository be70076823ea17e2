"""The gateway's process: bind, serve, leave. Any number of them may stand behind a balancer."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from framework.control.settings import build_from, redis_from, store_from
from framework.control.store import Store
from framework.errors import FrameworkError, UserError
from framework.log import set_up
from framework.plugins.host import PluginHost
from framework.plugins.routes import Route
from framework.processes.dotenv import load
from framework.processes.serving import config_of, exit_code, heeding, server_of
from framework.processes.sockets import listen, url_of
from framework.project import Project
from framework.web.begin import START_S
from framework.web.bridging import Bridges
from framework.web.cors import origins_from
from framework.web.feed import Feed
from framework.web.forward import MESSAGE_LIMIT
from framework.web.gatekeeper import Gatekeeper, refuses_to_listen
from framework.web.gateway import GatewayDoor, make_gateway
from framework.web.hooks import HookSettings
from framework.web.keyring import Keyring, keyring_of
from framework.web.limits import RateSettings
from framework.web.tokens import Tokens, TokenSettings

PORT = 4444
LEAVE_S = 5
"""How long answers under way may take once it is to leave; streams end at once."""


@dataclass(frozen=True, kw_only=True)
class GatewaySettings:
    """One gateway."""

    root: Path
    """The project's folder."""
    stack: str = ""
    """Used in place of each bot's own."""
    routes: Sequence[Route] = ()
    """What plugins bring."""
    start_s: float = START_S
    """How long `POST /start` waits for a runner."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the process was told; keys, tokens and limits are read from it."""

    @classmethod
    def of(cls, project: Project, environment: Mapping[str, str], *, stack: str = "") -> GatewaySettings:
        """Those of a project, with the routes that its plugins bring."""
        routes = tuple(PluginHost.load(project).routes.values())
        return cls(root=project.root, stack=stack, routes=routes, environment=environment)


class Gateway:
    """One gateway, from bound port to last answer."""

    def __init__(
        self,
        store: Store,
        project: Callable[[], Project],
        settings: GatewaySettings,
        *,
        host: str = "127.0.0.1",
        port: int = PORT,
        keyring: Keyring | None = None,
    ) -> None:
        self._keyring = keyring
        self._host = host
        self._socket = listen(host, port)
        self._leaving = asyncio.Event()
        self._store = store
        self._project = project
        self._settings = settings
        self._feed = Feed(store)
        self._bridges: Bridges | None = None

    @property
    def url(self) -> str:
        """Where it is reached."""
        return url_of(self._socket)

    def leave(self) -> None:
        """Begin to leave."""
        self._leaving.set()

    async def run(self, *, watch: Callable[[Gateway], Any] | None = None, signals: bool = True) -> None:
        """Serve until told to leave, by `leave` or a signal.

        Args:
            watch: Shows people how far it is.
            signals: Whether SIGTERM and Ctrl-C are its business; not where it shares its process.
        """
        door = await self._door()
        server = self._server(door)
        with heeding(dict.fromkeys((signal.SIGTERM, signal.SIGINT), self.leave) if signals else {}):
            serving = asyncio.create_task(server.serve(sockets=[self._socket]), name="gateway: http")
            leaving = asyncio.create_task(self._leaving.wait(), name="gateway: until leaving")
            beside = [asyncio.create_task(watch(self), name="gateway: watch")] if watch else []
            if self._bridges:
                beside.append(asyncio.create_task(self._bridges.run(), name="gateway: bridges"))
            try:
                await asyncio.wait({serving, leaving}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._feed.close()
                server.should_exit = True
                for task in (leaving, *beside):
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await task
                await serving

    async def _door(self) -> GatewayDoor:
        told = self._settings.environment
        origins = origins_from(told)
        keyring = self._keyring or keyring_of(self._settings.root, store=self._store, environment=told)
        try:
            await refuses_to_listen(self._host, keyring, Tokens(TokenSettings.read(told)))
            self._bridges = Bridges.read(
                self._store,
                self._project,
                told,
                stack=self._settings.stack,
                test_profile=told.get("CONVO_PROFILE") == "test",
            )
        except FrameworkError:
            self._socket.close()
            raise
        return GatewayDoor(
            store=self._store,
            feed=self._feed,
            project=self._project,
            gatekeeper=Gatekeeper.read(keyring, told, origins=origins),
            origins=origins,
            rooms={name: told[name] for name in ("CONVO_PRIVATE_ROOMS", "CONVO_ROOM_PORTS") if name in told},
            hooks=HookSettings.read(told),
            routes=self._settings.routes,
            rates=RateSettings.read(told),
            build=build_from(told),
            stack=self._settings.stack,
            start_s=self._settings.start_s,
            runner_token=told.get("CONVO_RUNNER_TOKEN", ""),
            test_profile=told.get("CONVO_PROFILE") == "test",
        )

    def _server(self, door: GatewayDoor) -> uvicorn.Server:
        config = config_of(
            make_gateway(door),
            interface="asgi3",
            http="httptools",
            lifespan="on",
            server_header=False,
            ws_max_size=MESSAGE_LIMIT,
            ws_ping_interval=10.0,
            ws_ping_timeout=10.0,
            backlog=1024,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=LEAVE_S,
        )
        return server_of(config)


async def serve(
    settings: GatewaySettings, *, host: str, port: int, watch: Callable[[Gateway], Any] | None = None
) -> None:
    """Connect to the store, bind, serve, leave."""
    if not redis_from(settings.environment):
        raise UserError(
            "REDIS_URL is not set, and a gateway of its own needs a store that runners can reach, too",
            fix="Set REDIS_URL=redis://HOST:6379/0; or run `convo up`, which brings a store for one machine.",
        )
    store = store_from(settings.environment)
    try:
        gateway = Gateway(store, lambda: Project.find(settings.root), settings, host=host, port=port)
        await gateway.run(watch=watch)
    finally:
        await store.close()


def main(argv: Sequence[str] | None = None) -> int:
    """`python gateway.py`: be the door to the runners of a store."""
    parser = argparse.ArgumentParser(prog="gateway.py", description="Let sessions in, and show what becomes of them.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; others than loopback want keys")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--stack", default="", help="use this stack for every bot")
    asked = parser.parse_args(argv)

    def program() -> None:
        load(Path.cwd() / ".env", os.environ)
        set_up()
        settings = GatewaySettings.of(Project.find(), dict(os.environ), stack=asked.stack)
        _run(serve(settings, host=asked.host, port=asked.port, watch=_say_where))

    return exit_code(program)


def _run(coroutine: Any) -> None:
    """On uvloop where it is to be had."""
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ModuleNotFoundError:
        asyncio.run(coroutine)
    else:
        uvloop.run(coroutine)


async def _say_where(gateway: Gateway) -> None:
    """Say where the gateway listens, once; programs read this line."""
    sys.stdout.write(f"gateway: {gateway.url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
