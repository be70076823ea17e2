"""Simulated callers: who they are, and what they say next. By rules, the same seed says the same."""

# ruff: noqa: RUF012 - pydantic copies defaults

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from pydantic import Field

from framework.documents import Diagnostic, DocumentError, scan
from framework.documents.validate import examine
from framework.engine.plan import Plan
from framework.errors import UnknownNameError
from framework.flows.model import Model
from framework.simulator.search import Choice, Explorer
from framework.simulator.values import Values, refusal
from framework.suggest import did_you_mean

SHIPPED = Path(__file__).with_name("personas")
"""Personas in the box: `terse`, `chatty`, `mumbling`, `undecided`, `hostile`, `silent`."""

Share = Field(default=0.0, ge=0.0, le=1.0)


class Persona(Model):
    """A caller: how likely each habit is at every turn, or, for a model, who it is and what it wants."""

    persona: str
    """The caller's name, or, for a model, who the caller is."""
    description: str = ""
    """For people."""
    goal: str | None = None
    """What the caller wants: a language model, that of the stack, plays the caller then."""
    knows: dict[str, str] = {}
    """Slot → what the caller answers when it is asked for."""
    wants: list[str] = []
    """What the caller says where one may say what one wants, in this order; else what the flow has examples of."""
    chatty: float = Share
    """Says more than is asked for."""
    mumbles: float = Share
    """Says what nobody can understand."""
    undecided: float = Share
    """Takes back what was said, or says no to what is read back."""
    hostile: float = Share
    """Insults, refuses, asks for a person."""
    silent: float = Share
    """Says nothing until the bot does something."""
    interrupts: float = Share
    """Begins to speak while the bot does."""
    hangs_up: float = Share
    """Leaves in the middle."""
    patience: int = Field(default=40, ge=1)
    """Turns after which the caller gives up."""
    tools_fail: float = Field(default=0.05, ge=0.0, le=1.0)
    """How often a tool fails that has no scripted answers."""


def load_persona(name: Path | str) -> Persona:
    """A persona in the box by its name, or one of a file.

    Raises:
        UserError: It is not there, or not as it should be.
    """
    path = Path(name)
    if not path.suffix:
        path = SHIPPED / f"{name}.yaml"
        if not path.is_file():
            known = [one.stem for one in sorted(SHIPPED.glob("*.yaml"))]
            raise UnknownNameError(f"there is no persona `{name}`.", fix=did_you_mean(str(name), known))
    source, problems, texts = scan(path, mode="ours")
    if source is None:
        raise DocumentError(problems, texts)
    found = examine(source, Persona, codes="TST")
    diagnostics: list[Diagnostic] = [*problems, *found.diagnostics]
    if diagnostics or found.model is None:
        raise DocumentError(diagnostics, texts)
    return found.model


class Caller(Protocol):
    """Decides what a person does next."""

    def next(self, call: Explorer) -> Choice:
        """What happens now; `hang_up` is a choice, too."""
        ...


WORDY = (
    "well, {said}, if that is possible",
    "oh hello there, {said}, thank you so much",
    "let me think, yes, {said} I suppose, it is for my sister you know",
    "{said}. And how are you today?",
)
INSULTS = (
    "this is ridiculous",
    "I am talking to a machine again, am I",
    "are you stupid",
    "put me through to a person",
)
MUMBLES = ("mmh rhubarb blah", "erm the uh thing", "ffsh krr", "hmm hmm hmm")
REGRETS = ("no, that is wrong", "wait, I meant something else", "no")


class RuleCaller:
    """A caller with habits. Understands nothing: it sees what the node listens for, and answers that."""

    def __init__(self, persona: Persona, values: Values, seed: int) -> None:
        self._persona = persona
        self._values = values
        self._random = random.Random(seed)  # noqa: S311 - the same seed must say the same
        self._wants = list(persona.wants)
        self.turns = 0
        self.cooperative = True
        """Whether the last turn was an answer that a bot should understand."""

    def next(self, call: Explorer) -> Choice:
        """What the person does now."""
        self.turns += 1
        habits = self._persona
        if self.turns > habits.patience or self._happens(habits.hangs_up):
            return Choice("hang_up", True)
        self.cooperative = False
        if self._happens(habits.silent) and (at := call.next()) is not None:
            return Choice("wait", max(0.001, round(at - call.now + 0.0005, 3)))
        for share, words in ((habits.mumbles, MUMBLES), (habits.hostile, INSULTS)):
            if self._happens(share):
                return self._said(self._random.choice(words))
        if self.turns > 1 and self._happens(habits.undecided):
            return self._said(self._random.choice(REGRETS))
        self.cooperative = True
        return self._answer(call)

    def _happens(self, share: float) -> bool:
        return self._random.random() < share

    def _said(self, words: str) -> Choice:
        over = (("interrupts", round(self._random.uniform(0.2, 2.0), 1)),)
        return Choice("user", words, over if self._happens(self._persona.interrupts) else ())

    def _answer(self, call: Explorer) -> Choice:
        plan = call.present
        words = self._words(call, plan)
        if words is None:
            events = [way.event for way in plan.nodes[call.state["node"]].ways if way.event is not None]
            at = call.next()
            if events:
                data = self._random.choice(self._values.event_data(plan, events[0], call.today.date(), call.slots))
                return Choice("arrive", events[0], (("data", data),))
            return Choice("wait", max(0.001, round((at or call.now + 5.0) - call.now + 0.0005, 3)))
        if self._happens(self._persona.chatty):
            words = self._random.choice(WORDY).format(said=words)
        return self._said(words)

    def _words(self, call: Explorer, plan: Plan) -> str | None:
        node, language = plan.nodes[call.state["node"]], call.expects().language
        collect = call.state["collect"] or {}
        yes, no = self._values.yes_no(language)
        if call.confirms:
            return no if self._happens(self._persona.undecided) else yes
        if node.kind == "collect":
            slot = plan.slots.get(collect.get("asking") or "")
            if slot is not None:
                known = self._persona.knows.get(slot.name)
                said = self._values.answers(plan, slot, language, call.today.date())
                return known or (self._random.choice(said) if said else refusal(language) or yes)
        if self._wants:
            return self._wants.pop(0)
        ways = [way.examples[0] if way.examples else way.intent for way in node.ways if way.intent is not None]
        tools = [offered.examples[0] for offered in node.offered if offered.tool is not None and offered.examples]
        said_here: Sequence[Any] = [*ways, *tools] if self.turns < self._persona.patience / 2 else ways or tools
        return str(self._random.choice(said_here)) if said_here else None


FAREWELL = "[hang up]"
"""What a model says to leave."""

PART = """You are a person who calls a telephone line. You are not the assistant; the other side is.

Who you are: {persona}
What you want: {goal}

Say one thing at a time, as people speak on the telephone: short, no lists, no stage directions.
When you have what you want, or can't get it, say goodbye, and then answer with {farewell} alone."""


class ModelCaller:
    """A caller played by a language model, which reads what the bot said and answers."""

    def __init__(self, persona: Persona, answer: Callable[[list[dict[str, str]]], str]) -> None:
        self._persona = persona
        self._answer = answer
        self._heard = 0
        self._messages = [
            {"role": "system", "content": PART.format(persona=persona.persona, goal=persona.goal, farewell=FAREWELL)}
        ]
        self.turns = 0
        self.cooperative = True

    def next(self, call: Explorer) -> Choice:
        """What the model says to what the bot has said since."""
        self.turns += 1
        words = " ".join(call.said[self._heard :])
        self._heard = len(call.said)
        self._messages.append({"role": "user", "content": words or "(nobody says anything)"})
        said = self._answer(self._messages)
        self._messages.append({"role": "assistant", "content": said})
        if FAREWELL in said or self.turns > self._persona.patience:
            return Choice("hang_up", True)
        return Choice("user", said)
