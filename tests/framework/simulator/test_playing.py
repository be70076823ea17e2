"""Scenarios are played turn by turn, and what differs is said with what came before."""

import json

import pytest

from framework.simulator.play import play


def test_a_conversation_that_goes_as_written_passes(played):
    result = played("""
        turns:
          - expect: [{event: response, text_contains: Welcome to the shop}, {text: Small or large?}]
          - user: large
            expect:
              - {tool: pizza.price, with: {size: large}, outcome: value}
              - {slots: {size: large, total: 9}, node: talk, path: [price, talk]}
              - {text: It is 9 euros.}
          - user: goodbye
            expect: [{event: function_call, name: go_bye}, {intent: is done}, {end: done}]
        finally: {end: done, path: [ask, price, talk, bye], visited: [talk], avoided: [sorry], tools: {pizza.price: 1}}
    """)
    assert result.passed, result.failures
    assert result.turns == 2


@pytest.mark.parametrize(
    ("expectation", "told"),
    [
        ("{text_contains: Hello}", "the bot to say: Hello | the bot said: It is 9 euros."),
        ("{text_excludes: 9 euros}", "the bot not to say: 9 euros | the bot said: It is 9 euros."),
        ("{text_matches: '[0-9]{2} euros'}", "the bot to say something that matches: [0-9]{2} euros"),
        ("{text: It is 9.}", "the bot to say exactly: It is 9. | the bot said: It is 9 euros."),
        ("{eval: 'the bot says /ten euros/'}", "a reply of which holds: the bot says /ten euros/"),
        ("{node: bye}", "to be at `bye` | it is at `talk`"),
        ("{path: [price]}", "the path price | price → talk"),
        ("{end: done}", "the end with reason `done` | it is at `talk`"),
        ("{slots: {size: small, total: 9}}", "size = small | size = large"),
        (
            "{tool: pizza.price, with: {size: small}}",
            "a call of `pizza.price` with {size: small} | `pizza.price` with {",
        ),
        (
            "{tool: pizza.price, with: {size: small}, outcome: value}",
            "with {size: small} that ends with `value` | `pizza.price` with {",
        ),
        ("{tool: pizza.price, outcome: error}", "ends with `error` | `pizza.price` with {"),
        ("{tool: pizza.price, absent: true}", "no call of `pizza.price` | `pizza.price` with {"),
        ("{intent: is done}", "the intent `is done` to be understood | nothing of the kind"),
        ("{event: function_call}", "a call of `any function` | nothing of the kind"),
        ("{event: function_call, calls: [go_bye]}", "a call of `go_bye` | nothing of the kind"),
        ("{event: node.entered, data: {node: bye}}", "`node.entered` with {node: bye} | node.entered {node: price"),
        ("{event: user_transcription, text_contains: small}", "the bot to say: small | large"),
    ],
)
def test_what_is_not_as_expected_is_told_with_what_was(misses, expectation, told):
    (miss,) = misses(f"turns:\n  - {{user: large, expect: [{expectation}]}}")
    assert miss.startswith("6: "), miss
    assert told in miss


def test_expectations_are_met_in_the_order_in_which_they_are_written(misses):
    keys = "turns:\n  - {user: large, expect: [{event: node.entered, data: {node: talk}}, {tool: pizza.price%s}]}"
    assert len(misses(keys % "")) == 1
    assert misses(keys % ", check_from: turn_start") == []


def test_a_reply_in_pieces_is_one_text(misses):
    assert misses("turns: [{expect: [{text_contains: the shop. Small or}]}]") == []


def test_a_tool_answers_one_after_another_and_the_last_again_and_again(played):
    result = played("""
        tools: {pizza.price: [{error: away}, {result: {total: 9}}]}
        turns: [{user: large, expect: [{end: unavailable}]}]
    """)
    assert result.passed


def test_a_mock_may_be_for_some_arguments_only(misses):
    keys = """
        tools: {pizza.price: [{when: {size: small}, result: {total: 5}}, {when: {size: large}, result: {total: 8}}]}
        turns: [{user: large, expect: [{slots: {total: 8}}]}]
    """
    assert misses(keys) == []


def test_a_tool_that_is_late_takes_its_time_and_a_filler_is_said(misses):
    keys = """
        tools: {pizza.price: %s}
        turns: [{user: large, expect: [{text: One moment., within_ms: 700}, {node: %s}]}]
    """
    assert misses(keys % ("{result: {total: 9}, delay: 2s}", "talk")) == []
    assert misses(keys % ("{timeout: true}", "null")) == []


def test_a_tool_without_an_answer_fails_the_scenario(misses):
    assert "a mock of `pizza.price` under `tools:`" in misses("tools: {}\nturns: [{user: large}]")[-1]


def test_the_model_does_what_the_scenario_says_and_then_what_it_would(misses):
    keys = """
        turns:
          - user: large
          - {user: hm, model: {say: "Shall I go?"}, expect: [{text: "Shall I go?"}]}
          - {user: hm, model: [{call: {go_bye: {}}, heard: hm, offered: [go_bye]}], expect: [{end: done}]}
    """
    assert misses(keys) == []


def test_a_script_that_the_model_can_not_follow_is_a_failure(misses):
    told = misses("turns: [{user: large}, {user: hm, model: [{call: {fly: {}}}, {say: never}]}]")
    assert "the model should be offered `fly`" in " ".join(told)


def test_a_model_that_is_down_takes_the_error_way(misses):
    keys = "turns: [{user: large}, {user: hm, model: {fail: no credit}, expect: [{end: error}]}]\nfinally: {errors: [model]}"
    assert misses(keys) == []


def test_errors_that_nobody_expects_fail(misses):
    keys = "turns: [{user: large}, {user: hm, model: {fail: no credit}, expect: [{end: error}]}]"
    assert "no `error` event | `model`" in misses(keys)[0]


def test_somebody_may_talk_over_the_bot_and_waits_otherwise(played):
    keys = "turns: [{user: large, interrupts: 300ms, expect: [{event: bot.said, data: {interrupted: true}}, {node: talk}]}]"
    assert played(keys).passed
    result = played("channel: voice\nturns: [{user: large, expect: [{event: bot.said, data: {interrupted: true}}]}]")
    assert not result.passed


def test_orders_and_hanging_up_are_turns(misses):
    keys = """
        turns:
          - {order: {kind: goto, node: talk}, expect: [{path: [talk]}]}
          - {hang_up: true, expect: [{end: hangup}]}
    """
    assert misses(keys) == []


def test_a_turn_after_the_end_fails(misses):
    assert "it had ended with reason `done`" in misses("turns: [{user: large}, {user: goodbye}, {user: hello}]")[0]


def test_the_first_failure_ends_a_scenario_unless_it_says_otherwise(misses):
    keys = "stop_on_failure: %s\nturns: [{expect: [{node: bye}]}, {user: large, expect: [{node: bye}]}]"
    assert len(misses(keys % "true")) == 1
    assert len(misses(keys % "false")) == 2


def test_a_failure_shows_what_was_said_before_and_the_path(played):
    (failure,) = played("turns: [{user: large, expect: [{node: bye}]}]").failures
    assert failure.path == ("ask", "price", "talk")
    assert "You: large" in failure.transcript


def test_what_only_a_judge_can_tell_is_counted_and_not_failed(played):
    result = played("turns: [{expect: [{eval: is polite, event: response, text_contains: Welcome}, {event: image}]}]")
    assert result.unjudged == 2
    assert result.passed


def test_a_conversation_is_the_same_every_time(read, stage):
    text = """
        name: shop
        channel: voice
        tools: {pizza.price: {result: {total: 9}, delay: 1200ms}}
        scenarios:
          - name: it
            turns: [{user: the weather is nice}, {user: large, interrupts: 1s}, {wait: 20s}, {user: bye bye}]
    """
    case = read(text).cases[0]
    first = json.dumps(play(case, stage, events=True).events)
    assert all(json.dumps(play(case, stage, events=True).events) == first for _ in range(200))


def test_time_passes_while_nobody_speaks_and_no_tool_waits_for_the_machine(played):
    turns = "[{user: large}, {user: hm, takes: 20m, expect: [{node: talk}]}, {user: hm, takes: 20m, expect: [{end: limit}]}]"
    result = played(f"turns: {turns}")
    assert result.passed, result.failures
    assert result.seconds < 5


def test_a_persona_is_left_to_pipecats_harness(read, stage):
    case = read("name: shop\nscenarios: [{name: it, persona: somebody, goal: a pizza}]").cases[0]
    assert play(case, stage).skipped


BAR = """
flow: bar
events: {cafe.ordered: {guest: person_name, minutes: integer}}
initial_node: place
nodes:
  place:
    run: cafe.place
    with: {items: [tea], guest: Ada}
    next: [{outcome: done, goto: wait}, {else: sorry}]
  wait: {wait: for the bar, next: [{event: cafe.ordered, say: "{{ event.minutes }} minutes.", goto: sorry}, {after: 5s, goto: late}]}
  late: {say: Late., end: late}
  sorry: {say: Bye., end: true}
"""


def test_a_flow_gets_the_events_that_real_tools_publish(read, stage):
    (stage.project.root / "flows/bar.yaml").write_text(BAR)
    (case,) = read("""
name: bar
tools: {cafe.place: real}
scenarios: [{name: a, turns: [{expect: [{text: 4 minutes.}, {end: done}]}]}]
""").cases
    result = play(case, stage)
    assert result.passed, result.failures
