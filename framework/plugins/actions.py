"""An action: a plain function with the logic of a business, which flows run and tools call. It knows no model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, overload

from framework.plugins.context import ToolContext
from framework.plugins.outcomes import ToolOutcome
from framework.plugins.registry import Qualified
from framework.plugins.signature import Signature
from framework.plugins.tools import TIMEOUT_S, describe, named


@dataclass(frozen=True, kw_only=True)
class Action:
    """A function that a flow may run on entering or leaving a node. Calling it calls the function."""

    name: str
    """`plugin.function` once it is registered."""
    description: str
    function: Callable[..., Any] = field(repr=False)
    signature: Signature = field(repr=False)
    timeout_s: float = TIMEOUT_S

    @property
    def parameters(self) -> dict[str, Any]:
        """JSON Schema of what a flow may write under `with`."""
        return self.signature.parameters

    async def run(
        self, arguments: Mapping[str, Any], context: ToolContext, *, timeout_s: float | None = None
    ) -> ToolOutcome:
        """Check the arguments, run the function under a deadline, and say how it ended; never raises for it."""
        from framework.plugins import calls  # noqa: PLC0415 - reading plugins needs no event loop

        seconds = timeout_s or self.timeout_s
        return await calls.perform(self.name, self.function, self.signature, arguments, context, timeout_s=seconds)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function itself: tools of the same plugin call it so."""
        return self.function(*args, **kwargs)


@overload
def action(function: Callable[..., Any], /) -> Action: ...
@overload
def action(*, name: str | None = None, timeout_s: float = TIMEOUT_S) -> Callable[[Callable[..., Any]], Action]: ...
def action(
    function: Callable[..., Any] | None = None, /, *, name: str | None = None, timeout_s: float = TIMEOUT_S
) -> Action | Callable[[Callable[..., Any]], Action]:
    """Make a typed function an action.

    Args:
        function: The function; async, or a plain one, which then runs in a thread.
        name: Its name if not the function's; the plugin's is put in front when it is registered.
        timeout_s: How long one run may take, unless the flow says otherwise.
    """

    def made(function: Callable[..., Any]) -> Action:
        description, read = describe(function, "action")
        return Action(
            name=named(name or function.__name__),
            description=description,
            function=function,
            signature=read,
            timeout_s=timeout_s,
        )

    return made(function) if function else made


class Actions(Qualified[Action]):
    """All actions."""

    def _renamed(self, item: Action, name: str) -> Action:
        return replace(item, name=name)
