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
from typing import Any, Protocol, cast

import uvicorn
from loguru import logger
from pydantic import BaseModel, ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from framework.errors import FrameworkError
from framework.log import set_up
from framework.processes.messages import (
    TO_WORKER,
    Beat,
    Broken,
    Cancel,
    Ended,
    Happened,
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
from framework.sessions.events import Event
from framework.sessions.orders import AnyOrder
from framework.sessions.spec import SessionSpec

_ORPHAN_S = 3.0
"""How long a worker whose supervisor is gone may take to end its sessions."""
_BEAT_S = 1.0


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

    async def order(self, order: AnyOrder) -> str:
        """Accept an order and return its status; raises `FrameworkError` to refuse it."""
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

    def open(self, spec: SessionSpec, on_event: Callable[[Event], None], *, client_s: float) -> Session:
        """Set up a session; nothing happens before `run`."""
        ...


class Worker:
    """The process: hears its supervisor, runs sessions, says what happens."""

    def __init__(self, backend: Backend, control: socket.socket, socket_path: Path, *, client_s: float) -> None:
        self._backend = backend
        self._control = control
        self._path = socket_path
        self._client_s = client_s
        self._loop = asyncio.get_running_loop()
        self._live: dict[str, Session] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._left = asyncio.Event()
        self._writing = threading.Lock()

    async def run(self) -> None:
        """Get ready, then serve until told to leave."""
        threading.Thread(target=self._listen, name="control", daemon=True).start()
        self._keep(self._beat(), name="beat")
        if await self._prepared():
            self._keep(self._serve(), name="http")
            await self._served()
            self.say(Warm())
            await self._left.wait()

    def say(self, message: BaseModel) -> None:
        """Tell the supervisor; when it is gone, so are we, and the thread that listens sees to that."""
        with self._writing, contextlib.suppress(OSError):
            self._control.sendall(line(message))

    async def _prepared(self) -> bool:
        try:
            await self._backend.prepare(lambda text: self.say(Preparing(text=text)))
        except FrameworkError as error:
            self.say(Broken(message=error.message, fix=error.fix))
        except Exception as error:  # noqa: BLE001 - whatever a backend raises, the supervisor must hear of it
            logger.opt(exception=True).error("a worker could not get ready")
            self.say(Broken(message=f"getting ready failed: {type(error).__name__}: {error}"))
        else:
            return True
        return False

    async def _serve(self) -> None:
        config = uvicorn.Config(
            self._app,
            interface="asgi3",
            uds=str(self._path),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws_max_size=1 << 20,
        )
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext  # type: ignore[assignment,method-assign]  # ours to handle
        await server.serve()

    async def _served(self) -> None:
        async with asyncio.timeout(10):
            while not self._path.exists():  # noqa: ASYNC110 - uvicorn has no event for this
                await asyncio.sleep(0.005)

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
            case Start():
                self._keep(self._play(message), name=f"{message.spec.session_id}: play")
            case Obey():
                self._keep(self._obey(message), name=f"{message.session}: order")
            case Stop(session=session, reason=reason) if session in self._live:
                self._keep(self._live[session].stop(reason), name=f"{session}: stop")
            case Cancel(session=session, reason=reason) if session in self._live:
                self._keep(self._live[session].cancel(reason), name=f"{session}: cancel")
            case Leave():
                self._left.set()

    async def _play(self, start: Start) -> None:
        session = start.spec.session_id
        os.environ.update(start.secrets)
        with logger.contextualize(session=session, tenant=start.spec.tenant):
            result = await self._result_of(start.spec)
        self._live.pop(session, None)
        status = "failed" if result.failed else "ended"
        self.say(Ended(session=session, reason=result.reason, status=status, message=result.message))

    async def _result_of(self, spec: SessionSpec) -> Result:
        session = spec.session_id
        try:
            live = self._live[session] = self._backend.open(spec, self._happened(session), client_s=self._client_s)
            return await live.run(lambda phase: self._phase(session, phase))
        except FrameworkError as error:
            return Result(reason="error", failed=True, message=str(error))
        except Exception as error:  # noqa: BLE001 - one session fails, the process says so
            logger.opt(exception=True).error("a session failed")
            return Result(reason="error", failed=True, message=f"{type(error).__name__}: {error}")

    def _phase(self, session: str, phase: str) -> None:
        self.say(Phase.model_validate({"session": session, "phase": phase}))

    def _happened(self, session: str) -> Callable[[Event], None]:
        return lambda event: self.say(Happened(session=session, event=event.as_json()))

    async def _obey(self, obey: Obey) -> None:
        live = self._live.get(obey.session)
        status, refused = "refused", "the session has ended"
        if live is not None:
            try:
                status, refused = await live.order(obey.order), ""
            except FrameworkError as error:
                refused = str(error)
            except Exception as error:  # noqa: BLE001 - an order is refused, the session lives
                logger.opt(exception=True).error("an order failed")
                refused = f"the order failed: {type(error).__name__}"
        self.say(Obeyed(session=obey.session, order_id=obey.order.order_id, status=status, refused=refused))

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


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="worker", description="A runner's child; not to be started by hand.")
    parser.add_argument("--control", type=int, required=True, help="number of the open control socket")
    parser.add_argument("--socket", type=Path, required=True, help="Unix socket to serve signalling on")
    parser.add_argument("--root", type=Path, required=True, help="the project's folder")
    parser.add_argument("--backend", required=True, help="module:class that sessions run on")
    parser.add_argument("--stack", default="", help="the stack to load ahead")
    parser.add_argument("--client-s", type=float, default=60.0, help="seconds a client has to connect")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Live as a worker. Leaves by `os._exit`: native libraries with threads may never finish an ordinary exit."""
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    set_up()
    asked = _arguments(argv)
    module, _, name = asked.backend.partition(":")
    control = socket.socket(fileno=asked.control)

    async def live() -> None:
        backend: Backend = getattr(importlib.import_module(module), name)(asked.root, asked.stack)
        await Worker(backend, control, asked.socket, client_s=asked.client_s).run()

    code = 0
    try:
        asyncio.run(live(), debug=False)
    except BaseException:  # noqa: BLE001 - whatever it was: say it, and go
        logger.opt(exception=True).error("a worker died")
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
