"""Asking for slots: values, several at once, confirmation, correction, refusal, ladders."""

FLOW = """
slots:
  name:  {type: person_name, prompt: "What is your name?", confirm: readback}
  size:  {type: enum, values: {small: [little], large: [big]}, prompt: "Which size?", reprompt: "Small or large?"}
  count: {type: integer, min: 1, max: 9, prompt: "How many?", confirm: implicit}
nodes:
  a:
    collect: [size, count, name]
    next:
      - {outcome: exhausted, goto: lost}
      - {outcome: declined, goto: no}
      - {intent: asks the price, examples: [how much is it], say: It is ten.}
      - {intent: wants to leave, examples: [goodbye], goto: no}
      - {else: b}
  b: {end: true}
  lost: {end: lost}
  no: {end: declined}
"""


def test_slots_are_asked_for_one_at_a_time(drive):
    call = drive(FLOW)
    call.hear("large", "three", "Ada Lovelace", "yes")
    assert call.ended == "done"
    assert call.slots == {"size": "large", "count": 3, "name": "Ada Lovelace"}
    assert call.said[:2] == ["Which size?", "How many?"]
    assert call.said[2].endswith("What is your name?")
    assert "3" in call.said[2]
    assert "Ada Lovelace" in call.said[3]


def test_several_slots_in_one_sentence_are_taken_together(drive):
    call = drive(FLOW).hear("my name is Ada and I would like a large one")
    assert call.slots == {"size": "large"}
    assert call.hear("two").said[-1].count("Ada") == 1
    assert call.hear("yes").slots["name"] == "Ada"


def test_no_to_a_read_back_asks_again(drive):
    call = drive(FLOW).hear("large", "3", "Ada Lovelace", "no")
    assert call.said[-1] == "What is your name?"
    assert call.hear("Grace Hopper", "yes").slots["name"] == "Grace Hopper"


def test_a_correction_beside_the_no_is_read_back_at_once(drive):
    call = drive(FLOW).hear("large", "3", "Ada Lovelace", "no, my name is Grace Hopper")
    assert "Grace Hopper" in call.said[-1]
    assert call.hear("yes").slots["name"] == "Grace Hopper"


def test_the_slot_set_last_can_be_corrected(drive):
    call = drive(FLOW).hear("large", "no, I meant small")
    assert call.slots == {"size": "small"}
    assert call.node == "a"


def test_a_value_out_of_range_is_explained(drive):
    call = drive(FLOW).hear("large", "twelve")
    assert "9" in call.said[-2]
    assert "count" not in call.slots


def test_after_the_last_attempt_it_is_exhausted(drive):
    call = drive(FLOW).hear("banana", "bicycle")
    assert call.said == ["Which size?", "Small or large?", "Small or large?"]
    assert call.hear("wardrobe").ended == "lost"


def test_a_person_may_decline(drive):
    assert drive(FLOW).hear("I'd rather not say").ended == "declined"


def test_an_intent_in_between_is_answered_and_the_question_repeated(drive):
    call = drive(FLOW).hear("how much is it")
    assert call.said == ["Which size?", "It is ten.", "Which size?"]
    assert call.hear("goodbye").ended == "declined"


def test_words_for_an_open_slot_are_first_offered_to_the_router(drive):
    call = drive(FLOW, router=lambda text, choices: choices[1].key if "going" in text else None)
    call.hear("small", "1", "I am going now")
    assert call.ended == "declined"


def test_a_slot_with_a_default_is_not_asked_for(drive):
    call = drive(
        'slots: {n: {type: integer, default: 2}, m: {type: integer, prompt: "M?"}}\nnodes: {a: {collect: [n, m], next: b}, b: {end: true}}'
    )
    assert call.said == ["M?"]
    assert call.hear("5").slots == {"n": 2, "m": 5}


def test_the_recogniser_is_told_what_is_expected(drive):
    from framework.engine.expect import expects

    call = drive(FLOW)
    expected = expects(call.plan, call.state)
    assert expected.kind == "enum"
    assert {"large", "big", "how much is it"} <= set(expected.words)


def test_the_flow_waits_exactly_while_the_person_is_to_speak(drive):
    from framework.engine.expect import waiting

    call = drive(FLOW)
    assert waiting(call.plan, call.state)
    call.hear("large", "3", "Ada", "yes")
    assert not waiting(call.plan, call.state)


def test_the_only_number_that_is_asked_for_needs_no_name(drive):
    call = drive(FLOW).hear("three large ones please")
    assert call.slots == {"size": "large", "count": 3}


def test_a_no_in_other_words_answers_a_yes_or_no_question(drive):
    call = drive('slots: {ok: {type: boolean, prompt: "Fine?"}}\nnodes: {a: {collect: [ok], next: b}, b: {end: true}}')
    assert call.hear("I'd rather not").slots == {"ok": False}
