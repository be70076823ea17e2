"""Who speaks while the bot does."""

from framework.engine import effects, inputs


def speaking(call):
    """What the bot says stays under way until `done`."""
    call.under_way = []
    call._say = lambda effect: call.said.append(effect.text) or call.under_way.append(effect) or []
    return call.start()


def done(call):
    say = call.under_way.pop(0)
    return call.happens(inputs.Spoken(at=call.now, say=say.say, generated=say.text, spoken=say.text))


def flow(more):
    return f"nodes: {{a: {{say: A long story., next: [{{intent: stop it, goto: b}}]{more}}}, b: {{end: stopped}}}}"


def test_words_over_the_bot_are_answered_at_once(drive):
    call = speaking(drive(flow(""), start=False, channel="voice"))
    assert call.happens(inputs.Began(at=call.now)).hear("stop it").of("node.left")


def test_where_nothing_may_stop_the_bot_they_are_answered_when_it_has_finished(drive):
    call = speaking(drive(flow(", interruptible: false"), start=False, channel="voice"))
    call.happens(inputs.Began(at=call.now)).hear("stop it")
    assert call.of("user.said")
    assert call.of("node.left") == []
    assert done(call).ended == "stopped"


def test_where_nothing_may_stop_the_bot_a_models_answer_is_finished_too(drive):
    call = drive(
        "nodes: {a: {instruct: Talk., interruptible: false, next: [{intent: q, end: true}]}}",
        start=False,
        channel="voice",
    )
    call._runmodel = lambda effect: []
    call.start().hear("and now?")
    runs = [e for _, wanted in call.record for e in wanted if isinstance(e, effects.RunModel)]
    assert len(runs) == 1
    call.happens(inputs.ModelFinished(at=call.now, turn=1, text="Well."))
    call.happens(inputs.Spoken(at=call.now, generated="Well.", spoken="Well."))
    runs = [e for _, wanted in call.record for e in wanted if isinstance(e, effects.RunModel)]
    assert [run.turn for run in runs] == [1, 2]


def test_who_is_unheard_while_the_bot_speaks_is_unheard_to_the_end_of_the_turn(drive):
    call = speaking(drive(flow(", mute: true"), start=False, channel="voice"))
    call.happens(inputs.Began(at=call.now))
    done(call)
    call.hear("stop it")
    assert (call.of("user.said"), call.of("node.left")) == ([], [])
    call.happens(inputs.Began(at=call.now)).hear("stop it")
    assert call.ended == "stopped"


def test_who_was_speaking_before_the_bot_is_heard(drive):
    call = speaking(drive(flow(", mute: true"), start=False, channel="voice"))
    done(call)
    call.happens(inputs.Began(at=call.now)).order("say", text="A word from us.")
    call.hear("stop it")
    assert call.of("node.left")


def test_both_are_inherited(drive):
    text = f"defaults: {{interruptible: false, mute: true}}\n{flow('')}"
    call = drive(text)
    assert (call.plan.nodes["a"].interruptible, call.plan.nodes["a"].mute) == (False, True)
    own = drive(f"defaults: {{interruptible: false, mute: true}}\n{flow(', interruptible: true, mute: false')}")
    assert (own.plan.nodes["a"].interruptible, own.plan.nodes["a"].mute) == (True, False)
