"""What is mended by itself: the problem is gone, everything else stays to the last byte, and twice is as good as once."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.checker import Checking, codes
from framework.checker.fixing import fix
from framework.checker.mending import applied
from framework.documents import Edit, Span
from framework.documents.align import offset_of

FLOW = """\
flow: x
slots: {name: text, size: {type: enum, values: [small, large], prompt: "Small?"}}
initial_node: greet
nodes:
  greet: {say: hi, next: ask}
  ask:
    collect: [name, size]
    next: [{else: bye}]
  bye: {say: bye, end: true}
"""

MENDED = {
    "a misspelt node": ("next: [{else: bye}]", "next: [{else: by}]", "next: [{else: bye}]"),
    "a misspelt node in quotes": ("next: ask}", "next: 'aks'}", "next: 'ask'}"),
    "a misspelt key": ("collect:", "colect:", "collect:"),
    "a misspelt slot": ("[name, size]", "[nam, size]", "[name, size]"),
    "a misspelt field": ("say: bye", 'say: "{{ slots.nmae }}"', 'say: "{{ slots.name }}"'),
    "a value that is none of the enum's": (
        "{else: bye}", "{if: slots.size == 'smal', goto: bye}, {else: bye}", "{if: slots.size == 'small', goto: bye}, {else: bye}",
    ),
    "braces without quotes": ("say: bye", "say: {{ slots.name }}", 'say: "{{ slots.name }}"'),
    "braces without quotes in a text": (
        "  bye: {say: bye, end: true}", "  bye:\n    say: {{ slots.name }}, bye  # so\n    end: true", '  bye:\n    say: "{{ slots.name }}, bye"  # so\n    end: true',
    ),
    "a list without quotes": (
        "{else: bye}", '{if: slots.size in ["small"], goto: bye}, {else: bye}', "{if: 'slots.size in [\"small\"]', goto: bye}, {else: bye}",
    ),
    "a text for an expression": ("say: bye", "say: slots.name", 'say: "{{ slots.name }}"'),
    "a quoted text for an expression": ("say: bye", "say: ' slots.name '", "say: ' {{ slots.name }} '"),
    "a block for an expression": (
        "  bye: {say: bye, end: true}", "  bye:\n    say: |\n      slots.name\n    end: true", "  bye:\n    say: |\n      {{ slots.name }}\n    end: true",
    ),
    "braces around an expression": (
        "{else: bye}", "{if: '{{ slots.name }}', goto: bye}, {else: bye}", "{if: 'slots.name', goto: bye}, {else: bye}",
    ),
    "another language's and": (
        "{else: bye}", "{if: slots.name&&slots.size, goto: bye}, {else: bye}", "{if: slots.name and slots.size, goto: bye}, {else: bye}",
    ),
    "another language's not": (
        "{else: bye}", "{if: '!slots.name', goto: bye}, {else: bye}", "{if: 'not slots.name', goto: bye}, {else: bye}",
    ),
    "an assignment for a comparison": (
        "{else: bye}", "{if: slots.size = 'small', goto: bye}, {else: bye}", "{if: slots.size == 'small', goto: bye}, {else: bye}",
    ),
    "Python's words": (
        "{else: bye}", "{if: slots.name == None, goto: bye}, {else: bye}", "{if: slots.name == null, goto: bye}, {else: bye}",
    ),
    "markup around words": ("say: bye", "say: 'So **long**, bye'", "say: 'So long, bye'"),
    "a number for a text": ("say: bye", "say: 42", 'say: "42"'),
    "a duration in words": (
        "initial_node: greet", 'initial_node: greet\nlimits: {duration: "15 minutes"}', 'initial_node: greet\nlimits: {duration: "15m"}',
    ),
}  # fmt: skip

LEFT = {
    "a name with two that are as near": ("next: [{else: bye}]", "next: [{else: by}]\n  bya: {say: x, end: true}"),
    "a name with none near": ("next: [{else: bye}]", "next: [{else: zzz}]"),
    "a number without a unit": ("initial_node: greet", "initial_node: greet\nlimits: {duration: 15}"),
    "a comparison the wrong way round": ("{else: bye}", "{if: session.visits => 3, goto: bye}, {else: bye}"),
    "two destinations": ("{else: bye}", "{else: bye, end: true}"),
}


def spoilt(good, bad):
    assert FLOW.count(good) == 1
    return FLOW.replace(good, bad)


@pytest.mark.parametrize("name", MENDED)
def test_it_is_mended(name, look):
    good, bad, right = MENDED[name]
    checking = look(spoilt(good, bad))
    assert checking.found, name
    done = fix(look)
    assert done.after == {"flows/x.yaml": FLOW.replace(good, right)}
    assert done.checking.found == []
    assert done.mended == 1


@pytest.mark.parametrize("name", LEFT)
def test_what_could_mean_two_things_is_left_alone(name, look):
    assert look(spoilt(*LEFT[name])).found
    assert fix(look).after == {}


def test_files_keep_their_line_ends_their_mark_and_their_comments(look, project):
    text = "\ufeff" + spoilt("next: ask}", "next: aks}  # to the question").replace("\n", "\r\n")
    look(text)
    done = fix(look)
    assert (project / "flows/x.yaml").read_bytes() == text.encode()
    done.write()
    assert (project / "flows/x.yaml").read_bytes() == text.replace("aks", "ask").encode()
    assert done.checking.found == []


def test_the_value_behind_an_anchor_is_mended_where_it_is_written(look):
    text = spoilt("next: ask}", "next: &there aks}").replace(
        "{else: bye}", "{if: session.turns > 3, goto: *there}, {else: bye}"
    )
    look(text)
    assert fix(look).after["flows/x.yaml"] == text.replace("&there aks", "&there ask")


def test_an_included_file_is_mended_itself(look, project):
    (project / "flows/part.yaml").write_text("[{else: by}]\n")
    look(spoilt("[{else: bye}]", "!include part.yaml"))
    done = fix(look)
    assert done.after == {"flows/part.yaml": "[{else: bye}]\n"}


def test_a_comment_that_ignores_nothing_is_removed(look):
    look(FLOW.replace("next: ask}", "next: ask}  # convo: ignore FLW012"))
    assert fix(lambda: look(structure=False)).after["flows/x.yaml"] == FLOW
    look(FLOW.replace("  greet:", "  # convo: ignore FLW012\n  greet:"))
    assert fix(lambda: look(structure=False)).after["flows/x.yaml"] == FLOW


def test_what_a_mended_mistake_hid_is_mended_too(look):
    look(spoilt("say: bye", "say: {{ slots.nmae }}"))
    assert fix(look).after["flows/x.yaml"] == spoilt("say: bye", 'say: "{{ slots.name }}"')


def outside(before: str, after: str, edits: list[Edit]) -> bool:
    """True when `after` is `before` with nothing but the edits made."""
    at = there = 0
    for edit in sorted(edits, key=lambda e: (e.span.line, e.span.column)):
        begin = offset_of(before, edit.span.line, edit.span.column)
        if begin < at:
            continue
        kept = before[at:begin]
        if not after[there:].startswith(kept + edit.text):
            return False
        at, there = offset_of(before, edit.span.end_line, edit.span.end_column), there + len(kept) + len(edit.text)
    return after[there:] == before[at:]


@pytest.mark.parametrize("code", [code for code, rule in codes.rules().items() if rule.bad])
def test_the_bad_example_of_a_rule_is_mended_or_left_as_it_is(code, look):
    text = codes.rules()[code].bad
    before = look(text, structure=False)
    done = fix(lambda: look(structure=False))
    mine = [d for d in before.found if d.code == code and d.edit]
    after = done.after.get("flows/x.yaml", text)
    assert outside(
        text, applied(text, [d.edit for d in before.found if d.edit]), [d.edit for d in before.found if d.edit]
    )
    assert (after != text) == any(d.edit for d in before.found)
    if mine:
        assert {(d.code, d.message) for d in mine}.isdisjoint({(d.code, d.message) for d in done.checking.found})
    look(after, structure=False)
    assert fix(lambda: look(structure=False)).after == {}


PIECES = st.lists(st.sampled_from(sorted(MENDED)), min_size=1, max_size=6, unique=True)


@given(PIECES, st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_many_mistakes_are_mended_and_twice_is_as_good_as_once(look, names, fold):
    text = right = FLOW
    for name in names:
        good, bad, mended = MENDED[name]
        if text.count(good) == 1 and right.count(good) == 1:
            text, right = text.replace(good, bad), right.replace(good, mended)
    text, right = text.replace("\n", fold), right.replace("\n", fold)
    look(text)
    done = fix(look)
    assert done.after == ({} if text == right else {"flows/x.yaml": right})
    look(right)
    assert fix(look).after == {}


LINES = st.lists(st.text(alphabet="ab {}", max_size=6), min_size=1, max_size=6).map("\n".join)


@given(LINES, st.data())
def test_edits_change_nothing_outside_their_spans(text, data):
    lines = text.split("\n")
    edits = []
    for number, line in enumerate(lines, 1):
        begin = data.draw(st.integers(1, len(line) + 1))
        end = data.draw(st.integers(begin, len(line) + 1))
        edits.append(Edit(Span("x", number, begin, number, end), data.draw(st.sampled_from(["", "x", "long text"]))))
    assert outside(text, applied(text, edits), edits)


def test_the_shipped_files_need_no_mending(root: Path, monkeypatch):
    monkeypatch.chdir(root)

    def look() -> Checking:
        checking = Checking(structure=True)
        checking.run([])
        return checking

    assert fix(look).after == {}
