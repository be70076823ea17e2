"""FLW042: a rung of a ladder can't be reached, or does nothing.

Bad:
    flow: x
    slots: {size: text}
    initial_node: a
    nodes:
      a: {collect: size, no_match: [{goto: b}, {say: Once more?}], next: b}
      b: {say: b, end: true}

Good:
    flow: x
    slots: {size: text}
    initial_node: a
    nodes:
      a: {collect: size, no_match: [{say: Once more?}, {goto: b}], next: b}
      b: {say: b, end: true}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.flows.graph import ends

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Rungs behind one that leads away, rungs without an effect, and silence without a time."""
    for key, _, path, rungs in subject.ladders:
        left = False
        for index, rung in enumerate(rungs):
            place: Path = (*path, index)
            if subject.hurt(place):
                continue
            if left:
                message = "the rung before this one leads away, so this one is never reached."
                yield subject.problem("FLW042", place, message, "Move it up, or remove it.")
                break
            leads = rung.goto is not None or ends(rung.end)
            if not leads and rung.say is None:
                yield subject.problem("FLW042", place, "this rung does nothing.", "Add `say`, `goto` or `end`.")
            if key == "no_input" and rung.after is None:
                message = "this rung does not say how long the silence lasts."
                yield subject.problem("FLW042", place, message, "Add for example `after: 6s`.")
            left = leads
