"""Handing the person to somebody else, and summing up what a model has heard so far."""

from __future__ import annotations

import pytest

from framework.engine import effects, inputs
from framework.engine.context import renewed

DESK = """
    slots: {topic: {type: text, default: a bill}}
    nodes:
      a:
        say: "I will put you through."
        transfer: desk
        brief: "About {{ slots.topic }}."
        warm: true
        next:
          - {outcome: done, end: transferred}
          - {outcome: [no_answer, busy], goto: b}
          - {else: c}
      b: {say: "Nobody is free.", end: later}
      c: {say: "That did not work.", end: failed}
"""


@pytest.mark.parametrize(
    ("outcome", "reason"), [("done", "transferred"), ("no_answer", "later"), ("busy", "later"), ("error", "failed")]
)
def test_how_a_transfer_went_is_the_outcome(drive, outcome, reason):
    call = drive(DESK, transfers={"desk": outcome})
    assert call.ended == reason
    (wanted,) = call.transferred
    assert (wanted.target, wanted.brief, wanted.warm) == ("desk", "About a bill.", True)
    assert call.of("transfer.started") == [{"transfer": "transfer1", "target": "desk", "warm": True}]
    assert call.of("transfer.finished") == [{"transfer": "transfer1", "target": "desk", "outcome": outcome}]


def test_a_transfer_that_nobody_answers_for_ends_by_itself(drive):
    call = drive(DESK).wait(64)
    assert call.ended is None
    assert call.wait(2).ended == "later"
    assert call.state["transfer"] is None


def test_what_is_said_of_a_transfer_that_is_over_counts_for_nothing(drive):
    call = drive(DESK).order("goto", node="c")
    assert call.of("transfer.finished")[0]["outcome"] == "cancelled"
    assert any(isinstance(effect, effects.StopTransfer) for _, wanted in call.record for effect in wanted)
    late = inputs.Transferred(at=call.now, transfer="transfer1", outcome="done")
    assert call.happens(late).ended == "failed"


def test_a_brief_that_can_not_be_written_is_an_error(drive):
    call = drive(DESK.replace("{{ slots.topic }}", "{{ 1 / 0 }}"), transfers={"desk": "done"})
    assert call.ended == "failed"
    assert call.transferred == []


def test_a_node_for_operators_is_reached_by_an_order(drive):
    text = """
    nodes:
      a: {wait: for what comes, next: [{after: 1m, end: true}]}
      quiet: {entry: operator, say: "A colleague will call you back.", end: called_back}
    """
    call = drive(text)
    assert call.order("goto", node="quiet").ended == "called_back"
    assert call.fates["o0"] == ("applied", "")


TALK = """
    nodes:
      a: {instruct: "Ask what they want.", next: [{intent: goes on, goto: b}]}
      b: {instruct: "Sell it.", context_strategy: summarize, next: [{intent: goes on, end: true}]}
"""


def _goes_on(driver):
    return [("go_b", {})] if driver.messages[-1] == {"role": "user", "content": "go on"} else ["Well?"]


def test_a_summary_stands_for_what_came_before_but_for_the_last_turns(drive):
    call = drive(TALK, model=_goes_on, summary="They want a pizza.").hear("hello", "a pizza", "a big one", "go on")
    assert call.node == "b"
    assert [message["content"] for message in call.messages] == [
        "Summary of the conversation so far: They want a pizza.",
        "Well?",
        "a big one",
        "Well?",
        "go on",
        "Sell it.",
        "Well?",
    ]


def test_without_a_summary_the_last_turns_have_to_do(drive):
    call = drive(TALK, model=_goes_on).hear("hello", "a pizza", "a big one", "go on")
    assert [message["content"] for message in call.messages][:2] == ["Well?", "a big one"]
    assert call.said[-1] == "Well?"


def test_a_model_that_never_sums_up_is_not_waited_for(drive):
    call = drive(TALK, model=_goes_on, start=False)
    call._summarize = lambda effect: []
    call.start().hear("go on")
    said = len(call.said)
    assert call.wait(11).said[said:] == ["Well?"]
    assert call.state["awaiting"] is None


def test_what_a_person_says_meanwhile_is_heard_afterwards(drive):
    call = drive(TALK, model=_goes_on, start=False)
    wanted = []
    call._summarize = lambda effect: wanted.append(effect) or []
    call.start().hear("go on").hear("a pizza")
    said = len(call.said)
    call.happens(inputs.Summarized(at=call.now, request=wanted[0].request, text="Nothing yet."))
    assert call.said[said:] == ["Well?", "Well?"]


def test_calls_of_functions_do_not_outlive_their_context():
    calls = [{"id": "1", "function": {"name": "x", "arguments": "{}"}, "type": "function"}]
    present = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "Let me see.", "tool_calls": calls},
        {"role": "tool", "content": "{}", "tool_call_id": "1"},
    ]
    prompt = effects.Prompt(role=None, messages=(), reset=True, keep=4)
    assert renewed(present, prompt) == [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "Let me see."},
    ]
