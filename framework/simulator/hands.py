"""What the engine asks of the world and what it gets: scripted answers of tools, one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from framework.engine.inputs import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """How one call ends, and when."""

    outcome: Outcome = "value"
    result: Any = None
    code: str = ""
    message: str = ""
    delay_s: float = 0.0
    """After so many seconds of virtual time."""
    respond: bool = True
    """False when a Pipecat function returned `NO_RESPONSE`."""
    events: Sequence[tuple[str, Mapping[str, Any]]] = ()
    """What the tool published meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A call that the engine asks for."""

    call: str
    tool: str
    arguments: Mapping[str, Any]
    timeout_s: float
    now: float
    slots: Mapping[str, Any]
    identity: Mapping[str, Any] | None


class Hands(Protocol):
    """Whoever answers the calls of one conversation."""

    def call(self, called: Called) -> Reply:
        """How this call of a tool ends."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """One scripted answer of a tool."""

    reply: Reply
    when: Mapping[str, Any] | None = None
    """It answers only calls with these arguments among theirs."""
    late: bool = False
    """It never answers in time."""

    def fits(self, arguments: Mapping[str, Any]) -> bool:
        """Whether it answers a call with these arguments."""
        return self.when is None or all(arguments.get(name) == value for name, value in self.when.items())


class Script:
    """Scripted answers, tool by tool, one after another; the last that fits is given again and again.

    Args:
        scripts: Tool → its answers.
        otherwise: Who answers for tools that are not in the script; without one they fail as `not_mocked`.
    """

    def __init__(self, scripts: Mapping[str, Sequence[Scripted]], otherwise: Hands | None = None) -> None:
        self._scripts = scripts
        self._otherwise = otherwise
        self._used: dict[int, bool] = {}
        self.absent: dict[str, None] = {}
        """Tools that were called and had no answer, in the order of their first call."""

    def call(self, called: Called) -> Reply:
        """The next answer that fits."""
        fitting = [one for one in self._scripts.get(called.tool, ()) if one.fits(called.arguments)]
        if not fitting:
            return self._absent(called)
        fresh = next((one for one in fitting if id(one) not in self._used), fitting[-1])
        self._used[id(fresh)] = True
        if fresh.late:
            return timed_out(called)
        return fresh.reply

    def _absent(self, called: Called) -> Reply:
        if self._otherwise is not None and called.tool not in self._scripts:
            return self._otherwise.call(called)
        self.absent[called.tool] = None
        return Reply(outcome="error", code="not_mocked", message=f"`{called.tool}` has no answer here.")


def timed_out(called: Called) -> Reply:
    """A call that took too long, as the runtime reports it."""
    message = f"`{called.tool}` did not answer within {called.timeout_s:g} s."
    return Reply(outcome="timeout", code="timeout", message=message, delay_s=called.timeout_s)


class Recorder:
    """Notes what other hands answered, so that it can be given again without them."""

    def __init__(self, inner: Hands, keep: Callable[[Called, Reply], None]) -> None:
        self._inner = inner
        self._keep = keep

    def call(self, called: Called) -> Reply:
        """What the others answer."""
        reply = self._inner.call(called)
        self._keep(called, reply)
        return reply
