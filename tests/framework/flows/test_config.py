"""Pipecat's own files: whatever Pipecat loads we load, and with the same content."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pipecat.flows import FlowConfig

from framework.flows import load
from framework.flows.check import check

COMPAT = Path(__file__).parents[3] / "flows" / "compat"
ASK = {"role": "developer", "content": "Ask."}


def refused_by_pipecat(path: Path) -> bool:
    try:
        FlowConfig.from_file(path)
    except Exception:  # noqa: BLE001 - a refusal may be any exception
        return True
    return False


def same(path: Path) -> None:
    """Our reading of a file has every value that Pipecat's has."""
    theirs, ours = FlowConfig.from_file(path), load(path).flow
    assert ours.pipecat
    assert ours.initial_node == theirs.initial_node
    assert list(ours.nodes) == list(theirs.nodes)
    assert [f.name for f in ours.global_functions] == [f.name for f in theirs.global_functions]
    for name, node in theirs.nodes.items():
        mine = ours.nodes[name]
        assert [m.model_dump() for m in mine.task_messages or []] == [m.model_dump() for m in node.task_messages]
        assert (mine.role_message, mine.context_strategy) == (node.role_message, node.context_strategy)
        assert mine.respond_immediately is node.respond_immediately
        for ours_actions, their_actions in (
            (mine.pre_actions, node.pre_actions),
            (mine.post_actions, node.post_actions),
        ):
            assert [a.model_dump(exclude_none=True) for a in ours_actions] == [
                a.model_dump(exclude_none=True) for a in their_actions
            ]
        for function, their in zip(mine.functions, node.functions, strict=True):
            assert function.model_dump() == their.model_dump()


@pytest.mark.parametrize("path", sorted(p for p in COMPAT.iterdir() if p.suffix in {".yaml", ".json"}), ids=str)
def test_the_example_files_read_as_pipecat_reads_them(path):
    same(path)


NAMES = st.sampled_from(
    ["a", "b", "greet", "yes", "no", "null", "012", "1.5", "true", "two words", "ключ", "x-y", "<<"]
)
TEXTS = st.one_of(
    NAMES,
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=12),
    st.just("Hi {{ a.b }}\n  there\n"),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**6), 10**6), st.floats(allow_nan=False), TEXTS, st.dates()
)
VALUES = st.recursive(SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(NAMES, v, max_size=3), max_leaves=6)


@st.composite
def functions(draw, nodes):
    name = draw(st.sampled_from(["one", "two", "three", "four"]))
    if draw(st.booleans()):
        return {"name": name, "transition_only": True, "description": draw(TEXTS) or "x", "transition_to": draw(nodes)}
    to = draw(st.none() | nodes | st.builds(
        lambda c, d: {"field": "status", "cases": c, **({"default": d} if d else {})},
        st.dictionaries(st.sampled_from(["ok", True, False, "True", 3, 1.5, "no"]), nodes, min_size=1, max_size=3),
        st.none() | nodes,
    ))  # fmt: skip
    return {"name": name, **({"transition_to": to} if to is not None else {})}


@st.composite
def actions(draw):
    kind = draw(st.sampled_from(["tts_say", "end_conversation", "function", "custom"]))
    extra = draw(st.dictionaries(st.sampled_from(["text", "desk", "yes"]), VALUES, max_size=2))
    return {**extra, "type": kind, **({"handler": "note"} if kind == "function" else {})}


@st.composite
def configs(draw):
    names = draw(st.lists(TEXTS, min_size=1, max_size=4, unique=True))
    nodes = st.sampled_from(names)
    everywhere = draw(st.lists(functions(nodes), max_size=1))
    taken = {f["name"] for f in everywhere}

    def node(draw):
        offered = draw(st.lists(functions(nodes), max_size=3, unique_by=lambda f: f["name"]))
        found = {
            "task_messages": draw(
                st.lists(st.builds(lambda t: {"role": "developer", "content": t}, TEXTS), max_size=2)
            ),
            "role_message": draw(st.none() | TEXTS),
            "functions": [f for f in offered if f["name"] not in taken],
            "pre_actions": draw(st.lists(actions(), max_size=2)),
            "post_actions": draw(st.lists(actions(), max_size=2)),
            "context_strategy": draw(st.sampled_from([None, "append", "reset"])),
            "respond_immediately": draw(st.sampled_from([True, False, "yes", "off", 1, 0])),
        }
        return {key: value for key, value in found.items() if key == "task_messages" or draw(st.booleans())}

    config = {"initial_node": draw(nodes), "nodes": {name: node(draw) for name in names}}
    return {**config, **({"global_functions": everywhere} if everywhere else {})}


@given(configs(), st.sampled_from(["yaml", "flow.json", "default"]))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_config_that_pipecat_loads_loads_and_is_the_same(tmp_path_factory, config, form):
    path = tmp_path_factory.mktemp("flow") / ("flow.json" if form == "flow.json" else "flow.yaml")
    if form == "flow.json":
        path.write_text(json.dumps(config, default=str, indent="\t"))
    else:
        style = None if form == "default" else False
        path.write_text(yaml.safe_dump(config, allow_unicode=True, default_flow_style=style, sort_keys=False, width=40))
    if not refused_by_pipecat(path):
        same(path)


PIECES = st.sampled_from([
    "initial_node: a\n", "nodes:\n", "  a:\n", "  b:\n", "    task_messages: []\n", "    task_messages:\n",
    "      - {role: developer, content: 'Hi'}\n", "    functions: [{name: x, transition_to: b}]\n", "    role_message: yes\n",
    "    role_message: >\n      two\n       lines\n\n", "    role_message: a:b\n", '    role_message: "a\tb"\n', "base: &b {x: 1}\n",
    "    pre_actions: [{type: go, at: 12:30, url: http://x.y:80/a, list: [a:1, 'b', ?c]}]\n", "  a: &a\n", "  c:\n    <<: *a\n",
    "    respond_immediately: off\n", "    context_strategy: reset\n", "# a comment\n", "    post_actions: [{type: go, <<: {k: 1}, <<: {l: 0x1F}}]\n",
    "    pre_actions: [{type: go, v: !!str 5, w: !!int '7', t: 2001-12-14t21:59:43.10-05:00, o: 0o17, n: 017, b: 0b11, f: .5, i: .inf}]\n",
    "\n", "---\n", "...\n", "%YAML 1.1\n", "\tx: 1\n", "    functions:\n", "    - name: x\n", "      transition_only: on\n", "      description: d\n      transition_to: a\n",
])  # fmt: skip


@given(st.lists(PIECES, max_size=12))
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
def test_where_pipecat_reads_a_file_so_do_we(tmp_path_factory, pieces):
    path = tmp_path_factory.mktemp("flow") / "flow.yaml"
    path.write_text("initial_node: a\nnodes:\n  a:\n    task_messages: []\n" + "".join(pieces))
    found = [d for d in check(path) if d.severity == "error"]
    if not refused_by_pipecat(path) and not any(d.code == "YML005" for d in found):
        same(path)


BAD = {
    "an unknown first node": ({"initial_node": "b", "nodes": {"a": {"task_messages": []}}}, "FLW010"),
    "no messages": ({"initial_node": "a", "nodes": {"a": {}}}, "FLW003"),
    "a key nobody knows": ({"initial_node": "a", "nodes": {"a": {"task_messages": [], "functionz": []}}}, "FLW001"),
    "a function twice": (
        {"initial_node": "a", "nodes": {"a": {"task_messages": [], "functions": [{"name": "x"}, {"name": "x"}]}}},
        "FLW029",
    ),
    "a handler too many": (
        {"initial_node": "a", "nodes": {"a": {"task_messages": [], "pre_actions": [{"type": "tts_say", "handler": "x"}]}}},
        "FLW030",
    ),
    "no cases": (
        {"initial_node": "a", "nodes": {"a": {"task_messages": [], "functions": [
            {"name": "x", "transition_to": {"field": "y", "cases": {}}}]}}},
        "FLW002",
    ),
    "a role in a list": ({"initial_node": "a", "nodes": {"a": {"task_messages": [], "role_message": ["x"]}}}, "FLW002"),
}  # fmt: skip


@pytest.mark.parametrize(("config", "code"), BAD.values(), ids=BAD)
def test_what_pipecat_refuses_gets_one_error_with_a_place(tmp_path, config, code):
    path = tmp_path / "flow.yaml"
    path.write_text(yaml.safe_dump(config))
    assert refused_by_pipecat(path)
    assert [d.code for d in check(path) if d.severity == "error"] == [code]


def test_nodes_that_nothing_reaches_and_paths_without_an_end_are_warnings(tmp_path):
    path = tmp_path / "flow.yaml"
    path.write_text("initial_node: a\nnodes:\n  a: {task_messages: []}\n  b: {task_messages: []}\n")
    found = check(path)
    assert {d.severity.value for d in found} == {"warning"}
    assert [d.code for d in found] == ["FLW012", "FLW011", "FLW012"]


def test_a_nested_include_starts_from_the_top_file_as_in_pipecat(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "flow.yaml").write_text("initial_node: a\nnodes: !include parts/nodes.yaml\n")
    (tmp_path / "parts/nodes.yaml").write_text("a: {task_messages: !include parts/messages.yaml}\n")
    (tmp_path / "parts/messages.yaml").write_text("- {role: developer, content: Ask.}\n")
    same(tmp_path / "flow.yaml")
