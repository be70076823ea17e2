"""Scenarios are written that see all of a flow, and they pass."""

import textwrap
from pathlib import Path

import pytest

from framework.project import Project
from framework.simulator.coverage import covered
from framework.simulator.generate import generate
from framework.simulator.load import load
from framework.simulator.stage import Stage
from framework.simulator.suite import run
from framework.simulator.values import Values, sample

ROOT = Path(__file__).parents[3]
ALL = """
flow: every
events: {doctor.available: {doctor: person_name, urgent: boolean}}
inputs: [tier]
slots:
  name: {type: person_name, prompt: "Your name?"}
  tier: {type: enum, values: [gold, silver]}
  age: {type: integer, min: 0, max: 120, prompt: "How old?"}
  price: number
defaults:
  no_input: [{after: 6s, say: "Still there?"}, {after: 8s, goto: bye}]
  no_match: [{say: "What?"}, {say: "Please?"}, {goto: bye}]
limits: {duration: 15m, turns: 60, goto: late}
timers:
  wrap: {after: 12m, at: idle, say: "Time is short."}
  nag: {every: 4m, at: now, emit: nagged, nodes: [menu]}
interrupts:
  human: {intent: asks for a person, examples: [agent please], goto: handoff}
  hours: {intent: asks for opening hours, examples: [when are you open], say: "Eight to five.", return: resume}
  fire: {event: doctor.available, where: event.urgent, say: "A doctor is coming.", return: resume}
on_error: sorry
initial_node: greet
nodes:
  greet: {say: "Hello.", next: who}
  who:
    collect: [name, age]
    next:
      - {outcome: [exhausted, declined], goto: handoff}
      - {if: slots.age < 18, goto: bye}
      - {else: lookup}
  lookup:
    run: pizza.price
    with: {kind: funghi, size: large, quantity: 1}
    save: {price: result.total}
    next:
      - {outcome: [error, timeout], goto: sorry}
      - {if: slots.price > 20 and slots.tier == "gold", goto: expensive}
      - {if: session.visits >= 2, goto: bye}
      - {else: menu}
  expensive: {say: "Dear.", next: menu}
  menu:
    say: "Menu. Press one for waiting."
    next:
      - {intent: wants to wait, examples: [I wait], keys: "1", goto: hold}
      - {intent: wants to talk, examples: [let me talk], goto: talk}
      - {intent: asks once more, examples: [look again], goto: lookup}
      - {event: doctor.available, where: not event.urgent, goto: talk}
  hold:
    wait: "until a doctor is free"
    next: [{after: 2m, goto: bye}]
  talk:
    instruct: "Talk."
    sample: "What else?"
    tools: [{name: pizza.order, with: {kind: funghi, size: large}, next: [{if: result.minutes > 30, goto: bye}]}]
    next:
      - {intent: is done, examples: [that is all], goto: bye}
  handoff:
    say: "I put you through."
    transfer: desk
    next: [{outcome: done, end: transferred}, {outcome: busy, goto: sorry}, {else: bye}]
  stuck: {entry: operator, say: "An operator is here.", next: bye}
  late: {say: "It is late.", end: late}
  sorry: {say: "Sorry.", end: sorry}
  bye: {say: "Bye.", end: true}
"""


@pytest.fixture
def generated(tmp_path, plugins):
    """Write a flow, generate, and play what came of it."""

    def generated(text, name="every"):
        (tmp_path / "convo.yaml").write_text("transfers: {desk: '+15550100000'}\n")
        (tmp_path / "flows" / "tests").mkdir(parents=True, exist_ok=True)
        flow = tmp_path / "flows" / f"{name}.yaml"
        flow.write_text(textwrap.dedent(text).lstrip())
        project = Project.find(tmp_path)
        stage = Stage(project, plugins)
        made = generate(flow, stage)
        file = tmp_path / "flows" / "tests" / f"{name}.yaml"
        file.write_text(made.as_yaml())
        cases = load(file, project).cases
        return made, cases, run(cases, stage, jobs=1), stage

    return generated


def test_everything_in_a_flow_is_seen_by_scenarios_that_pass(generated):
    made, cases, results, stage = generated(ALL)
    assert [failure for result in results for failure in result.failures] == []
    assert made.unreached == ()
    assert covered(results, cases, stage).missing() == []


def test_there_are_as_few_scenarios_as_ways_to_end(generated):
    made, *_ = generated("""
        flow: every
        initial_node: a
        nodes:
          a: {say: "Hi.", next: [{intent: yes please, examples: ["yes"], goto: b}, {intent: goes, examples: [bye], goto: c}]}
          b: {say: "Back.", next: a}
          c: {say: "Bye.", end: true}
    """)
    assert len(made.scenarios) == 1


def test_what_can_not_be_reached_is_told_with_why(generated):
    made, *_ = generated("""
        flow: every
        slots: {n: {type: integer, default: 1}}
        initial_node: a
        nodes:
          a: {say: "Hi.", next: [{if: slots.n > 1, goto: b}, {else: c}]}
          b: {say: "Never.", next: c}
          c: {say: "Bye.", end: true}
    """)
    assert {(kind, name): why for (_, kind, name), why in made.unreached} == {
        ("nodes", "b"): "nothing that was tried leads there",
        ("routes", "a/0"): "`slots.n > 1` never held",
        ("routes", "b/0"): "its node is never entered",
    }
    assert "# Not reached: routes a/0: `slots.n > 1` never held" in made.as_yaml()


@pytest.mark.parametrize("flow", sorted(path.stem for path in (ROOT / "flows").glob("*.yaml")))
def test_the_shipped_flows_are_seen_whole(plugins, tmp_path, flow):
    project = Project.find(ROOT)
    stage = Stage(project, plugins)

    made = generate(project.flow_path(flow), stage)

    assert made.unreached == ()
    (tmp_path / f"{flow}.yaml").write_text(made.as_yaml())
    results = run(load(tmp_path / f"{flow}.yaml", project).cases, stage, jobs=1)
    assert [failure for result in results for failure in result.failures] == []


def test_values_are_those_that_conditions_tell_apart(stage, shop):
    (shop.root / "flows" / "shop.yaml").write_text(
        "flow: shop\nslots: {n: integer}\ninitial_node: a\nnodes:\n"
        "  a: {collect: n, next: [{if: slots.n >= 18, goto: b}, {else: b}]}\n  b: {say: Bye., end: true}\n"
    )
    plan = stage.piece(shop.flow_path("shop")).plan
    values = Values.of({"shop": plan})
    assert values.worth(plan, plan.slots["n"]) == [18, 17, 19]


def test_a_sample_of_a_schema_fits_it():
    schema = {
        "type": "object",
        "properties": {
            "when": {"$ref": "#/$defs/Day"},
            "kind": {"enum": ["a", "b"]},
            "n": {"anyOf": [{"type": "null"}, {"type": "integer"}]},
        },
        "$defs": {"Day": {"type": "string", "format": "date"}},
    }
    assert sample(schema) == {"when": "2026-02-03", "kind": "a", "n": 1}
