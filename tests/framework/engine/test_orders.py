"""What an operator's orders do in every state."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.engine import effects, inputs
from framework.engine.orders import WAITING
from framework.testing.driver import Driver

FLOW = """
slots: {size: {type: enum, values: [small, large]}, n: integer}
nodes:
  a: {collect: [size], next: b}
  b: {instruct: Talk., next: [{if: slots.n == 3, goto: c}]}
  c: {end: three}
"""
CARRIED = ["say", "instruct", "goto", "set", "end"]


def slow(call):
    """What the bot says stays under way until `done`."""
    call.under_way = []

    def say(effect):
        call.said.append(effect.text)
        call.under_way.append(effect)
        return []

    call._say = say
    return call


def done(call, *, spoken=None):
    """The first words that are under way have left, or only this much of them."""
    say = call.under_way.pop(0)
    words = say.text if spoken is None else spoken
    return call.happens(
        inputs.Spoken(at=call.now, say=say.say, generated=say.text, spoken=words, interrupted=words != say.text)
    )


def statuses(call, order=None):
    """What was said of the orders, or of this one."""
    told = [e for _, wanted in call.record for e in wanted if isinstance(e, effects.Settle)]
    return [(e.order, e.status) for e in told] if order is None else [e.status for e in told if e.order == order]


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


@pytest.mark.parametrize("start", [True, False])
def test_an_order_that_the_flow_stumbles_over_is_applied_and_the_flow_takes_its_error_way(drive, start):
    flow = (
        "slots: {n: integer}\nnodes: {a: {say: Hello., next: [{if: slots.n == 3 and 1 / (slots.n - 3) > 0, goto: b}, "
    )
    call = drive(flow + "{intent: go on, goto: b}]}, b: {end: true}}", start=False)
    call = call.start() if start else call
    call.order("set", slots={"n": 3}, order_id="one")
    if not start:
        call.start()
    assert call.ended == "error"
    assert call.fates["one"] == ("applied", "")


def test_say_and_instruct_reach_the_person_and_then_are_spoken(drive):
    call = drive(FLOW).order("say", text="A word from us.").order("goto", node="b").order("instruct", text="Be brief.")
    assert "A word from us." in call.said
    assert {"role": "developer", "content": "Be brief."} in call.messages
    assert statuses(call) == [
        ("o0", "applied"), ("o0", "spoken"), ("o1", "applied"), ("o2", "applied"), ("o2", "spoken"),
    ]  # fmt: skip


def test_instruct_is_refused_where_no_model_speaks_and_told_what_to_do(drive):
    status, why = drive(FLOW).order("instruct", text="Be brief.").fates["o0"]
    assert status == "refused"
    assert "`say`" in why


def test_end_ends_with_its_reason(drive):
    assert drive(FLOW).order("end", reason="closing time").ended == "closing time"


def test_interrupt_stops_the_speech(drive):
    call = slow(drive(FLOW, start=False)).start().order("interrupt")
    assert call.fates["o0"] == ("applied", "")
    assert effects.Interrupt() in call.record[-1][1]


# --- When -------------------------------------------------------------------


def test_an_immediate_say_cuts_off_the_question_and_it_is_asked_again(drive):
    call = slow(drive(FLOW, start=False)).start()
    question = call.said[0]
    call.order("say", text="A word from us.")
    wanted = call.record[-1][1]
    assert wanted.index(effects.Interrupt()) < next(i for i, e in enumerate(wanted) if isinstance(e, effects.Say))
    assert call.said == [question, "A word from us.", question]
    done(call, spoken="")
    assert statuses(call, "o0") == ["applied"]
    done(call)
    assert statuses(call, "o0") == ["applied", "spoken"]


def test_a_queued_say_waits_until_the_bot_has_finished(drive):
    call = slow(drive(FLOW, start=False)).start().order("say", text="A word from us.", mode="queued")
    assert statuses(call) == []
    done(call)
    assert call.said[-1] == "A word from us."
    assert statuses(call, "o0") == ["applied"]


def test_a_queued_order_waits_until_the_person_has_finished(drive):
    call = drive(FLOW).happens(inputs.Began(at=0)).order("say", text="A word from us.", mode="queued")
    assert statuses(call) == []
    call.happens(inputs.Noise(at=0))
    assert statuses(call, "o0") == ["applied", "spoken"]


def test_an_order_waits_for_those_that_came_before_it(drive):
    call = slow(drive(FLOW, start=False)).start()
    call.order("say", text="First.", mode="queued", order_id="one").order("say", text="Second.", order_id="two")
    assert statuses(call) == []
    done(call)
    assert [order for order, status in statuses(call) if status == "applied"] == ["one", "two"]


def test_orders_before_the_beginning_are_carried_out_after_it_in_their_order(drive):
    call = drive(FLOW, start=False).order("goto", node="b", order_id="one")
    call.order("say", text="Welcome.", order_id="two").order("set", slots={"n": 3}, order_id="three")
    assert statuses(call) == []
    call.start()
    assert call.visited == ["a", "b", "c"]
    assert [order for order, status in statuses(call) if status == "applied"] == ["one", "two", "three"]
    assert statuses(call, "two")[-1] == "spoken"


def test_an_end_before_the_beginning_is_carried_out_at_once_and_refuses_what_waits(drive):
    call = (
        drive(FLOW, start=False).order("say", text="Welcome.", order_id="one").order("end", reason="no", order_id="e")
    )
    assert call.ended == "no"
    assert statuses(call) == [("one", "refused"), ("e", "applied")]
    assert call.of("session.ended")[0]["reason"] == "no"
    assert call.said == []


def test_an_immediate_end_does_not_wait_for_queued_orders(drive):
    call = slow(drive(FLOW, start=False)).start()
    call.order("say", text="Later.", mode="queued", order_id="one").order("end", reason="enough", order_id="two")
    assert call.fates["one"] == ("refused", "the session ended (enough)")
    assert statuses(call, "two") == ["applied"]
    done(call)
    assert call.ended == "enough"


def test_one_order_too_many_that_waits_is_refused(drive):
    call = drive(FLOW, start=False)
    for number in range(WAITING + 1):
        call.order("say", text="x", order_id=f"n{number}")
    assert statuses(call) == [(f"n{WAITING}", "refused")]


@pytest.mark.parametrize("kind", CARRIED)
def test_an_order_after_the_end_is_refused(drive, kind):
    call = drive(FLOW).order("end", reason="over")
    call.order(kind, text="x", node="b", slots={"n": 1}, reason="again")
    assert call.fates["o1"] == ("refused", "the session is over")


@pytest.mark.parametrize("kind", CARRIED)
def test_an_order_during_the_last_words_is_refused(drive, kind):
    call = slow(drive(FLOW, start=False)).start().order("end", reason="over")
    call.order(kind, text="x", node="b", slots={"n": 1}, reason="again", order_id="late")
    assert call.fates["late"] == ("refused", "the session is ending")


# --- What became of words ---------------------------------------------------


@pytest.mark.parametrize(
    ("spoken", "fate"),
    [
        ("A word", ("spoken", "cut off")),
        ("", ("refused", "it was cut off before a word of it was heard")),
        ("A word from us.", ("spoken", "")),
    ],
)
def test_words_that_are_cut_off_are_told_of(drive, spoken, fate):
    call = slow(drive(FLOW, start=False)).start()
    done(call)
    done(call.order("say", text="A word from us."), spoken=spoken)
    assert call.fates["o0"] == fate


def test_an_instruct_is_spoken_only_after_what_its_tools_led_to(drive):
    replies = [["Hello."], ["Let me see.", ("t_find", {})], ["It is one."]]
    flow = FLOW.replace("instruct: Talk.,", "instruct: Talk., tools: [t.find],")
    call = drive(flow, tools={"t.find": None}, model=lambda _: replies.pop(0) if replies else ["Hm."])
    call.order("goto", node="b").order("instruct", text="Look it up.")
    assert statuses(call, "o1") == ["applied"]
    call.happens(inputs.ToolFinished(at=call.now, call="m2.0", outcome="value", result={}))
    assert call.said[-1] == "It is one."
    assert statuses(call, "o1") == ["applied", "spoken"]


def test_an_instruct_without_an_answer_is_refused(drive):
    call = drive(FLOW).order("goto", node="b")
    call._runmodel = lambda effect: [inputs.ModelFailed(at=call.now, turn=effect.turn, message="secret")]
    call.order("instruct", text="Be brief.")
    assert call.fates["o1"] == ("refused", "the model gave no answer")


def test_an_instruct_that_ends_the_session_with_words_is_spoken(drive):
    flow = "nodes: {a: {instruct: Talk., next: [{intent: bye, goto: z}]}, z: {say: Goodbye., end: true}}"
    replies = [["Hello."], [("go_z", {})]]
    call = drive(flow, model=lambda _: replies.pop(0)).order("instruct", text="Say goodbye.")
    assert call.ended == "done"
    assert call.fates["o0"] == ("spoken", "")


def test_words_on_their_way_at_the_end_are_told_of(drive):
    call = slow(drive(FLOW, start=False)).start().order("say", text="A word from us.")
    call.happens(inputs.HungUp(at=call.now))
    assert call.fates["o0"] == ("refused", "the session ended (hangup)")


# --- Between two nodes ------------------------------------------------------

LEAVING = """
nodes:
  a: {say: Hello., actions: {leave: [{name: t.one}, {name: t.two}]}, next: [{intent: go on, goto: b}]}
  b: {say: Bee., next: [{intent: go on, goto: c}]}
  c: {say: Sea., next: [{intent: go on, goto: a}]}
"""


def leaving(drive):
    """A call whose actions are over only when told so."""
    call = drive(LEAVING, start=False)
    call._act = lambda _effect: []
    return call.start()


def acts(call):
    return [e.action for _, wanted in call.record for e in wanted if isinstance(e, effects.Act)]


def test_another_goto_while_a_node_is_being_left_changes_where_to(drive):
    call = leaving(drive).order("goto", node="b", order_id="one")
    assert statuses(call) == []
    call.happens(inputs.ActionFinished(at=call.now, action=acts(call)[0]))
    call.order("goto", node="c", order_id="two")
    call.happens(inputs.ActionFinished(at=call.now, action=acts(call)[-1]))
    assert call.visited == ["a", "c"]
    assert len(call.of("node.left")) == 1
    assert statuses(call) == [("one", "refused"), ("two", "applied")]


def test_an_action_that_fails_on_leaving_ends_with_one_apology(drive):
    call = drive(LEAVING, start=False)
    call._act = lambda e: [inputs.ActionFinished(at=call.now, action=e.action, ok=False, message="no")]
    call.start().order("goto", node="b")
    assert call.ended == "error"
    assert call.fates["o0"][0] == "refused"
    assert len(call.said) <= 3


# --- All of it together -----------------------------------------------------

STORM = """
events: {doctor.available: {doctor: text}}
slots: {size: {type: enum, values: [small, large]}, n: integer}
nodes:
  a: {clear: [size], collect: [size], next: b}
  b: {instruct: Talk., tools: [t.never], next: [{if: slots.n == 3, goto: c}, {intent: is done, goto: d}]}
  c: {run: t.never, timeout: 5s, next: [{outcome: timeout, goto: a}, {goto: d}]}
  d: {say: Anything else?, actions: {leave: [{name: t.slow}]}, next: [{intent: no more, goto: bye}, {goto: a}]}
  bye: {say: Goodbye., end: done}
"""
ORDERS = [
    {"kind": "say", "text": "A word from us."},
    {"kind": "instruct", "text": "Be brief."},
    {"kind": "goto", "node": "b"},
    {"kind": "goto", "node": "c"},
    {"kind": "goto", "node": "d"},
    {"kind": "goto", "node": "nowhere"},
    {"kind": "set", "slots": {"size": "large"}},
    {"kind": "set", "slots": {"n": 3}},
    {"kind": "set", "slots": {"n": "many"}},
    {"kind": "interrupt"},
    {"kind": "whisper", "text": "Psst."},
    {"kind": "prompt", "text": "Talk less."},
    {"kind": "personality", "personality": "nobody"},
    {"kind": "reload", "identity": {"name": "Ada"}},
    {"kind": "pause", "text": "One moment."},
    {"kind": "takeover"},
    {"kind": "resume"},
    {"kind": "mute", "on": True},
    {"kind": "mute", "on": False},
    {"kind": "transfer", "to": "desk"},
    {"kind": "app_message", "type": "hint", "data": {}},
    {"kind": "event", "type": "doctor.available", "data": {"doctor": "Ada"}},
    {"kind": "event", "type": "doctor.gone", "data": {}},
    {"kind": "end", "reason": "enough"},
]
DOINGS = st.one_of(
    st.tuples(st.just("order"), st.sampled_from(ORDERS), st.sampled_from(["immediate", "queued"])),
    st.tuples(st.sampled_from(["start", "began", "noise", "done", "cut", "tool", "act"])),
    st.tuples(st.just("hear"), st.sampled_from(["large", "is done", "hm"])),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 6.0, 30.0])),
)
REPLIES = st.lists(st.sampled_from([["Sure."], ["Look.", ("t_never", {})], [("go_d", {})], []]), max_size=6)


class Storm:
    """A call in which words, tools and actions take until they are told to end."""

    def __init__(self, plan, replies):
        replies = list(replies)
        self.call = slow(Driver(plan, model=lambda _: replies.pop(0) if replies else ["Well."], channel="voice"))
        self.call._act = lambda _effect: []
        self.orders = {}

    def do(self, what, *how):
        getattr(self, what)(*how)

    def order(self, order, mode):
        name = f"n{len(self.orders)}"
        self.orders[name] = order
        self.call.happens(inputs.Ordered(at=self.call.now, order={**order, "mode": mode, "order_id": name}))

    def start(self):
        self.call.start()

    def began(self):
        self.call.happens(inputs.Began(at=self.call.now))

    def noise(self):
        self.call.happens(inputs.Noise(at=self.call.now))

    def hear(self, text):
        self.call.hear(text)

    def done(self):
        if self.call.under_way:
            done(self.call)

    def cut(self):
        if self.call.under_way:
            done(self.call, spoken="")

    def tool(self):
        for name, call in list(self.call.state["calls"].items()):
            if call["open"]:
                self.call.happens(inputs.ToolFinished(at=self.call.now, call=name, outcome="value", result={}))

    def act(self):
        for action in acts(self.call):
            self.call.happens(inputs.ActionFinished(at=self.call.now, action=action))

    def wait(self, seconds):
        self.call.wait(seconds)


def test_in_every_state_every_order_has_one_fate_and_all_are_carried_out_in_their_order(drive):
    plan = drive(STORM, start=False, tools={"t.never": None}).plan

    @given(doings=st.lists(DOINGS, max_size=25), replies=REPLIES)
    @settings(max_examples=400, deadline=None)
    def holds(doings, replies):
        storm = Storm(plan, replies)
        for doing in doings:
            storm.do(*doing)
        storm.call.happens(inputs.HungUp(at=storm.call.now))
        begun = [n for n, status in statuses(storm.call) if status == "applied" and storm.orders[n]["kind"] != "goto"]
        assert begun == sorted(begun, key=lambda n: int(n[1:]))
        for name, order in storm.orders.items():
            told = statuses(storm.call, name)
            words = order["kind"] in ("say", "instruct")
            assert told in (["refused"], ["applied", "spoken"], ["applied", "refused"]) if words else True
            assert words or told in (["refused"], ["applied"])

    holds()


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("mode", ["immediate", "queued"])
def test_an_order_that_nothing_hinders_is_carried_out_before_long(drive, order, mode):
    call = drive(STORM, tools={"t.never": None})
    call.happens(inputs.Ordered(at=call.now, order={**order, "mode": mode, "order_id": "one"})).wait(70)
    told = statuses(call, "one")
    assert told
    assert told[-1] in ("spoken", "refused") or order["kind"] not in ("say", "instruct")
