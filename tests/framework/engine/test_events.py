"""Events from outside and the time a node has lasted: when they count, in which order, and when they don't."""

from __future__ import annotations

import pytest

from framework.engine import inputs

DOCTOR = """
    events:
      doctor.available: {doctor: person_name, minutes: {type: integer, default: 5}}
      nothing.happened: {}
    slots: {size: {type: enum, values: [small, large], prompt: "Which size?"}, n: integer}
"""
WAIT = """
    nodes:
      a:
        wait: a doctor
        next:
          - {event: doctor.available, where: event.minutes > 10, goto: late}
          - {event: doctor.available, say: "{{ event.doctor }} is free.", goto: free}
          - {intent: gives up, examples: [forget it], goto: gone}
          - {after: 30s, goto: gone}
      free: {say: "Go on.", end: true}
      late: {say: "Too late.", end: true}
      gone: {say: "Bye.", end: gave_up}
"""


@pytest.fixture
def waiting(drive):
    return lambda text=WAIT, **more: drive(DOCTOR + text, **more)


def test_a_flow_that_waits_is_silent_until_the_event_comes(waiting):
    call = waiting().hear("hello?").wait(29)
    assert call.said == []
    call.arrive("doctor.available", doctor="Ada")
    assert call.said == ["Ada is free.", "Go on."]
    assert call.of("node.left")[0]["cause"] == {"kind": "route", "route": 1, "event": "doctor.available"}


def test_where_decides_whether_an_event_counts(waiting):
    assert waiting().arrive("doctor.available", doctor="Ada", minutes=20).said == ["Too late."]


def test_a_node_is_left_when_it_has_lasted_long_enough(waiting):
    call = waiting().wait(31)
    assert call.ended == "gave_up"
    assert call.of("node.left")[0]["cause"] == {"kind": "route", "route": 3, "after": 30.0}


def test_an_intent_is_answered_where_a_flow_waits(waiting):
    assert waiting().hear("forget it").ended == "gave_up"


def test_time_is_up_only_when_nobody_speaks(waiting):
    call = waiting()
    call.happens(inputs.Began(at=call.now)).wait(40)
    assert call.ended is None
    call.happens(inputs.Noise(at=call.now))
    assert call.ended == "gave_up"


def test_time_that_is_up_while_a_person_speaks_comes_after_their_words(waiting):
    call = waiting()
    call.happens(inputs.Began(at=call.now)).wait(40)
    call.happens(inputs.Heard(at=call.now, text="something else"))
    assert call.ended == "gave_up"
    assert next(kind for kind, _ in call.events if kind in ("user.said", "node.left")) == "user.said"


@pytest.mark.parametrize(
    ("type_", "data", "why"),
    [
        ("doctor.gone", {}, "no flow declares an event `doctor.gone`"),
        ("doctor.available", {}, "event `doctor.available` needs `doctor`"),
        ("doctor.available", {"doctor": "Ada", "minutes": "soon"}, "`minutes` of event `doctor.available`"),
        ("doctor.available", {"doctor": "Ada", "room": 4}, "event `doctor.available` has no field `room`"),
    ],
)
def test_an_event_that_no_flow_declares_so_is_refused(waiting, type_, data, why):
    call = waiting()
    before = len(call.events)
    call.arrive(type_, **data)
    assert [kind for kind, _ in call.events[before:]] == ["error"]
    assert call.of("error")[0]["code"] == "bad_event"
    assert call.of("error")[0]["message"].startswith(why)
    assert call.node == "a"


def test_an_event_that_comes_while_a_tool_runs_counts_where_the_flow_listens_next(waiting):
    call = waiting(
        """
    nodes:
      a: {run: slow.tool, next: [{else: b}]}
      b: {wait: a doctor, next: [{event: doctor.available, goto: c}]}
      c: {say: "{{ session.turns }}", end: true}
    """,
        tools={"slow.tool": None},
    )
    call.arrive("doctor.available", doctor="Ada")
    assert call.node == "a"
    call.happens(inputs.ToolFinished(at=call.now, call="call1", outcome="value", result={}))
    assert call.ended == "done"


def test_an_event_that_no_route_wants_is_forgotten(waiting):
    call = waiting(
        """
    nodes:
      a: {collect: size, next: b}
      b: {wait: a doctor, next: [{event: doctor.available, goto: c}]}
      c: {say: done, end: true}
    """
    )
    call.arrive("doctor.available", doctor="Ada").hear("small")
    assert call.node == "b"
    assert call.ended is None


COLLECT = """
    nodes:
      a:
        collect: size
        no_input: []
        next:
          - {event: nothing.happened, emit: noted}
          - {event: doctor.available, if: slots.n == 1, say: "Not yet.", set: {n: 2}}
          - {event: doctor.available, goto: b}
          - {after: 1m, say: "Take your time."}
          - {else: b}
      b: {say: "So {{ slots.size }}.", end: true}
"""


def test_a_question_is_asked_again_when_an_event_made_the_bot_speak(waiting):
    call = waiting(COLLECT)
    call.order("set", slots={"n": 1})
    call.arrive("doctor.available", doctor="Ada")
    assert call.said == ["Which size?", "Not yet.", "Which size?"]
    assert call.slots["n"] == 2


def test_a_silent_event_leaves_a_question_as_it_is(waiting):
    call = waiting(COLLECT).arrive("nothing.happened")
    assert call.said == ["Which size?"]
    assert call.of("noted") == [{}]


def test_an_event_leads_away_from_a_question(waiting):
    assert waiting(COLLECT).arrive("doctor.available", doctor="Ada").ended == "done"


def test_a_route_on_time_that_stays_is_taken_once_an_entry(waiting):
    call = waiting("    limits: {silence: 10m}\n" + COLLECT).wait(300)
    assert call.said == ["Which size?", "Take your time.", "Which size?"]


def test_routes_that_hold_at_one_moment_are_taken_in_the_order_of_the_file(waiting):
    call = waiting(
        """
    nodes:
      a: {run: slow.tool, next: [{else: b}]}
      b:
        wait: for what comes
        next:
          - {event: nothing.happened, goto: d}
          - {if: slots.n == 1, goto: c}
      c: {say: c, end: c}
      d: {say: d, end: d}
    """,
        tools={"slow.tool": None},
    )
    call.order("set", slots={"n": 1})
    call.arrive("nothing.happened")
    call.happens(inputs.ToolFinished(at=call.now, call="call1", outcome="value", result={}))
    assert call.ended == "d"


def test_two_times_that_are_up_together_count_in_the_order_of_the_file(waiting):
    call = waiting(
        """
    nodes:
      a:
        wait: for time
        next:
          - {after: 20s, if: slots.n == 1, end: never}
          - {after: 20s, end: first}
          - {after: 10s, if: session.turns > 0, end: second}
    """
    )
    call.happens(inputs.TimePassed(at=call.now + 25))
    assert call.ended == "first"


def test_a_route_on_time_with_a_guard_is_taken_once_the_guard_holds(waiting):
    call = waiting(
        """
    nodes:
      a:
        wait: for time
        next:
          - {after: 10s, if: session.turns > 0, end: second}
    """
    ).wait(15)
    assert call.ended is None
    assert call.hear("well").ended == "second"


INSTRUCT = """
    tools: [slow.tool]
    nodes:
      a:
        instruct: talk
        respond_immediately: false
        next:
          - {event: doctor.available, goto: b}
          - {intent: is done, goto: c}
      b: {say: "A doctor.", end: doctor}
      c: {say: "Bye.", end: true}
"""


def test_an_event_waits_for_the_calls_of_a_models_turn(waiting):
    call = waiting(INSTRUCT, tools={"slow.tool": None}, model=lambda _: [("slow_tool", {})])
    call.hear("hi").arrive("doctor.available", doctor="Ada")
    assert call.node == "a"
    call.happens(inputs.ToolFinished(at=call.now, call="m1.0", outcome="value", result={}))
    assert call.ended == "doctor"
    assert [t["outcome"] for t in call.of("tool.finished")] == ["value"]


def test_a_route_comes_before_a_function_of_the_model(waiting):
    call = waiting(INSTRUCT, tools={"slow.tool": None}, model=lambda _: [("slow_tool", {}), ("go_c", {})])
    call.hear("hi").arrive("doctor.available", doctor="Ada")
    call.happens(inputs.ToolFinished(at=call.now, call="m1.0", outcome="value", result={}))
    assert call.ended == "doctor"


def test_a_spoken_node_may_wait_for_time_alone(waiting):
    call = waiting(
        """
    nodes:
      a: {say: "Listen.", next: [{after: 5s, goto: b}, {else: c}]}
      b: {say: "Still?", end: true}
      c: {say: "You spoke.", end: spoke}
    """
    )
    assert call.ended is None
    assert call.wait(6).ended == "done"


def test_words_take_the_route_without_a_trigger_where_no_intent_waits(waiting):
    call = waiting(
        """
    nodes:
      a: {say: "Listen.", next: [{after: 5s, goto: b}, {else: c}]}
      b: {say: "Still?", end: true}
      c: {say: "You spoke.", end: spoke}
    """
    )
    assert call.hear("hm").ended == "spoke"
