"""The schema of one project: what is shipped fits, what names something that is not there does not."""

import copy
import json
from pathlib import Path

import jsonschema
import pytest

from framework.cli.commands.schema import of_project
from framework.cli.main import main
from framework.documents import read

ROOT = Path(__file__).resolve().parents[3]
OURS = sorted((ROOT / "flows").glob("*.yaml"))


def validator(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.fixture(scope="module")
def of_all():
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return validator(of_project())


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_every_shipped_flow_fits_the_schema_of_the_project_and_its_own(path, of_all, monkeypatch):
    value = read(path, ROOT).value
    of_all.validate(value)
    monkeypatch.chdir(ROOT)
    validator(of_project(path.stem)).validate(value)


FLOW = {
    "flow": "x",
    "personality": "ava",
    "slots": {"who": "person_name", "born": {"type": "date", "prefer": "past", "x-mine": 1}, "ok": "boolean"},
    "initial_node": "a",
    "nodes": {
        "a": {"run": "patients.verify", "with": {"name": "{{ slots.who }}", "born": 1}, "save": {"ok": "result.match"}, "next": "b"},
        "b": {"instruct": "Help.", "tools": ["appointments.find", {"name": "appointments.book", "with": {"patient": "x"}}], "end": True},
    },
}  # fmt: skip

BROKEN = {
    "a tool that is not there": ("nodes.a.run", "patients.verfy"),
    "a tool in a list that is not there": ("nodes.b.tools.0", "appointments.fnd"),
    "a tool entry that is not there": ("nodes.b.tools.1.name", "appointments.bok"),
    "an argument that the tool does not take": ("nodes.a.with", {"nmae": "x"}),
    "a slot type that nobody has": ("slots.who", "persn"),
    "a declared slot type that nobody has": ("slots.born.type", "dat"),
    "an option of another type": ("slots.born", {"type": "date", "values": ["a"]}),
    "an option with a wrong value": ("slots.born.prefer", "pst"),
    "a personality that is not there": ("personality", "avva"),
    "a stack that is not there": ("nodes.b.stack", "ofline"),
    "a transfer that is not in convo.yaml": ("nodes.b.transfer", "nobody"),
    "a subflow that is not there": ("nodes.b.subflow", "clinc"),
}


def spoilt(where, value):
    flow = copy.deepcopy(FLOW)
    here, *path = flow, *where.split(".")
    for key in path[:-1]:
        here = here[int(key)] if isinstance(here, list) else here[key]
    here[int(path[-1]) if isinstance(here, list) else path[-1]] = value
    return flow


def test_a_flow_of_the_project_fits(of_all):
    of_all.validate(FLOW)


@pytest.mark.parametrize("name", BROKEN)
def test_a_name_that_leads_nowhere_does_not_fit(name, of_all):
    assert not of_all.is_valid(spoilt(*BROKEN[name])), name


OWN = {
    "a node": ("nodes.a.next", "zzz"),
    "a slot": ("nodes.b.collect", ["zzz"]),
    "a slot that is set": ("nodes.b.set", {"zzz": 1}),
    "an event": ("nodes.b.next", [{"event": "zzz", "end": True}]),
}


@pytest.mark.parametrize("name", OWN)
def test_names_of_a_flow_are_suggested_for_all_and_the_only_ones_for_itself(name, of_all, tmp_path, monkeypatch):
    of_all.validate(spoilt(*OWN[name]))
    monkeypatch.chdir(ROOT)
    path = tmp_path / "x.json"
    path.write_text(json.dumps(FLOW))
    own = validator(of_project(str(path)))
    own.validate(FLOW)
    assert not own.is_valid(spoilt(*OWN[name]))


def test_what_an_editor_shows_is_in_it(of_all):
    tools = of_all.schema["$defs"]["ToolName"]["anyOf"]
    assert {"const": "patients.verify"}.items() <= next(t for t in tools if t["const"] == "patients.verify").items()
    assert all(t.get("description") for t in tools)
    assert "identify" in [n.get("const") for n in of_all.schema["$defs"]["NodeName"]["anyOf"]]


def test_other_kinds_of_files_have_no_schema_of_the_project(capsys):
    assert main(["schema", "stack", "--project"]) == 2
    assert "are for flows" in capsys.readouterr().err
