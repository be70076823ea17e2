"""Compile a flow into a plan: parse its texts and expressions, resolve its tools and slot types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from framework.engine import builtin
from framework.engine.effects import Offer
from framework.engine.plan import (
    RATE,
    ActionPlan,
    Branch,
    FillerPlan,
    InterruptPlan,
    LadderPlan,
    LimitsPlan,
    NodePlan,
    Offered,
    PipecatActionPlan,
    Plain,
    Plan,
    RungPlan,
    SlotPlan,
    Text,
    TimerPlan,
    Value,
    Way,
    Wording,
)
from framework.errors import UnknownNameError
from framework.flows import durations, expressions, functions, graph
from framework.flows.model import (
    ActionUse,
    Branches,
    Filler,
    Flow,
    Function,
    Interrupt,
    Node,
    Route,
    Rung,
    Slot,
    Timer,
    ToolUse,
    Words,
)
from framework.personalities.compose import persona
from framework.personalities.model import Personality
from framework.slots.base import SlotType
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from framework.plugins.tools import Tool

TOOL_TIMEOUT_S = 10.0
ACTION_TIMEOUT_S = 10.0
ATTEMPTS = 3
NAME_LENGTH = 64
"""The longest function name that models take."""


def compile_plan(
    flow: Flow,
    *,
    hash: str = "",  # noqa: A002 - the word every event and spec uses
    personality: Personality,
    slot_types: Mapping[str, SlotType],
    tools: Mapping[str, Tool] | None = None,
    flows: Mapping[str, Flow] | None = None,
    cast: Mapping[str, Personality] | None = None,
) -> Plan:
    """Make a checked flow ready to run.

    Args:
        flow: As read from its file.
        hash: SHA-256 of the flow with all it includes.
        personality: Who speaks.
        slot_types: Type name → type.
        tools: Tool name → tool, for schemas and descriptions; Pipecat's functions by their own names.
        flows: The flows that it may run as subflows, by name.
        cast: Personality name → personality, for nodes where somebody else speaks.

    Raises:
        UserError: A name that the flow uses is not there. `convo check` says the same with a place.
    """
    known = {**(flows or {}), flow.flow: flow}
    plans: dict[str, Plan] = {}
    for name in _reached(flow, known):
        compiler = _Compiler(known[name], hash, personality, slot_types, tools or {}, plans, cast or {})
        compiler.languages = flow.languages or personality.languages or ["en"]
        plans[name] = compiler.plan()
    return plans[flow.flow]


def _reached(flow: Flow, known: Mapping[str, Flow]) -> list[str]:
    """The flow and all that it, and they, run."""
    found = graph.reachable([flow.flow], {name: graph.subflows(known[name]) for name in known})
    for name in sorted(found - {*known}):
        raise UnknownNameError(f"there is no flow `{name}`", fix=did_you_mean(name, known))
    return [flow.flow, *sorted(found - {flow.flow})]


class _Compiler:
    def __init__(
        self,
        flow: Flow,
        flow_hash: str,
        personality: Personality,
        slot_types: Mapping[str, SlotType],
        tools: Mapping[str, Tool],
        plans: dict[str, Plan],
        cast: Mapping[str, Personality],
    ) -> None:
        self.flow = flow
        self.hash = flow_hash
        self.personality = personality
        self.slot_types = slot_types
        self.tools = tools
        self.plans = plans
        self.languages = ["en"]
        self.cast = {**cast, personality.personality: personality}
        self.wording: Callable[[str], Wording] = (
            expressions.StateTemplate.parse if flow.pipecat else expressions.Template.parse
        )

    def plan(self) -> Plan:
        flow = self.flow
        limits = flow.limits
        languages = tuple(self.languages)
        return Plan(
            flow=flow.flow,
            hash=self.hash,
            initial=flow.initial_node,
            nodes={name: self.node(name, node) for name, node in flow.nodes.items()},
            slots={name: self.slot(name, slot) for name, slot in flow.slots.items()},
            personality=self.personality,
            persona={
                name: {language: persona(who, language) for language in {*languages, *self.named_languages()}}
                for name, who in self.cast.items()
            },
            languages=languages,
            limits=LimitsPlan(
                duration_s=durations.parse(limits.duration),
                turns=limits.turns,
                tool_calls=limits.tool_calls,
                tool_calls_per_turn=limits.tool_calls_per_turn,
                silence_s=durations.parse(limits.silence),
                to=limits.goto,
            ),
            on_error=flow.on_error,
            pipecat=flow.pipecat,
            inputs=tuple(flow.inputs),
            outputs=tuple(flow.outputs),
            events={
                type_: {name: self.slot(name, field) for name, field in fields.items()}
                for type_, fields in flow.events.items()
            },
            flows=self.plans,
            interrupts=() if flow.pipecat else tuple(self.interrupts()),
            without=frozenset(name for name, one in flow.interrupts.items() if one is False),
            timers=tuple(self.timer(name, timer) for name, timer in flow.timers.items()),
            sensitive=frozenset(name for name, slot in flow.slots.items() if slot.sensitive),
            cast=self.cast,
        )

    # --- Texts and values ---------------------------------------------------

    def text(self, words: Words) -> Text:
        if isinstance(words, str):
            return Text({"": self.wording(words)})
        return Text({language: self.wording(text) for language, text in words.items()})

    def texts(self, words: Iterable[Words] | None) -> tuple[Text, ...]:
        return tuple(self.text(w) for w in words or ())

    def value(self, raw: Any) -> Value:
        return Value(self._shape(raw))

    def _shape(self, raw: Any) -> Any:
        if isinstance(raw, str):
            return expressions.Template.parse(raw) if "{{" in raw else raw
        if isinstance(raw, list):
            return [self._shape(item) for item in raw]
        if isinstance(raw, dict):
            return {key: self._shape(item) for key, item in raw.items()}
        return raw

    def values(self, raw: Mapping[str, Any]) -> tuple[tuple[str, Value], ...]:
        return tuple((name, self.value(value)) for name, value in raw.items())

    def filler(self, filler: Filler | None) -> FillerPlan | None:
        if filler is None:
            return None
        return FillerPlan(durations.parse(filler.after), self.texts(filler.say))

    # --- Slots --------------------------------------------------------------

    def slot(self, name: str, slot: Slot) -> SlotPlan:
        kind = self.slot_types.get(slot.type)
        if kind is None:
            raise UnknownNameError(
                f"slot `{name}` has the unknown type `{slot.type}`", fix=did_you_mean(slot.type, self.slot_types)
            )
        return SlotPlan(
            name=name,
            type=kind,
            options=kind.Options.model_validate(slot.options),
            prompt=self.texts(slot.prompt),
            reprompt=self.texts(slot.reprompt),
            confirm=slot.confirm,
            default=slot.default,
            examples=tuple(slot.examples),
            input=slot.input,
            sensitive=slot.sensitive,
            grant=frozenset(known for written in slot.grant for known in self.known_as(written)),
        )

    def known_as(self, name: str) -> tuple[str, ...]:
        """All names of a tool, given one of them."""
        tool = self.tools.get(name)
        return (name,) if tool is None else (name, tool.name, *tool.aliases)

    # --- Routes -------------------------------------------------------------

    def way(self, index: int, route: Route) -> Way:
        return Way(
            index=index,
            guard=_condition(route.if_),
            outcomes=None if route.outcome is None else frozenset(route.outcome),
            intent=route.intent,
            name=_intent_name(route) if route.intent is not None else "",
            examples=tuple(route.examples),
            keys=tuple(route.keys or ()),
            event=route.event,
            where=_condition(route.where),
            after_s=None if route.after is None else durations.parse(route.after),
            to=route.destination,
            end=_reason(route.end),
            say=self.texts(route.say),
            set=self.values(route.set),
            clear=tuple(route.clear),
            emit=self.emits(route.emit),
        )

    def emits(self, emit: str | dict[str, dict[str, Any]] | None) -> tuple[tuple[str, Value], ...]:
        if emit is None:
            return ()
        if isinstance(emit, str):
            return ((emit, self.value({})),)
        return self.values(emit)

    def ways(self, node: Node) -> tuple[Way, ...]:
        if node.next is None:
            return ()
        if isinstance(node.next, str):
            return (Way(index=0, to=node.next),)
        return tuple(self.way(i, route) for i, route in enumerate(node.next))

    # --- Nodes --------------------------------------------------------------

    def node(self, name: str, node: Node) -> NodePlan:
        ways = self.ways(node)
        kind = graph.verb(node)
        defaults = self.flow.defaults
        strategy = node.context_strategy or defaults.context_strategy
        return NodePlan(
            name=name,
            kind=kind,
            hears=graph.hears(node),
            set=self.values(node.set),
            clear=tuple(node.clear),
            say=self.texts(node.say),
            ways=ways,
            end=_reason(node.end),
            enter=tuple(self.action(a) for a in node.actions.enter),
            leave=tuple(self.action(a) for a in node.actions.leave),
            role=None if node.role_message is None else self.text(node.role_message),
            task=self.task(node),
            reset=strategy == "reset",
            summarize=strategy == "summarize",
            respond=_responds(node),
            offered=self.offered(node, ways) if kind == "instruct" else (),
            sample=None if node.sample is None else self.text(node.sample),
            collect=tuple(node.collect or ()),
            attempts=node.attempts or defaults.attempts or ATTEMPTS,
            no_match=self.ladder(node.no_match, defaults.no_match),
            no_input=self.ladder(node.no_input, defaults.no_input),
            asks=self.asks(node),
            interruptible=_first(node.interruptible, defaults.interruptible, True),
            interrupts=_names(node.interrupts if node.interrupts is not None else defaults.interrupts),
            mute=_first(node.mute, defaults.mute, False),
            tool=None if node.run is None else self.resolve(node.run),
            subflow=node.subflow,
            target=node.transfer,
            brief=None if node.brief is None else self.text(node.brief),
            warm=node.warm,
            arguments=self.values(node.with_),
            save=_saves(node.save),
            timeout_s=self.timeout(node.timeout, node.run),
            rate=self.rate(node.run),
            filler=self.filler(node.filler or defaults.filler),
            languages=self.spoken(node),
            personality=self.who(node),
            voice=node.voice or defaults.voice,
            stack=node.stack or defaults.stack,
            pre_actions=tuple(self.pipecat_action(a.model_dump()) for a in node.pre_actions),
            post_actions=tuple(self.pipecat_action(a.model_dump()) for a in node.post_actions),
        )

    def task(self, node: Node) -> tuple[tuple[str, Text], ...]:
        if node.instruct is not None:
            return (("developer", self.text(node.instruct)),)
        return tuple((message.role, self.text(message.content)) for message in node.task_messages or ())

    def ladder(self, own: list[Rung] | None, inherited: list[Rung] | None) -> LadderPlan | None:
        rungs, of = (own, "node") if own is not None else (inherited, "defaults")
        return None if rungs is None else LadderPlan(tuple(self.rung(rung) for rung in rungs), of)

    def rung(self, rung: Rung) -> RungPlan:
        after_s = None if rung.after is None else durations.parse(rung.after)
        return RungPlan(self.texts(rung.say), rung.goto, _reason(rung.end), after_s)

    def asks(self, node: Node) -> bool:
        """Whether silence means something here: not where the bot itself waits, unless the node has a ladder."""
        if self.flow.pipecat or not graph.hears(node):
            return False
        expects = graph.verb(node) in ("instruct", "collect") or node.no_input is not None
        return expects or (graph.verb(node) == "say" and any(route.intent for route in graph.routes(node)))

    def interrupts(self) -> Iterable[InterruptPlan]:
        """Those that the flow has written, then those that everybody has."""
        for index, (name, one) in enumerate(self.flow.interrupts.items()):
            if one is not False:
                yield self.interrupt(index, name, one)
        for name in builtin.ON:
            if name not in self.flow.interrupts:
                yield InterruptPlan(self.trigger(-1, name, Interrupt()), built_in=True)

    def interrupt(self, index: int, name: str, one: Interrupt) -> InterruptPlan:
        effect = one.say or one.instruct or one.goto or one.end or one.subflow
        return InterruptPlan(
            way=self.trigger(index, name, one),
            instruct=None if one.instruct is None else self.text(one.instruct),
            subflow=one.subflow,
            back=one.return_ or ("none" if one.goto is not None else "resume"),
            cooldown=one.cooldown_turns,
            nodes=None if one.nodes is None else frozenset(one.nodes),
            built_in=name in builtin.ON and not effect,
        )

    def trigger(self, index: int, name: str, one: Interrupt) -> Way:
        """An interrupt as a way; one of a known name that has no trigger of its own means what its name says."""
        intent, examples = one.intent, tuple(one.examples)
        if name in builtin.NAMES and intent is None and one.event is None and one.if_ is None:
            intent = builtin.INTENTS[name]
            examples = examples or builtin.examples(name, self.languages)
        return Way(
            index=index,
            guard=_condition(one.if_),
            intent=intent,
            name=name,
            examples=examples,
            keys=tuple(one.keys or ()),
            event=one.event,
            where=_condition(one.where),
            to=one.goto,
            end=_reason(one.end),
            say=self.texts(one.say),
        )

    def timer(self, name: str, timer: Timer) -> TimerPlan:
        every = None if timer.every is None else durations.parse(timer.every)
        return TimerPlan(
            name=name,
            after_s=durations.parse(timer.after) if timer.after is not None else every or 0.0,
            every_s=every,
            idle=timer.at == "idle",
            say=self.texts(timer.say),
            instruct=None if timer.instruct is None else self.text(timer.instruct),
            to=timer.goto,
            emit=self.emits(timer.emit),
            nodes=None if timer.nodes is None else frozenset(timer.nodes),
        )

    def action(self, use: str | ActionUse) -> ActionPlan:
        if isinstance(use, str):
            use = ActionUse(name=use)
        return ActionPlan(use.name, self.value(use.with_), _seconds(use.timeout, ACTION_TIMEOUT_S))

    def pipecat_action(self, spec: dict[str, Any]) -> PipecatActionPlan:
        spoken = spec["type"] in ("tts_say", "end_conversation") and isinstance(spec.get("text"), str)
        text = None
        if spoken:
            # Pipecat fills placeholders in `tts_say` only; a goodbye is said as it stands.
            plain = self.flow.pipecat and spec["type"] == "end_conversation"
            text = Text({"": Plain(spec["text"])}) if plain else self.text(spec["text"])
        return PipecatActionPlan(spec["type"], text, spec)

    # --- What the model may call --------------------------------------------

    def who(self, node: Node) -> Personality | None:
        """Who speaks at a node, where it is somebody else than in the rest of the flow."""
        name = node.personality or self.flow.defaults.personality
        if name is None:
            return None
        if name not in self.cast:
            raise UnknownNameError(f"there is no personality `{name}`", fix=did_you_mean(name, self.cast))
        return self.cast[name]

    def named_languages(self) -> Iterable[str]:
        """All languages that nodes name."""
        flow = self.flow
        for chosen in (flow.defaults.languages, *(node.languages for node in flow.nodes.values())):
            yield from chosen or ()

    def spoken(self, node: Node) -> tuple[str, ...]:
        """The languages of a node: its own, those of all nodes, those of the flow."""
        return tuple(node.languages or self.flow.defaults.languages or self.flow.languages or ())

    def offered(self, node: Node, ways: tuple[Way, ...]) -> tuple[Offered, ...]:
        uses = [*self.flow.global_functions, *self.flow.tools, *node.functions, *node.tools]
        who = self.who(node) or self.personality
        allowed = [use for use in uses if who.allows(use if isinstance(use, str) else use.name)]
        found = [self.function(use) if isinstance(use, Function) else self.tool(use) for use in allowed]
        taken = {offered.offer.name for offered in found}
        return (*found, *(_intent(way, taken) for way in ways if way.intent is not None))

    def resolve(self, name: str) -> str:
        """The registered name of a tool, which may be written by an alias."""
        tool = self.tools.get(name)
        if tool is None and self.flow.pipecat:
            fix = "Name the module that has it with `--handlers`, or as `handlers` of the bot in `convo.yaml`."
            raise UnknownNameError(f"there is no function `{name}`", fix=fix)
        if tool is None:
            raise UnknownNameError(f"no plugin offers a tool `{name}`", fix=did_you_mean(name, self.tools))
        return name

    def timeout(self, written: str | None, name: str | None) -> float:
        """How long a call may take: as the flow says, else as the tool does."""
        return _seconds(written, getattr(self.tools.get(name or ""), "timeout_s", None) or TOOL_TIMEOUT_S)

    def rate(self, name: str | None) -> int:
        """How often a session may call a tool within a minute."""
        return int(getattr(self.tools.get(name or ""), "rate", RATE))

    def tool(self, use: str | ToolUse) -> Offered:
        if isinstance(use, str):
            use = ToolUse(name=use)
        tool = self.tools[self.resolve(use.name)]
        timeout_s = self.timeout(use.timeout, use.name)
        return Offered(
            offer=_offer(
                tool,
                use.as_ or tool.model_name,
                use.description or tool.description,
                use.with_,
                timeout_s,
                keep=None if use.on_interrupt is None else use.on_interrupt == "keep",
            ),
            tool=use.name,
            presets=self.values(use.with_),
            save=_saves(use.save),
            ways=tuple(self.way(i, route) for i, route in enumerate(use.next)),
            filler=self.filler(use.filler or self.flow.defaults.filler),
            examples=tuple(tool.examples),
            confirm=self.texts(use.confirm),
            background=use.mode == "background",
            rate=self.rate(use.name),
        )

    def function(self, function: Function) -> Offered:
        to: str | Branch | None
        match function.transition_to:
            case Branches() as branches:
                to = Branch(branches.field, dict(branches.cases), branches.default)
            case name:
                to = name
        if function.transition_only:
            offer = Offer(name=function.name, description=function.description or "", properties={})
            return Offered(offer=offer, to=to)
        tool = self.tools[self.resolve(function.name)]
        timeout_s = self.timeout(None, function.name)
        offer = _offer(tool, function.name, function.description or tool.description, {}, timeout_s)
        return Offered(
            offer=offer, tool=function.name, to=to, examples=tuple(tool.examples), rate=self.rate(function.name)
        )


def _offer(
    tool: Tool,
    name: str,
    description: str,
    presets: Mapping[str, Any],
    timeout_s: float,
    *,
    keep: bool | None = None,
) -> Offer:
    schema = tool.parameters
    return Offer(
        name=name,
        description=description,
        properties={k: v for k, v in schema.get("properties", {}).items() if k not in presets},
        required=tuple(k for k in schema.get("required", ()) if k not in presets),
        timeout_s=timeout_s,
        keep=getattr(tool, "keep", True) if keep is None else keep,
    )


def _intent(way: Way, taken: set[str]) -> Offered:
    name = _distinct(function_name(way), taken)
    taken.add(name)
    return Offered(offer=Offer(name=name, description=way.intent or "", properties={}), way=way, examples=way.examples)


def function_name(way: Way) -> str:
    """What the model calls to take this route: its name, else where it leads."""
    return functions.function_name(way.name, way.intent or "", way.to, way.end, way.index)


def _distinct(name: str, taken: set[str]) -> str:
    number, candidate = 2, name
    while candidate in taken:
        candidate = f"{name[: NAME_LENGTH - 4]}_{number}"
        number += 1
    return candidate


def _intent_name(route: Route) -> str:
    return route.name or route.intent or ""


def _condition(raw: str | bool | None) -> Any:
    return expressions.parse(raw) if isinstance(raw, str) else raw


def _saves(raw: Mapping[str, str]) -> tuple[tuple[str, Any], ...]:
    return tuple((slot, expressions.parse(text)) for slot, text in raw.items())


def _names(written: list[str] | bool | None) -> frozenset[str] | None:
    """Which interrupts count: all where nothing is written, none where it is `false`."""
    if written is None:
        return None
    return frozenset(written if isinstance(written, list) else ())


def _first(*values: bool | None) -> bool:
    """The first that is written."""
    return next((value for value in values if value is not None), False)


def _seconds(duration: str | None, absent: float) -> float:
    return absent if duration is None else durations.parse(duration)


def _reason(end: str | bool | None) -> str | None:
    if end is None or end is False:
        return None
    return "done" if end is True else end


def _responds(node: Node) -> bool:
    """Whether the model speaks on entering; after a node's own `say` it waits for the person."""
    if node.respond_immediately is not None:
        return node.respond_immediately
    return node.say is None
