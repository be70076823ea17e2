"""Whatever happens in whatever order: somebody can always go on, and everything has exactly one end."""

from __future__ import annotations

import asyncio
import itertools
import math
import textwrap
import time
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pipecat.audio.vad.vad_analyzer import VADParams
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies

from framework.plugins.host import PluginHost
from framework.project import Project
from framework.runtime.session import LiveSession
from framework.runtime.virtual import run_virtually
from framework.services.providers.scripted import ScriptedEar
from framework.services.resolve import Services
from framework.sessions.orders import AnyOrder, Goto, Instruct, Interrupt, Say, Set
from framework.sessions.spec import SessionSpec
from framework.testing.scripted import Script

TOOLS = '''
"""Tools that take their time, in the loop's own time."""
import asyncio
from framework import hookimpl, tool

@tool
async def quick() -> str:
    """Answers at once."""
    return "here"

@tool
async def slow() -> str:
    """Takes a while."""
    await asyncio.sleep(0.3)
    return "there"

@tool
async def never() -> str:
    """Never answers."""
    await asyncio.sleep(3600)

@hookimpl
def register_tools(tools):
    for one in (quick, slow, never):
        tools.add(one)
'''

FLOW = """
flow: storm
slots: {size: {type: enum, values: [small, large], prompt: "Small or large, please tell me which of the two?"}}
defaults: {no_input: [{after: 4s, say: "Hello?"}, {after: 6s, goto: ask}]}
limits: {silence: 40s}
timers:
  beat: {every: 9s, say: "By the way."}
  hurry: {after: 12s, at: now, say: "Time flies."}
  note: {after: 7s, instruct: "Mention the weather."}
interrupts:
  hours: {intent: asks for opening hours, examples: [hello there], say: "We are open.", cooldown_turns: 1}
  tour: {intent: wants a tour, examples: [large], keys: "9", goto: tour, return: resume, nodes: [ask]}
  advice: {intent: wants advice, keys: "8", instruct: "Advise in one sentence."}
initial_node: greet
nodes:
  greet: {say: "Welcome to the shop, it is a pleasure to have you here.", next: talk}
  tour: {say: "This is the shop.", mute: true, next: [{intent: has seen enough, examples: [size], keys: "1", end: true}, {after: 3s, end: true}]}
  talk:
    instruct: Talk.
    filler: {after: 1s, say: "Let me think."}
    tools: [takes.quick, takes.slow, {name: takes.never, timeout: 600ms}]
    next: [{intent: asks for a size, examples: [size], goto: ask}]
  ask: {clear: [size], collect: size, interruptible: false, next: look}
  look: {run: takes.slow, filler: {after: 100ms, say: "One moment."}, next: talk}
"""

MODES = st.sampled_from(["immediate", "queued"])
DOINGS = st.one_of(
    st.tuples(
        st.just("speak"), st.sampled_from(["large", "hello there", "size", ""]), st.sampled_from([0.4, 1.0, 2.5])
    ),
    st.tuples(st.just("wait"), st.sampled_from([0.0, 0.3, 1.0, 4.0])),
    st.tuples(st.just("type"), st.sampled_from(["small", "tell me more"])),
    st.tuples(st.just("press"), st.sampled_from(["1", "2#", "9", "8", "12*"])),
    st.tuples(st.just("say"), MODES),
    st.tuples(st.just("goto"), MODES, st.sampled_from(["talk", "ask", "look", "greet", "nowhere"])),
    st.tuples(st.just("set"), MODES),
    st.tuples(st.just("instruct"), MODES),
    st.tuples(st.just("interrupt"), MODES),
    st.tuples(st.just("lapse"), st.sampled_from([0.2, 3.0, 15.0])),
)
RESPONSES = st.lists(
    st.sampled_from(
        [
            ["I am glad to tell you all about it, as long as you like."],
            ["Let me see.", ("takes_quick", {})],
            [("takes_slow", {}), ("takes_quick", {})],
            [("takes_never", {})],
            [3.0, "That took a while."],
            [("go_ask", {})],
            [("no_such_function", {})],
            [],
            ["error"],
        ]
    ),
    max_size=6,
)


ORDERS = {
    "say": lambda mode: Say(text="A word from the operator.", mode=mode),
    "goto": lambda mode, node: Goto(node=node, mode=mode),
    "set": lambda mode: Set(slots={"size": "large"}, mode=mode),
    "instruct": lambda mode: Instruct(text="Be brief.", mode=mode),
    "interrupt": lambda mode: Interrupt(mode=mode),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Project:
    root = tmp_path_factory.mktemp("shop")
    for name, text in (
        ("convo.yaml", "bots: {}\n"),
        ("flows/storm.yaml", FLOW),
        (
            "stacks/none.yaml",
            "stack: none\nllm: {provider: rules}\nstt: {provider: moonshine}\ntts: {provider: piper}\n",
        ),
        ("plugins/takes/__init__.py", TOOLS),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(textwrap.dedent(text))
    return Project.find(root)


@pytest.fixture(scope="module")
def hosted(shop) -> PluginHost:
    return PluginHost.load(shop, installed=False)


class Storm:
    """One call in which all these things happen."""

    def __init__(self, project: Project, host: PluginHost, parts: Any, doings: Any, responses: Any) -> None:
        self.events: list[Any] = []
        self.fates: dict[str, tuple[str, list[str]]] = {}
        self.silences: list[list[Any]] = []
        self.doings = doings
        self.transport = parts["wav"]()
        lines = [words for kind, words, *_ in (d for d in doings if d[0] == "speak") for _ in [kind]]
        self.services = Services(
            llm=parts["model"](*[list(r) for r in responses]),
            stt=ScriptedEar(Script(lines=[*lines, *[""] * 20])),
            tts=parts["voice"](),
            vad=parts["vad"](params=VADParams(start_secs=0.2, stop_secs=0.2, min_volume=0.0)),
            turn=UserTurnStrategies(stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.2)]),
        )
        self.session = LiveSession(
            SessionSpec(flow="storm", stack="none"),
            project=project,
            host=host,
            transport=self.transport,
            sample_rate=16000,
            on_event=self.events.append,
            services=lambda _blueprint, _conversation: self.services,
        )

    async def run(self) -> Any:
        running = asyncio.create_task(self.session.run())
        await asyncio.sleep(0.5)
        for doing in self.doings:
            if running.done():
                return await running
            await self.do(*doing)
        async with asyncio.timeout(200):
            waits = await self.session.person()
        if waits:
            self.session.hang_up()
        return await asyncio.wait_for(running, 30)

    def context(self) -> list[Any]:
        return self.session._built.stage.context.get_messages()

    async def do(self, what: str, *how: Any) -> None:
        from numpy import full, int16

        match what:
            case "speak":
                await self.transport.play(full(int(16000 * how[1]), 4000, int16))
            case "wait":
                await asyncio.sleep(how[0])
            case "type":
                await self.session.hear(how[0])
            case "press":
                await self.transport.press(how[0])
            case "lapse":
                self.lapse(how[0])
            case _:
                await self.give(ORDERS[what](*how))

    async def give(self, order: AnyOrder) -> None:
        """Give an order and note all that becomes of it."""
        self.fates[order.order_id] = (order.kind, fates := [])
        await self.session.order(order, lambda status, _why: fates.append(status))

    def lapse(self, seconds: float) -> None:
        """From now on nothing may be heard, for a while."""
        if self.silences and self.silences[-1][1] is None:
            return
        loop = asyncio.get_running_loop()
        self.silences.append([loop.time(), None])
        self.session.lease(time.monotonic())
        loop.call_later(seconds, self.renew)

    def renew(self) -> None:
        self.silences[-1][1] = asyncio.get_running_loop().time()
        self.session.lease(math.inf)

    def loudest(self, start: float, end: float | None) -> int:
        """How loud the bot was in a stretch of time."""
        from numpy import abs as size
        from numpy import frombuffer, int16

        first, last = (self.transport.sample(moment) for moment in (start + 0.1, end or start + 1e4))
        heard = frombuffer(bytes(self.transport.bot.sound), int16)[max(0, first) : last]
        return int(size(heard).max()) if len(heard) else 0


@given(doings=st.lists(DOINGS, max_size=7), responses=RESPONSES)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_in_any_order_the_session_goes_on_and_ends(shop, hosted, parts, doings, responses):
    storm = Storm(shop, hosted, parts, doings, responses)
    outcome = run_virtually(storm.run)
    assert outcome.status in {"ended", "failed"}
    assert outcome.reason in {"hangup", "error", "limit"}
    assert storm.events[-1].type == "session.ended"
    assert Counter(event.type for event in storm.events)["session.ended"] == 1
    for said in (event.data for event in storm.events if event.type == "bot.said"):
        assert said["generated"].startswith(said["spoken"])
        assert said["interrupted"] or said["spoken"] == said["generated"]
    called = Counter(event.data["call"] for event in storm.events if event.type == "tool.called")
    finished = Counter(event.data["call"] for event in storm.events if event.type == "tool.finished")
    assert set(called.values()) <= {1}
    assert set(finished.values()) <= {1}
    assert set(finished) <= set(called)
    assert not any(event.data.get("code") == "stuck" for event in storm.events if event.type == "error")
    for kind, fates in storm.fates.values():
        words = kind in ("say", "instruct")
        assert fates in (["refused"], ["applied", "spoken"], ["applied", "refused"]) if words else len(fates) == 1
    assert all(storm.loudest(*silence) < 1000 for silence in storm.silences)
    tool_ids = [m["tool_call_id"] for m in storm.context() if m["role"] == "tool"]
    asked_ids = [c["id"] for m in storm.context() for c in m.get("tool_calls", ())]
    assert tool_ids == asked_ids
    assert len(set(itertools.chain(tool_ids))) == len(tool_ids)
