"""Drive the engine through a recorded conversation again, and see how it decides.

A transcript holds what the engine told, not all that it was told: that a model was silent, that time passed, that an
answer was read. So for each recorded event the inputs that may have led to it are tried on the engine, which is pure,
and that one is taken after which it tells what was recorded. Where none does, the engine and the recording part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from framework.engine import effects, inputs
from framework.engine.plan import Plan
from framework.engine.state import State, copied, deadline, initial
from framework.engine.step import step
from framework.engine.work import Note
from framework.story.guesses import masked, utterances
from framework.story.transcript import Recorded, Transcript

MASK = "***"
DEPTH = 5
"""How many inputs that tell nothing are tried before one that does."""
EARLY_S = 0.75
"""How much earlier than a deadline an event may be that it led to."""
TRIES = 600
"""How many ways are tried beyond one an event before the engine and the recording are taken to have parted."""
KEYS = frozenset("0123456789*#")
"""What is pressed on a telephone."""


@dataclass(frozen=True)
class Beat:
    """One input, and what it led to."""

    happened: inputs.Input
    emitted: tuple[tuple[str, dict[str, Any]], ...]
    notes: tuple[Note, ...]
    wanted: tuple[effects.Effect, ...]
    before: State = field(repr=False)
    after: State = field(repr=False)
    events: tuple[Recorded, ...] = ()
    """The recorded events that it stands for."""


@dataclass(frozen=True)
class Difference:
    """Where the engine no longer tells what was recorded."""

    recorded: Recorded
    told: tuple[tuple[str, dict[str, Any]], ...]
    """What the engine told instead, by the input that came nearest."""
    begun: int = 0
    """The number of the first event that this input should have led to."""


@dataclass(frozen=True)
class Rehearsal:
    """A conversation driven again."""

    transcript: Transcript
    plan: Plan
    beats: tuple[Beat, ...]
    foreign: tuple[Recorded, ...]
    """Events that are not the engine's: of plugins, of the pipeline."""
    difference: Difference | None

    @property
    def rest(self) -> tuple[Recorded, ...]:
        """The recorded events from the difference on."""
        return () if self.difference is None else self.transcript.events[self.difference.begun :]


def rehearse(plan: Plan, transcript: Transcript) -> Rehearsal:
    """Drive a plan through a recorded conversation as far as it tells what was recorded."""
    world = _World(plan, transcript)
    difference = world.play()
    return Rehearsal(transcript, plan, tuple(world.beats), tuple(world.foreign), difference)


def same(told: Any, recorded: Any) -> bool:
    """Whether what is told is what was recorded; what is masked on either side may be anything.

    >>> same({"value": "***", "slot": "card"}, {"value": "4111", "slot": "card"})
    True
    """
    if told == recorded or MASK in (told, recorded):
        return True
    if isinstance(told, str) and isinstance(recorded, str) and (MASK in told or MASK in recorded):
        return True
    if isinstance(told, dict) and isinstance(recorded, dict):
        return set(told) == set(recorded) and all(same(told[key], recorded[key]) for key in told)
    if isinstance(told, list | tuple) and isinstance(recorded, list | tuple):
        return len(told) == len(recorded) and all(same(a, b) for a, b in zip(told, recorded, strict=True))
    return False


@dataclass
class _Pending:
    """What the engine has asked for and has not heard of."""

    says: dict[str, str] = field(default_factory=dict)
    """Words on their way: id → text."""
    model: int | None = None
    """The turn that the model is to respond in."""
    spoke: list[str] = field(default_factory=list)
    """What the model has said that has not left yet."""
    classify: effects.Classify | None = None
    calls: dict[str, str] = field(default_factory=dict)
    """Calls of tools under way: id → tool."""
    others: list[effects.Effect] = field(default_factory=list)
    """Transfers, summaries and the like."""

    def copy(self) -> _Pending:
        return _Pending(
            dict(self.says), self.model, list(self.spoke), self.classify, dict(self.calls), list(self.others)
        )


class _World:
    """The engine's state in the middle of a conversation, and what the world owes it."""

    def __init__(self, plan: Plan, transcript: Transcript) -> None:
        self.plan = plan
        self.transcript = transcript
        self.state: State = initial()
        self.pending = _Pending()
        self.beats: list[Beat] = []
        self.foreign: list[Recorded] = []
        self.at = 0
        """The number of the recorded event that comes next."""
        self.nearest: tuple[int, tuple[tuple[str, dict[str, Any]], ...]] = (-1, ())

    def play(self) -> Difference | None:
        """Go on until the recording ends, or the engine and it part.

        Where several inputs tell what was recorded, the first is taken; one that leads nowhere later is taken back.
        """
        events = self.transcript.events
        farthest: _World = self
        tries = [self._ways(DEPTH)]
        left = TRIES + 4 * len(events)
        while tries and left:
            world = next(tries[-1], None)
            if world is None:
                tries.pop()
                continue
            left -= 1
            farthest = max(farthest, world, key=lambda one: one.at)
            if world.at == len(events):
                break
            tries.append(world._ways(DEPTH))  # noqa: SLF001 - one of its own kind
        self._become(farthest)
        if self.at == len(events):
            return None
        where = max(farthest.nearest[0], self.at)
        return Difference(events[where], farthest.nearest[1], self.at)

    def _become(self, other: _World) -> None:
        self.state, self.pending, self.at = other.state, other.pending, other.at
        self.beats, self.foreign = other.beats, other.foreign

    def _fork(self) -> _World:
        other = _World(self.plan, self.transcript)
        other.state, other.pending, other.at = self.state, self.pending.copy(), self.at
        other.beats, other.foreign = list(self.beats), list(self.foreign)
        return other

    def _stranger(self, event: Recorded) -> bool:
        """Whether an event need not be the engine's."""
        own = ("session.", "node.", "slot.", "user.", "bot.", "tool.", "intent.", "input.", "transfer.")
        return not event.type.startswith(own) or self.state["phase"] == "ended"

    # --- Trying -------------------------------------------------------------

    def _ways(self, depth: int) -> Iterator[_World]:
        """This world after each of the inputs that may lead to what comes next, the likeliest first."""
        silent = []
        event = self.transcript.events[self.at]
        for happened in self._candidates(event):
            trial = self._fork()
            told = trial.give(happened)
            if told:
                yield trial
            elif told is not None and trial.moved(self):
                silent.append(trial)
            self._note_miss(trial)
        for trial in silent if depth else ():
            yield from trial._ways(depth - 1)  # noqa: SLF001 - one of its own kind
            self._note_miss(trial)
        if depth == DEPTH and self._stranger(event):
            trial = self._fork()
            trial.foreign.append(event)
            trial.at += 1
            yield trial

    def _note_miss(self, trial: _World) -> None:
        if trial.nearest[0] > self.nearest[0]:
            self.nearest = trial.nearest

    def moved(self, before: _World) -> bool:
        return self.state != before.state or self.pending != before.pending

    def give(self, happened: Sequence[inputs.Input]) -> bool | None:
        """Give inputs and all that follows from them at once; None when it tells something else than was recorded."""
        todo = list(happened)
        told = False
        while todo:
            one = todo.pop(0)
            before, notes = self.state, list[Note]()
            self.state, wanted = step(self.plan, self.state, one, notes)
            emitted = tuple((e.type, e.data) for e in wanted if isinstance(e, effects.Emit))
            matched = self._matched(emitted)
            if matched is None:
                return None
            told = told or bool(matched)
            self._settled(one)
            self.beats.append(Beat(one, emitted, tuple(notes), tuple(wanted), before, self.state, matched))
            for effect in wanted:
                todo += self._owed(effect, one.at)
        return told

    def _matched(self, emitted: tuple[tuple[str, dict[str, Any]], ...]) -> tuple[Recorded, ...] | None:
        """The recorded events that are these; what strangers told between is passed over, a cut off end is fine."""
        events, at, found = self.transcript.events, self.at, []
        passed = []
        for number, (kind, data) in enumerate(emitted):
            while at < len(events) and not self._is(events[at], kind, data) and self._stranger(events[at]):
                passed.append(events[at])
                at += 1
            if at == len(events):
                break
            if not self._is(events[at], kind, data):
                self.nearest = max(self.nearest, (at, emitted[number:]), key=lambda one: one[0])
                return None
            found.append(events[at])
            at += 1
        if found:
            self.at = at
            self.foreign += passed
        return tuple(found)

    @staticmethod
    def _is(event: Recorded, kind: str, data: dict[str, Any]) -> bool:
        return event.type == kind and same(_plain(data), _plain(event.data))

    # --- What the world owes the engine -------------------------------------

    def _owed(self, effect: effects.Effect, at: float) -> list[inputs.Input]:
        pending = self.pending
        match effect:
            case effects.Answer():
                return [inputs.AnswerRead(at=at, call=effect.call)]
            case effects.Act():
                return [] if self._fails("action") else [inputs.ActionFinished(at=at, action=effect.action)]
            case effects.Say():
                pending.says[effect.say] = effect.text
            case effects.RunModel():
                pending.model = effect.turn
            case effects.Classify():
                pending.classify = effect
            case effects.CallTool():
                pending.calls[effect.call] = effect.tool
            case effects.CancelTool():
                pending.calls.pop(effect.call, None)
            case effects.Emit() | effects.Prompt() | effects.Settle() | effects.End() | effects.Interrupt():
                pass
            case _:
                pending.others.append(effect)
        return []

    def _fails(self, code: str) -> bool:
        coming = self.transcript.events[self.at : self.at + 4]
        return any(event.type == "error" and event.data.get("code") == code for event in coming)

    def _settled(self, happened: inputs.Input) -> None:
        pending = self.pending
        match happened:
            case inputs.Spoken(say=None):
                pending.spoke = pending.spoke[1:]
            case inputs.Spoken(say=say):
                pending.says.pop(say or "", None)
            case inputs.ModelFinished() | inputs.ModelFailed():
                pending.model = None
                if isinstance(happened, inputs.ModelFinished) and happened.text:
                    pending.spoke.append(happened.text)
            case inputs.Classified():
                pending.classify = None
            case inputs.Summarized():
                pending.others = []
            case inputs.ToolFinished():
                pending.calls.pop(happened.call, None)
            case inputs.TimePassed() if self.state["classify"] is None:
                pending.classify = None

    # --- What may have happened ---------------------------------------------

    def _candidates(self, event: Recorded) -> Iterator[list[inputs.Input]]:
        at = max(event.at, self.state["at"])
        guess = _GUESSES.get(event.type)
        if guess is not None:
            yield from guess(self, event, at)
        elif any(event.type in plan.events for plan in self.plan.flows.values()):
            yield [inputs.Arrived(at=at, type=event.type, data=copied(event.data))]
        yield from self._unheard(event, at)

    def _unheard(self, event: Recorded, at: float) -> Iterator[list[inputs.Input]]:
        """What leaves no trace of its own in a transcript."""
        pending = self.pending
        if pending.model is not None:
            yield [inputs.ModelBegan(at=at, turn=pending.model)]
            text = self._model_words()
            if text:
                yield [inputs.ModelFinished(at=at, turn=pending.model, text=text)]
            yield [inputs.ModelFinished(at=at, turn=pending.model)]
        if pending.classify is not None:
            yield [inputs.Classified(at=at, request=pending.classify.request, choice=None)]
        for effect in pending.others:
            if isinstance(effect, effects.Summarize):
                yield [inputs.Summarized(at=at, request=effect.request)]
        yield from self._time(event, at)
        if self.state["hearing"] is False and event.type == "user.said":
            yield [inputs.Began(at=at)]
        if not self._coming("bot.said"):
            for say, text in list(pending.says.items())[:1]:
                yield [inputs.Spoken(at=at, say=say, generated="", spoken=text)]

    def _time(self, event: Recorded, at: float) -> Iterator[list[inputs.Input]]:
        due = deadline(self.state)
        if due is not None and due <= event.at + EARLY_S:
            yield [inputs.TimePassed(at=max(at, due))]

    def _coming(self, kind: str, within: int | None = None) -> list[Recorded]:
        end = None if within is None else self.at + within
        return [event for event in self.transcript.events[self.at : end] if event.type == kind]

    def _model_words(self) -> str:
        """What the model said next, going by what was heard of it."""
        known = list(self.pending.says.values())
        spoke = list(self.pending.spoke)
        for event in self._coming("bot.said"):
            text = str(event.data.get("generated", ""))
            ours = next((say for say in known if same(say, text)), None)
            if ours is not None:
                known.remove(ours)
            elif text in spoke:
                spoke.remove(text)
            else:
                return text
        return ""

    def started(self, _event: Recorded, at: float) -> Iterator[list[inputs.Input]]:
        session = {
            "id": self.transcript.session,
            "room": "",
            "channel": self.transcript.channel,
            "language": self.plan.languages[0],
        }
        yield [inputs.Started(at=at, session=session, slots=self._given())]

    def _given(self) -> dict[str, Any]:
        """What the starter gave; for what is masked, something that fits."""
        given = {}
        for name, value in self.transcript.slots.items():
            slot = self.plan.slots.get(name)
            given[name] = value
            if value == MASK and slot is not None:
                today = datetime.fromtimestamp(self.state["at"], UTC).date()
                fits = (guess for guess in utterances(slot) if slot.takes(guess, today))
                given[name] = next(fits, value)
        return given

    def heard(self, event: Recorded, at: float) -> Iterator[list[inputs.Input]]:
        participant = str(event.data.get("participant", "user"))
        text = str(event.data.get("text", ""))
        if event.data.get("masked") or not text:
            for guess in self._guesses():
                yield [inputs.Heard(at=at, text=guess, participant=participant)]
            return
        yield [inputs.Heard(at=at, text=text, participant=participant)]
        if set(text) <= KEYS:
            yield [inputs.Pressed(at=at, keys=text)]

    def _guesses(self) -> Iterator[str]:
        """Words that may have been said where the transcript holds none."""
        collect = self.state["collect"] or {}
        slot = self.here.slots.get(collect.get("asking") or "")
        yield from masked(self.plan, slot, self.transcript.events[self.at + 1 :])

    def said(self, event: Recorded, at: float) -> Iterator[list[inputs.Input]]:
        generated, spoken = str(event.data.get("generated", "")), str(event.data.get("spoken", ""))
        cut = bool(event.data.get("interrupted"))
        for say, text in self.pending.says.items():
            if same(text, generated):
                yield [inputs.Spoken(at=at, say=say, generated=generated, spoken=spoken, interrupted=cut)]
        if self.pending.spoke:
            yield [inputs.Spoken(at=at, generated=generated, spoken=spoken, interrupted=cut)]
        if self.pending.model is not None:
            yield [
                inputs.ModelFinished(at=at, turn=self.pending.model, text=generated),
                inputs.Spoken(at=at, generated=generated, spoken=spoken, interrupted=cut),
            ]
        order = {"kind": "say", "order_id": f"said{event.number}", "text": generated, "mode": "immediate"}
        yield [inputs.Ordered(at=at, order=order)]

    def called(self, _event: Recorded, at: float) -> Iterator[list[inputs.Input]]:
        """The model called functions: all that follow one another here, in one response."""
        turn = self.pending.model
        if turn is None:
            return
        calls = []
        for event in self.transcript.events[self.at :]:
            call = self._call_of(event)
            if call is None:
                break
            calls.append(call)
        for number in range(len(calls), 0, -1):
            called = inputs.ModelCalled(at=at, turn=turn, calls=tuple(calls[:number]))
            yield [called, inputs.ModelFinished(at=at, turn=turn)]
            yield [called]

    def _call_of(self, event: Recorded) -> inputs.ModelCall | None:
        offered = self._offered()
        if event.type == "tool.called" and event.data.get("by") == "model":
            arguments = dict(event.data.get("arguments") or {})
            names = [one.offer.name for one in offered if one.tool == event.data.get("tool")]
            fitting = [n for n in names if self._presets(n) <= set(arguments)]
            name = next(iter(fitting or names), str(event.data.get("tool")))
            given = {key: value for key, value in arguments.items() if key not in self._presets(name)}
            return inputs.ModelCall(call=str(event.data.get("call")), name=name, arguments=given)
        if event.type == "intent.heard" and event.data.get("by") == "model":
            for one in offered:
                if one.way is not None and one.way.name == event.data.get("intent"):
                    return inputs.ModelCall(call=f"intent{event.number}", name=one.offer.name, arguments={})
        return None

    def _presets(self, name: str) -> set[str]:
        found = next((one for one in self._offered() if one.offer.name == name), None)
        return set() if found is None else {preset for preset, _ in found.presets}

    def _offered(self) -> tuple[Any, ...]:
        node = self.here.nodes.get(self.state["node"] or "")
        return () if node is None else node.offered

    @property
    def here(self) -> Plan:
        """The plan of the flow that runs."""
        return self.plan.flows.get(self.state["flow"] or "", self.plan)

    def meant(self, event: Recorded, at: float) -> Iterator[list[inputs.Input]]:
        ask = self.pending.classify
        if ask is not None:
            score = float(event.data.get("score") or 0.0)
            by: Any = event.data.get("by") or "router"
            for choice in ask.choices:
                yield [inputs.Classified(at=at, request=ask.request, choice=choice.key, score=score, by=by)]
        yield from self.called(event, at)

    def finished(self, event: Recorded, at: float) -> Iterator[list[inputs.Input]]:
        call, outcome = str(event.data.get("call")), event.data.get("outcome")
        if outcome not in ("value", "error", "timeout", "cancelled"):
            return
        answer = inputs.ToolFinished(
            at=at, call=call, outcome=outcome, result=copied(event.data.get("result")), code=_code(outcome)
        )
        yield [answer]
        yield [replace(answer, respond=False)]

    def left(self, event: Recorded, at: float) -> Iterator[list[inputs.Input]]:
        cause = event.data.get("cause")
        cause = cause if isinstance(cause, dict) else {}
        match cause.get("kind"):
            case "hangup":
                yield from self.hung_up(event, at)
            case "order":
                yield from self.ordered(event, cause, at)
            case "function" if self.pending.model is not None:
                call = inputs.ModelCall(call=f"go{event.number}", name=str(cause.get("function")), arguments={})
                yield [inputs.ModelCalled(at=at, turn=self.pending.model, calls=(call,))]

    def hung_up(self, _event: Recorded, at: float) -> Iterator[list[inputs.Input]]:
        ended = self._coming("session.ended")
        yield [inputs.HungUp(at=at, reason=str(ended[0].data.get("reason")) if ended else "hangup")]

    def ordered(self, event: Recorded, cause: dict[str, Any], at: float) -> Iterator[list[inputs.Input]]:
        order = {"order_id": str(cause.get("order", f"order{event.number}")), "mode": "immediate"}
        if event.data.get("to") is not None:
            yield [inputs.Ordered(at=at, order={**order, "kind": "goto", "node": event.data["to"]})]
        else:
            ended = self._coming("session.ended")
            reason = str(ended[0].data.get("reason")) if ended else "ended"
            yield [inputs.Ordered(at=at, order={**order, "kind": "end", "reason": reason})]

    def resumed(self, _event: Recorded, at: float) -> Iterator[list[inputs.Input]]:
        for remembers in (False, True):
            yield [inputs.Resumed(at=at, remembers=remembers)]

    def transferred(self, event: Recorded, at: float) -> Iterator[list[inputs.Input]]:
        outcome = event.data.get("outcome")
        if outcome in ("done", "no_answer", "busy", "error"):
            yield [inputs.Transferred(at=at, transfer=str(event.data.get("transfer")), outcome=outcome)]

    def set(self, event: Recorded, at: float) -> Iterator[list[inputs.Input]]:
        """Slots that an order set: all that follow one another, in one order."""
        if event.data.get("source") != "order":
            return
        slots: dict[str, Any] = {}
        for other in self.transcript.events[self.at :]:
            if other.type != "slot.set" or other.data.get("source") != "order" or other.data.get("slot") in slots:
                break
            slots[str(other.data.get("slot"))] = other.data.get("value")
        order = {"kind": "set", "order_id": f"set{event.number}", "slots": slots, "mode": "immediate"}
        yield [inputs.Ordered(at=at, order=order)]

    def failed(self, event: Recorded, at: float) -> Iterator[list[inputs.Input]]:
        code, message = event.data.get("code"), str(event.data.get("message", ""))
        if code == "model" and self.pending.model is not None:
            yield [inputs.ModelFailed(at=at, turn=self.pending.model, message=message)]
        awaited = self.state["awaiting"]
        if code == "action" and awaited and "action" in awaited:
            yield [inputs.ActionFinished(at=at, action=awaited["action"], ok=False, message=message)]


_GUESSES = {
    "session.started": _World.started,
    "session.resumed": _World.resumed,
    "session.ended": _World.hung_up,
    "user.said": _World.heard,
    "bot.said": _World.said,
    "tool.called": _World.called,
    "intent.heard": _World.meant,
    "tool.finished": _World.finished,
    "transfer.finished": _World.transferred,
    "node.left": _World.left,
    "slot.set": _World.set,
    "error": _World.failed,
}
"""Type of event → what may have led to it."""


def _code(outcome: Any) -> str:
    return {"timeout": "timeout", "error": "failed"}.get(outcome, "")


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    """Data without what differs from run to run: an order's id, how sure a router was, words about failures.

    A flow's hash is looked at before: another flow is only driven where one asks for it.
    """
    kept = {key: value for key, value in data.items() if key not in ("masked", "score", "message", "hash")}
    if data.get("masked"):
        kept["text"] = MASK
    cause = kept.get("cause")
    if isinstance(cause, dict):
        kept["cause"] = {key: value for key, value in cause.items() if key != "order"}
    return kept
