"""Play a recorded conversation against another flow: the same person, tools and model, as far as they were recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from framework.engine import effects, inputs
from framework.engine.expect import waiting
from framework.engine.interrupts import CHOICE
from framework.engine.plan import Plan
from framework.engine.state import State, copied, deadline, initial
from framework.engine.step import step
from framework.story.guesses import masked
from framework.story.rehearsal import KEYS, same
from framework.story.transcript import Recorded, Transcript

ENDLESS = 20_000
"""Inputs after which a conversation is taken to go on for ever."""
SHOWN = ("node.entered", "tool.called", "slot.set", "slot.cleared", "user.said", "bot.said", "session.ended")
"""What stands in the two columns."""
COMPARED = ("node.entered", "tool.called", "slot.set", "slot.cleared", "session.ended")
"""What makes two conversations different; words alone don't, unless they are asked for."""


@dataclass(frozen=True)
class Step:
    """One thing that happened in a conversation, such that two of them can be compared."""

    kind: str
    text: str
    data: dict[str, Any]
    at: float
    """Seconds since the beginning."""


@dataclass(frozen=True)
class Replay:
    """Two ways of one conversation."""

    old: tuple[Step, ...]
    new: tuple[Step, ...]
    parted: tuple[int, int] | None
    """The first steps that differ, of each; None when both go the same way."""
    missing: tuple[str, ...]
    """What the recording could not answer."""

    @property
    def path(self) -> list[str]:
        """The nodes that both entered before they part."""
        shared = self.old if self.parted is None else self.old[: self.parted[0]]
        return [str(step.data["node"]) for step in shared if step.kind == "node.entered"]


def replay(plan: Plan, transcript: Transcript, *, words: bool = False) -> Replay:
    """Play a conversation against a flow, and see where it goes otherwise.

    Args:
        plan: The other flow.
        transcript: What was recorded.
        words: Whether what the bot says counts, too.
    """
    world = _World(plan, transcript)
    world.play()
    old = tuple(_steps(((event.type, event.data, event.at) for event in transcript.events), transcript))
    new = tuple(_steps(world.events, transcript))
    compared = (*COMPARED, "bot.said") if words else COMPARED
    parted = _parted(old, new, compared, whole=transcript.complete)
    return Replay(old, new, parted, tuple(dict.fromkeys(world.missing)))


def _parted(
    old: Sequence[Step], new: Sequence[Step], compared: Sequence[str], *, whole: bool
) -> tuple[int, int] | None:
    """Where two conversations differ first; one that breaks off differs in nothing after that."""
    ours = [(n, one) for n, one in enumerate(old) if one.kind in compared]
    theirs = [(n, one) for n, one in enumerate(new) if one.kind in compared]
    for (a, one), (b, other) in zip(ours, theirs, strict=False):
        if one.kind != other.kind or not same(_essence(other), _essence(one)):
            return a, b
    if len(ours) == len(theirs) or (not whole and len(ours) < len(theirs)):
        return None
    shared = min(len(ours), len(theirs))
    return (
        ours[shared][0] if shared < len(ours) else len(old),
        theirs[shared][0] if shared < len(theirs) else len(new),
    )


def _essence(one: Step) -> dict[str, Any]:
    keys = {
        "node.entered": ("node",),
        "tool.called": ("tool", "arguments"),
        "slot.set": ("slot", "value"),
        "slot.cleared": ("slot",),
        "session.ended": ("reason",),
        "bot.said": ("generated",),
    }[one.kind]
    return {key: one.data.get(key) for key in keys}


def _steps(events: Any, transcript: Transcript) -> Iterator[Step]:
    begin = transcript.events[0].at
    for kind, data, at in events:
        if kind in SHOWN:
            yield Step(kind, _text(kind, data), data, max(0.0, at - begin))


def _text(kind: str, data: dict[str, Any]) -> str:
    from framework.story.telling import shown  # noqa: PLC0415 - telling knows rehearsals

    arguments = ", ".join(f"{name}={shown(value)}" for name, value in _arguments(data).items())
    return {
        "node.entered": f"→ {data.get('node')}",
        "tool.called": f"calls {data.get('tool')}({arguments})",
        "slot.set": f"{data.get('slot')} = {shown(data.get('value'))}",
        "slot.cleared": f"{data.get('slot')} is cleared",
        "user.said": f"You: {data.get('text') or '(masked)'}",
        "bot.said": f"Bot: {data.get('generated')}",
    }.get(kind, f"ends: {data.get('reason')}")


def _arguments(data: dict[str, Any]) -> dict[str, Any]:
    found = data.get("arguments")
    return found if isinstance(found, dict) else {}


# --- The world as it was recorded -------------------------------------------


@dataclass
class _Answer:
    """A tool's recorded outcome."""

    arguments: dict[str, Any]
    outcome: Any
    result: Any
    used: bool = False


@dataclass
class _Reply:
    """What the model did in one recorded response."""

    node: str
    heard: str
    text: str = ""
    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    """`tool`, `intent` or `function`; its name; arguments."""
    used: bool = False


class _World:
    """Person, router, tools and model, all as recorded."""

    def __init__(self, plan: Plan, transcript: Transcript) -> None:
        self.plan = plan
        self.transcript = transcript
        self.state: State = initial()
        self.now = transcript.events[0].at
        self.events: list[tuple[str, dict[str, Any], float]] = []
        self.missing: list[str] = []
        self.heard = ""
        self.taken = 0
        self.said: list[str] = []
        """What the flow has said word for word."""
        self.answers = _answers(transcript)
        self.meanings = _meanings(transcript)
        self.replies = _replies(transcript)

    def play(self) -> None:
        """From the first event to the last, or to where the flow wants something that was not recorded."""
        session = {
            "id": self.transcript.session,
            "room": "",
            "channel": self.transcript.channel,
            "language": self.plan.languages[0],
        }
        known = {name: value for name, value in self.transcript.slots.items() if name in self.plan.slots}
        self._happens(inputs.Started(at=self.now, session=session, slots=known))
        for event in self.transcript.events:
            if self.state["phase"] == "ended":
                break
            for happened in self._from_outside(event):
                self._wait(event.at)
                self._happens(happened)
        self._end()

    def _end(self) -> None:
        """The recorded person says no more."""
        if self.state["phase"] == "ended":
            return
        ended = self.transcript.of("session.ended")
        if not ended:
            return
        hung_up = any(
            (event.data.get("cause") or {}).get("kind") == "hangup"
            for event in self.transcript.of("node.left")
            if isinstance(event.data.get("cause"), dict)
        )
        self._wait(ended[0].at)
        if self.state["phase"] == "ended":
            return
        if not hung_up and waiting(self.plan, self.state):
            self.missing.append(f"at `{self.state['node']}` the person is waited for, who says no more")
        self._happens(inputs.HungUp(at=self.now, reason=str(ended[0].data.get("reason")) if hung_up else "hangup"))

    def _from_outside(self, event: Recorded) -> Iterator[inputs.Input]:
        """What the world did, that an event tells of."""
        at, data = max(event.at, self.now), event.data
        cause = data.get("cause")
        cause = cause if isinstance(cause, dict) else {}
        if event.type == "user.said":
            yield from self._words(event, at)
        elif event.type == "node.left" and cause.get("kind") == "order" and data.get("to") in self.plan.nodes:
            order = {"kind": "goto", "node": data["to"], "order_id": f"o{event.number}", "mode": "immediate"}
            yield inputs.Ordered(at=at, order=order)
        elif event.type == "slot.set" and data.get("source") == "order" and data.get("slot") in self.plan.slots:
            slots = {data["slot"]: data.get("value")}
            yield inputs.Ordered(at=at, order={"kind": "set", "slots": slots, "order_id": f"o{event.number}"})
        elif any(event.type in plan.events for plan in self.plan.flows.values()):
            yield inputs.Arrived(at=at, type=event.type, data=copied(data))

    def _words(self, event: Recorded, at: float) -> Iterator[inputs.Input]:
        text = str(event.data.get("text") or "")
        keys = _keys(self.transcript.events, event.number)
        if not text:
            text = self._guess(event, at)
            self.missing.append("masked words: others that fit took their place")
        self.heard = text
        if keys and set(text) <= KEYS:
            yield inputs.Pressed(at=at, keys=text)
        else:
            yield inputs.Heard(at=at, text=text, participant=str(event.data.get("participant", "user")))

    def _guess(self, event: Recorded, at: float) -> str:
        """Words for masked ones: the first after which the same kind of thing happens as then."""
        after = self.transcript.events[event.number + 1 :]
        here = self.plan.flows.get(self.state["flow"] or "", self.plan)
        collect = self.state["collect"] or {}
        guesses = list(masked(self.plan, here.slots.get(collect.get("asking") or ""), after))
        for guess in guesses:
            _, wanted = step(self.plan, self.state, inputs.Heard(at=at, text=guess))
            told = [effect for effect in wanted if isinstance(effect, effects.Emit)]
            if after and len(told) > 1 and told[1].type == after[0].type:
                return guess
        return guesses[0]

    def _wait(self, until: float) -> None:
        """Let time pass, deadline by deadline."""
        for _ in range(ENDLESS):
            due = deadline(self.state)
            if due is None or due > until or self.state["phase"] == "ended":
                break
            self.now = max(self.now, due)
            self._happens(inputs.TimePassed(at=self.now))
        self.now = max(self.now, until)

    def _happens(self, happened: inputs.Input) -> None:
        """Give one input, and all that follows from it at once."""
        todo = [happened]
        while todo:
            self.taken += 1
            if self.taken > ENDLESS:
                self.missing.append("the flow never came to rest")
                return
            one = todo.pop(0)
            self.state, wanted = step(self.plan, self.state, one)
            for effect in wanted:
                todo += self._answer(effect)

    def _answer(self, effect: effects.Effect) -> list[inputs.Input]:
        at = self.now
        found: list[inputs.Input] = []
        match effect:
            case effects.Emit():
                self.events.append((effect.type, effect.data, at))
            case effects.Say():
                self.said.append(effect.text)
                found = [inputs.Spoken(at=at, say=effect.say, generated=effect.text, spoken=effect.text)]
            case effects.Answer():
                found = [inputs.AnswerRead(at=at, call=effect.call)]
            case effects.Act():
                found = [inputs.ActionFinished(at=at, action=effect.action)]
            case effects.Classify():
                choice = self._meaning(effect)
                score = 0.0 if choice is None else 1.0
                found = [inputs.Classified(at=at, request=effect.request, choice=choice, score=score)]
            case effects.CallTool():
                found = [self._tool(effect)]
            case effects.RunModel():
                found = self._model(effect.turn)
            case effects.Transfer():
                found = [inputs.Transferred(at=at, transfer=effect.transfer, outcome=self._transfer(effect.target))]
            case effects.Summarize():
                found = [inputs.Summarized(at=at, request=effect.request)]
        return found

    def _meaning(self, ask: effects.Classify) -> str | None:
        """What the router decided for these words, where that is among the choices."""
        intent = self.meanings.get(ask.text)
        here = self.plan.flows.get(self.state["flow"] or "", self.plan)
        node = here.nodes.get(self.state["node"] or "")
        named = {str(way.index): way.name for way in node.intents} if node is not None else {}
        for choice in ask.choices:
            if intent is not None and intent in (choice.text, named.get(choice.key), choice.key.removeprefix(CHOICE)):
                return choice.key
        return None

    def _tool(self, call: effects.CallTool) -> inputs.ToolFinished:
        """The outcome that was recorded for these arguments, else the next one of the tool."""
        known = self.answers.get(call.tool, [])
        fitting = [one for one in known if same(call.arguments, one.arguments)]
        found = next((one for one in fitting if not one.used), None) or next(iter(fitting), None)
        if found is None and (found := next((one for one in known if not one.used), None)) is not None:
            self.missing.append(f"`{call.tool}` with other arguments: its next recorded result was taken")
        if found is None:
            self.missing.append(f"`{call.tool}` was not called then, so here it fails")
            return inputs.ToolFinished(
                at=self.now, call=call.call, outcome="error", code="failed", message="This was not recorded."
            )
        found.used = True
        return inputs.ToolFinished(
            at=self.now, call=call.call, outcome=found.outcome, result=copied(found.result), code="failed"
        )

    def _transfer(self, target: str) -> Any:
        """What became of handing over to this target then."""
        for event in self.transcript.of("transfer.finished"):
            if event.data.get("target") == target and event.data.get("outcome") != "cancelled":
                return event.data.get("outcome")
        self.missing.append(f"nobody was handed over to `{target}` then, so here nobody answers")
        return "no_answer"

    def _model(self, turn: int) -> list[inputs.Input]:
        """The response recorded at this node for these words, as far as its functions are offered here."""
        node = self.plan.flows.get(self.state["flow"] or "", self.plan).nodes[self.state["node"]]
        left = list(self._unused())
        found = next((one for one in left if one.node == node.name and one.heard == self.heard), None)
        found = found or next((one for one in left if one.heard == self.heard), None)
        if found is None:
            self.missing.append(f"the model at `{node.name}` answers what was not recorded: it says nothing of its own")
            return self._speech(turn, "…")
        found.used = True
        calls = []
        for number, (sort, name, arguments) in enumerate(found.calls):
            function = _function(node, sort, name)
            if function is None:
                self.missing.append(f"the model called `{name}`, which `{node.name}` does not offer")
            else:
                calls.append(inputs.ModelCall(call=f"m{turn}.{number}", name=function, arguments=arguments))
        called = [inputs.ModelCalled(at=self.now, turn=turn, calls=tuple(calls))] if calls else []
        return [*called, *self._speech(turn, found.text or ("" if calls else "…"))]

    def _unused(self) -> Iterator[_Reply]:
        """The recorded responses that are left; what the flow itself says by now was none."""
        for one in self.replies:
            if not one.used and not one.calls and one.text in self.said:
                self.said.remove(one.text)
                one.used = True
            if not one.used:
                yield one

    def _speech(self, turn: int, text: str) -> list[inputs.Input]:
        spoken = [inputs.Spoken(at=self.now, generated=text, spoken=text)] if text else []
        return [inputs.ModelFinished(at=self.now, turn=turn, text=text), *spoken]


def _function(node: Any, sort: str, name: str) -> str | None:
    """What the function is called here that was a tool, an intent or a function of that name then."""
    for one in node.offered:
        by_tool = sort == "tool" and one.tool == name
        by_intent = sort == "intent" and one.way is not None and one.way.name == name
        if by_tool or by_intent or (sort == "function" and one.offer.name == name):
            found: str = one.offer.name
            return found
    return None


# --- Reading what was recorded ----------------------------------------------


def _answers(transcript: Transcript) -> dict[str, list[_Answer]]:
    called = {event.data.get("call"): event.data for event in transcript.of("tool.called")}
    found: dict[str, list[_Answer]] = {}
    for event in transcript.of("tool.finished"):
        data = event.data
        arguments = _arguments(called.get(data.get("call"), {}))
        if data.get("outcome") in ("value", "error", "timeout"):
            answer = _Answer(arguments, data["outcome"], data.get("result"))
            found.setdefault(str(data.get("tool")), []).append(answer)
    return found


def _meanings(transcript: Transcript) -> dict[str, str]:
    """Words → the intent that they were taken for."""
    found: dict[str, str] = {}
    heard = ""
    for event in transcript.events:
        if event.type == "user.said":
            heard = str(event.data.get("text") or "")
        elif event.type == "intent.heard" and heard:
            found.setdefault(heard, str(event.data.get("intent")))
    return found


def _keys(events: Sequence[Recorded], number: int) -> bool:
    """Whether words were keys of a telephone, as the intent that they meant says."""
    after = events[number + 1 : number + 3]
    return any(event.type == "intent.heard" and event.data.get("by") == "keys" for event in after)


def _replies(transcript: Transcript) -> list[_Reply]:
    """What the model did, response by response, at nodes where a model speaks."""
    found: list[_Reply] = []
    node, kind, heard = "", "", ""
    open_: _Reply | None = None
    called = False
    for event in transcript.events:
        data = event.data
        match event.type:
            case "node.entered":
                node, kind, open_, called = str(data.get("node")), str(data.get("kind")), None, False
            case "user.said":
                heard, open_, called = str(data.get("text") or ""), None, False
            case "tool.finished":
                open_ = None
        call = _call(event)
        if call is not None and call[0] == "function" and called:
            call = None  # where a tool's result led
        called = called or call is not None
        if kind != "instruct" or (call is None and event.type != "bot.said"):
            continue
        if open_ is None or (event.type == "bot.said" and open_.text):
            open_ = _Reply(node, heard)
            found.append(open_)
        if call is not None:
            open_.calls.append(call)
        else:
            open_.text = str(data.get("generated") or "")
    return found


def _call(event: Recorded) -> tuple[str, str, dict[str, Any]] | None:
    data, cause = event.data, event.data.get("cause")
    if event.type == "tool.called" and data.get("by") == "model":
        return "tool", str(data.get("tool")), _arguments(data)
    if event.type == "intent.heard" and data.get("by") == "model":
        return "intent", str(data.get("intent")), {}
    if event.type == "node.left" and isinstance(cause, dict) and cause.get("kind") == "function":
        return "function", str(cause.get("function")), {}
    return None
