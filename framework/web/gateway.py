"""The public door: everything that the fleet is asked over HTTP and WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from loguru import logger
from starlette.types import ASGIApp

from framework.control.store import Store
from framework.web import (
    admin,
    begin,
    bots,
    events,
    hooks,
    join,
    manual,
    openapi,
    page,
    plugins,
    problems,
    sessions,
    signin,
    stats,
)  # fmt: skip
from framework.web import relay as relays
from framework.web.admission import Admission
from framework.web.begin import Beginning
from framework.web.catalog import Catalog
from framework.web.cors import Cors
from framework.web.edge import Guarded, Rates
from framework.web.events import Streams
from framework.web.feed import Feed
from framework.web.gatekeeper import Gatekeeper
from framework.web.hooks import HookSettings
from framework.web.hot import Hot
from framework.web.limits import RateSettings
from framework.web.metrics import Measured, Metrics
from framework.web.policy import POLICY, Policy
from framework.web.relay import Relay

AGAIN_S = 1.0
"""Before what failed begins again."""

if TYPE_CHECKING:
    from framework.plugins.routes import Route
    from framework.project import Project


@dataclass(frozen=True, kw_only=True)
class GatewayDoor:
    """What the application is made of."""

    store: Store
    feed: Feed | None = None
    """Reads the store's events; close it when the server is to leave."""
    project: Callable[[], Project]
    """Reads the project anew."""
    gatekeeper: Gatekeeper
    origins: frozenset[str] = frozenset()
    """Pages elsewhere that may use it."""
    rooms: Mapping[str, str] = field(default_factory=dict)
    """What the environment says of rooms (`CONVO_PRIVATE_ROOMS`, `CONVO_ROOM_PORTS`)."""
    hooks: HookSettings = field(default_factory=HookSettings)
    routes: Sequence[Route] = ()
    """What plugins bring."""
    rates: RateSettings = field(default_factory=RateSettings)
    build: str = "any"
    stack: str = ""
    start_s: float = begin.START_S
    """How long `POST /start` waits for a runner."""
    runner_token: str = field(default="", repr=False)
    """What opens the runners' private doors."""
    test_profile: bool = False


def make_gateway(door: GatewayDoor) -> ASGIApp:
    """The application, behind its edge. It wants to be told of the server's start and end (ASGI's lifespan)."""
    metrics, catalog = Metrics(), Catalog(door.project)
    feed = Feed(door.store) if door.feed is None else door.feed
    relay = Relay(door.store, token=door.runner_token)
    app = FastAPI(
        title="Convo gateway",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=lambda _: _life([catalog.watch, feed.run, relay.run]),
        generate_unique_id_function=lambda route: route.name,
    )
    problems.install(app)
    openapi.install(app)
    admission = Admission(
        store=door.store,
        catalog=catalog,
        build=door.build,
        stack=door.stack,
        test_profile=door.test_profile,
        rooms=door.rooms,
        metrics=metrics,
    )
    answer_join = join.route(admission)
    app.add_route("/join", answer_join, methods=["POST"])
    begin.add(app, Beginning(admission, feed, door.start_s), relay)
    sessions.add(app, door.store)
    admin.add(app, door.store, admission.room)
    streams = Streams(door.store, feed, door.gatekeeper.still)
    events.add(app, streams)
    stats.add(app, door.store, feed, catalog, metrics)
    _add_page(app, door, catalog)
    hooks.add(app, door.store, admission, door.hooks)
    policy = Policy(POLICY)
    plugins.add(app, policy, door.routes, admission)
    relays.add(app, relay)
    hot = Hot(app, {("POST", "/join"): answer_join, ("GET", "/events"): streams.answer})
    edge = Guarded(hot, door.gatekeeper, policy, Rates.of(door.rates), signin.form_for)
    return Cors(Measured(edge, metrics, policy), door.origins)


def _add_page(app: FastAPI, door: GatewayDoor, catalog: Catalog) -> None:
    """The page where one talks, what it asks for, and the manual."""
    signin.add(app, door.gatekeeper)
    manual.add(app)
    page.add_files(app)

    @app.get("/bots")
    async def offered() -> dict[str, Any]:
        """The bots one can talk to."""
        return await asyncio.to_thread(bots.listed, catalog.project)

    @app.get("/bots/{name}/graph", responses=openapi.PROBLEMS)
    async def graph(name: str) -> dict[str, Any]:
        """A bot's flow, to be drawn."""
        return await asyncio.to_thread(bots.graph, catalog.project, name)


@contextlib.asynccontextmanager
async def _life(works: list[Callable[[], Coroutine[Any, Any, None]]]) -> AsyncIterator[None]:
    """What runs beside the requests, as long as the server does."""
    tasks = [asyncio.create_task(_kept_up(work), name=f"gateway: {work.__qualname__}") for work in works]
    # What is there now is there to the end: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _kept_up(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """What should never end begins again when it does; why is in the log."""
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - a gateway without its feed would be no gateway
            logger.bind(work=work.__qualname__).opt(exception=error).error("something of the gateway failed")
        await asyncio.sleep(AGAIN_S)
