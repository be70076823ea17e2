"""Flows of three other makers become flows of ours; whatever doesn't come along is named with its place.

The files were written for these tests after what their makers publish: Dograh's
https://github.com/dograh-hq/dograh/blob/main/api/services/workflow/dto.py, Vapi's
https://docs.vapi.ai/api-reference/assistants/create, https://docs.vapi.ai/squads and https://docs.vapi.ai/workflows, Rasa's
https://rasa.com/docs/reference/primitives/flows, …/flow-steps, …/slots and …/responses.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.cli.main import main
from framework.documents import DocumentError, read
from framework.errors import UserError
from framework.flows.check import check, errors
from framework.flows.exchange import dograh, rasa, vapi
from framework.flows.load import examine_file

FILES = Path(__file__).with_name("files")
RIVALS = {
    "dograh.json": dograh.imported,
    "vapi-assistant.json": vapi.imported,
    "vapi-squad.json": vapi.imported,
    "vapi-workflow.json": vapi.imported,
    "rasa-flows.yml": lambda source: rasa.imported(source, read(FILES / "rasa-domain.yml", mode="pipecat")),
}


def rewritten(name):
    return RIVALS[name](read(FILES / name, mode="pipecat"))


def said(found, file):
    return {
        (remark.span.line, remark.sort, remark.message)
        for remark in found.remarks
        if Path(remark.span.file).name == file
    }


@pytest.mark.parametrize("name", RIVALS)
def test_what_is_written_passes_the_checker_and_means_what_was_meant(name, tmp_path):
    found = rewritten(name)
    (tmp_path / "flow.yaml").write_text(found.text, "utf-8")
    assert errors(check(tmp_path / "flow.yaml")) == []
    flow = examine_file(tmp_path / "flow.yaml").loaded.flow
    assert list(flow.nodes) == list(found.value["nodes"])
    assert flow.initial_node == found.value["initial_node"]


def test_prompts_and_edges_of_dograh_become_instructions_and_routes():
    found = rewritten("dograh.json")
    nodes = found.value["nodes"]
    assert nodes["greeting"]["say"] == "Hi {{ slots.first_name }}, this is Sam."
    assert nodes["greeting"]["role_message"] == "You are Sam of a bank. Be brief."
    assert nodes["greeting"]["next"][0] == {
        "intent": "The caller wants a loan.",
        "name": "wants_a_loan",
        "goto": "qualify_budget",
    }
    assert nodes["qualify_budget"]["interruptible"] is False
    assert "role_message" not in nodes["close"]
    assert {(line, sort) for line, sort, _ in said(found, "dograh.json")} == {
        (9, "lost"),
        (11, "changed"),
        (12, "lost"),
    }


def test_an_assistant_of_vapi_becomes_one_node():
    found = rewritten("vapi-assistant.json")
    assert list(found.value["nodes"]) == ["front_desk", "end_of_call"]
    assert found.value["limits"] == {"duration": "600s"}
    assert (8, "lost", "the tool `book` is no tool here: write it as a plugin, then list it.") in said(
        found, "vapi-assistant.json"
    )


def test_a_squad_of_vapi_hands_over_by_routes():
    found = rewritten("vapi-squad.json")
    assert found.value["nodes"]["greeter"]["next"] == [
        {"intent": "asks about a bill", "goto": "billing", "say": "One moment."}
    ]
    assert any(line == 8 and "transfer" in message for line, _, message in said(found, "vapi-squad.json"))


def test_a_workflow_of_vapi_keeps_its_nodes_and_edges():
    nodes = rewritten("vapi-workflow.json").value["nodes"]
    assert nodes["introduction"]["next"] == [{"intent": "The role is known.", "goto": "save"}]
    assert nodes["hangup"] == {"say": "Bye, {{ slots.username }}.", "end": True}


def test_steps_of_rasa_become_nodes_with_the_slots_and_responses_of_the_domain():
    found = rewritten("rasa-flows.yml")
    nodes, slots = found.value["nodes"], found.value["slots"]
    assert slots["amount"]["prompt"] == ["How much shall {{ slots.recipient }} get?", "What amount?"]
    assert (slots["amount"]["type"], slots["amount"]["max"]) == ("number", 100000)
    assert nodes["ask_amount"]["next"][1] == {"if": "slots.amount > 1000", "goto": "ask_confirmed"}
    assert nodes["utter_done"]["say"] == "{{ slots.recipient }} has been sent {{ slots.amount }}."
    assert nodes["link_anything_else"] == {"subflow": "anything_else", "end": True}
    assert any("`context.channel" in message for _, _, message in said(found, "rasa-flows.yml"))
    assert any("`buttons`" in message for _, _, message in said(found, "rasa-domain.yml"))


def test_another_flow_of_a_file_of_rasa_is_asked_for_by_name():
    source = read(FILES / "rasa-flows.yml", mode="pipecat")
    found = rasa.imported(source, read(FILES / "rasa-domain.yml", mode="pipecat"), flow="anything_else")
    assert found.value["nodes"] == {"utter_more": {"say": "Anything else?", "end": True}}
    with pytest.raises(UserError, match="no flow `nothing`"):
        rasa.imported(source, flow="nothing")


@pytest.mark.parametrize("name", RIVALS)
def test_a_file_of_another_kind_is_refused_with_a_sentence(name, tmp_path):
    (tmp_path / "x.json").write_text('{"something": "else"}')
    with pytest.raises(UserError, match="this is no"):
        RIVALS[name](read(tmp_path / "x.json", mode="pipecat"))


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=st.sampled_from(sorted(set(RIVALS) - {"rasa-flows.yml"})), data=st.data())
def test_odd_values_never_raise_anything_but_a_sentence(name, data, tmp_path_factory):
    value = json.loads((FILES / name).read_text())
    places = list(_places(value))
    for _ in range(data.draw(st.integers(1, 3))):
        owner, key = data.draw(st.sampled_from(places))
        owner[key] = data.draw(junk)
    path = tmp_path_factory.mktemp("x") / "x.json"
    path.write_text(json.dumps(value))
    try:
        found = RIVALS[name](read(path, mode="pipecat"))
    except (UserError, DocumentError):
        return
    path.with_suffix(".yaml").write_text(found.text, "utf-8")
    assert examine_file(path.with_suffix(".yaml")).diagnostics is not None


def _places(value):
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield value, key
        yield from _places(item)


def test_the_command_says_what_is_lost_and_leaves_with_1(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert (
        main(
            [
                "import",
                "rasa",
                str(FILES / "rasa-flows.yml"),
                "--domain",
                str(FILES / "rasa-domain.yml"),
                "-o",
                "x.yaml",
            ]
        )
        == 1
    )
    assert "lost: the condition `context.channel" in capsys.readouterr().err
    assert main(["import", "vapi", str(FILES / "vapi-squad.json"), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["problems"] == []
    assert found["remarks"][0]["sort"] == "lost"
