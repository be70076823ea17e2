"""Every name of a flow is found where it stands, however it is written."""

import pytest

from framework.documents import scan
from framework.documents.align import offset_of
from framework.flows.names import KEYS, VALUES, fields, uses

FLOW = """\
flow: x
slots:
  name: {type: text, prompt: "Who?"}
  'size': enum
events: {bell: {who: text}}
inputs: [name]
interrupts: {help: {intent: help me, goto: desk, nodes: [greet]}}
timers: {late: {after: 1m, goto: "desk", emit: {bell: {who: "{{ slots.name }}"}}}}
limits: {goto: desk}
on_error: desk
defaults: {no_match: [{goto: desk}]}
initial_node: greet
nodes:
  greet:
    say:
      - "Hi {{ upper(slots.name) }} and \\"{{ slots['size'] }}\\""
      - |
        Hello
        {{ slots.name if slots.size == "slots.name" else slots.
        name }}
    set: {name: "{{ slots.name }}x"}
    collect: [name]
    next:
      - {if: slots.name == "desk" and (not slots.name), goto: desk}
      - {event: bell, where: event.who == slots.name, emit: bell, else: 'desk'}
  "desk": {instruct: "{{ slots.name + }}", functions: [{name: f, transition_to: {field: x, cases: {1: desk}, default: greet}}], end: true}
"""


@pytest.fixture
def found(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(FLOW)
    source, _, _ = scan(path)
    return uses(source)


def counted(found, kind, name):
    return len({use.span for use in found if (use.kind, use.name) == (kind, name)})


def test_the_characters_of_each_are_the_name(found):
    for use in found:
        begin = offset_of(FLOW, use.span.line, use.span.column)
        assert FLOW[begin : offset_of(FLOW, use.span.end_line, use.span.end_column)] == use.name, use


def test_all_are_found(found):
    assert counted(found, "node", "desk") == 9
    assert counted(found, "node", "greet") == 4
    assert counted(found, "slot", "name") == 13
    assert counted(found, "slot", "size") == 3
    assert counted(found, "event", "bell") == 4
    assert counted(found, "slot", "who") == 0
    assert counted(found, "event", "who") == 0


def test_each_is_defined_once(found):
    defined = [(use.kind, use.name) for use in found if use.defines]
    assert defined == [
        ("slot", "name"), ("slot", "size"), ("event", "bell"), ("interrupt", "help"), ("timer", "late"),
        ("node", "greet"), ("node", "desk"),
    ]  # fmt: skip


def test_a_file_that_is_wrong_all_over_is_read_all_the_same(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("flow: 3\nslots: [a, {b: {}}]\nnodes: {a: {next: [goto, 3, {goto: {x: b}}], say: {en: 3}}, b: 7}\n")
    assert [(use.kind, use.name) for use in uses(scan(path)[0]) if use.defines] == [("node", "a"), ("node", "b")]


@pytest.mark.parametrize(("model", "key"), [*VALUES, *KEYS])
def test_the_tables_name_keys_that_there_are(model, key):
    assert key in fields(model)
