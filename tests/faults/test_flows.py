"""Flows that nobody should write, or that somebody wrote on purpose: a place or a sentence, soon, in little memory."""

import re

import pytest

TOP = "flow: bad\ninitial_node: a\n"
BOMB = (
    "x0: &x0 [a, a, a, a, a, a, a, a, a]\n"
    + "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 12))
    + f"{TOP}nodes: *x11\n"
)
BIG = f"{TOP}nodes:\n" + "".join(f"  n{n}: {{say: {'x' * 100}, next: n{n + 1}}}\n" for n in range(80_000))
BAD = {
    "wrong_type": (f"{TOP}nodes:\n  a: {{say: [1], end: true}}\n", "4:13", "a text or a mapping is expected"),
    "unknown_tool": (
        f"{TOP}nodes:\n  a: {{run: pizza.prise, next: b}}\n  b: {{say: Bye., end: true}}\n",
        "4:12",
        "Did you mean `pizza.price`?",
    ),
    "duplicate_key": (f"{TOP}nodes:\n  a: {{say: Hi., say: Ho., end: true}}\n", "4:17", "`say` is written twice"),
    "tab": (f"{TOP}nodes:\n\ta: {{say: Hi., end: true}}\n", "4:1", "Indent with spaces"),
    "bad_expression": (
        f"{TOP}nodes:\n  a: {{instruct: Hi., next: [{{if: slots.x >, goto: b}}]}}\n  b: {{say: Bye., end: true}}\n",
        "4:",
        "EXP001",
    ),
    "binary": (bytes(range(256)) * 40, "2:118", "binary file"),
    "ten_megabytes": (BIG, "1:1", "at most 4 MB is read"),
    "bomb": (BOMB, "", "when aliases are written out"),
    "too_deep": ("flow: " + "[" * 200_000, "1:", "nest deeper"),
    "recursive": (f"{TOP}nodes: !include recursive.yaml\n", "3:8", "includes itself"),
    "leaves_upwards": (f"{TOP}nodes: !include ../outside.yaml\n", "3:8", "outside the project"),
    "leaves_by_root": (f"{TOP}nodes: !include /etc/hostname\n", "3:8", "outside the project"),
    "leaves_by_link": (f"{TOP}nodes: !include link.yaml\n", "3:8", "outside the project"),
    "includes_nothing": (f"{TOP}nodes: !include gone.yaml\n", "3:8", "no such file"),
    "runs_code": (f"{TOP}nodes: !!python/object/apply:os.abort []\n", "3:8", "means nothing here"),
    "missing": (None, "", "missing.yaml"),
}
STRUCTURAL = [name for name in BAD if name != "unknown_tool"]
UNREADABLE = {"binary", "ten_megabytes", "missing"}


@pytest.fixture
def project(tmp_path_factory, tmp_path):
    """A project with the bad flow in it, and something outside that is none of its business."""

    def project(name):
        content = BAD[name][0]
        outside = tmp_path.parent / "outside.yaml"
        outside.write_text("a: {say: another's secret, end: true}\n")
        (tmp_path / "link.yaml").symlink_to(outside)
        (tmp_path / "convo.yaml").write_text("bots: {}\n")
        (tmp_path / "lines.txt").write_text("hello\n")
        if content is not None:
            (tmp_path / f"{name}.yaml").write_bytes(content.encode() if isinstance(content, str) else content)
        return f"{name}.yaml"

    return project


def orderly(ran, name, codes, *, mb):
    _, place, words = BAD[name]
    assert ran.code in codes, ran.said
    assert words in ran.said
    assert "Traceback" not in ran.said
    assert "another's secret" not in ran.said
    assert len(ran.said) < 20_000
    assert ran.peak_mb < mb
    if place:
        assert re.search(rf"{name}\.yaml:{place}", ran.said), ran.said


@pytest.mark.parametrize("name", BAD)
def test_a_bad_flow_is_refused_by_check(convo, project, name):
    orderly(convo("check", project(name)), name, {2} if name in UNREADABLE else {1}, mb=150)


@pytest.mark.parametrize("name", STRUCTURAL)
def test_a_bad_flow_is_not_drawn(convo, project, name):
    orderly(convo("graph", project(name)), name, {2}, mb=150)


@pytest.mark.parametrize("name", STRUCTURAL)
def test_one_does_not_talk_with_a_bad_flow(convo, project, name):
    orderly(convo("chat", project(name), stdin="hello\n"), name, {2}, mb=400)


def test_a_flow_with_an_unknown_tool_is_not_talked_with_either(convo, project):
    ran = convo("chat", project("unknown_tool"), stdin="hello\n")
    assert ran.code == 2
    assert "no plugin offers a tool `pizza.prise`\n  Did you mean `pizza.price`?" in ran.err


@pytest.mark.parametrize("name", ["wrong_type", "leaves_upwards", "missing"])
def test_one_does_not_call_a_bad_flow(convo, project, name):
    orderly(convo("call", project(name), "--say", "lines.txt", "--fast"), name, {2}, mb=600)
