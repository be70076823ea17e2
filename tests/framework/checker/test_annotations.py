"""Commands of GitHub's workflows: one line each, whatever stands in a message or a name."""

import re

from hypothesis import given
from hypothesis import strategies as st

from framework.checker.annotations import render_annotations
from framework.documents import Diagnostic, Severity, Span

LINE = re.compile(r"::(error|warning|notice) (?P<values>[^:\r\n]*)::(?P<message>[^\r\n]*)")


def unescaped(text):
    for sign, char in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(sign, char)
    return text


def test_a_problem_is_one_command():
    problem = Diagnostic(Span("a.yaml", 3, 5, 3, 9), "VOX001", "100% wrong:\nnever.", "Fix, it.", Severity.WARNING)
    assert render_annotations([problem]) == (
        "::warning file=a.yaml,line=3,endLine=3,col=5,endColumn=9,title=VOX001::100%25 wrong:%0Anever. Fix, it."
    )


def test_a_problem_over_lines_names_no_last_column():
    assert "endColumn" not in render_annotations([Diagnostic(Span("a", 1, 1, 2, 3), "FLW011", "x.")])


@given(st.text(max_size=30), st.text(max_size=30))
def test_nothing_in_a_name_or_message_breaks_out(file, message):
    problem = Diagnostic(Span(file, 1, 1, 1, 2), "FLW010", message)
    found = LINE.fullmatch(render_annotations([problem]))
    assert found
    values = dict(pair.split("=", 1) for pair in found["values"].split(","))
    assert unescaped(values["file"]) == file
    assert unescaped(found["message"]) == message.strip() or unescaped(found["message"]) == message
