"""One input in, the next state and the effects out. Pure: the same state and input give the same answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from framework.engine import (
    asides,
    calls,
    effects,
    events,
    frames,
    halts,
    inputs,
    interrupts,
    keys,
    limits,
    orders,
    privacy,
    resume,
    routes,
    silence,
    timers,
    tune,
)
from framework.engine.plan import ActionPlan, FillerPlan, NodePlan, PipecatActionPlan, Plan, Way
from framework.engine.state import State, copied, forked
from framework.engine.verbs import collect, instruct, run, say, subflow, transfer, wait
from framework.engine.work import Failure, Note, Work
from framework.flows.expressions import EvaluationError
from framework.personalities import NEUTRAL

OPERATIONS = 2000
"""How many operations one input may set off; flows of ours are proven to need fewer."""
HEARD_KEPT = 4
"""How many texts are kept that came while the flow was busy."""
ACTION_GRACE_S = 2.0
PIPECAT_ACTION_S = 30.0

LISTENERS: dict[str, Callable[[Work, str], None]] = {
    "say": say.heard,
    "collect": collect.heard,
    "wait": wait.heard,
}
DECIDERS: dict[str, Callable[[Work, Way | None, str, float], None]] = {
    "say": say.classified,
    "collect": collect.classified,
    "wait": wait.classified,
}
BEGINNERS: dict[str, Callable[[Work], None]] = {
    "say": say.begin,
    "instruct": instruct.begin,
    "collect": collect.begin,
    "run": run.begin,
    "subflow": subflow.begin,
    "transfer": transfer.begin,
    "wait": wait.begin,
}


def step(
    plan: Plan, state: State, happened: inputs.Input, trace: list[Note] | None = None
) -> tuple[State, list[effects.Effect]]:
    """Let one thing happen to a conversation.

    Args:
        plan: The flow, compiled.
        state: As `initial` or the last step gave it; it is not changed.
        happened: What happened, and when.
        trace: Where to note how it was decided, for whoever explains it or counts what has been covered.

    Returns:
        The next state (one JSON value), and what to do now, in order.
    """
    work = Work(plan, forked(state), since=state["at"], trace=trace)
    work.state["at"] = max(work.state["at"], happened.at)
    if work.state["phase"] == "ended":
        _after_the_end(work, happened)
        return work.state, work.wanted
    coming: inputs.Input | None = None if halts.holds(work, happened) else happened
    while coming is not None and work.state["phase"] != "ended":
        _guarded(work, HANDLERS[type(coming)], coming)
        _settle(work)
        coming = halts.waiting(work)
    if work.state["phase"] != "ended":
        silence.watch(work)
    return work.state, work.wanted


def _after_the_end(work: Work, happened: inputs.Input) -> None:
    """Nothing moves any more; only what waits for an answer gets one."""
    if isinstance(happened, inputs.Ordered):
        orders.arrived(work, happened.order)
    elif isinstance(happened, inputs.ModelCalled):
        calls.refuse(work, happened.calls)


def _guarded(work: Work, act: Callable[..., object], *arguments: Any) -> None:
    """Run a part of the step; what goes wrong in the flow takes the error way."""
    try:
        act(work, *arguments)
    except (Failure, EvaluationError) as error:
        code = error.code if isinstance(error, Failure) else "expression"
        fail(work, code, str(error))


def fail(work: Work, code: str, message: str) -> None:
    """The error way: the flow's `on_error` node once, else its caller's `error`, else an apology and the end."""
    work.emit("error", code=code, message=message)
    state = work.state
    cause = {"kind": "error", "code": code}
    if code == "model":
        orders.unanswered(work)
    if state["phase"] != "live" or state["reason"] is not None:
        return  # it ends anyway
    if work.plan.on_error is not None and not state["failing"]:
        state["failing"] = True
        routes.transition(work, work.plan.on_error, cause)
        return
    if frames.caller(state) is not None:
        routes.give_up(work, cause)
        return
    work.say(work.sentence("apology"))
    routes.conclude(work, "error", cause)


# --- The agenda -------------------------------------------------------------


def _settle(work: Work) -> None:
    """Do what is to be done until something has to be waited for."""
    for _ in range(OPERATIONS):
        state = work.state
        if state["phase"] == "ended" or (halts.still(work) and not orders.due(work)):
            return
        if state["agenda"] and state["awaiting"] is None and not halts.still(work):
            operation, *arguments = state["agenda"].pop(0)
            _guarded(work, AGENDA[operation], *arguments)
        elif (state["orders"] or state["telling"]) and orders.due(work):
            _guarded(work, orders.attend)
        elif events.listens(work) and interrupts.due(work):
            _guarded(work, interrupts.take)
        elif events.due(work):
            _guarded(work, events.attend)
        elif state["pending"] and (timer := timers.ready(work)) is not None:
            _guarded(work, timers.deliver, timer)
        elif state["claim"] is not None and instruct.free(work):
            _guarded(work, instruct.settle)
        elif not _attended(work):
            return
    work.emit("error", code="unsettled", message="the flow went on and on without a person or time")
    state["failing"] = True
    work.say(work.sentence("apology"))
    routes.conclude(work, "error", {"kind": "error", "code": "unsettled"})  # looks at what was still to be done
    _settle_end(work)


def _attended(work: Work) -> bool:
    """Whether there was something to attend to that came while the flow was busy: keys, words, what calls came to."""
    state = work.state
    if ready(work) and keys.due(work):
        _guarded(work, keys.attend)
    elif state["heard"] and ready(work):
        _guarded(work, _hear, *state["heard"].pop(0))
    elif state["untold"] and calls.tellable(work):
        _guarded(work, instruct.tell)
    else:
        return False
    return True


def _settle_end(work: Work) -> None:
    while work.state["agenda"] and work.state["awaiting"] is None:
        operation, *arguments = work.state["agenda"].pop(0)
        AGENDA[operation](work, *arguments)


def _enter(work: Work, name: str) -> None:
    state = work.state
    state["node"] = name
    state["entered"] = work.at
    state["visits"][name] = state["visits"].get(name, 0) + 1
    node = work.node
    work.emit("node.entered", node=name, kind=node.kind, depth=work.depth)
    work.note("node", to=name)
    tune.entered(work)
    state["timed"] = [way.index for way in node.ways if way.after_s is not None]
    routes.clocks(work)
    silence.entered(work)
    timers.entered(work, name)
    if state["telling"]:
        orders.entered(work, name)
    if work.plan.pipecat:
        _fill(work, node)
    state["agenda"] = [
        *(["act", "enter", i] for i in range(len(node.enter))),
        ["dress"],
        *(["pipecat", "pre", i] for i in range(len(node.pre_actions))),
        ["verb"],
    ]


def _fill(work: Work, node: NodePlan) -> None:
    """Pipecat fills all texts of a node on entering, and what can't be filled keeps it from being entered."""
    work.state["filling"] = work.state["state"]
    spoken = (action.text for action in (*node.pre_actions, *node.post_actions))
    for text in (node.role, *(text for _, text in node.task), *spoken):
        if text is not None:
            work.written(text)


def _dress(work: Work) -> None:
    """What a node does before its verb: set, clear, say."""
    node = work.node
    for slot, value in node.set:
        work.set_slot(slot, work.evaluated(value), "flow")
    for slot in node.clear:
        work.clear_slot(slot)
    if node.say:
        work.say(work.spoken(work.turn_of(f"say/{node.name}", node.say)))


def _verb(work: Work) -> None:
    node = work.node
    begin = BEGINNERS.get(node.kind)
    if begin is None:
        routes.complete(work, None)
    else:
        begin(work)


def _left(work: Work, to: str | None, cause: dict[str, Any]) -> None:
    work.emit("node.left", node=work.state["node"], to=to, cause=cause)


def _act(work: Work, when: str, number: int) -> None:
    plan: ActionPlan = (work.node.enter if when == "enter" else work.node.leave)[number]
    spec = {"name": plan.name, "with": work.evaluated(plan.arguments)}
    _start_action(work, "plugin", spec, plan.timeout_s)


def _start_action(work: Work, kind: Any, spec: dict[str, Any], timeout_s: float) -> None:
    action = work.drawn("act")
    work.state["awaiting"] = {"action": action}
    work.due("action", timeout_s + ACTION_GRACE_S)
    work.do(effects.Act(action=action, kind=kind, spec=spec, timeout_s=timeout_s))


def _pipecat(work: Work, when: str, number: int) -> None:
    node: NodePlan = work.node
    plan: PipecatActionPlan = (node.pre_actions if when == "pre" else node.post_actions)[number]
    match plan.type:
        case "tts_say" | "end_conversation":
            said = None
            if plan.text is not None:
                remember = bool(plan.spec.get("append_text_to_context", True))
                said = work.say(work.written(plan.text), remember=remember)
            if plan.type == "end_conversation":
                routes.finish(work, "done", {"kind": "action", "action": plan.type})
            elif said is not None and when == "pre":
                # What is said before the node stands in the context before the node's own messages.
                work.state["awaiting"] = {"say": said}
        case _:
            _start_action(work, "pipecat", plan.spec, PIPECAT_ACTION_S)


def _farewell(work: Work, reason: str) -> None:
    """End as soon as the last words are out."""
    state = work.state
    state["phase"] = "ending"
    state["reason"] = reason
    if state["sayings"]:
        state["awaiting"] = {"speech": reason}
        return
    _close(work, reason)


def _close(work: Work, reason: str) -> None:
    state = work.state
    calls.cancel_all(work)
    halts.drop(work)
    routes.drop_transfer(work)
    orders.close(work, reason)
    state.update(phase="ended", awaiting=None, agenda=[], deadlines={}, heard=[], calls={}, sayings={}, reason=reason)
    state["pending"] = []
    outputs = {} if state["flow"] is None else frames.shown(work.root, frames.results(work))
    state["stack"] = []
    work.emit("session.ended", reason=reason, outputs=outputs)
    work.do(effects.End(reason=reason, outputs=outputs))


def _back(work: Work, reason: str) -> None:
    """A flow has ended: go on where that was waited for."""
    outputs = frames.outputs(work.plan, work.state["slots"])
    back = frames.pop(work)
    work.note("return", back=back["kind"], reason=reason)
    RETURNS[back["kind"]](work, reason, outputs, back)


def _unwind(work: Work, depth: int) -> None:
    frames.unwind(work, depth)


RETURNS: dict[str, Callable[[Work, str, dict[str, Any], dict[str, Any]], None]] = {
    "subflow": subflow.returned,
    asides.KIND: asides.returned,
}
"""Why a place was left for a while → how it is come back to, with the reason and the outputs of what came between."""

AGENDA: dict[str, Callable[..., None]] = {
    "back": _back,
    "unwind": _unwind,
    "enter": _enter,
    "interrupt": asides.carry_out,
    "dress": _dress,
    "verb": _verb,
    "left": _left,
    "act": _act,
    "pipecat": _pipecat,
    "farewell": _farewell,
}


# --- Inputs -----------------------------------------------------------------


def _started(work: Work, happened: inputs.Started) -> None:
    state = work.state
    if state["phase"] != "new":
        return
    state.update(phase="live", started_at=happened.at, session=dict(happened.session), identity=happened.identity)
    state["flow"] = work.root.flow
    state["slots"] = frames.defaults(work.plan, work.today)
    _announce(work)
    limits.begin(work)
    state["slots"] = frames.opening(work.plan, happened.slots, work.today)
    for name in happened.slots:
        if name in state["slots"]:
            work.emit("slot.set", slot=name, value=state["slots"][name], source="start")
    routes.transition(work, work.plan.initial, {"kind": "start"})


def _announce(work: Work) -> None:
    name = work.plan.personality.personality
    channel = work.state["session"].get("channel", "text")
    personality = None if name == NEUTRAL.personality else name
    work.emit("session.started", hash=work.plan.hash, personality=personality, channel=channel)


def _began(work: Work, _happened: inputs.Began) -> None:
    state = work.state
    if work.deaf:
        return
    if state["node"] is not None and work.node.mute and (state["sayings"] or state["model"]["running"]):
        state["deaf"] = True
    else:
        state["hearing"] = True


def _noise(work: Work, _happened: inputs.Noise) -> None:
    work.state.update(hearing=False, deaf=False)


def _pressed(work: Work, happened: inputs.Pressed) -> None:
    if not (work.deaf or halts.still(work)):
        keys.pressed(work, happened.keys, happened.participant)


def _keys_due(work: Work, _which: str) -> None:
    keys.paused(work)


def _heard(work: Work, happened: inputs.Heard) -> None:
    deaf, work.state["deaf"], work.state["hearing"] = work.state["deaf"], False, False
    if deaf or work.deaf:
        return
    text = happened.text.strip()
    if not text:
        return
    silence.broken(work)
    privacy.tell(work, text, happened.participant, kept=happened.private)
    if work.state["phase"] != "live" or halts.still(work) or limits.turns(work) or _deaf(work):
        return
    calls.interrupted(work)
    work.state["heard"] = [*work.state["heard"], [text, _late(work)]][-HEARD_KEPT:]


def _late(work: Work) -> bool:
    """Whether these words can't answer what the bot asks, as not a word of it could be heard before they were said.

    They are the rest of what the person said before; but twice in a row nobody is misheard like that.
    """
    state = work.state
    late: bool = state["since"] == "said" and state["turns"] > 1 and state["session"].get("channel") == "voice"
    state["since"] = "heard" if late else None
    return late


def _deaf(work: Work) -> bool:
    """While the flow calls a tool or hands the person over, they are not heard."""
    called = (record for record in work.state["calls"].values() if record["open"] and record["by"] == "flow")
    return work.state["transfer"] is not None or any(called)


def ready(work: Work) -> bool:
    """Whether the person's words can be taken now."""
    state = work.state
    if not work.settled:
        return False
    if not work.node.interruptible and (state["sayings"] or state["model"]["running"]):
        return False  # who can't stop the bot is answered when it has finished
    return work.node.hears and state["classify"] is None


def _hear(work: Work, text: str, late: bool) -> None:
    if keys.typed(work, text) or asides.heard(work, text):
        return
    if late and work.node.kind == "collect":
        collect.overheard(work, text)
        return
    listener = LISTENERS.get(work.node.kind)
    if listener is None:
        instruct.heard(work, text, late)
    else:
        listener(work, text)


def _classified(work: Work, happened: inputs.Classified) -> None:
    asked = work.state["classify"]
    if asked is None or asked["request"] != happened.request:
        return
    work.state["classify"] = None
    work.undue("classify")
    if (interrupt := interrupts.chosen(work, happened.choice)) is not None:
        asides.meant(work, *interrupt, happened.by, happened.score)
        return
    way = next((w for w in work.node.intents if str(w.index) == happened.choice), None)
    DECIDERS[work.node.kind](work, way, happened.by, happened.score)


def _model_began(work: Work, happened: inputs.ModelBegan) -> None:
    instruct.began(work, happened.turn)


def _model_called(work: Work, happened: inputs.ModelCalled) -> None:
    instruct.called(work, happened.turn, happened.calls)


def _model_finished(work: Work, happened: inputs.ModelFinished) -> None:
    if work.state["telling"]:
        orders.answered(work, happened.turn, happened.text)
    if work.state["aside"] is not None:
        asides.answered(work, happened.turn, happened.text)
    else:
        instruct.finished(work, happened.turn, happened.text)


def _model_failed(work: Work, happened: inputs.ModelFailed) -> None:
    model = work.state["model"]
    if happened.turn == model["turn"] and model["running"]:
        instruct.stopped(work)
        raise Failure("model", happened.message)


def _tool_finished(work: Work, happened: inputs.ToolFinished) -> None:
    record = work.state["calls"].get(happened.call)
    if happened.call in work.state["background"]:
        instruct.told_later(work, happened.call, happened)
    elif record is None or not record["open"]:
        return
    elif record["by"] == "flow":
        run.finished(work, happened.call, happened)
    else:
        instruct.tool_finished(work, happened.call, happened)


def _answer_read(work: Work, happened: inputs.AnswerRead) -> None:
    instruct.read(work, happened.call)


def _action_finished(work: Work, happened: inputs.ActionFinished) -> None:
    awaiting = work.state["awaiting"]
    if awaiting is None or awaiting.get("action") != happened.action:
        return
    work.state["awaiting"] = None
    work.undue("action")
    if not happened.ok:
        raise Failure("action", happened.message or "an action of the node failed")


def _state_changed(work: Work, happened: inputs.StateChanged) -> None:
    work.state["state"] = copied(happened.state)


def _spoken(work: Work, happened: inputs.Spoken) -> None:
    state = work.state
    state["sayings"].pop(happened.say or "model", None)
    if happened.spoken:
        state["since"] = "heard"
    if state["telling"]:
        whole = not happened.interrupted and happened.spoken.split() == happened.generated.split()
        orders.spoken(work, happened.say, happened.spoken, interrupted=not whole)
    if happened.generated:
        work.emit("bot.said", generated=happened.generated, spoken=happened.spoken, interrupted=happened.interrupted)
    if not state["sayings"]:
        work.undue("speech")
    _resume(work, happened.say)


def _resume(work: Work, said: str | None) -> None:
    """Go on with what waited for these words."""
    state = work.state
    awaiting = state["awaiting"]
    if awaiting is None:
        return
    if "speech" in awaiting and not state["sayings"]:
        _close(work, awaiting["speech"])
    elif "say" in awaiting and (awaiting["say"] == said or awaiting["say"] not in state["sayings"]):
        state["awaiting"] = None


def _ordered(work: Work, happened: inputs.Ordered) -> None:
    order = happened.order
    orders.arrived(work, order)
    if work.state["phase"] == "new" and order["kind"] == "end":
        _announce(work)
        _close(work, order["reason"])


def _arrived(work: Work, happened: inputs.Arrived) -> None:
    events.arrived(work, happened.type, happened.data)


def _transferred(work: Work, happened: inputs.Transferred) -> None:
    if happened.transfer.startswith(halts.ORDERED):
        orders.transferred(work, happened.transfer.removeprefix(halts.ORDERED), happened.outcome)
    else:
        transfer.finished(work, happened.transfer, happened.outcome)


def _summarized(work: Work, happened: inputs.Summarized) -> None:
    awaiting = work.state["awaiting"]
    if awaiting is not None and awaiting.get("summary") == happened.request:
        instruct.summed(work, happened.text.strip())


def _resumed(work: Work, happened: inputs.Resumed) -> None:
    resume.resumed(work, happened)
    if (awaiting := work.state["awaiting"]) is not None and "speech" in awaiting:
        _close(work, awaiting["speech"])


def _hung_up(work: Work, happened: inputs.HungUp) -> None:
    state = work.state
    if state["phase"] == "new":
        _announce(work)
    if state["node"] is not None and state["phase"] == "live":
        calls.cancel(work)
        _left(work, None, {"kind": "hangup"})
    _close(work, state["reason"] if state["phase"] == "ending" else happened.reason)


# --- Time -------------------------------------------------------------------


def _time_passed(work: Work, happened: inputs.TimePassed) -> None:
    """Deadlines up to now, in the order in which they fell due."""
    deadlines = work.state["deadlines"]
    due = sorted((at, name not in LIMITS, name) for name, at in deadlines.items() if at <= happened.at)
    for _, _, name in due:
        if work.state["deadlines"].pop(name, None) is None:
            continue
        kind, _, which = name.partition(":")
        _guarded(work, DUE[kind], which)
        if work.state["phase"] == "ended":
            return


def _duration_due(work: Work, _which: str) -> None:
    if work.state["phase"] == "live":
        limits.reached(work, "duration")


def _call_due(work: Work, call: str) -> None:
    """The driver should have said so: close the call ourselves."""
    if call not in calls.running(work):
        return
    work.do(effects.CancelTool(call=call))
    late = inputs.ToolFinished(at=work.at, call=call, outcome="timeout", code="timeout", message="That took too long.")
    _tool_finished(work, late)


def _filler_due(work: Work, which: str) -> None:
    """A call, or the model's answer, keeps the person waiting."""
    if which == "model":
        filler = work.node.filler if work.state["model"]["running"] else None
    else:
        filler = _filler_of(work, work.state["calls"].get(which))
    if filler is not None:
        text = work.spoken(work.turn_of(f"filler/{work.node.name}", filler.say))
        work.say(text, ahead=which == "model")


def _filler_of(work: Work, record: dict[str, Any] | None) -> FillerPlan | None:
    if record is None or not record["open"]:
        return None
    if record["by"] == "flow":
        return work.node.filler
    offered = next((o for o in work.node.offered if o.offer.name == record["name"]), None)
    return (offered.filler if offered else None) or work.node.filler


def _read_due(work: Work, call: str) -> None:
    instruct.read(work, call)


def _model_due(work: Work, _which: str) -> None:
    instruct.stopped(work)
    raise Failure("model", "the model gave no answer in time")


def _classify_due(work: Work, _which: str) -> None:
    asked = work.state["classify"]
    if asked is not None:
        _classified(work, inputs.Classified(at=work.at, request=asked["request"], choice=None))


def _action_due(work: Work, _which: str) -> None:
    work.state["awaiting"] = None
    raise Failure("action", "an action of the node took too long")


def _speech_due(work: Work, _which: str) -> None:
    """Nothing hangs on audio having been played: go on as if it had."""
    work.state["sayings"] = {}
    _resume(work, None)


def _summary_due(work: Work, _which: str) -> None:
    instruct.summed(work, "")


def _transfer_due(work: Work, _which: str) -> None:
    transfer.overdue(work)


def _after_due(_work: Work, _which: str) -> None:
    """The node has lasted so long; whether anybody speaks is looked at when all that is due has been done."""


def _no_input_due(work: Work, _which: str) -> None:
    silence.missing(work)


def _silence_due(work: Work, _which: str) -> None:
    silence.over(work)


def _errand_due(work: Work, order: str) -> None:
    orders.overdue(work, order)


DUE: dict[str, Callable[[Work, str], None]] = {
    "duration": _duration_due,
    "call": _call_due,
    "filler": _filler_due,
    "read": _read_due,
    "model": _model_due,
    "classify": _classify_due,
    "action": _action_due,
    "speech": _speech_due,
    "errand": _errand_due,
    "after": _after_due,
    "no_input": _no_input_due,
    "silence": _silence_due,
    "timer": timers.due,
    "keys": _keys_due,
    "transfer": _transfer_due,
    "summary": _summary_due,
}

LIMITS = ("duration", "silence")
"""The deadlines that come before others of the same moment."""

HANDLERS: dict[type, Callable[[Work, Any], None]] = {
    inputs.Started: _started,
    inputs.Began: _began,
    inputs.Noise: _noise,
    inputs.Heard: _heard,
    inputs.Pressed: _pressed,
    inputs.Classified: _classified,
    inputs.ModelBegan: _model_began,
    inputs.ModelCalled: _model_called,
    inputs.ModelFinished: _model_finished,
    inputs.ModelFailed: _model_failed,
    inputs.ToolFinished: _tool_finished,
    inputs.AnswerRead: _answer_read,
    inputs.ActionFinished: _action_finished,
    inputs.StateChanged: _state_changed,
    inputs.Spoken: _spoken,
    inputs.TimePassed: _time_passed,
    inputs.Ordered: _ordered,
    inputs.Arrived: _arrived,
    inputs.Transferred: _transferred,
    inputs.Resumed: _resumed,
    inputs.Summarized: _summarized,
    inputs.Carried: orders.carried,
    inputs.HungUp: _hung_up,
}
