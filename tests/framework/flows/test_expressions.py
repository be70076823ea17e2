"""The language of expressions: what it computes, what it refuses, and that it always comes to an end."""

import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.flows.expressions import (
    ANY,
    EvaluationError,
    ExpressionError,
    StateTemplate,
    Template,
    Type,
    parse,
)

NOW = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)
NAMES = {
    "slots": {"n": 3, "t": "abc", "none": None, "d": "1985-03-05", "l": ["a", "b"], "yes": True, "f": 2.5},
    "result": {"total": 7, "deep": {"x": [1, {"y": 2}]}},
    "session": {"visits": 2, "channel": "text"},
    "identity": None,
}


def value(text):
    return parse(text).evaluate(NAMES, NOW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("slots.n > 2 and slots.t == 'abc'", True),
        ("slots.n > 2 or 1 / 0 > 1", True),
        ("not slots.none", True),
        ("1 < slots.n <= 3", True),
        ("slots.t in ['abc', 'x']", True),
        ("'b' in slots.t", True),
        ("slots.t not in ['x']", True),
        ("slots.none == null", True),
        ("slots.none != null", False),
        ("slots.none < 1", False),
        ("slots.none >= 1", False),
        ("1 > slots.none", False),
        ("slots.none in ['a']", False),
        ("'a' in slots.none", False),
        ("slots.missing == null", True),
        ("identity.name == null", True),
        ("true == 1", False),
        ("false == 0", False),
        ("1 == 1.0", True),
        ("slots.d < '1990-01-01'", True),
        ("2 + 3 * 4 - 10 / 4", 11.5),
        ("7 % 4", 3),
        ("-slots.n", -3),
        ("slots.t + 'd'", "abcd"),
        ("slots.l + ['c']", ["a", "b", "c"]),
        ("'x' if slots.yes else 'y'", "x"),
        ("result.deep.x[1].y", 2),
        ("result['total']", 7),
        ("slots.l[5]", None),
        ("len(slots.t) + len(slots.l) + len(slots.none)", 5),
        ("upper(trim('  a ')) + lower('B')", "Ab"),
        ("contains(slots.t, 'b') and contains(slots.l, 'b')", True),
        ("starts_with(slots.t, 'ab') and ends_with(slots.t, 'bc')", True),
        ("starts_with(slots.none, 'a')", False),
        ("min(3, slots.n, 1) + max([4, 9])", 10),
        ("round(2.567, 1) + abs(-1)", 3.6),
        ("default(slots.none, 'x')", "x"),
        ("today()", "2026-03-04"),
        ("age(slots.d)", 40),
        ("days_between('2026-03-01', today())", 3),
        ("matches(slots.t, '[a-c]+')", True),
        ("matches(slots.t, 'ab')", False),
        ("matches('A1', '(?i)a[0-9]{1,2}')", True),
        ("matches('ab', '^a|^ab$')", True),
        ("  slots.n  ", 3),
        ("slots.n ==\n3", True),
    ],
)
def test_an_expression_has_its_value(text, expected):
    assert value(text) == expected
    assert type(value(text)) is type(expected)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("", 1), ("1 +", 4), ("a**b", 1), ("slots.a = 1", 9), ("slots.a && true", 9), ("nope", 1), ("slots.a and nope", 13),
        ("True", 1), ("None", 1), ("[x for x in y]", 1), ("(1, 2)", 1), ("{'a': 1}", 1), ("lambda: 1", 1), ("f'x'", 1),
        ("__import__('os')", 1), ("slots.a()", 1), ("len()", 1), ("len(1, 2)", 1), ("len(x=1)", 1), ("slots[1:2]", 7),
        ("slots.a is null", 1), ("slots.a // 2", 1), ("(slots.a := 1)", 11), ("...", 1), ("b'x'", 1), ("1j", 1), ("1e400", 1),
        ("matches(slots.a, '(')", 18), ("len", 1), ("'é' + nope", 7), ("not " * 100 + "true", 1), ("(" * 200 + ")" * 200, 1),
        ("1 " * 2000, 1), ("await x", 1), ("*slots.a", 1), ("slots.a; 1", 8), ("a)+(b", 2),
    ],
)  # fmt: skip
def test_what_is_no_expression_is_refused_at_its_column(text, column):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    if column > 1 or "(" * 200 not in text:
        assert caught.value.column == column
    assert caught.value.message.endswith(".")


@pytest.mark.parametrize(
    "text",
    ["1 / 0", "slots.t + 1", "slots.t < 1", "slots.none + 1", "slots.t.x", "slots.l < 3", "-slots.t", "3 % 0", "1 in 2",
     "lower(3)", "age('soon')", "9e18 * 9e18", "max('a', 1)", "true + 1", "matches('a', slots.t + '(')", "slots.l[true]"],
)  # fmt: skip
def test_an_expression_that_meets_the_wrong_values_says_so(text):
    with pytest.raises(EvaluationError):
        value(text)


def test_results_are_bounded():
    names = {"slots": {"t": "a" * 60_000, "l": ["a"] * 60_000, "n": 2**40}}
    for text in ("slots.t + slots.t", "slots.l + slots.l", "slots.n * slots.n"):
        with pytest.raises(EvaluationError):
            parse(text).evaluate(names, NOW)


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(a|aa)+b", "(.*)(.*)(.*)b", "((a*)*)*b", "(a?){50}a{50}b"])
def test_no_pattern_takes_longer_than_its_text(pattern):
    begin = time.process_time()
    assert parse(f"matches(slots.t, '{pattern}')").evaluate({"slots": {"t": "a" * 500}}, NOW) is False
    assert time.process_time() - begin < 60


@pytest.mark.parametrize("pattern", [r"(a)\1", "(?=a)b", "(?<!a)b", r"\bx", "a{1,2000}{2}", "[", "a{5000}"])
def test_patterns_that_can_not_be_matched_in_time_are_refused(pattern):
    with pytest.raises(ExpressionError):
        parse(f"matches('a', {pattern!r})")


def test_the_paths_an_expression_reads_are_known():
    assert parse("slots.a + result.b['c'] and len(session.id) and slots.l[0].x").names() == {
        ("slots", "a"), ("result", "b", "c"), ("session", "id"), ("slots", "l"),
    }  # fmt: skip


TYPES = {
    "slots": Type("object", noun="slot", fields={
        "n": Type("integer"), "t": Type("text"), "d": Type("date"), "b": Type("boolean"),
        "e": Type("enum", ("small", "large")), "l": Type("list", item=Type("integer")), "x": ANY,
    }),
    "result": Type.of_schema({"type": "object", "properties": {
        "total": {"type": "number"}, "name": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "kind": {"enum": ["a", "b"]}}}),
    "state": ANY,
}  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["slots.n > 2", "slots.e == 'small'", "slots.e in ['small', 'large']", "slots.d < '2020-01-01'", "slots.d > today()", "slots.x.y > 3",
     "slots.n == null", "slots.t + slots.e", "len(slots.t) > slots.n", "slots.l[0] + 1", "slots.n in slots.l", "result.total * 2 > slots.n",
     "default(slots.t, 'x') == 'y'", "slots.t and slots.n", "upper(result.name)", "age(slots.d) > 17", "slots.e == result.kind",
     "(slots.t if slots.b else slots.e) == 'x'", "state.anything[3].goes + 1 < 'x'", "slots.n / 2 < 1.5"],
)  # fmt: skip
def test_what_fits_has_no_problems(text):
    assert parse(text).check(TYPES)[1] == []


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("slots.m > 2", 1, "no slot `m`"),
        ("slots.e == 'smal'", 12, "`smal` is not one of the values"),
        ("'smal' == slots.e", 1, "`smal` is not one of the values"),
        ("slots.e in ['small', 'big']", 22, "`big` is not one of the values"),
        ("slots.n > 'three'", 11, "can't be compared"),
        ("slots.n == slots.t", 1, "can't be compared"),
        ("slots.b == 1", 12, "can't be compared"),
        ("slots.b > true", 1, "no order"),
        ("slots.d == 'soon'", 12, "not a date"),
        ("result.totel", 1, "no field `totel`"),
        ("event.x", 1, "no `event` here"),
        ("slots.n + slots.t", 1, "can't join"),
        ("slots.t * 2", 1, "can't join"),
        ("-slots.t", 1, "wants a number"),
        ("len(slots.n)", 5, "can't take a number"),
        ("slots.t.x", 1, "has no field"),
        ("slots.n in slots.n", 12, "nothing can be `in`"),
        ("slots.t in slots.l", 1, "can't be compared"),
        ("slots.b and slots.e == 'tiny'", 24, "not one of the values"),
    ],
)
def test_what_does_not_fit_is_found_at_its_column(text, column, words):
    (problem,) = parse(text).check(TYPES)[1]
    assert problem.column == column
    assert words in problem.message


def test_a_template_fills_its_placeholders():
    template = Template.parse(r"Hi {{ slots.t }}, \{{ no }} {{ slots.none }}{{ '}}' }} {{ slots.n / 1.5 }}!")
    assert template.render(NAMES, NOW) == "Hi abc, {{ no }} }} 2!"


def test_a_lone_placeholder_keeps_its_type():
    assert Template.parse("{{ slots.l }}").value(NAMES, NOW) == ["a", "b"]
    assert Template.parse(" {{ slots.none }}\n").value(NAMES, NOW) is None
    assert Template.parse("{{ slots.n }} {{ slots.n }}").value(NAMES, NOW) == "3 3"
    assert Template.parse("{{ slots.yes }}!").value(NAMES, NOW) == "true!"


def test_a_spoken_template_hands_over_values_and_paths():
    told = []
    text = Template.parse("{{ slots.n }} {{ slots.n + 1 }} {{ slots.none }}")
    assert text.render(NAMES, NOW, lambda v, p: told.append((v, p)) or "x") == "x x "
    assert told == [(3, ("slots", "n")), (4, None)]


@pytest.mark.parametrize(("text", "column"), [("a {{ b", 3), ("a {{ 1 + }} b", 9), ("{{ }}", 3), ("{{ foo }}", 4)])
def test_a_broken_placeholder_has_its_column_in_the_text(text, column):
    with pytest.raises(ExpressionError) as caught:
        Template.parse(text)
    assert caught.value.column == column


def test_pipecats_placeholders_read_the_state_only():
    template = StateTemplate.parse(r"{{ a.b }} {{a}} \{{ a }} {{ a b }} {{ 1 }} {{")
    names = {"state": {"a": {"b": True}}}
    assert template.render(names, NOW) == "True {'b': True} {{ a }} {{ a b }} {{ 1 }} {{"
    assert template.names() == {("state", "a", "b"), ("state", "a")}
    with pytest.raises(EvaluationError):
        StateTemplate.parse("{{ nope }}").render(names, NOW)


WORDS = st.sampled_from([
    "slots", ".", "n", "t", "l", "(", ")", "[", "]", ",", "+", "-", "*", "/", "%", "<", ">=", "==", "in", "not", "and", "or", "if", "else",
    "null", "true", "1", "2.5", "'a'", "len", "matches", "default", "round", "min", "age", "today()", "result", "{{", "}}", "=", "!",
])  # fmt: skip


@given(
    st.one_of(
        st.text(max_size=40), st.lists(WORDS, max_size=15).map(" ".join), st.lists(WORDS, max_size=15).map("".join)
    )
)
@settings(max_examples=1500, deadline=None)
def test_any_text_is_an_expression_or_refused_and_ends_in_a_value_or_an_error(text):
    try:
        expression = parse(text)
    except ExpressionError:
        return
    expression.check(TYPES)
    expression.names()
    with suppress(EvaluationError):
        expression.evaluate(NAMES, NOW)


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_template_or_refused(text):
    template, problems = Template.scan(text)
    assert problems or "{{" in text or template.render(NAMES, NOW) == text
