"""Check one large flow in this process, and let PyYAML's C loader compose the same file: `checked.py NODES`."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from framework.flows.check import check
from framework.flows.expressions.expression import parse

ROUNDS = 5
SECTION = 10
"""Nodes of one part of the flow; people go back inside it, and from it into the next one."""
SLOTS = 40


def main(nodes: int) -> None:
    """Print how many seconds of processor time both took at best, and by how many megabytes checking made us grow."""
    text = large(nodes)
    with tempfile.TemporaryDirectory() as folder:
        path, small = Path(folder) / "large.yaml", Path(folder) / "small.yaml"
        path.write_text(text, encoding="utf-8")
        small.write_text(large(SECTION * 2), encoding="utf-8")
        if problems := check(small):  # imports, and makes sure that nothing is wrong with what is measured
            raise RuntimeError(str(problems[0]))
        before = _peak_mb()
        checks, composes = [], []
        for _ in range(ROUNDS):
            parse.cache_clear()
            checks.append(_timed(lambda: check(path)))
            composes.append(_timed(lambda: yaml.compose(text, Loader=yaml.CSafeLoader)))
        figures = {"check_s": min(checks), "compose_s": min(composes), "grown_mb": _peak_mb() - before}
    print(json.dumps({"figures": figures}))


def _timed(action: Callable[[], Any]) -> float:
    began = time.process_time()
    action()
    return time.process_time() - began


def _peak_mb() -> float:
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def large(nodes: int) -> str:
    """A flow of so many nodes with three routes each: conversations, questions, tools and decisions in turn."""
    declared = "type: enum, values: [small, large], prompt: Which?"
    slots = ", ".join(f"s{number}: {{{declared}}}" for number in range(min(SLOTS, nodes // SECTION)))
    lines = ["flow: large", f"slots: {{{slots}}}", "initial_node: n0", "nodes:"]
    for number in range(nodes):
        here, last = number % SECTION, number // SECTION * SECTION
        slot, ahead = f"s{number // SECTION % SLOTS}", [min(number + step, nodes) for step in (1, 2, SECTION - here)]
        lines += KINDS[number % len(KINDS)](number, last, slot, ahead)
    lines.append("  n" + str(nodes) + ': {say: "That was all.", end: true}')
    return "\n".join(lines) + "\n"


def _talk(number: int, _last: int, slot: str, ahead: list[int]) -> list[str]:
    return [
        f"  n{number}:",
        f"    instruct: \"Help with step {number}, the {{{{ default(slots.{slot}, 'usual') }}}} one.\"",
        "    next:",
        f"      - {{intent: wants step {ahead[1]}, examples: [take me to {ahead[1]}], goto: n{ahead[1]}}}",
        f"      - {{if: session.turns > {number}, goto: n{ahead[2]}}}",
        f"      - {{intent: is done with {number}, examples: [done with {number}], goto: n{ahead[0]}}}",
    ]


def _ask(number: int, _last: int, slot: str, ahead: list[int]) -> list[str]:
    return [
        f"  n{number}:",
        f"    collect: {slot}",
        "    next:",
        f"      - {{outcome: [exhausted, declined], goto: n{ahead[2]}}}",
        f'      - {{if: slots.{slot} == "large", goto: n{ahead[1]}}}',
        f"      - {{else: n{ahead[0]}}}",
    ]


def _call(number: int, _last: int, slot: str, ahead: list[int]) -> list[str]:
    return [
        f"  n{number}:",
        "    run: shop.stock",
        f'    with: {{size: "{{{{ slots.{slot} }}}}", step: {number}}}',
        "    next:",
        f"      - {{outcome: [error, timeout], goto: n{ahead[2]}}}",
        f"      - {{if: result.count > {number}, goto: n{ahead[1]}}}",
        f"      - {{else: n{ahead[0]}}}",
    ]


def _decide(number: int, last: int, slot: str, ahead: list[int]) -> list[str]:
    return [
        f"  n{number}:",
        f"    say: Here is step {number}.",
        "    next:",
        f'      - {{if: slots.{slot} == "small" and session.visits < 3, clear: [{slot}], goto: n{last + 1}}}',
        f"      - {{if: session.turns > {number}, goto: n{ahead[1]}}}",
        f"      - {{else: n{ahead[0]}}}",
    ]


KINDS = (_talk, _ask, _call, _decide)


if __name__ == "__main__":
    main(int(sys.argv[1]))
