"""`convo test`, as people and CI systems use it."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from framework.cli.commands.init import begin
from framework.cli.main import main

ROOT = Path(__file__).parents[3]
FAILS = """
name: hello
scenarios:
  - {name: good, turns: [{user: goodbye, expect: [{end: done}]}]}
  - {name: bad, turns: [{user: what, expect: [{end: done}]}, {user: never}]}
  - {name: late, skip: later, turns: []}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "convo.yaml").write_text("bots: {hello: {flow: hello}}\n")
    (tmp_path / "flows" / "tests").mkdir(parents=True)
    shutil.copy(ROOT / "flows" / "hello.yaml", tmp_path / "flows")
    shutil.copy(ROOT / "flows" / "tests" / "hello.yaml", tmp_path / "flows" / "tests")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_all_scenarios_of_the_project_are_played(project, capsys):
    assert main(["test"]) == 0
    assert capsys.readouterr().out.startswith("1 scenario: 1 passed")


def test_a_failure_is_told_with_its_place_and_what_came_before(project, capsys):
    (project / "flows/tests/more.yaml").write_text(FAILS)
    assert main(["test"]) == 1
    out = capsys.readouterr().out
    assert "FAILED hello/bad\n  flows/tests/more.yaml:5\n" in out
    assert "expected: the end with reason `done`" in out
    assert "| You: what" in out
    assert "skipped hello/late: later" in out
    assert "4 scenarios: 2 passed, 1 failed, 1 skipped" in out


def test_some_can_be_chosen_and_the_first_failure_may_end_it(project, capsys):
    (project / "flows/tests/more.yaml").write_text(FAILS)
    assert main(["test", "-k", "GOOD"]) == 0
    assert main(["test", "flows/tests/more.yaml", "--fail-fast"]) == 1
    assert "2 scenarios: 1 passed, 1 failed" in capsys.readouterr().out


def test_a_file_that_is_wrong_is_not_played(project, capsys):
    (project / "flows/tests/more.yaml").write_text(FAILS.replace("user: what", "usr: what"))
    assert main(["test"]) == 2
    assert "more.yaml:5:26: error TST001" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["-k", "nothing"], ["flows/hello.yaml"], ["nowhere.yaml"]])
def test_nothing_to_play_is_an_error(project, capsys, arguments):
    assert main(["test", *arguments]) == 2
    assert capsys.readouterr().err


def test_a_project_without_scenarios_is_told_how_to_get_some(project, capsys):
    shutil.rmtree(project / "flows" / "tests")
    assert main(["test"]) == 2
    assert "`convo test --generate FLOW" in capsys.readouterr().err


def test_the_scenarios_of_a_new_project_see_all_of_its_flow(tmp_path, monkeypatch, capsys):
    begin(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["test", "--coverage", "--fail-under", "100"]) == 0
    assert "5 passed" in capsys.readouterr().out


def test_junit_holds_every_scenario(project):
    (project / "flows/tests/more.yaml").write_text(FAILS)
    main(["test", "--junit", "report.xml"])
    top = ET.parse(project / "report.xml").getroot()
    assert {name: top.get(name) for name in ("tests", "failures", "skipped")} == {
        "tests": "4",
        "failures": "1",
        "skipped": "1",
    }
    failed = top.find(".//testcase[@name='hello/bad']/failure")
    assert "it is at `hello`" in failed.get("message")


def test_coverage_is_told_written_and_demanded(project, capsys):
    (project / "flows/tests/hello.yaml").write_text("name: hello\nscenarios: [{name: it, turns: [{user: what}]}]")
    assert main(["test", "--coverage", "--coverage-json", "coverage.json", "--fail-under", "50"]) == 0
    assert "hello: routes never seen: hello/0" in capsys.readouterr().out
    assert json.loads((project / "coverage.json").read_text())["hello"]["nodes"] == {"hello": 1}
    assert main(["test", "--fail-under", "51"]) == 1


def test_programs_get_a_line_of_json_for_each_scenario(project, capsys):
    assert main(["test", "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert told["passed"]
    assert [event["type"] for event in told["events"]][:2] == ["session.started", "node.entered"]


def test_other_processes_give_the_same_answer(project, capsys):
    (project / "flows/tests/more.yaml").write_text(FAILS)
    assert main(["test", "--jobs", "2"]) == 1
    assert "4 scenarios: 2 passed, 1 failed, 1 skipped" in capsys.readouterr().out


def test_conversations_are_printed_when_asked_for(project, capsys):
    main(["test", "-v"])
    assert "Bot: Hello! Say goodbye when you want to go." in capsys.readouterr().out


def test_what_real_tools_answered_can_be_given_again(project, capsys, monkeypatch):
    shutil.copy(ROOT / "flows" / "pizza.yaml", project / "flows")
    text = "name: pizza\nscenarios: [{name: it, tools: {pizza.price: recorded}, turns: [{user: a large funghi}, {user: one, expect: [{node: confirm}]}]}]"
    (project / "flows/tests/pizza.yaml").write_text(text)
    assert main(["test", "-k", "pizza"]) == 1
    assert main(["test", "-k", "pizza", "--record"]) == 0
    (row,) = (project / "flows/tests/pizza.recorded.jsonl").read_text().splitlines()
    assert json.loads(row)["result"]["total"] == 11.5
    assert main(["test", "-k", "pizza"]) == 0


def test_the_schema_of_scenarios_is_printed(capsys):
    assert main(["schema", "scenario"]) == 0
    assert "turns" in json.loads(capsys.readouterr().out)["properties"]


def test_convo_check_knows_scenario_files(project, capsys):
    (project / "flows/tests/more.yaml").write_text(FAILS.replace("user: what", "usr: what"))
    assert main(["check"]) == 1
    assert "TST001" in capsys.readouterr().out


def test_scenarios_can_be_written_by_the_command(project, capsys):
    assert main(["test", "--generate", "hello", "-o", "flows/tests/hello.yaml"]) == 0
    assert "1 scenario: 2 of 2 things in `hello` are seen." in capsys.readouterr().err
    assert main(["test", "--fail-under", "100"]) == 0
    assert main(["test", "--generate", "hallo"]) == 2
