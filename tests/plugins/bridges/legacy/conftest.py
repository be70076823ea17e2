"""A fleet over a real Redis: gateways with the legacy bridge, runners whose sessions are pretended, and `redis-cli`."""

import asyncio
import contextlib
import json
import shutil
import subprocess
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from framework.control.connection import Connection
from framework.control.member import Member
from framework.control.records import Limits, Runner
from framework.control.store import Store
from framework.processes.gateway import Gateway, GatewaySettings
from framework.project import Project
from framework.testing.holder import PretendHolder
from framework.testing.redis import RedisServer

FLOW = """\
flow: hello
description: Says hello.
initial_node: greet
nodes:
  greet: {say: "Hello!", next: bye}
  bye: {say: "Goodbye.", end: true}
"""
PROJECT = """\
bots:
  hello: {flow: hello, stack: offline, transport: smallwebrtc}
  single: {flow: hello, stack: offline, transport: smallwebrtc, max_sessions: 1}
default_bot: hello
"""
CLI = shutil.which("redis-cli") or "redis-cli"


@pytest.fixture(scope="session")
def server():
    with RedisServer() as server:
        yield server


@dataclass
class World:
    """What a test sees."""

    server: RedisServer
    root: Path
    stack: contextlib.AsyncExitStack
    store: Store
    limits: Limits
    gateways: list = field(default_factory=list)

    def cli(self, *words, stdin=None):
        """What an old publisher or operator types."""
        told = subprocess.run(
            [CLI, "-p", str(self.server.port), *words],
            input=stdin, text=True, capture_output=True, timeout=20, check=True,
        )  # fmt: skip
        return told.stdout.removesuffix("\n")

    def push(self, *jobs):
        for job in jobs:
            self.cli("RPUSH", "bot:launch:queue", job if isinstance(job, str) else json.dumps(job))

    def ask(self, *words):
        """The same without a process of its own: what a test looks at while the bridge shares its event loop."""
        return self.server.command(*words)

    def there(self, *keys):
        return self.ask("EXISTS", *keys)

    def lines(self, key):
        """What is in a list or set."""
        return self.ask("SMEMBERS", key) if self.ask("TYPE", key) == "set" else self.ask("LRANGE", key, "0", "-1")

    def hash(self, key):
        flat = self.ask("HGETALL", key)
        return dict(zip(flat[::2], flat[1::2], strict=True))

    async def hearing(self, gateways=1):
        """So many gateways listen to what is published."""
        wanted = gateways if callable(gateways) else lambda: gateways
        await self.until(lambda: self.ask("CLIENT", "LIST", "TYPE", "pubsub").count("psub=1") == wanted())

    def failed(self, key="bot:launch:failed"):
        return [json.loads(line) for line in self.lines(key)]

    async def until(self, holds, within=45):
        """Wait for something to hold, but not for ever."""
        async with asyncio.timeout(within):
            while not (found := await holds() if asyncio.iscoroutinefunction(holds) else holds()):
                await asyncio.sleep(0.05)
        return found

    async def sessions(self, *states):
        found, _ = await self.store.sessions(limit=500)
        return [record for record in found if not states or record.state in states]

    async def session(self, room, *states, within=45):
        """The one session of a room."""

        async def there():
            found = [record for record in await self.sessions(*states) if record.room == room]
            return found[0] if len(found) == 1 else None

        return await self.until(there, within)

    async def gateway(self, **environment):
        store = self.make_store()
        environment = {"CONVO_BRIDGES": "legacy", "LEGACY_LEASE_SECS": "2", "CONVO_PRIVATE_ROOMS": "", **environment}
        settings = GatewaySettings(root=self.root, environment={k: v for k, v in environment.items() if v})
        gateway = Gateway(store, lambda: Project.find(self.root), settings, port=0)
        running = asyncio.create_task(gateway.run(signals=False))

        async def leave():
            gateway.leave()
            await asyncio.wait_for(running, 30)
            await store.close()

        self.stack.push_async_callback(leave)
        self.gateways.append(gateway)
        return gateway

    def make_store(self):
        return Store(Connection.to(self.server.url), environment="test", limits=self.limits)

    async def runner(self, **holder):
        """A runner that takes part in the fleet; the protocol is real, its sessions are not."""
        holding = PretendHolder(**holder)
        address = f"http://127.0.0.1:{9000 + len(self.gateways)}"
        member = Member(self.store, Runner(runner_id=uuid.uuid4().hex, capacity=holding.capacity, address=address))
        holding.listener, holding.member, holding.address = member, member, address
        running = asyncio.create_task(member.run(holding))

        async def leave():
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await member.close()

        self.stack.push_async_callback(leave)
        await asyncio.wait_for(member.registered.wait(), 10)
        return holding


@pytest.fixture
async def world(server, tmp_path):
    server.command("FLUSHALL")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "hello.yaml").write_text(FLOW)
    (tmp_path / "convo.yaml").write_text(PROJECT)
    limits = Limits(lease_ms=5000, claim_ms=2000)
    async with contextlib.AsyncExitStack() as stack:
        store = Store(Connection.to(server.url), environment="test", limits=limits)
        stack.push_async_callback(store.close)
        yield World(server, tmp_path, stack, store, limits)
