"""What Prometheus reads of a gateway: its own counters, and the fleet as the store has it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter as Tally
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from framework.control.records import Runner
from framework.control.store import Store
from framework.errors import StoreError
from framework.web.feed import Feed
from framework.web.policy import Policy, is_sound

TENANTS = 500
"""Tenants whose sessions are counted one by one; those beyond are not shown."""
_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_SLOW = (*_QUICK, 5.0, 10.0, 20.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """Counters of this process, in a registry of their own."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._joins = Counter("convo_joins", "Requests to join.", ["outcome", "tenant"], registry=registry)
        self._outcomes: dict[tuple[str, str], Counter] = {}
        self._requests = Histogram(
            "convo_request_seconds", "Requests.", ["method", "route", "status"], buckets=_SLOW, registry=registry
        )
        self._known: dict[tuple[str, str, int], Histogram] = {}
        self._store = Histogram("convo_store_seconds", "Joins in the store.", buckets=_QUICK, registry=registry)
        self._gaps = Gauge("convo_event_gaps", "Listeners that were told of a gap.", registry=registry)
        self._listeners = Gauge("convo_event_listeners", "Listeners to events.", registry=registry)
        self._alive = Gauge("convo_store_up", "Whether events can be read from the store.", registry=registry)
        self._sessions = Gauge("convo_sessions", "Sessions.", ["state", "tenant"], registry=registry)
        self._queue = Gauge("convo_queued", "Sessions that wait.", ["pool", "tenant"], registry=registry)
        self._runners = Gauge("convo_runners", "Runners.", ["pool", "state"], registry=registry)
        self._slots = Gauge("convo_slots", "Slots of runners.", ["pool", "state"], registry=registry)
        self._counts = Gauge("convo_counted", "What the store has counted since it began.", ["what"], registry=registry)

    def joined(self, outcome: str, tenant: str) -> None:
        """Count a join."""
        known = self._outcomes.get((outcome, tenant))
        if known is None:
            known = self._outcomes[outcome, tenant] = self._joins.labels(outcome, tenant)
        known.inc()

    def stored(self, seconds: float) -> None:
        """Count how long the store took for a join."""
        self._store.observe(seconds)

    def asked(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        known = self._known.get((method, route, status // 100))
        if known is None:
            known = self._known[method, route, status // 100] = self._requests.labels(
                method, route, f"{status // 100}xx"
            )
        known.observe(seconds)

    async def text(self, store: Store, feed: Feed) -> bytes:
        """Everything, as Prometheus reads it; without the fleet while the store is away."""
        self._listeners.set(len(feed))
        self._gaps.set(feed.lost)
        self._alive.set(feed.alive)
        for gauge in (self._sessions, self._queue, self._runners, self._slots, self._counts):
            gauge.clear()
        try:
            await self._look(store)
        except StoreError:
            self._alive.set(0)
        return generate_latest(self._registry)

    async def _look(self, store: Store) -> None:
        tenants = (await store.tenants())[:TENANTS]
        found = await asyncio.gather(*(store.by_state(tenant) for tenant in tenants))
        for tenant, states in zip(tenants, found, strict=True):
            for state, number in states.items():
                self._sessions.labels(state, tenant).set(number)
        for pool, waiting in (await store.waiting()).items():
            for tenant, number in waiting.items():
                self._queue.labels(pool, tenant).set(number)
        self._count_runners(await store.runners())
        for what, number in (await store.counts()).items():
            self._counts.labels(what).set(number)

    def _count_runners(self, runners: Sequence[Runner]) -> None:
        kinds = Tally((one.pool, "draining" if one.draining else "ready") for one in runners)
        for (pool, state), number in kinds.items():
            self._runners.labels(pool, state).set(number)
        for pool in {one.pool for one in runners}:
            ours = [one for one in runners if one.pool == pool]
            self._slots.labels(pool, "free").set(sum(one.free for one in ours))
            self._slots.labels(pool, "taken").set(sum(one.owned for one in ours))


class Measured:
    """ASGI middleware: time each request, by the rule of its route."""

    def __init__(self, app: ASGIApp, metrics: Metrics, policy: Policy) -> None:
        self._app, self._metrics, self._policy = app, metrics, policy
        self._plain = {(rule.method, rule.path) for rule in policy.rules if "{" not in rule.path}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and note how it went when the answer begins: a stream may go on for hours."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        # Pieces of a stream need nothing of what stands between: see `framework.web.events`.
        scope.setdefault("state", {})["send"] = send

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                method = scope["method"] if scope["method"] in _METHODS else "other"
                route = self._route(method, scope["path"])
                self._metrics.asked(method, route, message["status"], time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, answer)

    def _route(self, method: str, path: str) -> str:
        """The route, not the path: a path has ids in it, and strangers ask for anything."""
        if (method, path) in self._plain:
            return path
        rule = self._policy.find(method, path) if is_sound(path) else None
        return rule.path if rule else "none"
