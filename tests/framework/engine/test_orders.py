"""What an operator's orders do in every state."""

import pytest

FLOW = """
slots: {size: {type: enum, values: [small, large]}, n: integer}
nodes:
  a: {collect: [size], next: b}
  b: {instruct: Talk., next: [{if: slots.n == 3, goto: c}]}
  c: {end: three}
"""


def test_goto_leads_to_the_node_and_stops_the_speech(drive):
    call = drive(FLOW).order("goto", node="b")
    assert call.node == "b"
    assert call.fates == {"o0": ("applied", "")}
    assert call.of("node.left")[0]["cause"]["kind"] == "order"


def test_an_unknown_node_is_refused_with_a_suggestion(drive):
    call = drive(FLOW).order("goto", node="bb")
    assert call.fates["o0"] == ("refused", "there is no node `bb`. Did you mean `b`?")
    assert call.node == "a"


def test_a_slot_that_is_set_by_order_is_not_asked_for_any_more(drive):
    call = drive(FLOW).order("set", slots={"size": "large"})
    assert call.node == "b"
    assert call.of("slot.set") == [{"slot": "size", "value": "large", "source": "order"}]


def test_one_wrong_value_refuses_the_whole_order(drive):
    call = drive(FLOW).order("set", slots={"size": "large", "n": "many"})
    assert call.fates["o0"][0] == "refused"
    assert call.slots == {}


def test_a_condition_that_an_order_makes_true_is_taken(drive):
    call = drive(FLOW).order("goto", node="b").order("set", slots={"n": 3})
    assert call.ended == "three"


def test_say_and_instruct_reach_the_person(drive):
    call = drive(FLOW).order("say", text="A word from us.").order("goto", node="b").order("instruct", text="Be brief.")
    assert "A word from us." in call.said
    assert {"role": "developer", "content": "Be brief."} in call.messages
    assert [fate for fate, _ in call.fates.values()] == ["applied"] * 3


def test_instruct_is_refused_where_no_model_speaks(drive):
    assert drive(FLOW).order("instruct", text="Be brief.").fates["o0"][0] == "refused"


def test_end_ends_with_its_reason(drive):
    assert drive(FLOW).order("end", reason="closing time").ended == "closing time"


@pytest.mark.parametrize("kind", ["say", "goto", "set", "instruct", "end"])
def test_an_order_after_the_end_is_refused(drive, kind):
    call = drive(FLOW).order("end", reason="over")
    call.order(kind, text="x", node="b", slots={"n": 1}, reason="again")
    assert call.fates["o1"] == ("refused", "the session is over")


@pytest.mark.parametrize("kind", ["say", "goto", "set", "instruct", "end"])
def test_an_order_before_the_beginning_is_refused(drive, kind):
    call = drive(FLOW, start=False).order(kind, text="x", node="b", slots={"n": 1}, reason="again")
    assert call.fates["o0"] == ("refused", "the session has not begun")
