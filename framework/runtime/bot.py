"""The one entry point: `bot(runner_args)`, as Pipecat's runners call it.

`runner_args.body` carries the session: `{"spec": {…}}` with the keys of `SessionSpec`, or those keys themselves
(`{"bot": "clinic"}`); an empty body is the project's default bot. A module that says
`from framework.runtime.bot import bot` runs under Pipecat's development runner and on Pipecat Cloud.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from loguru import logger
from pydantic import ValidationError

from framework.errors import SessionError, UserError
from framework.plugins.host import PluginHost
from framework.project import Project
from framework.runtime.rtvi import Door
from framework.runtime.session import LiveSession
from framework.sessions.spec import SessionSpec

TELEPHONES = frozenset({"twilio", "telnyx", "plivo", "exotel"})
"""Transports whose callers speak no RTVI."""


async def bot(runner_args: Any) -> None:
    """Hold the conversation that `runner_args` asks for; returns when it is over.

    Raises:
        SessionError: The conversation failed.
    """
    project = Project.find()
    host = PluginHost.load(project)
    spec = spec_of(runner_args)
    transport = await _transport(runner_args, spec)
    telephone = getattr(runner_args, "transport_type", None) in TELEPHONES
    session = LiveSession(
        spec,
        project=project,
        host=host,
        transport=transport,
        door=None if telephone else Door(),
        on_event=lambda event: logger.bind(session=event.session, event=event.type).debug("session event"),
        waits_for_client=True,
    )
    outcome = await session.run()
    if outcome.status != "ended":
        raise SessionError(outcome.message or f"the session ended as `{outcome.status}`")


def spec_of(runner_args: Any) -> SessionSpec:
    """The session that a runner's arguments ask for.

    Raises:
        UserError: The body is none that we know.
    """
    body = getattr(runner_args, "body", None) or {}
    given = body.get("spec", body) if isinstance(body, Mapping) else None
    if not isinstance(given, Mapping):
        raise UserError("the body of a start request must be an object", fix='Send `{"bot": "name"}`.')
    known = {key: value for key, value in given.items() if key in SessionSpec.model_fields}
    session_id = getattr(runner_args, "session_id", None)
    try:
        return SessionSpec.model_validate({**({"session_id": session_id} if session_id else {}), **known})
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(f"the body of the start request can't be used: `{where}`: {first['msg']}") from None


async def _transport(runner_args: Any, spec: SessionSpec) -> Any:
    """The connection that the runner has accepted, as Pipecat makes it."""
    from pipecat.runner.utils import create_transport  # noqa: PLC0415 - only Pipecat's own runners need it
    from pipecat.transports.base_transport import TransportParams  # noqa: PLC0415
    from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams  # noqa: PLC0415

    audible = spec.channel == "voice"

    def params() -> TransportParams:
        return TransportParams(audio_in_enabled=audible, audio_out_enabled=audible)

    def socket() -> FastAPIWebsocketParams:
        return FastAPIWebsocketParams(audio_in_enabled=audible, audio_out_enabled=audible)

    makers = {"webrtc": params, "websocket": socket, **dict.fromkeys(TELEPHONES, socket)}
    return await create_transport(runner_args, {**makers, **_rooms(audible=audible)})


def _rooms(*, audible: bool) -> dict[str, Any]:
    """Parameters of transports whose packages are installed."""
    rooms: dict[str, Any] = {}
    if find_spec("daily"):
        from pipecat.transports.daily.transport import DailyParams  # noqa: PLC0415

        rooms["daily"] = lambda: DailyParams(audio_in_enabled=audible, audio_out_enabled=audible)
    if find_spec("livekit"):
        from pipecat.transports.livekit.transport import LiveKitParams  # noqa: PLC0415

        rooms["livekit"] = lambda: LiveKitParams(audio_in_enabled=audible, audio_out_enabled=audible)
    return rooms
