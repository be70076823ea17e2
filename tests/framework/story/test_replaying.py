"""A recorded conversation goes the same way through the same flow, and otherwise where the flow leads otherwise."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.story.guesses import utterances
from framework.story.replaying import replay
from framework.story.transcript import transcript

from .conftest import ROOT
from .test_rehearsal import TALK, TOOLS, WORDS


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flow=st.sampled_from(["pizza", "clinic"]), words=st.lists(WORDS, max_size=9))
def test_through_the_same_flow_it_goes_the_same_way(plan_of, driver, recorded, flow, words):
    plan = plan_of(ROOT / f"flows/{flow}.yaml")
    call = driver(plan, tools=TOOLS, router=lambda text, choices: choices[0].key if "agent" in text else None).start()
    found = recorded(call.hear(*words))
    again = replay(plan, found, words=True)
    assert again.parted is None
    assert again.path == call.visited


def test_what_the_model_did_is_done_again(plan, driver, recorded):
    compiled = plan(TALK)
    names = {one.tool or "bye": one.offer.name for one in compiled.nodes["a"].offered}
    does = {
        "hi": ["Hello."],
        "find": [(names["find.it"], {})],
        "book": [(names["book.it"], {})],
        "bye": [(names["bye"], {})],
    }

    def model(driver):
        last = driver.messages[-1]
        return does[last["content"]] if last["role"] == "user" else ["Well."]

    call = driver(compiled, model=model, tools={"find.it": lambda _: 1, "book.it": lambda _: 2})
    found = recorded(call.start().hear("hi", "find", "book", "bye"))
    assert call.ended == "done"
    assert replay(compiled, found, words=True).parted is None


PIZZA = """
    slots: {size: {type: enum, values: [small, large]}, sure: boolean}
    nodes:
      a: {collect: [size], next: b}
      b: {next: [{if: CONDITION, goto: c}, {else: d}]}
      c: {say: "Large, then.", next: d}
      d: {collect: [sure], next: [{if: slots.sure, end: ordered}, {else: e}]}
      e: {say: Bye., end: true}
"""


def test_the_first_difference_and_both_ways_are_found(plan, driver, recorded):
    found = recorded(driver(plan(PIZZA.replace("CONDITION", "slots.size == 'large'"))).start().hear("large", "yes"))
    again = replay(plan(PIZZA.replace("CONDITION", "slots.size == 'small'")), found)
    assert again.path == ["a", "b"]
    old, new = again.parted
    assert (again.old[old].text, again.new[new].text) == ("→ c", "→ d")
    assert again.new[-1].text == "ends: ordered"


def test_other_words_differ_only_where_one_asks(plan, driver, recorded):
    old = PIZZA.replace("CONDITION", "slots.size == 'large'")
    found = recorded(driver(plan(old)).start().hear("large", "yes"))
    changed = plan(old.replace("Large, then.", "A large one."))
    assert replay(changed, found).parted is None
    assert replay(changed, found, words=True).parted is not None


def test_what_was_not_recorded_is_said(plan, driver, recorded):
    old = "slots: {n: integer}\nnodes: {a: {collect: [n], next: b}, b: {say: x, end: true}}"
    new = """
    slots: {n: integer}
    nodes:
      a: {collect: [n], next: t}
      t: {run: some.tool, next: [{outcome: done, goto: b}, {else: q}]}
      b: {say: x, end: true}
      q: {instruct: Talk., next: [{intent: done, end: true}]}
    """
    again = replay(plan(new), recorded(driver(plan(old)).start().hear("three")))
    assert again.missing[0] == "`some.tool` was not called then, so here it fails"
    assert "the model at `q` answers what was not recorded" in again.missing[1]
    assert "at `q` the person is waited for" in again.missing[2]


def test_a_conversation_that_breaks_off_differs_in_nothing_after_that(plan, driver, told):
    compiled = plan(PIZZA.replace("CONDITION", "true"))
    lines = told(driver(compiled).start().hear("large", "yes"))
    for kept in range(1, len(lines)):
        assert replay(compiled, transcript(lines[:kept])).parted is None


@pytest.mark.parametrize("flow", ["clinic", "pizza"])
def test_a_transcript_of_another_flow_is_no_trouble(plan_of, driver, recorded, flow):
    other = {"clinic": "pizza", "pizza": "clinic"}[flow]
    found = recorded(driver(plan_of(ROOT / f"flows/{flow}.yaml"), tools=TOOLS).start().hear("two", "yes"))
    assert replay(plan_of(ROOT / f"flows/{other}.yaml"), found).parted is not None


def test_masked_digits_are_guessed_in_the_lengths_that_their_slot_takes(plan):
    asking = plan("""
    slots: {pin: {type: digits, length: [5, 7]}}
    nodes: {a: {collect: [pin], next: b}, b: {end: true}}
    """)

    guessed = {len(words) for words in utterances(asking.slots["pin"]) if words.isdigit()}

    assert {5, 7} <= guessed
