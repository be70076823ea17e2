"""What a simulated conversation is made of: the flow made ready, and the project's tools where they are real."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from framework.engine.plan import Plan
from framework.errors import UnknownNameError
from framework.plugins.outcomes import ToolOutcome
from framework.runtime.blueprint import draw, plan_of
from framework.sessions.spec import SessionSpec
from framework.simulator.hands import Called, Reply

if TYPE_CHECKING:
    from framework.flows.model import Flow
    from framework.plugins.host import PluginHost
    from framework.plugins.session import SessionPlugins
    from framework.plugins.tools import Tool
    from framework.project import Project

T = TypeVar("T")


@dataclass(frozen=True)
class Piece:
    """A flow made ready, and the functions of a FlowConfig where it has some."""

    plan: Plan
    flow: Flow
    functions: Functions | None = None
    bot: str = ""


class Stage:
    """Makes flows of a project ready, each once."""

    def __init__(self, project: Project, host: PluginHost | None = None) -> None:
        self.project = project
        self._host = host
        self._pieces: dict[tuple[str, str, str], Piece] = {}

    @cached_property
    def host(self) -> PluginHost:
        """The plugins of the project."""
        if self._host is not None:
            return self._host
        from framework.plugins.host import PluginHost  # noqa: PLC0415 - reading scenarios needs no plugins

        return PluginHost.load(self.project)

    def piece(self, flow: Path | str, personality: str = "", handlers: str = "") -> Piece:
        """A flow, ready to run.

        Raises:
            UserError: It is not there, or not as it should be.
        """
        key = (str(flow), personality, handlers)
        if key not in self._pieces:
            self._pieces[key] = self._made(*key)
        return self._pieces[key]

    def _made(self, flow: str, personality: str, handlers: str) -> Piece:
        bot = next((name for name, one in self.project.bots.items() if self._is(flow, one.flow)), "")
        spec = SessionSpec(bot=bot, flow=flow, personality=personality, channel="text")
        blueprint = draw(spec, self.project, handlers=handlers)
        if not blueprint.loaded.flow.pipecat:
            return Piece(plan_of(blueprint, self.host, {}), blueprint.loaded.flow, bot=bot)
        functions = Functions(blueprint.loaded.flow, blueprint.handlers, self.project.root)
        return Piece(plan_of(blueprint, self.host, functions.tools), blueprint.loaded.flow, functions, bot)

    def tools(self, piece: Piece) -> dict[str, Tool]:
        """Every tool that the flow may call, by name."""
        offered = [self.host.tools.get(name) for name in self.host.tools.names()]
        known = {name: tool for tool in offered for name in (tool.name, *tool.aliases)}
        return {**known, **(piece.functions.tools if piece.functions else {})}

    def _is(self, flow: str, name: str) -> bool:
        with contextlib.suppress(UnknownNameError):
            return self.project.flow_path(name).resolve() == self.project.flow_path(flow).resolve()
        return False


class Functions:
    """The functions of a FlowConfig, which live in a module of Python; Pipecat is imported for them."""

    def __init__(self, flow: Any, handlers: str, root: Path) -> None:
        from framework.runtime.compat import Compat, Manager, load_handlers  # noqa: PLC0415 - imports Pipecat

        modules = [load_handlers(handlers, root)] if handlers else []
        self._new: Callable[[], Any] = lambda: Compat(flow, modules, Manager())
        self.tools: dict[str, Tool] = self._new().tools

    def compat(self) -> Any:
        """The functions for one conversation, with a state of their own."""
        return self._new()


class Real:
    """The project's own tools for one conversation, run to their end while virtual time stands still.

    A context manager; plugins are started at the first call.
    """

    def __init__(self, stage: Stage, piece: Piece, session: str = "simulated") -> None:
        self._stage = stage
        self._piece = piece
        self._spec = SessionSpec(session_id=session, flow=piece.plan.flow, channel="text")
        self._runner: asyncio.Runner | None = None
        self._plugins: SessionPlugins | None = None
        self._compat: Any = None
        self.emitted: list[tuple[str, Mapping[str, Any]]] = []
        """Events that tools published and nobody has taken yet."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._plugins is not None:
            self._run(self._plugins.__aexit__(None, None, None))
            self._plugins = None
        if self._runner is not None:
            self._runner.close()

    def call(self, called: Called) -> Reply:
        """What the tool itself answers."""
        if self._piece.functions is not None and called.tool in self._functions:
            outcome, respond = self._run(
                self._functions.call(called.tool, dict(called.arguments), timeout_s=called.timeout_s)
            )
            return _reply(outcome, respond=respond)
        try:
            return _reply(self._run(self._call(called)))
        except UnknownNameError:
            return Reply(outcome="error", code="unknown_tool", message=f"There is no tool `{called.tool}`.")

    def shared(self) -> dict[str, Any]:
        """The free-form state of Pipecat's functions."""
        if self._piece.functions is None:
            return {}
        state: dict[str, Any] = self._functions.snapshot()
        return state

    def events(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """What tools have published since this was asked last."""
        taken, self.emitted = self.emitted, []
        yield from taken

    @property
    def _functions(self) -> Any:
        if self._compat is None and self._piece.functions is not None:
            self._compat = self._piece.functions.compat()
            self._run(self._compat.begin())
        return self._compat

    async def _call(self, called: Called) -> ToolOutcome:
        if self._plugins is None:
            self._plugins = await self._stage.host.session(self._spec).__aenter__()
        return await self._plugins.call(
            called.tool,
            called.arguments,
            timeout_s=called.timeout_s,
            call=called.call,
            now=called.now,
            slots=called.slots,
            identity=called.identity,
            emit=lambda type_, data: self.emitted.append((type_, data)),
        )

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.run(work)


def _reply(outcome: ToolOutcome, *, respond: bool = True) -> Reply:
    return Reply(
        outcome=outcome.outcome, result=outcome.result, code=outcome.code, message=outcome.message, respond=respond
    )
