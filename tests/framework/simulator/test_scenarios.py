"""Scenario files are checked like flows: every problem at once, each at its place."""

import pytest
from pipecat.evals.scenario import EvalScenarioFile

from framework.simulator.scenario import ScenarioFile

GOOD = """
name: shop
scenarios:
  - name: it
    turns:
      - {user: large, expect: [{node: talk}]}
"""


def test_a_good_file_has_no_problems(problems):
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("user: large", "usr: large", ["5:10 TST001"]),
        ("user: large", "user: [", ["5:17 YML004"]),
        ("user: large", "user: large, press: 12", ["5:23 TST013"]),
        ("user: large", "press: 12x", ["5:17 TST002"]),
        ("user: large", "wait: 8", ["5:16 TST002"]),
        ("user: large", "takes: 8s", ["5:10 TST013"]),
        ("node: talk", "node: tlk", ["5:39 TST016"]),
        ("node: talk", "slots: {sise: 1}", ["5:41 TST016"]),
        ("node: talk", "event: respons", ["5:40 TST016"]),
        ("node: talk", "tool: pizza.prize", ["5:39 TST016"]),
        ("node: talk", "text_matches: '('", ["5:47 TST002"]),
        ("node: talk", "within_ms: 3", ["5:32 TST015"]),
        ("node: talk", "event: response, text_contains: x, absent: true", ["5:50 TST015"]),
        ("node: talk", "tool: pizza.price, args: {size: large}", ["5:52 TST015"]),
        ("node: talk", "tool: pizza.price, text_contains: x", ["5:33 TST015"]),
        ("node: talk", "node: talk, with: {size: large}", ["5:45 TST015"]),
        ("node: talk", "node: talk, outcome: value", ["5:45 TST015"]),
        ("node: talk", "node: talk, data: {size: large}", ["5:45 TST015"]),
        ("node: talk", "node: talk, within_ms: 3", ["5:45 TST015"]),
        ("node: talk", "event: tool.finished, outcome: value, with: {size: large}", []),
        ("node: talk", "event: user.said, text: large, data: {participant: user}", []),
        ("name: it", "name: it\n    flow: shap", ["4:11 TST012"]),
        ("name: it", "name: it\n    persona: p", ["4:14 TST011"]),
        ("name: it", "name: it\n    starts_at: soon", ["4:16 TST002"]),
        ("name: it", "name: it\n    inputs: {sise: large}", ["4:14 TST016"]),
        ("name: it", "name: it\n    tools: {pizza.prize: {result: 1}}", ["4:13 TST017"]),
        (
            "name: it",
            "name: it\n    finally: {path: [tlk], slots: {x: 1}, tools: {y: 1}}",
            ["4:22 TST016", "4:36 TST016", "4:51 TST016"],
        ),
        ("name: it", "name: it\n    channel: text", []),
        ("user: large", "user: large, interrupts: 1s", []),
    ],
)
def test_a_mistake_is_found_where_it_is(problems, old, new, found):
    assert problems(GOOD.strip().replace(old, new)) == found


def test_nobody_interrupts_what_is_read(problems):
    text = (
        GOOD.strip()
        .replace("user: large", "user: large, interrupts: 1s")
        .replace("name: it", "name: it\n    channel: text")
    )
    assert problems(text) == ["6:23 TST014"]


def test_two_scenarios_of_one_name_are_one_too_many(problems):
    assert problems("name: shop\nscenarios:\n  - {name: a, turns: []}\n  - {name: a, turns: []}") == ["4:12 TST010"]


def test_a_scenario_without_turns_is_none(problems):
    assert problems("name: shop\nscenarios:\n  - {name: a}") == ["3:5 TST011"]


def test_what_the_file_says_counts_for_all_that_say_nothing_themselves(read):
    suite = read("""
        name: shop
        language: es
        tools: {pizza.price: {result: 1}}
        scenarios:
          - {name: a, turns: []}
          - {name: b, turns: [], tools: {}, language: de}
    """)
    a, b = (case.scenario for case in suite.cases)
    assert (a.language, list(a.tools)) == ("es", ["pizza.price"])
    assert (b.language, list(b.tools)) == ("de", [])
    assert a.name == "shop/a"


def test_turns_at_the_top_are_one_scenario(read):
    assert [case.name for case in read("name: shop\nturns: [{user: large}]").cases] == ["shop"]


def test_yes_is_a_word_and_keys_may_be_a_number(read):
    (case,) = read("name: shop\nturns: [{user: yes}, {press: 012}, {dtmf: 12}]").cases
    assert [turn.user or turn.press or turn.dtmf for turn in case.scenario.turns] == ["yes", "012", "12"]


PIPECAT = """
name: shop
user: {modality: audio, speech: {service: kokoro, voice: af_heart}}
judge: {modality: audio, transcription: {service: moonshine}, eval: {service: ollama}}
context: [{role: system, content: Be kind.}]
stop_on_failure: false
scenarios:
  - name: it
    turns:
      - expect:
          - {event: response, eval: says hello, within_ms: 15000}
      - user: ["I went to", {pause_ms: 300}, "Spain."]
        send_after: {event: llm_started, delay_ms: 500}
        expect:
          - {event: function_call, calls: [a, {name: b, args: {x: 1}}], check_from: turn_start}
          - {event: response, text_contains: x, text_excludes: y}
          - {event: response, absent: true, within_ms: 300}
          - {event: llm_marker, marker: complete, marker_first: true, markers: 1, text_after: true}
      - {dtmf: "123#"}
  - name: somebody
    persona: A curious traveller.
    goal: Find out.
    success: the bot told it
    metrics: [{name: politeness, criterion: the bot stayed courteous, min_score: 1}]
    max_turns: 10
    runs: 3
"""


def test_a_file_of_pipecats_is_one_of_ours(read, write):
    assert len(EvalScenarioFile.load(write(PIPECAT)).scenarios) == 2
    suite = read(PIPECAT)
    assert suite.diagnostics == ()
    assert len(suite.cases) == 2


def test_every_key_of_the_format_says_what_it_means():
    from docs.generate import field_docs, models_from

    for model in models_from(ScenarioFile):
        assert set(field_docs(model)) >= set(model.model_fields), model


def test_the_tools_of_a_flow_that_is_run_by_another_may_be_mocked(problems, stage):
    root = stage.project.root
    (root / "flows/mall.yaml").write_text(
        "flow: mall\ninitial_node: a\nnodes: {a: {subflow: shop, next: b}, b: {say: Bye., end: true}}\n"
    )
    text = (
        "name: mall\nscenarios: [{name: it, tools: {pizza.price: {result: 1}, pizza.prize: {result: 1}}, turns: []}]\n"
    )
    assert problems(text) == ["2:58 TST017"]
