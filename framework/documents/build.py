"""Make values out of a raw tree: scalars by mode, merges, includes, `x-` keys; bounded whatever the file does."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from framework.documents import scalars
from framework.documents.complaints import quote_it
from framework.documents.compose import compose
from framework.documents.diagnostics import Diagnostic, Span
from framework.documents.files import UnreadableError, decode, fetch
from framework.documents.notation import compose_json
from framework.documents.raw import DEEPEST, Items, Leaf, Pairs, Raw, SyntaxProblemError, too_deep
from framework.documents.source import Node

MOST_VALUES = 200_000
"""How many values a document may have once every alias is written out."""

MOST_FILES = 64
"""How many files one document may be made of."""

INCLUDE = "!include"

NOTHING: dict[Any, Any] = {}
"""The children of scalars."""


class Library:
    """The files of one document: each is read once, inside one folder."""

    def __init__(self, top: Path, name: str, root: Path) -> None:
        self.top = top
        self.name = name
        self.root = root.resolve()
        self.texts: dict[str, str] = {}
        self.raws: dict[str, Raw | None] = {}
        self.digest = hashlib.sha256()

    def raw(self, path: Path, name: str, *, json: bool) -> Raw | None:
        """The raw tree of a file; `UnreadableError` or `SyntaxProblemError` says why there is none."""
        if name not in self.raws:
            if len(self.texts) >= MOST_FILES:
                raise UnreadableError("YML009", f"a document is made of at most {MOST_FILES} files.")
            content = fetch(path)
            self._count(name, content)
            self.texts[name] = text = decode(content)
            self.raws[name] = compose_json(text, name) if json else compose(text, name)
        return self.raws[name]

    def _count(self, name: str, content: bytes) -> None:
        if self.texts:
            inner = Path(name).name
            self.digest.update(f"\n!include {inner} {len(content)}\n".encode())
        self.digest.update(content)


class Builder:
    """Builds the nodes of one document and gathers what is wrong on the way."""

    def __init__(self, library: Library, *, ours: bool) -> None:
        self.library = library
        self.ours = ours
        self.diagnostics: list[Diagnostic] = []
        self.memo: dict[int, Node] = {}
        self.included: dict[Path, Node] = {}
        self.reading: list[Path] = []

    def file(self, path: Path, name: str, *, json: bool) -> Node:
        """The value of a whole file."""
        resolved = path.resolve()
        if resolved in self.included:
            return self.included[resolved]
        raw = self.library.raw(path, name, json=json)
        self.reading.append(resolved)
        if raw is None:
            node = Node(Span.start(name), None)
        else:
            node = self.node(raw, path, scalars.pipecat_json if json and not self.ours else self._plain)
        self.reading.pop()
        self.included[resolved] = node
        return node

    @property
    def _plain(self) -> scalars.Reader:
        return scalars.ours if self.ours else scalars.yaml11

    def node(self, raw: Raw, path: Path, plain: scalars.Reader) -> Node:
        """The node of one raw value; values behind one anchor are one node."""
        if isinstance(raw, Leaf):
            if raw.tag is None:
                value = raw.text if raw.style else self._read(raw, plain)
                return Node(raw.span, value, NOTHING, NOTHING, style=raw.style)
            return self._tagged(raw, path, plain)
        if (known := self.memo.get(id(raw))) is not None:
            return known
        node = self._items(raw, path, plain) if isinstance(raw, Items) else self._pairs(raw, path, plain)
        self._bound(node, raw.span)
        self.memo[id(raw)] = node
        return node

    def _read(self, raw: Leaf, plain: scalars.Reader) -> Any:
        try:
            return plain(raw.text)
        except ValueError as wrong:
            self._add(raw.span, "YML004", str(wrong))
            return raw.text

    def _tagged(self, raw: Leaf, path: Path, plain: scalars.Reader) -> Node:
        """A scalar with a tag; one behind an anchor is one node."""
        if (known := self.memo.get(id(raw))) is None:
            known = self.memo[id(raw)] = self._leaf(raw, path, plain)
            self._bound(known, raw.span)
        return known

    def _bound(self, node: Node, span: Span) -> None:
        for child in node.children.values():
            node.size += child.size
            if child.height >= node.height:
                node.height = child.height + 1
        if node.size > MOST_VALUES:
            message = f"this becomes more than {MOST_VALUES:,} values when aliases are written out."
            raise SyntaxProblemError(Diagnostic(span, "YML010", message, "Use fewer aliases."))
        if node.height > DEEPEST:
            raise too_deep(span)

    def _leaf(self, raw: Leaf, path: Path, plain: scalars.Reader) -> Node:
        if raw.tag == INCLUDE:
            return self._include(raw, path)
        try:
            value = self._scalar(raw, plain)
        except ValueError as wrong:
            self._add(raw.span, "YML008" if raw.tag else "YML004", str(wrong))
            value = raw.text
        return Node(raw.span, value, style=raw.style)

    def _scalar(self, raw: Leaf, plain: scalars.Reader) -> Any:
        if raw.tag is not None:
            self._check_tag(raw.tag, raw.span)
            return raw.text if self.ours else scalars.tagged(raw.tag, raw.text, plain=not raw.style)
        return raw.text if raw.style else plain(raw.text)

    def _items(self, raw: Items, path: Path, plain: scalars.Reader) -> Node:
        self._check_tag(raw.tag, raw.span, "seq")
        children = {index: self.node(child, path, plain) for index, child in enumerate(raw.children)}
        return Node(raw.span, [child.value for child in children.values()], children)

    def _pairs(self, raw: Pairs, path: Path, plain: scalars.Reader) -> Node:
        self._check_tag(raw.tag, raw.span, "map")
        if _braces(raw):
            self.diagnostics.append(quote_it(raw.span))
            return Node(raw.span, "", broken=True)
        node = Node(raw.span, {})
        written: dict[Any, Span] = {}
        for key_raw, value_raw in raw.children:
            self._pair(node, written, key_raw, value_raw, path, plain)
        node.value = {key: child.value for key, child in node.children.items()}
        return node

    def _pair(
        self, node: Node, written: dict[Any, Span], key_raw: Raw, value_raw: Raw, path: Path, plain: scalars.Reader
    ) -> None:
        if not isinstance(key_raw, Leaf):
            problem = isinstance(key_raw, Pairs) and key_raw.flow and quote_it(key_raw.span)
            self.diagnostics.append(problem or Diagnostic(key_raw.span, "YML004", "a key must be a plain text."))
            return
        if key_raw.text == "<<" and not key_raw.style and key_raw.tag is None:
            self._merge(node, written, key_raw, value_raw, path, plain)
            return
        key = key_raw.text if self.ours else self._leaf(key_raw, path, plain).value
        if key in written:
            message, fix = f"`{key}` is written twice.", f"It is already on line {written[key].line}."
            self._add(key_raw.span, "YML005", message, fix)
            return
        written[key] = key_raw.span
        value = self.node(value_raw, path, plain)
        if self.ours:
            if not key.startswith("x-"):
                node.children[key] = value
                node.keys[key] = key_raw.span
            return
        node.children.pop(key, None)  # a merged key goes where it is written out
        node.children[key] = value
        node.keys[key] = key_raw.span

    def _merge(
        self, node: Node, written: dict[Any, Span], key_raw: Leaf, value_raw: Raw, path: Path, plain: scalars.Reader
    ) -> None:
        if self.ours:
            self._add(key_raw.span, "YML007", "`<<` is not part of the language.", "Write the keys out.")
            return
        value = self.node(value_raw, path, plain)
        parts = list(value.children.values()) if isinstance(value.value, list) else [value]
        for part in parts:
            if not isinstance(part.value, dict):
                self._add(value_raw.span, "YML007", "`<<` wants a mapping, or a list of mappings.")
                continue
            for key, child in part.children.items():
                if key not in node.children and key not in written:
                    node.children[key] = child
                    node.keys[key] = part.keys[key]

    def _include(self, raw: Leaf, path: Path) -> Node:
        place = Node(raw.span, None, broken=True)
        found = self.included_path(raw, path)
        if found is None:
            return place
        inner, name = found
        try:
            return self.file(inner, name, json=self.ours and inner.suffix == ".json")
        except UnreadableError as why:
            if why.code == "YML003":
                self.diagnostics.append(why.diagnostic(name))
            else:
                self._add(raw.span, "YML009", f"`{raw.text}` can't be included: {why.message}", why.fix)
        except SyntaxProblemError as wrong:
            if wrong.diagnostic.code == "YML010":
                raise
            self.diagnostics.append(wrong.diagnostic)
        return place

    def included_path(self, raw: Leaf, path: Path) -> tuple[Path, str] | None:
        """Where the file is and what to call it; None when it may not be read."""
        inner = path.parent / raw.text
        if not self.ours and (upstream := self.library.top.parent / raw.text).is_file():
            inner = upstream  # Pipecat resolves every path from the folder of the top file
        try:
            resolved = inner.resolve()
        except (OSError, ValueError, RuntimeError):
            self._add(raw.span, "YML009", f"`{raw.text}` is not a path.")
            return None
        if not raw.text or not resolved.is_relative_to(self.library.root):
            message = f"`{raw.text}` lies outside the project's folder."
            self._add(raw.span, "YML009", message, "Include files of the project only.")
            return None
        if resolved in self.reading:
            self._add(raw.span, "YML009", f"`{raw.text}` includes itself.", "Break the circle.")
            return None
        return inner, _beside(self.library, inner)

    def _check_tag(self, tag: str | None, span: Span, kind: str = "") -> None:
        if tag is None:
            return
        standard = not self.ours and (tag == "!" or tag.startswith(scalars.PREFIX))
        if standard and (not kind or tag in {"!", scalars.PREFIX + kind}):
            return
        shown = tag.replace(scalars.PREFIX, "!!")
        fix = (
            "`!include` wants a path."
            if tag == INCLUDE
            else "The only tag is `!include`; quote a text that begins with `!`."
        )
        self._add(span, "YML008", f"the tag `{shown}` means nothing here.", fix)

    def _add(self, span: Span, code: str, message: str, fix: str = "") -> None:
        self.diagnostics.append(Diagnostic(span, code, message, fix))


def _braces(raw: Pairs) -> bool:
    """True for `{{ x }}` without quotes: a mapping whose only key is a mapping."""
    return raw.flow and len(raw.children) == 1 and isinstance(raw.children[0][0], Pairs)


def _beside(library: Library, inner: Path) -> str:
    """The name of an included file, in the style of the top file's name."""
    import os.path  # noqa: PLC0415 - only includes need it

    relative = os.path.relpath(inner, library.top.parent)
    return os.path.normpath(Path(library.name).parent / relative)
