"""One conversation, or a few of text, then exit: the child process of a runner.

The control socket is read by a thread of its own, so that even a stuck event loop can't keep the process alive
once its supervisor has gone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import faulthandler
import importlib
import math
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Protocol, cast

import uvicorn
from loguru import logger
from pydantic import BaseModel, ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from framework import failpoints
from framework.errors import FrameworkError
from framework.log import set_up
from framework.processes.keeper import Keeper, left_off
from framework.processes.messages import (
    TO_WORKER,
    Beat,
    Broken,
    Cancel,
    Ended,
    Happened,
    Lease,
    Leave,
    Obey,
    Obeyed,
    Phase,
    Preparing,
    Start,
    Stop,
    Warm,
    line,
)
from framework.processes.serving import config_of, server_of
from framework.sessions.checkpoints import Checkpoint, Checkpoints
from framework.sessions.events import Event
from framework.sessions.orders import AnyOrder
from framework.sessions.spec import SessionSpec

_ORPHAN_S = 3.0
"""How long a worker whose supervisor is gone may take to end its sessions."""
_BEAT_S = 1.0
_BACKLOG = 128


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a conversation ended."""

    reason: str
    failed: bool = False
    message: str = ""


class Session(Protocol):
    """One session of a backend."""

    @property
    def app(self) -> ASGIApp:
        """Answers HTTP and WebSocket below `/sessions/{id}`."""
        ...

    async def run(self, phase: Callable[[str], None]) -> Result:
        """Wait for the client, converse, end."""
        ...

    async def order(self, order: AnyOrder, tell: Callable[[str, str], None]) -> None:
        """Carry an order out and tell its status and, where it is refused, why.

        `applied` may be followed by `spoken`. Raises `FrameworkError` to refuse it.
        """
        ...

    def lease(self, until: float) -> None:
        """Speak until this moment of `time.monotonic()` and no longer, unless there is another lease by then."""
        ...

    async def stop(self, reason: str) -> None:
        """End politely."""
        ...

    async def cancel(self, reason: str) -> None:
        """End now."""
        ...


class Backend(Protocol):
    """What sessions run on: Pipecat (`framework.processes.live`), or a test's own."""

    async def prepare(self, tell: Callable[[str], None]) -> None:
        """Load what is heavy and finish one dry run."""
        ...

    def open(
        self,
        spec: SessionSpec,
        on_event: Callable[[Event], None],
        *,
        client_s: float,
        checkpoints: Checkpoints | None = None,
        resume: Checkpoint | None = None,
    ) -> Session:
        """Set up a session; nothing happens before `run`.

        Args:
            spec: What to run.
            on_event: Gets every event.
            client_s: How long the client has to connect.
            checkpoints: Where its state is kept, if anywhere.
            resume: Where an earlier process left off; where that doesn't fit any more, the session begins anew.
        """
        ...


async def prepare(backend: Backend, say: Callable[[BaseModel], None]) -> bool:
    """Let the backend get ready; what it does, and what goes wrong, is said."""
    try:
        await backend.prepare(lambda text: say(Preparing(text=text)))
    except FrameworkError as error:
        say(Broken(message=error.message, fix=error.fix))
    except Exception as error:  # noqa: BLE001 - whatever a backend raises, the supervisor must hear of it
        logger.opt(exception=True).error("a worker could not get ready")
        say(Broken(message=f"getting ready failed: {type(error).__name__}: {error}"))
    else:
        return True
    return False


def rehearse_http() -> None:
    """Import what serving HTTP and WebSocket needs."""
    _http(_not_here).load()


def _http(app: ASGIApp) -> uvicorn.Config:
    return config_of(app, interface="asgi3", ws_max_size=1 << 20)


class Worker:
    """The process: hears its supervisor, runs sessions, says what happens."""

    def __init__(
        self,
        backend: Backend,
        control: socket.socket,
        socket_path: Path,
        *,
        client_s: float,
        prepared: bool = False,
    ) -> None:
        self._backend = backend
        self._control = control
        self._path = socket_path
        self._client_s = client_s
        self._prepared = prepared
        self._loop = asyncio.get_running_loop()
        self._live: dict[str, Session] = {}
        self._opened: dict[str, asyncio.Future[Session | None]] = {}
        self._until: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._left = asyncio.Event()
        self._writing = threading.Lock()

    async def run(self) -> None:
        """Get ready, then serve until told to leave."""
        threading.Thread(target=self._listen, name="control", daemon=True).start()
        self._keep(self._beat(), name="beat")
        if self._prepared or await prepare(self._backend, self.say):
            with self._bound() as listening:
                self._keep(self._serve(listening), name="http")
                self.say(Warm())
                await self._left.wait()

    def say(self, message: BaseModel) -> None:
        """Tell the supervisor; when it is gone, so are we, and the thread that listens sees to that."""
        with self._writing, contextlib.suppress(OSError):
            self._control.sendall(line(message))

    def _bound(self) -> socket.socket:
        """Whoever connects from now on is heard, if only a moment later."""
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listening.bind(str(self._path))
        listening.listen(_BACKLOG)
        return listening

    async def _serve(self, listening: socket.socket) -> None:
        await server_of(_http(self._app)).serve(sockets=[listening])

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request below `/sessions/{id}` to that session."""
        _, _, rest = scope["path"].partition("/sessions/")
        session, _, path = rest.partition("/")
        live = self._live.get(session)
        if live is None:
            await _not_here(scope, receive, send)
        else:
            await live.app({**scope, "path": f"/{path}", "raw_path": f"/{path}".encode()}, receive, send)

    # --- what the supervisor says ---------------------------------------------

    def _listen(self) -> None:
        """Runs in its own thread."""
        with contextlib.suppress(OSError, RuntimeError), self._control.makefile("rb") as lines:
            for written in lines:
                self._loop.call_soon_threadsafe(self._take, written)
        threading.Timer(_ORPHAN_S, os._exit, args=(0,)).start()
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._orphaned)

    def _orphaned(self) -> None:
        for live in self._live.values():
            self._keep(live.cancel("lost"), name="orphan")
        if not self._live:
            self._left.set()

    def _take(self, written: bytes) -> None:
        try:
            message = TO_WORKER.validate_json(written)
        except ValidationError:
            logger.error("the supervisor said what this worker doesn't understand; is it of another version?")
            return
        match message:
            case Start(spec=spec):
                self._until[spec.session_id] = math.inf if message.until is None else message.until
                self._opened[spec.session_id] = self._loop.create_future()
                self._keep(self._play(message), name=f"{spec.session_id}: play")
            case Lease(session=session, until=until):
                self._lease(session, until)
            case Obey():
                self._keep(self._obey(message), name=f"{message.session}: order")
            case Stop():
                self._keep(self._end(message), name=f"{message.session}: stop")
            case Cancel(session=session):
                if message.silent:
                    self._lease(session, -math.inf)
                self._keep(self._end(message), name=f"{session}: cancel")
            case Leave():
                self._left.set()

    def _lease(self, session: str, until: float) -> None:
        if session in self._until:
            self._until[session] = until
        if session in self._live:
            self._live[session].lease(until)

    async def _there(self, session: str) -> Session | None:
        """The session, once it is opened; `None` when it is over or there is none."""
        opened = self._opened.get(session)
        return await asyncio.shield(opened) if opened else None

    async def _end(self, asked: Stop | Cancel) -> None:
        live = await self._there(asked.session)
        if live is not None:
            await (live.stop(asked.reason) if isinstance(asked, Stop) else live.cancel(asked.reason))

    async def _play(self, start: Start) -> None:
        session = start.spec.session_id
        failpoints.reach("worker.given")
        os.environ.update(start.secrets)
        with logger.contextualize(session=session, tenant=start.spec.tenant):
            result = await self._result_of(start)
        self._live.pop(session, None)
        self._until.pop(session, None)
        opened = self._opened.pop(session)
        if not opened.done():
            opened.set_result(None)
        status = "failed" if result.failed else "ended"
        failpoints.reach("worker.over")
        self.say(Ended(session=session, reason=result.reason, status=status, message=result.message))
        failpoints.reach("worker.ended")

    async def _result_of(self, start: Start) -> Result:
        spec, session = start.spec, start.spec.session_id
        keeper = Keeper(session, self._control, self.say, secrets=start.keeps == "all")
        try:
            live = self._live[session] = self._backend.open(
                spec,
                self._happened(session),
                client_s=self._client_s,
                checkpoints=None if start.keeps == "off" else keeper,
                resume=left_off(start.checkpoint),
            )
            live.lease(self._until[session])
            self._opened[session].set_result(live)
            failpoints.reach("worker.opened")
            return await live.run(lambda phase: self._phase(session, phase))
        except FrameworkError as error:
            return Result(reason="error", failed=True, message=str(error))
        except Exception as error:  # noqa: BLE001 - one session fails, the process says so
            logger.opt(exception=True).error("a session failed")
            return Result(reason="error", failed=True, message=f"{type(error).__name__}: {error}")
        finally:
            keeper.close()

    def _phase(self, session: str, phase: str) -> None:
        failpoints.reach("worker.phase")
        self.say(Phase.model_validate({"session": session, "phase": phase}))

    def _happened(self, session: str) -> Callable[[Event], None]:
        def happened(event: Event) -> None:
            failpoints.reach("worker.event")
            self.say(Happened(session=session, event=event.as_json()))

        return happened

    async def _obey(self, obey: Obey) -> None:
        def tell(status: str, why: str = "") -> None:
            self.say(Obeyed(session=obey.session, order_id=obey.order.order_id, status=status, why=why))

        live = await self._there(obey.session)
        if live is None:
            tell("refused", "the session has ended")
            return
        try:
            await live.order(obey.order, tell)
        except FrameworkError as error:
            tell("refused", str(error))
        except Exception as error:  # noqa: BLE001 - an order is refused, the session lives
            logger.opt(exception=True).error("an order failed")
            tell("refused", f"the order failed: {type(error).__name__}")

    async def _beat(self) -> None:
        while True:
            due = time.monotonic() + _BEAT_S
            await asyncio.sleep(_BEAT_S)
            lag_ms = max(0.0, time.monotonic() - due) * 1000
            self.say(
                Beat(lag_ms=round(lag_ms, 1), rss_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
            )

    def _keep(self, work: Coroutine[Any, Any, None] | Awaitable[None], *, name: str) -> None:
        task = asyncio.create_task(cast("Coroutine[Any, Any, None]", work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.opt(exception=error).error("a worker's task failed")


async def _not_here(scope: Scope, receive: Receive, send: Send) -> None:
    """The session isn't here (any more)."""
    await receive()
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4404, "reason": "no such session"})
        return
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def arguments(program: str, argv: Sequence[str] | None) -> argparse.Namespace:
    """What a supervisor tells the processes that it starts."""
    parser = argparse.ArgumentParser(prog=program, description="A runner's child; not to be started by hand.")
    parser.add_argument("--control", type=int, required=True, help="number of the open control socket")
    parser.add_argument("--socket", type=Path, help="Unix socket to serve signalling on")
    parser.add_argument("--root", type=Path, required=True, help="the project's folder")
    parser.add_argument("--backend", required=True, help="module:class that sessions run on")
    parser.add_argument("--stack", default="", help="the stack to load ahead")
    parser.add_argument("--client-s", type=float, default=60.0, help="seconds a client has to connect")
    return parser.parse_args(argv)


def backend_of(asked: argparse.Namespace) -> Backend:
    """What sessions run on, as the arguments name it."""
    module, _, name = asked.backend.partition(":")
    backend: Backend = getattr(importlib.import_module(module), name)(asked.root, asked.stack)
    return backend


def live(work: Callable[[], Coroutine[Any, Any, None]]) -> NoReturn:
    """Run until it is over, and go by `os._exit`: native libraries with threads may never finish an ordinary exit."""
    code = 0
    try:
        asyncio.run(work(), debug=False)
    except BaseException:  # noqa: BLE001 - whatever it was: say it, and go
        logger.opt(exception=True).error("a worker died")
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main(argv: Sequence[str] | None = None) -> None:
    """Live as a worker."""
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    set_up()
    asked = arguments("worker", argv)
    control = socket.socket(fileno=asked.control)

    async def work() -> None:
        await Worker(backend_of(asked), control, asked.socket, client_s=asked.client_s).run()

    live(work)


if __name__ == "__main__":
    main()
