"""Parse JSON text into its raw tree, with places: what the standard parser reads, without recursion."""

from __future__ import annotations

import re
from bisect import bisect_right
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]

from framework.documents.diagnostics import Diagnostic, Span
from framework.documents.raw import DEEPEST, Items, Leaf, Pairs, Raw, SyntaxProblemError, too_deep

SPACE = re.compile(r"[ \t\n\r]*")
WORD = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null|NaN|-?Infinity")


def compose_json(text: str, file: str) -> Raw | None:
    """The raw tree of the one value in `text`; None when there is only space."""
    return _Parser(text, file).run()


class _Parser:
    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.at = 0
        self.lines = [0, *(m.end() for m in re.finditer("\n", text))]
        self.open: list[tuple[Items | Pairs, int]] = []
        self.keys: list[Leaf | None] = []

    def run(self) -> Raw | None:
        """Parse to the end of the text."""
        self._skip()
        if self.at >= len(self.text):
            return None
        done = self._value()
        while self.open:
            done = self._next_child() or done
        self._skip()
        if self.at < len(self.text):
            raise self._problem("something follows after the value.", "Remove it, or join both in a list.")
        return done

    def _value(self) -> Raw | None:
        """A scalar, or None after opening a container."""
        begin, char = self.at, self.text[self.at : self.at + 1]
        if char in ("{", "["):
            if len(self.open) >= DEEPEST:
                raise too_deep(self._span(begin))
            self.at += 1
            branch = Pairs(self._span(begin), flow=True) if char == "{" else Items(self._span(begin))
            self.open.append((branch, begin))
            self.keys.append(None)
            return None
        return self._scalar()

    def _scalar(self) -> Leaf:
        begin = self.at
        if self.text[begin : begin + 1] == '"':
            return self._string()
        word = WORD.match(self.text, begin)
        if not word:
            raise self._problem("a value is expected here.", "Texts stand in double quotes.")
        self.at = word.end()
        return Leaf(self._span(begin), word[0])

    def _string(self) -> Leaf:
        begin = self.at
        try:
            value, self.at = scanstring(self.text, begin + 1)
        except JSONDecodeError as wrong:
            self.at = min(wrong.pos, len(self.text))
            raise self._problem(f"{wrong.msg[0].lower()}{wrong.msg[1:]}.") from None
        return Leaf(self._span(begin), value, '"')

    def _next_child(self) -> Raw | None:
        """Read on inside the innermost container; the container itself once it is closed."""
        branch, begin = self.open[-1]
        self._skip()
        char = self.text[self.at : self.at + 1]
        close = "}" if isinstance(branch, Pairs) else "]"
        if char == close:
            self.at += 1
            self.open.pop()
            self.keys.pop()
            branch.span = self._span(begin)
            return self._place(branch)
        if branch.children:
            self._expect(",", f"`,` or `{close}`")
        if isinstance(branch, Pairs):
            self.keys[-1] = self._key()
        scalar = self._value()
        return self._place(scalar) if scalar else None

    def _key(self) -> Leaf:
        if self.text[self.at : self.at + 1] != '"':
            raise self._problem("a key in double quotes is expected here.")
        key = self._string()
        self._skip()
        self._expect(":", "`:`")
        return key

    def _expect(self, char: str, what: str) -> None:
        if self.text[self.at : self.at + 1] != char:
            raise self._problem(f"{what} is expected here.")
        self.at += 1
        self._skip()

    def _place(self, node: Raw) -> Raw:
        if self.open:
            branch = self.open[-1][0]
            if isinstance(branch, Items):
                branch.children.append(node)
            elif key := self.keys[-1]:
                branch.children.append((key, node))
        return node

    def _skip(self) -> None:
        found = SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _span(self, begin: int) -> Span:
        return Span(self.file, *self._where(begin), *self._where(self.at))

    def _where(self, at: int) -> tuple[int, int]:
        line = bisect_right(self.lines, at)
        return line, at - self.lines[line - 1] + 1

    def _problem(self, message: str, fix: str = "") -> SyntaxProblemError:
        return SyntaxProblemError(Diagnostic(Span.point(self.file, *self._where(self.at)), "YML004", message, fix))
