"""The plugins' part in one session: their resources opened in order, their tools called, everything closed again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import svcs
from loguru import logger

from framework.errors import FrameworkError, PluginError
from framework.plugins.context import NOTHING, ToolContext
from framework.plugins.outcomes import ToolOutcome
from framework.plugins.report import Problem
from framework.plugins.resources import Resource, ResourceContext
from framework.plugins.settings import read

if TYPE_CHECKING:
    from framework.plugins.actions import Action
    from framework.plugins.host import PluginHost
    from framework.plugins.tools import Tool
    from framework.sessions.spec import SessionSpec

Emit = Callable[[str, Mapping[str, Any]], None]


class SessionPlugins:
    """Entered at the start of a session with `async with`, left at its end."""

    def __init__(
        self,
        host: PluginHost,
        spec: SessionSpec,
        *,
        uses: Collection[str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.host = host
        self.spec = spec
        self.problems: list[Problem] = []
        """Plugins that could not take part in this session."""
        self.resources = svcs.Container(svcs.Registry())
        self._uses = uses
        self._environment = environment
        self._opened: list[_Opened] = []
        self._absent: set[str] = set()

    async def __aenter__(self) -> Self:
        try:
            for name in self._taking_part():
                await self._enter(name)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._close()

    async def call(
        self, name: str, arguments: Mapping[str, Any], *, timeout_s: float | None = None, **context: Any
    ) -> ToolOutcome:
        """Call a tool by its name or alias to its one outcome; `context` is what `context()` takes."""
        tool = self.host.tools.get(name)
        if refused := self._refused(tool.name):
            return refused
        made = self.context(tool, timeout_s=timeout_s, **context)
        return await tool.call(arguments, made, timeout_s=timeout_s)

    async def act(
        self, name: str, arguments: Mapping[str, Any], *, timeout_s: float | None = None, **context: Any
    ) -> ToolOutcome:
        """Run an action by its name to its one outcome; `context` is what `context()` takes."""
        action = self.host.actions.get(name)
        if refused := self._refused(action.name):
            return refused
        made = self.context(action, timeout_s=timeout_s, **context)
        return await action.run(arguments, made, timeout_s=timeout_s)

    def context(
        self,
        called: Tool | Action,
        *,
        slots: Mapping[str, Any] = NOTHING,
        identity: Mapping[str, Any] | None = None,
        emit: Emit | None = None,
        call: str = "",
        now: float | None = None,
        timeout_s: float | None = None,
    ) -> ToolContext:
        """What a tool or action of this session may know and use.

        Args:
            called: The tool or action.
            slots: The conversation's slots at this moment.
            identity: Whom the bot talks to.
            emit: Publishes an event.
            call: The call's id, the same for every attempt at it.
            now: The session's clock; None is the machine's.
            timeout_s: How long the call may take; None is the tool's own.
        """
        now = time.time() if now is None else now
        owner = called.name.partition(".")[0]
        heard = {"emit": emit} if emit else {}
        return ToolContext(
            session=self.spec,
            identity=identity,
            slots=MappingProxyType(dict(slots)),
            resources=self.resources,
            idempotency_key=f"{self.spec.session_id}/{call}" if call else "",
            now=now,
            deadline=now + (timeout_s or called.timeout_s),
            plugin=owner,
            given=self.host.settings.get(owner, {}),
            environment=self._environment,
            **heard,
        )

    # --- Opening and closing ----------------------------------------------------------------------------------------

    def _taking_part(self) -> list[str]:
        """The plugins in use, in the order they were loaded."""
        return [name for name in self.host.in_use() if self._uses is None or name in self._uses]

    async def _enter(self, plugin: str) -> None:
        """Check a plugin's settings and open its resources; a broken one is left out, a required one is an error."""
        given = self.host.settings.get(plugin, {})
        context = ResourceContext(session=self.spec, plugin=plugin, given=given, environment=self._environment)
        try:
            if model := self.host.manifests[plugin].settings:
                read(model, plugin, given, self._environment)
            for resource in self.host.resources_of(plugin):
                await self._open(resource, context)
        except FrameworkError as broken:
            self._left_out(plugin, broken)

    async def _open(self, resource: Resource[Any], context: ResourceContext) -> None:
        opened = _Opened(context.plugin, resource)
        where = f"plugin `{context.plugin}`"
        self._opened.append(opened)
        name = resource.type.__name__
        try:
            value = await opened.start(context)
        except FrameworkError:
            raise
        except TimeoutError:
            raise PluginError(f"`{name}` was not opened within {resource.start_timeout_s:g} s", where=where) from None
        except Exception as broken:
            _log(context.plugin, broken, "a resource could not be opened")
            raise PluginError(f"`{name}` could not be opened: {type(broken).__name__}", where=where) from broken
        self.resources.register_local_value(resource.type, value)

    async def _close(self) -> None:
        """Close everything in reverse order, whatever happens on the way."""
        for opened in reversed(self._opened):
            try:
                await opened.stop()
            except TimeoutError:
                self._late(opened)
            except Exception as broken:  # noqa: BLE001 - the rest is closed all the same
                _log(opened.plugin, broken, "a resource could not be closed")
                self._problem(opened.plugin, f"`{opened.resource.type.__name__}` could not be closed")
        self._opened.clear()
        with suppress(Exception):
            await self.resources.aclose()

    def _late(self, opened: _Opened) -> None:
        name, limit = opened.resource.type.__name__, opened.resource.stop_timeout_s
        self._problem(opened.plugin, f"`{name}` was not closed within {limit:g} s")

    def _left_out(self, plugin: str, broken: FrameworkError) -> None:
        if plugin in self.host.required:
            raise broken
        self._absent.add(plugin)
        self.problems.append(Problem(plugin=plugin, sentence=str(broken)))
        logger.bind(plugin=plugin).warning("a plugin takes no part in this session: {}", broken.message)

    def _problem(self, plugin: str, what: str) -> None:
        self.problems.append(Problem(plugin=plugin, sentence=f"plugin `{plugin}`: {what}"))
        logger.bind(plugin=plugin).warning("a plugin did not end well: {}", what)

    def _refused(self, name: str) -> ToolOutcome | None:
        if name.partition(".")[0] not in self._absent:
            return None
        return ToolOutcome(outcome="error", code="unavailable", message=f"`{name}` is not available now.")


class _Opened:
    """One resource of this session: a task of its own opens it, waits, and closes it.

    An async generator must be left in the task that entered it, and a task can be given up when it hangs.
    """

    def __init__(self, plugin: str, resource: Resource[Any]) -> None:
        self.plugin = plugin
        self.resource = resource
        self._ready: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self, context: ResourceContext) -> Any:
        """The value, once it is open; raises what opening it raised, or `TimeoutError`."""
        self._task = asyncio.create_task(self._live(context), name=f"resource/{self.resource.name}")
        done, _ = await asyncio.wait({self._ready}, timeout=self.resource.start_timeout_s)
        if not done:
            self._ready.cancel()
            self._task.cancel()
            raise TimeoutError
        return self._ready.result()

    async def stop(self) -> None:
        """Let it close; raises what closing it raised, or `TimeoutError`."""
        self._over.set()
        if self._task is None:
            return
        done, _ = await asyncio.wait({self._task}, timeout=self.resource.stop_timeout_s)
        if not done:
            self._task.cancel()
            raise TimeoutError
        if not self._task.cancelled():
            self._task.result()

    async def _live(self, context: ResourceContext) -> None:
        stages: AsyncIterator[Any] = self.resource.open(context)
        try:
            value = await anext(stages)
        except StopAsyncIteration:
            self._fail(PluginError(f"`{self.resource.name}` was opened without a value", fix="Add a `yield value`."))
            return
        except (Exception, SystemExit, KeyboardInterrupt) as broken:  # noqa: BLE001 - the session decides about it
            self._fail(broken if isinstance(broken, Exception) else RuntimeError(f"raised {type(broken).__name__}"))
            return
        if not self._ready.done():
            self._ready.set_result(value)
        await self._over.wait()
        with suppress(StopAsyncIteration):
            await anext(stages)

    def _fail(self, error: Exception) -> None:
        if not self._ready.done():
            self._ready.set_exception(error)


def _log(plugin: str, error: BaseException, what: str) -> None:
    logger.bind(plugin=plugin, error=type(error).__name__, pii_exception=str(error)).error(what)
