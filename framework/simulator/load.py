"""Read a scenario file, or say everything that is wrong with it and where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from framework.documents import Diagnostic, DocumentError, Severity, Source, scan
from framework.documents.source import KeyPath
from framework.documents.validate import examine
from framework.engine import inputs
from framework.errors import FrameworkError
from framework.flows import durations
from framework.flows.graph import subflows
from framework.flows.load import examine_scanned
from framework.flows.model import Flow, ToolUse
from framework.project import Project
from framework.simulator.facts import ELSEWHERE, PIPECAT
from framework.simulator.scenario import INPUTS, TEXTS, Expectation, Scenario, ScenarioFile, Turn
from framework.suggest import did_you_mean

KEYS = re.compile(r"[0-9*#A-D]+")
THINGS = (TEXTS, ("tool",), ("intent",), ("name", "args", "calls"))
"""Keys of an expectation, by what they say has happened; those of one kind belong together."""

OURS = frozenset({
    "session.started", "session.ended", "node.entered", "node.left", "slot.set", "slot.cleared", "user.said",
    "bot.said", "tool.called", "tool.finished", "intent.heard", "input.missing", "input.unmatched", "error",
})  # fmt: skip
"""Events of every flow."""


@dataclass(frozen=True)
class Case:
    """One scenario, where it was written, and the flow that it is about."""

    scenario: Scenario
    file: str
    flow: Path
    lines: dict[tuple[int, int | None], int] = field(default_factory=dict, repr=False)
    """(turn, expectation) → line; an expectation of None is the turn itself, turn -1 what holds in the end."""
    line: int = 1

    @property
    def name(self) -> str:
        """`<file>/<scenario>`."""
        return self.scenario.name


@dataclass(frozen=True)
class Suite:
    """A scenario file as far as it can be read, and what is wrong with it."""

    file: str
    cases: tuple[Case, ...]
    diagnostics: tuple[Diagnostic, ...]
    texts: dict[str, str] = field(repr=False)
    common: ScenarioFile | None = field(default=None, repr=False)
    """What the file says for all of its scenarios."""

    @property
    def broken(self) -> bool:
        """Whether it can't be played as it is."""
        return any(one.severity is Severity.ERROR for one in self.diagnostics)


def load(path: Path | str, project: Project) -> Suite:
    """The scenarios of a file.

    Raises:
        DocumentError: Something is wrong with it.
    """
    suite = examined(path, project)
    if suite.broken:
        raise DocumentError(suite.diagnostics, suite.texts)
    return suite


def is_scenario(value: Any) -> bool:
    """Whether a document is a scenario file rather than a flow: it has scenarios, or turns."""
    return isinstance(value, dict) and "nodes" not in value and ("scenarios" in value or "turns" in value)


def examined(path: Path | str, project: Project) -> Suite:
    """The file as far as it can be read, with all its problems."""
    source, problems, texts = scan(path, project.root, mode="ours")
    return checked(source, problems, texts, Path(path), project)


def checked(
    source: Source | None, problems: list[Diagnostic], texts: dict[str, str], path: Path, project: Project
) -> Suite:
    """The same for a document that has been read already."""
    if source is None:
        return Suite(str(path), (), tuple(problems), texts)
    found = examine(source, ScenarioFile, codes="TST")
    problems = [*problems, *found.diagnostics]
    if found.model is None:
        return Suite(str(path), (), tuple(problems), texts)
    check = _Check(source, found.model, path, project)
    cases = check.cases()
    return Suite(str(path), tuple(cases), tuple(sorted({*problems, *check.diagnostics})), texts, found.model)


@dataclass(frozen=True)
class _Known:
    """Names in a flow and in those that it runs."""

    tools: set[str]
    slots: set[str]
    events: set[str]

    @classmethod
    def of(cls, flows: list[Flow]) -> _Known:
        return cls(
            tools={name for one in flows for name in _tools(one)},
            slots={name for one in flows for name in one.slots},
            events={name for one in flows for name in one.events},
        )


class _Check:
    """Everything about a file that its keys alone don't say."""

    def __init__(self, source: Source, file: ScenarioFile, path: Path, project: Project) -> None:
        self.source = source
        self.file = file
        self.path = path
        self.project = project
        self.diagnostics: list[Diagnostic] = []
        self._flows: dict[str, Flow | None] = {}

    def cases(self) -> list[Case]:
        listed = bool(self.file.scenarios)
        cases, seen = [], set()
        for number, scenario in enumerate(self.file.written_out()):
            base: KeyPath = ("scenarios", number) if listed else ()
            if listed and scenario.name in seen:
                self._add((*base, "name"), "TST010", f"two scenarios are called `{scenario.name}`.", "Rename one.")
            seen.add(scenario.name)
            case = self._case(scenario, base, f"{self.file.name}/{scenario.name}" if listed else scenario.name)
            if case is not None:
                cases.append(case)
        return cases

    def _case(self, scenario: Scenario, base: KeyPath, name: str) -> Case | None:
        self._kind(scenario, base)
        flow = self._flow(scenario, base)
        if flow is None:
            return None
        turns = self._place(base, "turns")
        for number, turn in enumerate(scenario.turns or ()):
            self._turn(turn, (*turns, number), scenario)
        known = self._flows.get(str(flow))
        if known is not None:
            self._names(scenario, known, base, turns)
        return Case(
            scenario.model_copy(update={"name": name}),
            str(self.path),
            flow,
            dict(self._lines(scenario, base, turns)),
            self.source.locate_key(base).line,
        )

    def _kind(self, scenario: Scenario, base: KeyPath) -> None:
        if scenario.persona is not None and scenario.turns is not None:
            words = "a scenario has `turns`, or a `persona` whom a model plays, not both."
            self._add((*base, "persona"), "TST011", words, "Leave one out.")
        elif scenario.persona is None and scenario.turns is None:
            self._add(base, "TST011", "this scenario has neither `turns` nor a `persona`.", "Add `turns:`.")
        if scenario.starts_at is not None:
            try:
                datetime.fromisoformat(scenario.starts_at)
            except ValueError:
                fix = "Write it as in `2026-02-02T09:30:00`."
                self._add((*base, "starts_at"), "TST002", f"`{scenario.starts_at}` is no moment.", fix)

    def _flow(self, scenario: Scenario, base: KeyPath) -> Path | None:
        name = scenario.flow or self.file.name
        try:
            beside = self.path.parent / name
            path = beside if beside.is_file() else self.project.flow_path(name)
        except FrameworkError as wrong:
            place = self._place(base, "flow") if scenario.flow else ("name",)
            self._add(place, "TST012", f"there is no flow `{name}`.", wrong.fix or "Name it with `flow:`.")
            return None
        self._read(path)
        return path

    def _read(self, path: Path) -> Flow | None:
        if str(path) not in self._flows:
            loaded = examine_scanned(*scan(path, self.project.root)).loaded
            self._flows[str(path)] = loaded.flow if loaded else None
        return self._flows[str(path)]

    def _place(self, base: KeyPath, key: str) -> KeyPath:
        """Where a key of a scenario stands: with it, or with the file."""
        return (*base, key) if self.source.has((*base, key)) else (key,)

    # --- Turns --------------------------------------------------------------------

    def _turn(self, turn: Turn, place: KeyPath, scenario: Scenario) -> None:
        given = [key for key in INPUTS if getattr(turn, key) is not None]
        if len(given) > 1:
            message = f"a turn is one thing; here are `{given[0]}` and `{given[1]}`."
            self._add_key((*place, given[1]), "TST013", message, "Make two turns of it.")
        for key in ("interrupts", "takes", "send_after"):
            if getattr(turn, key) is not None and turn.user is None and key != "send_after":
                self._add_key((*place, key), "TST013", f"`{key}` is about what a person says.", "Add `user:`.")
        if turn.interrupts is not None and scenario.channel == "text":
            words = "nobody can talk over a bot whose words are read."
            self._add_key((*place, "interrupts"), "TST014", words, "Leave out `channel: text`.")
        for key in ("wait", "interrupts", "takes"):
            self._duration((*place, key), getattr(turn, key))
        for key in ("press", "dtmf"):
            pressed = getattr(turn, key)
            if pressed is not None and not KEYS.fullmatch(pressed):
                fix = "Keys are `0` to `9`, `*`, `#` and `A` to `D`."
                self._add((*place, key), "TST002", f"`{pressed}` can't be pressed.", fix)
        self._happens(turn, place)
        for number, expected in enumerate(turn.expect):
            self._expected(expected, (*place, "expect", number))

    def _happens(self, turn: Turn, place: KeyPath) -> None:
        for number, one in enumerate(turn.happens or ()):
            try:
                inputs.decoded(one)
            except (KeyError, TypeError) as wrong:
                self._add((*place, "happens", number), "TST002", f"the engine has no such input: {wrong}.")

    def _duration(self, place: KeyPath, written: str | None) -> None:
        if written is None:
            return
        try:
            durations.parse(written)
        except ValueError as wrong:
            self._add(place, "TST002", str(wrong))

    def _expected(self, expected: Expectation, place: KeyPath) -> None:
        said = {name for name in expected.model_fields_set if name not in ("absent", "within_ms", "check_from")}
        if not said:
            self._add(place, "TST015", "nothing is expected here.", "Say what: `text_contains`, `node`, `slots`, …")
        self._one_thing(expected, said, place)
        if expected.text_matches is not None:
            try:
                re.compile(expected.text_matches)
            except re.error as wrong:
                self._add((*place, "text_matches"), "TST002", f"this is no regular expression: {wrong}.")
        if expected.absent and said - {"event", "tool", "intent"}:
            wrong_one = min(said - {"event", "tool", "intent"})
            words = f"what must not happen is named by its kind alone; `{wrong_one}` can't stand beside `absent`."
            self._add_key((*place, wrong_one), "TST015", words)

    def _one_thing(self, expected: Expectation, said: set[str], place: KeyPath) -> None:
        """What would not be looked at is refused: an expectation is of one thing that happens, and all of it."""
        groups = THINGS if expected.event is None else THINGS[1:]  # any event may have a text
        things = [key for group in groups if (key := next((one for one in group if one in said), None)) is not None]
        if len(things) > 1:
            first, second = things[:2]
            message = f"an expectation is of one thing that happens; here are `{first}` and `{second}`."
            fix = "The arguments of a `tool` are `with`." if second == "args" else "Make two of it."
            self._add_key((*place, second), "TST015", message, fix)
        elif {"with_", "outcome"} & said and not (expected.tool or (expected.event or "").startswith("tool.")):
            key = "with" if "with_" in said else "outcome"
            self._add_key((*place, key), "TST015", f"`{key}` is about a call of a `tool`.", "Name the tool.")
        elif "data" in said and not {"event", "tool", "intent"} & said:
            self._add_key((*place, "data"), "TST015", "`data` is what an `event` carries.", "Name the event.")
        elif expected.within_ms is not None and said and not (things or expected.event):
            words = "`within_ms` is about something that happens; what is expected here holds when the turn is over."
            self._add_key((*place, "within_ms"), "TST015", words, "Leave it out.")

    # --- Names --------------------------------------------------------------------

    def _names(self, scenario: Scenario, flow: Flow, base: KeyPath, turns: KeyPath) -> None:
        for name in scenario.inputs:
            self._named(name, flow.slots, "slot", (*self._place(base, "inputs"), name))
        known = _Known.of(self._reached(flow))
        for name in scenario.tools:
            if name not in known.tools:
                place = (*self._place(base, "tools"), name)
                self._warn(place, "TST017", f"`{flow.flow}` never calls `{name}`.", did_you_mean(name, known.tools))
        for number, turn in enumerate(scenario.turns or ()):
            self._arrives(turn, known, (*turns, number))
            for index, expected in enumerate(turn.expect):
                self._expects(expected, flow, known, (*turns, number, "expect", index))
        if scenario.finally_ is not None:
            self._in_the_end(scenario, flow, known, self._place(base, "finally"))

    def _reached(self, flow: Flow) -> list[Flow]:
        """A flow, and all that it runs, as far as they can be read."""
        found, todo = {flow.flow: flow}, subflows(flow)
        while todo:
            name = todo.pop()
            if name not in found and (other := self._called(name)) is not None:
                found[name] = other
                todo += subflows(other)
        return list(found.values())

    def _called(self, name: str) -> Flow | None:
        try:
            return self._read(self.project.flow_path(name))
        except FrameworkError:
            return None  # the flow that names it is told so

    def _arrives(self, turn: Turn, known: _Known, place: KeyPath) -> None:
        types = [turn.arrive] if isinstance(turn.arrive, str) else list(turn.arrive or ())
        for name in types:
            self._named(name, known.events, "event", (*place, "arrive"))

    def _expects(self, expected: Expectation, flow: Flow, known: _Known, place: KeyPath) -> None:
        if expected.node is not None:
            self._node(expected.node, flow, (*place, "node"))
        for number, name in enumerate(expected.path or ()):
            self._node(name, flow, (*place, "path", number))
        for name in expected.slots or ():
            self._named(name, known.slots, "slot", (*place, "slots", name))
        if expected.tool is not None and expected.tool not in known.tools:
            message = f"`{flow.flow}` never calls `{expected.tool}`."
            self._add((*place, "tool"), "TST016", message, did_you_mean(expected.tool, known.tools))
        if expected.event is not None:
            events = {*PIPECAT, *ELSEWHERE, *OURS, *known.events, *_emitted(flow)}
            if expected.event not in events and "." not in expected.event:
                fix = did_you_mean(expected.event, events)
                self._add((*place, "event"), "TST016", f"there is no event `{expected.event}`.", fix)

    def _in_the_end(self, scenario: Scenario, flow: Flow, known: _Known, place: KeyPath) -> None:
        wanted = scenario.finally_
        assert wanted is not None  # noqa: S101 - the caller looked
        for key in ("path", "visited", "avoided"):
            for number, name in enumerate(getattr(wanted, key) or ()):
                self._node(name, flow, (*place, key, number))
        for name in wanted.slots or ():
            self._named(name, flow.slots, "slot", (*place, "slots", name))
        for name in wanted.tools or ():
            if name not in known.tools:
                fix = did_you_mean(name, known.tools)
                self._add_key((*place, "tools", name), "TST016", f"`{flow.flow}` never calls `{name}`.", fix)

    def _node(self, name: str, flow: Flow, place: KeyPath) -> None:
        """Nodes of the flow; where it runs others, theirs can't be told apart here."""
        if not any(node.subflow for node in flow.nodes.values()):
            self._named(name, flow.nodes, "node", place)

    def _named(self, name: str, known: Any, noun: str, place: KeyPath) -> None:
        if name not in known:
            mark = self._add_key if place[-1] == name else self._add
            mark(place, "TST016", f"there is no {noun} `{name}`.", did_you_mean(name, known))

    # --- Places -------------------------------------------------------------------

    def _lines(self, scenario: Scenario, base: KeyPath, turns: KeyPath) -> Iterator[tuple[tuple[int, int | None], int]]:
        for number, turn in enumerate(scenario.turns or ()):
            yield (number, None), self.source.locate((*turns, number)).line
            for index in range(len(turn.expect)):
                yield (number, index), self.source.locate((*turns, number, "expect", index)).line
        yield (-1, None), self.source.locate_key(self._place(base, "finally")).line

    def _add(self, place: KeyPath, code: str, message: str, fix: str = "") -> None:
        self.diagnostics.append(Diagnostic(self.source.locate(place), code, message, fix))

    def _add_key(self, place: KeyPath, code: str, message: str, fix: str = "") -> None:
        self.diagnostics.append(Diagnostic(self.source.locate_key(place), code, message, fix))

    def _warn(self, place: KeyPath, code: str, message: str, fix: str = "") -> None:
        self.diagnostics.append(Diagnostic(self.source.locate_key(place), code, message, fix, Severity.WARNING))


def _tools(flow: Flow) -> set[str]:
    """What a flow's nodes can call."""
    uses = [*flow.tools, *(use for node in flow.nodes.values() for use in node.tools)]
    named = {use.name if isinstance(use, ToolUse) else use for use in uses}
    functions = [*flow.global_functions, *(f for node in flow.nodes.values() for f in node.functions)]
    named |= {function.name for function in functions}
    named |= {node.run for node in flow.nodes.values() if node.run is not None}
    return named


def _emitted(flow: Flow) -> set[str]:
    """Events that a flow's routes publish."""
    found: set[str] = set()
    for node in flow.nodes.values():
        for route in node.next if isinstance(node.next, list) else ():
            found |= {route.emit} if isinstance(route.emit, str) else set(route.emit or ())
    return found
