"""Everything around one conversation by chance: a clock, a model, tools, a router, a line that can be cut; no pipeline.

Each step is taken twice, on the state and on what JSON makes of it, and all laws are looked at after it.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from framework.engine import effects, inputs
from framework.engine.expect import expects, private, waiting
from framework.engine.plan import Plan
from framework.engine.state import State, deadline, initial, restored, saved
from framework.engine.work import Note
from framework.testing.driver import START
from framework.testing.laws import Laws, stepped
from tests.proof.authors import INTENTS, SECRETS, Case

SECONDS = (0.0, 0.1, 0.7, 1.0, 2.5, 3.0, 4.0, 5.3, 8.0, 13.0, 21.0, 61.0, 0.3, 6.0, 2.0, 1.5)
WORDS = (
    "pardon?", "hold on", "agent", "cancel", "no, I meant four", "one moment please", "whatever that is", "yes", "no",
    "I'd rather not", "seven", "Ada Byron", "12", "9", "", "small", "my name is Bob", "the first one",
)  # fmt: skip
FITTING = {
    "person_name": ("Ada Byron", "my name is Ada Lovelace", "no, it's Bob Ford"),
    "integer": ("seven", "three", "no, I meant four"),
    "enum": ("small", "the large one", "small please"),
    "boolean": ("yes", "no", "yes please"),
    "digits": SECRETS,
}
KEYS = ("1", "2", "12", "9", "8", "7#", "3", "*", "#", SECRETS[0], SECRETS[1], "1#")
OUTCOMES = ("value", "value", "value", "error", "timeout", "cancelled")
TOOLS = ("lab_book", "lab_look", "lab_pay", "lab_slow", "peek", "settle_up")
"""What a model sees of the project's tools; it would rather call them than take a way out."""
ENDINGS = ("done", "no_answer", "busy", "error")
ORDERS = (
    "say", "whisper", "instruct", "goto", "set", "prompt", "personality", "reload", "pause", "resume", "takeover",
    "mute", "transfer", "end", "interrupt", "app_message", "event",
)  # fmt: skip
ANSWERED = 60
"""How much is answered at once, at most, before something else happens."""
LAST_S = 300.0
"""What a session gets beyond its duration: last words, and a limit's own node."""

Effect = Any


class BrokenError(AssertionError):
    """A law does not hold."""


@dataclass
class World:
    """One conversation."""

    plan: Plan
    case: Case
    state: State = field(default_factory=initial)
    now: float = START
    pending: dict[str, deque[Effect]] = field(default_factory=dict)
    past: list[inputs.Input] = field(default_factory=list)
    """Answers that were given, to be given again."""
    given: list[inputs.Input] = field(default_factory=list)
    offered: tuple[effects.Offer, ...] = ()
    trace: list[Note] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    number: int = 0
    away: float = 0.0

    def __post_init__(self) -> None:
        self.laws = Laws(self.plan)
        self.pending = {kind: deque() for kind in ANSWERS}
        lazy, perhaps = self.case.top[5], self.case.top[6]
        self.style = (lazy & 3) | (lazy & perhaps)

    # --- One step ---------------------------------------------------------------------

    def give(self, happened: inputs.Input) -> None:
        """Let one thing happen, and look at all laws."""
        self.given.append(happened)
        self.state, wanted, wrong = stepped(self.plan, self.state, happened, self.laws, self.trace)
        self.demand(not wrong, "\n".join(wrong))
        self.met["input " + type(happened).__name__] += 1
        for effect in wanted:
            self._notice(effect)
        expects(self.plan, self.state)

    def demand(self, holds: bool, why: str) -> None:
        """A law must hold."""
        if not holds:
            raise BrokenError(why)

    def _notice(self, effect: Effect) -> None:
        match effect:
            case effects.Emit():
                self._count(effect)
            case effects.Prompt():
                self.offered = self.offered if effect.tools is None else effect.tools
            case effects.Settle(status=status) if status != "refused":
                self.met[f"carried out {self.laws.orders[effect.order][0]}"] += 1
            case effects.RunModel():
                self.pending["model"].append(effect)
            case effects.CancelTool():
                gone = [one for one in self.pending["tool"] if one.call == effect.call]
                for one in gone:
                    self.pending["tool"].remove(one)
                    self.past.append(self._tool(one, 0))
            case _:
                kind = KINDS.get(type(effect))
                if kind is not None:
                    self.pending[kind].append(effect)

    def _count(self, event: effects.Emit) -> None:
        if event.type == "node.entered":
            self.met[f"verb {event.data['kind']}"] += 1
        elif event.type == "error":
            self.met[f"error {event.data['code']}"] += 1
        elif event.type == "intent.heard":
            self.met["trigger keys" if event.data["by"] == "keys" else f"intent by {event.data['by']}"] += 1

    # --- All of it --------------------------------------------------------------------

    def play(self) -> None:
        """Begin, let everything happen, then let time pass until the end."""
        self.given = []
        channel = "voice" if self.style & 1 else "text"
        session = {"id": "proof", "channel": channel, "language": self.plan.languages[0]}
        if self.style & 512:
            self.order("say", 3)
        self.give(inputs.Started(at=self.now, session=session))
        self.flow()
        for kind, one, other in self.case.happenings:
            HAPPENINGS[kind](self, one, other)
            self.flow()
        self.finish()

    def finish(self) -> None:
        """Nobody does anything any more but what is owed: the session ends within its limits."""
        bound = START + self.away + self.plan.limits.duration_s + LAST_S
        for _ in range(400):
            if self.state["phase"] == "ended":
                break
            at = deadline(self.state)
            self.demand(at is not None, "ends: the session waits for ever")
            self.demand(self.now <= bound, "ends: the session lasts longer than it may")
            self.now = max(self.now, at or 0.0)
            self.give(inputs.TimePassed(at=self.now))
            if not self.style & 2:
                self.flow()
        self.demand(self.state["phase"] == "ended", "ends: the session goes on and on")
        for kind in (0, 5, 12, 13, 13, 13, 11):
            HAPPENINGS[kind](self, kind, 1)
        self._gather()

    def _gather(self) -> None:
        """Count which triggers fired."""
        for note in self.trace:
            match note["note"]:
                case "route":
                    self.met[f"trigger {self._trigger(note)}"] += 1
                case "interrupt" | "timer" | "limit" | "subflow" | "transfer" | "summary" | "resumed":
                    self.met[note["note"]] += 1
                case "return":
                    self.met[f"return from {note['back']}"] += 1
                case "rung":
                    self.met[f"rung of {note['ladder']}"] += 1
                case "tool":
                    self.met[f"tool {note['outcome']}"] += 1

    def _trigger(self, note: Note) -> str:
        cause = note["cause"]
        if cause["kind"] == "function":
            return "tool"
        way = self.plan.flows[note["flow"]].nodes[note["node"]].ways[note["route"]]
        for name in ("event", "after_s", "intent", "outcomes", "guard"):
            if getattr(way, name) is not None:
                return {"after_s": "after", "outcomes": "outcome", "guard": "if"}.get(name, name)
        return "none"

    def flow(self) -> None:
        """What is answered without delay in this world."""
        for _ in range(ANSWERED):
            ready = [kind for bit, kind in EAGER if self.pending[kind] and not self.style & bit]
            if not ready or self.state["phase"] == "ended":
                return
            self.number += 1
            self.answer(ready[0], 0, self.number % KINDS_OF_ANSWERS.get(ready[0], 1))

    def answer(self, kind: str, which: int, how: int) -> None:
        """Answer something that is under way."""
        waiting_ = self.pending[kind]
        if waiting_:
            effect = waiting_[which % len(waiting_)]
            waiting_.remove(effect)
            for one in ANSWERS[kind](self, effect, how):
                self.past.append(one)
                self.give(one)
                if kind == "tool" and how > 11:
                    self.give(one)

    # --- Answers ----------------------------------------------------------------------

    def _spoken(self, effect: effects.Say, how: int) -> list[inputs.Input]:
        words = ("", effect.text.split()[0], effect.text)[2 if how < 2 else how % 3]
        cut = words != effect.text
        return [inputs.Spoken(at=self.now, say=effect.say, generated=effect.text, spoken=words, interrupted=cut)]

    def _model(self, effect: effects.RunModel, how: int) -> list[inputs.Input]:
        self.number += 1
        names = [offer.name for offer in self.offered]
        if self.number % 2 and (tools := [name for name in names if name in TOOLS]):
            names = tools
        said, calls = "All right.", []
        if how in (1, 4, 5) and names:
            said = "" if how == 1 else "Let me see."
            calls = [names[self.number % len(names)], *([names[self.number // 2 % len(names)]] if how == 5 else [])]
        elif how in (3, 7):
            said = ""
        elif how == 6:
            calls = ["nothing_of_the_kind"]
        elif how == 8:
            return [inputs.ModelFailed(at=self.now, turn=effect.turn, message="down")]
        made = tuple(
            inputs.ModelCall(call=f"m{effect.turn}.{self.number}.{i}", name=name, arguments={"x": "y"})
            for i, name in enumerate(calls)
        )
        found: list[inputs.Input] = [inputs.ModelBegan(at=self.now, turn=effect.turn)] if self.number % 2 else []
        if made:
            found.append(inputs.ModelCalled(at=self.now, turn=effect.turn, calls=made))
        found.append(inputs.ModelFinished(at=self.now, turn=effect.turn, text=said))
        if said:
            words = effects.Say(say="", text=said, language="en")
            self.pending["say"].append(words) if how > 8 else found.append(
                inputs.Spoken(at=self.now, say=None, generated=said, spoken=said)
            )
        return found

    def _finished(self, effect: effects.CallTool, how: int) -> list[inputs.Input]:
        return [self._tool(effect, how)]

    def _tool(self, effect: effects.CallTool, how: int) -> inputs.Input:
        outcome: Any = OUTCOMES[how % len(OUTCOMES)]
        result = {"n": (3, 7, 1)[how % 3], "text": str(effect.arguments.get("pin", "found"))}
        if how == 6:
            result = {"unlike": "anything"}
        return inputs.ToolFinished(
            at=self.now, call=effect.call, outcome=outcome, result=result if outcome == "value" else None
        )

    def _acted(self, effect: effects.Act, how: int) -> list[inputs.Input]:
        return [inputs.ActionFinished(at=self.now, action=effect.action, ok=how != 5, message="no")]

    def _classified(self, effect: effects.Classify, how: int) -> list[inputs.Input]:
        keys: list[str | None] = [*(choice.key for choice in effect.choices), None]
        choice = keys[how % len(keys)]
        return [inputs.Classified(at=self.now, request=effect.request, choice=choice, score=1.0 if choice else 0.0)]

    def _transferred(self, effect: effects.Transfer, how: int) -> list[inputs.Input]:
        outcome: Any = ENDINGS[how % len(ENDINGS)]
        return [inputs.Transferred(at=self.now, transfer=effect.transfer, outcome=outcome)]

    def _summed(self, effect: effects.Summarize, how: int) -> list[inputs.Input]:
        return [inputs.Summarized(at=self.now, request=effect.request, text="" if how % 2 else "So far so good.")]

    def _carried(self, effect: effects.Errand, how: int) -> list[inputs.Input]:
        ok = how % 3 != 2
        data = {"personality": "zoe", "role": "You are Zoe."} if ok and effect.what == "personality" else {}
        return [inputs.Carried(at=self.now, order=effect.order, ok=ok, why="" if ok else "nobody", data=data)]

    def _read(self, effect: effects.Answer, _how: int) -> list[inputs.Input]:
        return [inputs.AnswerRead(at=self.now, call=effect.call)]

    # --- What happens -----------------------------------------------------------------

    def says(self, text: str) -> None:
        """The person says something; what is secret is passed on as such only where the engine can know that it is."""
        if any(secret in text for secret in SECRETS) and not private(self.plan, self.state, text):
            text = "whatever that is"
        self.give(inputs.Heard(at=self.now, text=text))

    def fitting(self, one: int, _other: int) -> None:
        """The person answers what is asked."""
        kind = expects(self.plan, self.state).kind
        if kind == "digits" and one % 2:
            self.give(inputs.Pressed(at=self.now, keys=SECRETS[one // 2 % 2]))
            return
        answers = FITTING.get(kind, WORDS)
        self.says(answers[one % len(answers)])

    def meaning(self, one: int, _other: int) -> None:
        """The person means something that a route or an interrupt waits for."""
        known = [*(words for _, words in INTENTS), *(f"thing number {n}" for n in (6, 10, 11, 12, 13, 14)), "nice"]
        node = self.state["node"]
        if node is not None and self.state["phase"] == "live" and one % 2:
            here = self.plan.flows[self.state["flow"]].nodes[node].intents
            known = [way.examples[0] for way in here] or known
        self.says(known[one // 2 % len(known)])

    def words(self, one: int, _other: int) -> None:
        """The person says anything."""
        self.says(WORDS[one % len(WORDS)])

    def sounds(self, one: int, _other: int) -> None:
        """The person begins to speak; or there was nothing in it."""
        self.give(inputs.Noise(at=self.now) if one % 3 == 2 else inputs.Began(at=self.now))

    def presses(self, one: int, other: int) -> None:
        """The person presses keys, at once or one by one."""
        keys = KEYS[one % len(KEYS)]
        if any(secret in keys for secret in SECRETS) and not private(self.plan, self.state, keys):
            keys = "3"
        for pressed in keys if other % 2 else (keys,):
            self.give(inputs.Pressed(at=self.now, keys=pressed))
        if other % 4 == 1:
            self.passes(3, 0)

    def answers_tool(self, one: int, other: int) -> None:
        """A tool answers, well or not."""
        self.answer("tool", one, other)

    def answers_model(self, one: int, other: int) -> None:
        """The model does something, or nothing."""
        self.answer("model", one, other)

    def answers_other(self, one: int, other: int) -> None:
        """Something else is answered."""
        kinds = [kind for kind in ANSWERS if self.pending[kind]]
        if kinds:
            self.answer(kinds[one % len(kinds)], other, other)

    def cuts(self, _one: int, _other: int) -> None:
        """The bot is talked over: what it was saying is cut off."""
        for effect in list(self.pending["say"]):
            self.pending["say"].remove(effect)
            self.give(
                inputs.Spoken(at=self.now, say=effect.say or None, generated=effect.text, spoken="", interrupted=True)
            )

    def passes(self, one: int, other: int) -> None:
        """Time passes, deadline by deadline or all at once."""
        until = self.now + SECONDS[one % len(SECONDS)]
        while other % 4 and (at := deadline(self.state)) is not None and at <= until:
            self.now = max(self.now, at)
            self.give(inputs.TimePassed(at=self.now))
            self.flow()
        self.now = max(self.now, until)
        self.give(inputs.TimePassed(at=self.now))

    def next(self, _one: int, _other: int) -> None:
        """Time passes until something is due."""
        if (at := deadline(self.state)) is not None:
            self.now = max(self.now, at)
            self.give(inputs.TimePassed(at=self.now))

    def arrives(self, one: int, other: int) -> None:
        """An event comes from outside; some are declared nowhere, or have other data."""
        types = ("bell", "news", "news", "nope")
        data = ({}, {"n": other}, {"n": other}, {"n": "many"}, {"other": 1})[one // 4 % 5]
        self.give(inputs.Arrived(at=self.now, type=types[one % 4], data={} if types[one % 4] == "bell" else data))

    def order(self, kind: str, other: int) -> None:
        """An operator gives an order."""
        self.number += 1
        mode = "queued" if other & 1 else "immediate"
        fields: dict[str, dict[str, Any]] = {
            "say": {"text": "By the way.", "mode": mode},
            "instruct": {"text": "Be brief.", "mode": mode},
            "whisper": {"text": "They like tea."},
            "prompt": {"text": "Sing."},
            "goto": {"node": ("n0", "n1", "bye", "desk", "nowhere")[other % 5], "mode": mode},
            "set": {"slots": ({"n": other}, {"m": 3}, {"n": None}, {"pin": SECRETS[other % 2]}, {"x": 1})[other % 5]},
            "personality": {"personality": ("luigi", "zoe")[other % 2]},
            "reload": {"identity": {"name": "Ada"}},
            "pause": {"text": "One moment." if other & 2 else ""},
            "mute": {"on": bool(other & 1)},
            "transfer": {"to": "desk", "mode": mode},
            "end": {"reason": "enough", "mode": mode},
            "app_message": {"type": "hint", "data": {}},
            "event": {"type": ("bell", "nope")[other % 4 // 3], "data": {}},
        }
        if self.state["phase"] != "ended":
            self.met[f"order {kind}"] += 1
        order = {"kind": kind, "order_id": f"o{self.number}", **fields.get(kind, {})}
        self.give(inputs.Ordered(at=self.now, order=order))

    def orders(self, one: int, other: int) -> None:
        """Any order; one that ends all is rarer."""
        kind = ORDERS[one % len(ORDERS)]
        if self.state["halted"] is not None and one % 3:
            kind = "resume"
        elif self.verb == "instruct" and one % 2:
            kind = ("instruct", "prompt", "whisper")[other % 3]
        elif kind == "end" and one < 20:
            kind = "say"
        self.order(kind, other)

    def again(self, one: int, other: int) -> None:
        """Something is answered that has been answered, or that nobody asked."""
        if near := self._near(one):
            self.give(near)
            return
        if self.past and other % 2:
            past = self.past[one % len(self.past)]
            if isinstance(past, inputs.ModelCalled):
                self.number += 1
                past = replace(past, calls=tuple(replace(c, call=f"{c.call}.{self.number}") for c in past.calls))
            self.give(replace(past, at=self.now))
            return
        self.number += 1
        turn = self.state["model"]["turn"] - 1 - other % 3
        call = inputs.ModelCall(call=f"late{self.number}", name="lab_look", arguments={})
        late: tuple[inputs.Input, ...] = (
            inputs.ModelFinished(at=self.now, turn=turn, text="Late words."),
            inputs.ModelCalled(at=self.now, turn=turn, calls=(call,)),
            inputs.ModelFailed(at=self.now, turn=turn, message="late"),
            inputs.Classified(at=self.now, request="classify0", choice=str(one % 3)),
            inputs.ToolFinished(at=self.now, call="call0", outcome="value", result={"n": 3}),
            inputs.Transferred(at=self.now, transfer="transfer0", outcome="done"),
            inputs.Carried(at=self.now, order="o0"),
            inputs.Summarized(at=self.now, request="summary0", text="Late."),
        )
        self.give(late[one % len(late)])

    def _near(self, one: int) -> inputs.Input | None:
        """An answer that was given already, or that another question had, while its kind is waited for."""
        asked = self.state["classify"]
        if asked is not None and self.pending["classify"]:
            keys = [choice.key for choice in self.pending["classify"][-1].choices] or [None]
            return inputs.Classified(at=self.now, request="classify0", choice=keys[one % len(keys)], score=1.0)
        given = [call for call, record in self.state["calls"].items() if not record["open"]]
        if given and one % 3:
            result = {"n": 7, "text": "found"}
            return inputs.ToolFinished(at=self.now, call=given[one % len(given)], outcome="value", result=result)
        return None

    def resumes(self, one: int, other: int) -> None:
        """The process is gone; another one goes on from what was kept."""
        if self.state["phase"] not in ("live", "ending"):
            return
        kept = json.loads(json.dumps(saved(self.plan, self.state)))
        self.state = restored(self.plan, kept)
        away = (0.0, 10.0, 4000.0)[one % 3]
        self.now += away
        self.away += away
        for waits in self.pending.values():
            waits.clear()
        self.give(inputs.Resumed(at=self.now, remembers=bool(other % 2)))

    def hangs_up(self, one: int, _other: int) -> None:
        """The person is gone; seldom."""
        if one % 4 == 3:
            self.give(inputs.HungUp(at=self.now))

    @property
    def verb(self) -> str:
        """The verb of the present node."""
        node = self.state["node"]
        return "" if node is None else self.plan.flows[self.state["flow"]].nodes[node].kind

    @property
    def idle(self) -> bool:
        """Whether the flow waits for the person."""
        return waiting(self.plan, self.state)


ANSWERS: dict[str, Callable[[World, Any, int], list[inputs.Input]]] = {
    "say": World._spoken,
    "model": World._model,
    "tool": World._finished,
    "act": World._acted,
    "classify": World._classified,
    "transfer": World._transferred,
    "summarize": World._summed,
    "errand": World._carried,
    "read": World._read,
}
KINDS: dict[type, str] = {
    effects.Say: "say",
    effects.CallTool: "tool",
    effects.Act: "act",
    effects.Classify: "classify",
    effects.Transfer: "transfer",
    effects.Summarize: "summarize",
    effects.Errand: "errand",
    effects.Answer: "read",
}
KINDS_OF_ANSWERS = {"model": 3, "tool": 16, "transfer": 3}
"""How many of its answers come in turn where it is answered at once; else the first."""
EAGER = (
    (4, "say"),
    (8, "read"),
    (16, "model"),
    (32, "tool"),
    (64, "act"),
    (128, "classify"),
    (256, "transfer"),
    (256, "summarize"),
    (256, "errand"),
)
"""Bit of the case's style → what is answered at once without it."""

HAPPENINGS: tuple[Callable[[World, int, int], None], ...] = (
    World.fitting, World.fitting, World.fitting, World.meaning, World.meaning, World.words, World.sounds, World.presses,
    World.answers_tool, World.answers_model, World.answers_other, World.arrives, World.orders, World.again,
    World.passes, World.passes, World.next, World.cuts, World.resumes, World.hangs_up, World.orders, World.again,
    World.fitting, World.meaning,
)  # fmt: skip
