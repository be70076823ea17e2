"""Reading documents: values, places, and every kind of file that can't be used."""

import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.documents import DocumentError, read, render_json, render_text, scan
from framework.documents.files import LIMIT


@pytest.fixture
def write(tmp_path):
    def run(text, name="x.yaml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return run


def problems(path, **options):
    with pytest.raises(DocumentError) as caught:
        read(path, **options)
    return [(d.code, d.span.line, d.span.column) for d in caught.value.diagnostics]


def test_our_scalars_are_null_true_false_json_numbers_and_text(write):
    text = "flow: x\na: [yes, no, on, 012, 1.50, -3, 1e3, null, ~, true, 'true', 0x1F, 2024-01-01, 12:30, .5]\nb:\n"
    value = read(write(text)).value
    assert value["a"] == [
        "yes",
        "no",
        "on",
        "012",
        1.5,
        -3,
        1000.0,
        None,
        None,
        True,
        "true",
        "0x1F",
        "2024-01-01",
        "12:30",
        ".5",
    ]
    assert value["b"] is None


def test_other_files_have_the_scalars_of_yaml_1_1(write):
    value = read(write("a: [yes, 012, 0x1F, 2024-01-01, 1:30, ~]\nyes: 1\n")).value
    assert value == {"a": [True, 10, 31, date(2024, 1, 1), 90, None], True: 1}


def test_every_value_and_key_knows_its_place(write):
    source = read(write("flow: x\nnodes:\n  a: {say: [hi, 'there'],\n      next: b}\n"))
    assert (source.locate(("nodes", "a", "say", 1)).line, source.locate(("nodes", "a", "say", 1)).column) == (3, 17)
    key = source.locate_key(("nodes", "a", "next"))
    assert (key.line, key.column, key.end_column) == (4, 7, 11)
    nearest = source.locate(("nodes", "a", "nope", 3))
    assert (nearest.line, nearest.column) == (3, 6)


def test_our_files_lose_keys_that_begin_with_x(write):
    assert read(write("flow: x\nx-note: 1\na: {x-b: 2, c: 3}\n")).value == {"flow": "x", "a": {"c": 3}}
    assert read(write("x-note: 1\n")).value == {"x-note": 1}


def test_anchors_work_and_merges_are_pipecats_only(write):
    assert read(write("flow: x\na: &a {b: 1}\nc: *a\n")).value == {"flow": "x", "a": {"b": 1}, "c": {"b": 1}}
    assert problems(write("flow: x\na: &a {b: 1}\nc:\n  <<: *a\n")) == [("YML007", 4, 3)]
    assert read(write("a: &a {b: 1, d: 2}\nc: {<<: *a, b: 3}\n")).value["c"] == {"d": 2, "b": 3}


def test_json_is_read_with_places_tabs_and_all(write):
    path = write('{\n\t"flow": "x",\n\t"a": [1, true, null, "\\ud83d\\ude00"],\n\t"b": {}\n}\n', "x.json")
    source = read(path)
    assert source.value == {"flow": "x", "a": [1, True, None, "😀"], "b": {}}
    assert (source.locate(("a", 1)).line, source.locate(("a", 1)).column) == (3, 11)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [('{"a": }', 1, 7), ('{"a": 1,}', 1, 9), ('{"a" 1}', 1, 6), ("[1", 1, 3), ('{"a": "x', 1, 7), ("{} {}", 1, 4)],
)
def test_broken_json_has_a_place(write, text, line, column):
    (found,) = problems(write(text, "x.json"))
    assert found == ("YML004", line, column) or found[0] == "YML011"


UNUSABLE = {
    "empty": (b"", "YML011"),
    "only a comment": (b"# nothing\n", "YML011"),
    "a list": (b"- a\n", "YML011"),
    "a text": (b"hello\n", "YML011"),
    "binary": (bytes(range(256)) * 10, "YML003"),
    "zeros": (b"flow: x\0\n", "YML003"),
    "latin-1": ("flow: x\na: caf\xe9\n".encode("latin-1"), "YML003"),
    "utf-16": ("flow: x\n".encode("utf-16"), "YML003"),
    "two documents": (b"flow: x\n---\nflow: y\n", "YML011"),
    "an unknown tag": (b"flow: x\na: !python/object:os.system x\n", "YML008"),
    "a python tag in pipecat's kind": (b"a: !!python/object/apply:os.system [x]\n", "YML008"),
    "an alias to nothing": (b"flow: x\na: *b\n", "YML004"),
    "an alias to itself": (b"flow: x\na: &b [*b]\n", "YML004"),
    "a quote left open": (b"flow: x\na: 'b\n", "YML004"),
    "a bracket left open": (b"flow: x\na: [b\n", "YML004"),
    "a control character": (b"flow: x\na: b\x07\n", "YML004"),
    "a number beyond all bounds": (b"flow: x\na: 1e999\n", "YML004"),
    "a complex key": (b"flow: x\n? [a]\n: b\n", "YML004"),
    "deep flow": (b"flow: x\na: " + b"[" * 50_000, "YML010"),
    "deep blocks": (b"flow: x\n" + b"\n".join(b" " * i + b"a:" for i in range(400)), "YML010"),
    "deep json": (b'{"a": ' + b"[" * 100_000, "YML010"),
    "too large": (b"a" * (LIMIT + 1), "YML002"),
}


@pytest.mark.parametrize(("content", "code"), UNUSABLE.values(), ids=UNUSABLE)
def test_what_can_not_be_used_is_refused_with_a_code(write, content, code):
    name = "x.json" if content.startswith(b"{") else "x.yaml"
    (found,) = problems(write(content, name))
    assert found[0] == code


def test_a_file_that_is_not_there_a_folder_and_a_pipe_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "nope.yaml", tmp_path, tmp_path / "pipe", "/dev/zero", "a\0b", "x" * 5000):
        assert problems(path) == [("YML001", 1, 1)]


def test_a_file_of_many_megabytes_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "x.yaml"
    with path.open("wb") as file:
        file.truncate(10**12)
    assert problems(path) == [("YML002", 1, 1)]


def test_a_yaml_bomb_is_refused(write):
    lines = ["flow: x", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    (found,) = problems(write("\n".join(lines)))
    assert found[0] == "YML010"


def test_aliases_that_nest_without_end_are_refused(write):
    lines = ["flow: x", "a0: &a0 [x]", *(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 500))]
    assert problems(write("\n".join(lines)))[0][0] == "YML010"


def test_includes_bring_their_places_along(write, tmp_path):
    write("- {role: developer, content: Ask.}\n", "parts/messages.yaml")
    source = read(write("flow: x\nnodes: {a: !include parts/messages.yaml}\n"))
    assert source.value["nodes"]["a"] == [{"role": "developer", "content": "Ask."}]
    span = source.locate(("nodes", "a", 0, "content"))
    assert (span.file, span.line, span.column) == (str(tmp_path / "parts/messages.yaml"), 1, 30)


def test_an_include_is_relative_to_the_file_that_says_it(write):
    write("deep: !include more/c.yaml\n", "parts/b.yaml")
    write("found\n", "parts/more/c.yaml")
    assert read(write("flow: x\na: !include parts/b.yaml\n")).value["a"] == {"deep": "found"}


def test_an_include_stays_inside_the_project(write, tmp_path):
    write("secret\n", "outside.yaml")
    path = write("flow: x\na: !include ../outside.yaml\nb: !include /etc/passwd\n", "flows/x.yaml")
    assert problems(path) == [("YML009", 2, 4), ("YML009", 3, 4)]
    write("bots: {}\n", "convo.yaml")
    assert problems(path) == [("YML009", 3, 4)]
    (tmp_path / "flows/link.yaml").symlink_to("/etc/passwd")
    assert problems(write("flow: x\na: !include link.yaml\n", "flows/y.yaml")) == [("YML009", 2, 4)]


def test_a_circle_of_includes_is_refused(write):
    write("!include x.yaml\n", "b.yaml")
    assert problems(write("flow: x\na: !include x.yaml\n")) == [("YML009", 2, 4)]
    assert problems(write("flow: x\na: !include b.yaml\n"))[0][0] == "YML009"


def test_an_include_that_is_not_there_or_broken_says_so(write):
    write("a: [\n", "broken.yaml")
    found = problems(write("flow: x\na: !include nope.yaml\nb: !include broken.yaml\nc: !include [x]\n"))
    assert sorted(code for code, _, _ in found) == ["YML004", "YML008", "YML009"]


def test_the_hash_covers_what_is_included(write):
    write("one\n", "part.yaml")
    path = write("flow: x\na: !include part.yaml\n")
    before = read(path).hash
    write("two\n", "part.yaml")
    assert read(path).hash != before


def test_a_problem_is_shown_with_its_line_and_a_caret(write):
    path = write("flow: x\na: 1\na: 2\n")
    source, found, texts = scan(path)
    assert source is not None
    assert render_text(found, [source]) == render_text(found, texts)
    assert render_text(found, texts).splitlines() == [
        f"{path}:3:1: error YML005",
        "   3 | a: 2",
        "       ^ `a` is written twice.",
        "     = It is already on line 2.",
    ]


def test_a_problem_is_one_object_in_json(write):
    path = write("flow: x\na: 1\na: 2\n")
    assert '"code": "YML005"' in render_json(scan(path)[1])


HARD = [
    "a: \u2028b\n", "a: \x85\n", "\ufeffflow: x\n", "flow: x\r\na: 1\r\n", 'flow: x\na: "\\ud800"\n', "{}", "? \n", "- - -\n", "&a *a",
    "flow: x\na: {b}\n", "flow: x\na: {{}: {}}\n", "%TAG ! tag:x,2000:\n---\nflow: !y z\n", "flow: !!binary x\n", "a: !!binary x\n",
    "a: !!timestamp x\n", "a: !!int x\n", "a: !!float x\n", "a: !!bool x\n", "a: !!set {b}\n", "a: !!omap [b: 1]\n", "a: 2024-99-99\n",
    "a: 0b\n", "a: 0x\n", "a: 0o\n", "a: =\n", "=: a\n", "<<: a\n", "<<: [a]\n", "a: {<<: [{b: 1}, 3]}\n", "a: !include\n", "a: ! b\n", "a: 1_000:59\n",
]  # fmt: skip


@pytest.mark.parametrize("text", HARD, ids=repr)
def test_odd_yaml_is_read_or_refused(write, text):
    source, found, texts = scan(write(text))
    assert source is not None or found
    assert render_text(found, texts) is not None


@given(st.binary(max_size=200), st.sampled_from(["x.yaml", "x.json"]))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content, name):
    path = tmp_path_factory.mktemp("d") / name
    path.write_bytes(content)
    _, found, texts = scan(path)
    render_text(found, texts)


SNIPPETS = st.sampled_from(["flow: x\n", "a", ": ", "- ", "\n", "  ", "{", "}", "[", "]", ", ", "&a ", "*a", "!include ", "x.yaml", "|\n", ">\n", "'", '"', "#", "{{", "}}", "<<", "\t", "? ", "---\n", "\\", "é", "!!int ", "0", "1e9"])  # fmt: skip


@given(st.lists(SNIPPETS, max_size=25).map("".join), st.sampled_from(["x.yaml", "x.json"]))
@settings(max_examples=700, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_text_is_read_or_refused(tmp_path_factory, text, name):
    path = tmp_path_factory.mktemp("d") / name
    path.write_text(text)
    source, found, texts = scan(path)
    assert source is not None or found
    render_text(found, texts)
    for diagnostic in found:
        assert diagnostic.span.line >= 1
        assert diagnostic.span.column >= 1


def test_paths_are_shown_as_they_were_given(write, tmp_path, monkeypatch):
    write("flow: x\na: !include parts/b.yaml\n")
    write("b: [\n", "parts/b.yaml")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DocumentError) as caught:
        read(Path("x.yaml"))
    assert {d.span.file for d in caught.value.diagnostics} == {"parts/b.yaml"}
