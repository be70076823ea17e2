"""The public door: everything that the fleet is asked over HTTP and WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from framework.control.store import Store
from framework.web import admin, begin, events, join, openapi, problems, sessions
from framework.web import relay as relays
from framework.web.admission import Admission
from framework.web.begin import Beginning
from framework.web.catalog import Catalog
from framework.web.cors import Cors
from framework.web.edge import Guarded, Rates
from framework.web.feed import Feed
from framework.web.gatekeeper import Gatekeeper
from framework.web.limits import RateSettings
from framework.web.policy import POLICY, Policy
from framework.web.relay import Relay

if TYPE_CHECKING:
    from framework.project import Project


@dataclass(frozen=True, kw_only=True)
class GatewayDoor:
    """What the application is made of."""

    store: Store
    project: Callable[[], Project]
    """Reads the project anew."""
    gatekeeper: Gatekeeper
    origins: frozenset[str] = frozenset()
    """Pages elsewhere that may use it."""
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
    catalog = Catalog(door.project)
    admission = Admission(
        store=door.store,
        catalog=catalog,
        build=door.build,
        stack=door.stack,
        test_profile=door.test_profile,
    )
    feed = Feed(door.store)
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
    app.add_route("/join", join.route(admission), methods=["POST"])
    begin.add(app, Beginning(admission, feed, door.start_s), relay)
    sessions.add(app, door.store)
    admin.add(app, door.store)
    events.add(app, door.store, feed, door.gatekeeper.still)
    relays.add(app, relay)
    edge = Guarded(app, door.gatekeeper, Policy(POLICY), Rates.of(door.rates))
    return Cors(edge, door.origins)


@contextlib.asynccontextmanager
async def _life(works: list[Callable[[], Coroutine[Any, Any, None]]]) -> AsyncIterator[None]:
    """What runs beside the requests, as long as the server does."""
    tasks = [asyncio.create_task(work(), name=f"gateway: {work.__qualname__}") for work in works]
    # What is there now is there to the end: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
