"""What nodes, routes and their effects do."""

import pytest

from framework.engine.compiler import compile_plan
from framework.flows.model import Flow
from framework.personalities import NEUTRAL
from framework.testing.driver import Driver


def test_a_node_says_its_words_and_the_flow_ends(drive):
    call = drive("nodes: {a: {say: Hello., end: true}}")
    assert (call.said, call.ended) == (["Hello."], "done")
    assert [kind for kind, _ in call.events] == [
        "session.started",
        "node.entered",
        "node.left",
        "bot.said",
        "session.ended",
    ]


def test_an_end_names_its_reason(drive):
    assert drive("nodes: {a: {end: sold}}").ended == "sold"


def test_routes_are_read_from_top_to_bottom(drive):
    call = drive("""
        slots: {n: {type: integer, default: 3}}
        nodes:
          a: {next: [{if: slots.n > 5, goto: b}, {if: slots.n > 2, goto: c}, {else: d}]}
          b: {end: b}
          c: {end: c}
          d: {end: d}
    """)
    assert call.ended == "c"


def test_a_route_does_its_effects_in_order_before_it_leads_away(drive):
    call = drive("""
        slots: {n: {type: integer, default: 3}, m: integer}
        nodes:
          a: {next: [{say: "{{ slots.n }} first", set: {m: "{{ slots.n + 1 }}"}, clear: [n], emit: {done: {n: "{{ slots.m }}"}}, end: true}]}
    """)
    assert call.said == ["3 first"]
    assert call.slots == {"n": 3, "m": 4}
    assert call.of("done") == [{"n": 4}]


def test_a_list_of_texts_is_used_in_turn(drive):
    call = drive("""
        nodes:
          a: {say: [one, two], next: [{if: session.visits >= 3, end: true}, {else: a}]}
    """)
    assert call.said == ["one", "two", "one"]


def test_a_text_is_said_in_the_language_of_the_session(drive):
    call = drive("languages: [en, es]\nnodes: {a: {say: {en: Hello, es: Hola}, end: true}}", start=False)
    assert call.start(language="es").said == ["Hola"]


def test_a_broken_expression_takes_the_error_way(drive):
    call = drive("nodes: {a: {say: '{{ 1 / 0 }}', end: true}, sorry: {say: Sorry., end: failed}}\non_error: sorry")
    assert (call.said, call.ended) == (["Sorry."], "failed")
    assert call.of("error")[0]["code"] == "expression"


def test_without_on_error_the_bot_apologises_and_ends(drive):
    call = drive("nodes: {a: {say: '{{ 1 / 0 }}', end: true}}")
    assert call.ended == "error"
    assert len(call.said) == 1


def test_a_chain_without_end_is_stopped():
    # The checker refuses such a flow; this one came past it.
    flow = Flow.model_validate({"flow": "test", "initial_node": "a", "nodes": {"a": {"next": "b"}, "b": {"next": "a"}}})
    call = Driver(compile_plan(flow, personality=NEUTRAL, slot_types={})).start()
    assert call.ended == "error"
    assert call.of("error")[0]["code"] == "unsettled"


def test_a_say_that_hears_waits_for_an_intent(drive):
    call = drive(
        """
        nodes:
          a:
            say: "Ready?"
            next: [{intent: is ready, examples: [yes please], goto: b}, {intent: leaves, goto: c}]
          b: {end: b}
          c: {end: c}
        """,
        router=lambda text, choices: choices[1].key if "bye" in text else None,
    )
    assert call.node == "a"
    call.hear("what?")
    assert (call.node, len(call.said)) == ("a", 2)
    assert call.hear("bye bye").ended == "c"
    assert call.of("intent.heard") == [{"intent": "leaves", "by": "router", "score": 1.0}]


def test_an_exact_example_needs_no_router(drive):
    call = drive('nodes: {a: {say: "Ready?", next: [{intent: is ready, examples: [Yes please], end: true}]}}')
    call.hear("yes, please!")
    assert call.of("intent.heard") == [{"intent": "is ready", "by": "example", "score": 1.0}]


def test_a_ladder_climbs_and_its_last_rung_leads_away(drive):
    call = drive("""
        defaults: {no_match: [{say: "Pardon?"}, {say: "Once more?"}, {goto: b}]}
        nodes:
          a: {say: "Ready?", next: [{intent: is ready, end: true}]}
          b: {say: I give up., end: lost}
    """)
    call.hear("x", "y", "z")
    assert call.said == ["Ready?", "Pardon?", "Once more?", "I give up."]
    assert call.ended == "lost"
    assert [e["rung"] for e in call.of("input.unmatched")] == [1, 2, 3]


def test_the_turn_limit_leads_to_its_node(drive):
    call = drive("""
        limits: {turns: 2, goto: b}
        nodes: {a: {say: "Yes?", next: [{intent: never, end: true}]}, b: {say: Goodbye., end: tired}}
    """)
    call.hear("1", "2")
    assert call.node == "a"
    assert call.hear("3").ended == "tired"


def test_the_duration_limit_ends_the_session_with_a_closing_line(drive):
    call = drive(
        'defaults: {no_input: []}\nlimits: {duration: 5m, silence: 10m}\nnodes: {a: {say: "Yes?", next: [{intent: never, end: true}]}}'
    )
    call.wait(299)
    assert call.ended is None
    assert call.wait(2).ended == "limit"
    assert len(call.said) == 2


@pytest.mark.parametrize("channel", ["voice", "text"])
def test_conditions_see_the_channel(drive, channel):
    call = drive(
        "nodes: {a: {next: [{if: session.channel == 'voice', end: voice}, {else: b}]}, b: {end: text}}", channel=channel
    )
    assert call.ended == channel


def test_a_record_of_inputs_replays_to_the_same_effects(drive):
    from framework.engine.state import initial
    from framework.engine.step import step

    call = drive(
        'nodes: {a: {say: "Ready?", next: [{intent: is ready, examples: [yes], goto: b}]}, b: {say: Good., end: true}}'
    )
    call.hear("what", "yes")
    state = initial()
    for happened, effects in call.record:
        state, again = step(call.plan, state, happened)
        assert again == effects


def test_a_step_changes_neither_the_state_it_is_given_nor_leaves_json(drive):
    import json

    call = drive('nodes: {a: {say: "Ready?", next: [{intent: is ready, examples: [yes], end: true}]}}')
    before = json.dumps(call.state)
    from framework.engine import inputs
    from framework.engine.step import step

    after, _ = step(call.plan, call.state, inputs.Heard(at=call.now, text="yes"))
    assert json.dumps(call.state) == before
    assert json.loads(json.dumps(after)) == after


def test_hanging_up_ends_the_session(drive):
    from framework.engine import inputs

    call = drive('nodes: {a: {say: "Ready?", next: [{intent: is ready, end: true}]}}')
    call.happens(inputs.HungUp(at=call.now))
    assert call.ended == "hangup"
    assert call.of("session.ended") == [{"reason": "hangup", "outputs": {}}]
