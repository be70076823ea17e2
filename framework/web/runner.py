"""The private door of a runner: start, leave, orders, signalling passed on to workers, and the page."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from framework.errors import FrameworkError
from framework.sessions.orders import ORDER
from framework.sessions.spec import SessionSpec
from framework.web import bodies, bots, forward, page, problems
from framework.web.auth import Denied, Guard
from framework.web.harness import Harness
from framework.web.limits import read_json
from framework.web.ports import Sessions
from framework.web.schemas import LeaveRequest, RunnerStartRequest, StartBody, StartRequest
from framework.web.starting import admit, answer, spec_of
from framework.web.webhooks import is_probe, once, verify_daily

if TYPE_CHECKING:
    from framework.project import Project

_UNHEARD = {"/health", "/ready", "/login", "/page/page.css", "/daily/webhook"}
"""What one who has yet to show the token may reach: probes have none, a webhook brings a signature instead."""
_CALL = "dialin"
"""The webhook that wants a bot: somebody rings."""
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]
_REFUSED = 4403
_NOT_FOUND = 4404


@dataclass(frozen=True, kw_only=True)
class Door:
    """What the application is made of."""

    sessions: Sessions
    project: Callable[[], Project]
    """Reads the project anew, so that a changed flow counts for the next session."""
    guard: Guard = field(default_factory=Guard)
    stack: str = ""
    test_profile: bool = False
    webhook_secret: str = field(default="", repr=False)
    """What Daily signs with; empty: its webhooks are refused."""
    webhook_bot: str = ""
    """The bot of a call that names none."""

    def spec(self, request: StartRequest) -> SessionSpec:
        """What was asked for, admitted."""
        project = self.project()
        spec = spec_of(request, project, stack=self.stack, test_profile=self.test_profile)
        if isinstance(request, RunnerStartRequest):
            spec = spec.model_copy(update=request.body.model_dump(include={"epoch"}))
            if request.body.session_id:
                spec = spec.model_copy(update={"session_id": request.body.session_id})
        if spec.session_id in {view.session_id for view in self.sessions.all()}:
            return spec  # whether it is the same one, the supervisor knows
        admit(spec, project, self.sessions.all())
        return spec


def make_app(door: Door) -> ASGIApp:
    """The application, behind its guard."""
    app = FastAPI(title="Convo runner", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    problems.install(app)
    _add_sessions(app, door)
    _add_webhook(app, door)
    _add_signalling(app, door)
    _add_state(app, door)
    page.add(app, door.guard)
    return Guarded(app, door.guard, door.sessions)


class Guarded:
    """ASGI middleware: nothing passes that the guard denies."""

    def __init__(self, app: ASGIApp, guard: Guard, sessions: Sessions) -> None:
        self._app, self._guard, self._sessions = app, guard, sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass or say why not."""
        denied = None
        if scope["type"] in ("http", "websocket"):
            headers = Headers(scope=scope)
            denied = self._guard.denies(headers)
            if denied and denied.status == 401 and scope["path"] in _UNHEARD:  # noqa: PLR2004 - an HTTP status
                denied = None
        if denied is None:
            await self._app(scope, receive, send)
            return
        self._sessions.refused("requests")
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": _REFUSED, "reason": denied.detail[:120]})
        else:
            await _denial(denied, Headers(scope=scope), scope)(scope, receive, send)


def _denial(denied: Denied, headers: Headers, scope: Scope) -> Response:
    """A browser that opens the page gets the sign-in form; everyone else a problem."""
    if denied.status == 401:  # noqa: PLR2004 - an HTTP status
        if scope["path"] == "/" and "text/html" in headers.get("accept", ""):
            return page.sign_in(401)
        refusal = problems.problem(401, denied.detail, fix=denied.fix)
        refusal.headers["WWW-Authenticate"] = "Bearer"
        return refusal
    return problems.problem(denied.status, denied.detail, fix=denied.fix)


def _add_sessions(app: FastAPI, door: Door) -> None:
    @app.post("/start")
    async def start(request: Request) -> JSONResponse:
        """Start a session, in the shape of Pipecat's clients."""
        asked = RunnerStartRequest.model_validate(await read_json(request, bodies.JSON_LIMIT))
        spec = door.spec(asked)
        await door.sessions.start(spec)
        url = urlsplit(str(request.url))
        return JSONResponse(answer(spec, asked, url).model_dump(exclude_none=True))

    @app.get("/sessions")
    async def sessions() -> dict[str, Any]:
        """Sessions that live, and those that ended lately."""
        return {"sessions": [asdict(view) for view in door.sessions.all()]}

    @app.get("/sessions/{session_id}")
    async def session(session_id: str) -> dict[str, Any]:
        """One session."""
        return asdict(door.sessions.view(session_id))

    @app.post("/sessions/{session_id}/leave", status_code=202)
    async def leave(session_id: str, request: Request) -> dict[str, str]:
        """End a session."""
        door.sessions.view(session_id)
        asked = LeaveRequest.model_validate(await read_json(request, bodies.JSON_LIMIT))
        door.sessions.leave(session_id, asked.reason)
        return {"session_id": session_id, "status": "ending"}

    @app.post("/sessions/{session_id}/orders", status_code=202)
    async def orders(session_id: str, request: Request) -> dict[str, str]:
        """Tell a session to say, instruct, goto, set or end."""
        door.sessions.view(session_id)
        order = ORDER.validate_python(await read_json(request, bodies.JSON_LIMIT))
        return {"order_id": order.order_id, "status": await door.sessions.ordered(session_id, order)}


def _add_webhook(app: FastAPI, door: Door) -> None:
    seen = Seen()

    @app.post("/daily/webhook", status_code=202)
    async def daily_webhook(request: Request, bot: str = "") -> JSONResponse:
        """Signed by Daily: a phone call starts a session, of the bot in `?bot=`."""
        body = await bodies.read(request, bodies.JSON_LIMIT)
        if door.webhook_secret and is_probe(body):
            return JSONResponse({"status": "ok"})
        event = verify_daily(request.headers, body, door.webhook_secret)
        await once(event, seen)
        if event.type != _CALL:
            return JSONResponse({"status": "heard"})
        asked = StartRequest(body=StartBody(bot=bot[:200] or door.webhook_bot))
        spec = door.spec(asked).model_copy(update={"config": {"call": event.payload}})
        await door.sessions.start(spec)
        return JSONResponse({"session_id": spec.session_id, "status": "starting"}, 202)


class Seen:
    """What one process remembers for a while: enough for a runner by itself."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    async def __call__(self, what: str, ttl_s: float) -> bool:
        """Whether this was seen before; it is, from now on."""
        now = time.monotonic()
        self._until = {key: until for key, until in self._until.items() if until > now}
        known = what in self._until
        self._until[what] = now + ttl_s
        return known


def _add_signalling(app: FastAPI, door: Door) -> None:
    @app.api_route("/sessions/{session_id}/{path:path}", methods=_METHODS, include_in_schema=False)
    async def signalling(session_id: str, path: str, request: Request) -> Response:
        """Whatever the session's transport answers, such as `POST|PATCH api/offer`."""
        return await forward.http(request, door.sessions.socket(session_id), f"/sessions/{session_id}/{path}")

    @app.websocket("/sessions/{session_id}/{path:path}")
    async def session_socket(client: WebSocket, session_id: str, path: str) -> None:
        """The WebSocket of a session that `/start` made."""
        await _pass_on(client, door, session_id, path)

    @app.websocket("/ws-client")
    async def new_session_socket(client: WebSocket) -> None:
        """A session of the default bot, or of `?bot=`, on this WebSocket."""
        await _start_on(client, door, "websocket", "ws-client")

    if door.test_profile:

        @app.websocket("/ws")
        async def harness_socket(client: WebSocket) -> None:
            """A session for Pipecat's eval harness: typed where it wants no audio, else spoken."""
            async with Harness(client) as harness:
                if channel := await harness.channel():
                    await _start_on(client, door, "eval", "ws", channel=channel, receive=harness.receive)


def _add_state(app: FastAPI, door: Door) -> None:
    @app.get("/health")
    async def health() -> dict[str, Any]:
        """The process lives."""
        return {"status": "ok", "counts": door.sessions.counts()}

    @app.get("/ready")
    async def ready() -> JSONResponse:
        """A session would start at once; 503 while none would."""
        state = door.sessions.readiness()
        return JSONResponse(asdict(state), 200 if state.ready else 503)

    @app.get("/bots")
    async def offered() -> dict[str, Any]:
        """The bots one can talk to."""
        return bots.listed(door.project())

    @app.get("/bots/{name}/graph")
    async def graph(name: str) -> dict[str, Any]:
        """A bot's flow, to be drawn."""
        return bots.graph(door.project(), name)


async def _start_on(
    client: WebSocket,
    door: Door,
    transport: str,
    path: str,
    *,
    channel: str = "voice",
    receive: forward.Receive | None = None,
) -> None:
    """Start a session for a client that came without `/start`."""
    body = {key: client.query_params[key] for key in ("bot", "channel") if key in client.query_params}
    body.setdefault("channel", channel)
    try:
        spec = door.spec(StartRequest.model_validate({"transport": "websocket", "body": body}))
        spec = spec.model_copy(update={"transport": transport})
        await door.sessions.start(spec)
    except (FrameworkError, ValueError) as error:
        await client.close(_REFUSED, str(error)[:120])
        return
    await _pass_on(client, door, spec.session_id, path, receive)


async def _pass_on(
    client: WebSocket, door: Door, session_id: str, path: str, receive: forward.Receive | None = None
) -> None:
    try:
        socket = door.sessions.socket(session_id)
    except FrameworkError as error:
        await client.close(_NOT_FOUND, str(error)[:120])
        return
    try:
        await forward.websocket(client, socket, f"/sessions/{session_id}/{path}", door.sessions.refused, receive)
    finally:
        door.sessions.vanished(session_id)
