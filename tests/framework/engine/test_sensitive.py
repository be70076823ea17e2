"""What is kept from everybody: sensitive slots, in events, words, prompts and the hands of tools."""

import json

import pytest

from framework.engine import effects, expect, inputs
from framework.engine.state import initial
from framework.engine.step import step

CARD = "4929123456781234"
FLOW = """
slots:
  card: {type: text, pattern: "[0-9]{16}", prompt: "Your card?", sensitive: true, grant: [pay.charge], CONFIRM}
  name: {type: text, prompt: "Your name?", examples: [Ada]}
nodes:
  a:
    collect: [card, name]
    next: [{intent: wants out, examples: [stop], end: out}, {goto: b}]
  b:
    set: {name: "{{ slots.card }}"}
    say: "You have {{ slots.card }}."
    next: [{if: 'starts_with(slots.card, "4929")', goto: c}, {goto: c}]
  c: {run: pay.charge, with: {card: "{{ slots.card }}"}, save: {card: result.card}, next: d}
  d: {run: pay.look, with: {x: "{{ slots.card }}"}, next: e}
  e:
    instruct: "They have {{ slots.card }}."
    tools: [{name: pay.charge, with: {x: "{{ slots.card }}"}}, {name: pay.look, with: {x: "{{ slots.card }}"}}]
    next: [{if: slots.name == "gone", end: gone}]
"""


def paying(drive, confirm="confirm: readback", **more):
    given = []

    def charge(arguments):
        given.append(("charge", arguments))
        return {"card": arguments.get("card", CARD), "note": f"charged {CARD[:8]} {CARD[8:]}"}

    tools = {"pay.charge": charge, "pay.look": lambda a: given.append(("look", a)) or {"seen": CARD}}
    flow = FLOW.replace(", CONFIRM", f", {confirm}" if confirm else "")
    return drive(flow, tools=tools, **more), given


def everything_told(call):
    """All that leaves the engine but what tools are given."""
    told = [e for _, wanted in call.record for e in wanted if not isinstance(e, effects.CallTool)]
    return "".join(c for c in repr(told) + json.dumps(call.messages) if c.isalnum())


@pytest.mark.parametrize("confirm", ["confirm: readback", "confirm: implicit", ""])
def test_a_sensitive_value_reaches_the_tool_it_was_granted_to_and_nobody_else(drive, confirm):
    turns = [["Well."], [("pay_charge", {}), ("pay_look", {})], ["Done."]]
    call, given = paying(drive, confirm, model=lambda _: turns.pop(0) if turns else ["Hm."])
    call.hear("12", CARD, *(["yes"] if "readback" in confirm else []), "Ada", f"again {CARD}")
    assert given == [
        ("charge", {"card": CARD}), ("look", {"x": "***"}), ("charge", {"x": CARD}), ("look", {"x": "***"}),
    ]  # fmt: skip
    call.messages = [m for m in call.messages if m["role"] != "user"]
    assert CARD not in everything_told(call)
    assert call.slots["card"] == CARD


def test_what_a_person_says_to_a_sensitive_question_is_told_without_words(drive):
    call, _ = paying(drive)
    call.hear("12", CARD, "yes", "Ada")
    assert [(data["text"], data.get("masked")) for data in call.of("user.said")] == [
        ("", True), ("", True), ("", True), ("Ada", None),
    ]  # fmt: skip
    assert call.of("slot.set")[0] == {"slot": "card", "value": "***", "source": "said"}


def test_it_is_read_back_in_a_masked_form(drive):
    call, _ = paying(drive)
    call.hear(CARD)
    assert call.said[-1] == "I have what you told me. Is that right?"


def test_no_router_hears_the_answer(drive):
    asked = []
    call, _ = paying(drive, router=lambda text, _choices: asked.append(text))
    call.hear("one two", "what do you mean")
    assert asked == []
    call.hear(CARD, "yes", "that is hard to say")
    assert asked == ["that is hard to say"]


def test_no_router_hears_it_again_where_somebody_repeats_it_later(drive):
    heard = []
    call = drive(
        """
        slots: {pin: {type: digits, length: 8, sensitive: true, prompt: "Your number?", confirm: implicit}}
        nodes:
          a: {collect: pin, next: b}
          b: {say: Hello., next: [{intent: wants tea, examples: [tea please], end: true}]}
        """,
        router=lambda text, _choices: heard.append(text),
    )

    call.hear("73918264", "it was 7391 8264, you know")

    assert heard == ["it was ***, you know"]


def test_the_recogniser_knows_that_the_answer_is_private(drive):
    call, _ = paying(drive)
    assert expect.expects(call.plan, call.state).private
    assert expect.private(call.plan, call.state, "anything")
    call.hear(CARD, "yes")
    assert not expect.expects(call.plan, call.state).private
    assert not expect.private(call.plan, call.state, "Ada")
    assert expect.private(call.plan, call.state, f"no, I meant {CARD[::-1]}")
    assert expect.private(call.plan, call.state, f"it was {CARD[:4]} {CARD[4:8]} {CARD[8:12]} {CARD[12:]}")


def test_words_that_were_kept_on_their_way_are_told_without_words(drive):
    call, _ = paying(drive)
    call.hear(CARD, "yes").happens(inputs.Heard(at=call.now, text="Ada", private=True))
    assert call.of("user.said")[-1]["text"] == ""
    assert call.slots["name"] == "***"  # the node that follows copies the card, masked


def test_a_tool_sees_of_the_slots_only_what_it_was_granted(drive):
    call, _ = paying(drive)
    call.hear(CARD, "yes")
    assert expect.visible(call.plan, call.state, "pay.charge")["card"] == CARD
    assert expect.visible(call.plan, call.state, "pay.look")["card"] == "***"


def test_notes_of_how_it_was_decided_hold_no_value(drive):
    call, _ = paying(drive)
    call.hear(CARD, "yes", "Ada")
    state, trace = initial(), []
    for happened, _ in call.record:
        state, _ = step(call.plan, state, happened, trace)
    assert trace
    assert CARD not in json.dumps(trace)


def test_keys_that_are_left_over_from_a_sensitive_answer_answer_nothing_else(drive):
    call = drive(
        """
        slots:
          pin: {type: digits, length: 8, sensitive: true, input: dtmf, prompt: "Your number?", confirm: none}
          k: {type: integer, prompt: How many?}
        nodes:
          a: {collect: pin, next: b}
          b: {collect: k, next: c}
          c: {end: true}
        """,
        channel="voice",
    )

    call.happens(inputs.Pressed(at=call.now, keys="73918264" * 2))
    call.wait(4)

    assert (call.node, call.slots.get("pin"), call.slots.get("k")) == ("b", "73918264", None)
    assert "73918264" not in everything_told(call)


def test_keys_of_one_sensitive_answer_after_another_may_come_at_once(drive):
    call = drive(
        """
        slots:
          card: {type: digits, length: 16, sensitive: true, input: dtmf, prompt: "Your card?", confirm: none}
          code: {type: digits, length: 3, sensitive: true, input: dtmf, prompt: "The code?", confirm: none}
        nodes:
          a: {collect: [card, code], next: b}
          b: {say: Thank you., end: true}
        """,
        channel="voice",
    )

    call.happens(inputs.Pressed(at=call.now, keys=f"{CARD}123"))

    assert call.slots == {"card": CARD, "code": "123"}
