"""FLW026: a text is not there in all languages of the flow.

Bad:
    flow: x
    languages: [en, es]
    initial_node: a
    nodes: {a: {say: {en: Hello}, end: true}}

Good:
    flow: x
    languages: [en, es]
    initial_node: a
    nodes: {a: {say: {en: Hello, es: Hola}, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.documents import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.flows.graph import Path
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Maps of languages that lack one, and those with one that the flow has not."""
    maps: dict[Path, tuple[str, set[str]]] = {}
    for written in subject.texts():
        if written.language is not None:
            maps.setdefault(written.path[:-1], (written.node, set()))[1].add(written.language)
    for path, (node, there) in maps.items():
        languages = subject.spoken_at(node)
        if lacking := [language for language in languages if language not in there]:
            listed = ", ".join(f"`{language}`" for language in lacking)
            yield subject.problem("FLW026", path, f"the text is missing in {listed}.", "Add it.")
        for language in sorted(there - {*languages, *subject.languages}) if languages else ():
            message = f"`{language}` is not among the flow's languages, so this is never said."
            fix = f"Add it to `languages`, which has: {', '.join(subject.languages or languages)}."
            yield subject.problem_at_key("FLW026", (*path, language), message, fix, Severity.WARNING)
