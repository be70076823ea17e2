"""What bridges the waiting for a tool or for the model."""

from framework.engine import effects, inputs

FLOW = """
nodes:
  a:
    instruct: Help.
    filler: {after: 700ms, say: [One moment., Still with you.]}
    tools: [t.find]
    next: [{intent: is done, goto: b}]
  b: {end: true}
"""


def thinking(call):
    """The model thinks until it is told to answer."""
    call._runmodel = lambda effect: []
    return call.start()


def test_a_model_that_keeps_one_waiting_is_bridged_once(drive):
    call = thinking(drive(FLOW, tools={"t.find": None}, start=False)).wait(0.6)
    assert call.said == []
    assert call.wait(10).said == ["One moment."]
    (say,) = [e for _, wanted in call.record for e in wanted if isinstance(e, effects.Say)]
    assert say.ahead


def test_a_model_that_begins_in_time_is_not_bridged(drive):
    call = thinking(drive(FLOW, tools={"t.find": None}, start=False)).wait(0.5)
    (run,) = [e for _, wanted in call.record for e in wanted if isinstance(e, effects.RunModel)]
    assert run.watched
    call.happens(inputs.ModelBegan(at=call.now, turn=run.turn)).wait(10)
    assert call.said == []


def test_an_answer_in_time_needs_no_bridge_and_the_next_waiting_has_its_own_words(drive):
    call = thinking(drive(FLOW, tools={"t.find": None}, start=False)).wait(1)
    call.happens(inputs.ModelFinished(at=call.now, turn=1, text="Hello."))
    call.happens(inputs.Spoken(at=call.now, generated="Hello.", spoken="Hello."))
    call.hear("well").wait(0.5)
    call.happens(inputs.ModelFinished(at=call.now, turn=2, text="Yes.")).wait(5)
    call.hear("well").wait(5)
    assert call.said == ["One moment.", "Still with you."]


def test_without_a_filler_nobody_watches_the_model(drive):
    call = drive("nodes: {a: {instruct: Help., next: [{intent: q, end: true}]}}")
    (run,) = [e for _, wanted in call.record for e in wanted if isinstance(e, effects.RunModel)]
    assert not run.watched


def test_a_nodes_filler_bridges_a_tool_of_the_model_that_has_none_of_its_own(drive):
    turns = [["Hello."], [("t_find", {})]]
    call = drive(FLOW, tools={"t.find": None}, model=lambda _: turns.pop(0) if turns else ["Found."])
    call.hear("find it").wait(2)
    assert call.said == ["Hello.", "One moment."]


def test_a_person_who_speaks_ends_the_waiting(drive):
    call = thinking(drive(FLOW, tools={"t.find": None}, start=False)).wait(0.5)
    call.hear("hello").wait(0.5)
    assert call.said == []
    assert call.wait(0.3).said == ["One moment."]
