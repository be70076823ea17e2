"""A clean flow with mistakes put into it, alone and together: as many are found. See also `tests/flows/broken`."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.flows.check import check

CLEAN = """\
flow: bakery
languages: [en, es]
slots:
  size: {type: enum, values: [small, large], prompt: "Small or large?"}
  count: {type: integer, min: 1, max: 9}
  name: text
  paid: {type: boolean, default: false}
limits: {duration: 15m, goto: goodbye}
initial_node: greet
nodes:
  greet: {say: {en: Hello., es: Hola.}, next: order}
  order:
    collect: [size, count]
    attempts: 2
    next:
      - {intent: wants to stop, examples: [stop please], goto: goodbye}
      - {outcome: [exhausted, declined], goto: goodbye}
      - {if: slots.size == "large" and slots.count > 5, goto: pay}
      - {else: help}
  help:
    instruct: "Help with {{ slots.count }} loaves."
    sample: Anything else?
    next: [{intent: is done, examples: [that is all], goto: pay}]
  pay:
    run: till.charge
    with: {amount: "{{ slots.count * 3 }}"}
    save: {paid: result.paid}
    timeout: 4s
    next:
      - {outcome: [error, timeout], goto: goodbye}
      - {if: session.visits >= 3, goto: goodbye}
      - {if: slots.paid, say: Thank you., goto: goodbye}
      - {clear: [size], goto: order}
  goodbye: {say: "Bye, {{ default(slots.name, 'friend') }}.", end: true}
"""

MISTAKES = {
    "a key is misspelt": ("attempts: 2", "atempts: 2", "FLW001"),
    "a number is a text": ("max: 9", "max: nine", "SLT003"),
    "a node is misspelt": ("{say: {en: Hello., es: Hola.}, next: order}", "{say: {en: Hello., es: Hola.}, next: ordre}", "FLW010"),
    "a node is nowhere": ("{if: slots.paid, say: Thank you., goto: goodbye}", "{if: slots.paid, say: Thank you., goto: moon}", "FLW010"),
    "a slot is misspelt": ("collect: [size, count]", "collect: [size, cuont]", "FLW027"),
    "a value is not in the enum": ('== "large"', '== "huge"', "EXP002"),
    "a comparison fits nothing": ("slots.count > 5", "slots.count > '5'", "EXP002"),
    "a placeholder is not filled": ("{{ slots.count }} loaves", "{{ slots.coutn }} loaves", "EXP002"),
    "an expression is none": ("session.visits >= 3", "session.visits => 3", "EXP001"),
    "a duration has no unit": ("duration: 15m", "duration: 15", "FLW025"),
    "a language is missing": ("{en: Hello., es: Hola.}", "{en: Hello.}", "FLW026"),
    "a key stands twice": ("sample: Anything else?", "sample: Anything else?\n    sample: More?", "YML005"),
    "a node is cut off": ("  goodbye: {say", "  island: {say: Nobody., end: true}\n  goodbye: {say", "FLW011"),
    "a node leads nowhere": ("end: true}\n", "next: silence}\n  silence: {say: Nothing.}\n", "FLW012"),
    "an outcome is unknown": ("[error, timeout]", "[error, timeout, failure]", "FLW019"),
    "an expression is taken for a text": ("say: Thank you.", "say: slots.name", "EXP003"),
    "a wrong default": ("default: false", "default: maybe", "SLT004"),
    "a name is none": ("flow: bakery", "flow: Bakery", "FLW002"),
}  # fmt: skip


def spoilt(names) -> str:
    text = CLEAN
    for name in names:
        good, bad, _ = MISTAKES[name]
        assert text.count(good) == 1, name
        text = text.replace(good, bad)
    return text


def test_the_clean_flow_is_clean(diagnose):
    assert diagnose(CLEAN, structure=True) == []


@pytest.mark.parametrize("name", MISTAKES)
def test_one_mistake_gives_one_diagnostic(diagnose, name):
    assert [d.code for d in diagnose(spoilt([name]), structure=True)] == [MISTAKES[name][2]]


def compatible(names) -> bool:
    text = CLEAN
    for name in names:
        good, bad, _ = MISTAKES[name]
        if text.count(good) != 1:
            return False
        text = text.replace(good, bad)
    return True


PAIRS = [pair for pair in combinations(MISTAKES, 2) if compatible(pair)]


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_two_mistakes_give_two_diagnostics(diagnose, pair):
    assert sorted(d.code for d in diagnose(spoilt(pair), structure=True)) == sorted(MISTAKES[n][2] for n in pair)


@given(st.lists(st.sampled_from(sorted(MISTAKES)), min_size=3, max_size=9, unique=True).filter(compatible))
@settings(max_examples=150, deadline=None)
def test_many_mistakes_give_as_many_diagnostics(tmp_path_factory, names):
    path = tmp_path_factory.mktemp("flow") / "x.yaml"
    path.write_text(spoilt(names))
    assert sorted(d.code for d in check(path)) == sorted(MISTAKES[n][2] for n in names)
