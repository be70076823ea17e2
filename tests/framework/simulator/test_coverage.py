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
