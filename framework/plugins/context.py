"""ToolContext: what a tool or action may know and use while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from framework.plugins.settings import Settings
from framework.plugins.settings import read as read_settings
from framework.sessions.spec import SessionSpec

if TYPE_CHECKING:
    from svcs import Container

Group = TypeVar("Group", bound=Settings)
NOTHING: Mapping[str, Any] = MappingProxyType({})


def _no_resources() -> Container:
    from svcs import Container, Registry  # noqa: PLC0415 - only sessions and tests pay for it

    return Container(Registry())


def _unheard(type: str, data: Mapping[str, Any]) -> None:  # noqa: A002 - an event's word
    """Where events go when nobody listens."""


@dataclass(frozen=True, kw_only=True)
class ToolContext:
    """Filled by the session; a parameter annotated with this class is hidden from the model.

    A test makes one by hand: `ToolContext(slots={"size": "large"})`.
    """

    session: SessionSpec = field(default_factory=SessionSpec)
    identity: Mapping[str, Any] | None = None
    """Whom the bot talks to, as far as it is known: `id`, `name`, `role` and the profile's fields."""
    slots: Mapping[str, Any] = field(default_factory=dict)
    """The conversation's slots at the moment of the call, read-only."""
    resources: Container = field(default_factory=_no_resources)
    """The session's resources by their type: `context.resources.get(Store)`."""
    emit: Callable[[str, Mapping[str, Any]], None] = _unheard
    """Publish an event: `context.emit("order.placed", {"id": 7})`."""
    idempotency_key: str = ""
    """The same for every attempt at this very call: hand it to whatever has side effects."""
    now: float = field(default_factory=time.time)
    """The moment of the call by the session's clock, in seconds since the epoch."""
    deadline: float | None = None
    """When the result is no longer waited for, by the same clock."""
    plugin: str = ""
    """Whose tool or action this is."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """What `convo.yaml` says under `plugins.settings` for this plugin."""
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    """Where settings are read from; None is the process's own environment."""

    @property
    def today(self) -> date:
        """The day of the call, where this process runs."""
        return datetime.fromtimestamp(self.now).astimezone().date()

    def settings(self, model: type[Group]) -> Group:
        """The plugin's settings; a missing one is an error with the variable's full name."""
        return read_settings(model, self.plugin, self.given, self.environment)
