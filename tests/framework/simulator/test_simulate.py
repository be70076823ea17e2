"""Simulated callers call flows; what must hold in every call is looked at, and what doesn't is kept."""

import asyncio
import json
import textwrap

import pytest

from framework.errors import UserError
from framework.project import Project
from framework.runtime.inference import Inference
from framework.services.stacks import load_stack
from framework.simulator.callers import SHIPPED, ModelCaller, load_persona
from framework.simulator.facts import Fact
from framework.simulator.invariants import Ran, broken, broken_by_all
from framework.simulator.load import examined
from framework.simulator.play import play
from framework.simulator.simulate import failing, simulate, told
from framework.simulator.stage import Stage
from framework.testing.openai import Reply, Server

PERSONAS = sorted(path.stem for path in SHIPPED.glob("*.yaml"))


@pytest.fixture
def call(tmp_path, plugins):
    """Let a persona call a flow that these words make."""

    def call(text, persona="terse", runs=20, **more):
        (tmp_path / "convo.yaml").write_text("{}\n")
        (tmp_path / "flows" / "tests").mkdir(parents=True, exist_ok=True)
        (tmp_path / "flows" / "line.yaml").write_text("flow: line\n" + textwrap.dedent(text))
        stage = Stage(Project.find(tmp_path), plugins)
        return simulate(stage.piece(tmp_path / "flows" / "line.yaml"), stage, load_persona(persona), runs=runs, **more)

    return call


def test_six_personas_are_in_the_box():
    assert PERSONAS == ["chatty", "hostile", "mumbling", "silent", "terse", "undecided"]
    with pytest.raises(UserError, match="no persona `tense`"):
        load_persona("tense")


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("flow", ["clinic", "pizza", "hello"])
def test_the_shipped_flows_hold_with_everybody(plugins, flow, persona):
    project = Project.find()
    stage = Stage(project, plugins)
    report = simulate(stage.piece(project.flow_path(flow)), stage, load_persona(persona), runs=15)
    assert report.broken == ()
    assert sum(share for _, share in report.shares()) == pytest.approx(1)


def test_the_same_seed_is_the_same_call(plugins):
    project = Project.find()
    stage = Stage(project, plugins)
    piece = stage.piece(project.flow_path("clinic"))
    one, other = (simulate(piece, stage, load_persona("chatty"), runs=3, seed=7) for _ in range(2))
    assert [json.dumps(ran.scenario) for ran in one.runs] == [json.dumps(ran.scenario) for ran in other.runs]
    assert one.runs[1].scenario == simulate(piece, stage, load_persona("chatty"), runs=1, seed=8).runs[0].scenario


def test_a_bot_that_hangs_up_on_most_callers_is_reported_though_no_scenario_asks(call):
    report = call(
        """
        initial_node: a
        nodes:
          a: {say: "Hi. What can I do?", next: [{intent: wants the moon, examples: [the moon], goto: b}, {else: b}]}
          b: {say: "Bye.", end: true}
    """,
        persona="chatty",
    )
    assert list(report.failing()) == []
    rude = call("initial_node: a\nnodes: {a: {say: 'Nobody is here. Bye.', end: true}}\n")
    assert [one.invariant for one in rude.broken] == ["hangs_up"]
    assert "BROKEN hangs_up: the bot hung up on 20 of 20 callers" in "\n".join(told(rude))


def test_errors_are_reported_with_their_seeds_and_kept_as_scenarios(call, tmp_path, plugins):
    report = call(
        """
        slots: {n: {type: integer, prompt: "How many?"}, m: {type: integer, max: 1}}
        on_error: c
        initial_node: a
        nodes:
          a: {collect: n, next: [{outcome: done, goto: b}, {else: c}]}
          b: {set: {m: "{{ slots.n }}"}, say: "Good.", end: true}
          c: {say: "Sorry.", end: true}
    """,
        runs=30,
    )
    seeds = report.failing()["errors"]
    assert seeds
    project = Project.find(tmp_path)
    path = tmp_path / "flows" / "tests" / "bad.yaml"
    path.write_text(failing([report], project))
    suite = examined(path, project)
    assert [case.name for case in suite.cases] == [f"line/terse, seed {seed}" for seed in seeds]
    stage = Stage(project, plugins)
    assert all("no `error` event" in play(case, stage).failures[-1].expected for case in suite.cases)


def test_a_bot_that_asks_forever_makes_no_progress(call):
    report = call(
        """
        limits: {turns: 500}
        initial_node: a
        nodes:
          a: {say: "Say please.", next: [{intent: says please, examples: [please please], goto: b}]}
          b: {say: "Again.", next: a}
    """,
        runs=2,
    )
    assert "progress" in report.failing()


def fact(event, at=0.0, **data):
    return Fact(at, event, data)


@pytest.mark.parametrize(
    ("facts", "invariant"),
    [
        ([fact("tool.called", call="c1")], "outcomes"),
        (
            [fact("tool.called", call="c1"), fact("tool.finished", call="c1"), fact("tool.finished", call="c1")],
            "outcomes",
        ),
        ([fact("error", code="x", message="y")], "errors"),
        ([fact("user.said", text="hi"), fact("bot.began", at=9.0)], "dead_air"),
        ([fact("node.entered", node="a")] * 30, "progress"),
    ],
)
def test_each_invariant_can_be_broken(facts, invariant):
    ran = Ran(seed=0, reason="done", turns=1, seconds=1.0, facts=[*facts, fact("session.ended", reason="done")])
    assert [one.invariant for one in broken(ran)] == [invariant]


def test_nobody_may_be_stuck():
    ran = Ran(seed=0, reason="stuck", turns=1, seconds=1.0, facts=[])
    assert [one.invariant for one in broken(ran)] == ["ends"]
    assert broken_by_all([ran]) == []


async def test_a_language_model_can_be_the_caller(plugins, tmp_path):
    replies = [Reply(text="My name is Ada Lovelace."), Reply(text="yes"), Reply(text="I'd rather not say")]
    async with Server(replies) as server:
        stack = tmp_path / "fake.yaml"
        stack.write_text(
            f"stack: fake\nllm: {{provider: openai, settings: {{model: gpt-4o-mini}}, args: {{base_url: '{server.url}', api_key: '{server.key}'}}}}\n"
        )
        model, _ = load_stack(stack)
        project = Project.find()
        stage = Stage(project, plugins)
        path = tmp_path / "ada.yaml"
        path.write_text("persona: Ada, in a hurry.\ngoal: Find out when the clinic is open.\n")
        persona = load_persona(path)

        def calls():
            with Inference(model, plugins) as inference:
                piece = stage.piece(project.flow_path("clinic"))
                return simulate(piece, stage, persona, runs=1, caller=lambda _: ModelCaller(persona, inference.answer))

        report = await asyncio.to_thread(calls)
    assert report.runs[0].reason == "transferred"
    assert next(one.text for one in report.runs[0].facts if one.event == "user.said") == "My name is Ada Lovelace."
