"""SARIF as code scanning takes it: what the published schema wants of the parts that are used, and what they mean."""

import json
from pathlib import Path

import jsonschema
import pytest

from framework.checker.sarif import render_sarif
from framework.documents import Diagnostic, Edit, Severity, Span

TEXT = {
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {"text": {"type": "string", "minLength": 1}},
}
HELP = {**TEXT, "properties": {**TEXT["properties"], "markdown": {"type": "string"}}}
NUMBER = {"type": "integer", "minimum": 1}
URI = {"type": "string", "format": "uri", "pattern": "^[a-z]+:"}


def closed(required, **properties):
    return {"type": "object", "additionalProperties": False, "required": required.split(), "properties": properties}


REGION = closed("startLine", startLine=NUMBER, startColumn=NUMBER, endLine=NUMBER, endColumn=NUMBER)
ARTIFACT = closed("uri", uri={"type": "string", "pattern": r"^[^ \\]+$"}, uriBaseId={"type": "string"})
REPLACEMENT = closed("deletedRegion", deletedRegion=REGION, insertedContent=closed("text", text={"type": "string"}))
CHANGE = closed(
    "artifactLocation replacements",
    artifactLocation=ARTIFACT,
    replacements={"type": "array", "minItems": 1, "items": REPLACEMENT},
)
FIX = closed("artifactChanges", description=TEXT, artifactChanges={"type": "array", "minItems": 1, "items": CHANGE})
PLACE = closed(
    "physicalLocation", physicalLocation=closed("artifactLocation", artifactLocation=ARTIFACT, region=REGION)
)
RESULT = closed(
    "message",
    ruleId={"type": "string"},
    ruleIndex={"type": "integer", "minimum": -1},
    level={"enum": ["none", "note", "warning", "error"]},
    message=TEXT,
    locations={"type": "array", "items": PLACE},
    fixes={"type": "array", "items": FIX},
)
RULE = closed("id", id={"type": "string"}, shortDescription=TEXT, help=HELP, helpUri=URI)
DRIVER = closed(
    "name",
    name={"type": "string"},
    version={"type": "string"},
    informationUri=URI,
    rules={"type": "array", "uniqueItems": True, "items": RULE},
)
RUN = closed(
    "tool",
    tool=closed("driver", driver=DRIVER),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results={"type": "array", "items": RESULT},
)
LOG = closed("version runs", **{"$schema": URI}, version={"const": "2.1.0"}, runs={"type": "array", "items": RUN})
"""The parts of OASIS' schema for SARIF 2.1.0 that are used here; like there, nothing else may stand in them."""

EDIT = Edit(Span("flows/a b.yaml", 2, 7, 2, 10), "bye")
FOUND = [
    Diagnostic(
        Span("flows/a b.yaml", 2, 7, 2, 10), "FLW010", "there is no node `by`.", "Did you mean `bye`?", edit=EDIT
    ),
    Diagnostic(Span("flows/a b.yaml", 3, 1, 4, 1), "VOX001", "`**` can't be spoken.", "", Severity.WARNING),
    Diagnostic(Span("flows/a b.yaml", 5, 1, 5, 1), "FLW010", "there is no node `x`.", "", Severity.INFO),
]


@pytest.fixture
def log():
    return json.loads(render_sarif(FOUND))


def test_it_is_what_the_schema_wants(log):
    jsonschema.Draft202012Validator(LOG).validate(log)
    jsonschema.Draft202012Validator(LOG).validate(json.loads(render_sarif([])))


def test_rules_come_once_with_a_sentence_an_example_and_a_link(log):
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["FLW010", "VOX001"]
    assert rules[0]["shortDescription"]["text"] == "A way leads to a node that is not in the file."
    assert "```yaml\nflow: x" in rules[0]["help"]["markdown"]
    assert rules[0]["helpUri"].endswith("diagnostics#flw010")


def test_every_code_has_help(look):
    from framework.checker import codes

    for code in [*codes.rules(), *codes.OTHERS, "FLW001", "CFG003"]:
        (rule,) = json.loads(render_sarif([Diagnostic(Span.start("x"), code, "x.")]))["runs"][0]["tool"]["driver"][
            "rules"
        ]
        assert len(rule["help"]["text"].split()) > 3, code


def test_results_have_their_rule_their_level_and_their_place(log):
    first, second, third = log["runs"][0]["results"]
    assert [r["level"] for r in (first, second, third)] == ["error", "warning", "note"]
    assert [r["ruleIndex"] for r in (first, second, third)] == [0, 1, 0]
    assert first["message"]["text"] == "There is no node `by`. Did you mean `bye`?"
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "flows/a%20b.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 2, "startColumn": 7, "endLine": 2, "endColumn": 10},
    }


def test_a_fix_is_the_change_of_the_text(log):
    first, second, _ = log["runs"][0]["results"]
    (change,) = first["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 2, "startColumn": 7, "endLine": 2, "endColumn": 10},
            "insertedContent": {"text": "bye"},
        }
    ]
    assert "fixes" not in second


def test_files_elsewhere_have_their_whole_address(tmp_path: Path):
    found = json.loads(render_sarif([Diagnostic(Span.start(str(tmp_path / "ä.yaml")), "FLW010", "x.")]))
    place = found["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": (tmp_path / "ä.yaml").as_uri()}
