"""Checking documents against models: all problems at once, each at its place, in words for people."""

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from framework.documents import read, validate


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    size: Literal["small", "large"] = "small"
    count: int = Field(default=1, ge=1)


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    one: Inner | str | None = None
    many: Annotated[list[Inner | str], BeforeValidator(lambda v: v if isinstance(v, list) else [v])] = []
    flag: bool = False
    else_: str | None = Field(default=None, alias="else")
    even: int = 0

    @field_validator("even")
    @classmethod
    def _even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("the number must be even.")
        return value


@pytest.fixture
def problems(tmp_path):
    def run(text):
        path = tmp_path / "x.yaml"
        path.write_text(text)
        model, found = validate(read(path, mode="ours"), Outer)
        assert (model is None) == bool(found)
        return [(d.code, d.span.line, d.span.column, d.message) for d in sorted(found)]

    return run


def test_what_is_right_becomes_a_model(problems):
    assert problems("title: x\none: {name: a}\nmany: a\nelse: b\n") == []


@pytest.mark.parametrize(
    ("text", "code", "column", "words"),
    [
        ("titel: x\ntitle: x", "CFG001", 1, "`titel` is not a key"),
        ("title: 5", "CFG002", 8, "a text is expected here, not the number `5`."),
        ("title: No Way", "CFG002", 8, "`No Way` does not have the right form."),
        ("{title: x, one: {name: a, size: smal}}", "CFG002", 33, "`smal` can't stand here."),
        ("{title: x, one: {name: a, count: 0}}", "CFG002", 34, "the value must be at least 1."),
        ("{title: x, one: {nam: a}}", "CFG001", 18, "`nam` is not a key"),
        ("{title: x, one: [a]}", "CFG002", 17, "a mapping or a text is expected here, not a list."),
        ("{title: x, many: [a, {name: 7}]}", "CFG002", 29, "a text is expected here, not the number `7`."),
        ("{title: x, many: {name: 7}}", "CFG002", 25, "a text is expected here, not the number `7`."),
        ("{title: x, flag: yes}", "CFG002", 18, "`true` or `false` is expected here, not a text."),
        ("{title: x, flag: 1}", "CFG002", 18, "`true` or `false` is expected here, not the number `1`."),
        ("{title: x, even: true}", "CFG002", 18, "a whole number is expected here, not `true`."),
        ("{title: x, even: 3}", "CFG002", 12, "the number must be even."),
        ("{title: x, else_: b}", "CFG001", 12, "`else_` is not a key"),
        ("{title: x, one: {count: 2}}", "CFG003", 12, "`one` has no `name`, which it needs."),
        ("{flag: true}", "CFG003", 1, "the file has no `title`, which it needs."),
        ("{title: }", "CFG002", 2, "a value is missing: a text is expected."),
    ],
)
def test_a_problem_stands_where_the_value_stands(problems, text, code, column, words):
    (found,) = problems(text)
    assert found[0] == code
    assert found[2] == column
    assert words in found[3]


def test_all_problems_come_at_once(problems):
    text = "titel: X\none: {name: 1, size: big, count: -1}\nmany: [{nme: a}, {name: b, c: 1}]\nflag: no\neven: 1\n"
    assert [found[:3] for found in problems(text)] == [
        ("CFG001", 1, 1),
        ("CFG002", 1, 8),
        ("CFG002", 2, 13),
        ("CFG002", 2, 22),
        ("CFG002", 2, 34),
        ("CFG001", 3, 9),
        ("CFG001", 3, 28),
        ("CFG002", 4, 7),
        ("CFG002", 5, 1),
    ]
