"""What is right stays unmarked: the reference's example, every key at once, shipped flows, and what looks wrong but isn't."""

from __future__ import annotations

from pathlib import Path

import pytest

from framework.flows.check import check
from framework.plugins.host import PluginHost
from framework.project import Project

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
TOP = "flow: x\ninitial_node: a\n"

RIGHT = {
    "a slot with a default that a text needs": (
        "slots: {name: {type: text, default: you}}\n",
        'a: {say: "Hello, {{ slots.name }}.", end: true}',
    ),
    "a slot that is tested before it is said": (
        "slots: {name: text}\n",
        "a: {collect: name, next: [{if: slots.name == null, goto: c}, {else: b}]}",
        'b: {say: "{{ slots.name }}", next: c}',
        'c: {say: "Bye{{ \', \' if slots.name else \'\' }}.", end: true}',
    ),
    "a slot that a model's tool saves": (
        "slots: {city: text}\n",
        "a: {instruct: Help., tools: [{name: weather.now, save: {city: result.city}}], next: [{intent: is done, goto: b}]}",
        'b: {say: "It was {{ slots.city }}.", end: true}',
    ),
    "a circle that listens": (
        "",
        "a: {instruct: Help., next: [{intent: wants more, goto: b}, {intent: is done, end: true}]}",
        "b: {say: Here., next: a}",
    ),
    "a circle that counts": (
        "",
        "a: {say: once more, next: [{if: session.visits >= 3, end: true}, {else: b}]}",
        "b: {next: a}",
    ),
    "a circle that waits for time": ("", "a: {wait: a bit, next: [{after: 9s, say: tick, goto: b}]}", "b: {next: [{if: session.turns > 9, end: true}, {else: a}]}"),
    "a call that is put through again and again": ("", "a: {transfer: frontdesk, next: [{outcome: done, end: true}, {else: a}]}"),
    "an end that only an interrupt leads to": (
        "interrupts: {leave: {intent: wants to leave, examples: [bye], end: true}}\n",
        "a: {instruct: Talk., next: [{intent: wants more, goto: b}]}",
        "b: {instruct: Talk more., next: [{intent: wants less, goto: a}]}",
    ),
    "a node that only an interrupt leads to": ("interrupts: {human: {goto: b}}\n", "a: {instruct: Talk., next: [{intent: is done, end: true}]}", "b: {transfer: frontdesk, end: true}"),
    "a node that only a timer leads to": ("timers: {t: {after: 5m, goto: b}}\n", "a: {instruct: Talk., next: [{intent: is done, end: true}]}", "b: {say: Time., end: true}"),
    "a node that is left by a timer alone": ("timers: {t: {after: 5m, goto: b, nodes: [a]}}\n", "a: {wait: for the end}", "b: {say: Time., end: true}"),
    "a node that only silence leads to": (
        "slots: {size: text}\n",
        "a: {collect: size, no_input: [{after: 9s, say: Hm?}, {after: 9s, goto: c}], next: b}",
        "b: {say: b, end: true}",
        "c: {say: c, end: true}",
    ),
    "a node for operators": ("", "a: {say: hi, end: true}", "b: {entry: operator, say: Sent here., next: c}", "c: {say: c, end: true}"),
    "an outcome for every reason of a subflow": (
        "",
        "a: {subflow: identify, with: {reason: billing}, next: [{outcome: [identified, unknown, error], goto: b}]}",
        "b: {say: b, end: true}",
    ),
    "values told apart by a list, and by what they are not": (
        "slots: {size: {type: enum, values: [s, m, l]}}\n",
        "a: {collect: size, next: [{outcome: [exhausted, declined], goto: b}, {if: 'slots.size in [\"s\", \"m\"]', goto: b}, {if: 'slots.size not in [\"s\", \"m\"]', goto: c}]}",
        "b: {say: b, end: true}",
        "c: {say: c, end: true}",
    ),
    "a truth value and its opposite": (
        "slots: {fine: boolean}\n",
        "a: {collect: fine, next: [{outcome: [exhausted, declined], goto: b}, {if: slots.fine, goto: b}, {if: not slots.fine, goto: c}]}",
        "b: {say: b, end: true}",
        "c: {say: c, end: true}",
    ),
    "two intents that are guarded apart": (
        "",
        "a: {instruct: Help., next: [{intent: is done, if: session.turns > 3, goto: b}, {intent: is done, goto: c}]}",
        "b: {say: b, end: true}",
        "c: {say: c, end: true}",
    ),
    "a longer wait behind one that stays": ("", "a: {wait: a bit, next: [{after: 5s, say: Still here.}, {after: 10s, end: true}]}"),
    "a sensitive slot that is only tested": (
        "slots: {pin: {type: text, sensitive: true}}\n",
        'a: {collect: pin, next: [{if: slots.pin == "x", goto: b}, {else: b}]}',
        "b: {say: \"{{ 'Thanks.' if slots.pin else 'Then not.' }}\", end: true}",
    ),
    "a sensitive slot for a sensitive one": (
        "slots: {pin: {type: text, sensitive: true}, copy: {type: text, sensitive: true}}\n",
        "a: {collect: pin, next: b}",
        'b: {set: {copy: "{{ slots.pin }}"}, say: b, end: true}',
    ),
    "figures that are short, grouped, or from a slot": (
        'slots: {code: {type: text, default: "123456789"}}\n',
        'a: {say: "In 2026, at 12:30, call 0 800, 12, 34. Your code is {{ slots.code }}. That is 1,000,000.", end: true}',
    ),
    "markup in what a model reads": ("", 'a: {instruct: "# Rules\\n- **Be** brief, see https://example.com/100000.", next: [{intent: is done, end: true}]}'),
    "keys without an intent": ("", "a: {say: Press one., next: [{keys: 1, goto: b}, {keys: [2, 3], goto: b}]}", "b: {say: b, end: true}"),
    "a language for one node": ("languages: [en, es]\n", "a: {say: {es: Hola.}, languages: [es], next: b}", "b: {say: {en: Hi., es: Hola.}, languages: [en], end: true}"),
    "what the author calls their own": ("x-owner: me\n", "a: {say: hi, x-note: {goto: nowhere}, end: true}"),
    "a built-in interrupt that is switched off": ("interrupts: {repeat: false}\n", "a: {instruct: Help., interrupts: [correct, hold], next: [{intent: is done, end: true}]}"),
    "a slot that is set in passing": (
        "slots: {name: text, size: text}\n",
        "a: {collect: size, next: b}",
        "b: {say: \"Bye, {{ default(slots.name, 'friend') }}.\", end: true}",
    ),
    "a flow that runs itself": ("", "a: {instruct: Help., next: [{intent: wants it again, goto: b}, {intent: is done, end: true}]}", "b: {subflow: x, next: a}"),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_this_is_right(diagnose, name):
    top, *nodes = RIGHT[name]
    assert diagnose(TOP + top + "nodes:\n  " + "\n  ".join(nodes) + "\n") == []


@pytest.mark.parametrize("path", sorted((HERE / "good").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_good_flow_is_clean(diagnose, path):
    structure = path.stem == "reference"  # it names plugins that exist nowhere
    text = path.read_text("utf-8")
    assert diagnose(text, f"{path.stem}.yaml", structure=structure) == []


def shipped() -> list[Path]:
    return [*sorted((ROOT / "flows").glob("*.yaml")), *sorted((ROOT / "flows/compat").glob("*.yaml"))]


@pytest.fixture(scope="module")
def ours():
    project = Project.find(ROOT)
    return project, PluginHost.load(project)


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.stem)
def test_a_shipped_flow_is_clean(ours, path):
    project, host = ours
    assert check(path, project=project, host=host) == []
