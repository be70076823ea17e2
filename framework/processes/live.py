"""Sessions on Pipecat: what a worker runs when it isn't under test."""

from __future__ import annotations

import asyncio
import gc
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loguru import logger
from starlette.applications import Starlette
from starlette.types import ASGIApp

from framework.engine.orders import ended
from framework.errors import SessionError
from framework.plugins.host import PluginHost
from framework.plugins.transports import Transport, TransportContext
from framework.processes.worker import Result
from framework.project import Project
from framework.runtime.conversation import Tell
from framework.runtime.rtvi import Door
from framework.runtime.session import LiveSession
from framework.runtime.switchboard import named
from framework.services.model import StackModel
from framework.services.stacks import find, load_stack, needed
from framework.sessions.checkpoints import Checkpoint, Checkpoints
from framework.sessions.events import Event
from framework.sessions.orders import AnyOrder, End
from framework.sessions.spec import SessionSpec

REHEARSAL = Path(__file__).parent / "rehearsal.yaml"
REHEARSAL_S = 60.0
HEADLESS = "headless"
DEFAULT_STACK = "offline"


class LiveBackend:
    """The project's plugins and services, loaded once for all sessions of this process."""

    def __init__(self, root: Path, stack: str) -> None:
        self._root = root
        self._stack = stack
        self._project = Project.find(root)
        self._host = PluginHost()

    async def prepare(self, tell: Callable[[str], None]) -> None:
        """Load plugins, transports and models; play the rehearsal once."""
        tell("loading plugins")
        self._host = PluginHost.load(self._project)
        for problem in self._host.problems:
            logger.bind(plugin=problem.plugin, problem=problem.sentence).warning("a plugin was left out")
        named(self._host, os.environ)  # one that isn't there is told now, not to the first who is put through
        tell("loading transports")
        self._load_transports()
        stack = self._stack_ahead()
        if self._is_local(stack):
            tell("loading speech and language")
            await self._rehearse(stack)
        gc.collect()
        gc.freeze()  # what is loaded stays; no collection need look at it again

    def open(
        self,
        spec: SessionSpec,
        on_event: Callable[[Event], None],
        *,
        client_s: float,
        checkpoints: Checkpoints | None = None,
        resume: Checkpoint | None = None,
    ) -> Talk:
        """A session; the project is read anew, so that what was changed since the worker started counts."""
        transport = None if spec.transport == HEADLESS else self._host.transports.get(spec.transport)
        project = Project.find(self._root)
        return Talk(
            spec,
            transport,
            project=project,
            host=self._host,
            on_event=on_event,
            client_s=client_s,
            checkpoints=checkpoints,
            resume=resume,
        )

    def _load_transports(self) -> None:
        """Import what the transports with signalling need, by asking each for an application that nobody uses."""
        for name in self._host.transports.names():
            transport = self._host.transports.get(name)
            if transport.needs_signalling:
                transport.signalling(SessionSpec(), _nobody)

    def _stack_ahead(self) -> StackModel:
        """The stack that the next session will probably use."""
        default = self._project.bots.get(self._project.default_bot or "")
        name = self._stack or (default.stack if default else DEFAULT_STACK)
        return load_stack(self._project.stack_path(name))[0]

    def _is_local(self, stack: StackModel) -> bool:
        """Whether the stack runs without anybody's key: only then may it be used before there is a session."""
        services = [(find(self._host, kind, ref.label), ref) for _, kind, ref in stack.chosen()]
        return not any(service and needed(service, ref) for service, ref in services)

    async def _rehearse(self, stack: StackModel) -> None:
        channel = "voice" if (stack.stt and stack.tts) or stack.s2s else "text"
        spec = SessionSpec(
            session_id="rehearsal", flow=str(REHEARSAL), stack=stack.stack, transport=HEADLESS, channel=channel
        )
        session = LiveSession(spec, project=self._project, host=self._host)
        async with asyncio.timeout(REHEARSAL_S):
            running = asyncio.create_task(session.run(), name="rehearsal")
            if await session.person():
                await session.hear("ready")
            outcome = await running
        if outcome.status != "ended":
            raise SessionError(f"the rehearsal failed: {outcome.message or outcome.reason}")


class Talk:
    """One session of a client with a bot."""

    def __init__(
        self,
        spec: SessionSpec,
        transport: Transport | None,
        *,
        project: Project,
        host: PluginHost,
        on_event: Callable[[Event], None],
        client_s: float,
        checkpoints: Checkpoints | None = None,
        resume: Checkpoint | None = None,
    ) -> None:
        self._spec = spec
        self._checkpoints = checkpoints
        self._resume = resume
        self._project = project
        self._host = host
        self._transport = transport
        self._on_event = on_event
        self._client_s = client_s
        self._connection: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()
        self._session: LiveSession | None = None
        self._early: list[tuple[AnyOrder, Tell]] = []
        self._until = math.inf
        self._reason = "error"
        self.app: ASGIApp = Starlette()
        if transport and transport.needs_signalling:
            self.app = transport.signalling(spec, self._connected)

    async def run(self, phase: Callable[[str], None]) -> Result:
        """Wait for the client, converse, end."""
        try:
            result = await self._run(phase)
            self._reason = result.reason
            return result
        finally:
            self._over.set()
            self._give_up(self._reason)

    async def order(self, order: AnyOrder, tell: Tell) -> None:
        """Give the session an order; before its client has come it waits, unless it ends the session."""
        if self._session is not None:
            await self._session.order(order, tell)
        elif self._over.is_set():
            tell("refused", ended(self._reason))
        elif isinstance(order, End):
            self._give_up(order.reason)
            tell("applied", "")
            await self.stop(order.reason)
        else:
            self._early.append((order, tell))

    def lease(self, until: float) -> None:
        """Be heard until this moment of `time.monotonic()`, and no longer."""
        self._until = until
        if self._session is not None:
            self._session.lease(until)

    async def stop(self, reason: str) -> None:
        """End politely."""
        if self._session is not None:
            await self._session.stop(reason)
        elif not self._connection.done():
            self._connection.set_exception(SessionError(reason))

    async def cancel(self, reason: str) -> None:
        """End now."""
        if self._session is not None:
            self._session.hang_up(reason)
        else:
            await self.stop(reason)

    async def _run(self, phase: Callable[[str], None]) -> Result:
        phase("waiting")
        try:
            connection = await self._client()
        except TimeoutError:
            return Result(reason="never_joined", failed=True, message="no client connected in time")
        except SessionError as stopped:
            return Result(reason=stopped.message)
        self._session = LiveSession(
            self._spec,
            project=self._project,
            host=self._host,
            transport=self._built(connection),
            door=Door() if self._transport else None,
            on_event=self._on_event,
            on_phase=phase,
            waits_for_client=self._transport is not None,
            checkpoints=self._checkpoints,
            resume=self._resume,
            or_anew=True,
        )
        self._session.lease(self._until)
        early, self._early = self._early, []
        for order, tell in early:
            await self._session.order(order, tell)
        outcome = await self._session.run()
        return Result(reason=outcome.reason, failed=outcome.status != "ended", message=outcome.message)

    def _give_up(self, reason: str) -> None:
        """The session ends before it has begun: what waited for it is refused."""
        early, self._early = self._early, []
        for _, tell in early:
            tell("refused", ended(reason))

    async def _client(self) -> Any:
        if self._transport is None or not self._transport.needs_signalling:
            return None
        return await asyncio.wait_for(self._connection, self._client_s)

    def _built(self, connection: Any) -> Any:
        if self._transport is None:
            return None
        return self._transport.build(TransportContext(session=self._spec, connection=connection))

    async def _connected(self, connection: Any) -> asyncio.Event:
        if not self._connection.done():
            self._connection.set_result(connection)
        return self._over


async def _nobody(_: Any) -> asyncio.Event:
    return asyncio.Event()
