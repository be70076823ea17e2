"""`convo check`: what it looks at, what it prints, and with which code it leaves."""

import json

import pytest

from framework.cli.main import main

GOOD = "flow: good\ninitial_node: a\nnodes:\n  a: {say: hi, end: true}\n"
BAD = "flow: bad\ninitial_node: a\nnodes:\n  a: {say: hi, next: b}\n"
WARNING = "flow: warning\ninitial_node: a\nnodes:\n  a: {say: '**hi**', end: true}\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    for folder in ("flows/parts", "personalities", "stacks"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "convo.yaml").write_text("bots:\n  good: {flow: good, personality: nia}\n")
    (tmp_path / "flows/good.yaml").write_text(GOOD)
    (tmp_path / "personalities/nia.yaml").write_text(
        "personality: nia\nname: Nia\nrole: You are Nia.\nlanguages: [en]\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(capsys, *arguments):
    code = main(["check", "--structure", "--format", "json", *map(str, arguments)])
    return code, json.loads(capsys.readouterr().out)["diagnostics"]


def test_a_project_without_mistakes_is_fine(project, capsys):
    assert checked(capsys) == (0, [])


def test_every_diagnostic_has_its_fields(project, capsys):
    (project / "flows/bad.yaml").write_text(BAD)
    code, (found,) = checked(capsys)
    assert code == 1
    assert found == {
        "file": "flows/bad.yaml", "line": 4, "column": 22, "end_line": 4, "end_column": 23, "severity": "error",
        "code": "FLW010", "message": "there is no node `b`.", "fix": "Known: `a`.", "edit": None,
    }  # fmt: skip


def test_a_folder_means_every_file_in_it_but_not_what_others_include(project, capsys):
    (project / "flows/parts/words.yaml").write_text("Hello there.\n")
    (project / "flows/parts/other.yaml").write_text(BAD)
    (project / "flows/good.yaml").write_text(GOOD.replace("hi", "!include parts/words.yaml"))
    code, found = checked(capsys, "flows")
    assert (code, [d["file"] for d in found]) == (1, ["flows/parts/other.yaml"])


def test_files_are_told_apart_by_what_stands_in_them(project, capsys):
    (project / "a.yaml").write_text("personality: nia\nnmae: Nia\n")
    (project / "b.yaml").write_text("bots: {x: {flow: nope}}\n")
    (project / "c.yaml").write_text("initial_node: a\nnodes: {a: {task_mesages: []}}\n")
    _, found = checked(capsys, "a.yaml", "b.yaml", "c.yaml")
    assert {d["file"]: d["code"][:3] for d in found} == {"a.yaml": "PRS", "b.yaml": "CFG", "c.yaml": "FLW"}


def test_warnings_fail_only_a_strict_check(project, capsys):
    path = project / "flows/warning.yaml"
    path.write_text(WARNING)
    assert checked(capsys, path)[0] == 0
    assert checked(capsys, "--strict", path)[0] == 1


def test_where_nothing_could_be_checked_the_code_is_two(project, capsys):
    (project / "binary.yaml").write_bytes(bytes(range(256)))
    (project / "empty").mkdir()
    assert checked(capsys, "nope.yaml")[0] == 2
    assert checked(capsys, "binary.yaml")[0] == 2
    assert checked(capsys, "empty")[0] == 2
    assert checked(capsys, "nope.yaml", "flows/good.yaml")[0] == 1


def test_a_mistake_in_convo_yaml_is_found_with_the_nearest_name(project, capsys):
    (project / "convo.yaml").write_text("bots:\n  good: {flow: goood, stak: offline}\ndefault_bot: god\n")
    code, found = checked(capsys)
    assert code == 1
    assert [(d["code"], d["line"], d["column"], d["fix"]) for d in found] == [
        ("CFG011", 2, 16, "Did you mean `good`?"),
        ("CFG001", 2, 23, "Did you mean `stack`?"),
        ("CFG010", 3, 14, "Did you mean `good`?"),
    ]


def test_what_can_be_mended_says_how(project, capsys):
    (project / "flows/good.yaml").write_text(GOOD.replace("initial_node: a", "initial_node: aa"))
    assert checked(capsys)[1][0]["edit"] == {
        "file": "flows/good.yaml", "line": 2, "column": 15, "end_line": 2, "end_column": 17, "text": "a",
    }  # fmt: skip


def test_files_are_mended_and_the_rest_is_reported(project, capsys):
    text = "flow: x  # mine\ninitial_node: aa\nnodes: {a: {say: hi}}\n"
    path = project / "flows/x.yaml"
    path.write_text(text)
    assert main(["check", "--structure", "--fix", "--diff"]) == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[:2] == ["--- a/flows/x.yaml", "+++ b/flows/x.yaml"]
    assert [line for line in shown[2:] if line[0] in "+-"] == ["-initial_node: aa", "+initial_node: a"]
    assert path.read_text() == text
    assert main(["check", "--structure", "--fix"]) == 1
    assert path.read_text() == text.replace("aa", "a")
    shown = capsys.readouterr().out
    assert "error FLW012" in shown
    assert "FLW010" not in shown
    assert shown.endswith("1 problem mended in 1 file.\n")


@pytest.mark.parametrize("wrong", [["--diff"], ["--watch", "--fix"]])
def test_options_that_do_not_go_together_are_refused(wrong, project, capsys):
    assert main(["check", *wrong]) == 2
    assert "`--" in capsys.readouterr().err


def test_sarif_and_annotations_leave_with_the_same_codes(project, capsys):
    (project / "flows/bad.yaml").write_text(BAD)
    assert main(["check", "--structure", "--format", "sarif"]) == 1
    assert json.loads(capsys.readouterr().out)["version"] == "2.1.0"
    assert main(["check", "--structure", "--format", "github"]) == 1
    assert capsys.readouterr().out == (
        "::error file=flows/bad.yaml,line=4,endLine=4,col=22,endColumn=23,title=FLW010::"
        "there is no node `b`. Known: `a`.\n"
    )


def test_people_see_the_line_and_a_summary(project, capsys):
    (project / "flows/bad.yaml").write_text(BAD)
    assert main(["check", "flows/bad.yaml"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "flows/bad.yaml:4:22: error FLW010",
        "   4 |   a: {say: hi, next: b}",
        "                            ^ there is no node `b`.",
        "     = Known: `a`.",
        "1 file checked: 1 error.",
    ]


def test_plugins_of_a_folder_are_known_and_broken_ones_are_named(project, capsys, tmp_path):
    plugin = tmp_path / "more/weather"
    plugin.mkdir(parents=True)
    (plugin / "__init__.py").write_text(
        '"""Weather."""\nfrom framework import hookimpl, tool\n\n@tool\nasync def now(city: str) -> str:\n'
        '    """Say the weather."""\n    return city\n\n@hookimpl\ndef register_tools(tools):\n    tools.add(now)\n'
    )
    (tmp_path / "more/broken").mkdir()
    (tmp_path / "more/broken/__init__.py").write_text('"""Broken."""\nraise RuntimeError("no")\n')
    text = "flow: x\ninitial_node: a\nnodes:\n  a: {run: weather.nwo, with: {city: Ulm}, next: b}\n  b: {say: hi, end: true}\n"
    (project / "flows/x.yaml").write_text(text)
    assert main(["check", "--format", "json", "--plugins", str(tmp_path / "more"), "flows/x.yaml"]) == 1
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    mine = [d for d in found if d["code"] == "TLS001" or "broken" in d["message"]]
    assert {d["code"]: d["severity"] for d in mine} == {"TLS001": "error", "TLS010": "warning"}
    assert next(d for d in mine if d["code"] == "TLS001")["fix"] == "Did you mean `weather.now`?"


def test_a_wrong_option_is_two_and_says_so(capsys):
    assert main(["check", "--colour"]) == 2
    assert "--colour" in capsys.readouterr().err


def test_every_command_has_a_manual(capsys):
    for command in ("check", "graph", "schema"):
        assert main([command, "--help"]) == 0
        assert "Examples:" in capsys.readouterr().out


def test_a_graph_is_drawn_for_people_and_for_programs(project, capsys):
    assert main(["graph", "good"]) == 0
    assert capsys.readouterr().out.startswith("flowchart TD\n")
    assert main(["graph", "good", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "nodes": [{"id": "a", "kind": "say", "title": "a"}, {"id": "(end)", "kind": "end", "title": "end"}],
        "edges": [{"from": "a", "to": "(end)", "label": "done"}],
    }


def test_a_graph_of_nothing_is_a_sentence(project, capsys):
    assert main(["graph", "goood"]) == 2
    assert "Did you mean `good`?" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["flow", "personality", "stack", "convo"])
def test_a_schema_is_one_that_validators_take(kind, capsys):
    import jsonschema

    assert main(["schema", kind]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]


def test_the_flow_schema_takes_short_forms():
    import jsonschema

    from framework.cli.commands.schema import made

    flow = {
        "flow": "x", "initial_node": "a", "slots": {"s": "text", "t": {"type": "integer", "min": 1}},
        "nodes": {"a": {"say": "hi", "next": {"else": "b"}}, "b": {"collect": "s", "next": "a", "x-note": 1}},
    }  # fmt: skip
    jsonschema.Draft202012Validator(made("flow")).validate(flow)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(made("flow")).validate({**flow, "pipecat": True})
