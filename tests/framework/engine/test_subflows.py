"""Flows inside flows: what goes in, what comes out, where it goes on, and what goes wrong."""

from __future__ import annotations

import pytest

from framework.engine import inputs
from framework.errors import UnknownNameError

ASK = """
    slots:
      name: {type: text, prompt: "What name?"}
      greeting: {type: text}
    inputs: [greeting]
    outputs: [name]
    nodes:
      a: {say: "{{ slots.greeting }}", next: b}
      b:
        collect: name
        next:
          - {outcome: done, end: known}
          - {else: c}
      c: {end: unknown}
"""

CALLER = """
    slots: {who: text, name: text}
    outputs: [who]
    nodes:
      a:
        subflow: ask
        with: {greeting: "Hi {{ session.channel }}"}
        save: {who: result.name}
        next:
          - {outcome: known, goto: b}
          - {outcome: unknown, goto: c}
          - {else: d}
      b: {say: "Hello {{ slots.who }}, {{ slots.name }}.", end: met}
      c: {say: "Stranger.", end: true}
      d: {say: "Broken.", end: broken}
"""


def test_a_subflow_takes_inputs_and_gives_outputs_and_its_end_is_the_outcome(drive):
    call = drive(CALLER, flows={"ask": ASK})
    assert call.said == ["Hi text", "What name?"]
    assert call.state["flow"] == "ask"
    assert call.slots == {"greeting": "Hi text"}
    call.hear("Ada")
    assert call.said[-1] == "Hello Ada, ."
    assert call.ended == "met"
    assert [(n["node"], n["depth"]) for n in call.of("node.entered")] == [("a", 0), ("a", 1), ("b", 1), ("b", 0)]


def test_the_last_event_carries_the_outputs(drive):
    call = drive(CALLER, flows={"ask": ASK}).hear("Ada")
    assert call.of("session.ended") == [{"reason": "met", "outputs": {"who": "Ada"}}]


def test_each_flow_has_slots_of_its_own(drive):
    call = drive(CALLER, flows={"ask": ASK}).hear("Ada")
    assert call.slots == {"who": "Ada"}


def test_an_outcome_is_the_reason_of_the_end_that_was_reached(drive):
    call = drive(CALLER, flows={"ask": ASK}).hear("I'd rather not")
    assert call.said[-1] == "Stranger."


def test_the_outputs_of_what_is_unset_are_null(drive):
    call = drive(CALLER, flows={"ask": ASK}).hear("I'd rather not")
    assert call.of("session.ended") == [{"reason": "done", "outputs": {"who": None}}]


def test_a_missing_input_is_an_error_at_the_node(drive):
    caller = CALLER.replace('with: {greeting: "Hi {{ session.channel }}"}', "with: {}")
    call = drive(caller, flows={"ask": ASK})
    assert call.ended == "broken"
    assert call.of("error") == [{"code": "missing_input", "message": "flow `ask` needs `greeting`"}]
    assert max(entered["depth"] for entered in call.of("node.entered")) == 0


@pytest.mark.parametrize("given", ["{greeting: Hi, size: 3}", "{greeting: [1, 2]}"])
def test_an_input_that_does_not_fit_is_an_error_at_the_node(drive, given):
    caller = CALLER.replace('{greeting: "Hi {{ session.channel }}"}', given)
    call = drive(caller, flows={"ask": ASK})
    assert call.ended == "broken"
    assert call.of("error")[0]["code"] == "bad_input"


def test_an_output_that_does_not_fit_its_slot_is_an_error_at_the_node(drive):
    caller = CALLER.replace("{who: text, name: text}", "{who: integer}").replace(", {{ slots.name }}", "")
    call = drive(caller, flows={"ask": ASK}).hear("Ada")
    assert call.ended == "broken"


FAILING = """
    nodes:
      a: {say: "{{ 1 / 0 }}", end: true}
"""
RUNS = """
    nodes:
      a: {subflow: other, next: [{outcome: done, goto: b}, {outcome: error, goto: c}]}
      b: {say: fine, end: true}
      c: {say: sorry, end: failed}
"""


def test_what_fails_in_a_subflow_is_the_outcome_error(drive):
    call = drive(RUNS, flows={"other": FAILING})
    assert call.said == ["sorry"]
    assert call.ended == "failed"


def test_a_subflows_own_way_for_errors_comes_first(drive):
    other = "    on_error: b\n" + FAILING + '      b: {say: "So be it.", end: true}\n'
    call = drive(RUNS, flows={"other": other})
    assert call.said == ["So be it.", "fine"]


def test_an_error_that_no_caller_takes_is_the_sessions(drive):
    caller = """
    on_error: c
    nodes:
      a: {subflow: other, next: [{outcome: done, goto: c}]}
      c: {say: sorry, end: failed}
    """
    middle = "    nodes:\n      a: {subflow: deep, next: [{outcome: done, end: true}]}\n"
    call = drive(caller, flows={"other": middle, "deep": FAILING})
    assert call.ended == "failed"
    assert call.state["stack"] == []


def test_a_flow_that_runs_itself_for_ever_ends_as_an_error_at_the_sixteenth(drive):
    again = "    nodes:\n      a: {subflow: other, next: [{outcome: error, goto: b}, {else: c}]}\n"
    again += "      b: {say: deep, end: deep}\n      c: {say: up, end: up}\n"
    call = drive(
        "    nodes:\n      a: {subflow: other, next: b}\n      b: {say: over, end: true}", flows={"other": again}
    )
    assert call.said == ["deep", *["up"] * 15, "over"]
    assert [entered["depth"] for entered in call.of("node.entered")][:17] == list(range(17))


def test_an_order_leads_to_a_node_of_the_flow_it_finds_first(drive):
    call = drive(CALLER, flows={"ask": ASK}).order("goto", node="c")
    assert call.said[-1] == "Stranger."  # `c` of the subflow ends it as `unknown`
    call = drive(CALLER, flows={"ask": ASK}).order("goto", node="d")
    assert call.ended == "broken"
    assert call.fates["o0"][0] == "applied"


def test_an_order_to_a_node_that_no_flow_has_is_refused(drive):
    call = drive(CALLER, flows={"ask": ASK}).order("goto", node="z")
    assert call.fates["o0"][0] == "refused"


def test_an_order_ends_the_session_from_within_a_subflow(drive):
    assert drive(CALLER, flows={"ask": ASK}).order("end", reason="enough").ended == "enough"


def test_a_limit_leads_to_the_sessions_own_flow(drive):
    caller = "    limits: {turns: 2, goto: c}\n" + CALLER
    call = drive(caller, flows={"ask": ASK.replace("name: {type: text", "name: {type: integer")}).hear("um", "er", "hm")
    assert call.said[-1] == "Stranger."
    assert call.state["stack"] == []
    assert call.of("node.entered")[-1]["depth"] == 0


def test_a_hang_up_gives_what_the_flow_has_so_far(drive):
    call = drive(CALLER.replace("slots: {who: text,", "slots: {who: {type: text, default: you},"), flows={"ask": ASK})
    call.happens(inputs.HungUp(at=call.now))
    assert call.of("session.ended") == [{"reason": "hangup", "outputs": {"who": "you"}}]


def test_a_flow_that_nobody_has_is_named(drive):
    with pytest.raises(UnknownNameError, match="there is no flow `other`"):
        drive(RUNS)


def test_inputs_of_a_session_are_its_first_slots(drive):
    call = drive(ASK, start=False)
    call.happens(inputs.Started(at=call.now, session={"channel": "text"}, slots={"greeting": "Hello."}))
    assert call.said == ["Hello.", "What name?"]
    assert call.of("slot.set")[0] == {"slot": "greeting", "value": "Hello.", "source": "start"}


def test_a_session_without_its_inputs_ends_as_an_error(drive):
    call = drive(ASK)
    assert call.ended == "error"
    assert call.of("error")[0]["code"] == "missing_input"


def test_texts_that_are_used_in_turn_are_counted_for_each_flow(drive):
    other = "    nodes:\n      a: {say: [one, two], end: true}\n"
    caller = "    nodes:\n      a: {say: [eins, zwei], subflow: other, next: b}\n"
    caller += "      b: {next: [{if: 'session.visits < 2', goto: a}, {end: true}]}\n"
    assert drive(caller, flows={"other": other}).said == ["eins", "one", "zwei", "two"]
