"""A route: one more path of the gateway, below `/plugins/<plugin>/`."""

from __future__ import annotations

import importlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from framework.errors import PluginError
from framework.plugins.registry import Registry

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)+", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class RouteRequest:
    """What a route is asked, and what it may do."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    """Names in small letters; without those that prove who asks."""
    body: bytes = field(repr=False)
    tenant: str
    """Of whoever asks; `default` for a webhook."""
    by: str
    """Who asks: the name of a key, or of the webhook's plugin."""
    join: Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]] = field(repr=False)
    """Does what `POST /join` does, for this tenant, and answers the same; a refusal is raised, and is the answer."""


@dataclass(frozen=True, kw_only=True)
class RouteAnswer:
    """What a route answers; a plain dict is the same as `RouteAnswer(json=…)`."""

    json: Any = None
    status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route that costs nothing until somebody asks for it."""

    path: str
    """Below the plugin's own, such as `/calls`."""
    endpoint: str
    """`module:function`; the function is async, takes a `RouteRequest` and answers a dict or a `RouteAnswer`."""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    scope: Literal["admin", "join", "read", "public"] = "admin"
    """What a key must allow; `public` is for webhooks that prove by a signature who sent them."""
    verify: str = ""
    """For `public`: `module:function` that takes a `RouteRequest` and raises unless the signature is right."""
    plugin: str = ""
    """Filled in by the registry."""

    @property
    def name(self) -> str:
        """Method and whole path."""
        return f"{self.method} {self.whole}"

    @property
    def whole(self) -> str:
        """The path as one asks for it."""
        return f"/plugins/{self.plugin}{self.path}"

    def check(self) -> None:
        """Refuse what would be open to everyone, or could never be asked for.

        Raises:
            PluginError: It breaks the rules above.
        """
        if self.method not in METHODS or not _PATH.fullmatch(self.path):
            raise PluginError(f"`{self.method} {self.path}` is no route", fix="Write a path like `/calls/new`.")
        if self.scope == "public" and not self.verify:
            raise PluginError(
                f"the route `{self.path}` is public and verifies nothing",
                fix="Name a function under `verify` that checks the webhook's signature, or leave `scope` out.",
            )

    def function(self, name: str) -> Callable[[RouteRequest], Awaitable[Any]]:
        """The function behind `endpoint` or `verify`; imports its module."""
        module, _, function = name.partition(":")
        found: Callable[[RouteRequest], Awaitable[Any]] = getattr(importlib.import_module(module), function)
        return found


class Routes(Registry[Route]):
    """Routes, each below its plugin's own path."""

    def _owned(self, item: Route, owner: str) -> Route:
        item.check()
        return replace(item, plugin=owner)
