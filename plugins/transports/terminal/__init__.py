"""Terminal: a conversation by typing; the bot's words are shown as they come."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from framework import Registry, Transport, TransportContext, hookimpl


class Terminal(Transport):
    """The person types into the process that has the session."""

    name: ClassVar[str] = "terminal"
    channel: ClassVar[Literal["voice", "text"]] = "text"

    def build(self, context: TransportContext) -> Any:
        """A transport that writes to `context.connection`, a text stream."""
        from .transport import TerminalTransport  # noqa: PLC0415 - weight is carried when needed

        return TerminalTransport(context.connection)


@hookimpl
def register_transports(transports: Registry[Transport]) -> None:
    """Offer `terminal`."""
    transports.add(Terminal())
