"""Turn a request to start into a SessionSpec, or say which name in it nothing answers to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult

from framework.control.records import OVER
from framework.errors import UnknownNameError, UserError
from framework.flows.inputs import admit as admit_inputs
from framework.sessions.spec import Room, SessionSpec
from framework.suggest import did_you_mean
from framework.web.ports import RefusedError, SessionView
from framework.web.schemas import StartAnswer, StartRequest

if TYPE_CHECKING:
    from framework.project import Bot, Project

OFFERED = {"webrtc": "smallwebrtc", "smallwebrtc": "smallwebrtc", "websocket": "websocket"}
"""What a client may ask for, and the transport plugin that answers."""

FOR_TESTS = {"headless": "headless"}
"""Further ones while `CONVO_PROFILE=test`: a session without a client, for measuring."""

_PLURALS = {"flow": "flows", "personality": "personalities", "stack": "stacks"}


@dataclass(kw_only=True, slots=True)
class Wanted:
    """What somebody asks for, by whichever door; empty where nothing was said."""

    bot: str = ""
    flow: str = ""
    personality: str = ""
    stack: str = ""
    channel: str = ""
    transport: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    identity: dict[str, Any] | None = None
    tenant: str = "default"
    room: Room = field(default_factory=Room)
    not_after: float | None = None


def wanted_of(request: StartRequest) -> Wanted:
    """What a request in Pipecat's shape asks for."""
    body = request.body
    return Wanted(
        bot=body.bot,
        flow=body.flow,
        personality=body.personality,
        stack=body.stack,
        channel=body.channel,
        transport=request.transport or ("daily" if request.createDailyRoom else ""),
        inputs=body.inputs,
        identity=body.identity,
    )


def spec_of(request: StartRequest, project: Project, *, stack: str = "", test_profile: bool = False) -> SessionSpec:
    """The session that was asked for in Pipecat's shape."""
    return session_of(wanted_of(request), project, stack=stack, test_profile=test_profile)


def session_of(wanted: Wanted, project: Project, *, stack: str = "", test_profile: bool = False) -> SessionSpec:
    """The session that was asked for; every name in it is the project's."""
    name = wanted.bot or ("" if wanted.flow else project.default_bot) or ""
    if not name and not wanted.flow:
        raise UserError("neither a bot nor a flow is named", fix=f"Name a `bot`. {did_you_mean('', project.bots)}")
    bot = _bot(project, name) if name else None
    for kind, asked in (("flow", wanted.flow), ("personality", wanted.personality), ("stack", wanted.stack)):
        if asked:
            _known(kind, asked, project.names(_PLURALS[kind]))
    flow = wanted.flow or (bot.flow if bot else "")
    admit_inputs(project.flow_path(flow), project.root, wanted.inputs)
    channel, transport = _way(wanted, bot, OFFERED | FOR_TESTS if test_profile else OFFERED)
    return SessionSpec(
        tenant=wanted.tenant,
        bot=name,
        flow=flow,
        personality=wanted.personality or (bot.personality if bot else "") or "",
        stack=wanted.stack or stack or (bot.stack if bot else "") or "",
        channel=channel,
        transport=transport,
        room=wanted.room,
        inputs=wanted.inputs,
        config=wanted.config,
        identity=wanted.identity,
        not_after=wanted.not_after,
    )


def admit(spec: SessionSpec, project: Project, sessions: Iterable[SessionView]) -> None:
    """Keep to the `max_sessions` of the session's bot."""
    limit = project.bots[spec.bot].max_sessions if spec.bot else None
    live = sum(view.bot == spec.bot and view.state not in OVER for view in sessions)
    if limit is not None and live >= limit:
        raise RefusedError(
            f"the bot `{spec.bot}` has {live} of at most {limit} sessions",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            retry_after_s=10,
            fix="Try again later, or raise its `max_sessions` in convo.yaml.",
        )


def answer(spec: SessionSpec, request: StartRequest, url: SplitResult) -> StartAnswer:
    """Where the client goes next."""
    if spec.transport == "websocket":
        scheme = "wss" if url.scheme == "https" else "ws"
        return StartAnswer(
            sessionId=spec.session_id, wsUrl=f"{scheme}://{url.netloc}/sessions/{spec.session_id}/ws-client"
        )
    # No ICE servers are ours to name, and a public one would be another host.
    ice: dict[str, Any] | None = {"iceServers": []} if request.enableDefaultIceServers else None
    return StartAnswer(sessionId=spec.session_id, iceConfig=ice)


def _bot(project: Project, name: str) -> Bot:
    _known("bot", name, project.bots)
    return project.bots[name]


def _way(wanted: Wanted, bot: Bot | None, offered: dict[str, str]) -> tuple[str, str]:
    """Channel and transport."""
    asked = wanted.transport
    if not asked:
        asked = "websocket" if wanted.channel == "text" else (bot.transport if bot else "") or "webrtc"
        asked = asked if asked in offered else "webrtc"
    _known("transport", asked, offered)
    if wanted.channel == "text" and offered[asked] == "smallwebrtc":
        raise RefusedError("a text session goes over `websocket`", status=422, fix="Leave `transport` out.")
    return wanted.channel or "voice", offered[asked]


def _known(kind: str, name: str, names: Collection[str]) -> None:
    if name not in names:
        raise UnknownNameError(f"there is no {kind} `{name[:100]}`", fix=did_you_mean(name, names))
