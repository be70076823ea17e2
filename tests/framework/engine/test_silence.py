"""Who says nothing is asked again, rung by rung, and not for ever."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.engine import effects, inputs
from framework.engine.silence import REASK_S

LADDER = """
slots: {size: {type: enum, values: [small, large], prompt: Small or large?}}
limits: {silence: 10m}
nodes:
  a:
    collect: size
    no_input: [{after: 6s, say: Still there?}, {after: 8s, say: Hello?}, {after: 4s, goto: b}]
    next: c
  b: {end: silent}
  c: {end: heard}
"""


def rungs(call):
    return [data["rung"] for data in call.of("input.missing")]


def test_each_rung_comes_after_its_own_silence(drive):
    call = drive(LADDER)
    assert call.wait(5.9).said == ["Small or large?"]
    assert call.wait(0.2).said[1:] == ["Still there?"]
    assert call.wait(7.8).said[2:] == []
    assert call.wait(0.2).said[2:] == ["Hello?"]
    assert call.wait(4.1).ended == "silent"
    assert rungs(call) == [1, 2, 3]
    assert call.of("node.left")[0]["cause"] == {"kind": "route", "ladder": "no_input", "rung": 3}


def test_words_start_the_ladder_over(drive):
    call = drive(LADDER).wait(7)
    call.hear("what was that")
    call.wait(5.9)
    assert rungs(call) == [1]
    assert rungs(call.wait(0.2)) == [1, 1]


def test_while_the_person_speaks_nothing_is_asked(drive):
    call = drive(LADDER).wait(5)
    call.happens(inputs.Began(at=call.now)).wait(30)
    assert rungs(call) == []
    call.hear("large")
    assert call.ended == "heard"


def test_a_noise_is_not_speech_and_goes_on_where_the_silence_was(drive):
    call = drive(LADDER).wait(5)
    call.happens(inputs.Began(at=call.now)).wait(3)
    call.happens(inputs.Noise(at=call.now)).wait(0.9)
    assert rungs(call) == []
    assert rungs(call.wait(0.2)) == [1]


def test_silence_begins_at_the_end_of_the_bots_speech(drive):
    call = drive(LADDER, start=False)
    said = []
    call._say = lambda effect: said.append(effect) or []
    call.start().wait(4)
    assert rungs(call) == []
    call.happens(inputs.Spoken(at=call.now, say=said[0].say, generated="Small or large?", spoken="Small or large?"))
    assert rungs(call.wait(5.9)) == []
    assert rungs(call.wait(0.2)) == [1]


def test_nothing_hangs_on_speech_that_never_ends(drive):
    call = drive(LADDER, start=False)
    call._say = lambda effect: []
    call.start().wait(120)
    assert call.ended == "silent"


def test_the_last_rung_repeats_unless_it_goes_somewhere(drive):
    call = drive(
        """
        limits: {silence: 10m}
        nodes: {a: {say: "Well?", no_input: [{after: 5s, say: [One, Two]}], next: [{intent: yes, end: true}]}}
        """
    )
    assert call.wait(20.5).said == ["Well?", "One", "Two", "One", "Two"]
    assert rungs(call) == [1, 2, 3, 4]


def test_a_ladder_is_inherited_and_a_nodes_own_comes_first(drive):
    text = """
    defaults: {no_input: [{after: 3s, say: Inherited}]}
    nodes:
      a: {say: A, next: [{intent: go on, goto: b}]}
      b: {say: B, no_input: [{after: 3s, say: Own}], next: [{intent: go on, end: true}]}
    """
    call = drive(text).wait(3.5)
    assert call.said == ["A", "Inherited"]
    call.hear("go on").wait(3.5)
    assert call.said[2:] == ["B", "Own"]


@pytest.mark.parametrize("channel", ["text", "voice"])
def test_without_a_ladder_it_is_asked_again_and_again_until_the_limit(drive, channel):
    call = drive(
        'nodes: {a: {collect: size, end: true}}\nslots: {size: {type: text, prompt: "Which?"}}', channel=channel
    )
    call.wait(REASK_S[channel] + 1)
    assert call.said == ["Which?", "Are you still there?", "Which?"]
    call.wait(60)
    assert call.ended == "limit"
    assert len(rungs(call)) == int(60 // REASK_S[channel]) - (60 % REASK_S[channel] == 0)


def test_an_empty_ladder_asks_nothing_and_the_limit_stands(drive):
    call = drive('nodes: {a: {say: "Well?", no_input: [], next: [{intent: yes, end: true}]}}').wait(59)
    assert call.said == ["Well?"]
    assert call.wait(2).ended == "limit"


def test_at_a_model_node_silence_is_noticed_once_the_model_has_spoken(drive):
    call = drive(
        "nodes: {a: {instruct: Talk., no_input: [{after: 5s, say: Hello?}], next: [{intent: q, end: true}]}}"
    ).wait(5.5)
    assert call.said == ["All right.", "Hello?"]
    assert {"role": "assistant", "content": "Hello?"} in call.messages


def test_the_silence_limit_goes_where_limits_go_and_ends_what_is_silent_there_too(drive):
    call = drive(
        """
        limits: {silence: 20s, goto: bye}
        defaults: {no_input: []}
        nodes: {a: {instruct: Talk., next: [{intent: q, end: true}]}, bye: {instruct: Say goodbye., next: [{intent: q, end: true}]}}
        """
    ).wait(21)
    assert call.visited == ["a", "bye"]
    assert call.of("node.left")[0]["cause"] == {"kind": "limit", "limit": "silence"}
    assert call.wait(25).ended == "limit"


def test_what_a_ladder_says_does_not_count_as_somebody_saying_something(drive):
    call = drive(
        "limits: {silence: 20s}\nnodes: {a: {instruct: Talk., no_input: [{after: 6s, say: Hello?}], next: [{intent: q, end: true}]}}"
    )
    call.wait(19)
    assert len(rungs(call)) == 3
    assert call.wait(1.5).ended == "limit"


def test_other_words_of_the_bot_start_the_limit_over(drive):
    call = drive(
        "limits: {silence: 20s}\ndefaults: {no_input: []}\nnodes: {a: {instruct: Talk., next: [{intent: q, end: true}]}}"
    ).wait(15)
    call.order("say", text="A word from us.").wait(15)
    assert call.ended is None
    assert call.wait(6).ended == "limit"


WAIT = "nodes: {{a: {{wait: for a doctor{}, next: [{{intent: stop, goto: b}}, {{after: 5m, goto: b}}]}}, b: {{end: waited}}}}"


def test_where_the_bot_itself_waits_nobody_is_asked_and_no_limit_counts(drive):
    call = drive("defaults: {no_input: [{after: 3s, goto: b}], no_match: [{say: Pardon?}]}\n" + WAIT.format(""))
    assert call.hear("hello?").wait(299).said == []
    assert call.wait(2).ended == "waited"


def test_where_the_bot_itself_waits_a_ladder_of_the_nodes_own_counts(drive):
    own = ", no_input: [{after: 3s, say: Still waiting.}], no_match: [{say: Not yet.}]"
    call = drive(WAIT.format(own)).wait(4)
    assert call.said == ["Still waiting."]
    assert call.hear("hello?").said[-1] == "Not yet."


def test_while_a_tool_runs_nobody_is_silent(drive):
    call = drive(
        "limits: {silence: 5s}\nnodes: {a: {run: t.slow, timeout: 30s, next: [{else: b}]}, b: {end: late}}",
        tools={"t.slow": None},
    )
    assert call.wait(29).ended is None
    assert call.wait(10).ended == "late"


@settings(max_examples=60, deadline=None)
@given(
    waits=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    turns=st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=8),
)
def test_a_ladder_climbs_one_rung_a_silence_and_begins_at_its_foot_after_speech(built, waits, turns):
    """The rungs between two turns of the person are 1, 2, 3, …, each as late as it says."""
    ladder = ", ".join(f"{{after: {seconds}s, say: Hello?}}" for seconds in waits)
    call = built(
        f"limits: {{silence: 2h, duration: 5h}}\nnodes: {{a: {{instruct: Talk., no_input: [{ladder}], next: [{{intent: q, end: true}}]}}}}"
    )
    for seconds, noise in turns:
        before = len(rungs(call))
        call.wait(seconds)
        climbed = rungs(call)[before:]
        assert climbed == list(range(1, len(climbed) + 1))
        sums = [sum((*waits, *([waits[-1]] * 50))[:n]) for n in range(1, 51)]
        assert len(climbed) == sum(total <= seconds for total in sums)
        if noise:
            call.happens(inputs.Began(at=call.now)).happens(inputs.Noise(at=call.now))
        call.hear("hello")
    says = [e for _, wanted in call.record for e in wanted if isinstance(e, effects.Say)]
    assert len(says) == len(rungs(call))
