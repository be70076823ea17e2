"""Read addresses of electronic mail as people say and write them, in the languages we know."""
# ruff: noqa: PLR2004 - a couple of words is what it is

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from framework.slots.answers import core
from framework.slots.figures import piece_at
from framework.slots.languages import language_of
from framework.slots.languages.base import Language
from framework.slots.letters import past_word
from framework.slots.tokens import Reading, read

WRITTEN = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_VALID = re.compile(
    r"(?=.{1,64}@)[a-z0-9_+'-]+(?:\.[a-z0-9_+'-]+)*@(?=.{1,253}$)"
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
)
JOINED = 3
"""So many words in a row may be one name: "ada lovelace at …"; of more, those up to the last common one are dropped."""
ATTEMPT = 4
"""Up to so many words with an "at" and no dot are taken for an address that was cut short."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address and the words it was read from; empty when it was begun and not whole."""

    first: int
    last: int
    text: str


def valid(text: str) -> bool:
    """Whether a text can be an address.

    >>> valid("ada@example.com"), valid("ada@example"), valid("@example.com")
    (True, False, False)
    """
    return _VALID.fullmatch(text) is not None


def address_in(text: str, tag: str) -> Address | None:
    """The last address of a text: the one that holds after "no, sorry"."""
    reading, language = read(text), language_of(tag)
    if written := list(WRITTEN.finditer(text)):
        return _as_written(reading, written[-1], language)
    ats = [i for i in range(1, len(reading.words)) if language.letters.at.at(reading.words, i)]
    for index in reversed(ats):
        found = _Spelled(reading, language).around(index, ats)
        if found is not None:
            return found
    return _attempt(reading, ats, language)


def _as_written(reading: Reading, match: re.Match[str], language: Language) -> Address | None:
    inside = [i for i, token in enumerate(reading.tokens) if match.start() < token.end and token.start < match.end()]
    text = plain(match[0].strip(".'"), language)
    return Address(inside[0], inside[-1] + 1, text if valid(text) else "") if inside else None


def _attempt(reading: Reading, ats: list[int], language: Language) -> Address | None:
    first, last = core(reading, language)
    dotted = any(language.letters.dot.at(reading.words, i) for i in range(first, last))
    return Address(first, last, "") if ats and last > first and (dotted or last - first <= ATTEMPT) else None


def plain(text: str, language: Language) -> str:
    """Small letters without accents, as addresses have them.

    >>> plain("Müller", language_of("de")), plain("Gómez", language_of("es"))
    ('mueller', 'gomez')
    """
    small = "".join(language.letters.fold.get(c, c) for c in unicodedata.normalize("NFC", text.lower()))
    return "".join(c for c in unicodedata.normalize("NFKD", small) if not unicodedata.combining(c))


@dataclass(frozen=True, slots=True)
class _Piece:
    """Part of an address and the word after it."""

    text: str
    last: int
    kind: str
    """`word`, `letter`, `digits` or `sign`."""


class _Spelled:
    """An address in words."""

    def __init__(self, reading: Reading, language: Language) -> None:
        self.reading, self.words, self.language, self.letters = reading, reading.words, language, language.letters

    def around(self, at: int, ats: list[int]) -> Address | None:
        """The address around an "at"; None when no whole one stands there."""
        length = self.letters.at.at(self.words, at)
        domain = self._domain(at + length)
        local = self._local(at, ats)
        if domain is None or local is None:
            return None
        text = f"{local[1]}@{domain[1]}"
        return Address(local[0], domain[0], text) if valid(text) else None

    def _domain(self, first: int) -> tuple[int, str] | None:
        """Labels with dots between them; the last one is a single word, or spelled."""
        labels: list[list[_Piece]] = [[]]
        index, end = first, 0
        while index < len(self.words):
            if labels[-1] and (length := self._dot(index)):
                labels.append([])
                index += length
                continue
            if labels[-1] and self._mark(index) == ".":
                labels.append([])
            piece = self._piece(index, gap=bool(labels[-1]))
            if piece is None or (len(labels) > 1 and not self._goes_on(labels[-1], piece, index)):
                break
            labels[-1].append(piece)
            index = end = piece.last
        text = ".".join(self._text(label) for label in labels if label)
        return (end, text) if "." in text else None

    def _goes_on(self, label: list[_Piece], piece: _Piece, index: int) -> bool:
        """Whether a label after a dot has more than one word: letters that are spelled, or a dot still follows."""
        if not label or (label[-1].kind == piece.kind == "letter"):
            return True
        ahead = range(index, min(index + 3, len(self.words)))
        return any(self._dot(i) for i in ahead) and not any(self.reading.gap(i).strip("-.") for i in ahead)

    def _dot(self, index: int) -> int:
        written = (
            self.reading.gap(index) == "."
            and self.reading.tokens[index].start == self.reading.tokens[index - 1].end + 1
        )
        return 0 if written else self.letters.dot.at(self.words, index)

    def _local(self, at: int, ats: list[int]) -> tuple[int, str] | None:
        index = self._begin(at, ats)
        pieces: list[tuple[int, _Piece]] = []
        while index < at:
            if length := self.letters.joined.at(self.words, index):
                index += length
                continue
            piece = self._piece(index, gap=bool(pieces), local=True)
            if piece is None or piece.last > at:
                return None
            pieces.append((index, piece))
            index = piece.last
        pieces = self._nearest(pieces)
        return (pieces[0][0], self._text([piece for _, piece in pieces])) if pieces else None

    def _begin(self, at: int, ats: list[int]) -> int:
        """Past what leads to the address: courtesies, "my email is", an address that is taken back."""
        index = 0
        if any(other < at for other in ats):
            for i in range(at):
                if length := self.language.repairs.at(self.words[:at], i):
                    index = max(index, i + length)
        for i in range(index, at):
            if i >= index and (length := self.letters.mail.at(self.words[:at], i)) > 1:
                index = i + length
        while index < at:
            length = self.language.fillers.at(self.words[:at], index) or self.letters.mail.at(self.words[:at], index)
            if not length or index + length >= at:
                break
            index += length
        return index

    def _nearest(self, pieces: list[tuple[int, _Piece]]) -> list[tuple[int, _Piece]]:
        words = [place for place, (_, piece) in enumerate(pieces) if piece.kind == "word"]
        if len(words) <= JOINED:
            return pieces
        common = [p for p in words[:-1] if self.words[pieces[p][0]] in self.language.names.stops]
        return pieces[common[-1] + 1 :] if common else pieces

    def _piece(self, index: int, *, gap: bool, local: bool = False) -> _Piece | None:
        """What a word or two add to an address."""
        if index >= len(self.words) or (gap and self.reading.gap(index).strip("-.,_+'") and not local):
            return None
        mark = self._mark(index) if gap else ""
        if local and (length := self._dot(index)):
            return _Piece(".", index + length, "sign")
        if sign := self.letters.symbols.at(self.words, index):
            return _Piece(sign[1], index + sign[0], "sign")
        digits = piece_at(self.reading, index, self.language, begun=False)
        if digits and self.words[index] not in self.language.numbers.articles:
            return _Piece(mark + digits[0], digits[1], "digits")
        word = plain(re.sub(r"['\u2019]", "", self.reading.raw(index)), self.language)
        if len(word) == 1:
            return _Piece(mark + word, past_word(self.reading, index + 1, word, self.language), "letter")
        return _Piece(mark + word, index + 1, "word")

    def _mark(self, index: int) -> str:
        """A sign that is written between two words without spaces: example.com, t-online."""
        gap = self.reading.text[self.reading.tokens[index - 1].end : self.reading.tokens[index].start]
        return gap if gap in {".", "-", "_", "+"} else ""

    def _text(self, pieces: list[_Piece]) -> str:
        """The pieces as one; among single letters, names of letters are letters."""
        single = sum(piece.kind == "letter" for piece in pieces)
        names = [self.letters.names.get(piece.text) for piece in pieces if piece.kind == "word"]
        if single >= 2 and all(names):
            return "".join(str(self.letters.names.get(p.text)) if p.kind == "word" else p.text for p in pieces)
        return "".join(piece.text for piece in pieces)
