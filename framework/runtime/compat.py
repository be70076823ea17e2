"""Pipecat's own flow files and direct functions, made ours; the only reader of `pipecat.flows`."""

from __future__ import annotations

import asyncio
import copy
import importlib
import importlib.util
import inspect
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from framework.errors import UnknownNameError, UserError
from framework.plugins.calls import perform
from framework.plugins.outcomes import ToolOutcome
from framework.plugins.tools import Tool
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from framework.flows.model import Flow

FUNCTION_S = 60.0
"""How long a function may take that sets itself no limit; with Pipecat it may take forever."""

ON_START = "on_start"
"""The function among the handlers that is called before the first node."""
START_S = 10.0
"""How long it may take."""

Jump = Callable[[str], Awaitable[tuple[str, str]]]
"""Gives the order to enter a node; answers its fate and why."""


def load_handlers(name: str, root: Path) -> ModuleType:
    """The module with the functions of a FlowConfig, by its dotted name or the path of its file.

    Raises:
        UserError: It is not there, or raises while it is imported.
    """
    try:
        return _from_file(root / name) if name.endswith(".py") else importlib.import_module(name)
    except (FileNotFoundError, ModuleNotFoundError) as missing:
        raise UserError(
            f"the handlers `{name}` are not there ({missing})", fix="Give a module's name, or the path of its file."
        ) from None
    except Exception as broken:
        raise UserError(f"the handlers `{name}` can't be imported: {type(broken).__name__}: {broken}") from broken


def _from_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"convo_handlers_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Manager:
    """What Pipecat's functions get as their first argument: a FlowManager's public face over our engine."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        """Free-form; placeholders are filled from it."""
        self.worker: Any = None
        self.transport: Any = None
        self.actions: dict[str, Callable[..., Any]] = {}
        self.node: Callable[[], str] = lambda: ""
        self.context: Callable[[], list[Any]] = list
        self.jump: Jump | None = None

    @property
    def current_node(self) -> str | None:
        """The present node's name."""
        return self.node() or None

    @property
    def task(self) -> Any:
        """The worker, by its old name."""
        return self.worker

    def get_current_context(self) -> list[Any]:
        """The messages that the model reads."""
        return self.context()

    def register_action(self, action_type: str, handler: Callable[..., Any]) -> None:
        """Handle actions of a type of one's own."""
        self.actions[action_type] = handler

    async def set_node_from_config(self, node_config: Mapping[str, Any] | str) -> None:
        """Go to a node of this flow, by its name or by the config that has its name.

        Raises:
            UserError: There is no such node, or the flow can't go there now.
        """
        name = node_config if isinstance(node_config, str) else node_config.get("name")
        if not isinstance(name, str) or self.jump is None:
            raise UserError("a node config needs the `name` of a node in the flow's file")
        move = asyncio.ensure_future(self.jump(name))
        try:
            status, why = await asyncio.shield(move)
        except asyncio.CancelledError:
            # The node that is left gives up the call of the very function that leaves it: let it run to its end.
            status, why = await move
            if status != "applied":
                raise
        if status != "applied":
            raise UserError(why)


class Compat:
    """The functions and actions behind one flow."""

    def __init__(self, flow: Flow, handlers: Iterable[Any], manager: Manager) -> None:
        self.manager = manager
        self._lists = not flow.pipecat
        self._handlers = list(handlers)
        self._functions: dict[str, Any] = {}
        self.tools: dict[str, Tool] = {}
        """Function's name in the file → tool, with the schema that Pipecat would make."""
        for name in _functions_of(flow):
            if found := self._find(name):
                self._take(name, found)

    async def begin(self) -> None:
        """Let a function `on_start(flow_manager)` among the handlers fill the state and register actions.

        Raises:
            UserError: It raises, or takes too long.
        """
        found = self._find(ON_START)
        if found is None:
            return
        try:
            async with asyncio.timeout(START_S):
                returned = found(self.manager)
                if inspect.isawaitable(returned):
                    await returned
        except Exception as broken:
            raise UserError(f"`{ON_START}` of the handlers failed: {type(broken).__name__}") from broken

    def __contains__(self, name: str) -> bool:
        return name in self._functions

    async def call(self, name: str, arguments: Mapping[str, Any], *, timeout_s: float) -> tuple[ToolOutcome, bool]:
        """Run a function; its outcome, and whether the model is to respond."""
        responds = True

        async def work() -> Any:
            nonlocal responds
            result, responds = _contract(name, await self._functions[name].invoke(dict(arguments), self.manager))
            return result

        outcome = await perform(name, work, None, {}, None, timeout_s=timeout_s)
        return outcome, responds

    async def act(self, action: Mapping[str, Any]) -> None:
        """Run one of Pipecat's actions that has a handler.

        Raises:
            UnknownNameError: Nothing handles it.
        """
        handler = self._handler(action)
        given = copy.deepcopy(dict(action))
        if given.get("handler") is not None:
            given["handler"] = handler  # as Pipecat passes it on
        await _called(handler, given, self.manager)

    def snapshot(self) -> dict[str, Any]:
        """The free-form state as JSON, such that it fills placeholders with the words that Pipecat would fill in."""
        return {str(key): _plain(value, lists=self._lists) for key, value in dict(self.manager.state).items()}

    def _handler(self, action: Mapping[str, Any]) -> Callable[..., Any]:
        """What the action names; else what was registered for its type, else the function of the type's name."""
        kind, name = action["type"], action.get("handler")
        found = self._find(name) if name else self.manager.actions.get(kind) or self._find(kind)
        if not callable(found):
            known = [key for module in self._handlers for key in _names(module)]
            raise UnknownNameError(
                f"nothing handles the action `{name or kind}`", fix=did_you_mean(str(name or kind), known)
            )
        handler: Callable[..., Any] = found
        return handler

    def _find(self, name: str) -> Any:
        for module in self._handlers:
            found = module.get(name) if isinstance(module, Mapping) else getattr(module, name, None)
            if found is not None:
                return found
        return None

    def _take(self, name: str, function: Any) -> None:
        from pipecat.flows.types import FlowsDirectFunctionWrapper  # noqa: PLC0415 - flows of our own don't need it

        try:
            wrapper = FlowsDirectFunctionWrapper(function)
        except Exception as wrong:
            raise UserError(f"`{name}` is no direct function as Pipecat has them: {wrong}") from wrong
        schema = wrapper.to_function_schema()
        self._functions[name] = wrapper
        self.tools[name] = Tool(
            name=name,
            description=schema.description,
            function=function,
            parameters={
                "type": "object",
                "properties": copy.deepcopy(dict(schema.properties)),
                "required": list(schema.required),
            },
            timeout_s=wrapper.timeout_secs or FUNCTION_S,
            keep=not wrapper.cancel_on_interruption,
        )


def _functions_of(flow: Flow) -> set[str]:
    """Names of the functions with code that a flow offers."""
    offered = [*flow.global_functions, *(function for node in flow.nodes.values() for function in node.functions)]
    return {function.name for function in offered if not function.transition_only}


def _names(module: Any) -> list[str]:
    return list(module) if isinstance(module, Mapping) else [name for name in vars(module) if not name.startswith("_")]


def _contract(name: str, response: Any) -> tuple[Any, bool]:
    """A function's result, and whether the model responds; anything but Pipecat's two forms is the author's mistake."""
    from pipecat.flows import NO_RESPONSE, TRANSITION_IN_YAML  # noqa: PLC0415 - as above

    pair = 2
    if isinstance(response, tuple) and len(response) == pair:
        result, then = response
        if then is NO_RESPONSE or then is TRANSITION_IN_YAML:
            return result, then is not NO_RESPONSE
    raise TypeError(f"`{name}` must return (result, TRANSITION_IN_YAML) or (result, NO_RESPONSE)")


def _plain(value: Any, *, lists: bool, depth: int = 12) -> Any:
    """A value of the state as JSON: mappings stay mappings, what JSON has no form for becomes its text.

    Args:
        value: Anything.
        lists: Whether expressions may look into lists; placeholders of Pipecat's only ever show them.
        depth: How far mappings are followed, as one may hold itself.
    """
    if isinstance(value, Mapping) and depth:
        return {str(key): _plain(each, lists=lists, depth=depth - 1) for key, each in dict(value).items()}
    if lists and isinstance(value, list | tuple) and depth:
        return [_plain(each, lists=lists, depth=depth - 1) for each in value]
    return copy.deepcopy(value) if _is_json(value, depth) else _text(value)


def _is_json(value: Any, depth: int) -> bool:
    """Whether a value is the same after a way through JSON."""
    if isinstance(value, float):
        return type(value) is float and math.isfinite(value)
    if isinstance(value, list) and depth:
        return all(_is_json(each, depth - 1) for each in value)
    return value is None or type(value) in (bool, int, str)


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - an author's value may do anything while it is looked at
        return type(value).__name__


async def _called(handler: Callable[..., Any], action: dict[str, Any], manager: Manager) -> None:
    """Call an action's handler, which takes the action, and perhaps the manager; a plain one here, as Pipecat does."""
    try:
        both = len(inspect.signature(handler).parameters) > 1
    except (ValueError, TypeError):
        both = False
    returned = handler(action, manager) if both else handler(action)
    if inspect.isawaitable(returned):
        await returned
