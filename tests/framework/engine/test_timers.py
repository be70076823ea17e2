"""What a flow does after a while, and every so often."""

from hypothesis import given, settings
from hypothesis import strategies as st

from framework.engine import effects, inputs

QUIET = "defaults: {no_input: []}\nlimits: {silence: 1h, duration: 2h}\n"
TALK = "nodes: {a: {instruct: Talk., next: [{intent: q, goto: b}]}, b: {end: timed}}\n"


def test_a_timer_is_delivered_once_after_its_time(drive):
    call = drive(QUIET + "timers: {t: {after: 30s, say: Half a minute.}}\n" + TALK)
    assert call.wait(29).said == ["All right."]
    assert call.wait(1000).said == ["All right.", "Half a minute."]


def test_a_beat_is_delivered_every_so_often(drive):
    call = drive(QUIET + "timers: {beat: {every: 10s, say: [Tick, Tock]}}\n" + TALK).wait(35)
    assert call.said[1:] == ["Tick", "Tock", "Tick"]


def test_a_timer_tells_the_model_and_lets_it_speak(drive):
    call = drive(QUIET + "timers: {wrap_up: {after: 1m, instruct: Come to a close.}}\n" + TALK).wait(61)
    assert {"role": "developer", "content": "Come to a close."} in call.messages
    assert call.said == ["All right.", "All right."]


def test_an_instruction_waits_for_a_node_where_a_model_speaks(drive):
    call = drive(
        """
        defaults: {no_input: []}
        limits: {silence: 1h, duration: 2h}
        timers: {wrap_up: {after: 1m, instruct: Come to a close.}}
        slots: {n: integer}
        nodes: {a: {collect: n, next: b}, b: {instruct: Talk., next: [{intent: q, end: true}]}}
        """
    ).wait(90)
    assert not any(message["content"] == "Come to a close." for message in call.messages)
    call.hear("3")
    assert call.messages[-2]["content"] == "Come to a close."


def test_a_timer_leads_to_a_node_and_says_so(drive):
    call = drive(QUIET + "timers: {t: {after: 30s, goto: b}}\n" + TALK).wait(31)
    assert call.ended == "timed"
    assert call.of("node.left")[0]["cause"] == {"kind": "timer", "timer": "t"}


def test_a_timer_emits_an_event(drive):
    text = QUIET + "slots: {n: {type: integer, default: 3}}\n"
    call = drive(text + 'timers: {t: {after: 5s, emit: {beat: {n: "{{ slots.n }}"}}}}\n' + TALK).wait(6)
    assert call.of("beat") == [{"n": 3}]


def speaking(call):
    """What the bot says stays under way."""
    call.under_way = []
    call._say = lambda effect: call.said.append(effect.text) or call.under_way.append(effect) or []
    return call


def done(call):
    say = call.under_way.pop(0)
    return call.happens(inputs.Spoken(at=call.now, say=say.say, generated=say.text, spoken=say.text))


def test_an_idle_timer_waits_until_the_bot_and_the_person_are_silent(drive):
    text = QUIET + "timers: {t: {after: 1s, say: Now.}}\nnodes: {a: {say: Long., next: [{intent: x, end: true}]}}"
    call = speaking(drive(text, start=False)).start().wait(2)
    assert call.said == ["Long."]
    call.happens(inputs.Began(at=call.now))
    done(call)
    assert call.said == ["Long."]
    call.happens(inputs.Noise(at=call.now))
    assert call.said == ["Long.", "Now."]


def test_an_idle_timer_waits_for_a_tool(drive):
    text = "timers: {t: {after: 1s, goto: b}}\nnodes: {a: {run: t.slow, timeout: 5s, next: [{else: c}]}, "
    call = drive(
        QUIET + text + "b: {end: timed}, c: {instruct: Talk., next: [{intent: q, end: true}]}}", tools={"t.slow": None}
    ).wait(3)
    assert call.node == "a"
    assert call.wait(10).ended == "timed"


def test_a_timer_that_waits_for_nothing_cuts_the_speech(drive):
    text = QUIET + "timers: {t: {after: 1s, at: now, goto: b}}\n"
    call = speaking(
        drive(text + "nodes: {a: {say: Long., next: [{intent: x, end: true}]}, b: {end: timed}}", start=False)
    )
    call.start().wait(2)
    assert any(isinstance(e, effects.Interrupt) for _, wanted in call.record for e in wanted)
    assert call.of("node.entered")[-1]["node"] == "b"


def test_a_question_that_a_timer_cut_off_is_asked_again(drive):
    text = (
        QUIET + "timers: {t: {after: 1s, at: now, say: A minute left.}}\nslots: {n: {type: integer, prompt: How many?}}"
    )
    call = speaking(drive(text + "\nnodes: {a: {collect: n, end: true}}", start=False)).start().wait(2)
    assert call.said == ["How many?", "A minute left.", "How many?"]


def test_the_time_of_a_timer_with_nodes_begins_at_each_of_them(drive):
    call = drive(
        """
        defaults: {no_input: []}
        limits: {silence: 1h, duration: 2h}
        timers: {t: {after: 10s, say: Here., nodes: [b, c]}}
        nodes:
          a: {say: A, next: [{intent: go on, goto: b}]}
          b: {say: B, next: [{intent: go on, goto: c}]}
          c: {say: C, next: [{intent: go on, goto: a}]}
        """
    ).wait(20)
    call.hear("go on").wait(8)
    call.hear("go on").wait(8)
    assert "Here." not in call.said
    assert call.wait(3).said[-1] == "Here."
    call.hear("go on").wait(60)
    assert call.said[-1] == "A"


def test_beats_that_could_not_be_delivered_do_not_pile_up(drive):
    text = QUIET + "timers: {t: {every: 2s, say: Beat.}}\nnodes: {a: {say: Long., next: [{intent: x, end: true}]}}"
    call = speaking(drive(text, start=False)).start()
    call.happens(inputs.Began(at=call.now)).wait(20)
    assert call.said == ["Long."]
    call.happens(inputs.Noise(at=call.now))
    assert call.said == ["Long.", "Beat."]


@settings(max_examples=50, deadline=None)
@given(order=st.permutations(["u", "v", "w", "x"]), late=st.integers(0, 3))
def test_timers_due_together_are_delivered_one_by_one_in_the_order_of_the_file(built, order, late):
    timers = ", ".join(f"{name}: {{after: {5 - (n < late)}s, say: {name}}}" for n, name in enumerate(order))
    text = f"timers: {{{timers}}}\nnodes: {{a: {{say: Long., next: [{{intent: q, end: true}}]}}}}"
    call = speaking(built(QUIET + text, start=False)).start()
    call.happens(inputs.Began(at=call.now)).wait(5)
    call.happens(inputs.Noise(at=call.now))
    heard = []
    while call.under_way:
        assert len(call.under_way) == 1
        heard.append(call.under_way[0].text)
        done(call)
    assert heard == ["Long.", *order]
