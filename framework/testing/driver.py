"""Drive the engine by hand: scripted model, router and tools, time that moves when told; no await, no Pipecat."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from framework.engine import effects, inputs
from framework.engine.context import renewed
from framework.engine.keys import PAUSE_S
from framework.engine.plan import Plan
from framework.engine.state import State, deadline, initial
from framework.engine.step import step
from framework.engine.work import Note

Reply = str | tuple[str, dict[str, Any]]
"""What a model does: says a text, or calls a function with arguments."""
Model = Callable[["Driver"], Sequence[Reply]]
Router = Callable[[str, Sequence[effects.Choice]], str | None]
Errand = Callable[[dict[str, Any]], dict[str, Any] | None]
ToolDouble = Callable[[dict[str, Any]], Any]

START = 1_770_000_000.0
"""When scripted conversations begin: 2026-02-02, 02:40 UTC."""
SEEN = 10_000
"""How many inputs one call may set off before a script is taken to be endless."""


def silent(_driver: Driver) -> Sequence[Reply]:
    """A model that says the same short thing every time."""
    return ["All right."]


def nothing_meant(_text: str, _choices: Sequence[effects.Choice]) -> str | None:
    """A router that hears no intent."""
    return None


@dataclass
class Driver:
    """One conversation with everything around it scripted."""

    plan: Plan
    model: Model = silent
    router: Router = nothing_meant
    tools: dict[str, ToolDouble] = field(default_factory=dict)
    channel: str = "text"
    state: State = field(default_factory=initial)
    now: float = START
    said: list[str] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    """The model's context, as Pipecat would hold it."""
    role: str | None = None
    offered: tuple[effects.Offer, ...] = ()
    shared: dict[str, Any] = field(default_factory=dict)
    """The free-form state that Pipecat's functions change."""
    fates: dict[str, tuple[str, str]] = field(default_factory=dict)
    record: list[tuple[inputs.Input, list[effects.Effect]]] = field(default_factory=list)
    ended: str | None = None
    transfers: dict[str, str] = field(default_factory=dict)
    """Target → how a transfer to it ends; one that isn't named is never answered."""
    transferred: list[effects.Transfer] = field(default_factory=list)
    summary: str | None = None
    """What the model sums its context up as; None where it can't."""
    tuned: list[effects.Tune] = field(default_factory=list)
    """How hearing and speaking were to be tuned, in order."""
    errands: dict[str, Errand] = field(default_factory=lambda: {"app_message": lambda _: None})
    """What is done for orders, by its kind; a `ValueError` is why it can't be done."""
    trace: list[Note] | None = None
    """Where the engine notes how it decided; None where nobody wants to know."""

    # --- What a test does ---------------------------------------------------

    def start(self, **session: Any) -> Driver:
        """Begin the conversation."""
        info = {"id": "test", "channel": self.channel, "language": self.plan.languages[0], **session}
        self._share()
        return self.happens(inputs.Started(at=self.now, session=info))

    def hear(self, *texts: str) -> Driver:
        """The person says these, one turn each."""
        for text in texts:
            self.messages.append({"role": "user", "content": text})
            self.happens(inputs.Heard(at=self.now, text=text))
        return self

    def press(self, *keys: str) -> Driver:
        """The person presses these keys, one after another; a pause follows each argument."""
        for pressed in keys:
            for key in pressed:
                self.happens(inputs.Pressed(at=self.now, keys=key))
            self.wait(PAUSE_S)
        return self

    def order(self, kind: str, **fields: Any) -> Driver:
        """An operator gives an order."""
        return self.happens(
            inputs.Ordered(at=self.now, order={"kind": kind, "order_id": f"o{len(self.fates)}", **fields})
        )

    def arrive(self, type: str, **data: Any) -> Driver:  # noqa: A002 - the word the language uses
        """An event from outside arrives."""
        return self.happens(inputs.Arrived(at=self.now, type=type, data=data))

    def wait(self, seconds: float) -> Driver:
        """Let time pass, deadline by deadline."""
        until = self.now + seconds
        while (at := deadline(self.state)) is not None and at <= until:
            self.now = max(self.now, at)
            self.happens(inputs.TimePassed(at=self.now))
        self.now = until
        return self

    def happens(self, happened: inputs.Input) -> Driver:
        """Give one input, and all that follows from it at once."""
        todo: deque[inputs.Input] = deque([happened])
        for _ in range(SEEN):
            if not todo:
                return self
            one = todo.popleft()
            self.state, wanted = self._step(one)
            self.record.append((one, wanted))
            for effect in wanted:
                todo.extend(self._carry_out(effect))
        raise AssertionError("the script never comes to rest")

    def _step(self, one: inputs.Input) -> tuple[State, list[effects.Effect]]:
        return step(self.plan, self.state, one, *(() if self.trace is None else (self.trace,)))

    # --- What a test looks at -----------------------------------------------

    @property
    def node(self) -> str | None:
        """Where the conversation is."""
        node: str | None = self.state["node"]
        return node

    @property
    def slots(self) -> dict[str, Any]:
        """The slots that are set."""
        slots: dict[str, Any] = self.state["slots"]
        return slots

    @property
    def visited(self) -> list[str]:
        """The nodes entered, in order."""
        return [data["node"] for kind, data in self.events if kind == "node.entered"]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The data of all events of a type."""
        return [data for event, data in self.events if event == kind]

    # --- Effects ------------------------------------------------------------

    def _carry_out(self, effect: effects.Effect) -> list[inputs.Input]:
        handler = getattr(self, f"_{type(effect).__name__.lower()}", None)
        return handler(effect) if handler else []

    def _emit(self, effect: effects.Emit) -> list[inputs.Input]:
        self.events.append((effect.type, effect.data))
        return []

    def _say(self, effect: effects.Say) -> list[inputs.Input]:
        self.said.append(effect.text)
        if effect.remember:
            self.messages.append({"role": "assistant", "content": effect.text})
        return self._speak(effect.text, effect.say)

    def _speak(self, text: str, say: str | None) -> list[inputs.Input]:
        """The words leave: at once here, since nobody listens."""
        return [inputs.Spoken(at=self.now, say=say, generated=text, spoken=text)]

    def _prompt(self, effect: effects.Prompt) -> list[inputs.Input]:
        if effect.role is not None:
            self.role = effect.role
        self.messages = renewed(self.messages, effect)
        if effect.tools is not None:
            self.offered = effect.tools
        return []

    def _runmodel(self, effect: effects.RunModel) -> list[inputs.Input]:
        replies = list(self.model(self))
        text = " ".join(reply for reply in replies if isinstance(reply, str))
        calls = tuple(
            inputs.ModelCall(call=f"m{effect.turn}.{number}", name=reply[0], arguments=reply[1])
            for number, reply in enumerate(r for r in replies if not isinstance(r, str))
        )
        found: list[inputs.Input] = []
        if text:
            self.said.append(text)
            self.messages.append({"role": "assistant", "content": text})
        if calls:
            found.append(inputs.ModelCalled(at=self.now, turn=effect.turn, calls=calls))
        found.append(inputs.ModelFinished(at=self.now, turn=effect.turn, text=text))
        if text:
            found.extend(self._speak(text, None))
        return found

    def _answer(self, effect: effects.Answer) -> list[inputs.Input]:
        self.messages.append({"role": "tool", "tool_call_id": effect.call, "content": effect.result})
        return [inputs.AnswerRead(at=self.now, call=effect.call)]

    def _calltool(self, effect: effects.CallTool) -> list[inputs.Input]:
        double = self.tools.get(effect.tool)
        if double is None:
            return []  # a tool that hangs
        try:
            result = double(effect.arguments)
            self._share()
        except Exception as error:  # noqa: BLE001 - a double may fail in any way
            why = str(error)
            return [inputs.ToolFinished(at=self.now, call=effect.call, outcome="error", code="failed", message=why)]
        return [inputs.ToolFinished(at=self.now, call=effect.call, outcome="value", result=result)]

    def _share(self) -> None:
        """Tell the engine what Pipecat's functions made of their state."""
        if self.shared != self.state["state"]:
            changed = inputs.StateChanged(at=self.now, state=dict(self.shared))
            self.state, _ = step(self.plan, self.state, changed)
            self.record.append((changed, []))

    def _act(self, effect: effects.Act) -> list[inputs.Input]:
        return [inputs.ActionFinished(at=self.now, action=effect.action)]

    def _classify(self, effect: effects.Classify) -> list[inputs.Input]:
        choice = self.router(effect.text, effect.choices)
        return [inputs.Classified(at=self.now, request=effect.request, choice=choice, score=1.0 if choice else 0.0)]

    def _transfer(self, effect: effects.Transfer) -> list[inputs.Input]:
        self.transferred.append(effect)
        outcome: Any = self.transfers.get(effect.target)
        return [] if outcome is None else [inputs.Transferred(at=self.now, transfer=effect.transfer, outcome=outcome)]

    def _summarize(self, effect: effects.Summarize) -> list[inputs.Input]:
        return [inputs.Summarized(at=self.now, request=effect.request, text=self.summary or "")]

    def _tune(self, effect: effects.Tune) -> list[inputs.Input]:
        self.tuned.append(effect)
        return []

    def _errand(self, effect: effects.Errand) -> list[inputs.Input]:
        try:
            data = self.errands[effect.what](effect.data)
        except (KeyError, ValueError) as error:
            return [inputs.Carried(at=self.now, order=effect.order, ok=False, why=str(error))]
        return [inputs.Carried(at=self.now, order=effect.order, data=data or {})]

    def _settle(self, effect: effects.Settle) -> list[inputs.Input]:
        self.fates[effect.order] = (effect.status, effect.why)
        return []

    def _end(self, effect: effects.End) -> list[inputs.Input]:
        self.ended = effect.reason
        return []
