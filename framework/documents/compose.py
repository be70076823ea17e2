"""Parse YAML text into its raw tree, event by event: no recursion, kind sentences for what YAML refuses."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

import yaml

from framework.documents.complaints import complaint
from framework.documents.diagnostics import Diagnostic, Span
from framework.documents.raw import DEEPEST, Items, Leaf, Pairs, Raw, SyntaxProblemError, has_key, too_deep

if TYPE_CHECKING:
    from collections.abc import Iterator

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser where PyYAML was built with it."""


STYLES = frozenset("'\"|>")

SLOW_LIMIT = 200_000
"""Characters that the parser in Python is still given a try at."""


def compose(text: str, file: str) -> Raw | None:
    """The raw tree of the one document in `text`; None when there is none.

    Where libyaml refuses what PyYAML's own parser takes, the latter decides: it is the one that Pipecat uses.
    A file of ours that only tabs spoil is read as if they were spaces, so that its other problems are seen too.
    """
    try:
        return _attempt(text, file, LOADER)
    except SyntaxProblemError as first:
        if first.diagnostic.code != "YML004" or len(text) > SLOW_LIMIT:
            raise
        with suppress(SyntaxProblemError):
            return _attempt(text, file, yaml.SafeLoader)
        with suppress(SyntaxProblemError):
            spaced = _attempt(text.replace("\t", " "), file, LOADER) if "\t" in text else None
            if has_key(spaced, "flow"):
                return spaced
        raise


def _attempt(text: str, file: str, loader: Any) -> Raw | None:
    try:
        return _Composer(file).run(_events(text, loader))
    except (yaml.YAMLError, UnicodeError) as wrong:
        raise SyntaxProblemError(complaint(wrong, text, file)) from None


def _events(text: str, kind: Any) -> Iterator[Any]:
    loader = kind(text)
    get = loader.get_event
    try:
        while (event := get()) is not None:
            yield event
    finally:
        loader.dispose()


class _Composer:
    """Puts events together into a tree, with an explicit stack."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Raw | None = None
        self.anchors: dict[str, Raw] = {}
        self.open: list[tuple[Items | Pairs, str | None]] = []
        self.keys: list[Raw | None] = []
        """For each open mapping the key that waits for its value."""
        self.documents = 0

    def run(self, events: Iterator[Any]) -> Raw | None:
        """Take all events and return the root."""
        handlers, scalar, take = self.HANDLERS, yaml.ScalarEvent, self._scalar
        for event in events:
            kind = type(event)
            if kind is scalar:
                take(event)
            elif handler := handlers.get(kind):
                handler(self, event)
        return self.root

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            span = self._span(event)
            message = "a second document begins here; a file holds one."
            raise SyntaxProblemError(Diagnostic(span, "YML011", message, "Remove the `---`, or use two files."))

    def _scalar(self, event: Any) -> None:
        style = event.style
        begin, end = event.start_mark, event.end_mark
        span = Span(self.file, begin.line + 1, begin.column + 1, end.line + 1, end.column + 1)
        leaf = Leaf(span, event.value, style if style in STYLES else "", event.tag)
        if event.anchor:
            self.anchors[event.anchor] = leaf
        if self.keys and self.keys[-1] is None and type(self.open[-1][0]) is Pairs:
            self.keys[-1] = leaf  # most scalars are keys
        else:
            self._place(leaf)

    def _begin(self, event: Any) -> None:
        if len(self.open) >= DEEPEST:
            raise too_deep(self._span(event))
        kind = Items if isinstance(event, yaml.SequenceStartEvent) else Pairs
        branch = kind(self._span(event), tag=event.tag)
        if isinstance(branch, Pairs):
            branch.flow = bool(event.flow_style)
        self.open.append((branch, event.anchor))
        self.keys.append(None)

    def _end(self, event: Any) -> None:
        branch, anchor = self.open.pop()
        self.keys.pop()
        end = event.end_mark
        span = branch.span
        branch.span = Span(span.file, span.line, span.column, end.line + 1, end.column + 1)
        self._remember(anchor, branch)
        self._place(branch)

    def _alias(self, event: Any) -> None:
        target = self.anchors.get(event.anchor)
        if target is None:
            within = any(anchor == event.anchor for _, anchor in self.open)
            why = "contains itself" if within else "is not defined above"
            message = f"the anchor `{event.anchor}` {why}."
            raise SyntaxProblemError(Diagnostic(self._span(event), "YML004", message, "Write the value out."))
        self._place(target)

    def _remember(self, anchor: str | None, node: Raw) -> None:
        if anchor:
            self.anchors[anchor] = node

    def _place(self, node: Raw) -> None:
        if not self.open:
            self.root = node
            return
        branch = self.open[-1][0]
        if isinstance(branch, Items):
            branch.children.append(node)
        elif (key := self.keys[-1]) is None:
            self.keys[-1] = node
        else:
            branch.children.append((key, node))
            self.keys[-1] = None

    def _span(self, event: Any) -> Span:
        begin, end = event.start_mark, event.end_mark
        return Span(self.file, begin.line + 1, begin.column + 1, end.line + 1, end.column + 1)

    HANDLERS: ClassVar[dict[Any, Any]] = {
        yaml.DocumentStartEvent: _document,
        yaml.ScalarEvent: _scalar,
        yaml.SequenceStartEvent: _begin,
        yaml.MappingStartEvent: _begin,
        yaml.SequenceEndEvent: _end,
        yaml.MappingEndEvent: _end,
        yaml.AliasEvent: _alias,
    }
