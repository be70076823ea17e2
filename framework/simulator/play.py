"""Play one scenario on the simulator and say what was not as expected."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from framework.engine import inputs
from framework.flows import durations
from framework.sessions.events import Event, iso
from framework.simulator.coverage import Hits, counted
from framework.simulator.facts import SEEN, Fact, lines, path
from framework.simulator.hands import Called, Hands, Recorder, Reply, Script, Scripted
from framework.simulator.matching import Miss, Standing, Window, arrows, holds, shown, slots_differ
from framework.simulator.mind import Mind
from framework.simulator.recordings import Recordings, ready
from framework.simulator.scenario import INPUTS, Finally, Mock, Pause, Scenario, Turn
from framework.simulator.simulation import SPEECH_S, Simulation
from framework.simulator.stage import Piece, Real, Stage
from framework.testing.driver import START
from framework.testing.laws import Laws

if TYPE_CHECKING:
    from framework.simulator.load import Case

AROUND = 14
"""Lines of the transcript that are shown with a failure."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Something that was not as a scenario has it."""

    line: int
    expected: str
    happened: str
    transcript: tuple[str, ...] = ()
    """What was said and done before."""
    path: tuple[str, ...] = ()
    """The nodes entered until then."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a scenario went."""

    name: str
    file: str
    flow: str
    failures: tuple[Failure, ...] = ()
    skipped: str = ""
    seconds: float = 0.0
    """Of the machine's time."""
    turns: int = 0
    unjudged: int = 0
    """Expectations that only `--live` or `--voice` can look at."""
    hits: Hits = field(default_factory=Hits, repr=False)
    transcript: tuple[str, ...] = field(default=(), repr=False)
    events: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    """As on the event stream; only where they were asked for."""

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.failures and not self.skipped


def play(case: Case, stage: Stage, recordings: Recordings | None = None, *, events: bool = False) -> Result:
    """Play a scenario.

    Args:
        case: The scenario.
        stage: Where its flow is made ready.
        recordings: To be filled: tools that are to be `recorded` are called for real, and noted there.
        events: Whether the result holds the events of the conversation.
    """
    began = time.perf_counter()
    scenario = case.scenario
    base: dict[str, Any] = {"name": case.name, "file": case.file, "flow": str(case.flow)}
    why = scenario.skip or ("a model plays the caller: run it with `--live`" if scenario.turns is None else "")
    if why:
        return Result(skipped=why, **base)
    piece = stage.piece(case.flow, scenario.personality or "", scenario.handlers or "")
    with ExitStack() as opened:
        player = Player(case, piece, answering(case, piece, stage, opened, recordings))
        player.run()
        return Result(
            failures=tuple(player.failures),
            seconds=time.perf_counter() - began,
            turns=sum(turn.user is not None for turn in scenario.turns or ()),
            unjudged=player.unjudged,
            hits=counted(player.call.trace or ()),
            transcript=tuple(lines(player.call.facts)),
            events=tuple(stream(player.call.facts, case.name, piece.plan.flow)) if events else (),
            **base,
        )


def stream(facts: Iterable[Fact], session: str, flow: str) -> Iterator[dict[str, Any]]:
    """The engine's events, as they are on a session's event stream."""
    for number, fact in enumerate(facts):
        if fact.event not in SEEN:
            event = Event(
                type=fact.event, session=session, flow=flow, time=iso(fact.at), data=fact.data, id=str(number)
            )
            yield event.as_json()


# --- What tools answer ----------------------------------------------------------------


def answering(
    case: Case, piece: Piece, stage: Stage, opened: ExitStack, recordings: Recordings | None
) -> tuple[Script, Real]:
    """Who answers calls of tools in a scenario: its script, recordings, and the tools themselves where it says so."""
    real = opened.enter_context(Real(stage, piece))
    scripts: dict[str, Sequence[Scripted]] = {}
    kept = recordings or ready(case.file)
    outside: set[str] = set()
    for tool, answers in case.scenario.tools.items():
        if answers == "real" or (recordings is not None and answers == "recorded"):
            outside.add(tool)
        elif answers == "recorded":
            scripts[tool] = kept.answers(case.name, tool)
        else:
            scripts[tool] = [scripted(one) for one in (answers if isinstance(answers, list) else [answers])]
    hands: Hands = real
    if recordings is not None:
        noted = {tool for tool in outside if case.scenario.tools[tool] == "recorded"}
        hands = Recorder(real, lambda called, reply: recordings.keep(case.name, called, reply, noted))
    return Script(scripts, _Chosen(hands, outside, functions=piece.functions is not None)), real


class _Chosen:
    """Only those tools are real that the scenario calls so, and the functions of a FlowConfig."""

    def __init__(self, inner: Hands, tools: set[str], *, functions: bool) -> None:
        self._inner = inner
        self._tools = tools
        self._functions = functions
        self.absent: dict[str, None] = {}

    def call(self, called: Called) -> Reply:
        if called.tool in self._tools or (self._functions and "." not in called.tool):
            return self._inner.call(called)
        self.absent[called.tool] = None
        return Reply(outcome="error", code="not_mocked", message=f"`{called.tool}` has no answer here.")


def scripted(mock: Mock) -> Scripted:
    """A mock of a file as an answer."""
    delay_s = durations.parse(mock.delay) if mock.delay else 0.0
    if mock.error is not None:
        reply = Reply(outcome="error", code=mock.code, message=mock.error, delay_s=delay_s)
    else:
        reply = Reply(result=mock.result, delay_s=delay_s)
    return Scripted(reply=reply, when=mock.when, late=mock.timeout)


# --- The conversation -----------------------------------------------------------------


class Player:
    """Takes the turns of a scenario and compares."""

    def __init__(self, case: Case, piece: Piece, hands: tuple[Script, Real]) -> None:
        self.case = case
        self.scenario = case.scenario
        self.failures: list[Failure] = []
        self.unjudged = 0
        self.script, self._real = hands
        self.mind = Mind(self.scenario.model or ())
        self.call = Simulation(
            piece.plan,
            model=self.mind,
            hands=_Sharing(self),
            channel=channel(self.scenario),
            now=begins(self.scenario),
            ways=self.scenario.transfers,
            acts={name: scripted(mock).reply for name, mock in self.scenario.actions.items()},
            laws=Laws(piece.plan),
        )
        self._told = 0
        self._looked = 0
        """The first fact that no turn has looked at."""

    def run(self) -> None:
        """Play all turns, then look at the end."""
        turns = self.scenario.turns or []
        if turns and _only_looks(turns[0]):
            self.mind.told(turns[0].model or ())
        if not turns or turns[0].happens is None:
            self._begin()
        for number, turn in enumerate(turns):
            self._turn(number, turn)
            if self.failures and self.scenario.stop_on_failure:
                break
        self._finish()

    def _begin(self) -> None:
        scenario, call = self.scenario, self.call
        call.shared = self._real.shared()
        call.messages += scenario.context or []
        session = {"language": scenario.language} if scenario.language else {}
        call.start(**session, identity=scenario.identity, slots=scenario.inputs)

    def _turn(self, number: int, turn: Turn) -> None:
        call = self.call
        told = number == 0 and _only_looks(turn)  # before the conversation began
        if not self._ready(number, turn):
            return
        steps = turn.model or []
        before = max(0, self.mind.left() - len(steps)) if told else self.mind.left()
        if not told:
            self.mind.told(steps)
        window = Window(call.facts, self._looked if _only_looks(turn) else len(call.facts), call.now)
        self._act(turn)
        settled = turn.happens is not None or call.settle()
        self._look(number, turn, window)
        self._looked = window.at
        self._unused(number, len(steps), self.mind.left() - before)
        if not settled:
            self._fail(number, None, "the bot to come to an end or to wait", "nobody can go on: it is stuck")

    def _unused(self, number: int, steps: int, left: int) -> None:
        """The model was told to do more than it was asked for."""
        if steps and left > 0:
            self.mind.drop(left)
            self._fail(number, None, f"the model to do {_steps(steps)}", f"it did {_steps(steps - left)}")

    def _ready(self, number: int, turn: Turn) -> bool:
        """Wait until it is the person's turn; False when the conversation is over before."""
        call = self.call
        if turn.happens is not None:
            return True
        if turn.interrupts is None and turn.send_after is None:
            call.settle()
        elif call.ended is None:
            self._until_the_bot_speaks(turn)
        if call.ended is None or _only_looks(turn):
            return True
        self._fail(number, None, "the conversation to go on", f"it had ended with reason `{call.ended}`")
        return False

    def _until_the_bot_speaks(self, turn: Turn) -> None:
        """Go to the moment at which the person begins to talk over the bot."""
        call = self.call
        after = turn.send_after
        delay = durations.parse(turn.interrupts) if turn.interrupts else (after.delay_ms / 1000 if after else 0.0)
        call.wait(delay)

    def _act(self, turn: Turn) -> None:
        call = self.call
        keys = turn.press or turn.dtmf
        if turn.user is not None:
            call.says(spoken(turn.user), durations.parse(turn.takes) if turn.takes else pauses(turn.user))
        elif keys is not None:
            call.outside("press", keys)
        elif turn.wait is not None:
            call.passes(durations.parse(turn.wait))
        elif turn.arrive is not None:
            for type_, data in ({turn.arrive: {}} if isinstance(turn.arrive, str) else turn.arrive).items():
                call.outside("arrive", type_, **data)
        elif turn.order is not None:
            call.order(**turn.order)
        elif turn.happens is not None:
            began = begins(self.scenario)
            call.replays(inputs.decoded({**one, "at": began + one["at"]}) for one in turn.happens)
        if turn.hang_up:
            call.hang_up()

    # --- Looking ------------------------------------------------------------------

    def _look(self, number: int, turn: Turn, window: Window) -> None:
        call = self.call
        standing = Standing(node=call.node, slots=call.slots, ended=call.ended)
        for index, expected in enumerate(turn.expect):
            miss = window.look(expected, standing)
            if miss is not None:
                self._fail(number, index, miss.expected, miss.happened)
                break
        self.unjudged += window.unjudged
        for problem in self.mind.problems[self._told :]:
            self._fail(number, None, "the model's script to fit", problem)
        self._told = len(self.mind.problems)

    def _finish(self) -> None:
        for tool in self.script.absent | self._chosen_absent():
            fix = f"a mock of `{tool}` under `tools:`, such as `{tool}: {{result: …}}`, or `{tool}: real`"
            self._fail(-1, None, fix, "it was called, and nobody answered")
        for law in dict.fromkeys(self.call.wrong):
            self._fail(-1, None, "what must hold in every conversation", law)
        wanted = self.scenario.finally_ or Finally()
        if not self.failures or not self.scenario.stop_on_failure:
            for miss in self._in_the_end(wanted):
                self._fail(-1, None, miss.expected, miss.happened)

    def _chosen_absent(self) -> dict[str, None]:
        return getattr(self.script._otherwise, "absent", {})  # noqa: SLF001 - both are made here

    def _in_the_end(self, wanted: Finally) -> Iterator[Miss]:
        call, entered = self.call, path(self.call.facts)
        if wanted.end is not None and call.ended != wanted.end:
            happened = f"it is at `{call.node}`" if call.ended is None else f"it ended with reason `{call.ended}`"
            yield Miss(expected=f"the end with reason `{wanted.end}`", happened=happened)
        if wanted.path is not None and entered != wanted.path:
            yield Miss(expected=f"the path {arrows(wanted.path)}", happened=arrows(entered))
        for name in wanted.visited or ():
            if name not in entered:
                yield Miss(expected=f"node `{name}` to be entered", happened=arrows(entered))
        for name in wanted.avoided or ():
            if name in entered:
                yield Miss(expected=f"node `{name}` never to be entered", happened=arrows(entered))
        if miss := slots_differ(wanted.slots or {}, call.slots):
            yield miss
        yield from self._given_back(wanted)
        yield from self._errors(wanted)

    def _given_back(self, wanted: Finally) -> Iterator[Miss]:
        ended = self.call.of("session.ended")
        outputs = ended[-1]["outputs"] if ended else {}
        if wanted.outputs is not None and not holds(wanted.outputs, outputs):
            yield Miss(expected=f"the outputs {shown(wanted.outputs)}", happened=shown(outputs))
        called = [data["tool"] for data in self.call.of("tool.called")]
        for tool, times in (wanted.tools or {}).items():
            if called.count(tool) != times:
                yield Miss(expected=f"`{tool}` to be called {_times(times)}", happened=_times(called.count(tool)))

    def _errors(self, wanted: Finally) -> Iterator[Miss]:
        for data in self.call.of("error"):
            if data["code"] not in wanted.errors:
                yield Miss(expected="no `error` event", happened=f"`{data['code']}`: {data['message']}")

    def _fail(self, turn: int, index: int | None, expected: str, happened: str) -> None:
        told = lines(self.call.facts)
        self.failures.append(
            Failure(
                line=self.case.lines.get((turn, index), self.case.line),
                expected=expected,
                happened=happened,
                transcript=tuple(told[-AROUND:]),
                path=tuple(path(self.call.facts)),
            )
        )


class _Sharing:
    """Hands that tell the simulation what functions of Pipecat made of their state, and what tools published."""

    def __init__(self, player: Player) -> None:
        self._player = player

    def call(self, called: Called) -> Reply:
        player = self._player
        reply = player.script.call(called)
        player.call.shared = player._real.shared()  # noqa: SLF001 - a part of the player
        return replace(reply, events=tuple(player._real.events()))  # noqa: SLF001


def channel(scenario: Scenario) -> str:
    """Where nothing is said: `voice` where time matters to what is said, else `text`."""
    if scenario.channel is not None:
        return scenario.channel
    timed = any(turn.interrupts is not None or turn.send_after is not None for turn in scenario.turns or ())
    return "voice" if timed else "text"


def begins(scenario: Scenario) -> float:
    """The moment at which the conversation begins, seconds since the epoch."""
    if scenario.starts_at is None:
        return START
    moment = datetime.fromisoformat(scenario.starts_at)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def spoken(said: str | list[str | Pause]) -> str:
    """What a person says, without the pauses in it.

    >>> from framework.simulator.scenario import Pause
    >>> spoken(["I went to", Pause(pause_ms=500), "Spain."])
    'I went to Spain.'
    """
    return said if isinstance(said, str) else " ".join(part for part in said if isinstance(part, str))


def pauses(said: str | list[str | Pause]) -> float | None:
    """How long it takes to say; None where it is as long as its words are."""
    if isinstance(said, str):
        return None
    return SPEECH_S * len(spoken(said)) + sum(part.pause_ms for part in said if not isinstance(part, str)) / 1000


def _only_looks(turn: Turn) -> bool:
    return all(getattr(turn, key) is None for key in INPUTS) and not turn.hang_up


def _steps(count: int) -> str:
    return {0: "none", 1: "one step"}.get(count, f"{count} steps")


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
