"""VOX006: a language is to be spoken that the stack of the bot can't hear.

Bad:
    flow: x
    languages: [en, es]
    defaults: {stack: offline}
    initial_node: a
    nodes: {a: {say: {en: Hello., es: Hola.}, end: true}}

Good:
    flow: x
    languages: [en]
    defaults: {stack: offline}
    initial_node: a
    nodes: {a: {say: {en: Hello.}, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.documents import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Languages that the flow or a node names, with the stacks that it names or its bots have."""
    whole = _stacks(subject)
    for path, languages, own in _spoken(subject):
        for index, language in enumerate(languages):
            deaf = next((s for s in ([own] if own else whole) if not _hears(subject, s, language)), None)
            if deaf is not None and not subject.hurt(path):
                message = f"the stack `{deaf}` has no recogniser for `{language}`: people can only type it."
                fix = "Choose another stack, or leave the language out."
                yield subject.problem("VOX006", (*path, index), message, fix, Severity.WARNING)


def _spoken(subject: Subject) -> Iterator[tuple[Path, list[str], str | None]]:
    flow = subject.flow
    yield ("languages",), flow.languages or [], flow.defaults.stack
    for name, node in flow.nodes.items():
        if node.languages or (node.stack and node.stack != flow.defaults.stack):
            own = node.stack or flow.defaults.stack
            yield (
                ("nodes", name, "languages"),
                [x for x in node.languages or [] if x not in (flow.languages or [])],
                own,
            )


def _stacks(subject: Subject) -> list[str]:
    """The stacks of the bots that speak this flow."""
    bots = subject.project.bots.values() if subject.project else ()
    return list(dict.fromkeys(bot.stack for bot in bots if bot.flow == subject.flow.flow))


def _hears(subject: Subject, stack: str, language: str) -> bool:
    known = subject.heard_in(stack)
    return not known or language.split("-", maxsplit=1)[0] in known
