"""What happens around the model: its functions, their answers, and leaving."""

from framework.engine import inputs

FLOW = """
slots: {n: integer}
nodes:
  a:
    instruct: Help.
    tools: [{name: t.find, save: {n: result.n}}]
    next:
      - {if: slots.n == 7, goto: seven}
      - {intent: is done, examples: [bye], goto: bye}
  seven: {end: seven}
  bye: {say: Goodbye., end: true}
"""


def scripted(*turns):
    left = list(turns)
    return lambda _driver: left.pop(0) if left else ["Hm."]


def test_the_model_gets_its_task_and_functions_and_speaks_first(drive):
    call = drive(FLOW, tools={"t.find": lambda _: {"n": 1}}, model=scripted(["Hello."]))
    assert call.messages == [{"role": "developer", "content": "Help."}, {"role": "assistant", "content": "Hello."}]
    assert [offer.name for offer in call.offered] == ["t_find", "go_bye"]
    assert call.said == ["Hello."]


def test_a_tool_call_is_answered_and_the_model_speaks_again(drive):
    call = drive(
        FLOW, tools={"t.find": lambda _: {"n": 1}}, model=scripted(["Hello."], [("t_find", {"x": "q"})], ["It is one."])
    )
    call.hear("find it")
    assert call.said == ["Hello.", "It is one."]
    assert call.slots == {"n": 1}
    assert call.messages[-2] == {"role": "tool", "tool_call_id": "m2.0", "content": {"n": 1}}


def test_an_intent_is_a_function_that_leads_away(drive):
    call = drive(FLOW, tools={"t.find": lambda _: {}}, model=scripted(["Hello."], ["Sure.", ("go_bye", {})]))
    call.hear("that is all")
    assert (call.said, call.ended) == (["Hello.", "Sure.", "Goodbye."], "done")
    assert call.of("intent.heard") == [{"intent": "is done", "by": "model", "score": 1.0}]


def test_a_condition_that_a_result_makes_true_leads_away_before_the_model_speaks(drive):
    call = drive(
        FLOW, tools={"t.find": lambda _: {"n": 7}}, model=scripted(["Hello."], [("t_find", {})], ["never said"])
    )
    call.hear("find it")
    assert call.ended == "seven"
    assert "never said" not in call.said


def test_a_slow_call_beside_a_transition_is_waited_for(drive):
    call = drive(FLOW, tools={"t.find": None}, model=scripted(["Hello."], [("go_bye", {}), ("t_find", {})]))
    call.hear("bye")
    assert call.node == "a"
    call.happens(inputs.ToolFinished(at=call.now, call="m2.1", outcome="value", result={"n": 2}))
    assert call.ended == "done"
    assert call.slots == {"n": 2}


def test_a_hanging_call_times_out_and_the_model_is_told(drive):
    call = drive(FLOW, tools={"t.find": None}, model=scripted(["Hello."], [("t_find", {})], ["Sorry, no luck."]))
    call.hear("find it").wait(20)
    assert call.messages[-2]["content"]["code"] == "timeout"
    assert call.said[-1] == "Sorry, no luck."


def test_a_function_that_is_not_offered_is_refused(drive):
    call = drive(FLOW, tools={"t.find": lambda _: {}}, model=scripted(["Hello."], [("t_delete", {})], ["I can't."]))
    call.hear("delete it")
    assert call.messages[-2]["content"]["code"] == "unknown_function"
    assert call.said[-1] == "I can't."


def test_words_while_a_call_is_open_are_answered_once_it_is_settled(drive):
    call = drive(FLOW, tools={"t.find": None}, model=scripted(["Hello."], [("t_find", {})], ["Both answered."]))
    call.hear("find it", "and hurry")
    call.happens(inputs.ToolFinished(at=call.now, call="m2.0", outcome="value", result={"n": 2}))
    assert call.said == ["Hello.", "Both answered."]


def test_too_many_calls_in_a_turn_are_refused(drive):
    call = drive(
        FLOW, tools={"t.find": lambda _: {"n": 1}}, model=lambda d: [("t_find", {})] if len(d.record) < 300 else ["Ok."]
    )
    answers = [m["content"].get("code") for m in call.messages if m["role"] == "tool"]
    assert answers[:8] == [None] * 8
    assert set(answers[8:]) == {"too_many_calls"}


def test_a_model_that_says_nothing_leaves_no_dead_air(drive):
    call = drive(FLOW, tools={"t.find": lambda _: {}}, model=lambda _: [])
    assert len(call.said) == 1


def test_a_model_that_fails_takes_the_error_way(drive):
    call = drive(FLOW, tools={"t.find": lambda _: {}}, model=scripted(["Hello."]))
    call.model = lambda _: []
    call.hear("hello")
    call.state["model"]["running"] = True
    call.happens(inputs.ModelFailed(at=call.now, turn=call.state["model"]["turn"], message="no key"))
    assert call.ended == "error"


PIPECAT = """
nodes:
  a:
    role_message: You are {{ who }}.
    task_messages: [{role: developer, content: Ask.}]
    pre_actions: [{type: tts_say, text: "Hi {{ who }}"}]
    post_actions: [{type: end_conversation, text: "Bye {{ who }}"}]
    functions: [{name: pick, transition_to: {field: size, cases: {"true": b, large: b}}}, {name: go, transition_only: true, description: d, transition_to: b}]
  b:
    task_messages: [{role: developer, content: Next.}]
    context_strategy: reset
"""


def test_a_pipecat_node_acts_before_it_prompts(drive):
    call = drive(PIPECAT, tools={"pick": lambda _: {"size": "large"}}, start=False, pipecat=True, shared={"who": "Ada"})
    call.start()
    assert call.said == ["Hi Ada", "All right.", "Bye {{ who }}"]
    assert call.role == "You are Ada."
    assert call.messages[:2] == [{"role": "assistant", "content": "Hi Ada"}, {"role": "developer", "content": "Ask."}]
    assert call.ended == "done"


def test_a_branch_decides_by_the_result(drive):
    flow = PIPECAT.replace("post_actions", "x_post").replace(
        '    x_post: [{type: end_conversation, text: "Bye {{ who }}"}]\n', ""
    )
    call = drive(
        flow,
        tools={"pick": lambda _: {"size": "large"}},
        model=scripted(["Hi."], [("pick", {})]),
        start=False,
        pipecat=True,
        shared={"who": "Ada"},
    )
    call.start()
    call.hear("large")
    assert call.node == "b"
    assert call.messages[0] == {"role": "developer", "content": "Next."}


def test_the_first_transition_of_a_turn_wins(drive):
    flow = PIPECAT.replace('    post_actions: [{type: end_conversation, text: "Bye {{ who }}"}]\n', "")
    call = drive(
        flow,
        tools={"pick": lambda _: {"size": "small"}},
        model=scripted(["Hi."], [("pick", {}), ("go", {})]),
        start=False,
        pipecat=True,
        shared={"who": "Ada"},
    )
    call.start()
    call.hear("go")
    assert call.node == "b"
    assert len([m for m in call.messages if m["role"] == "tool"]) == 0  # the context was reset
