"""Calls beyond the plain one: confirmed by the person, beside the conversation, cut off or kept, and how often."""

import pytest

from framework.engine import effects, inputs

FLOW = """
slots: {n: integer}
limits: {silence: 10m}
nodes:
  a:
    instruct: Help.
    tools: [{name: t.book, CONFIRM}]
    next: [{intent: is done, goto: bye}]
  bye: {say: Goodbye., next: [{intent: go on, goto: a}]}
"""
CONFIRM = 'confirm: "Shall I book it?", save: {n: result.n}, with: {x: hidden}'


def scripted(*turns):
    left = list(turns)
    return lambda _driver: left.pop(0) if left else ["Hm."]


def booking(drive, entry, *turns, double=lambda _: {"n": 1}, flow=FLOW, tools=None, **more):
    tools = tools or {"t.book": double}
    return drive(flow.replace("CONFIRM", entry), tools=tools, model=scripted(["Hello."], *turns), **more)


def outcomes(call):
    return [data["outcome"] for data in call.of("tool.finished")]


def answers(call):
    return [message["content"] for message in call.messages if message["role"] == "tool"]


def finish(call, name, outcome="value", **more):
    return call.happens(inputs.ToolFinished(at=call.now, call=name, outcome=outcome, **more))


# --- Confirmed --------------------------------------------------------------


def test_a_call_that_wants_a_yes_is_made_only_with_one(drive):
    given = []
    call = booking(drive, CONFIRM, [("t_book", {})], ["Booked."], double=lambda a: given.append(a) or {"n": 3})
    call.hear("book it")
    assert call.said[-1] == "Shall I book it?"
    assert (given, call.of("tool.called")) == ([], [])
    call.hear("yes please")
    assert given == [{"x": "hidden"}]
    assert (call.said[-1], call.slots, outcomes(call)) == ("Booked.", {"n": 3}, ["value"])


@pytest.mark.parametrize("words", ["no", "what does it cost?", "book it for Monday", "hm"])
def test_anything_but_a_yes_declines_and_the_model_is_told(drive, words):
    call = booking(drive, CONFIRM, [("t_book", {})], ["As you like."])
    call.hear("book it", words)
    assert answers(call)[-1]["status"] == "declined"
    assert call.of("tool.called") == []
    assert (call.node, call.said[-1]) == ("a", "As you like.")


def test_who_wants_to_hear_the_question_again_or_needs_a_moment_has_not_answered_it(drive):
    call = booking(drive, CONFIRM, [("t_book", {})], ["Booked."])
    call.hear("book it", "what was that?", "one moment")
    assert call.said.count("Shall I book it?") == 2
    assert answers(call) == []
    call.hear("yes")
    assert (outcomes(call), call.said[-1]) == (["value"], "Booked.")


def test_while_the_person_is_asked_only_they_can_go_on(drive):
    from framework.engine import expect

    call = booking(drive, CONFIRM, [("t_book", {})])
    call.hear("book it")
    assert expect.waiting(call.plan, call.state)
    assert expect.expects(call.plan, call.state).kind == "boolean"


def test_several_calls_are_asked_about_one_after_the_other(drive):
    call = booking(drive, CONFIRM, ["Both?", ("t_book", {}), ("t_book", {})], ["Fine."])
    call.hear("book twice")
    assert call.said.count("Shall I book it?") == 1
    call.hear("yes")
    assert call.said.count("Shall I book it?") == 2
    call.hear("no")
    assert (outcomes(call), call.said[-1]) == (["value"], "Fine.")
    assert sorted(a.get("status", "done") for a in answers(call)) == ["declined", "done"]


def test_the_question_comes_after_the_other_calls_of_the_turn(drive):
    flow = FLOW.replace("tools: [", "tools: [t.look, ")
    tools = {"t.book": lambda _: {"n": 1}, "t.look": None}
    call = booking(drive, CONFIRM, [("t_book", {}), ("t_look", {})], ["Both."], flow=flow, tools=tools)
    call.hear("book it")
    assert "Shall I book it?" not in call.said
    finish(call, "m2.1", result={})
    assert call.said[-1] == "Shall I book it?"
    call.hear("yes")
    assert call.said[-1] == "Both."


def test_words_that_came_before_the_question_could_be_heard_are_no_yes(drive):
    call = booking(drive, CONFIRM, [("t_book", {})], channel="voice", start=False)
    waiting = []
    call._say = lambda effect: call.said.append(effect.text) or waiting.append(effect) or []
    call.start()
    call.hear("book it", "yes")
    assert call.said.count("Shall I book it?") == 2
    assert call.of("tool.called") == []


def test_an_order_to_instruct_is_no_answer_to_the_question(drive):
    call = booking(drive, CONFIRM, [("t_book", {})], ["Booked."], ["Yes indeed."])
    call.hear("book it").order("instruct", text="yes")
    assert call.of("tool.called") == []
    call.hear("yes")
    assert outcomes(call) == ["value"]
    assert call.fates["o0"] == ("spoken", "")


def test_leaving_while_the_person_is_asked_answers_the_call(drive):
    call = booking(drive, CONFIRM, [("t_book", {})])
    call.hear("book it").order("goto", node="bye")
    assert answers(call) == [{"status": "cancelled"}]
    assert (call.node, outcomes(call), call.state["calls"]) == ("bye", [], {})


def test_a_message_in_each_language_asks_in_the_sessions(drive):
    entry = 'confirm: {en: "Shall I?", es: "¿Lo reservo?"}'
    call = booking(drive, entry, [("t_book", {})], ["Hecho."], start=False).start(language="es")
    call.hear("resérvalo", "sí")
    assert "¿Lo reservo?" in call.said
    assert outcomes(call) == ["value"]


# --- In the background ------------------------------------------------------

BACKGROUND = "mode: background, save: {n: result.n}"


def test_the_conversation_goes_on_beside_a_call_in_the_background(drive):
    call = booking(
        drive, BACKGROUND, [("t_book", {})], ["It runs."], ["Sunny."], ["It is booked."], tools={"t.book": None}
    )
    call.hear("book it")
    assert answers(call)[-1]["status"] == "running"
    call.hear("how is the weather?")
    assert call.said[-2:] == ["It runs.", "Sunny."]
    finish(call, "m2.0", result={"n": 4})
    assert call.slots == {"n": 4}
    assert call.said[-1] == "It is booked."
    assert '{"n": 4}' in call.messages[-2]["content"]
    assert outcomes(call) == ["value"]


def test_the_model_is_told_when_nobody_speaks(drive):
    call = booking(drive, BACKGROUND, [("t_book", {})], ["It runs."], ["Told."], tools={"t.book": None})
    call.hear("book it").happens(inputs.Began(at=call.now))
    finish(call, "m2.0", result={"n": 4})
    assert call.said[-1] == "It runs."
    call.happens(inputs.Noise(at=call.now))
    assert call.said[-1] == "Told."


def test_a_result_that_comes_at_another_node_is_kept_and_told_to_the_next_model(drive):
    call = booking(drive, BACKGROUND, [("t_book", {})], ["It runs."], ["Welcome back."], tools={"t.book": None})
    call.hear("book it").order("goto", node="bye")
    finish(call, "m2.0", result={"n": 4})
    assert (call.slots, call.said[-1]) == ({"n": 4}, "Goodbye.")
    call.order("goto", node="a")
    told = [message for message in call.messages if "t_book" in str(message["content"])]
    assert len(told) == 1
    assert call.said[-1] == "Welcome back."


def test_routes_on_a_background_result_count_where_the_call_was_made(drive):
    entry = "mode: background, next: [{outcome: error, goto: bye}]"
    call = booking(drive, entry, [("t_book", {})], ["It runs."], tools={"t.book": None})
    call.hear("book it")
    finish(call, "m2.0", "error", code="failed", message="No table.")
    assert (call.node, outcomes(call)) == ("bye", ["error"])


def test_a_background_call_times_out_and_has_one_outcome(drive):
    call = booking(drive, BACKGROUND, [("t_book", {})], ["It runs."], ["Too slow."], tools={"t.book": None})
    call.hear("book it").wait(20)
    finish(call, "m2.0", result={"n": 9})
    assert (outcomes(call), call.slots, call.said[-1]) == (["timeout"], {}, "Too slow.")


@pytest.mark.parametrize("entry", [BACKGROUND, "timeout: 5s"])
@pytest.mark.parametrize("end", ["hangup", "order"])
def test_the_end_of_the_session_closes_every_call(drive, entry, end):
    call = booking(drive, entry, [("t_book", {})], ["It runs."], tools={"t.book": None})
    call.hear("book it")
    call = call.happens(inputs.HungUp(at=call.now)) if end == "hangup" else call.order("end", reason="over")
    finish(call, "m2.0", result={"n": 9})
    assert outcomes(call) == ["cancelled"]
    assert call.events[-1][0] == "session.ended"


# --- Kept or cut off --------------------------------------------------------


@pytest.mark.parametrize("mode", ["wait", "background"])
@pytest.mark.parametrize(("what", "end"), [("keep", []), ("cancel", ["cancelled"])])
def test_speech_leaves_a_call_or_cuts_it_off_as_the_entry_says(drive, mode, what, end):
    entry = f"on_interrupt: {what}, mode: {mode}"
    call = booking(drive, entry, [("t_book", {})], ["It runs."], tools={"t.book": None})
    call.hear("book it", "oh, and one more thing")
    assert outcomes(call) == end
    assert (effects.CancelTool(call="m2.0") in [e for _, wanted in call.record for e in wanted]) is bool(end)


# --- How often --------------------------------------------------------------


def test_a_tool_that_is_called_too_often_is_not_called(drive):
    turns = [[("t_book", {})]] * 3
    call = booking(drive, "timeout: 5s", *turns, ["Enough."], rate=2)
    call.hear("book three times")
    assert [answer.get("code") for answer in answers(call)] == [None, None, "too_many_calls"]
    assert outcomes(call) == ["value", "value"]


def test_after_a_minute_a_tool_may_be_called_again(drive):
    call = booking(drive, "timeout: 5s", [("t_book", {})], ["One."], [("t_book", {})], ["Two."], rate=1)
    call.hear("book").wait(61).hear("book")
    assert outcomes(call) == ["value", "value"]


def test_a_run_that_comes_too_often_ends_as_an_error(drive):
    call = drive(
        "nodes: {a: {run: t.look, next: [{outcome: error, end: refused}, {if: session.visits < 9, goto: a}, {end: true}]}}",
        tools={"t.look": lambda _: {}},
        rate=2,
    )
    assert call.ended == "refused"
    assert len(call.of("tool.called")) == 2
    assert call.of("error")[0]["code"] == "too_many_calls"
