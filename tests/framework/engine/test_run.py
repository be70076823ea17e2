"""What a node that calls a tool itself does with every outcome."""

FLOW = """
slots: {ok: boolean}
nodes:
  a:
    run: t.check
    with: {x: "{{ 1 + 1 }}"}
    save: {ok: result.good}
    timeout: 4s
    filler: {after: 700ms, say: [One moment.]}
    next:
      - {outcome: [error, timeout], goto: bad}
      - {if: slots.ok, goto: good}
      - {else: bad}
  good: {end: good}
  bad: {end: bad}
"""


def test_the_result_is_saved_and_decides(drive):
    asked = []

    def check(arguments):
        asked.append(arguments)
        return {"good": True}

    call = drive(FLOW, tools={"t.check": check})
    assert (call.ended, asked) == ("good", [{"x": 2}])
    assert call.of("tool.called")[0]["by"] == "flow"
    assert call.of("tool.finished")[0]["outcome"] == "value"


def test_a_failing_tool_takes_the_route_for_errors(drive):
    def check(_arguments):
        raise RuntimeError

    assert drive(FLOW, tools={"t.check": check}).ended == "bad"


def test_a_hanging_tool_times_out_with_a_filler_before(drive):
    call = drive(FLOW, tools={"t.check": None})
    call.wait(1)
    assert call.said == ["One moment."]
    call.hear("hello?")
    assert call.wait(10).ended == "bad"
    assert [e["outcome"] for e in call.of("tool.finished")] == ["timeout"]


def test_a_result_of_the_wrong_type_is_an_error(drive):
    assert drive(FLOW, tools={"t.check": lambda _: {"good": "perhaps"}}).ended == "bad"


def test_a_late_result_changes_nothing(drive):
    from framework.engine import inputs

    call = drive(FLOW, tools={"t.check": None}).wait(10)
    seen = len(call.events)
    call.happens(inputs.ToolFinished(at=call.now, call="call1", outcome="value", result={"good": True}))
    assert len(call.events) == seen
