"""Positions in a text: whatever characters and line ends it holds, and however an editor counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.documents import Span
from framework.lsp.text import Text

TEXTS = st.text(alphabet="ab é🎉\n\r\t\x85\u2028", max_size=30)
ENCODINGS = st.sampled_from(["utf-8", "utf-16", "utf-32"])


@given(TEXTS, ENCODINGS, st.data())
def test_a_character_is_found_again_at_its_position(text, encoding, data):
    read = Text(text, encoding)
    offset = data.draw(st.integers(0, len(text)))
    if text[max(offset - 1, 0) : offset + 1] != "\r\n" or offset == 0:
        assert read.offset(*read.position(offset)) == offset


@given(TEXTS, ENCODINGS, st.integers(-1, 40), st.integers(-1, 60))
def test_any_position_is_some_character(text, encoding, line, units):
    assert 0 <= Text(text, encoding).offset(line, units) <= len(text)


@pytest.mark.parametrize(("encoding", "units"), [("utf-8", 7), ("utf-16", 4), ("utf-32", 3)])
def test_units_are_those_that_were_agreed_upon(encoding, units):
    assert Text("x\né🎉b", encoding).position(4) == (1, {7: 6, 4: 3, 3: 2}[units])
    assert Text("x\né🎉b", encoding).offset(1, units) == 5


def test_a_line_that_only_yaml_knows_is_none_for_an_editor():
    text = Text("a\x85b: c\n")
    assert text.span(Span("x", 2, 1, 2, 2)) == (2, 3)
    assert text.position(2) == (0, 2)
