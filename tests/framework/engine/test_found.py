"""What the proof of the engine has found: each fault by its name, so that it stays mended."""

import json

from framework.engine import effects, inputs
from framework.engine.state import deadline, initial
from framework.engine.step import step
from framework.testing.laws import Laws

PAUSED = """
nodes:
  a: {instruct: Talk., tools: [t.look], next: [{intent: is done, goto: end}]}
  end: {end: true}
"""


def test_calls_of_a_model_that_come_while_the_session_is_paused_are_kept_as_json(drive):
    call = drive(PAUSED, tools={"t.look": None}, start=False)
    call._runmodel = lambda _effect: []
    call.start().order("takeover")
    made = (inputs.ModelCall(call="c1", name="t_look", arguments={}),)

    happened = inputs.ModelCalled(at=call.now, turn=1, calls=made)
    state, _ = step(call.plan, call.state, happened)

    assert json.loads(json.dumps(state)) == state
    assert inputs.decoded(json.loads(json.dumps(inputs.encoded(happened)))) == happened


def test_a_silent_person_is_asked_again_also_where_a_timer_led_from_one_silent_node_to_another(drive):
    call = drive("""
    timers: {hurry: {after: 9s, goto: b}}
    defaults: {no_input: [{after: 5s, say: "Hello?"}, {after: 20s, say: "Hello?"}]}
    nodes:
      a: {say: Which one?, next: [{intent: this one, goto: b}]}
      b: {instruct: Talk., respond_immediately: false, next: [{intent: is done, goto: end}]}
      end: {end: true}
    """)
    call.wait(9)
    assert (call.node, call.said[-1]) == ("b", "Hello?")

    before = len(call.said)
    call.wait(5)

    assert call.said[before:] == ["Hello?"]


def test_the_session_keeps_no_place_to_come_back_to_when_it_ends_inside_a_subflow(drive):
    flows = {"inner": "nodes: {a: {wait: for nothing, next: [{after: 1h, end: true}]}}"}
    call = drive("nodes: {a: {subflow: inner, next: end}, end: {end: true}}", flows=flows)

    call.happens(inputs.HungUp(at=call.now))

    assert (call.ended, call.state["stack"]) == ("hangup", [])


def test_calls_of_a_node_are_over_when_the_person_hangs_up_and_it_is_left(drive):
    call = drive("nodes: {a: {run: t.look, next: end}, end: {end: true}}", tools={"t.look": None})

    call.happens(inputs.HungUp(at=call.now))

    told = [kind for kind, _ in call.events if kind in ("tool.finished", "node.left")]
    assert told == ["tool.finished", "node.left"]


def test_a_flow_that_never_settles_leaves_its_last_node_once(drive):
    inner = "nodes: {a: {subflow: inner, next: b}, b: {subflow: inner, next: end}, end: {end: true}}"
    call = drive("nodes: {a: {subflow: inner, next: end}, end: {end: true}}", flows={"inner": inner}, start=False)
    happened = inputs.Started(at=call.now, session={"channel": "text"})

    after, wanted = step(call.plan, call.state, happened)

    assert (after["phase"], after["reason"]) == ("ending", "error")
    assert Laws(call.plan).broken(happened, call.state, after, wanted) == []


def test_an_action_that_fails_while_the_session_ends_does_not_let_it_go_on_without_a_limit(drive):
    call = drive(
        """
        limits: {duration: 1m, silence: 10m}
        on_error: sorry
        nodes:
          a: {say: Which one?, actions: {leave: [t.note]}, next: [{intent: this one, goto: sorry}]}
          sorry: {wait: for anybody, next: [{event: bell, end: true}]}
        events: {bell: {}}
        """,
        start=False,
    )
    call._act = lambda effect: [inputs.ActionFinished(at=call.now, action=effect.action, ok=False, message="no")]
    call.start()

    while call.ended is None and (at := deadline(call.state)) is not None and at < call.now + 3600:
        call.wait(at - call.now)

    assert call.ended == "limit"


def test_a_response_that_was_cut_off_answers_no_order_when_it_ends_late(drive):
    call = drive("nodes: {a: {instruct: Talk., next: [{intent: is done, goto: b}]}, b: {end: true}}").hear("well", "hm")
    turn = call.state["model"]["turn"]
    told = {"kind": "instruct", "before": [], "turn": turn - 2, "answered": False, "words": False, "cut": False}
    state = {**call.state, "telling": {"o1": told}, "model": {**call.state["model"], "running": True}}

    late, _ = step(call.plan, state, inputs.ModelFinished(at=call.now, turn=turn - 1, text="As I said."))
    current, _ = step(call.plan, state, inputs.ModelFinished(at=call.now, turn=turn, text="Yes."))

    assert (late["telling"]["o1"]["answered"], current["telling"]["o1"]["answered"]) == (False, True)


def test_a_way_out_is_taken_also_where_an_interrupt_that_leads_nowhere_came_between(drive):
    call = drive(
        """
        events: {bell: {}}
        interrupts: {ring: {event: bell, say: Ring., return: none}}
        nodes: {a: {instruct: Talk., next: [{intent: is done, goto: b}]}, b: {say: Goodbye., end: true}}
        """,
        start=False,
    )
    (offered,) = call.plan.nodes["a"].offered
    state, told = initial(), []
    for happened in (
        inputs.Started(at=0.0, session={"id": "s", "channel": "text", "language": "en"}),
        inputs.ModelCalled(at=0.0, turn=1, calls=(inputs.ModelCall(call="c1", name=offered.offer.name, arguments={}),)),
        inputs.ModelFinished(at=0.0, turn=1),
        inputs.Arrived(at=0.0, type="bell", data={}),
        inputs.AnswerRead(at=0.0, call="c1"),
    ):
        state, wanted = step(call.plan, state, happened)
        told += [effect.text for effect in wanted if isinstance(effect, effects.Say)]

    assert told == ["Ring.", "Goodbye."]


def test_a_call_of_a_response_that_is_waited_for_no_more_is_not_made(drive):
    call = drive(
        """
        slots: {m: {type: integer, default: 3}}
        nodes:
          a:
            instruct: Talk.
            tools: [t.look]
            actions: {leave: [t.note]}
            next: [{if: slots.m == 3, goto: b}, {intent: is done, goto: b}]
          b: {end: true}
        """,
        tools={"t.look": None},
        start=False,
    )
    started = inputs.Started(at=0.0, session={"id": "s", "channel": "text", "language": "en"})
    late = inputs.ModelCalled(at=0.0, turn=1, calls=(inputs.ModelCall(call="c1", name="t_look", arguments={}),))

    leaving, _ = step(call.plan, initial(), started)
    _, wanted = step(call.plan, leaving, late)

    assert (leaving["node"], leaving["awaiting"]) == ("a", {"action": "act1"})
    assert [type(effect) for effect in wanted] == [effects.Answer]


def test_calls_that_wait_as_the_session_is_paused_are_answered_at_its_end(drive):
    call = drive(PAUSED, tools={"t.look": None}, start=False)
    call._runmodel = lambda _effect: []
    call.start().order("takeover")
    made = (inputs.ModelCall(call="c1", name="t_look", arguments={}),)

    waiting, _ = step(call.plan, call.state, inputs.ModelCalled(at=call.now, turn=1, calls=made))
    _, wanted = step(call.plan, waiting, inputs.HungUp(at=call.now))

    assert [effect.call for effect in wanted if isinstance(effect, effects.Answer)] == ["c1"]


def test_who_says_nothing_about_one_of_two_calls_is_asked_again(drive):
    call = drive(
        """
        defaults: {no_input: [{after: 5s, say: "Hello?"}]}
        nodes:
          a: {instruct: Talk., tools: [{name: t.book, confirm: Shall I?}], next: [{intent: is done, goto: b}]}
          b: {end: true}
        """,
        tools={"t.book": None},
        start=False,
    )
    call._runmodel = lambda effect: [
        inputs.ModelCalled(
            at=call.now,
            turn=effect.turn,
            calls=tuple(inputs.ModelCall(call=name, name="t_book", arguments={}) for name in ("c1", "c2")),
        ),
        inputs.ModelFinished(at=call.now, turn=effect.turn),
    ]

    call.start().wait(6)

    assert call.said == ["Shall I?", "Hello?"]


def test_a_response_that_the_person_cuts_off_before_its_first_word_is_no_silence_of_the_model(drive):
    call = drive(PAUSED, tools={"t.look": None}, start=False)
    state, told = initial(), []
    for happened in (
        inputs.Started(at=0.0, session={"id": "s", "channel": "voice", "language": "en"}),
        inputs.ModelFinished(at=1.0, turn=1, text="How can I help you?"),
        inputs.Spoken(at=2.0, generated="How can I help you?", spoken="How can I help you?"),
        inputs.Began(at=3.0),
        inputs.Heard(at=4.0, text="No."),
        inputs.Began(at=4.1),
        inputs.ModelFinished(at=5.0, turn=2),
        inputs.Heard(at=5.0, text="That is all."),
    ):
        state, wanted = step(call.plan, state, happened)
        told += [effect for effect in wanted if isinstance(effect, effects.Say | effects.RunModel)]

    assert [effect.turn for effect in told] == [1, 2, 3]
    assert state["model"]["silent"] == 0
