"""One conversation on the engine in virtual time: words take as long as they are long, and tools as they are told."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from framework.engine import effects, inputs
from framework.engine.effects import Expectation
from framework.engine.expect import expects, waiting
from framework.engine.state import State, deadline
from framework.engine.work import Note
from framework.simulator.facts import Fact
from framework.simulator.hands import Called, Hands, Reply
from framework.simulator.understanding import classify
from framework.testing.driver import Driver
from framework.testing.laws import Laws, stepped

SPEECH_S = 0.06
"""How long a character takes to be said, by the bot and by the person, where one hears them."""
PATIENCE_S = 180.0
"""How long a conversation may go on by itself before it is taken to be stuck."""
WELL = Reply()
GRACE_S = 0.4
"""From the first sound of a person until the bot falls silent."""


class ModelDownError(Exception):
    """The model's service gives an error instead of an answer."""


@dataclass(slots=True)
class Utterance:
    """Words of the bot's on their way."""

    say: str | None
    text: str
    begins: float
    ends: float
    over: bool = False

    def spoken(self, now: float) -> str:
        """The words that were out by then.

        >>> Utterance(None, "one two three four", 0.0, 4.0).spoken(2.0)
        'one two'
        """
        words = self.text.split()
        share = (now - self.begins) / max(self.ends - self.begins, 1e-9)
        return " ".join(words[: int(len(words) * min(1.0, max(0.0, share)))])


@dataclass
class Simulation(Driver):
    """A driver with a clock of its own: what takes time takes it.

    In the channel `text` words are there at once; in `voice` they take time, may be talked over, and the person's take
    time, too. The same script gives the same conversation, to the last digit.
    """

    hands: Hands | None = None
    acts: Mapping[str, Reply] = field(default_factory=dict)
    """Action → how it ends; well, where nothing is said."""
    ways: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Target of transfers → how they end, one after another; `done` where nothing is said."""
    trace: list[Note] | None = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    talking: list[Utterance] = field(default_factory=list)
    """What the bot is saying or about to say."""
    later: list[tuple[float, int, inputs.Input | Utterance]] = field(default_factory=list)
    """What will happen by itself, by its moment."""
    calls: dict[str, inputs.ModelCall] = field(default_factory=dict)
    number: int = 0
    laws: Laws | None = None
    """What must hold after every step; None where nobody looks."""
    wrong: list[str] = field(default_factory=list)
    """Which laws were broken."""

    # --- What a person or a program does -----------------------------------------

    def start(self, **session: Any) -> Self:
        """Begin; `identity` and `slots` are what the starter knows, everything else is the session's."""
        identity, slots = session.pop("identity", None), session.pop("slots", {})
        info = {"id": "simulated", "channel": self.channel, "language": self.plan.languages[0], **session}
        self._share()
        self.happens(inputs.Started(at=self.now, session=info, identity=identity, slots=slots))
        return self

    def says(self, text: str, takes_s: float | None = None) -> None:
        """The person says something; where it is heard, it takes its time, and stops the bot."""
        if takes_s is None:
            takes_s = len(text) * SPEECH_S if self.channel == "voice" else 0.0
        if takes_s:
            self._began(takes_s)
        else:
            self._cut(self.now)
        self._heard(text)

    def _began(self, takes_s: float) -> None:
        self._fact("user.began")
        self.happens(inputs.Began(at=self.now))
        begun = self.now
        self.wait(min(GRACE_S, takes_s))
        self._cut(self.now)
        self.wait(begun + takes_s - self.now)
        self._fact("user.stopped")

    def _heard(self, text: str) -> None:
        if self.ended is None:
            self.messages.append({"role": "user", "content": text})
            self.happens(inputs.Heard(at=self.now, text=text))

    def outside(self, what: str, *arguments: Any, **fields: Any) -> None:
        """Something else happens to the conversation, such as `press` or `arrive`; it is noted, too."""
        if what == "press":
            self._fact("user.pressed", keys=arguments[0])
            self._cut(self.now)
        else:
            self._fact("event.arrived", type=arguments[0], data=fields)
        getattr(self, what)(*arguments, **fields)

    def passes(self, seconds: float) -> None:
        """Nobody says anything for so long; counted from the end of the bot's words."""
        self.settle()
        self._fact("clock.moved", seconds=seconds)
        self.wait(seconds)

    def hang_up(self, reason: str = "hangup") -> None:
        """The person is gone."""
        self.happens(inputs.HungUp(at=self.now, reason=reason))
        self.ended = self.ended or reason

    def wait(self, seconds: float) -> Self:
        """Let time pass, moment by moment."""
        until = self.now + max(0.0, seconds)
        while self.ended is None and (at := self.next()) is not None and at <= until:
            self._go_to(at)
        self.now = max(self.now, until)
        return self

    def settle(self, patience_s: float = PATIENCE_S) -> bool:
        """Let time pass until only the person can go on; False when that never comes."""
        until = self.now + patience_s
        while self.ended is None and not self.quiet:
            at = self.next()
            if at is None or at > until:
                return False
            self._go_to(at)
        return True

    @property
    def quiet(self) -> bool:
        """Whether the bot has said everything and waits for the person."""
        return not self.talking and waiting(self.plan, self.state)

    def next(self) -> float | None:
        """The next moment at which something happens by itself."""
        at = deadline(self.state)
        if not self.later:
            return at
        return self.later[0][0] if at is None else min(at, self.later[0][0])

    def expects(self) -> Expectation:
        """What the present node listens for."""
        return expects(self.plan, self.state)

    @property
    def today(self) -> datetime:
        """The moment of the conversation, UTC."""
        return datetime.fromtimestamp(self.now, UTC)

    def replays(self, happened: Iterable[inputs.Input]) -> None:
        """Just these things happen, and nothing answers by itself."""
        laws = self.laws or Laws(self.plan)
        for one in happened:
            self.now = max(self.now, one.at)
            self.state, wanted, wrong = stepped(self.plan, self.state, one, laws, self.trace)
            self.wrong += wrong
            self.record.append((one, wanted))
            for effect in wanted:
                if isinstance(effect, (effects.Emit, effects.Settle, effects.End)):
                    self._carry_out(effect)

    def _step(self, one: inputs.Input) -> tuple[State, list[effects.Effect]]:
        before = self.state
        after, wanted = super()._step(one)
        if self.laws is not None:
            self.wrong += self.laws.broken(one, before, after, wanted)
        return after, wanted

    # --- Time ---------------------------------------------------------------------

    def _go_to(self, at: float) -> None:
        self.now = max(self.now, at)
        if not self.later or self.later[0][0] > self.now:
            self.happens(inputs.TimePassed(at=self.now))
            return
        _, _, what = heapq.heappop(self.later)
        if not isinstance(what, Utterance):
            self.happens(what)
        elif not what.over:
            self._finish(what, what.text)

    def _schedule(self, seconds: float, what: Any) -> None:
        self.number += 1
        heapq.heappush(self.later, (self.now + seconds, self.number, what))

    # --- Words --------------------------------------------------------------------

    def _speak(self, text: str, say: str | None) -> list[inputs.Input]:
        if self.channel != "voice":
            return super()._speak(text, say)
        begins = max([self.now, *(one.ends for one in self.talking)])
        words = Utterance(say, text, begins, begins + SPEECH_S * len(text))
        if not self.talking:
            self._fact("bot.began")
        self.talking.append(words)
        self._schedule(words.ends - self.now, words)
        return []

    def _finish(self, words: Utterance, spoken: str) -> None:
        words.over = True
        self.talking.remove(words)
        cut = spoken != words.text
        self.happens(inputs.Spoken(at=self.now, say=words.say, generated=words.text, spoken=spoken, interrupted=cut))
        if not self.talking:
            self._fact("bot.stopped")

    def _cut(self, now: float) -> None:
        """The bot falls silent; what it had not said yet is not said any more."""
        for words in list(self.talking):
            self._finish(words, words.spoken(now))

    def _interrupt(self, _effect: effects.Interrupt) -> list[inputs.Input]:
        cut, self.talking = self.talking, []
        for words in cut:
            words.over = True
        return [
            inputs.Spoken(
                at=self.now, say=words.say, generated=words.text, spoken=words.spoken(self.now), interrupted=True
            )
            for words in cut
        ]

    # --- Effects ------------------------------------------------------------------

    def _emit(self, effect: effects.Emit) -> list[inputs.Input]:
        self.facts.append(Fact(self.now, effect.type, effect.data))
        return super()._emit(effect)

    def _fact(self, event: str, **data: Any) -> None:
        self.facts.append(Fact(self.now, event, data))

    def _runmodel(self, effect: effects.RunModel) -> list[inputs.Input]:
        self._fact("model.started")
        try:
            found = super()._runmodel(effect)
        except ModelDownError as down:
            return [inputs.ModelFailed(at=self.now, turn=effect.turn, message=str(down))]
        for one in found:
            for call in one.calls if isinstance(one, inputs.ModelCalled) else ():
                self.calls[call.call] = call
                self._fact("model.called", name=call.name, args=call.arguments)
        return found

    def _answer(self, effect: effects.Answer) -> list[inputs.Input]:
        """A call and its result in the context, as a model reads them."""
        call = self.calls.get(effect.call)
        name, arguments = (call.name, call.arguments) if call else ("", {})
        function = {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}
        asked = {"role": "assistant", "tool_calls": [{"id": effect.call, "function": function, "type": "function"}]}
        content = json.dumps(effect.result, ensure_ascii=False) if effect.result else "COMPLETED"
        self.messages += [asked, {"role": "tool", "tool_call_id": effect.call, "content": content}]
        cancelled = isinstance(effect.result, dict) and effect.result.get("status") == "cancelled"
        self._fact("model.answered", name=name, args={"cancelled": cancelled})
        return [inputs.AnswerRead(at=self.now, call=effect.call)]

    def _calltool(self, effect: effects.CallTool) -> list[inputs.Input]:
        if self.hands is None:
            return super()._calltool(effect)
        reply = self.hands.call(self._called(effect))
        self._share()
        published = list(self._published(reply))
        finished = self._finished(effect.call, reply, self.now + reply.delay_s)
        if reply.delay_s <= 0:
            return [*published, finished]
        self._schedule(reply.delay_s, finished)
        return published

    def _called(self, effect: effects.CallTool) -> Called:
        return Called(
            call=effect.call,
            tool=effect.tool,
            arguments=effect.arguments,
            timeout_s=effect.timeout_s,
            now=self.now,
            slots=self.slots,
            identity=self.state["identity"],
        )

    def _published(self, reply: Reply) -> Iterator[inputs.Input]:
        """What a tool published: the flow gets what it declares, the rest is only told, as in a session."""
        flows = self.plan.flows.values()
        for type_, data in reply.events:
            if any(type_ in plan.events for plan in flows):
                yield inputs.Arrived(at=self.now, type=type_, data=dict(data))
            else:
                self._fact(type_, **data)

    def _finished(self, call: str, reply: Reply, at: float) -> inputs.ToolFinished:
        return inputs.ToolFinished(
            at=at,
            call=call,
            outcome=reply.outcome,
            result=reply.result,
            code=reply.code,
            message=reply.message,
            respond=reply.respond,
        )

    def _act(self, effect: effects.Act) -> list[inputs.Input]:
        reply = self.acts.get(str(effect.spec.get("name") or effect.spec.get("type")), WELL)
        at = self.now + reply.delay_s
        done = inputs.ActionFinished(at=at, action=effect.action, ok=reply.outcome == "value", message=reply.message)
        if reply.delay_s <= 0:
            return [done]
        self._schedule(reply.delay_s, done)
        return []

    def _transfer(self, effect: effects.Transfer) -> list[inputs.Input]:
        """The person is handed over; a list of outcomes is one after another, the last again and again."""
        self.transferred.append(effect)
        outcomes = self.ways.get(effect.target, ["done"])
        number = sum(one.target == effect.target for one in self.transferred) - 1
        outcome: Any = outcomes[min(number, len(outcomes) - 1)]
        self._fact("transfer.ended", target=effect.target, outcome=outcome)
        return [inputs.Transferred(at=self.now, transfer=effect.transfer, outcome=outcome)]

    def _classify(self, effect: effects.Classify) -> list[inputs.Input]:
        verdict = classify(effect.text, effect.choices)
        return [
            inputs.Classified(
                at=self.now, request=effect.request, choice=verdict.choice, score=verdict.score, by=verdict.by
            )
        ]

    def _canceltool(self, effect: effects.CancelTool) -> list[inputs.Input]:
        kept = [one for one in self.later if getattr(one[2], "call", None) != effect.call]
        if len(kept) != len(self.later):
            heapq.heapify(kept)
            self.later = kept
        return []
