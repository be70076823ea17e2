"""How much of what was generated was heard: utterances, their audio, and honest prefixes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

LETTERS_PER_S = 13.0
"""Letters that a voice speaks in a second, while the length of its audio isn't known yet."""
TAIL_S = 0.05
"""Audio at the very end of a piece that need not have been played for its last word to count."""

LOST_S = 0.2
"""Audio that may be missing from what left without the words counting as cut off."""


def letters(text: str) -> int:
    """How many characters of a text are not white space."""
    return sum(not character.isspace() for character in text)


def prefix(text: str, heard: int) -> str:
    """The longest run of whole words from the start with at most `heard` letters.

    >>> prefix("one two  three", 6)
    'one two'
    >>> prefix("one two  three", 5)
    'one'
    """
    end, count, position = 0, 0, 0
    for word in text.split():
        position = text.index(word, position) + len(word)
        count += len(word)
        if count > heard:
            break
        end = position
    return text[:end]


@dataclass
class Piece:
    """A part of an utterance that the voice makes in one go: a sentence, or a whole line."""

    text: str
    seconds: float = 0.0
    """Audio made so far."""
    complete: bool = False
    """Whether that is all of it."""

    @property
    def length(self) -> float:
        """Its length, guessed from its letters while the voice is still at it."""
        return self.seconds if self.complete else max(self.seconds, letters(self.text) / LETTERS_PER_S)


@dataclass
class Utterance:
    """One thing the bot says: a `Say` of the flow, or one response of the model."""

    key: str
    say: str | None
    generated: str = ""
    remember: bool = True
    pieces: list[Piece] = field(default_factory=list)
    played: float = 0.0
    """Seconds of its audio that left."""
    words: str = ""
    """Words that a voice with word timing reported as spoken."""
    remembered: int = 0
    """Letters that already stand in the model's context."""
    begun: bool = False
    cut: bool = False
    """Whether an interruption came while it was under way."""
    before: str = ""
    """What of the whole was heard before a noise cut it off."""
    original: str = ""

    @property
    def whole(self) -> str:
        """The text as it was generated, before anything cut it off."""
        return self.original or self.generated

    @property
    def remaining(self) -> float:
        """Seconds of speech that are still to come, as far as one can tell."""
        pieces = sum(piece.length for piece in self.pieces)
        unmade = max(0, letters(self.generated) - sum(letters(piece.text) for piece in self.pieces))
        return max(0.0, pieces + unmade / LETTERS_PER_S - self.played)

    @property
    def lost(self) -> bool:
        """Whether audio was made that never left, or none was ever asked for."""
        made = sum(piece.seconds for piece in self.pieces)
        return not (self.pieces or self.words) or made - self.played > LOST_S

    def heard(self) -> int:
        """How many letters were heard: exact with word timing, else by the share of audio that left."""
        if self.words:
            return letters(self.words)
        left, count = self.played, 0
        for piece in self.pieces:
            if piece.seconds and left >= piece.length - TAIL_S:
                count += letters(piece.text)
                left -= piece.length
                continue
            if left > 0 and piece.length > 0:
                count += int(letters(piece.text) * left / piece.length)
            break
        return count

    def spoken(self, *, interrupted: bool) -> str:
        """The part of the generated text that was heard, in whole words."""
        if interrupted or any(not piece.seconds for piece in self.pieces) or not self.pieces:
            return prefix(self.generated, self.heard())
        return self.generated


class Speech:
    """All utterances under way, in the order in which they will be heard."""

    def __init__(self, on_spoken: Callable[[Utterance, str, bool], None]) -> None:
        self._open: dict[str, Utterance] = {}
        self._on_spoken = on_spoken
        self._count = 0

    def __bool__(self) -> bool:
        return bool(self._open)

    @property
    def remaining(self) -> float:
        """Seconds of speech that are still to come, as far as one can tell."""
        return sum(utterance.remaining for utterance in self._open.values())

    def begin(self, *, say: str | None, text: str = "", remember: bool = True) -> Utterance:
        """Something is going to be said."""
        self._count += 1
        utterance = Utterance(key=str(self._count), say=say, generated=text, remember=remember)
        self._open[utterance.key] = utterance
        return utterance

    def get(self, key: str) -> Utterance | None:
        """An utterance that is under way."""
        return self._open.get(key)

    def audible(self) -> list[Utterance]:
        """Those whose turn has come."""
        return [utterance for utterance in self._open.values() if utterance.begun]

    def cut(self) -> None:
        """An interruption: what is under way may have been dropped anywhere on its way."""
        for utterance in self._open.values():
            utterance.cut = True

    def first(self) -> Utterance | None:
        """The one that should be heard now."""
        return next(iter(self._open.values()), None)

    def close(self, utterance: Utterance, *, spoken: str | None = None, interrupted: bool = False) -> None:
        """It is over: said, or cut off."""
        if self._open.pop(utterance.key, None) is None:
            return
        text = utterance.spoken(interrupted=interrupted) if spoken is None else spoken
        self._on_spoken(utterance, text, interrupted and text != utterance.generated)
