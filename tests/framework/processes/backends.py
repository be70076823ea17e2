"""Backends for tests: sessions without Pipecat, and ways to misbehave that a session's inputs ask for."""

from __future__ import annotations

import asyncio
import importlib
import os
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from framework.errors import MissingExtraError, SessionError
from framework.processes.worker import Result
from framework.sessions.events import Event, iso
from framework.sessions.spec import SessionSpec


class Echo:
    """Sessions that repeat what they hear."""

    def __init__(self, root: Path, stack: str) -> None:
        self.root, self.stack = root, stack

    async def prepare(self, tell: Callable[[str], None]) -> None:
        tell("loading ears")

    def open(self, spec: SessionSpec, on_event: Callable[[Event], None], *, client_s: float, **_: Any) -> EchoSession:
        return EchoSession(spec, on_event, client_s)


class Broken(Echo):
    """Never gets ready."""

    async def prepare(self, tell: Callable[[str], None]) -> None:
        raise MissingExtraError("the package `ears` is not installed", fix="Run `pip install ears`.")


class Numbers(Echo):
    """Loads a library with chance, and threads, of its own."""

    async def prepare(self, tell: Callable[[str], None]) -> None:
        importlib.import_module("numpy")
        importlib.import_module("onnxruntime")


class Threaded(Echo):
    """Keeps a thread."""

    async def prepare(self, tell: Callable[[str], None]) -> None:
        threading.Thread(target=threading.Event().wait, name="keeper", daemon=True).start()


class EchoSession:
    """One session; `inputs.behave` says how it misbehaves."""

    def __init__(self, spec: SessionSpec, on_event: Callable[[Event], None], client_s: float) -> None:
        self.spec, self.on_event, self.client_s = spec, on_event, client_s
        self.behave = spec.inputs.get("behave", "")
        self.came, self.over = asyncio.Event(), asyncio.Event()
        self.reason = "done"
        self.heard: list[str] = []
        self.app = Starlette(
            routes=[
                WebSocketRoute("/{path}", self._socket),
                Route("/api/offer", self._offer, methods=["POST", "PATCH"]),
            ]
        )

    async def run(self, phase: Callable[[str], None]) -> Result:
        phase("waiting")
        self._tell("node.entered", node="greet", kind="say", depth=0)
        if self.spec.transport != "headless":
            try:
                await asyncio.wait_for(self.came.wait(), self.client_s)
            except TimeoutError:
                return Result(reason="never_joined", failed=True, message="nobody connected in time")
        phase("talking")
        await self.over.wait()
        if self.behave == "stuck":
            await asyncio.Event().wait()
        return Result(reason=self.reason)

    def lease(self, until: float) -> None:
        self.until = until
        if until < 0 and self.behave == "fence":
            self.behave = "silenced"

    async def order(self, order: Any, tell: Callable[[str, str], None]) -> None:
        match order.kind:
            case "goto" if order.node != "help":
                raise SessionError(f"there is no node `{order.node}`", fix="Did you mean `help`?")
            case "say":
                self._obey(order.text)
            case "end":
                self.finish(order.reason)
        tell("applied", "")
        if order.kind == "say" and order.text != "never said":
            tell("spoken", "")

    def _obey(self, text: str) -> None:
        """What a test wants this process to do, or to tell."""
        match text.split():
            case ["block"]:
                threading.Event().wait(1000)
            case ["spin"]:
                while True:
                    pass
            case ["crash"]:
                os.abort()
            case ["take", megabytes]:
                self.heard.append("x" * int(megabytes) * 2**20)
            case ["secret"]:
                self.heard.append(os.environ.get("EARS_API_KEY", ""))
            case ["lease"]:
                raise SessionError(f"I may speak until {self.until}")
            case ["numbers"]:
                raise SessionError(f"{random.random()} {importlib.import_module('numpy').random.random()}")

    async def stop(self, reason: str) -> None:
        self.finish(reason)

    async def cancel(self, reason: str) -> None:
        self.finish("silenced" if self.behave == "silenced" else reason)

    def finish(self, reason: str) -> None:
        self.reason = reason
        self.over.set()

    async def _socket(self, websocket: WebSocket) -> None:
        await websocket.accept()
        self.came.set()
        try:
            while (text := await websocket.receive_text()) != "bye":
                environment = {"env": os.environ.get(text[4:]), "pid": os.getpid()} if text.startswith("env ") else text
                await websocket.send_json({"heard": environment, "session": self.spec.session_id})
        except WebSocketDisconnect:
            if self.behave == "deaf":
                return  # doesn't notice that the client is gone
            self.finish("hangup")
        else:
            self.finish("done")
            await websocket.close(1000)

    async def _offer(self, request: Request) -> JSONResponse:
        self.came.set()
        headers = {name: request.headers[name] for name in request.headers}
        return JSONResponse({"answer": (await request.body()).decode(), "headers": headers, "method": request.method})

    def _tell(self, event_type: str, /, **data: Any) -> None:
        self.on_event(
            Event(type=event_type, session=self.spec.session_id, flow=self.spec.flow, time=iso(time.time()), data=data)
        )
