"""What is pressed on a telephone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.engine import effects, inputs
from framework.engine.keys import PAUSE_S

MENU = """
interrupts: {human: {goto: human, keys: "0"}}
nodes:
  a:
    say: For orders press 1, for bills press 2, for all else 12.
    next:
      - {intent: asks for orders, keys: 1, goto: orders}
      - {intent: asks for bills, keys: [2, "*"], goto: bills}
      - {intent: asks for more, keys: "12", goto: more}
    no_match: [{say: Press 1 or 2.}, {goto: human}]
  orders: {end: orders}
  bills: {end: bills}
  more: {end: more}
  human: {end: human}
"""

PIN = """
interrupts: {human: {goto: human, keys: "0"}}
slots:
  pin: {type: integer, min: 1000, max: 9999, prompt: Your number?, input: dtmf}
  sure: {type: boolean, prompt: Are you sure?}
nodes:
  a: {collect: [pin, sure], next: b}
  b: {end: taken}
  human: {end: human}
"""


def pressing(call, keys):
    """Press keys without a pause after them."""
    for key in keys:
        call.happens(inputs.Pressed(at=call.now, keys=key))
    return call


@pytest.mark.parametrize(("keys", "end"), [("2", "bills"), ("*", "bills"), ("0", "human"), ("12", "more")])
def test_keys_open_a_route_or_an_interrupt_at_once(drive, keys, end):
    call = pressing(drive(MENU), keys)
    assert call.ended == end
    assert call.of("intent.heard")[0]["by"] == "keys"
    assert call.of("user.said") == [{"text": keys, "participant": "user"}]


def test_keys_that_could_go_on_wait_for_a_pause_or_for_the_closing_key(drive):
    call = pressing(drive(MENU), "1")
    assert call.ended is None
    assert call.wait(PAUSE_S - 0.1).ended is None
    assert call.wait(0.2).ended == "orders"
    assert pressing(drive(MENU), "1#").ended == "orders"


def test_keys_that_fit_nothing_climb_the_ladder(drive):
    call = pressing(drive(MENU), "7")
    assert call.said[-1] == "Press 1 or 2."
    assert pressing(call, "8").ended == "human"


def test_in_a_chat_keys_are_typed(drive):
    assert drive(MENU).hear("12").ended == "more"
    assert drive(MENU, channel="voice").hear("12").ended is None


def test_an_answer_is_closed_by_the_key_for_that_or_by_a_pause(drive):
    call = pressing(drive(PIN, channel="voice"), "1234")
    assert call.slots == {}
    assert pressing(call, "#").slots == {"pin": 1234}
    assert drive(PIN, channel="voice").press("1234").slots == {"pin": 1234}


def test_each_key_may_come_as_late_as_the_pause(drive):
    call = drive(PIN, channel="voice")
    for key in "1234":
        pressing(call, key).wait(PAUSE_S - 0.1)
    assert call.wait(0.2).slots == {"pin": 1234}


def test_keys_within_an_answer_are_no_interrupt_and_alone_they_are(drive):
    call = drive(PIN, channel="voice")
    assert call.press("5000").slots == {"pin": 5000}
    assert drive(PIN, channel="voice").press("0").ended == "human"


def test_an_answer_of_one_key_needs_no_pause(drive):
    assert pressing(drive(PIN, channel="voice").press("5000"), "1").ended == "taken"


def test_what_can_only_be_pressed_is_not_answered_by_words(drive):
    call = drive(PIN, channel="voice").hear("five thousand")
    assert call.slots == {}
    assert call.said == ["Your number?", "Your number?"]
    assert drive(PIN).hear("5000").slots == {"pin": 5000}


def test_what_can_only_be_said_is_not_answered_by_keys(drive):
    call = drive("slots: {n: {type: integer, prompt: N?, input: speech}}\nnodes: {a: {collect: n, end: true}}")
    assert call.press("12").said == ["N?"]
    assert call.of("user.said") == []
    assert call.hear("12").ended == "done"


def test_what_was_read_back_is_confirmed_and_refused_by_keys(drive):
    text = "slots: {n: {type: integer, prompt: N?, confirm: readback}}\nnodes: {a: {collect: n, end: true}}"
    call = drive(text, channel="voice").press("12")
    assert call.said[-1] == "I have 12. Is that right?"
    assert pressing(call, "2").said[-1] == "N?"
    assert pressing(call.press("13"), "1").slots == {"n": 13}


def test_a_value_that_does_not_fit_is_asked_for_again(drive):
    call = drive(PIN, channel="voice").press("12")
    assert call.said[-2:] == ["It has to be at least 1000.", "Your number?"]


def test_who_presses_a_key_stops_the_bot_unless_nothing_may(drive):
    for more, stops in (("", True), (", interruptible: false", False)):
        call = drive(
            f"nodes: {{a: {{say: Press 1., next: [{{intent: x, keys: '1', goto: b}}]{more}}}, b: {{end: true}}}}",
            start=False,
        )
        call._say = lambda effect: []
        pressing(call.start(), "1")
        assert any(isinstance(e, effects.Interrupt) for _, wanted in call.record for e in wanted) is stops


def test_keys_that_come_while_the_flow_is_busy_count_when_it_listens(drive):
    call = drive(
        "nodes: {a: {run: t.slow, timeout: 2s, next: [{else: b}]}, "
        "b: {say: Press 1., next: [{intent: x, keys: '1', goto: c}]}, c: {end: ahead}}",
        tools={"t.slow": None},
    )
    assert pressing(call, "1").wait(5).ended == "ahead"


def test_keys_start_silence_over(drive):
    call = drive(PIN, channel="voice").wait(9)
    pressing(call, "1").wait(2)
    assert call.of("input.missing") == []


@settings(max_examples=80, deadline=None)
@given(keys=st.text("0123456789*#", min_size=1, max_size=12), cuts=st.lists(st.integers(0, 12), max_size=4))
def test_how_keys_are_bundled_makes_no_difference(built, keys, cuts):
    """The same keys, each alone or several in one message: the same end, slots and words."""
    results = []
    for marks in ([*range(1, len(keys))], sorted({cut for cut in cuts if 0 < cut < len(keys)})):
        call = built(PIN, channel="voice")
        for begin, end in zip([0, *marks], [*marks, len(keys)], strict=True):
            call.happens(inputs.Pressed(at=call.now, keys=keys[begin:end]))
        call.wait(PAUSE_S + 0.1)
        results.append((call.ended, call.slots, call.said))
    assert results[0] == results[1]


MODEL = """
nodes:
  a: {instruct: Help., tools: [t.find], next: [{intent: is done, keys: 9, goto: b}]}
  b: {end: pressed}
"""


def test_where_a_model_thinks_keys_cut_it_off(drive):
    call = drive(MODEL, tools={"t.find": None}, start=False)
    call._runmodel = lambda effect: []
    assert pressing(call.start(), "9").ended == "pressed"
    assert any(isinstance(e, effects.Interrupt) for _, wanted in call.record for e in wanted)


def test_where_a_models_call_runs_keys_wait_for_its_outcome(drive):
    turns = [[("t_find", {})]]
    call = drive(MODEL, tools={"t.find": None}, model=lambda _: turns.pop(0) if turns else ["Hm."])
    pressing(call, "9")
    assert call.ended is None
    name = call.of("tool.called")[0]["call"]
    call.happens(inputs.ToolFinished(at=call.now, call=name, outcome="value", result={}))
    assert call.ended == "pressed"
    assert call.of("tool.finished")[0]["outcome"] == "value"


def test_keys_that_mean_nothing_to_a_model_are_lost(drive):
    call = drive(MODEL, tools={"t.find": None})
    assert pressing(call, "7").ended is None
    assert call.said == ["All right."]


def test_a_hash_behind_as_many_keys_as_the_answer_takes_is_no_answer_to_the_next_question(drive):
    flow = """
    slots: {pin: {type: digits, length: 4, prompt: "Pin?"}, code: {type: digits, prompt: "Code?"}}
    nodes: {a: {collect: [pin, code], next: b}, b: {say: Bye., end: true}}
    """
    call = drive(flow, channel="voice").press("1234#").wait(4)
    assert (call.said, call.of("input.unmatched")) == (["Pin?", "Code?"], [])
    call.press("77").press("#")
    assert (call.slots, call.said[-1]) == ({"pin": "1234", "code": "77"}, "Bye.")
