"""Read what people spell: letters by their names, by words that begin with them, with digits between them."""

from __future__ import annotations

from framework.slots.figures import piece_at
from framework.slots.languages.base import Language
from framework.slots.tokens import Reading

ADJOINING = 4
"""Up to so many letters in a row, written together, may be part of a code: SW1A."""


def letter_at(reading: Reading, index: int, language: Language) -> tuple[str, int] | None:
    """One letter and the word after it: "a", "bee", "alpha", "A as in apple"."""
    words, letters = reading.words, language.letters
    if index >= len(words):
        return None
    known = letters.names.at(words, index) or letters.code.at(words, index)
    if known:
        letter, last = known[1], index + known[0]
    elif len(words[index]) == 1 and words[index].isalpha():
        letter, last = words[index], index + 1
    else:
        return None
    return letter, past_word(reading, last, letter, language)


def past_word(reading: Reading, index: int, letter: str, language: Language) -> int:
    """The word after "as in apple", if that follows a letter."""
    length = language.letters.as_in.at(reading.words, index)
    after = index + length
    named = (
        length
        and after < len(reading.words)
        and reading.words[after].startswith(letter)
        and len(reading.words[after]) > 1
    )
    return after + 1 if named else index


def code_at(reading: Reading, index: int, language: Language) -> tuple[str, int] | None:
    """Letters or digits of a code, and the word after them; what is written together counts as it stands."""
    words = reading.words
    if index < len(words) and (times := language.figures.times.at(words, index)):
        one = code_at(reading, index + times[0], language)
        return (one[0] * times[1], one[1]) if one and len(one[0]) == 1 else None
    if index < len(words) and words[index] in language.numbers.oh:
        return "0", index + 1
    if digits := piece_at(reading, index, language, begun=False):
        return digits
    if letter := letter_at(reading, index, language):
        return letter
    return _written(reading, index)


def _written(reading: Reading, index: int) -> tuple[str, int] | None:
    """Letters that stand without a space beside digits, or as capitals."""
    if index >= len(reading.words) or not reading.words[index].isalpha() or len(reading.words[index]) > ADJOINING:
        return None
    token = reading.tokens[index]
    touching = (
        reading.text[token.end : token.end + 1].isdigit()
        or reading.text[max(0, token.start - 1) : token.start].isdigit()
    )
    return (reading.words[index], index + 1) if touching or reading.raw(index).isupper() else None
