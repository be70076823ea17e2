"""Turn a request to start into a SessionSpec, or say which name in it nothing answers to."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult

from framework.errors import UnknownNameError
from framework.sessions.spec import SessionSpec
from framework.suggest import did_you_mean
from framework.web.ports import RefusedError, SessionView
from framework.web.schemas import StartAnswer, StartBody, StartRequest

if TYPE_CHECKING:
    from framework.project import Bot, Project

OFFERED = {"webrtc": "smallwebrtc", "smallwebrtc": "smallwebrtc", "websocket": "websocket"}
"""What a client may ask for, and the transport plugin that answers."""

FOR_TESTS = {"headless": "headless"}
"""Further ones while `CONVO_PROFILE=test`: a session without a client, for measuring."""


def spec_of(request: StartRequest, project: Project, *, stack: str = "", test_profile: bool = False) -> SessionSpec:
    """The session that was asked for."""
    body = request.body
    name = body.bot or ("" if body.flow else project.default_bot)
    bot = _bot(project, name) if name else None
    _known("flow", body.flow, project.names("flows"))
    _known("personality", body.personality, project.names("personalities"))
    _known("stack", body.stack, project.names("stacks"))
    channel, transport = _way(request, body, bot, OFFERED | (FOR_TESTS if test_profile else {}))
    return SessionSpec(
        bot=name,
        flow=body.flow or (bot.flow if bot else ""),
        personality=body.personality or (bot.personality if bot else "") or "",
        stack=body.stack or stack or (bot.stack if bot else "") or "",
        channel=channel,
        transport=transport,
        inputs=body.inputs,
        identity=body.identity,
    )


def admit(spec: SessionSpec, project: Project, sessions: Iterable[SessionView]) -> None:
    """Keep to the `max_sessions` of the session's bot."""
    limit = project.bots[spec.bot].max_sessions if spec.bot else None
    live = sum(view.bot == spec.bot and view.state not in ("ended", "failed") for view in sessions)
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


def _way(request: StartRequest, body: StartBody, bot: Bot | None, offered: dict[str, str]) -> tuple[str, str]:
    """Channel and transport."""
    asked = request.transport or ("daily" if request.createDailyRoom else "")
    if not asked:
        asked = "websocket" if body.channel == "text" else (bot.transport if bot else "") or "webrtc"
        asked = asked if asked in offered else "webrtc"
    _known("transport", asked, offered)
    if body.channel == "text" and offered[asked] == "smallwebrtc":
        raise RefusedError("a text session goes over `websocket`", status=422, fix="Leave `transport` out.")
    return body.channel or "voice", offered[asked]


def _known(kind: str, name: str, names: Iterable[str]) -> None:
    known = list(names)
    if name and name not in known:
        raise UnknownNameError(f"there is no {kind} `{name[:100]}`", fix=did_you_mean(name, known))
