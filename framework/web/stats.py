"""How it goes: whether the gateway lives, whether it gets on, and figures for people and programs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from framework.control.records import Runner
from framework.control.store import Store
from framework.web import metrics, openapi
from framework.web.catalog import Catalog
from framework.web.credentials import EVERY_TENANT, Credential
from framework.web.edge import credential_of
from framework.web.feed import Feed
from framework.web.metrics import Metrics
from framework.web.ports import RefusedError


def add(app: FastAPI, store: Store, feed: Feed, catalog: Catalog, counted: Metrics) -> None:
    """Add the routes."""

    @app.get("/health")
    async def health() -> dict[str, str]:
        """The process lives."""
        return {"status": "ok"}

    @app.get("/ready", responses={503: {"description": "It doesn't get on; `problem` says why."}})
    async def ready() -> JSONResponse:
        """The gateway gets on: it reads from the store. Whether a runner is free, GET /stats says."""
        problem = "" if feed.alive else "the store can't be reached"
        answer = {"ready": not problem, "doing": "", "problem": problem}
        return JSONResponse(answer, 503 if problem else 200)

    @app.get("/stats", responses=openapi.PROBLEMS)
    async def stats(request: Request) -> dict[str, Any]:
        """Sessions, runners, the pool and the store; for a tenant's key the tenant's sessions only."""
        credential = credential_of(request)
        mine = "" if sees_fleet(credential) else credential.tenant
        began = time.perf_counter()
        sessions = await store.by_state(mine)
        took = time.perf_counter() - began
        found: dict[str, Any] = {
            "tenant": mine or EVERY_TENANT,
            "sessions": sessions,
            "queue": _queue(await store.waiting(), mine),
            "store": {"up": feed.alive, "answer_ms": round(took * 1000, 2)},
        }
        if mine:
            return found
        runners = await store.runners()
        return found | {
            "runners": [_shown(one) for one in runners],
            "pool": _pool(runners),
            "counts": await store.counts(),
            "events": {"listeners": len(feed), "gaps": feed.lost, "position": feed.position},
            "project": {"problem": catalog.problem},
        }

    @app.get("/metrics", response_class=Response, responses={200: _AS_METRICS, **openapi.PROBLEMS})
    async def figures(request: Request) -> Response:
        """Figures for Prometheus, of all tenants: for a key of all tenants."""
        if not sees_fleet(credential_of(request)):
            raise RefusedError(
                "metrics are of all tenants", status=403, fix="Use a key of all tenants (`*`); or GET /stats."
            )
        return Response(await counted.text(store, feed), media_type=metrics.TYPE)


def sees_fleet(credential: Credential) -> bool:
    """Whether the fleet is its business: a platform operator's, or everyone's on a machine without keys."""
    return credential.tenant == EVERY_TENANT or credential.kind == "local"


_AS_METRICS: dict[str, Any] = {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Figures."}


def _queue(waiting: dict[str, dict[str, int]], tenant: str) -> dict[str, dict[str, int]]:
    if not tenant:
        return waiting
    return {pool: {tenant: depths[tenant]} for pool, depths in waiting.items() if tenant in depths}


def _shown(one: Runner) -> dict[str, Any]:
    return {
        "runner_id": one.runner_id,
        "name": one.name,
        "pool": one.pool,
        "build": one.build,
        "capacity": one.capacity,
        "owned": one.owned,
        "free": one.free,
        "draining": one.draining,
    }


def _pool(runners: Sequence[Runner]) -> dict[str, dict[str, int]]:
    slots: dict[str, Counter[str]] = {}
    for one in runners:
        slots.setdefault(one.pool, Counter()).update(runners=1, slots=one.capacity, free=one.free, taken=one.owned)
    return {pool: dict(found) for pool, found in slots.items()}
