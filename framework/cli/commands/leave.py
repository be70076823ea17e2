"""End a session."""

from __future__ import annotations

from typing import Annotated

import typer


def leave(
    session: Annotated[str, typer.Argument(help="The session's id, as `convo sessions` shows it.")],
    *,
    reason: Annotated[str, typer.Option(help="What its record and its last event say.")] = "left",
) -> None:
    """End a session: at once where it waits; politely, then harder, where it talks.

    The bot may finish its sentence; what has not ended after half a minute is ended by force. CONVO_GATEWAY names the
    gateway (http://127.0.0.1:4444), CONVO_API_KEY a key with the scope `join` or `admin`.

    Examples:

    - `convo leave 2f6c1d0b9a8e4f35b7c6d5e4f3a2b1c0`
    - `convo leave 2f6c1d0b9a8e4f35b7c6d5e4f3a2b1c0 --reason moved`
    """
    from framework.cli import client  # noqa: PLC0415 - the command line starts fast

    client.run(_leave(session, reason))


async def _leave(session: str, reason: str) -> None:
    import re  # noqa: PLC0415 - the command line starts fast

    from framework.cli.client import Gateway, path_of  # noqa: PLC0415 - the command line starts fast
    from framework.errors import UserError  # noqa: PLC0415 - the command line starts fast

    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", session, re.ASCII):
        raise UserError(f"`{session[:80]}` is no session's id", fix="See `convo sessions` for those that are.")
    async with Gateway.read() as gateway:
        told = await gateway.post(path_of("sessions", session, "leave"), {"reason": reason})
    print(f"{session} has ended." if told["status"] == "ended" else f"{session} is ending.")
