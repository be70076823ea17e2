"""The operator's process: connect, work, show how it fares on a small port, leave when told."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import signal
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

import uvicorn
from loguru import logger
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from framework.control.operator import Operator
from framework.control.settings import OperatorSettings, operator_settings_from, store_from, warnings_from
from framework.errors import UserError
from framework.plugins.host import PluginHost
from framework.plugins.launchers import Launcher
from framework.processes.serving import config_of, heeding, server_of
from framework.processes.sockets import listen, url_of
from framework.project import Project
from framework.web.auth import is_loopback
from framework.web.problems import problem

PORT = 4445
STUCK_S = 240.0
"""Without a turn of its loops it is to be restarted; every call in them has a shorter deadline."""
LEAVE_S = 1


class Reporter(Collector):
    """An operator's figures as Prometheus reads them."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator

    def collect(self) -> Iterator[Metric]:
        """All figures."""
        figures, done = self._operator.figures, self._operator.done
        yield GaugeMetricFamily("convo_operator_ready", "Whether sweeps and plans succeed.", not self._operator.problem)
        for name, help_text, value in (
            ("sweeps", "Sweeps of deadlines.", figures.sweeps),
            ("plans", "Looks at everything.", figures.plans),
            ("dead_runners", "Runners that were given up.", figures.runners_dead),
            ("requeued_sessions", "Sessions that were queued again.", figures.requeued),
            ("failed_sessions", "Sessions that sweeps have failed.", figures.failed),
            ("dispatched_sessions", "Sessions that were given to a runner here.", done.dispatched),
            ("retired_runners", "Runners that were let go.", done.retired),
        ):
            yield CounterMetricFamily(f"convo_operator_{name}", help_text, value)
        yield _by_pool(CounterMetricFamily, "launches", "Runners launched.", done.launches)
        yield _by_pool(CounterMetricFamily, "launch_failures", "Launches that came to nothing.", done.launch_failures)
        for what, help_text in _OF_POOLS.items():
            values = {pool: numbers[what] for pool, numbers in figures.pools.items()}
            yield _by_pool(GaugeMetricFamily, f"pool_{what}", help_text, values)


_OF_POOLS = {
    "want": "Slots wanted: for those who wait, those who talk, and the reserve.",
    "have": "Slots of the runners that take sessions.",
    "free": "Slots without a session.",
    "coming": "Slots of runners that are being started.",
    "queued": "Sessions that wait.",
    "runners": "Runners that take sessions.",
}


def _by_pool(family: Any, name: str, help_text: str, values: Mapping[str, int]) -> Any:
    metric = family(f"convo_operator_{name}", help_text, labels=["pool"])
    for pool, value in sorted(values.items()):
        metric.add_metric([pool], value)
    return metric


def make_door(operator: Operator, token: str = "") -> Starlette:
    """`/health`, `/ready` and `/metrics`; the last one wants the token, where there is one."""
    registry = CollectorRegistry()
    registry.register(Reporter(operator))

    async def health(_: Request) -> Response:
        stuck = operator.progress_s > STUCK_S
        if stuck:
            return problem(503, f"nothing has gone on for {operator.progress_s:.0f} s", fix="Restart this operator.")
        return JSONResponse({"status": "ok", "progress_s": round(operator.progress_s, 3)})

    async def ready(_: Request) -> Response:
        if why := operator.problem:
            return problem(503, why, fix="It is tried again; `convo doctor` may say more.")
        return JSONResponse({"status": "ready"})

    async def metrics(request: Request) -> Response:
        offered = request.headers.get("authorization", "")
        if token and not hmac.compare_digest(offered.encode(), f"Bearer {token}".encode()):
            return problem(HTTPStatus.UNAUTHORIZED, "metrics want a token", fix="Send it as `Authorization: Bearer`.")
        return PlainTextResponse(generate_latest(registry), media_type="text/plain; version=0.0.4")

    return Starlette(routes=[Route("/health", health), Route("/ready", ready), Route("/metrics", metrics)])


def launcher_of(name: str) -> Launcher | None:
    """The launcher with this name, of the box or of a plugin; `none`: there is none."""
    if name == "none":
        return None
    host = PluginHost.load(Project.find(strict=False))
    return host.launchers.get(name)


async def serve(
    environment: Mapping[str, str],
    *,
    host: str = "127.0.0.1",
    port: int = PORT,
    watch: Callable[[str, OperatorSettings], None] = lambda _url, _settings: None,
) -> None:
    """Be an operator until SIGTERM or Ctrl-C; `watch` is told where its port is."""
    settings = operator_settings_from(environment)
    for sentence in warnings_from(environment):
        logger.warning(sentence)
    token = environment.get("CONVO_OPERATOR_TOKEN", "")
    if not token and not is_loopback(host):
        raise UserError(
            f"the operator does not listen on {host} without a token",
            fix="Set CONVO_OPERATOR_TOKEN to a long random text, or leave --host out to serve this machine only.",
        )
    launcher = launcher_of(settings.launcher)
    listening = listen(host, port)
    store = store_from(environment)
    operator = Operator(store, launcher, settings)
    watch(url_of(listening), settings)
    try:
        config = config_of(make_door(operator, token), timeout_graceful_shutdown=LEAVE_S)
        await _until_told(operator, server_of(config), listening)
    finally:
        listening.close()
        await store.close()


async def _until_told(operator: Operator, server: uvicorn.Server, listening: Any) -> None:
    """Work until a signal comes, or work or door end by themselves."""
    leaving = asyncio.Event()
    working = asyncio.create_task(operator.run(), name="operator")
    serving = asyncio.create_task(server.serve(sockets=[listening]), name="operator: http")
    told = asyncio.create_task(leaving.wait(), name="operator: until told")
    try:
        with heeding(dict.fromkeys((signal.SIGTERM, signal.SIGINT), leaving.set)):
            try:
                await asyncio.wait({working, serving, told}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                server.should_exit = True
                told.cancel()
                working.cancel()
                await asyncio.gather(serving, told, return_exceptions=True)
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await working
