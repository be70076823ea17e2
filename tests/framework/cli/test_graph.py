"""`convo graph`: what it writes and where, and what it refuses."""

import json
from pathlib import Path

import pytest

from framework.cli.main import main

FLOW = """\
flow: main
initial_node: a
nodes:
  a: {say: hi, next: b}
  b: {subflow: part, next: c}
  c: {say: bye, end: true}
"""
PART = "flow: part\ninitial_node: x\nnodes:\n  x: {say: inside, end: true}\n"
EVENTS = [
    {"type": "session.started", "flow": "main", "data": {"hash": "", "personality": None, "channel": "text"}},
    {"type": "node.entered", "flow": "main", "data": {"node": "a", "kind": "say", "depth": 0}},
    {"type": "node.left", "flow": "main", "data": {"node": "a", "to": "b", "cause": {"kind": "route", "route": 0}}},
    {"type": "node.entered", "flow": "main", "data": {"node": "b", "kind": "subflow", "depth": 0}},
    {"type": "node.entered", "flow": "main", "data": {"node": "x", "kind": "say", "depth": 1}},
]


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "flows").mkdir()
    (tmp_path / "convo.yaml").write_text("bots: {}\n")
    (tmp_path / "flows/main.yaml").write_text(FLOW)
    (tmp_path / "flows/part.yaml").write_text(PART)
    (tmp_path / "call.jsonl").write_text("".join(json.dumps(event) + "\n" for event in EVENTS))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def drawn(*arguments):
    assert main(["graph", "main", *arguments]) == 0


def test_the_form_follows_from_the_ending_of_the_output(project):
    for name, begin in {"a.svg": "<svg", "a.html": "<!doctype html>", "a.json": "{", "a.mmd": "flowchart"}.items():
        drawn("-o", name)
        assert Path(name).read_text().startswith(begin)


def test_without_an_output_it_is_printed(project, capsys):
    drawn("--format", "svg")
    assert capsys.readouterr().out.startswith("<svg")
    drawn()
    assert capsys.readouterr().out.startswith("flowchart TD")


def test_a_page_holds_the_flows_that_are_called(project):
    drawn("-o", "a.html", "--transcript", "call.jsonl")
    data = json.loads(Path("a.html").read_text().split('id="data">')[1].split("</script>")[0])
    assert [flow["name"] for flow in data["flows"]] == ["main", "part"]
    assert [len(flow["steps"]) for flow in data["flows"]] == [2, 1]


def test_an_svg_links_to_the_drawings_beside_it(project):
    drawn("-o", "a.svg")
    assert 'href="part.svg"' in Path("a.svg").read_text()


def test_coverage_lies_over_the_drawing(project):
    Path("coverage.json").write_text(json.dumps({"main": {"nodes": {"a": 2}, "routes": {"a/0": 2}}}))
    drawn("-o", "a.svg", "--coverage", "coverage.json")
    assert "nodes 1/3" in Path("a.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(["--coverage", "c.json"], "only drawings have overlays", id="an overlay over mermaid"),
        pytest.param(["--format", "svg", "--coverage", "no.json"], "can't be read", id="no coverage"),
        pytest.param(["--format", "svg", "--coverage", "convo.yaml"], "can't be read", id="coverage that is none"),
        pytest.param(["--format", "svg", "--transcript", "no"], "can't be read", id="no transcript"),
        pytest.param(["--format", "svg", "--transcript", "convo.yaml"], "this is no event", id="a transcript of something"),
        pytest.param(["-o", "no/where.svg"], "can't be written", id="nowhere to write"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_sentence(project, capsys, arguments, sentence):
    assert main(["graph", "main", *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_a_last_line_that_was_cut_off_is_left_out(project):
    with Path("call.jsonl").open("a") as file:
        file.write('{"type": "node.ent')
    drawn("-o", "a.html", "--transcript", "call.jsonl")
