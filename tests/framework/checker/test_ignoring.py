"""What comments may ignore: with it a flow loads, compiles and begins all the same."""

import pytest

from framework.checker import codes
from framework.documents import DocumentError, Severity
from framework.documents.comments import FIRM
from framework.engine.compiler import compile_plan
from framework.errors import UserError
from framework.flows.load import load
from framework.personalities import NEUTRAL
from framework.slots import BUILT_IN
from framework.testing.driver import Driver

TYPES = {slot_type.name: slot_type for slot_type in BUILT_IN}
EXAMPLES = {code: rule.bad for code, rule in codes.rules().items()}


@pytest.mark.parametrize("code", EXAMPLES)
def test_a_flow_begins_although_a_rule_is_ignored_or_the_rule_can_not_be(code, look, project):
    text = EXAMPLES[code]
    path = project / "flows/x.yaml"
    for problem in look(text).found:
        lines = path.read_text().split("\n")
        lines.insert(problem.span.line - 1, f"# convo: ignore {problem.code}")
        path.write_text("\n".join(lines))
        left = {d.code for d in look().found}
        assert (problem.code in left) == bool(FIRM.fullmatch(problem.code))
        if problem.severity is Severity.ERROR and problem.code in left:
            with pytest.raises(DocumentError):
                load(path)
    if not any(d.severity is Severity.ERROR for d in look().found):
        begins(path)


def begins(path):
    """Starting ends in a conversation, or in a sentence about what is missing."""
    loaded = load(path)
    try:
        plan = compile_plan(loaded.flow, personality=NEUTRAL, slot_types=TYPES)
    except UserError:
        return
    driver = Driver(plan).start().hear("hello").wait(5)
    assert driver.of("session.started") or driver.events


def test_what_is_ignored_in_a_personality_or_in_convo_yaml_is_not_reported(look, project):
    text = "personality: ava\nname: Ava\nrole: You are Ava.\nlanguages: [en, xxxx]  # convo: ignore PRS012\n"
    assert [d.code for d in look(text.replace("  # convo: ignore PRS012", ""), "personalities/ava.yaml").found] == [
        "PRS012"
    ]
    assert look(text, "personalities/ava.yaml").found == []
    text = "bots:\n  # convo: ignore CFG011\n  a: {flow: nowhere}\n"
    assert [d.code for d in look(text.replace("  # convo: ignore CFG011\n", ""), "convo.yaml").found] == ["CFG011"]
    assert look(text, "convo.yaml").found == []


def test_a_comment_for_nothing_is_reported_where_every_rule_was_asked(look):
    text = "flow: x\ninitial_node: a\nnodes:\n  a: {say: hi, end: true}  # convo: ignore TLS001\n"
    assert [d.code for d in look(text, structure=False).found if d.span.file == "flows/x.yaml"] == ["YML020"]
    assert look(text, structure=True).found == []


def test_a_comment_in_an_included_file_counts_there_and_is_never_idle(look, project):
    text = "flow: x\ninitial_node: a\nnodes:\n  a: {say: !include part.yaml, end: true}\n"
    (project / "flows/part.yaml").write_text("'**hi**'\n")
    assert [(d.code, d.span.file) for d in look(text).found] == [("VOX001", "flows/part.yaml")]
    (project / "flows/part.yaml").write_text("'**hi**'  # convo: ignore VOX001\n")
    assert look(text).found == []
    (project / "flows/part.yaml").write_text("hi  # convo: ignore VOX001\n")
    assert [d for d in look(text, structure=False).found if d.span.file.startswith("flows")] == []


def test_a_flow_of_pipecats_kind_has_comments_too(look):
    text = "initial_node: a\nnodes:\n  a: {task_messages: [{role: developer, content: Hi.}]}\n"
    (found,) = look(text).found
    lines = text.split("\n")
    lines[found.span.line - 1] += f"  # convo: ignore {found.code}"
    assert look("\n".join(lines)).found == []
