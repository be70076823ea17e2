"""Do with plugins what the conversation asks for: tools, actions, the router; each under its own deadline."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from loguru import logger

from framework.engine import effects as do
from framework.engine import inputs as happened
from framework.engine.expect import visible
from framework.errors import FrameworkError, UnknownNameError
from framework.plugins.outcomes import ToolOutcome
from framework.runtime.compat import Compat
from framework.runtime.virtual import real_time
from framework.sessions.transfers import Handover, Switchboard

if TYPE_CHECKING:
    from framework.clock import Clock
    from framework.plugins.session import SessionPlugins
    from framework.runtime.conversation import Conversation
    from framework.runtime.summary import Summarizer
    from framework.services.router import Router


Run = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""Does an errand, and answers what was asked for."""


class Quiet(Protocol):
    """Who knows when all words are out."""

    async def quiet(self, within_s: float) -> None:
        """Wait until nothing is being said, but no longer than that."""
        ...


class PluginHands:
    """Tools and actions of plugins, Pipecat's functions, and the stack's router."""

    def __init__(
        self, plugins: SessionPlugins, *, compat: Compat, router: Router | None, quiet: Quiet, clock: Clock
    ) -> None:
        self._plugins = plugins
        self._compat = compat
        self.router = router
        self._quiet = quiet
        self._clock = clock
        self._state: dict[str, Any] = {}
        self.conversation: Conversation | None = None
        self.errands: dict[str, Run] = {}
        """What is done for orders, by its kind; a `FrameworkError` says why it can't be done."""
        self.switchboard: Switchboard | None = None
        self.addresses: Mapping[str, str] = {}
        """Target of a transfer → whom to dial."""
        self.summarizer: Summarizer | None = None

    async def call(self, call: do.CallTool) -> happened.ToolFinished:
        """Run a tool to its one outcome."""
        if call.tool in self._compat:
            with real_time():
                outcome, responds = await self._compat.call(call.tool, call.arguments, timeout_s=call.timeout_s)
            return _finished(call.call, outcome, respond=responds)
        try:
            with real_time():
                outcome = await self._plugins.call(
                    call.tool, call.arguments, timeout_s=call.timeout_s, **self._around(call.call, call.tool)
                )
        except UnknownNameError:
            outcome = ToolOutcome(outcome="error", code="unknown_tool", message=f"There is no tool `{call.tool}`.")
        return _finished(call.call, outcome)

    async def act(self, act: do.Act) -> happened.ActionFinished:
        """Run an action."""
        if act.kind == "pipecat":
            return await self._pipecat(act)
        arguments = act.spec.get("with") or {}
        name = str(act.spec["name"])
        try:
            with real_time():
                outcome = await self._plugins.act(
                    name, arguments, timeout_s=act.timeout_s, **self._around(act.action, name)
                )
        except UnknownNameError as unknown:
            return happened.ActionFinished(at=0.0, action=act.action, ok=False, message=unknown.message)
        ok = outcome.outcome == "value"
        return happened.ActionFinished(at=0.0, action=act.action, ok=ok, message=outcome.message)

    async def classify(self, ask: do.Classify) -> happened.Classified:
        """Ask the stack's router; without one nothing but examples is understood."""
        if self.router is None:
            return happened.Classified(at=0.0, request=ask.request, choice=None)
        with real_time():
            verdict = await self.router.classify(ask.text, ask.choices, ask.language)
        return happened.Classified(
            at=0.0, request=ask.request, choice=verdict.choice, score=verdict.score, by=_by(verdict.by)
        )

    async def transfer(self, wanted: do.Transfer) -> happened.Transferred:
        """Hand the person to somebody else."""
        handover = Handover(
            target=wanted.target,
            address=self.addresses.get(wanted.target, ""),
            brief=wanted.brief,
            warm=wanted.warm,
            language=wanted.language,
        )
        if self.switchboard is None:
            return happened.Transferred(at=0.0, transfer=wanted.transfer, outcome="error")
        with real_time():
            outcome = await self.switchboard.connect(handover)
        return happened.Transferred(at=0.0, transfer=wanted.transfer, outcome=outcome)

    async def summarize(self, wanted: do.Summarize) -> happened.Summarized:
        """Let the model sum up what was said so far."""
        text = "" if self.summarizer is None else await self.summarizer.summary()
        return happened.Summarized(at=0.0, request=wanted.request, text=text)

    async def _pipecat(self, act: do.Act) -> happened.ActionFinished:
        """One of Pipecat's actions with a handler; a `function` runs behind what is being said."""
        if act.spec["type"] == "function":
            await self._quiet.quiet(act.timeout_s)
        try:
            with real_time():
                await self._compat.act(act.spec)
        except Exception as broken:  # noqa: BLE001 - an author's handler may raise anything
            logger.bind(error=type(broken).__name__, pii_exception=str(broken)).warning("an action of the flow failed")
            return happened.ActionFinished(at=0.0, action=act.action, ok=False, message="an action of the node failed")
        return happened.ActionFinished(at=0.0, action=act.action)

    async def run_errand(self, errand: do.Errand) -> happened.Carried:
        """Send the client a message, or find a personality."""
        try:
            data = await self.errands[errand.what](errand.data)
        except FrameworkError as refusal:
            return happened.Carried(at=0.0, order=errand.order, ok=False, why=refusal.message)
        return happened.Carried(at=0.0, order=errand.order, data=data)

    def remember(self, state: dict[str, Any]) -> None:
        """The state that functions share is this one, as a checkpoint has it."""
        self._compat.manager.state.update(state)
        self._state = self._compat.snapshot()

    def news(self) -> dict[str, Any] | None:
        """The state that functions share, when they, or anything that they left running, have changed it."""
        state = self._compat.snapshot()
        if state == self._state:
            return None
        self._state = state
        return state

    def _around(self, key: str, tool: str) -> dict[str, Any]:
        """What a tool may know of the conversation at this moment."""
        around: dict[str, Any] = {"call": key, "now": self._clock.now(), "emit": self._emit}
        if self.conversation is not None:
            state = self.conversation.state
            around |= {"slots": self._slots(tool), "identity": state.get("identity")}
        return around

    def _slots(self, tool: str) -> Mapping[str, Any]:
        """The slots as a tool may see them: sensitive ones only if it was granted them."""
        conversation = self.conversation
        return visible(conversation.plan, conversation.state, tool) if conversation is not None else {}

    def _emit(self, type_: str, data: Mapping[str, Any]) -> None:
        if self.conversation is not None:
            self.conversation.arrive(type_, data)


def _finished(call: str, outcome: ToolOutcome, *, respond: bool = True) -> happened.ToolFinished:
    return happened.ToolFinished(
        at=0.0,
        call=call,
        outcome=outcome.outcome,
        result=outcome.result,
        code=outcome.code,
        message=outcome.message,
        respond=respond,
    )


def _by(name: str) -> Any:
    return name if name in {"keys", "example", "router", "model"} else "router"
