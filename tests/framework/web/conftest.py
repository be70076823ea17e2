"""A runner with echo sessions, on a real port."""

import asyncio
import contextlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from framework.control.connection import Connection
from framework.control.member import Member
from framework.control.records import Runner as RunnerRecord
from framework.control.store import Store
from framework.processes.gateway import Gateway, GatewaySettings
from framework.processes.runner import Runner
from framework.processes.serving import config_of, server_of
from framework.processes.settings import Deadlines, RunnerSettings
from framework.testing.holder import PretendHolder
from framework.testing.redis import redis_server  # noqa: F401 - a fixture

BACKENDS = Path(__file__).parents[1] / "processes"
FLOW = """\
flow: hello
description: Says hello.
initial_node: greet
nodes:
  greet: {say: "Hello!", next: help}
  help: {instruct: "Help.", next: [{intent: is done, examples: [bye], goto: bye}]}
  bye: {say: "Goodbye.", end: true}
"""

ORDER = """\
flow: order
inputs: [shop, n]
slots: {shop: text, size: text, n: {type: integer, default: 1}}
initial_node: greet
nodes: {greet: {say: "Welcome to {{ slots.shop }}.", end: true}}
"""


@dataclass(frozen=True)
class StandInBot:
    """What `convo.yaml` says of a bot."""

    flow: str = "hello"
    personality: str = ""
    stack: str = "offline"
    transport: str = "smallwebrtc"
    max_sessions: int | None = None
    on_lost: str = "fail"
    class_: str = "default"


@dataclass(frozen=True)
class StandInProject:
    """As much of a project as the door reads."""

    root: Path
    bots: dict = field(default_factory=lambda: {"hello": StandInBot(), "single": StandInBot(max_sessions=1)})
    default_bot: str = "hello"
    tenants: dict = field(default_factory=dict)

    def names(self, kind):
        return {"flows": ["hello", "order"], "personalities": ["ava"], "stacks": ["offline"]}[kind]

    def flow_path(self, name):
        return self.root / f"{name}.yaml"


@pytest.fixture(scope="module")
def stand_in_project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    (folder / "hello.yaml").write_text(FLOW)
    return StandInProject(folder)


@pytest.fixture
async def run_runner(tmp_path, monkeypatch):
    """Start a runner; it is gone, and all its processes, when the test is over."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(BACKENDS), *filter(None, [os.environ.get("PYTHONPATH")])]))
    (tmp_path / "hello.yaml").write_text(FLOW)
    deadlines = Deadlines(warm_s=60, client_s=30, notice_s=0.5, stop_s=0.5, cancel_s=0.5, term_s=0.5, linger_s=1)
    async with contextlib.AsyncExitStack() as stack:

        async def run_runner(*, token="", **settings):
            ours = RunnerSettings(root=tmp_path, backend="backends:Echo", deadlines=deadlines, drain_s=0, **settings)
            runner = Runner(ours, lambda: StandInProject(tmp_path), port=0, token=token)
            running = asyncio.create_task(runner.run())

            async def leave():
                runner.leave()
                await asyncio.wait_for(running, 30)

            stack.push_async_callback(leave)
            return runner

        yield run_runner


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict
    text: str
    body: object


class Caller:
    """Asks a gateway."""

    def __init__(self, http, gateway, store, key=""):
        self.http, self.gateway, self.store = http, gateway, store
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    @property
    def url(self):
        return self.gateway.url

    def with_key(self, key):
        return Caller(self.http, self.gateway, self.store, key)

    async def ask(self, method, path, *, headers=(), **options):
        headers = {**self.headers, **dict(headers)}
        async with self.http.request(method, self.url + path, headers=headers, **options) as answer:
            text = (await answer.read()).decode(errors="replace")
            body = json.loads(text) if "json" in answer.headers.get("content-type", "") else None
            return Answer(answer.status, answer.headers, text, body)

    async def get(self, path, **options):
        return await self.ask("GET", path, **options)

    async def post(self, path, body=None, **options):
        return await self.ask("POST", path, **({"json": body} if body is not None else {}), **options)


@pytest.fixture
async def run_gateway(tmp_path, http):
    """Start a gateway over a store, the embedded one if none is given; it is gone when the test is over."""
    (tmp_path / "hello.yaml").write_text(FLOW)
    (tmp_path / "order.yaml").write_text(ORDER)
    async with contextlib.AsyncExitStack() as stack:

        async def run_gateway(store=None, *, project=None, limits=None, key="", start_s=20.0, routes=(), **environment):
            store = store or Store(Connection.embedded(), limits=limits)
            environment = {"CONVO_RATE_REQUESTS": "0", **environment}
            settings = GatewaySettings(root=tmp_path, environment=environment, start_s=start_s, routes=routes)
            gateway = Gateway(store, project or (lambda: StandInProject(tmp_path)), settings, port=0)
            running = asyncio.create_task(gateway.run(signals=False))

            async def leave():
                gateway.leave()
                await asyncio.wait_for(running, 30)
                await store.close()

            stack.push_async_callback(leave)
            return Caller(http, gateway, store, key)

        yield run_gateway


async def _echo(request):
    """A runner's private door that says what it heard."""
    if request.headers.get("upgrade", "").lower() == "websocket":
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.data == "bye":
                await socket.close(code=4000)
            await socket.send_json({"heard": message.data, "auth": request.headers.get("authorization", "")})
        return socket
    seen = {"method": request.method, "path": request.path_qs, "body": await request.text()}
    return web.json_response(seen | {"headers": {name.lower(): value for name, value in request.headers.items()}})


@pytest.fixture
async def join_fleet():
    """Let a runner take part in a store's fleet: the protocol and its private door are real, its sessions are not."""
    async with contextlib.AsyncExitStack() as stack:

        async def join_fleet(store, name="r1", *, address=None, **holder):
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", _echo)
            serving = web.AppRunner(app, shutdown_timeout=0.1)
            await serving.setup()
            stack.push_async_callback(serving.cleanup)
            site = web.TCPSite(serving, "127.0.0.1", 0)
            await site.start()
            holding = PretendHolder(**holder)
            here = f"http://127.0.0.1:{serving.addresses[0][1]}"
            member = Member(store, RunnerRecord(runner_id=name, capacity=holding.capacity, address=address or here))
            holding.listener = member
            running = asyncio.create_task(member.run(holding))

            async def leave():
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                await member.close()

            stack.push_async_callback(leave)
            async with asyncio.timeout(10):
                await member.registered.wait()
            holding.member = member
            return holding

        yield join_fleet


@pytest.fixture
async def gateway(run_gateway):
    return await run_gateway()


@pytest.fixture
async def serve():
    """Serve an application on a real port; gives its URL."""
    async with contextlib.AsyncExitStack() as stack:

        async def serve(app, **options):
            server = server_of(config_of(app, host="127.0.0.1", port=0, **options))
            serving = asyncio.create_task(server.serve())

            async def leave():
                server.should_exit = True
                await asyncio.wait_for(serving, 20)

            stack.push_async_callback(leave)
            async with asyncio.timeout(20):
                while not server.started:
                    await asyncio.sleep(0.01)
            return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

        yield serve


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as client:
        yield client
