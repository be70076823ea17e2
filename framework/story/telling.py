"""Say of a conversation that was driven again what happened and why, as entries that text, JSON and page show alike."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from framework.engine import inputs
from framework.engine.plan import NodePlan, Plan, Way
from framework.sessions.events import iso
from framework.story.rehearsal import MASK, Beat, Rehearsal
from framework.story.transcript import Recorded

STRANGE = "told by a plugin or the pipeline"
"""Why, for events that are not the engine's."""

UNFOLLOWED = "recorded; from here on the flow could not be followed"

Kind = Literal["user", "bot", "move", "tool", "fact", "bad"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that happened, and why."""

    kind: Kind
    text: str
    """What happened, in a few words or as it was said."""
    title: str
    why: tuple[str, ...] = ()
    """Sentences; what is code stands in backticks."""
    time: str = ""
    flow: str = ""
    node: str | None = None
    """Where the conversation is after it."""
    slots: dict[str, Any] = field(default_factory=dict)
    from_: str | None = None
    """Of a move: the node that was left."""
    to: str | None = None
    key: str = ""
    """Of a move: which way out it was, as a drawing names it."""
    event: int | None = None
    """The number of the recorded event."""

    def as_json(self) -> dict[str, Any]:
        """The entry as plain data."""
        found = asdict(self)
        found["from"] = found.pop("from_")
        found["why"] = list(self.why)
        return found


def tell(rehearsal: Rehearsal) -> list[Entry]:
    """Everything that happened, in order; what could not be followed is told without a reason."""
    teller = _Teller(rehearsal)
    found = [entry for beat in rehearsal.beats for entry in teller.beat(beat)]
    strange = [event for event in rehearsal.foreign if not event.type.startswith("speech.")]
    found += [teller.plain(event, STRANGE) for event in strange]
    found.sort(key=lambda entry: -1 if entry.event is None else entry.event)
    found = list(_in_place(found))
    if rehearsal.difference is not None:
        where = rehearsal.difference.recorded.number
        found += [teller.plain(event) for event in rehearsal.rest if event.number < where]
        found.append(teller.parting())
        found += [teller.plain(event, UNFOLLOWED) for event in rehearsal.rest if event.number >= where]
    return found


def _in_place(entries: list[Entry]) -> Iterator[Entry]:
    """Entries of events that are not the engine's stand where those before them left the conversation."""
    last: Entry | None = None
    for entry in entries:
        strange = entry.why == (STRANGE,)
        yield replace(entry, node=last.node, slots=last.slots, flow=last.flow) if strange and last else entry
        last = last if strange else entry


def remark(rehearsal: Rehearsal) -> str:
    """Whether the engine told again what was recorded, in one sentence."""
    if rehearsal.difference is not None:
        event = rehearsal.difference.recorded
        return f"The flow parts from the recording at event {event.number + 1}, `{event.type}`."
    if not rehearsal.transcript.complete:
        return "Driven again, the flow tells the same up to where the transcript breaks off."
    return "Driven again, the flow tells the same from the first event to the last."


class _Teller:
    """Turns beats into entries; remembers what the model was offered and chose."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.rehearsal = rehearsal
        self.plan = rehearsal.plan
        self.slots: dict[str, Any] = {}
        self.node: str | None = None
        self.flow = rehearsal.transcript.flow
        self.heard = ""
        self.meant: dict[str, Any] | None = None
        self.choices: tuple[Any, ...] = ()

    # --- One input ----------------------------------------------------------

    def beat(self, beat: Beat) -> Iterator[Entry]:
        """The entries of one input."""
        if beat.events:
            self.flow = self._flow(beat)
        for event in beat.events:
            self.flow = self._own(event)
            self._know(event)
            yield self._entry(event, beat)
        for effect in beat.wanted:
            if type(effect).__name__ == "Classify":
                self.choices = getattr(effect, "choices", ())

    def _flow(self, beat: Beat) -> str:
        noted = [note["flow"] for note in beat.notes if note.get("flow")]
        return str(noted[-1]) if noted else self.flow

    def _own(self, event: Recorded) -> str:
        """The flow that an event belongs to, where it names one of the session's."""
        return event.flow if event.flow in self.plan.flows else self.flow

    def _know(self, event: Recorded) -> None:
        data = event.data
        match event.type:
            case "user.said":
                self.heard = str(data.get("text", ""))
                self.meant = None
            case "intent.heard":
                self.meant = data
            case "slot.set":
                self.slots = {**self.slots, str(data.get("slot")): data.get("value")}
            case "slot.cleared":
                self.slots = {name: value for name, value in self.slots.items() if name != data.get("slot")}
            case "node.entered":
                self.node = str(data.get("node"))

    def _entry(self, event: Recorded, beat: Beat) -> Entry:
        tell_of = TELLERS.get(event.type)
        if tell_of is None:
            return self.plain(event, *([] if event.type == "error" else ["the flow's own `emit`"]))
        return tell_of(self, event, beat)

    def _made(self, event: Recorded, kind: Kind, text: str, title: str, *why: str, **more: Any) -> Entry:
        time = iso(event.at) if event.at else ""
        return Entry(
            kind=kind,
            text=text,
            title=title,
            why=tuple(line for line in why if line),
            time=time,
            flow=self.flow,
            node=self.node,
            slots=self.slots,
            event=event.number,
            **more,
        )

    def plain(self, event: Recorded, *why: str) -> Entry:
        """An event without a reason."""
        data = {key: value for key, value in event.data.items() if value not in (None, "", {})}
        text = event.type + "".join(f" {key}={shown(value)}" for key, value in data.items())
        kind: Kind = "bad" if event.type == "error" else "fact"
        if event.type == "user.said":
            return self._made(event, "user", str(event.data.get("text") or "(masked)"), "The person said this", *why)
        if event.type == "bot.said":
            return self._made(event, "bot", str(event.data.get("spoken")), "The bot said this", *why)
        return self._made(event, kind, text, event.type, *why)

    def parting(self) -> Entry:
        """Where the recording and the engine part."""
        difference = self.rehearsal.difference
        assert difference is not None  # noqa: S101 - the caller looked
        told = "; ".join(f"`{kind}` {shown(data)}" for kind, data in difference.told) or "nothing"
        return self._made(
            difference.recorded,
            "bad",
            "here the flow parts from the recording",
            "Here the flow parts from the recording",
            f"Recorded: `{difference.recorded.type}` {shown(difference.recorded.data)}.",
            f"The flow, driven again, tells: {told}.",
            "The flow, a tool or the framework may have changed since, or the transcript lacks what the flow went by "
            "(who was identified, a masked value, a program's orders).",
        )

    # --- One event ----------------------------------------------------------

    def started(self, event: Recorded, _beat: Beat) -> Entry:
        """The beginning."""
        who = event.data.get("personality") or "the neutral personality"
        return self._made(
            event,
            "fact",
            "the session begins",
            "The session begins",
            f"`{self.flow}`, {event.data.get('channel')}, {who}.",
        )

    def ended(self, event: Recorded, _beat: Beat) -> Entry:
        """The end."""
        outputs = event.data.get("outputs")
        return self._made(
            event,
            "fact",
            f"the session ends: {event.data.get('reason')}",
            f"The session ends with the reason `{event.data.get('reason')}`",
            f"It gives {shown(outputs)}." if outputs else "",
        )

    def entered(self, event: Recorded, _beat: Beat) -> Entry:
        """A node."""
        node = self._plan.nodes.get(str(event.data.get("node")))
        visits = f"Entered for the {_th(self._visits(event))} time." if self._visits(event) > 1 else ""
        return self._made(
            event,
            "fact",
            f"{event.data.get('node')} begins",
            f"`{event.data.get('node')}` begins ({event.data.get('kind')})",
            visits,
            self._will(node),
        )

    def _visits(self, event: Recorded) -> int:
        before = self.rehearsal.transcript.events[: event.number + 1]
        return sum(1 for one in before if one.type == "node.entered" and one.data.get("node") == event.data.get("node"))

    @staticmethod
    def _will(node: NodePlan | None) -> str:
        """What a node is about to do."""
        if node is None:
            return ""
        offered = ", ".join(f"`{one.offer.name}`" for one in node.offered)
        return {
            "instruct": f"The model is offered {offered or 'no functions'}.",
            "collect": f"It asks for what is unset of {', '.join(f'`{name}`' for name in node.collect)}.",
            "run": f"It calls `{node.tool}`.",
        }.get(node.kind, "")

    def left(self, event: Recorded, beat: Beat) -> Entry:
        """A transition, and why it fired."""
        data = event.data
        cause = data.get("cause")
        cause = cause if isinstance(cause, dict) else {}
        name, to = str(data.get("node")), data.get("to")
        node = self._plan.nodes.get(name)
        why, key = self._because(node, cause, beat)
        goal = f"`{to}`" if to is not None else "the end"
        return self._made(
            event,
            "move",
            f"{name} → {to if to is not None else 'end'}: {_short(why, cause)}",
            f"From `{name}` to {goal}",
            *why,
            from_=name,
            to=to,
            key=key,
        )

    def set_(self, event: Recorded, _beat: Beat) -> Entry:
        """A slot has a value."""
        data = event.data
        source = {
            "said": f"The person said it: “{self.heard}”." if self.heard else "The person said it.",
            "tool": "It is the result of a tool.",
            "flow": "The flow sets it.",
            "order": "An operator's order sets it.",
            "start": "Whoever started the session gave it.",
        }.get(str(data.get("source")), "")
        return self._made(
            event,
            "fact",
            f"{data.get('slot')} = {shown(data.get('value'))}",
            f"Slot `{data.get('slot')}` is set",
            source,
        )

    def cleared(self, event: Recorded, _beat: Beat) -> Entry:
        """A slot has none any more."""
        name = event.data.get("slot")
        return self._made(event, "fact", f"{name} is cleared", f"Slot `{name}` is cleared", "The flow clears it.")

    def heard_(self, event: Recorded, beat: Beat) -> Entry:
        """What the person said, and what the flow took it for."""
        text = str(event.data.get("text") or "")
        if event.data.get("masked") or not text:
            text = "(masked)"
        return self._made(event, "user", text, "The person speaks", *self._taken(beat))

    def _taken(self, beat: Beat) -> Iterator[str]:
        """What came of words."""
        node = self._plan.nodes.get(self.node or "")
        asking = (beat.before.get("collect") or {}).get("asking")
        if asking and node is not None and node.kind == "collect":
            yield f"`{self.node}` asks for `{asking}`."
        elif node is not None:
            yield f"The flow is at `{self.node}` ({node.kind})."
        values = [f"`{d['slot']}` = {shown(d['value'])}" for kind, d in beat.emitted if kind == "slot.set"]
        if values:
            yield f"Understood: {', '.join(values)}."
        for effect in beat.wanted:
            match type(effect).__name__:
                case "Classify":
                    listed = ", ".join(f"`{choice.text}`" for choice in getattr(effect, "choices", ()))
                    yield f"The router is asked which of these was meant: {listed or 'none'}."
                case "RunModel":
                    yield "The model is to answer."
        if any(kind == "input.unmatched" for kind, _ in beat.emitted):
            yield "It fitted nothing that was asked for."

    def said(self, event: Recorded, beat: Beat) -> Entry:
        """What the bot said."""
        data = event.data
        spoken, generated = str(data.get("spoken") or ""), str(data.get("generated") or "")
        by_model = isinstance(beat.happened, inputs.Spoken) and beat.happened.say is None
        who = "The model said it." if by_model else "The flow says it word for word."
        cut = f"It was cut off; the whole was: “{generated}”." if data.get("interrupted") else ""
        return self._made(event, "bot", spoken or f"({generated})", "The bot speaks", who, cut)

    def called(self, event: Recorded, _beat: Beat) -> Entry:
        """A tool is called."""
        data = event.data
        by_model = data.get("by") == "model"
        why = [f"With {shown(data.get('arguments'))}."]
        if by_model:
            why.insert(0, f"The model chose it. {self._offers()}")
        else:
            why.insert(0, f"`{self.node}` calls it itself.")
        return self._made(event, "tool", f"{data.get('tool')} is called", f"Tool `{data.get('tool')}` is called", *why)

    def finished(self, event: Recorded, _beat: Beat) -> Entry:
        """A tool has its outcome."""
        data = event.data
        result = f"It returned {shown(data.get('result'))}." if data.get("outcome") == "value" else ""
        text = f"{data.get('tool')}: {data.get('outcome')}"
        return self._made(event, "tool", text, f"Tool `{data.get('tool')}` ended with `{data.get('outcome')}`", result)

    def intent(self, event: Recorded, _beat: Beat) -> Entry:
        """What the person meant."""
        data = event.data
        return self._made(
            event, "fact", f"meant: {data.get('intent')}", f"The person meant `{data.get('intent')}`", self._by(data)
        )

    def _by(self, data: Mapping[str, Any]) -> str:
        """How an intent was decided."""
        listed = ", ".join(f"`{choice.text}`" for choice in self.choices)
        match data.get("by"):
            case "example":
                return f"The words are the intent's own, or one of its examples: “{self.heard}”."
            case "keys":
                return "The keys that were pressed mean it."
            case "model" if not self.choices:
                return f"The model called its function. {self._offers()}"
            case "model" | "router" as by:
                score = data.get("score")
                return f"The {by} chose it ({score}) among {listed or 'the intents of the node'}."
        return ""

    def missing(self, event: Recorded, _beat: Beat) -> Entry:
        """Silence."""
        rung = event.data.get("rung")
        return self._made(
            event, "fact", f"silence, rung {rung}", "Nobody spoke", f"Rung {rung} of the ladder `no_input`."
        )

    def unmatched(self, event: Recorded, _beat: Beat) -> Entry:
        """Words that fitted nothing."""
        rung = event.data.get("rung")
        why = f"Rung {rung} of the ladder `no_match`; the words were “{self.heard}”."
        return self._made(event, "fact", f"not understood, rung {rung}", "That fitted nothing", why)

    def failed(self, event: Recorded, _beat: Beat) -> Entry:
        """An error."""
        data = event.data
        return self._made(
            event,
            "bad",
            f"{data.get('code')}: {data.get('message')}",
            f"Error `{data.get('code')}`",
            str(data.get("message")),
        )

    # --- Why ----------------------------------------------------------------

    @property
    def _plan(self) -> Plan:
        return self.plan.flows.get(self.flow, self.plan)

    def _offers(self) -> str:
        node = self._plan.nodes.get(self.node or "")
        offered = [f"`{one.offer.name}`" for one in node.offered] if node is not None else []
        return f"It was offered {', '.join(offered)}." if offered else ""

    def _because(self, node: NodePlan | None, cause: Mapping[str, Any], beat: Beat) -> tuple[list[str], str]:
        """Sentences, and the key of the way in a drawing."""
        kind = str(cause.get("kind") or "unknown")
        if kind == "route":
            return self._by_route(node, cause, beat)
        if kind == "function":
            return self._by_function(node, cause)
        said = f" Heard: “{self.heard}”." if self.heard else ""
        rest = {key: value for key, value in cause.items() if key != "kind"}
        sentence = {
            "limit": f"The session reached its limit of `{cause.get('limit')}`.",
            "error": f"Something failed (`{cause.get('code')}`), and no route is for that: the error way.",
            "hangup": "The person hung up.",
            "order": "An operator's order.",
            "interrupt": f"The interrupt `{cause.get('interrupt') or cause.get('name')}` counted.{said}",
            "timer": f"The timer `{cause.get('timer')}` was due.",
        }.get(kind, f"{kind.capitalize()} {shown(rest) if rest else ''}".strip() + ".")
        return [sentence], ""

    def _by_route(self, node: NodePlan | None, cause: Mapping[str, Any], beat: Beat) -> tuple[list[str], str]:
        if "ladder" in cause:
            ladder, rung = cause["ladder"], int(cause.get("rung") or 1)
            plan = getattr(node, str(ladder), None)
            last = len(plan.rungs) if plan is not None else 0
            key = f"{ladder}/{min(rung, last or rung) - 1}"
            return [f"Rung {rung} of the ladder `{ladder}` leads there."], key
        if "route" not in cause or node is None:
            return ["The node ends when it has done its part."], "end"
        way = next((way for way in node.ways if way.index == cause["route"]), None)
        guards = {note["route"]: note for note in beat.notes if note["note"] == "guard" and note["node"] == node.name}
        why = []
        if cause.get("outcome"):
            why.append(f"`{node.name}` ended with `{cause['outcome']}`.")
        if way is not None:
            why += [line for other in node.ways[: node.ways.index(way)] if (line := _passed(other, cause, guards))]
            why.append(self._taken_way(way, cause, guards))
        single = way is not None and len(node.ways) == 1 and way == Way(index=0, to=way.to)
        return why, "next" if single else f"next/{cause['route']}"

    def _taken_way(self, way: Way, cause: Mapping[str, Any], guards: Mapping[int, Mapping[str, Any]]) -> str:
        guard = f" {_value(guards[way.index])}" if way.index in guards else ""
        number = f"Route {way.index + 1}"
        if cause.get("intent"):
            by = self._by(self.meant) if self.meant is not None else ""
            return f"{number}: the person meant `{cause['intent']}`. {by}{guard}".strip()
        if cause.get("event"):
            return f"{number}: the event `{cause['event']}` arrived.{guard}"
        if way.after_s is not None:
            return f"{number}: the node had lasted {way.after_s:g} s, and nobody was speaking.{guard}"
        if way.outcomes is not None:
            return f"{number} is for {_listed(way.outcomes)}.{guard}"
        return f"{number} holds:{guard}" if guard else f"{number} always holds."

    def _by_function(self, node: NodePlan | None, cause: Mapping[str, Any]) -> tuple[list[str], str]:
        name = str(cause.get("function"))
        offered = [one.offer.name for one in node.offered] if node is not None else []
        listed = ", ".join(f"`{one}`" for one in offered)
        return [f"The model called `{name}`." + (f" It was offered {listed}." if listed else "")], f"function/{name}"


TELLERS = {
    "session.started": _Teller.started,
    "session.ended": _Teller.ended,
    "node.entered": _Teller.entered,
    "node.left": _Teller.left,
    "slot.set": _Teller.set_,
    "slot.cleared": _Teller.cleared,
    "user.said": _Teller.heard_,
    "bot.said": _Teller.said,
    "tool.called": _Teller.called,
    "tool.finished": _Teller.finished,
    "intent.heard": _Teller.intent,
    "input.missing": _Teller.missing,
    "input.unmatched": _Teller.unmatched,
    "error": _Teller.failed,
}


def _passed(way: Way, cause: Mapping[str, Any], guards: Mapping[int, Mapping[str, Any]]) -> str:
    """Why an earlier route was not taken; nothing for routes that wait for something else."""
    number = f"Route {way.index + 1}"
    if way.waits:
        return ""
    if way.outcomes is not None and cause.get("outcome") not in way.outcomes:
        return f"{number} is for {_listed(way.outcomes)}, so not this one."
    if way.index in guards and not guards[way.index]["held"]:
        return f"{number} doesn't hold: {_value(guards[way.index])}"
    return "" if way.leads else f"{number} held, did its part and led nowhere."


def _value(guard: Mapping[str, Any]) -> str:
    """An expression's value and what it read."""
    read = ", ".join(f"`{p}` is {shown(value)}" for p, value in guard["read"].items() if p != guard["text"])
    return f"`{guard['text']}` is {shown(guard['held'])}" + (f", as {read}." if read else ".")


def _listed(outcomes: Any) -> str:
    return " and ".join(f"`{outcome}`" for outcome in sorted(outcomes))


def _short(why: list[str], cause: Mapping[str, Any]) -> str:
    """The cause in a few words."""
    for key in ("intent", "event", "function", "ladder", "limit", "code", "interrupt", "timer"):
        if cause.get(key):
            return str(cause[key])
    if cause.get("kind") != "route":
        return str(cause.get("kind") or "unknown")
    last = why[-1] if why else ""
    if "` is " in last:
        return last.split("`")[1]
    return str(cause.get("outcome") or "then")


def _th(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")


def shown(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value if value == MASK else f"“{value}”"
    return json.dumps(value, ensure_ascii=False, default=str)
