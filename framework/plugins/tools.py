"""A tool: a plain async function the language model may call, or that a flow runs itself.

    @tool(examples=["what is the weather like"])
    async def weather(city: str) -> Report:
        '''Say what the weather is like in a city right now.'''

Name, docstring and annotations are the schema that the model sees; there is nothing else to write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, overload

from framework.errors import DuplicateNameError, PluginError
from framework.plugins import docstrings, signature
from framework.plugins.context import ToolContext
from framework.plugins.outcomes import ToolOutcome
from framework.plugins.registry import Qualified
from framework.plugins.signature import Signature

NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_.-]*$")
REFUSED = re.compile(r"[^A-Za-z0-9_-]")
"""Characters that models don't take in a function's name."""

NAME_LENGTH = 64
TIMEOUT_S = 10.0
RATE = 30


def model_name(name: str) -> str:
    """The name as a model sees it: letters, figures, `_` and `-`, at most 64 of them.

    >>> model_name("patients.verify"), model_name("go_say goodbye!")
    ('patients_verify', 'go_say_goodbye_')
    """
    return REFUSED.sub("_", name)[:NAME_LENGTH]


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A function with all that a model or a checker needs to know about it. Calling it calls the function."""

    name: str
    """`plugin.function` once it is registered."""
    description: str
    function: Callable[..., Any] = field(repr=False)
    parameters: dict[str, Any]
    """JSON Schema of the arguments, an object without references."""
    result_schema: dict[str, Any] | None = None
    examples: tuple[str, ...] = ()
    """What a person says who wants this; models that know no language choose by it."""
    aliases: tuple[str, ...] = ()
    """Other names that a flow may use, for flows that were written elsewhere."""
    timeout_s: float = TIMEOUT_S
    keep: bool = True
    """Whether a call goes on when the person interrupts."""
    rate: int = RATE
    """How often one session may call it within a minute; one call more is refused."""
    signature: Signature | None = field(default=None, repr=False)
    """None when the function checks its arguments itself."""

    @property
    def model_name(self) -> str:
        """The name as a model sees it."""
        return model_name(self.name)

    async def call(
        self, arguments: Mapping[str, Any], context: ToolContext, *, timeout_s: float | None = None
    ) -> ToolOutcome:
        """Check the arguments, run the function under a deadline, and say how it ended; never raises for it."""
        from framework.plugins import calls  # noqa: PLC0415 - reading plugins needs no event loop

        seconds = timeout_s or self.timeout_s
        return await calls.perform(self.name, self.function, self.signature, arguments, context, timeout_s=seconds)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function itself: for other code of the plugin, and for its tests."""
        return self.function(*args, **kwargs)


@overload
def tool(function: Callable[..., Any], /) -> Tool: ...
@overload
def tool(
    *,
    name: str | None = None,
    aliases: Sequence[str] = (),
    examples: Sequence[str] = (),
    timeout_s: float = TIMEOUT_S,
    keep: bool = True,
    rate: int = RATE,
) -> Callable[[Callable[..., Any]], Tool]: ...
def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    aliases: Sequence[str] = (),
    examples: Sequence[str] = (),
    timeout_s: float = TIMEOUT_S,
    keep: bool = True,
    rate: int = RATE,
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Make a typed function a tool: its docstring is the description, its annotations the schema.

    Args:
        function: The function; async, or a plain one, which then runs in a thread.
        name: Its name if not the function's; the plugin's is put in front when it is registered.
        aliases: Other names that a flow may use.
        examples: What a person says who wants this.
        timeout_s: How long one call may take, unless the flow says otherwise.
        keep: Whether a call goes on when the person interrupts, unless the flow says otherwise.
        rate: How often one session may call it within a minute.
    """

    def made(function: Callable[..., Any]) -> Tool:
        description, read = describe(function, "tool")
        return Tool(
            name=named(name or function.__name__),
            description=description,
            function=function,
            parameters=read.parameters,
            result_schema=read.result_schema,
            examples=_texts(examples, "examples"),
            aliases=tuple(named(alias) for alias in _texts(aliases, "aliases")),
            timeout_s=_positive(timeout_s),
            keep=keep,
            rate=_some(rate),
            signature=read,
        )

    return made(function) if function else made


def describe(function: Callable[..., Any], what: str) -> tuple[str, Signature]:
    """A function's description and signature; `PluginError` says what it lacks."""
    name = getattr(function, "__name__", repr(function))
    description, arguments = docstrings.read(function)
    if not description:
        raise PluginError(
            f"the {what} `{name}` has no docstring",
            fix='Write one sentence under its `def` line, for example """Look up an order by its number.""" — '
            "it is what the model reads when it chooses.",
        )
    return description, signature.read(function, arguments, ToolContext)


def named(name: str) -> str:
    """A name that a tool or action may have."""
    if not NAME.match(name):
        raise PluginError(
            f"`{name}` can't be a name", fix="Use letters, digits, `_`, `-` and `.`, a letter or `_` first."
        )
    return name


def _texts(values: Sequence[str], key: str) -> tuple[str, ...]:
    if isinstance(values, str):
        raise PluginError(f"`{key}` is a text, not a list", fix=f"Write `{key}=[{values!r}]`.")
    return tuple(values)


def _some(rate: int) -> int:
    if rate < 1:
        raise PluginError(f"`rate={rate}` allows no call", fix="Give the calls that one session may make in a minute.")
    return rate


def _positive(timeout_s: float) -> float:
    if timeout_s <= 0:
        raise PluginError(f"`timeout_s={timeout_s:g}` leaves no time", fix="Give the seconds one call may take.")
    return timeout_s


class Tools(Qualified[Tool]):
    """All tools. A name, an alias or what a model sees of either belongs to one tool only."""

    def __init__(self, kind: str = "tool", *, owner: str = "") -> None:
        super().__init__(kind, owner=owner)
        self._seen: dict[str, str] = {}
        """What models see → the tool."""
        self._aliases: dict[str, str] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._items or name in self._aliases

    def _key(self, name: str) -> str:
        return super()._key(self._aliases.get(name, name))

    def _renamed(self, item: Tool, name: str) -> Tool:
        return replace(item, name=name)

    def _put(self, item: Tool, owner: str) -> None:
        seen = {model_name(name): name for name in (item.name, *item.aliases)}
        for short, name in seen.items():
            if short in self._seen:
                raise self._meet(name, owner, short)
        super()._put(item, owner)
        self._seen |= dict.fromkeys(seen, item.name)
        self._aliases |= dict.fromkeys((alias for alias in item.aliases if alias != item.name), item.name)

    def _meet(self, name: str, owner: str, short: str) -> DuplicateNameError:
        other = self._seen[short]
        if other == name:
            return self._twice(f"tool `{name}`", self._owners[other], owner)
        what = f"a model would see the tools `{other}` and `{name}` under one name, `{short}`: it"
        return self._twice(what, self._owners[other], owner)
