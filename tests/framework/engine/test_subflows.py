"""Flows inside flows: what goes in, what comes out, where it goes on, and what goes wrong."""

from __future__ import annotations

ASK = """
    slots:
      name: {type: text, prompt: "What name?"}
      greeting: {type: text}
    inputs: [greeting]
    outputs: [name]
    nodes:
      a: {say: "{{ slots.greeting }}", next: b}
      b:
        collect: name
        next:
          - {outcome: done, end: known}
          - {else: c}
      c: {end: unknown}
"""

CALLER = """
    slots: {who: text, name: text}
    outputs: [who]
    nodes:
      a:
        subflow: ask
        with: {greeting: "Hi {{ session.channel }}"}
        save: {who: result.name}
        next:
          - {outcome: known, goto: b}
          - {outcome: unknown, goto: c}
          - {else: d}
      b: {say: "Hello {{ slots.who }}, {{ slots.name }}.", end: met}
      c: {say: "Stranger.", end: true}
      d: {say: "Broken.", end: broken}
"""


def test_a_subflow_takes_inputs_and_gives_outputs_and_its_end_is_the_outcome(drive):
    call = drive(CALLER, flows={"ask": ASK})
    assert call.said == ["Hi text", "What name?"]
    assert call.state["flow"] == "ask"
    assert call.slots == {"greeting": "Hi text"}
    call.hear("Ada")
    assert call.said[-1] == "Hello Ada, ."
    assert call.ended == "met"
    assert [(n["node"], n["depth"]) for n in call.of("node.entered")] == [("a", 0), ("a", 1), ("b", 1), ("b", 0)]


def test_the_last_event_carries_the_outputs(drive):
    call = drive(CALLER, flows={"ask": ASK}).hear("Ada")
    assert call.of("session.ended") == [{"reason": "met", "outputs": {"who": "Ada"}}]
