"""Comments for the checker: what they ignore, what they can't, and what is said about those that ignore nothing."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.documents import Diagnostic, Severity, Span
from framework.documents.comments import comments, without_ignored


def problem(code, line, column=3, file="x.yaml"):
    return Diagnostic(Span.point(file, line, column), code, f"something on line {line}.")


def left(text, *found, complete="x.yaml"):
    return [(d.code, d.span.line) for d in without_ignored(found, {"x.yaml": text}, complete=complete)]


def test_a_comment_at_the_end_of_a_line_ignores_a_problem_of_that_line():
    text = "a: 1\nb: 2  # convo: ignore FLW012\nc: 3\n"
    assert left(text, problem("FLW012", 2), problem("FLW012", 3), problem("FLW011", 2)) == [
        ("FLW011", 2), ("FLW012", 3),
    ]  # fmt: skip


def test_a_comment_on_a_line_of_its_own_is_about_the_next_line_that_holds_something():
    text = "a: 1\n# convo: ignore FLW012\n\n# and another comment\nb: 2\nc: 3\n"
    assert left(text, problem("FLW012", 5), problem("FLW012", 6)) == [("FLW012", 6)]


def test_several_codes_are_joined_by_commas_and_words_may_follow():
    text = "a: 1  # convo: ignore FLW012,FLW011 , VOX001 because the desk wants it so\n"
    assert left(text, problem("FLW012", 1), problem("FLW011", 1), problem("VOX001", 1)) == []


@pytest.mark.parametrize(
    "text",
    [
        'a: "  # convo: ignore FLW012"\n',
        "a: '  # convo: ignore FLW012'\n",
        "a: |\n  # convo: ignore FLW012\n",
        'a: "x\n  # convo: ignore FLW012\n  y"\n',
        "a: b# convo: ignore FLW012\n",
        '{"a": " # convo: ignore FLW012"}\n',
    ],
    ids=["in double quotes", "in single quotes", "in a block", "in quotes over lines", "in a word", "in braces"],
)
def test_a_text_is_no_comment(text):
    assert comments(text, "x.yaml") == ()


def test_a_comment_may_stand_behind_the_sign_of_a_block_and_counts_for_the_whole_of_it():
    text = "a: |  # convo: ignore EXP002\n  one\n  two {{ x }}\nb: 2\n"
    assert left(text, problem("EXP002", 3), problem("EXP002", 4)) == [("EXP002", 4)]


def test_a_comment_above_a_text_of_several_lines_counts_for_the_whole_of_it():
    text = 'x: 1\n# convo: ignore EXP002\na: "one\n  two {{ x }}"\n'
    assert left(text, problem("EXP002", 4)) == []


def test_json_has_no_comments():
    text = '{"a": 1}  # convo: ignore FLW012\n'
    found = [problem("FLW012", 1, file="x.json")]
    assert without_ignored(found, {"x.json": text}, complete="x.json") == found


def test_what_is_ignored_for_nothing_is_reported_with_the_edit_that_removes_it():
    text = "a: 1  # convo: ignore FLW012, FLW011\n"
    (found,) = without_ignored([problem("FLW011", 1)], {"x.yaml": text}, complete="x.yaml")
    assert (found.code, found.severity, found.message) == (
        "YML020", Severity.WARNING, "`FLW012` is ignored here, but nothing like it is wrong.",
    )  # fmt: skip
    assert found.edit is not None
    assert (found.edit.span.column, found.edit.span.end_column, found.edit.text) == (23, 37, "FLW011")


@pytest.mark.parametrize("complete", [None, "y.yaml"])
def test_where_not_every_problem_is_known_nothing_is_said_about_comments(complete):
    assert left("a: 1  # convo: ignore FLW012\n", complete=complete) == []


@pytest.mark.parametrize("code", ["STK004", "STK005", "STK006"])
def test_what_another_machine_may_lack_is_never_ignored_for_nothing(code):
    assert left(f"a: 1  # convo: ignore {code}\n") == []


@pytest.mark.parametrize("words", ["ignore", "ignroe FLW012", "ignore all", "", "ignore FLW12"])
def test_a_comment_that_says_nothing_is_reported(words):
    assert left(f"a: 1  # convo: {words}\n", problem("FLW012", 1)) == [("FLW012", 1), ("YML021", 1)]


@pytest.mark.parametrize("code", ["FLW010", "EXP001", "FLW002", "YML005", "YML020"])
def test_what_keeps_a_file_from_being_used_can_not_be_ignored(code):
    assert left(f"a: 1  # convo: ignore {code}\n", problem(code, 1)) == [(code, 1), ("YML021", 1)]


def test_comments_before_the_place_that_yaml_can_not_read_still_count():
    text = "a: 1  # convo: ignore FLW012\nb: 'open\n# convo: ignore FLW012\n"
    assert [c.span.line for c in comments(text, "x.yaml")] == [1]


@given(st.text(alphabet=" \n#:{}[]'\"|>-abconv,ignre012FLW\t", max_size=80))
def test_any_text_is_read_for_comments(text):
    text = f"{text}# convo: ignore FLW012\n{text}"
    for comment in comments(text, "x.yaml"):
        assert text.split("\n")[comment.span.line - 1][comment.span.column - 1] == "#"
        without_ignored([problem("FLW012", 1)], {"x.yaml": text}, complete="x.yaml")


def test_a_flow_whose_dead_end_is_ignored_can_be_loaded(tmp_path):
    from framework.documents import DocumentError
    from framework.flows.load import load

    text = textwrap.dedent("""\
        flow: x
        initial_node: a
        nodes:
          a: {say: hi}
    """)
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(DocumentError, match="FLW012"):
        load(path)
    path.write_text(text.replace("hi}", "hi}  # convo: ignore FLW012"))
    assert load(path).flow.flow == "x"
