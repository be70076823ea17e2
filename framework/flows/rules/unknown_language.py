"""FLW050: a node is spoken in a language that the flow does not have.

Bad:
    flow: x
    languages: [en, es]
    initial_node: a
    nodes: {a: {say: Bonjour., languages: [fr], end: true}}

Good:
    flow: x
    languages: [en, es, fr]
    initial_node: a
    nodes: {a: {say: Bonjour., languages: [fr], end: true}}
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.subject import Subject


TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Languages of nodes and of `defaults` against those of the flow, and the form of all of them."""
    flow = subject.flow
    own = list(flow.languages or [])
    for index, language in enumerate(own):
        if not TAG.fullmatch(language):
            message = f"`{language}` is not the code of a language."
            yield subject.problem("FLW050", ("languages", index), message, "Write for example `en`, `de` or `pt-BR`.")
    lists: list[tuple[Path, list[str] | None]] = [(("defaults", "languages"), flow.defaults.languages)]
    lists += [(("nodes", name, "languages"), node.languages) for name, node in flow.nodes.items() if node.languages]
    for base, languages in lists:
        for index, language in enumerate(languages or ()):
            if subject.languages and language not in subject.languages and not subject.hurt(("languages",)):
                message = f"the flow has no language `{language}`."
                fix = did_you_mean(language, subject.languages)
                yield subject.problem("FLW050", (*base, index), message, fix)
