"""Every kind of order in every state: one last status always comes, in the order of arrival; and what each kind does."""

import json

import pytest

from framework.engine import effects, expect, inputs
from framework.personalities.model import Personality
from framework.sessions.orders import ORDER, SPOKEN
from framework.testing.driver import Driver

FLOW = """
events: {doctor.available: {doctor: text}}
slots: {size: {type: enum, values: [small, large]}, n: integer}
limits: {silence: 10m}
nodes:
  a: {collect: [size], next: b}
  b:
    instruct: "Talk with {{ identity.name }} as {{ personality.name }}."
    tools: [t.slow, other.look]
    next: [{if: slots.n == 3, goto: end}]
  c: {run: t.slow, timeout: 20s, next: b}
  d: {say: What else?, actions: {leave: [{name: t.act}]}, next: [{intent: go on, goto: b}]}
  e: {wait: for a doctor, next: [{after: 30s, goto: b}]}
  end: {end: three}
"""
KINDS = {
    "say": {"text": "A word."},
    "whisper": {"text": "They like tea."},
    "instruct": {"text": "Be brief."},
    "goto": {"node": "d"},
    "set": {"slots": {"size": "large"}},
    "prompt": {"text": "Sing."},
    "personality": {"personality": "luigi"},
    "reload": {"identity": {"name": "Ada"}},
    "pause": {"text": "One moment."},
    "resume": {},
    "takeover": {},
    "interrupt": {},
    "mute": {"on": True},
    "transfer": {"to": "desk"},
    "app_message": {"type": "hint", "data": {"x": 1}},
    "event": {"type": "doctor.available", "data": {"doctor": "Ada"}},
    "end": {"reason": "enough"},
}
LUIGI = Personality(personality="luigi", name="Luigi", role="You are Luigi.", tools={"block": ["other.*"]})


def slow_speech(call: Driver) -> Driver:
    """Words stay under way until they are told to have left."""
    call.under_way = []
    call._say = lambda effect: call.said.append(effect.text) or call.under_way.append(effect) or []
    return call


def leave(call: Driver) -> None:
    """All words that are under way have left."""
    while call.under_way:
        say = call.under_way.pop(0)
        call.happens(inputs.Spoken(at=call.now, say=say.say, generated=say.text, spoken=say.text))


def not_begun(build):
    return build(start=False)


def asked(build):
    return build()


def user_talking(build):
    call = build()
    return call.happens(inputs.Began(at=call.now))


def bot_talking(build):
    return slow_speech(build(start=False)).start()


def model_talking(build):
    call = build(start=False)
    call._runmodel = lambda _effect: []
    return call.start().order("goto", node="b", order_id="before")


def tool_running(build):
    call = build(model=lambda d: [("t_slow", {})] if not d.state["calls"] and not d.of("tool.called") else ["Well."])
    return call.order("goto", node="b", order_id="before")


def flow_tool_running(build):
    return build().order("goto", node="c", order_id="before")


def mid_transition(build):
    call = build()
    call._act = lambda _effect: []
    return call.order("goto", node="d", order_id="before").order("goto", node="b", order_id="then")


def waiting(build):
    return build().order("goto", node="e", order_id="before")


def paused(build):
    return build().order("pause", order_id="before")


def taken_over(build):
    return build().order("goto", node="b", order_id="first").order("takeover", order_id="before")


def muted(build):
    return build().order("mute", on=True, order_id="before")


def ending(build):
    return slow_speech(build(start=False)).start().order("end", reason="over", order_id="before")


def ended(build):
    return build().order("end", reason="over", order_id="before")


STATES = [
    not_begun, asked, user_talking, bot_talking, model_talking, tool_running, flow_tool_running, mid_transition,
    waiting, paused, taken_over, muted, ending, ended,
]  # fmt: skip


@pytest.fixture
def build(drive):
    def made(**more):
        call = drive(FLOW, tools={"t.slow": None, "other.look": lambda _: {}}, transfers={"desk": "busy"}, **more)
        call.errands["personality"] = lambda data: {"luigi": LUIGI}[data["name"]].model_dump()
        return call

    return made


def statuses(call):
    return [(e.order, e.status) for _, wanted in call.record for e in wanted if isinstance(e, effects.Settle)]


def finals(call, kinds):
    """The last words, in the order in which they came."""
    told = statuses(call)
    return [
        name for name, status in told if status != "applied" or kinds[name] not in SPOKEN
    ]  # fmt: skip


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
@pytest.mark.parametrize("mode", ["immediate", "queued"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_order_has_one_last_status_in_every_state(build, kind, mode, state):
    call = state(build)
    call.happens(inputs.Ordered(at=call.now, order={"kind": kind, "order_id": "one", "mode": mode, **KINDS[kind]}))
    call.happens(inputs.Ordered(at=call.now, order={"kind": "interrupt", "order_id": "two", "mode": mode}))
    if hasattr(call, "under_way"):
        leave(call)
    if state is not_begun:
        call.start()
    call.happens(inputs.Noise(at=call.now)).wait(1)
    call.happens(inputs.HungUp(at=call.now))
    told = [status for name, status in statuses(call) if name == "one"]
    spoken = [["applied", "spoken"], ["applied", "refused"], ["refused"]]
    assert told in (spoken if kind in SPOKEN else [["applied"], ["refused"]])
    assert len([name for name, _ in statuses(call) if name == "two"]) == 1
    json.dumps(call.state)


@pytest.mark.parametrize("kind", KINDS)
def test_what_nothing_hinders_is_applied_at_once(build, kind):
    call = build().order("goto", node="b", order_id="before")
    call.order(kind, order_id="one", **KINDS[kind])
    hindered = {"resume", "transfer"}
    assert call.fates["one"][0] == ("refused" if kind in hindered else "spoken" if kind in SPOKEN else "applied")


def test_the_table_has_every_kind_of_order():
    assert set(KINDS) == set(ORDER.json_schema()["discriminator"]["mapping"])


# --- What they do -----------------------------------------------------------


def test_whisper_tells_the_model_and_lets_nobody_speak(build):
    call = build().order("goto", node="b")
    said = list(call.said)
    call.order("whisper", text="They like tea.")
    assert call.messages[-1] == {"role": "developer", "content": "They like tea."}
    assert call.said == said


def test_a_prompt_takes_the_place_of_the_nodes_instructions(build):
    call = build().order("goto", node="b").order("prompt", text="Sing.").order("prompt", text="Dance.")
    tasks = [m["content"] for m in call.messages if m["role"] == "developer"]
    assert tasks == ["Dance."]
    call.order("goto", node="b")
    assert call.messages[-2]["content"].startswith("Talk with")


def test_a_prompt_is_refused_where_no_model_speaks(build):
    assert build().order("prompt", text="Sing.").fates["o0"][0] == "refused"


def test_another_personality_speaks_and_may_call_what_it_may(build):
    call = build().order("goto", node="b")
    assert "other_look" in [offer.name for offer in call.offered]
    call.order("personality", personality="luigi")
    assert call.role.startswith("You are Luigi.")
    assert [offer.name for offer in call.offered] == ["t_slow"]
    assert call.tuned[-1].personality == "luigi"
    call.order("goto", node="d").order("goto", node="b")
    assert call.messages[-2]["content"] == "Talk with  as Luigi."


def test_an_unknown_personality_is_refused(build):
    assert build().order("personality", personality="nobody").fates["o0"][0] == "refused"


def test_reload_puts_what_it_brings_over_what_was_known(build):
    call = build(start=False).start()
    call.order("goto", node="b").order("reload", identity={"name": "Ada"})
    assert call.state["identity"] == {"name": "Ada"}
    tasks = [m["content"] for m in call.messages if m["role"] == "developer"]
    assert tasks == ["Talk with Ada as ."]


def test_a_message_of_the_application_reaches_the_client_or_the_order_says_why_not(build):
    sent = []
    call = build()
    call.errands["app_message"] = sent.append
    call.order("app_message", type="hint", data={"x": 1})
    assert sent == [{"type": "hint", "data": {"x": 1}}]

    def nobody(_data):
        raise ValueError("no client is there")

    call.errands["app_message"] = nobody
    assert call.order("app_message", type="hint", order_id="two").fates["two"] == ("refused", "no client is there")


def test_an_event_by_order_counts_where_the_flow_listens_for_it_and_is_refused_where_it_does_not_fit(build):
    call = build().order("goto", node="e")
    call.order("event", type="doctor.available", data={"doctor": "Ada"}, order_id="one")
    assert (call.fates["one"], call.of("doctor.available")) == (("applied", ""), [{"doctor": "Ada"}])
    for data, why in (({"doctor": "Ada", "room": 1}, "has no field `room`"), ({}, "needs `doctor`")):
        call.order("event", type="doctor.available", data=data, order_id=why)
        assert call.fates[why][0] == "refused"
        assert why in call.fates[why][1]
    call.order("event", type="doctor.availible", data={}, order_id="two")
    assert call.fates["two"] == (
        "refused",
        "no flow declares an event `doctor.availible`. Did you mean `doctor.available`?",
    )
    assert call.of("error") == []


def test_an_errand_that_nobody_answers_is_refused_after_a_while(build):
    call = build()
    call._errand = lambda _effect: []
    call.order("app_message", type="hint", data={}).wait(20)
    assert call.fates["o0"] == ("refused", "there was no answer within 10 s")


# --- Paused, taken over, muted ----------------------------------------------


def test_a_paused_conversation_hears_and_says_nothing_and_goes_on_where_it_was(build):
    call = build().order("pause", text="One moment.").hear("large")
    assert (call.node, call.said[-1], call.of("user.said")) == ("a", "One moment.", [])
    assert expect.expects(call.plan, call.state).deaf
    call.wait(300).order("resume")
    assert call.said[-1] != "One moment."
    call.hear("large")
    assert call.node == "b"


def test_while_somebody_has_taken_over_the_bot_listens_only(build):
    call = build().order("goto", node="b")
    said = len(call.said)
    call.order("takeover").hear("is there anybody?")
    assert [data["text"] for data in call.of("user.said")] == ["is there anybody?"]
    assert len(call.said) == said
    assert not expect.expects(call.plan, call.state).deaf
    call.order("say", text="It is me, Ann.").order("resume")
    assert call.said[said:] == ["It is me, Ann.", "All right."]


def test_a_result_that_comes_while_it_is_paused_is_read_afterwards(build):
    call = tool_running(build).order("pause")
    call.happens(inputs.ToolFinished(at=call.now, call="m1.0", outcome="value", result={"x": 1}))
    assert call.of("tool.finished") == []
    assert len(call.said) == 1
    call.wait(60).order("resume")
    assert [data["outcome"] for data in call.of("tool.finished")] == ["value"]
    assert call.said[-1] == "Well."


def test_a_model_that_was_cut_off_by_a_pause_answers_afterwards(build):
    call = model_talking(build)
    call.order("pause").happens(inputs.ModelFinished(at=call.now, turn=1, text="I was"))
    del call._runmodel
    call.order("resume")
    assert call.said[-1] == "All right."


def test_a_transition_that_a_pause_came_into_is_finished_afterwards(build):
    call = mid_transition(build).order("pause")
    action = next(e.action for _, wanted in call.record for e in wanted if isinstance(e, effects.Act))
    call.happens(inputs.ActionFinished(at=call.now, action=action))
    assert call.node == "d"
    call.order("resume")
    assert call.node == "b"
    assert call.fates["then"] == ("applied", "")


def test_no_time_but_the_sessions_passes_in_a_pause(build):
    call = waiting(build).wait(20).order("pause").wait(100)
    assert call.node == "e"
    call.order("resume").wait(5)
    assert call.node == "e"
    call.wait(6)
    assert call.node == "b"
    call.order("pause").wait(3600)
    assert call.ended == "limit"


def test_what_would_make_it_go_on_is_refused_until_it_is_resumed(build):
    call = build().order("pause")
    for kind in ("goto", "instruct"):
        status, why = call.order(kind, order_id=kind, **KINDS[kind]).fates[kind]
        assert status == "refused"
        assert "`resume`" in why
    assert call.order("pause", order_id="again").fates["again"][0] == "refused"
    assert call.order("takeover", order_id="over").fates["over"][0] == "applied"


def test_slots_that_are_set_in_a_pause_count_afterwards(build):
    call = build().order("pause").order("set", slots={"size": "large"})
    assert call.node == "a"
    assert call.order("resume").node == "b"


def test_a_muted_caller_is_unheard_until_heard_again(build):
    call = build().order("mute", on=True).hear("large").wait(120)
    assert (call.node, call.of("user.said"), call.of("input.missing")) == ("a", [], [])
    call.order("mute", on=False).hear("large")
    assert call.node == "b"


# --- Handed over ------------------------------------------------------------


def test_an_order_hands_the_person_over_and_the_session_is_done(build):
    call = build()
    call.transfers["desk"] = "done"
    call.order("transfer", to="desk")
    assert call.ended == "transferred"
    assert call.fates["o0"] == ("applied", "")


def test_the_conversation_stands_still_while_it_rings_and_goes_on_if_nobody_answers(build):
    call = build()
    del call.transfers["desk"]
    call.order("transfer", to="desk").hear("large")
    assert call.node == "a"
    call.wait(100)
    assert call.fates["o0"][0] == "refused"
    assert "no_answer" in call.fates["o0"][1]
    call.hear("large")
    assert call.node == "b"
