"""What a plugin may import. Everything else is ours to move.

Names are looked up when they are asked for, so that importing one part of the framework stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from framework.errors import LauncherError as LauncherError
    from framework.errors import MissingExtraError as MissingExtraError
    from framework.errors import PluginError as PluginError
    from framework.errors import StoreError as StoreError
    from framework.errors import needs as needs
    from framework.plugins.actions import Action as Action
    from framework.plugins.actions import action as action
    from framework.plugins.bridges import Bridge as Bridge
    from framework.plugins.bridges import FleetAccess as FleetAccess
    from framework.plugins.bridges import RefusalError as RefusalError
    from framework.plugins.commands import Command as Command
    from framework.plugins.context import ToolContext as ToolContext
    from framework.plugins.launchers import Launch as Launch
    from framework.plugins.launchers import Launched as Launched
    from framework.plugins.launchers import Launcher as Launcher
    from framework.plugins.manifest import Manifest as Manifest
    from framework.plugins.markers import hookimpl as hookimpl
    from framework.plugins.outcomes import ToolFailed as ToolFailed
    from framework.plugins.outcomes import ToolOutcome as ToolOutcome
    from framework.plugins.outcomes import ToolRetry as ToolRetry
    from framework.plugins.registry import Registry as Registry
    from framework.plugins.resources import Resource as Resource
    from framework.plugins.resources import ResourceContext as ResourceContext
    from framework.plugins.routes import Route as Route
    from framework.plugins.routes import RouteAnswer as RouteAnswer
    from framework.plugins.routes import RouteRequest as RouteRequest
    from framework.plugins.services import Keys as Keys
    from framework.plugins.services import Preparation as Preparation
    from framework.plugins.services import Service as Service
    from framework.plugins.services import ServiceContext as ServiceContext
    from framework.plugins.settings import Settings as Settings
    from framework.plugins.switchboards import Call as Call
    from framework.plugins.switchboards import Switchboard as Switchboard
    from framework.plugins.tools import Tool as Tool
    from framework.plugins.tools import tool as tool
    from framework.plugins.transports import Transport as Transport
    from framework.plugins.transports import TransportContext as TransportContext
    from framework.sessions.events import Event as Event
    from framework.sessions.orders import Order as Order
    from framework.sessions.spec import SessionSpec as SessionSpec
    from framework.sessions.transfers import Handover as Handover
    from framework.slots.base import Found as Found
    from framework.slots.base import Hearing as Hearing
    from framework.slots.base import Refused as Refused
    from framework.slots.base import SlotType as SlotType

FACE = {
    "framework.errors": ("LauncherError", "MissingExtraError", "PluginError", "StoreError", "needs"),
    "framework.plugins.actions": ("Action", "action"),
    "framework.plugins.outcomes": ("ToolFailed", "ToolOutcome", "ToolRetry"),
    "framework.plugins.bridges": ("Bridge", "FleetAccess", "RefusalError"),
    "framework.plugins.commands": ("Command",),
    "framework.plugins.context": ("ToolContext",),
    "framework.plugins.launchers": ("Launch", "Launched", "Launcher"),
    "framework.plugins.manifest": ("Manifest",),
    "framework.plugins.markers": ("hookimpl",),
    "framework.plugins.registry": ("Registry",),
    "framework.plugins.resources": ("Resource", "ResourceContext"),
    "framework.plugins.routes": ("Route", "RouteAnswer", "RouteRequest"),
    "framework.plugins.services": ("Keys", "Preparation", "Service", "ServiceContext"),
    "framework.plugins.settings": ("Settings",),
    "framework.plugins.switchboards": ("Call", "Switchboard"),
    "framework.plugins.tools": ("Tool", "tool"),
    "framework.plugins.transports": ("Transport", "TransportContext"),
    "framework.sessions.events": ("Event",),
    "framework.sessions.orders": ("Order",),
    "framework.sessions.spec": ("SessionSpec",),
    "framework.sessions.transfers": ("Handover",),
    "framework.slots.base": ("Found", "Hearing", "Refused", "SlotType"),
}
"""Module → the names that it gives to plugins."""

HOMES = {name: module for module, names in FACE.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in HOMES:
        raise AttributeError(f"`framework` has no public name `{name}`")
    value = getattr(importlib.import_module(HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return sorted(HOMES)
