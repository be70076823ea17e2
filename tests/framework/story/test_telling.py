"""Why a step was taken is said with the values that decided it."""

from __future__ import annotations

from framework.story.rehearsal import rehearse
from framework.story.telling import remark, tell


def entries(plan, found):
    return tell(rehearse(plan, found))


def moves(plan, found):
    return {entry.from_: entry for entry in entries(plan, found) if entry.kind == "move"}


BRANCHES = """
    slots: {n: integer, big: {type: boolean, default: false}}
    nodes:
      a: {collect: [n], next: [{outcome: [exhausted, declined], goto: c}, {else: b}]}
      b:
        next:
          - {if: slots.big, goto: a}
          - {if: slots.n > 10 and not slots.big, goto: c}
          - {else: a}
      c: {say: Bye., end: finished}
"""


def test_an_expression_is_shown_with_what_it_read(plan, driver, recorded):
    compiled = plan(BRANCHES)
    move = moves(compiled, recorded(driver(compiled).start().hear("twenty one")))["b"]
    assert move.to == "c"
    assert move.key == "next/1"
    assert move.why == (
        "Route 1 doesn't hold: `slots.big` is false.",
        "Route 2 holds: `slots.n > 10 and not slots.big` is true, as `slots.big` is false, `slots.n` is 21.",
    )


def test_an_outcome_is_said_with_the_routes_that_were_not_for_it(plan, driver, recorded):
    compiled = plan(BRANCHES)
    move = moves(compiled, recorded(driver(compiled).start().hear("twenty one")))["a"]
    assert move.why == (
        "`a` ended with `done`.",
        "Route 1 is for `declined` and `exhausted`, so not this one.",
        "Route 2 always holds.",
    )


def test_what_the_model_was_offered_and_chose_is_said(plan, driver, recorded):
    compiled = plan(
        """
        nodes:
          a:
            instruct: Help.
            next: [{intent: is done, goto: b}, {intent: wants more, goto: a}]
          b: {say: Bye., end: true}
        """
    )
    call = driver(compiled, model=lambda d: [("go_b", {})] if d.messages[-1]["role"] == "user" else ["Hi."]).start()
    move = moves(compiled, recorded(call.hear("I am done")))["a"]
    (why,) = move.why
    assert "the person meant `is done`. The model called its function." in why
    assert "It was offered `go_b`, `go_a`." in why


def test_what_the_router_chose_among_is_said(plan, driver, recorded):
    compiled = plan(
        """
        nodes:
          a: {say: Yes?, next: [{intent: wants a pizza, goto: b}, {intent: wants a coke, goto: b}]}
          b: {say: Here., end: true}
        """
    )
    call = driver(compiled, router=lambda _, choices: choices[1].key).start().hear("something to drink")
    move = moves(compiled, recorded(call))["a"]
    assert "The router chose it (1.0) among `wants a pizza`, `wants a coke`." in move.why[0]


def test_a_limit_an_order_and_hanging_up_are_named(plan, driver, recorded):
    compiled = plan("limits: {turns: 1}\nnodes: {a: {instruct: Talk., next: [{intent: done, end: true}]}}")
    (move,) = moves(compiled, recorded(driver(compiled).start().hear("one", "two"))).values()
    assert move.why == ("The session reached its limit of `turns`.",)
    compiled = plan("nodes: {a: {instruct: Talk., next: [{intent: done, end: true}]}, b: {say: x, end: true, entry: operator}}")  # fmt: skip
    move = moves(compiled, recorded(driver(compiled).start().order("goto", node="b")))["a"]
    assert move.why == ("An operator's order.",)


def test_slots_are_those_of_the_moment(plan, driver, recorded):
    compiled = plan(BRANCHES)
    found = entries(compiled, recorded(driver(compiled).start().hear("twenty one")))
    before = next(entry for entry in found if entry.kind == "user")
    after = next(entry for entry in found if entry.from_ == "a")
    assert (before.slots, after.slots) == ({}, {"n": 21})


def test_every_entry_is_json_and_every_event_is_told(plan, driver, recorded):
    import json

    compiled = plan(BRANCHES)
    found = recorded(driver(compiled).start().hear("hm", "twenty one"))
    told = entries(compiled, found)
    assert [entry.event for entry in told] == [event.number for event in found.events]
    assert json.dumps([entry.as_json() for entry in told])


def test_what_can_no_longer_be_followed_is_told_without_a_reason(plan, driver, recorded):
    found = recorded(driver(plan(BRANCHES)).start().hear("twenty one"))
    again = rehearse(plan(BRANCHES.replace("> 10", "> 50")), found)
    assert "parts from the recording" in remark(again)
    told = tell(again)
    parting = next(entry for entry in told if entry.text == "here the flow parts from the recording")
    assert '"to": "c"' in parting.why[0]
    assert '"to": "a"' in parting.why[1]
    assert told[-1].why == ("recorded; from here on the flow could not be followed",)
