"""A gateway over an embedded store in a thread of its own, with runners that pretend, for commands that ask it."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

import pytest

from framework.control.connection import Connection
from framework.control.member import Member
from framework.control.records import Limits, Request, Runner
from framework.control.store import Store
from framework.processes.gateway import Gateway, GatewaySettings
from framework.project import Project
from framework.sessions.spec import Room, SessionSpec
from framework.testing.holder import PretendHolder
from framework.web import apikeys

WAIT_S = 30


class Obeying(PretendHolder):
    """Carries out every order but `pause`, which it refuses, and `goto`, of which it never says anything."""

    def order(self, session_id, order):
        if order.kind == "pause":
            self.listener.obeyed(session_id, order.order_id, "refused", "nobody may pause here")
        elif order.kind != "goto":
            super().order(session_id, order)


class Fleet:
    """Store, gateway and runners; `do` runs a coroutine where they live."""

    def __init__(self, root):
        self.root = root
        self.environment = {}
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.store = self.do(self._make_store())
        self.port = 0
        self._serving = None
        self._running = []

    async def _make_store(self):
        return Store(Connection.embedded(), limits=Limits(lease_ms=60_000))

    def do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(WAIT_S)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def open(self):
        """Serve; the second time at the same port."""
        self.do(self._open())

    async def _open(self):
        settings = GatewaySettings(root=self.root, environment=self.environment)
        gateway = Gateway(self.store, lambda: Project.find(self.root), settings, port=self.port)
        self.port = int(gateway.url.rpartition(":")[2])
        self._serving = gateway, asyncio.create_task(gateway.run(signals=False))

    def shut(self):
        self.do(self._shut())

    async def _shut(self):
        gateway, task = self._serving
        gateway.leave()
        await task
        self._serving = None

    def runner(self, name="r1", capacity=5, **more):
        """A runner that holds sessions at once."""
        return self.do(self._runner(name, capacity, more))

    async def _runner(self, name, capacity, more):
        holder = Obeying(capacity)
        member = Member(self.store, Runner(runner_id=name, capacity=capacity, name=f"machine-{name}", **more))
        holder.listener = member
        self._running.append((member, asyncio.create_task(member.run(holder))))
        await asyncio.wait_for(member.registered.wait(), WAIT_S)
        return SimpleNamespace(member=member, holder=holder)

    def join(self, session_id, *, room="", role="bot", tenant="default", joined=True, **more):
        """Ask for a session; with `joined`, wait until a runner has it."""
        spec = SessionSpec(session_id=session_id, bot="hello", flow="hello", tenant=tenant, room=Room(role=role))
        self.do(self.store.join(Request(spec=spec, room=room or session_id, **more)))
        if joined:
            self.until(session_id, "joined")

    def until(self, session_id, state):
        self.do(self._until(session_id, state))

    async def _until(self, session_id, state):
        async with asyncio.timeout(WAIT_S):
            while (await self.store.session(session_id)).state != state:
                await asyncio.sleep(0.01)

    def key(self, *scopes, tenant="default"):
        """A new key; from then on the gateway wants one."""
        from framework.web.keyring import keyring_of

        key, record = apikeys.issue("a test", tenant=tenant, scopes=scopes)
        self.do(keyring_of(self.root, store=self.store, environment=self.environment).put(record))
        return key.text

    def close(self):
        if self._serving:
            self.shut()
        self.do(self._close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(WAIT_S)
        self.loop.close()

    async def _close(self):
        for member, task in self._running:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await member.close()
        await self.store.close()


@pytest.fixture
def fleet(tmp_path, monkeypatch):
    """A fleet whose gateway the commands of this test ask."""
    (tmp_path / "convo.yaml").write_text("bots: {}\n")
    fleet = Fleet(tmp_path)
    fleet.open()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONVO_GATEWAY", fleet.url)
    monkeypatch.delenv("CONVO_API_KEY", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    yield fleet
    fleet.close()


@pytest.fixture
def wide(monkeypatch):
    """A terminal in which nothing need be cut."""
    monkeypatch.setenv("COLUMNS", "160")
