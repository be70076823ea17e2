"""One step in the making: the state being changed, the effects so far, and what every verb needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from framework.engine import effects, secrets
from framework.engine.plan import NodePlan, Offered, Plan, SlotPlan, Text, Value, Way
from framework.engine.state import State
from framework.flows.expressions import canonical
from framework.personalities.compose import persona
from framework.personalities.model import Personality
from framework.slots import phrases
from framework.slots.base import Hearing
from framework.slots.boolean import Boolean
from framework.slots.number import NumberType

SPEECH_S_PER_CHARACTER = 0.12
"""Slow speech: how long a text may take to be spoken, at most, before we go on without it."""
SPEECH_GRACE_S = 5.0


Note = dict[str, Any]
"""How something was decided: `{note: kind, flow, node, at, …}`, see `Work.note`."""


class Failure(Exception):  # noqa: N818 - an error of the flow, not of the program
    """The flow cannot go on as written: take the error way."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Work:
    """What one call of `step` changes and collects."""

    root: Plan
    """The plan of the session's flow."""
    state: State
    since: float = 0.0
    """The moment of the input before this one."""
    wanted: list[effects.Effect] = field(default_factory=list)
    trace: list[Note] | None = None

    # --- Reading ------------------------------------------------------------

    @property
    def at(self) -> float:
        """The moment of the input, seconds since the epoch."""
        return float(self.state["at"])

    @property
    def plan(self) -> Plan:
        """The plan of the present flow."""
        return self.plan_of(self.state)

    def plan_of(self, place: Mapping[str, Any]) -> Plan:
        """The plan of the flow at a place of the conversation."""
        flow = place["flow"]
        return self.root if flow is None else self.root.flows[flow]

    @property
    def depth(self) -> int:
        """How many places are to be come back to."""
        return len(self.state["stack"])

    @property
    def node(self) -> NodePlan:
        """The present node."""
        return self.plan.nodes[self.state["node"]]

    @property
    def language(self) -> str:
        """The language of the session now."""
        return self.state["session"].get("language") or self.plan.languages[0]

    @cached_property
    def now(self) -> datetime:
        """The moment of the input on the person's calendar."""
        offset = timedelta(minutes=self.state["session"].get("utc_offset", 0))
        return datetime.fromtimestamp(self.at, UTC) + offset

    @property
    def today(self) -> date:
        """The person's date."""
        return self.now.date()

    def names(self, reveal: Collection[str] = (), **more: Any) -> dict[str, Any]:
        """What expressions see; of sensitive slots only those in `reveal` are more than `***`."""
        state, session = self.state, self.state["session"]
        if "slots" in more:
            more["slots"] = _Unset(more["slots"])
        return {
            "slots": _Unset(secrets.veiled(state["slots"], self.plan.sensitive, reveal)),
            "session": {
                "id": session.get("id", ""),
                "room": session.get("room", ""),
                "channel": session.get("channel", "text"),
                "language": self.language,
                "turns": state["turns"],
                "started_at": state["started_at"],
                "visits": state["visits"].get(state["node"], 0),
            },
            "identity": state["identity"],
            "personality": self.personality(),
            "state": state["filling"] if self.plan.pipecat else state["state"],
            **more,
        }

    @property
    def who(self) -> Personality:
        """Who speaks: whom an operator ordered, else whom the node names, else the session's personality."""
        if (ordered := self.state["who"]) is not None:
            return Personality.model_validate(ordered)
        node = self.state["node"]
        here = self.plan.nodes[node].personality if node is not None else None
        return here or self.root.personality

    def personality(self) -> dict[str, Any]:
        """The personality's fields, each in the language of the session."""
        who = self.who
        known = self.root.persona.get(who.personality, {}) if self.state["who"] is None else {}
        return known.get(self.language) or persona(who, self.language)

    @property
    def offered(self) -> tuple[Offered, ...]:
        """What the model may call at this node; who speaks by order may be kept from some of it."""
        offered = self.node.offered
        if self.state["who"] is None:
            return offered
        who = self.who
        return tuple(one for one in offered if one.tool is None or who.allows(one.tool))

    @property
    def deaf(self) -> bool:
        """Whether an operator has the person unheard."""
        halted = self.state["halted"]
        return bool(self.state["muted"] or (halted and halted["deaf"]))

    def hearing(self, slot: SlotPlan, *, asked: bool, sole: bool = False) -> Hearing:
        """What surrounds an answer for this slot."""
        return Hearing(
            language=self.language,
            today=self.today,
            asked=asked,
            name=slot.name,
            sole=sole,
            now=self.now.replace(tzinfo=None),
        )

    def holds(self, way: Way, **more: Any) -> bool:
        """Whether a route's guard lets it be taken; it sees sensitive values, and only whether it holds leaves it."""
        if way.guard is None or isinstance(way.guard, bool):
            return way.guard is not False
        held = bool(way.guard.evaluate(self.names(self.plan.sensitive, **more), self.now))
        if self.trace is not None:
            read = evidence(way.guard, self.names(**more))
            self.note("guard", route=way.index, text=getattr(way.guard, "text", ""), held=held, read=read)
        return held

    def evaluated(self, value: Value, reveal: Collection[str] = (), **more: Any) -> Any:
        """A value with its templates filled, types kept."""
        return _filled(value.shape, self.names(reveal, **more), self.now)

    def granted(self, tool: str) -> frozenset[str]:
        """The sensitive slots that a tool may be given."""
        return frozenset(name for name in self.plan.sensitive if tool in self.plan.slots[name].grant)

    def meets(self, way: Way, event: list[Any], **more: Any) -> bool:
        """Whether this is the event, `[type, data]`, that a route or an interrupt waits for."""
        type_, data = event
        if type_ != way.event or way.where is False:
            return False
        if way.where is not None and not isinstance(way.where, bool):
            names = self.names(**more, event=data)
            if not way.where.evaluate(names, self.now):
                return False
        return self.holds(way, **more, event=data)

    @property
    def settled(self) -> bool:
        """Whether all that a node does by itself has been done, so that what happens next can count there."""
        state = self.state
        live = state["phase"] == "live" and state["node"] is not None
        return live and not state["agenda"] and state["awaiting"] is None

    @property
    def quiet(self) -> bool:
        """Whether the bot has nothing under way, neither words nor work."""
        state = self.state
        busy = state["agenda"] or state["awaiting"] or state["classify"] or self.calling or state["heard"]
        model = state["model"]
        if state["halted"] is not None:
            return False
        return state["phase"] == "live" and not (busy or state["sayings"] or model["running"] or model["again"])

    @property
    def asked(self) -> str | None:
        """The call that the person is being asked about; the others of its turn are over, or wait behind it."""
        return next((call for call, record in self.state["calls"].items() if record.get("asking") == "asked"), None)

    @property
    def calling(self) -> bool:
        """Whether calls keep the conversation busy; while the person is asked about one, none does."""
        return bool(self.state["calls"]) and self.asked is None

    # --- Texts --------------------------------------------------------------

    def spoken(self, text: Text, **more: Any) -> str:
        """A text as it is said: typed values in words."""
        return text.wording(self.language).render(self.names(**more), self.now, self._speak).strip()

    def written(self, text: Text, **more: Any) -> str:
        """A text as a model reads it: values in canonical form."""
        return text.wording(self.language).render(self.names(**more), self.now)

    def _speak(self, value: Any, path: tuple[str, ...] | None) -> str:
        if value is None:
            return ""
        if path is not None and len(path) == 2 and path[0] == "slots" and path[1] in self.plan.slots:  # noqa: PLR2004
            slot = self.plan.slots[path[1]]
            return str(value) if slot.sensitive else slot.type.spoken(value, slot.options, self.language)
        if isinstance(value, bool):
            return Boolean().spoken(value, None, self.language)
        if isinstance(value, (int, float)):
            return NumberType().spoken(value, None, self.language)
        return canonical(value)

    def aloud(self, slot: SlotPlan, value: Any) -> str:
        """A slot's value as it is read back; of a sensitive one only so much that the person recognises it."""
        spoken = slot.type.masked if slot.sensitive else slot.type.spoken
        return spoken(value, slot.options, self.language)

    def turn_of(self, key: str, texts: tuple[Text, ...]) -> Text:
        """The next of a list of texts that are used in turn."""
        counts, key = self.state["counts"], self._counted(key)
        number: int = counts.get(key, 0)
        counts[key] = number + 1
        return texts[number % len(texts)]

    def used(self, key: str, texts: tuple[Text, ...]) -> Text:
        """The one of a list of texts that was used last."""
        number: int = self.state["counts"].get(self._counted(key), 1)
        return texts[(number - 1) % len(texts)]

    def _counted(self, key: str) -> str:
        """What a list of texts is counted under: nodes of another flow may have the same name."""
        return key if self.plan is self.root else f"{self.plan.flow}:{key}"

    def sentence(self, key: str, **values: Any) -> str:
        """One of the built-in sentences in the session's language."""
        return phrases.sentence(key, self.language, **values)

    # --- Acting -------------------------------------------------------------

    def drawn(self, kind: str) -> str:
        """A new id, the same at every replay."""
        counts = self.state["counts"]
        counts[f"#{kind}"] = counts.get(f"#{kind}", 0) + 1
        return f"{kind}{counts[f'#{kind}']}"

    def drawn_so_far(self, kind: str) -> int:
        """How many ids of a kind have been drawn."""
        drawn: int = self.state["counts"].get(f"#{kind}", 0)
        return drawn

    def emit(self, event: str, **data: Any) -> None:
        """Publish an event; no sensitive value is in it."""
        flow = self.state["flow"] or self.root.flow
        self.wanted.append(effects.Emit(type=event, data=self.cleared(data), flow=flow))

    def do(self, effect: effects.Effect) -> None:
        """Ask for an effect; no sensitive value reaches a model by it, nor a router, which may be one."""
        match effect:
            case effects.Prompt():
                effect = replace(effect, role=self.cleared(effect.role), messages=self.cleared(effect.messages))
            case effects.Answer():
                effect = replace(effect, result=self.cleared(effect.result))
            case effects.Classify():
                effect = replace(effect, text=self.cleared(effect.text))
            case _:
                pass
        self.wanted.append(effect)

    def cleared(self, value: Any) -> Any:
        """A value without a trace of what sensitive slots hold."""
        kept = self._kept
        return secrets.cleared(value, kept) if kept else value

    @property
    def _kept(self) -> list[Any]:
        """The sensitive values there are: set, held, or being read back, here and at the places that wait."""
        found = []
        for place in (self.state, *self.state["stack"]):
            sensitive = self.plan_of(place).sensitive
            if sensitive:
                collect = place["collect"] or {}
                confirming = collect.get("confirming") or {}
                values = (place["slots"], collect.get("held", {}), {confirming.get("slot"): confirming.get("value")})
                found += [one[name] for one in values for name in sensitive if one.get(name) is not None]
        return found

    def note(self, kind: str, **what: Any) -> None:
        """Note how something was decided; costs nothing where nobody reads it.

        | note | what |
        | --- | --- |
        | `node` | `to`: it was entered |
        | `guard` | `route`: whose `if` was looked at; `text`; `held`; `read`: each path that it read and its value |
        | `route` | `route`: its number; `held`: whether it was taken; `guard`: the value of its `if`; `cause` |
        | `interrupt` | `name`: it counted; `of`: the flow that has it, if it is not a built-in one |
        | `rung` | `ladder` (`no_input`, `no_match`), `rung` from 1, `of`: `node` or `defaults` |
        | `timer` | `name`: it was delivered; `of`: the flow that has it |
        | `tool` | `call`, `tool`, `outcome`, `by` |
        | `limit` | `name`: it was reached |
        | `event` | `type`: it came from outside; `route`: the one that took it, null when none did |
        | `subflow` | `to`: the flow that was entered |
        | `return` | `back` (`subflow`, `interrupt`), `reason`: what came between is over |
        | `transfer` | `target`, `outcome` |
        | `summary` | `made`: whether the model summed its context up |
        | `resumed` | `away`: seconds between the checkpoint and now |
        """
        if self.trace is not None:
            state = self.state
            noted = {"note": kind, "flow": self.plan.flow, "node": state["node"], "at": state["at"], **what}
            self.trace.append(self.cleared(noted))

    def say(self, text: str, *, remember: bool = True, ahead: bool = False) -> str | None:
        """Speak a text; answers its id, None when there is nothing to say."""
        if not text:
            return None
        text = self.cleared(text)
        name = self.drawn("say")
        self.state["sayings"][name] = self.state["last"] = text
        self.state["since"] = self.state["since"] or "said"
        self.await_speech()
        self.do(effects.Say(say=name, text=text, language=self.language, remember=remember, ahead=ahead))
        return name

    def await_speech(self) -> None:
        """Bound how long the words on their way may take."""
        length = sum(len(text) for text in self.state["sayings"].values())
        self.state["deadlines"]["speech"] = self.at + SPEECH_GRACE_S + SPEECH_S_PER_CHARACTER * length

    def set_slot(self, name: str, value: Any, source: str) -> None:
        """Give a slot a value, checked by its type; null unsets it.

        Raises:
            Failure: The value is none of the slot's.
        """
        if value is None:
            self.clear_slot(name)
            return
        slot = self.plan.slots.get(name)
        if slot is None:
            raise Failure("unknown_slot", f"there is no slot `{name}`")
        try:
            value = slot.type.check(value, slot.options, self.today)
        except ValueError as error:
            raise Failure("bad_value", slot.told(error)) from None
        self.keep(name, value, source)

    def keep(self, name: str, value: Any, source: str) -> None:
        """Give a slot a value that is one of its type's, and say so."""
        self.state["slots"][name] = value
        shown = secrets.HIDDEN if name in self.plan.sensitive else value
        self.emit("slot.set", slot=name, value=shown, source=source)

    def clear_slot(self, name: str) -> None:
        """Unset a slot, or give it its default again."""
        slot = self.plan.slots.get(name)
        was_set = self.state["slots"].pop(name, None) is not None
        if slot is not None and slot.default is not None:
            self.state["slots"][name] = slot.type.check(slot.default, slot.options, self.today)
        if was_set:
            self.emit("slot.cleared", slot=name)

    def due(self, name: str, seconds: float) -> None:
        """Start (or restart) a deadline."""
        self.state["deadlines"][name] = self.at + seconds

    def undue(self, *names: str) -> None:
        """Drop deadlines."""
        for name in names:
            self.state["deadlines"].pop(name, None)

    def agenda(self, operations: Iterable[list[Any]]) -> None:
        """Put operations before what is already to be done."""
        self.state["agenda"] = [*operations, *self.state["agenda"]]


def evidence(condition: Any, names: Mapping[str, Any]) -> dict[str, Any]:
    """What a condition went by: each path that it reads, such as `slots.size`, and what stands there."""
    found: dict[str, Any] = {}
    for path in sorted(condition.names()) if hasattr(condition, "names") else ():
        value: Any = names
        for part in path:
            value = value.get(part) if isinstance(value, Mapping) else None
        found[".".join(path)] = value
    return found


class _Unset(dict[str, Any]):
    """Slots: one that is not set reads as null."""

    def __missing__(self, key: str) -> None:
        return None


def _filled(shape: Any, names: Mapping[str, Any], now: datetime) -> Any:
    if isinstance(shape, list):
        return [_filled(item, names, now) for item in shape]
    if isinstance(shape, dict):
        return {key: _filled(item, names, now) for key, item in shape.items()}
    if hasattr(shape, "value") and hasattr(shape, "render"):
        return shape.value(names, now)
    return shape
