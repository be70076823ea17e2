"""Go on elsewhere: from a checkpoint at any step, in a driver that knows nothing of the conversation."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from framework.engine import effects, frames, inputs, routes
from framework.engine.expect import waiting
from framework.engine.state import deadline, forked, restored, saved
from framework.engine.work import Work
from framework.errors import UserError
from framework.testing.driver import Driver


def handed_over(call, *, away=3600.0, remembers=False, **script):
    """The conversation in another driver, an hour later."""
    call.happens(inputs.TimePassed(at=call.now))
    kept = json.loads(json.dumps(saved(call.plan, call.state)))
    other = Driver(call.plan, tools=call.tools, router=call.router, model=call.model, now=call.now + away, **script)
    other.state = restored(call.plan, kept)
    return other.happens(inputs.Resumed(at=other.now, remembers=remembers))


ASK = """
    slots: {size: {type: enum, values: [small, large], prompt: "Which size?", confirm: readback}, n: {type: integer}}
    limits: {duration: 50s}
    nodes:
      a: {collect: [size, n], next: b}
      b: {say: "{{ slots.n }} {{ slots.size }}.", end: true}
"""


def test_a_question_is_asked_again(drive):
    call = handed_over(drive(ASK))
    assert call.said == ["Which size?"]
    assert call.of("session.resumed") == [{"hash": "", "away_s": 3600.0}]


def test_a_read_back_is_read_again_and_answers_are_kept(drive):
    call = handed_over(drive(ASK).hear("small"))
    assert "small" in call.said[0]
    call = handed_over(call.hear("yes")).hear("3")
    assert call.said[-1] == "3 small."
    assert call.ended == "done"


def test_attempts_are_kept(drive):
    call = handed_over(handed_over(drive(ASK).hear("purple")).hear("purple")).hear("purple")
    assert call.state["failing"] is True or call.ended is not None or call.node == "b"


def test_time_without_a_process_counts_for_nothing(drive):
    call = handed_over(drive(ASK).wait(40), away=100_000).wait(9)
    assert call.ended is None
    assert call.wait(2).ended == "limit"


CALLER = """
    slots: {size: text}
    outputs: [size]
    nodes:
      a: {subflow: ask, save: {size: result.size}, next: b}
      b: {say: "So {{ slots.size }}.", end: true}
"""
CALLED = """
    slots: {size: {type: enum, values: [small, large], prompt: "Which size?"}}
    outputs: [size]
    nodes:
      a: {collect: size, next: b}
      b: {wait: a while, next: [{after: 60s, end: true}]}
"""


def test_a_subflow_goes_on_and_returns(drive):
    call = handed_over(drive(CALLER, flows={"ask": CALLED})).hear("large").wait(61)
    assert call.said == ["Which size?", "So large."]
    assert call.ended == "done"


def test_a_node_that_waits_for_time_waits_for_the_rest_of_it(drive):
    call = handed_over(drive(CALLER, flows={"ask": CALLED}).hear("large").wait(50)).wait(9)
    assert call.ended is None
    assert call.wait(2).ended == "done"


TALK = """
    tools: [slow.tool]
    nodes:
      a: {instruct: "Talk about the weather.", next: [{intent: is done, goto: b}]}
      b: {say: "Bye.", end: true}
"""


def test_a_model_is_told_again_where_its_context_is_lost(drive):
    call = handed_over(drive(TALK, tools={"slow.tool": None}))
    assert call.role
    assert {"role": "developer", "content": "Talk about the weather."} in call.messages
    assert [offer.name for offer in call.offered] == ["slow_tool", "go_b"]
    assert call.said == ["All right."]


def test_a_model_that_remembers_is_not_told_twice(drive):
    call = handed_over(drive(TALK, tools={"slow.tool": None}), remembers=True)
    assert call.role
    assert call.offered
    assert all(message["role"] != "developer" for message in call.messages)


def test_a_call_of_the_model_that_ran_is_cancelled_and_the_model_goes_on(drive):
    call = drive(TALK, tools={"slow.tool": None}, model=lambda _: [("slow_tool", {})])
    assert call.state["calls"]
    call.model = lambda _: ["There I am."]
    call = handed_over(call)
    assert [finished["outcome"] for finished in call.of("tool.finished")] == ["cancelled"]
    assert call.said == ["There I am."]
    late = inputs.ToolFinished(at=call.now, call="m1.0", outcome="value", result={})
    assert call.happens(late).of("tool.finished")[1:] == []


RUN = """
    nodes:
      a: {run: slow.tool, next: [{outcome: done, goto: b}, {outcome: error, goto: c}, {outcome: timeout, goto: c}]}
      b: {say: Fine., end: true}
      c: {say: Sorry., end: sorry}
"""


def test_a_call_of_the_flow_that_ran_is_cancelled_and_takes_the_way_of_errors(drive):
    call = handed_over(drive(RUN, tools={"slow.tool": None}))
    assert [finished["outcome"] for finished in call.of("tool.finished")] == ["cancelled"]
    assert call.ended == "sorry"


def test_a_transfer_that_was_under_way_takes_the_way_of_errors(drive):
    call = drive("    nodes:\n      a: {transfer: desk, next: [{outcome: error, end: lost}, {end: true}]}")
    assert handed_over(call).ended == "lost"


def test_last_words_that_were_on_their_way_are_the_end(drive):
    call = drive(RUN, tools={"slow.tool": lambda _: {}}, start=False)
    call._say = lambda effect: []
    call.start()
    assert call.state["phase"] == "ending"
    assert handed_over(call).ended == "done"


def test_an_order_under_way_has_its_last_status(drive):
    call = drive(ASK)
    call._say = lambda effect: []
    call.order("say", text="Hold on.", order_id="one")
    assert call.fates["one"][0] == "applied"
    assert handed_over(call).fates["one"] == ("refused", "the session went on in another process")


def test_a_router_that_was_asked_is_asked_again(drive):
    text = """
    nodes:
      a: {say: Well?, next: [{intent: gives up, goto: b}, {else: c}]}
      b: {say: Bye., end: gone}
      c: {say: Good., end: stays}
    """
    call = drive(text)
    call._classify = lambda effect: []
    call.hear("I have had enough")
    assert call.state["classify"]
    call.router = lambda text, choices: choices[0].key
    assert handed_over(call).ended == "gone"


def test_what_was_spoken_and_waits_for_an_answer_is_spoken_again(drive):
    text = """
    nodes:
      a: {say: [Well?, And?], next: [{intent: gives up, goto: b}, {else: b}]}
      b: {say: Bye., end: gone}
    """
    assert handed_over(drive(text)).said == ["Well?"]


def test_a_conversation_that_is_paused_stays_so(drive):
    call = drive(ASK).order("pause", order_id="one")
    call = handed_over(call)
    assert call.said == []
    assert call.order("resume", order_id="two").fates["two"][0] == "applied"
    assert call.hear("small", "yes").slots == {"size": "small"}


def test_hearing_and_speaking_are_tuned_again(drive):
    text = """
    languages: [en, es]
    nodes:
      a: {wait: a word, languages: [es], next: [{intent: gives up, end: true}]}
    """
    call = handed_over(drive(text))
    (tuned,) = [effect for _, wanted in call.record for effect in wanted if isinstance(effect, effects.Tune)]
    assert tuned.language == "es"


# --- Interrupts -----------------------------------------------------------------

ASIDE = """
    slots: {size: {type: enum, values: [small, large], prompt: "Which size?"}, why: text}
    nodes:
      a: {collect: size, next: b}
      b: {say: "So {{ slots.size }}, {{ slots.why }}.", end: true}
      hours: {say: "Eight to five.", set: {why: "late"}, next: ask}
      ask: {wait: a word, next: [{intent: goes on, examples: [go on], end: true}]}
"""


def interrupted(call, flow, node, how="resume"):
    """What an interrupt of a flow does, between two steps."""
    work = Work(call.plan, forked(call.state))
    routes.detour(work, flow, node, {"kind": "interrupt", "interrupt": "hours", "then": how})
    call.state = work.state
    return call.happens(inputs.Noise(at=call.now))


@pytest.mark.parametrize("how", ["resume", "restart"])
def test_an_interrupt_comes_back_to_the_question_with_what_it_has_set(drive, how):
    call = interrupted(drive(ASIDE), "test", "hours", how)
    assert [entered["depth"] for entered in call.of("node.entered")] == [0, 1, 1]
    call = handed_over(call)
    call.hear("go on")
    assert call.said[-1] == "Which size?"
    assert call.slots == {"why": "late"}
    assert call.hear("small").said[-1] == "So small, late."


def test_an_interrupt_of_the_sessions_flow_has_its_slots_while_a_subflow_runs(drive):
    root = CALLER.replace("slots: {size: text}", "slots: {size: text, why: text}") + (
        '      hours: {set: {why: "late"}, say: "Eight to five.", end: true}\n'
    )
    call = interrupted(drive(root, flows={"ask": CALLED}), "test", "hours")
    assert call.said == ["Which size?", "Eight to five.", "Which size?"]
    assert call.state["flow"] == "ask"
    assert call.slots == {}
    call.hear("large").wait(61)
    assert call.slots == {"size": "large", "why": "late"}


def test_the_outputs_so_far_are_those_of_the_sessions_flow_in_the_middle_of_an_interrupt(drive):
    root = CALLER.replace("size: text", "size: text, why: text").replace("outputs: [size]", "outputs: [why]") + (
        '      hours: {set: {why: "late"}, wait: "for ever", next: [{after: 1h, end: true}]}\n'
    )
    call = interrupted(drive(root, flows={"ask": CALLED}), "test", "hours")
    call.happens(inputs.HungUp(at=call.now))
    assert call.of("session.ended")[0]["outputs"] == {"why": "late"}


# --- What is refused ---------------------------------------------------------------


def test_a_checkpoint_of_another_flow_is_refused(drive):
    call = drive(ASK)
    with pytest.raises(UserError, match="another version of the flow"):
        restored(call.plan, {**saved(call.plan, call.state), "hash": "0" * 64})


def test_a_checkpoint_of_another_version_is_refused(drive):
    call = drive(ASK)
    with pytest.raises(UserError, match="format"):
        restored(call.plan, {**saved(call.plan, call.state), "format": 99})


def test_a_session_that_is_over_is_not_resumed(drive):
    call = drive(RUN, tools={"slow.tool": lambda _: {}})
    with pytest.raises(UserError, match="is over"):
        restored(call.plan, saved(call.plan, call.state))


# --- The law -----------------------------------------------------------------------

ALL = """
    slots: {size: {type: enum, values: [small, large], confirm: readback}, n: {type: integer, default: 1}}
    events: {bell: {times: integer}}
    tools: [slow.tool]
    limits: {turns: 12, goto: z}
    nodes:
      a: {collect: size, next: [{event: bell, goto: b}, {outcome: done, goto: b}, {else: f}]}
      b: {instruct: talk, next: [{event: bell, goto: c}, {intent: goes on, goto: c}, {intent: gives up, goto: f}]}
      c: {subflow: ask, save: {size: result.size}, next: [{outcome: done, goto: d}, {else: f}]}
      d: {run: slow.tool, next: [{outcome: done, goto: e}, {else: f}]}
      e: {wait: for a bell, next: [{event: bell, where: event.times > 1, goto: f}, {after: 30s, goto: a}]}
      f: {transfer: desk, next: [{outcome: done, end: true}, {else: g}]}
      g: {say: Again?, next: [{intent: goes on, goto: a}, {intent: gives up, goto: z}, {after: 20s, goto: e}]}
      z: {say: Bye., end: true}
"""
WORDS = some.sampled_from(["small", "large", "yes", "no", "goes on", "gives up", "never mind", "er"])
THINGS = some.one_of(
    some.tuples(some.just("hear"), WORDS),
    some.tuples(some.just("arrive"), some.integers(0, 3)),
    some.tuples(some.just("wait"), some.sampled_from([1.0, 25.0, 70.0])),
    some.tuples(some.just("tool"), some.sampled_from(["value", "error", "timeout"])),
    some.tuples(some.just("transferred"), some.sampled_from(["done", "busy"])),
    some.tuples(some.just("goto"), some.sampled_from(["a", "b", "c", "d", "e", "g"])),
    some.tuples(some.just("resume"), some.booleans()),
    some.tuples(some.just("aside"), some.sampled_from(["e", "g", "a"])),
)


def _let(call, kind, what):
    acts = {
        "hear": lambda: call.hear(what),
        "arrive": lambda: call.arrive("bell", times=what),
        "wait": lambda: call.wait(what),
        "tool": lambda: _tools_end(call, what),
        "transferred": lambda: _transfer_ends(call, what),
        "goto": lambda: call.order("goto", node=what),
        "aside": lambda: interrupted(call, "test", what) if waiting(call.plan, call.state) else call,
        "resume": lambda: handed_over(call, remembers=what),
    }
    return acts[kind]()


def _tools_end(call, outcome):
    for name in [name for name, record in call.state["calls"].items() if record["open"]]:
        call.happens(inputs.ToolFinished(at=call.now, call=name, outcome=outcome))
    return call


def _transfer_ends(call, outcome):
    if call.state["transfer"]:
        name = call.state["transfer"]["transfer"]
        call.happens(inputs.Transferred(at=call.now, transfer=name, outcome=outcome))
    return call


@pytest.fixture(scope="module")
def drive_any(tmp_path_factory, planned):
    """The same flow again and again, with a model that does one thing or another."""
    place = tmp_path_factory.mktemp("flows")
    plan = planned(place, ALL, {"ask": CALLED}, ["slow.tool"])
    replies = [
        ["Hm."],
        [("slow_tool", {})],
        [("go_c", {})],
        [],
        [("go_f", {}), ("slow_tool", {})],
        ["Well.", ("go_c", {})],
    ]

    def model(seed):
        def reply(driver):
            answered = driver.messages and driver.messages[-1]["role"] == "tool"
            return ["So much for that."] if answered else replies[seed]

        return reply

    return lambda seed: Driver(plan, tools={"slow.tool": None}, model=model(seed)).start()


@settings(max_examples=150, deadline=None)
@given(things=some.lists(THINGS, max_size=14), seed=some.integers(0, 5))
def test_a_conversation_that_is_resumed_is_never_stuck(drive_any, things, seed):
    call = drive_any(seed)
    for kind, what in things:
        if call.ended is not None:
            break
        call = _let(call, kind, what)
        assert json.loads(json.dumps(call.state)) == call.state
        assert call.ended is not None or waiting(call.plan, call.state) or deadline(call.state) is not None
        assert len(call.state["stack"]) <= frames.DEPTH
    if call.ended is None:
        call.wait(4 * 3600)
    assert call.ended is not None
