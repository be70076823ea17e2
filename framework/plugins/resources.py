"""A resource: something a plugin opens for a session and closes after it, such as a store or a connection.

It is opened and closed on the session's event loop: what blocks belongs into `asyncio.to_thread`, or no deadline helps.

    async def open_store(context: ResourceContext) -> AsyncIterator[Store]:
        store = await Store.open(context.settings(OrderSettings).database)
        yield store
        await store.close()

    @hookimpl
    def register_resources(resources: Registry[Resource]) -> None:
        resources.add(Resource(Store, open_store))

Tools and actions ask for it by its type: `context.resources.get(Store)`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from framework.errors import PluginError
from framework.plugins.registry import Qualified
from framework.plugins.settings import Settings
from framework.plugins.settings import read as read_settings
from framework.sessions.spec import SessionSpec
from framework.settings import FolderSettings

Value = TypeVar("Value")
Group = TypeVar("Group", bound=Settings)


@dataclass(frozen=True, kw_only=True)
class ResourceContext:
    """What a resource may know while it is opened."""

    session: SessionSpec
    plugin: str
    """Whose resource this is."""
    given: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] | None = field(default=None, repr=False)

    @property
    def folder(self) -> Path:
        """A folder for the plugin's own files, which outlives the session wherever the machine lets it."""
        return FolderSettings.read(self.environment).of(self.plugin)

    def settings(self, model: type[Group]) -> Group:
        """The plugin's settings; a missing one is an error with the variable's full name."""
        return read_settings(model, self.plugin, self.given, self.environment)


@dataclass(frozen=True)
class Resource(Generic[Value]):
    """One resource of each session."""

    type: type[Value]
    """What tools ask for it by."""
    open: Callable[[ResourceContext], AsyncIterator[Value]] = field(repr=False)
    """An async generator: what stands before its `yield` opens, what stands after it closes."""
    start_timeout_s: float = 10.0
    stop_timeout_s: float = 5.0
    name: str = ""
    """The type's name if not given; the plugin's is put in front when it is registered."""

    def __post_init__(self) -> None:
        """Refuse what can be refused before there is a session, and take the type's name."""
        import inspect  # noqa: PLC0415 - at registration only

        if not inspect.isasyncgenfunction(self.open):
            raise PluginError(
                f"`{getattr(self.open, '__name__', self.open)}` can't open `{self.type.__name__}`",
                fix="Make it an async generator: `async def …(context): …; yield value; …`.",
            )
        object.__setattr__(self, "name", self.name or self.type.__name__)


class Resources(Qualified[Resource[Any]]):
    """All resources."""

    def _renamed(self, item: Resource[Any], name: str) -> Resource[Any]:
        return replace(item, name=name)
