"""What was seen of a flow is counted by the engine's notes."""

from framework.simulator.coverage import Coverage, Hits, covered
from framework.simulator.suite import run

TWO = """
name: shop
tools: {pizza.price: {result: {total: 9}}}
scenarios:
  - {name: a, turns: [{user: large}, {user: goodbye}]}
  - {name: b, tools: {pizza.price: {error: away}}, turns: [{user: small}]}
"""


def test_nodes_routes_and_outcomes_are_counted(read, stage):
    cases = read(TWO).cases
    counted = covered(run(cases, stage), cases, stage)
    found = counted.as_json()["shop"]
    assert found["nodes"] == {"ask": 2, "price": 2, "talk": 1, "sorry": 1, "bye": 1}
    assert found["routes"] == {"ask/0": 0, "ask/1": 2, "price/0": 1, "price/1": 1, "talk/0": 1}
    assert found["tools"] == {"pizza.price/done": 1, "pizza.price/error": 1, "pizza.price/timeout": 0}
    assert [target[2] for target in counted.missing()] == ["ask/0", "pizza.price/timeout"]
    assert counted.share(kind="routes") == 4 / 5


def test_nothing_to_see_is_all_seen():
    assert Coverage.of([], Hits()).share() == 1.0


OUTER = """
flow: mall
initial_node: hall
interrupts: {hours: {intent: asks when, examples: [when are you open], say: "From nine to five.", return: resume}}
timers: {chime: {every: 30s, emit: chime}}
nodes: {hall: {subflow: shop, next: bye}, bye: {say: Bye., end: true}}
"""


def test_what_a_flow_has_everywhere_is_counted_as_its_own_also_while_it_runs_another(read, stage):
    (stage.project.root / "flows/mall.yaml").write_text(OUTER)
    cases = read("""
name: mall
scenarios: [{name: a, turns: [{user: when are you open}, {wait: 30s}]}]
""").cases
    found = covered(run(cases, stage), cases, stage).as_json()
    assert found["mall"]["interrupts"] == {"hours": 1}
    assert found["mall"]["timers"] == {"chime": 1}
    assert "hours" not in found["shop"]["interrupts"]
