"""Questions about a file, whatever is written in it, and the laws of renaming."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.checker.mending import applied
from framework.documents import Source, scan, unsaved
from framework.errors import UserError
from framework.flows.names import uses
from framework.lsp import actions, completion, hover, references, symbols
from framework.lsp.desk import Desk
from framework.lsp.text import Text

ROOT = Path(__file__).resolve().parents[3]
FLOWS = sorted((ROOT / "flows").glob("*.yaml"))
SIGNS = "{}[]:,-#'\"|>&*!%@`? \n\t\\x🎉\x07"


@pytest.fixture(scope="module")
def desk():
    return Desk()


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_question_about_any_text_fails(desk, data):
    path = data.draw(st.sampled_from(FLOWS))
    text = path.read_text()
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(text)))
        gone = data.draw(st.integers(0, 12))
        text = text[:at] + data.draw(st.text(alphabet=SIGNS, max_size=3)) + text[at + gone :]
    desk.hold(path, text)
    document = desk.document(path)
    found = desk.check(path)
    list(actions.actions(document, found))
    actions.mending(found)
    symbols.symbols(document)
    for _ in range(6):
        offset = data.draw(st.integers(0, len(text)))
        (begin, end), items = completion.complete(desk, document, offset)
        assert begin <= offset <= end
        assert len({item.label for item in items if item.kind == "key"}) == len([i for i in items if i.kind == "key"])
        hover.hover(desk, document, offset)
        references.definition(desk, document, offset)
        references.references(desk, document, offset)
        with suppress(UserError):
            references.rename(desk, document, offset, "new_name")
    desk.release(path)


def read(path: Path, text: str) -> Source:
    with unsaved({path.resolve(): text}):
        source, problems, _ = scan(path)
    assert source is not None, problems
    return source


NAMES = {"node": ["new_name", "the end: of it", "true", "it's", 'say "hi"', "12"], "slot": ["new_name"]}


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_a_renamed_flow_says_the_same_with_the_other_name(path, desk):
    document = desk.document(path)
    text = Text(document.text)
    before = document.uses
    problems = [d.code for d in desk.check(path)]
    for use in [use for use in before if use.defines and use.kind in NAMES]:
        for name in NAMES[use.kind]:
            offset, _ = text.span(use.span)
            edits = [e for e in references.rename(desk, document, offset, name) if e.span.file == str(path)]
            changed = applied(document.text, edits)
            after = uses(read(path, changed))
            expected = [(u.kind, name if (u.kind, u.name) == (use.kind, use.name) else u.name) for u in before]
            if name == 'say "hi"':  # written with escapes, its characters are not the name
                assert len(after) >= len(before) - len(edits)
            else:
                assert [(u.kind, u.name) for u in after] == expected, (use.name, name)
            desk.hold(path, changed)
            assert [d.code for d in desk.check(path)] == problems
            desk.release(path)


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_what_is_renamed_back_is_as_it_was(path, desk):
    document = desk.document(path)
    for use in [use for use in document.uses if use.defines and use.kind in NAMES]:
        offset, _ = Text(document.text).span(use.span)
        changed = applied(
            document.text,
            [e for e in references.rename(desk, document, offset, "new_name") if e.span.file == str(path)],
        )
        desk.hold(path, changed)
        again = desk.document(path)
        place = next(u for u in again.uses if u.defines and u.name == "new_name")
        offset, _ = Text(changed).span(place.span)
        back = applied(
            changed, [e for e in references.rename(desk, again, offset, use.name) if e.span.file == str(path)]
        )
        desk.release(path)
        assert back == document.text


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_every_key_that_stands_in_a_flow_is_explained(path, desk):
    document = desk.document(path)
    assert document.source is not None
    for key in ("slots", "nodes", "initial_node"):
        if document.source.has((key,)):
            offset, _ = Text(document.text).span(document.source.root.keys[key])
            assert hover.hover(desk, document, offset), key
    for name, node in document.source.root.children["nodes"].children.items():
        for key, span in node.keys.items():
            told = hover.hover(desk, document, Text(document.text).span(span)[0])
            assert told is not None, (name, key)
            assert f"**{key}**" in told[0], (name, key)
