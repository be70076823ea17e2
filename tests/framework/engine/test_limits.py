"""What goes on for too long goes where limits go, or ends with a closing line."""

import pytest

from framework.engine import inputs

MODEL = "a: {instruct: Help., tools: [t.find], next: [{intent: is done, goto: bye}]}"


def caller(calls):
    """A model that calls a function in every response, as many times as it is told."""
    return lambda driver: [("t_find", {})] * calls


def test_one_call_of_a_tool_too_many_takes_the_way_of_limits(drive):
    call = drive(
        f"limits: {{tool_calls: 3, goto: bye}}\nnodes: {{{MODEL}, bye: {{say: Enough., end: true}}}}",
        tools={"t.find": lambda _: {}},
        model=caller(1),
    )
    assert call.ended == "done"
    assert call.said[-1] == "Enough."
    assert call.of("node.left")[0]["cause"] == {"kind": "limit", "limit": "tool_calls"}
    assert len(call.of("tool.called")) == 3
    assert [m["content"]["code"] for m in call.messages if m["role"] == "tool" and "code" in m["content"]]


def test_without_a_way_it_is_said_and_ended(drive):
    call = drive(
        f"limits: {{tool_calls: 3}}\nnodes: {{{MODEL}, bye: {{end: true}}}}",
        tools={"t.find": lambda _: {}},
        model=caller(5),
    )
    assert call.ended == "limit"
    assert len(call.of("tool.called")) == 3


def test_calls_of_the_flow_count_and_the_way_of_limits_may_still_call(drive):
    call = drive(
        """
        limits: {tool_calls: 3, goto: bye}
        nodes:
          a: {run: t.find, next: [{outcome: done, goto: b}, {else: bye}]}
          b: {say: More?, next: [{intent: more, goto: a}]}
          bye: {run: t.last, next: [{outcome: done, end: closed}, {else: sorry}]}
          sorry: {end: true}
        """,
        tools={"t.find": lambda _: {}, "t.last": lambda _: {}},
    ).hear("more", "more", "more")
    assert call.ended == "closed"
    assert [data["tool"] for data in call.of("tool.called")] == ["t.find"] * 3 + ["t.last"]


def test_too_many_turns_take_the_way_of_limits(drive):
    text = "limits: {turns: 2, goto: bye}\nnodes: {a: {instruct: Help., next: [{intent: q, goto: bye}]}, "
    call = drive(text + "bye: {say: Enough., end: true}}").hear("one", "two", "three")
    assert call.of("node.left")[0]["cause"] == {"kind": "limit", "limit": "turns"}


@pytest.mark.parametrize("which", ["turns", "duration"])
def test_the_node_of_limits_gets_a_minute_and_no_more(drive, which):
    limits = {"turns": "turns: 1, duration: 10m", "duration": "duration: 30s"}[which]
    call = drive(
        f"limits: {{{limits}, silence: 1h, goto: bye}}\ndefaults: {{no_input: []}}\n"
        "nodes: {a: {instruct: Help., next: [{intent: q, goto: bye}]}, bye: {instruct: Bye., next: [{intent: q, end: true}]}}"
    )
    call.hear("one", "two", "three").wait(31)
    assert (call.node, call.ended) == ("bye", None)
    assert call.wait(61).ended == "limit"


def test_of_what_is_due_at_one_moment_the_limit_is_first(drive):
    call = drive(
        """
        limits: {silence: 6s, goto: limited}
        timers: {t: {after: 6s, at: now, goto: timed}}
        nodes:
          a: {say: "Well?", no_input: [{after: 6s, goto: asked}], next: [{intent: q, end: true}]}
          asked: {end: asked}
          timed: {end: timed}
          limited: {end: limited}
        """
    ).wait(7)
    assert call.ended == "limited"


def test_an_order_is_before_a_limit(drive):
    call = drive(
        """
        limits: {duration: 1m, goto: limited}
        nodes: {a: {run: t.slow, timeout: 5m, next: [{else: b}]}, b: {end: ordered}, limited: {end: limited}}
        """,
        tools={"t.slow": None},
    )
    call.now += 61
    order = {"kind": "goto", "node": "b", "order_id": "o"}
    call.happens(inputs.Ordered(at=call.now, order=order)).wait(1)
    assert call.ended == "ordered"
