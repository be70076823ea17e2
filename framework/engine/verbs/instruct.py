"""`instruct`: the model converses until a route or function leads away."""

from __future__ import annotations

from typing import Any

from framework.engine import calls, effects, frames, interrupts, limits, routes
from framework.engine.plan import Branch, NodePlan, Offered, PipecatActionPlan
from framework.engine.work import Failure, Work
from framework.flows.config import case_key
from framework.personalities.compose import compose
from framework.slots import phrases

MODEL_S = 60.0
"""How long a model may take for one response before the flow takes the error way."""
SUMMARY_S = 8.0
"""How long the model may take to sum its context up; the last turns have to do then."""
SUMMARY_GRACE_S = 2.0
KEPT = 4
"""How many messages of person and model stay beside a summary, or instead of one."""
READ_S = 10.0
"""How long an answer may take to stand in the model's context."""
SILENT = 1
"""How often a model that answers with nothing at all is asked again."""

ACKNOWLEDGED = {"status": "acknowledged"}
"""The answer to a function that only leads away; the words are Pipecat's."""


# --- Entering ---------------------------------------------------------------


def begin(work: Work) -> None:
    """Tell the model what to do here, once its context has been summed up where the node wants that."""
    if not work.node.summarize:
        _tell(work, work.node.reset)
        return
    request = work.drawn("summary")
    work.state["awaiting"] = {"summary": request}
    work.due("summary", SUMMARY_S + SUMMARY_GRACE_S)
    work.do(effects.Summarize(request=request, timeout_s=SUMMARY_S))


def summed(work: Work, summary: str) -> None:
    """The summary is there; without one the last turns have to do."""
    work.state["awaiting"] = None
    work.undue("summary")
    work.note("summary", made=bool(summary))
    _tell(work, True, summary=summary, keep=KEPT)


def _tell(work: Work, reset: bool, **more: Any) -> None:
    """Tell the model what to do, and let it speak where it speaks first."""
    node = work.node
    prompt(work, node, reset=reset, **more)
    if node.respond:
        run(work)
    work.state["post"] = _leading_customs(work, node.post_actions)
    routes.conditions(work)


def prompt(work: Work, node: NodePlan, *, told: bool = False, **context: Any) -> None:
    """Set role, messages and functions for this node; `told`, where the context has its messages already."""
    messages = task(work, node)
    work.state["model"]["task"] = list(messages)
    work.do(
        effects.Prompt(
            role=role(work, node),
            messages=(*(() if told else messages), *calls.untold(work)),
            tools=tuple(offered.offer for offered in calls.offers(work)),
            **context,
        )
    )


def renew(work: Work, messages: tuple[dict[str, Any], ...]) -> None:
    """Put other instructions in the place of those that the model has here; role and functions as they are now."""
    before = tuple(work.state["model"].get("task", ()))
    work.state["model"]["task"] = list(messages)
    words = role(work, work.node)
    if messages != before or words is not None:
        work.do(effects.Prompt(role=words, messages=messages, instead=before))


def task(work: Work, node: NodePlan) -> tuple[dict[str, Any], ...]:
    """What the model shall do at a node, as messages."""
    return tuple({"role": role, "content": work.written(text)} for role, text in node.task)


def role(work: Work, node: NodePlan) -> str | None:
    """The system instruction, where it differs from the one that stands."""
    words = "" if node.role is None else work.written(node.role)
    if work.plan.pipecat:
        return words or None  # with Pipecat an empty one leaves the last that stands
    if node.role is None:
        channel = work.state["session"].get("channel", "text")
        words = compose(work.who, channel=channel, language=work.language)
    if words == work.state["model"]["role"]:
        return None
    work.state["model"]["role"] = words
    return words


def tell(work: Work) -> None:
    """Tell the model what has come of calls in the background, and let it speak."""
    work.do(effects.Prompt(role=None, messages=calls.untold(work)))
    run(work)


def run(work: Work) -> None:
    """Let the model respond."""
    model = work.state["model"]
    model["turn"] += 1
    model.update(running=True, again=False, called=0)
    filler = work.node.filler
    work.due("model", MODEL_S)
    if filler is not None:
        work.due("filler:model", filler.after_s)
    work.do(effects.RunModel(turn=model["turn"], watched=filler is not None))


def began(work: Work, turn: int) -> None:
    """The model has begun to answer: nothing is said to bridge the waiting any more."""
    if turn == work.state["model"]["turn"]:
        work.undue("filler:model")


def pause(work: Work) -> None:
    """Something else comes first: what the model is saying is cut off, and no answer of it is waited for."""
    if work.state["model"]["running"]:
        work.do(effects.Interrupt())
    work.state["model"]["again"] = False
    stopped(work)


def stopped(work: Work) -> None:
    """No response of the model is waited for any more."""
    work.state["model"]["running"] = False
    work.undue("model", "filler:model")


# --- What the model does ----------------------------------------------------


def called(work: Work, turn: int, made: Any) -> None:
    """The model called functions; nothing comes of it where its response is waited for no more."""
    state, model = work.state, work.state["model"]
    wanted = turn == model["turn"] and model["running"] and state["phase"] == "live" and work.node.kind == "instruct"
    stale = not wanted
    began(work, turn)
    for call in made:
        if stale:
            calls.refuse(work, [call])
        else:
            was_limited = state["limited"] or state["reason"]
            _call(work, call.call, call.name, call.arguments)
            stale = not was_limited and bool(state["limited"] or state["reason"])


def _call(work: Work, call: str, name: str, arguments: dict[str, Any]) -> None:
    state = work.state
    state["calls"][call] = {
        "by": "model", "tool": name, "name": name, "open": True, "answered": False, "respond": True,
    }  # fmt: skip
    offered = calls.offered_as(work, name)
    if offered is None:
        _answer(work, call, _error("unknown_function", f"There is no function `{name}` at this step."))
    elif (limit := _limit(work)) is not None:
        _answer(work, call, limit)
        if limits.spent(work):
            limits.reached(work, "tool_calls")
    elif offered.interrupt:
        _interrupt(work, call, offered.interrupt)
    elif offered.way is not None:
        _intent(work, call, offered)
    elif offered.tool is None:
        _claim(work, {"kind": "function", "function": name, "to": offered.to})
        _answer(work, call, ACKNOWLEDGED)
    else:
        _tool(work, call, offered, arguments)


def _limit(work: Work) -> dict[str, Any] | None:
    """The answer to one call too many: of the turn, or of the session, which then takes the way of limits."""
    model = work.state["model"]
    model["called"] = model.get("called", 0) + 1
    model["batch"] = model.get("batch", 0) + 1
    if limits.calls(work):
        return _error("too_many_calls", "No more functions can be called in this conversation.")
    if model["batch"] > work.root.limits.tool_calls_per_turn:
        work.note("limit", name="tool_calls_per_turn")
        return _error("too_many_calls", "Too many functions were called in one turn. Answer the person first.")
    return None


def _intent(work: Work, call: str, offered: Offered) -> None:
    way = offered.way
    assert way is not None  # noqa: S101 - the caller looked
    if not work.holds(way):
        _answer(work, call, _error("not_available", "That is not possible right now."))
        return
    work.emit("intent.heard", intent=way.name, by="model", score=1.0)
    _claim(work, {"kind": "intent", "way": way.index})
    _answer(work, call, ACKNOWLEDGED)


def _interrupt(work: Work, call: str, key: str) -> None:
    if not interrupts.allowed(work, key):
        _answer(work, call, _error("not_available", "That is not possible right now."))
        return
    _, one = interrupts.find(work, key)
    work.emit("intent.heard", intent=one.name, by="model", score=1.0)
    _claim(work, {"kind": "interrupt", "interrupt": key})
    _answer(work, call, ACKNOWLEDGED)


def _tool(work: Work, call: str, offered: Offered, arguments: dict[str, Any]) -> None:
    tool = offered.tool or ""
    record = work.state["calls"][call]
    record.update(tool=tool, arguments=arguments)
    if calls.too_often(work, tool, offered.rate):
        _answer(work, call, _error("too_many_calls", calls.TOO_MANY.format(tool=offered.offer.name)))
    elif offered.confirm:
        record.update(open=False, asking="wanted")
    else:
        _start(work, call, offered)


def _start(work: Work, call: str, offered: Offered) -> None:
    """Run a tool for the model, with the arguments that it gave and those that are hidden from it."""
    record, tool = work.state["calls"][call], offered.tool or ""
    presets = {name: work.evaluated(value, work.granted(tool)) for name, value in offered.presets}
    given = {k: v for k, v in record.pop("arguments").items() if k not in presets}
    record.update(open=True, asking=None)
    calls.start(work, call, tool, {**given, **presets}, offered.offer.timeout_s, by="model")
    if offered.background:
        calls.leave_running(work, call, offered)
        _answer(work, call, calls.RUNNING)
        work.due(f"call:{call}", offered.offer.timeout_s + calls.GRACE_S)
    elif (filler := offered.filler or work.node.filler) is not None:
        work.due(f"filler:{call}", filler.after_s)


def _claim(work: Work, claim: dict[str, Any]) -> None:
    """A way out, claimed once: an interrupt before a route, a route before a function, the first call among equals."""
    present = work.state["claim"]
    if present is None or _rank(claim) < _rank(present):
        to = claim.get("to")
        if isinstance(to, Branch):
            claim = {**claim, "to": None}
        work.state["claim"] = claim


def _rank(claim: dict[str, Any]) -> int:
    return {"interrupt": 0, "intent": 1}.get(claim["kind"], 2)


def tool_finished(work: Work, call: str, happened: Any) -> None:
    """A tool that the model called has its outcome: give the model its answer."""
    record = work.state["calls"][call]
    offered = calls.offered_as(work, record["name"])
    record["open"] = False
    result = happened.result if happened.outcome == "value" else None
    kept = calls.shown(work, result, offered.save if offered is not None else ())
    calls.finished(work, call, record, happened.outcome, kept)
    record["respond"] = happened.respond
    answer: Any = kept
    if happened.outcome != "value":
        answer = _failed(happened)
    elif offered is not None:
        answer = _saved(work, offered, result, answer)
    if offered is not None and not (work.plan.pipecat and happened.outcome != "value"):
        _tool_routes(work, offered, happened.outcome, result)
        if happened.outcome == "value" and happened.respond:
            answer = _destination(work, offered, result, answer)
    _answer(work, call, ACKNOWLEDGED if answer is None else answer)


def told_later(work: Work, call: str, happened: Any) -> None:
    """A tool that ran in the background has its outcome: keep what is wanted, and tell the next model that speaks."""
    record = work.state["background"].pop(call)
    here = calls.still_there(work, record)
    made = work.plan_of(record).nodes[record["node"]].offered
    offered = next((o for o in made if o.offer.name == record["name"]), None)
    result = happened.result if happened.outcome == "value" else None
    kept = calls.shown(work, result, offered.save if offered is not None else ())
    calls.finished(work, call, record, happened.outcome, kept)
    answer: Any = kept if happened.outcome == "value" else _failed(happened)
    if happened.outcome == "value" and offered is not None and frames.present(work, record):
        answer = _saved(work, offered, result, answer)
    calls.note_for_model(work, call, record, answer)
    if here and offered is not None:
        _tool_routes(work, offered, happened.outcome, result)
        settle(work)


def _saved(work: Work, offered: Offered, result: Any, answer: Any) -> Any:
    """Save what is wanted of a result; answers what the model is told."""
    try:
        _results(work, offered, result)
    except Failure as failure:
        work.emit("error", code=failure.code, message=str(failure))
        return _error(failure.code, "The result could not be used.")
    return answer


def _failed(happened: Any) -> dict[str, Any]:
    return _error(happened.code or happened.outcome, happened.message or "That did not work.")


def _results(work: Work, offered: Offered, result: Any) -> None:
    for slot, condition in offered.save:
        value = condition.evaluate(work.names(result=result), work.now)
        work.set_slot(slot, value, "tool")


def _tool_routes(work: Work, offered: Offered, outcome: str, result: Any) -> None:
    """The tool entry's own routes on its result."""
    ended = {"value": "done", "cancelled": "error"}.get(outcome, outcome)
    for number, way in enumerate(offered.ways):
        if (way.outcomes is not None and ended not in way.outcomes) or not work.holds(way, result=result):
            continue
        if way.leads:
            _claim(work, {"kind": "tool", "function": offered.offer.name, "way": number, "result": result})
            return
        routes.apply(work, way, {"kind": "function", "function": offered.offer.name}, result=result)


def _destination(work: Work, offered: Offered, result: Any, answer: Any) -> Any:
    """Pipecat's `transition_to`, decided by the result; answers what the model sees."""
    to = offered.to
    if isinstance(to, Branch):
        if not isinstance(result, dict) or to.field not in result:
            work.emit("error", code="bad_branch", message=f"the result has no field `{to.field}` to branch on")
            return _error("bad_branch", "The result could not be used.")
        to = to.cases.get(case_key(result[to.field]), to.default)
    if isinstance(to, str):
        _claim(work, {"kind": "function", "function": offered.offer.name, "to": to})
    return answer


def _error(code: str, message: str) -> dict[str, Any]:
    return {"status": "error", "code": code, "message": message}


def _answer(work: Work, call: str, result: Any) -> None:
    record = work.state["calls"][call]
    record.update(open=False, answered=True, reading=True)
    work.undue(f"call:{call}", f"filler:{call}")
    work.due(f"read:{call}", READ_S)
    work.do(effects.Answer(call=call, result=result))


def read(work: Work, call: str) -> None:
    """An answer stands in the context: when all of the turn's do, go on."""
    record = work.state["calls"].get(call)
    work.undue(f"read:{call}")
    if record is not None and record.get("reading"):
        record["reading"] = False
        settle(work)


def finished(work: Work, turn: int, text: str) -> None:
    """The model's response is complete."""
    model = work.state["model"]
    if turn != model["turn"] or work.state["phase"] != "live" or not model["running"]:
        return
    stopped(work)
    if text:
        work.state["sayings"]["model"] = text
        work.await_speech()
    _after_reply(work)
    if not work.state["calls"]:
        _silence(work, text)
    settle(work)


def _silence(work: Work, text: str) -> None:
    """A model that says and does nothing leaves dead air: ask it once more, then say something ourselves.

    Not while the person speaks: they cut it off, and what they say is answered.
    """
    state, model = work.state, work.state["model"]
    model["batch"] = 0
    if text or state["heard"] or state["hearing"] or model["again"]:
        model["silent"] = 0
        return
    model["silent"] += 1
    if model["silent"] <= SILENT:
        model["again"] = True
    else:
        model["silent"] = 0
        work.say(work.sentence("not_understood"))


def free(work: Work) -> bool:
    """Whether a way out that was claimed can be taken: what came between, such as an interrupt, led nowhere."""
    state = work.state
    busy = state["calls"] or state["model"]["running"] or state["aside"] is not None
    return work.settled and work.node.kind == "instruct" and not busy


def settle(work: Work) -> None:
    """Once no call is open or unread and the response is complete: leave, or let the model speak again."""
    state = work.state
    model, made = state["model"], state["calls"]
    if model["running"] or any(record["open"] or record.get("reading") for record in made.values()):
        return
    if any(record.get("asking") for record in made.values()):
        calls.ask(work)
        return
    responds = any(record["respond"] for record in made.values())
    had_calls = bool(made)
    state["calls"] = {}
    claim = state["claim"]
    if claim is not None and claim["kind"] == "interrupt":
        _take(work, claim)
        return
    if routes.conditions(work, before=claim["way"] if claim is not None and claim["kind"] == "intent" else None):
        return
    if claim is not None:
        _take(work, claim)
        return
    if model["again"] or (had_calls and responds):
        run(work)


def _take(work: Work, claim: dict[str, Any]) -> None:
    work.state["claim"] = None
    work.state["model"]["batch"] = 0
    match claim["kind"]:
        case "interrupt":
            interrupts.break_in(work, *interrupts.find(work, claim["interrupt"]))
        case "intent":
            way = work.node.ways[claim["way"]]
            routes.apply(work, way, {"kind": "route", "route": way.index, "intent": way.name})
            if not way.leads:
                run(work)
        case "tool":
            offered = next(o for o in work.node.offered if o.offer.name == claim["function"])
            cause = {"kind": "function", "function": claim["function"]}
            routes.apply(work, offered.ways[claim["way"]], cause, result=claim["result"])
        case _:
            routes.transition(work, claim["to"], {"kind": "function", "function": claim["function"]})


# --- Pipecat's actions after the reply --------------------------------------


def _leading_customs(work: Work, actions: tuple[PipecatActionPlan, ...]) -> list[int]:
    """Start custom actions that stand first at once, as Pipecat does; answers those left for after the reply."""
    numbers = list(range(len(actions)))
    if not work.node.respond:
        return numbers
    while numbers and actions[numbers[0]].type not in ("tts_say", "end_conversation", "function"):
        work.agenda([["pipecat", "post", numbers.pop(0)]])
    return numbers


def _after_reply(work: Work) -> None:
    """The first reply of the node is there: do the actions that wait for it."""
    numbers, work.state["post"] = work.state["post"], []
    work.agenda([["pipecat", "post", number] for number in numbers])


# --- What the person says ---------------------------------------------------


def heard(work: Work, text: str, late: bool) -> None:
    """The person's words stand in the context: they answer what was asked about a call, else the model answers them."""
    call = work.asked
    if call is None:
        respond(work)
    elif late or (aside := interrupts.built_in(work, text)) == "repeat":
        calls.repeat(work, call)  # not a word of the question could be heard: that was no answer to it
    elif aside == "hold":
        work.say(work.sentence("take_your_time"))
    else:
        _confirmed(work, call, phrases.yes_no(text, work.language) is True)


def _confirmed(work: Work, call: str, yes: bool) -> None:
    """Only a yes lets a call through."""
    record = work.state["calls"][call]
    offered = calls.offered_as(work, record["name"])
    if yes and offered is not None:
        _start(work, call, offered)
        return
    work.note("tool", call=call, tool=record["tool"], outcome="declined", by="model")
    record["asking"] = None
    _answer(work, call, calls.DECLINED)


def respond(work: Work) -> None:
    """Something new stands in the context: the model answers, after the calls that go on."""
    model = work.state["model"]
    model["batch"] = 0
    stopped(work)  # words that came while the model spoke cut its response off
    made = work.state["calls"]
    for call in [call for call, record in made.items() if record["open"] and not _keeps(work, record["name"])]:
        _cut_off(work, call)
    if any(calls.busy(record) for record in made.values()):
        model["again"] = True
        settle(work)
        return
    if routes.conditions(work):
        return
    run(work)


def _keeps(work: Work, name: str) -> bool:
    """Whether a function's calls go on when the person speaks."""
    offered = calls.offered_as(work, name)
    return True if offered is None else offered.offer.keep


def _cut_off(work: Work, call: str) -> None:
    work.do(effects.CancelTool(call=call))
    calls.finished(work, call, work.state["calls"][call], "cancelled")
    _answer(work, call, calls.CANCELLED)
