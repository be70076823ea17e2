"""Tell the engine what happened, carry out what it asks for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from loguru import logger

from framework.clock import Clock
from framework.engine import effects as do
from framework.engine import inputs as happened
from framework.engine.errands import ERRAND_S
from framework.engine.orders import ended
from framework.engine.secrets import HIDDEN
from framework.runtime.manners import Manners
from framework.sessions.events import Event, iso
from framework.sessions.orders import SPOKEN

MODEL_DEADLINE_S = 45.0
"""How long a model may stay silent before its turn counts as failed."""
ANSWER_DEADLINE_S = 5.0
"""How long an answer may take to reach the model's context."""
CLASSIFY_DEADLINE_S = 10.0
"""How long the router may take before a text counts as "none of them"."""
GRACE_S = 1.0
"""Added to a tool's own deadline before the conversation ends the call itself."""
NEAR_S = 90.0
"""A deadline that is nearer than that will move a conversation by itself."""
BEATS = "timer:"
"""Deadlines of a flow's timers: they may come for ever and move nothing."""
MAX_STEPS = 100_000
"""Inputs kept for a replay; a session that has more keeps the first ones."""


TELLING: dict[type[Any], tuple[str, ...]] = {
    happened.ToolFinished: ("result",),
    happened.Pressed: ("keys",),
    happened.Arrived: ("data",),
    happened.Started: ("slots",),
    happened.StateChanged: ("state",),
}
"""What of an input may hold values of slots."""


class Engine(Protocol):
    """What decides: `framework.engine`, or a stand-in of the same shape."""

    def initial(self) -> dict[str, Any]:
        """The state before anything happened."""
        ...

    def step(
        self, plan: Any, state: dict[str, Any], happened: happened.Input
    ) -> tuple[dict[str, Any], list[do.Effect]]:
        """The next state, and what to do."""
        ...

    def deadline(self, state: dict[str, Any]) -> float | None:
        """When time itself must be told next."""
        ...

    def waiting(self, plan: Any, state: dict[str, Any]) -> bool:
        """Whether only the person can go on."""
        ...

    def expects(self, plan: Any, state: dict[str, Any]) -> do.Expectation:
        """What the present node listens for."""
        ...

    def private(self, plan: Any, state: dict[str, Any], text: str) -> bool:
        """Whether these words, said now, are for the engine only."""
        ...


class Stage(Protocol):
    """Where words are spoken and the model runs; it reports back through the conversation."""

    async def prompt(self, prompt: do.Prompt) -> None:
        """Set what the model reads and may call."""
        ...

    async def run_model(self, turn: int) -> None:
        """Let the model respond."""
        ...

    async def stop_model(self, turn: int) -> None:
        """Give a turn of the model up."""
        ...

    async def say(self, say: do.Say) -> None:
        """Speak or show a text."""
        ...

    async def answer(self, call: str, result: Any) -> None:
        """Give a model's call its result."""
        ...

    async def interrupt(self) -> None:
        """Stop what is being said."""
        ...

    async def tune(self, tune: do.Tune) -> None:
        """Hear and speak like this from now on."""
        ...

    @property
    def speaking(self) -> bool:
        """Whether words are under way."""
        ...


class Hands(Protocol):
    """Whoever does what the conversation asks of plugins."""

    async def call(self, call: do.CallTool) -> happened.ToolFinished:
        """Run a tool to its one outcome; `at` is stamped later."""
        ...

    async def act(self, act: do.Act) -> happened.ActionFinished:
        """Run an action; `at` is stamped later."""
        ...

    async def classify(self, ask: do.Classify) -> happened.Classified:
        """Decide what a text means; `at` is stamped later."""
        ...

    async def run_errand(self, errand: do.Errand) -> happened.Carried:
        """Do what an order wants that the engine can't do itself; `at` is stamped later."""
        ...

    async def transfer(self, wanted: do.Transfer) -> happened.Transferred:
        """Hand the person to somebody else; `at` is stamped later."""
        ...

    async def summarize(self, wanted: do.Summarize) -> happened.Summarized:
        """Sum up what was said so far; `at` is stamped later."""
        ...

    def news(self) -> dict[str, Any] | None:
        """The free-form state of Pipecat's functions, when anything has changed it since this was asked last."""
        ...


Tell = Callable[[str, str], None]
"""Hears an order's status and why; the last one told is its fate."""


@dataclass
class Standing:
    """How far an order has come, and who wants to know."""

    kind: str
    status: str = ""
    why: str = ""
    tells: list[Tell] = field(default_factory=list)

    @property
    def final(self) -> bool:
        """Whether that was the last word."""
        return self.status in ("spoken", "refused") or (self.status == "applied" and self.kind not in SPOKEN)

    def now(self, status: str, why: str) -> None:
        """Tell everybody, unless the last word has been said."""
        if self.final:
            return
        self.status, self.why = status, why
        for tell in self.tells:
            tell(status, why)
        if self.final:
            self.tells.clear()


class Conversation:
    """One conversation: inputs in, one at a time; effects out, in their order."""

    def __init__(
        self,
        plan: Any,
        *,
        engine: Engine,
        stage: Stage,
        hands: Hands,
        clock: Clock,
        session: str,
        flow: str,
        on_event: Callable[[Event], None],
        on_end: Callable[[str, dict[str, Any]], None],
        on_rest: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self.plan = plan
        self.state = engine.initial()
        self.record: list[happened.Input] = []
        self.node = ""
        """The node that was entered last."""
        self.ended: do.End | None = None
        self.waiting = asyncio.Event()
        """Set while only the person can go on."""
        self.moved = 0
        """How many inputs the engine has taken."""
        self._engine = engine
        self._stage = stage
        self._hands = hands
        self._clock = clock
        self._session = session
        self._flow = flow
        self._on_event = on_event
        self._on_end = on_end
        self._on_rest = on_rest
        self._kept = 0
        self._secrets = bool(getattr(plan, "holds_secrets", False))
        """Whether a flow of the session has sensitive slots."""
        self._inputs: deque[happened.Input] = deque()
        self._something = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._orders: dict[str, Standing] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._model_alive_at = 0.0
        self._watched: int | None = None
        """The turn of the model of which the first words are waited for."""
        self._manners = (-1, Manners())
        self._said_goodbye = False
        self._closed = False

    # --- What happened ----------------------------------------------------------

    def tell(self, what: type[Any], **fields: Any) -> None:
        """Something happened, now."""
        if not self._closed:
            self._inputs.append(what(at=self._clock.now(), **fields))
            self.waiting.clear()
            self._something.set()

    def order(self, order: dict[str, Any], tell: Tell) -> None:
        """Give the engine an order; the same `order_id` again counts once, and is told how far the first has come."""
        standing = self._orders.get(order["order_id"])
        if standing is not None:
            if not standing.final:
                standing.tells.append(tell)
            if standing.status:
                tell(standing.status, standing.why)
            return
        standing = self._orders[order["order_id"]] = Standing(order["kind"], tells=[tell])
        if self._closed or self.ended is not None:
            standing.now("refused", ended(self.ended.reason if self.ended else "over"))
        else:
            self.tell(happened.Ordered, order=order)

    def arrive(self, type_: str, data: Mapping[str, Any]) -> None:
        """An event from outside: the flow gets those that it declares, others are told to the listeners only."""
        if any(type_ in plan.events for plan in self.plan.flows.values()):
            self.tell(happened.Arrived, type=type_, data=dict(data))
        else:
            self.publish(type_, dict(data))

    def publish(self, type_: str, data: dict[str, Any], at: float | None = None, flow: str = "") -> None:
        """Tell the listeners a fact; the end of the session is always the last one."""
        if self._said_goodbye:
            return
        moment = self._clock.now() if at is None else at
        event = Event(type=type_, session=self._session, flow=flow or self._flow, time=iso(moment), data=data)
        if type_ == "node.entered":
            self.node = str(data.get("node", ""))
        self._said_goodbye = type_ == "session.ended"
        self._deliver(event)

    @property
    def still(self) -> bool:
        """Whether nothing is under way that could move the conversation: no task, words, input or near deadline."""
        soon = self._clock.now() + NEAR_S
        near = any(at < soon for name, at in self.state.get("deadlines", {}).items() if not name.startswith(BEATS))
        ours = any(name != "engine" for name in self._timers)
        return not (self._inputs or self._tasks or near or ours or self._stage.speaking)

    @property
    def language(self) -> str:
        """The language that the present node is held in."""
        return self.expects().language

    def expects(self) -> do.Expectation:
        """What the present node listens for; asked at the moment of decoding."""
        return self._engine.expects(self.plan, self.state)

    def private(self, text: str) -> bool:
        """Whether these words, said now, are for the engine only."""
        return self._engine.private(self.plan, self.state, text)

    @property
    def manners(self) -> Manners:
        """Who may speak while the bot does, at the present node; asked for every piece of sound."""
        moved, manners = self._manners
        if moved != self.moved:
            expected = self.expects()
            manners = Manners(interruptible=expected.interruptible, mute=expected.mute, deaf=expected.deaf)
            self._manners = (self.moved, manners)
        return manners

    # --- The loop ---------------------------------------------------------------

    async def run(self) -> None:
        """Take inputs until the session is closed; the single consumer."""
        while not self._closed:
            await self._something.wait()
            while self._inputs and not self._closed:
                await self._take(self._inputs.popleft())
            self._something.clear()
            self._rest()
            self.settled()

    def _rest(self) -> None:
        """Nothing more can be done at once: whoever keeps the state gets it."""
        if self._on_rest is None or self.moved == self._kept or self._closed:
            return
        self._kept = self.moved
        try:
            self._on_rest(self.state)
        except Exception as broken:  # noqa: BLE001 - a session goes on without its checkpoint
            logger.opt(exception=broken).error("the checkpoint could not be kept", session=self._session)

    def settled(self) -> None:
        """Look whether only the person can go on now; whoever finished something calls this."""
        over = self._closed or self.ended is not None
        if not over and not self._inputs and not self._stage.speaking and self._waits():
            self.waiting.set()

    async def close(self, reason: str = "over") -> None:
        """Stop everything that this conversation started."""
        if self._closed:
            return
        self._closed = True
        for timer in self._timers.values():
            timer.cancel()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        for standing in self._orders.values():
            standing.now("refused", ended(self.ended.reason if self.ended else reason))
        self._something.set()
        if tasks:
            await asyncio.wait(tasks, timeout=2.0)

    async def _take(self, what: happened.Input) -> None:
        if (news := self._hands.news()) is not None:
            await self._step(happened.StateChanged(at=what.at, state=news))
        await self._step(what)

    async def _step(self, what: happened.Input) -> None:
        if len(self.record) < MAX_STEPS:
            self.record.append(screened(what, secrets=self._secrets))
        self._forget_deadline_of(what)
        self.moved += 1
        try:
            self.state, todo = self._engine.step(self.plan, self.state, what)
        except Exception as broken:  # noqa: BLE001 - a mistake in the engine must not hang the session
            logger.opt(exception=broken).error("the engine failed", session=self._session)
            self._give_up()
            return
        for effect in todo:
            await self._carry(effect, what.at)
        self._rearm()

    def _give_up(self) -> None:
        self.publish("error", {"code": "engine", "message": "The conversation could not go on."})
        if self.ended is None:
            self.publish("session.ended", {"reason": "error", "outputs": {}})
            self._finish(do.End(reason="error"))

    def _waits(self) -> bool:
        try:
            return self._engine.waiting(self.plan, self.state)
        except Exception as broken:  # noqa: BLE001 - as above
            logger.opt(exception=broken).error("the engine failed", session=self._session)
            return False

    def _rearm(self) -> None:
        """One timer for the engine's next deadline."""
        self._disarm("engine")
        moment = None if self.ended is not None else self._engine.deadline(self.state)
        if moment is not None:
            self._arm("engine", moment - self._clock.now(), self._time_passed)

    def _time_passed(self) -> None:
        moment = self._engine.deadline(self.state)
        if moment is not None and moment <= self._clock.now() + 1e-3:
            self.tell(happened.TimePassed)
        elif moment is not None:
            self._arm("engine", moment - self._clock.now(), self._time_passed)

    # --- What to do -------------------------------------------------------------

    async def _carry(self, effect: do.Effect, at: float) -> None:
        match effect:
            case do.Emit():
                self.publish(effect.type, effect.data, at, effect.flow)
            case do.Say() | do.Prompt() | do.Tune() | do.Interrupt():
                await self._show(effect)
            case do.RunModel():
                await self._run_model(effect)
            case do.Answer():
                self._arm(f"answer/{effect.call}", ANSWER_DEADLINE_S, lambda: self._answer_lost(effect.call))
                await self._stage.answer(effect.call, effect.result)
            case do.Settle():
                if standing := self._orders.get(effect.order):
                    standing.now(effect.status, effect.why)
            case do.End():
                self._finish(effect)
            case _:
                self._delegate(effect)

    async def _show(self, effect: do.Say | do.Prompt | do.Tune | do.Interrupt) -> None:
        match effect:
            case do.Say():
                await self._stage.say(effect)
            case do.Prompt():
                await self._stage.prompt(effect)
            case do.Tune():
                await self._stage.tune(effect)
            case do.Interrupt():
                await self._stage.interrupt()

    def _delegate(self, effect: do.Effect) -> None:
        match effect:
            case do.CallTool():
                self._start(f"call/{effect.call}", self._call(effect))
            case do.CancelTool():
                self._stop(f"call/{effect.call}")
            case do.Act():
                self._start(f"act/{effect.action}", self._act(effect))
            case do.Classify():
                self._start(f"classify/{effect.request}", self._classify(effect))
            case do.Errand():
                self._start(f"errand/{effect.order}", self._run_errand(effect))
            case do.Transfer():
                self._start(f"transfer/{effect.transfer}", self._transfer(effect))
            case do.StopTransfer():
                self._stop(f"transfer/{effect.transfer}")
            case do.Summarize():
                self._start(f"summary/{effect.request}", self._summarize(effect))

    async def _run_model(self, run: do.RunModel) -> None:
        turn = run.turn
        self._watched = None
        self.model_alive()
        self._watched = turn if run.watched else None
        self._arm(f"model/{turn}", MODEL_DEADLINE_S, lambda: self._model_due(turn))
        await self._stage.run_model(turn)

    def model_alive(self) -> None:
        """The model shows life: its deadline starts anew."""
        self._model_alive_at = asyncio.get_running_loop().time()
        if self._watched is not None:
            turn, self._watched = self._watched, None
            self.tell(happened.ModelBegan, turn=turn)

    def _model_due(self, turn: int) -> None:
        """The model's deadline has come, unless it has shown life since."""
        left = self._model_alive_at + MODEL_DEADLINE_S - asyncio.get_running_loop().time()
        if left > 0:
            self._arm(f"model/{turn}", left, lambda: self._model_due(turn))
        else:
            self._model_lost(turn)

    def _model_lost(self, turn: int) -> None:
        self._start(f"lost/{turn}", self._stage.stop_model(turn))
        self.tell(happened.ModelFailed, turn=turn, message=f"no answer within {MODEL_DEADLINE_S:g} s")

    def _answer_lost(self, call: str) -> None:
        logger.warning("an answer did not reach the context in time", session=self._session)
        self.tell(happened.AnswerRead, call=call)

    def _finish(self, end: do.End) -> None:
        self.ended = end
        self.waiting.clear()
        self._disarm("engine")
        self._on_end(end.reason, end.outputs)

    # --- Work that takes time ---------------------------------------------------

    async def _call(self, call: do.CallTool) -> None:
        late = happened.ToolFinished(
            at=0.0,
            call=call.call,
            outcome="timeout",
            code="timeout",
            message=f"`{call.tool}` did not answer within {call.timeout_s:g} s.",
        )
        crashed = happened.ToolFinished(
            at=0.0, call=call.call, outcome="error", code="crashed", message=f"`{call.tool}` failed."
        )
        await self._work(self._hands.call(call), call.timeout_s + GRACE_S, late, crashed)

    async def _act(self, act: do.Act) -> None:
        late = happened.ActionFinished(at=0.0, action=act.action, ok=False, message="the action took too long")
        crashed = happened.ActionFinished(at=0.0, action=act.action, ok=False, message="the action failed")
        await self._work(self._hands.act(act), act.timeout_s + GRACE_S, late, crashed)

    async def _classify(self, ask: do.Classify) -> None:
        none = happened.Classified(at=0.0, request=ask.request, choice=None)
        await self._work(self._hands.classify(ask), CLASSIFY_DEADLINE_S, none, none)

    async def _run_errand(self, errand: do.Errand) -> None:
        late = happened.Carried(at=0.0, order=errand.order, ok=False, why=f"it took longer than {ERRAND_S:g} s")
        crashed = happened.Carried(at=0.0, order=errand.order, ok=False, why="it failed; the log says how")
        await self._work(self._hands.run_errand(errand), ERRAND_S, late, crashed)

    async def _transfer(self, wanted: do.Transfer) -> None:
        late = happened.Transferred(at=0.0, transfer=wanted.transfer, outcome="no_answer")
        crashed = happened.Transferred(at=0.0, transfer=wanted.transfer, outcome="error")
        await self._work(self._hands.transfer(wanted), wanted.timeout_s, late, crashed)

    async def _summarize(self, wanted: do.Summarize) -> None:
        none = happened.Summarized(at=0.0, request=wanted.request)
        await self._work(self._hands.summarize(wanted), wanted.timeout_s, none, none)

    async def _work(
        self, work: Awaitable[happened.Input], within_s: float, late: happened.Input, crashed: happened.Input
    ) -> None:
        """Await work that ends in one input, whatever it does."""
        try:
            done: happened.Input = await asyncio.wait_for(work, within_s)
        except TimeoutError:
            done = late
        except Exception as broken:  # noqa: BLE001 - a plugin's failure is an outcome, not ours
            logger.opt(exception=broken).warning("work of a plugin failed", session=self._session)
            done = crashed
        self.tell(type(done), **{name: getattr(done, name) for name in _fields(done) if name != "at"})

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"{self._session}/{name}")
        self._tasks[name] = task
        task.add_done_callback(lambda _: self._tasks.pop(name, None) if self._tasks.get(name) is task else None)

    def _stop(self, name: str) -> None:
        if task := self._tasks.get(name):
            task.cancel()

    # --- Deadlines --------------------------------------------------------------

    def _arm(self, name: str, seconds: float, then: Callable[[], None]) -> None:
        self._disarm(name)
        if self._closed:
            return

        def fire() -> None:
            self._timers.pop(name, None)
            then()

        self._timers[name] = asyncio.get_running_loop().call_later(max(0.0, seconds), fire)

    def _disarm(self, name: str) -> None:
        if timer := self._timers.pop(name, None):
            timer.cancel()

    def _forget_deadline_of(self, what: happened.Input) -> None:
        match what:
            case happened.ModelFinished() | happened.ModelFailed():
                self._disarm(f"model/{what.turn}")
            case happened.AnswerRead():
                self._disarm(f"answer/{what.call}")
            case _:
                pass

    def _deliver(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception as broken:  # noqa: BLE001 - a listener's failure is its own
            logger.opt(exception=broken).warning("a listener failed", session=self._session)


def screened(what: happened.Input, *, secrets: bool) -> happened.Input:
    """An input as it may be kept: without private words and, where flows have secrets, without what may hold values.

    >>> screened(happened.Pressed(at=1.0, keys="4111"), secrets=True).keys
    '***'
    """
    if isinstance(what, happened.Heard):
        return replace(what, text=HIDDEN) if what.private else what
    if not secrets:
        return what
    if isinstance(what, happened.Ordered) and "slots" in what.order:
        return replace(what, order={**what.order, "slots": dict.fromkeys(what.order["slots"], HIDDEN)})
    telling = {name: hidden(getattr(what, name)) for name in TELLING.get(type(what), ())}
    return replace(what, **telling) if telling else what


def hidden(value: Any) -> Any:
    """A value without what it says: the names in it stay, and so does that there is none."""
    if value is None:
        return None
    return dict.fromkeys(value, HIDDEN) if isinstance(value, dict) else HIDDEN


def _fields(what: happened.Input) -> tuple[str, ...]:
    return tuple(type(what).__dataclass_fields__)
