"""Everything that plugins can register, one registry a kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from framework.plugins.actions import Actions
from framework.plugins.registry import Registry
from framework.plugins.resources import Resources
from framework.plugins.routes import Routes
from framework.plugins.tools import Tools

if TYPE_CHECKING:
    from framework.plugins.bridges import Bridge
    from framework.plugins.commands import Command
    from framework.plugins.launchers import Launcher
    from framework.plugins.services import Service
    from framework.plugins.switchboards import Switchboard
    from framework.plugins.transports import Transport
    from framework.slots.base import SlotType


@dataclass(frozen=True, kw_only=True)
class Offers:
    """The registries of one plugin, or, put together, of the host."""

    tools: Tools
    actions: Actions
    transports: Registry[Transport]
    services: Registry[Service]
    slot_types: Registry[SlotType]
    commands: Registry[Command]
    launchers: Registry[Launcher]
    bridges: Registry[Bridge]
    switchboards: Registry[Switchboard]
    routes: Routes
    resources: Resources

    @classmethod
    def of(cls, owner: str = "") -> Offers:
        """Empty registries that one owner fills."""
        return cls(
            tools=Tools(owner=owner),
            actions=Actions("action", owner=owner),
            transports=Registry("transport", owner=owner),
            services=Registry("service", owner=owner),
            slot_types=Registry("slot type", owner=owner),
            commands=Registry("command", owner=owner),
            launchers=Registry("launcher", owner=owner),
            bridges=Registry("bridge", owner=owner),
            switchboards=Registry("switchboard", owner=owner),
            routes=Routes("route", owner=owner),
            resources=Resources("resource", owner=owner),
        )

    def by_hook(self) -> Iterator[tuple[str, str, Registry[Any]]]:
        """The hook, its parameter and the registry, kind by kind."""
        for field in fields(self):
            yield f"register_{field.name}", field.name, getattr(self, field.name)

    def take(self, other: Offers) -> None:
        """Take over all that a plugin has registered."""
        for (_, _, mine), (_, _, theirs) in zip(self.by_hook(), other.by_hook(), strict=True):
            mine.take(theirs)

    def names(self, owner: str) -> dict[str, list[str]]:
        """What one owner registered: kind → names."""
        found = {
            kind.replace("_", " "): [name for name in registry if registry.owner(name) == owner]
            for _, kind, registry in self.by_hook()
        }
        return {kind: names for kind, names in found.items() if names}
