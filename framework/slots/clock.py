"""Read times of day as people say and write them, in the languages we know."""
# ruff: noqa: PLR2004 - hours and minutes are what they are

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from framework.slots.languages import language_of
from framework.slots.languages.base import Language
from framework.slots.tokens import Phrases, Reading, read

DAY = 24 * 60
NOON = 12 * 60
AFTERNOON = 7
"""An hour below it means the afternoon where nothing tells: "at three"."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What was said of a time of day, before it is known which half of the day is meant."""

    first: int
    last: int
    hour: int
    minute: int = 0
    part: str = ""
    """`am`, `pm`, `night`, `noon`; empty where nothing was said of it."""
    exact: bool = False
    """It can be one half only: 19:45, 07:30, noon."""
    formal: bool = False
    """Said by the clock of 24 hours, as "sechs Uhr dreißig" is: the hour as it stands, if that fits."""
    sure: int = 0
    """How certainly this is a time: 2 by its words or signs, 1 as two numbers, 0 as a bare number."""


def minutes_of(said: Moment, fits: Callable[[int], bool]) -> int:
    """The time that is meant, in minutes from midnight: by the part of the day, else what fits, else as people mean it.

    >>> minutes_of(Moment(0, 1, 3), lambda _: True), minutes_of(Moment(0, 1, 3, part="am"), lambda _: True)
    (900, 180)
    """
    if said.exact or said.hour > 12:
        return (said.hour * 60 + said.minute) % DAY
    morning = said.hour % 12 * 60 + said.minute
    if said.part:
        return _in_part(morning, said.part)
    fitting = [minute for minute in (morning, morning + NOON) if fits(minute)]
    if len(fitting) == 1:
        return fitting[0]
    if said.hour == 12:
        return morning + NOON
    return morning + NOON if morning < AFTERNOON * 60 and not said.formal else morning


def _in_part(morning: int, part: str) -> int:
    late = {"pm": True, "night": morning >= 6 * 60, "noon": morning < 4 * 60}.get(part, False)
    return morning + NOON if late else morning


@lru_cache(maxsize=512)
def times_in(text: str, tag: str) -> tuple[Moment, ...]:
    """All times of day that a text may speak of, in order."""
    reading, language = read(text), language_of(tag)
    hands, found, index = _Hands(reading, language), list[Moment](), 0
    while index < len(reading.words):
        said = hands.at(index)
        if said is not None:
            found.append(said)
        index = index + 1 if said is None else max(said.last, index + 1)
    return _parted(reading, found, language)


def _parted(reading: Reading, found: list[Moment], language: Language) -> tuple[Moment, ...]:
    """With the part of the day that is said elsewhere: "tomorrow evening at seven"."""
    taken = {index for said in found for index in range(said.first, said.last)}
    free = (index for index in range(len(reading.words)) if index not in taken)
    parts = {part[1] for index in free if (part := language.clock.parts.at(reading.words, index))}
    if len(parts) != 1:
        return tuple(found)
    (only,) = parts
    return tuple(said if said.part or said.exact else replace(said, part=only) for said in found)


class _Hands:
    """The times that may begin at a word of one text."""

    def __init__(self, reading: Reading, language: Language) -> None:
        self.reading, self.words, self.language, self.clock = reading, reading.words, language, language.clock

    def at(self, index: int) -> Moment | None:
        """What is said of a time here, the most telling first."""
        lead = self.clock.leads.at(self.words, index)
        said = self._plain(index) or (self._plain(index + lead) if lead else None)
        if said is None:
            return None
        if lead and said.first > index:
            said = replace(said, first=index, sure=max(said.sure, 1))
        return self._with_part(said)

    def _plain(self, index: int) -> Moment | None:
        return (
            self._fixed(index)
            or self._halved(index)
            or self._quartered(index)
            or self._counted(index)
            or self._figures(index)
            or self._hour(index)
        )

    def _fixed(self, index: int) -> Moment | None:
        """Noon, midnight."""
        known = self.clock.fixed.at(self.words, index)
        if known is None:
            return None
        return Moment(index, index + known[0], *divmod(known[1], 60), exact=True, sure=2)

    def _halved(self, index: int) -> Moment | None:
        """Half past nine, halb zehn."""
        for phrases, back in ((self.clock.half_past, 0), (self.clock.half_to, 1)):
            length = phrases.at(self.words, index)
            if length and (hour := self._number(index + length, 12)) and hour[0]:
                return self._before(index, hour, 30 - 60 * back)
        return None

    def _quartered(self, index: int) -> Moment | None:
        """Dreiviertel zehn, viertel zehn: parts of the hour that is under way."""
        if not self.clock.half_to.at(("halb",), 0):
            return None
        for phrases, minutes in ((self.clock.three_quarters, -15), (self.clock.quarter, -45)):
            length = phrases.at(self.words, index)
            if length and (hour := self._number(index + length, 12)) and hour[0]:
                return self._before(index, hour, minutes)
        return None

    def _counted(self, index: int) -> Moment | None:
        """Quarter to ten, twenty past four, fünf vor halb acht, diez para las seis."""
        length = self.clock.quarter.at(self.words, index)
        minutes = (15, index + length) if length else self._number(index, 59)
        if minutes is None:
            return None
        after = minutes[1] + self._is(self.clock.minutes, minutes[1])
        for phrases, sign in ((self.clock.past, 1), (self.clock.to, -1)):
            if length := phrases.at(self.words, after):
                half = self._halved(after + length)
                if half is not None and minutes[0] <= 15:
                    return self._shifted(replace(half, first=index), sign * minutes[0])
                hour = self._number(after + length, 12)
                return self._before(index, hour, sign * minutes[0]) if hour and hour[0] else None
        return None

    def _before(self, first: int, hour: tuple[int, int], minutes: int) -> Moment:
        last = hour[1] + self.clock.whole.at(self.words, hour[1])
        return self._shifted(Moment(first, last, hour[0], sure=2), minutes)

    def _shifted(self, said: Moment, minutes: int) -> Moment:
        """Some minutes later or earlier; on the face of a clock, so that one before one is twelve."""
        whole = (said.hour % 12 * 60 + said.minute + minutes) % NOON
        hour, minute = divmod(whole, 60)
        return replace(said, hour=hour or 12, minute=minute)

    def _figures(self, index: int) -> Moment | None:
        """19:45, 7.30 pm, 9h30."""
        word, words = self.words[index : index + 1], self.words
        if not word or not word[0][0].isdigit():
            return None
        if match := re.fullmatch(r"(\d{1,2})[.](\d{2})", word[0]):
            return self._written(index, index + 1, match[1], match[2], sure=1)
        if match := re.fullmatch(r"(\d{1,2})(\d{2})", word[0]):  # "1400 hours", "1030"
            return self._written(index, index + 1, match[1], match[2], sure=0)
        if index + 1 >= len(words) or not re.fullmatch(r"\d{1,2}", word[0]):
            return None
        after = index + 1 if self.reading.gap(index + 1) == ":" else index + 2 if words[index + 1] == "h" else 0
        if after and re.fullmatch(r"\d{2}", "".join(words[after : after + 1])):
            return self._written(index, after + 1, word[0], words[after], sure=2)
        return None

    def _written(self, first: int, last: int, hour: str, minute: str, *, sure: int) -> Moment | None:
        if int(hour) > 24 or int(minute) > 59:
            return None
        last += self._seconds(last)
        length = self.clock.whole.at(self.words, last)
        exact = int(hour) > 12 or hour.startswith("0")
        return Moment(first, last + length, int(hour) % 24, int(minute), exact=exact, sure=2 if length else sure)

    def _seconds(self, index: int) -> int:
        seconds = self.reading.gap(index) == ":" and re.fullmatch(r"\d\d", "".join(self.words[index : index + 1]))
        return int(bool(seconds))

    def _hour(self, index: int) -> Moment | None:
        """Nine o'clock, ten thirty, las diez menos cuarto, a bare nine."""
        hour = self._number(index, 24) or self._misheard(index)
        if hour is None or self._part_of_another(index, hour[1]):
            return None
        exact = hour[0] in {0, 24} or hour[0] > 12 or self.words[index].startswith("0")
        said = Moment(index, hour[1], hour[0] % 24, exact=exact)
        if length := self.clock.whole.at(self.words, hour[1]):
            said = replace(said, last=hour[1] + length, sure=2)
        return self._minutes(said) or said

    def _misheard(self, index: int) -> tuple[int, int] | None:
        """What a recogniser writes for a short hour, if what follows tells that it is one: "free in the afternoon"."""
        value = self.language.numbers.homophones.get(self.words[index]) if index < len(self.words) else None
        told = self.clock.parts.at(self.words, index + 1) or self.clock.whole.at(self.words, index + 1)
        return (value, index + 1) if value is not None and told else None

    def _part_of_another(self, index: int, last: int) -> bool:
        """Whether a figure belongs to a date, a fraction or a share: 12/1, 5%."""
        figure = self.words[index].isdecimal()
        before, after = self.reading.gap(index), self.reading.gap(last)
        return after in {"/", ":", "%"} or before in {"/", ":"} or (figure and "-" in {before, after})

    def _minutes(self, said: Moment) -> Moment | None:
        """What follows an hour: thirty, oh five, y media, menos diez."""
        last = said.last
        if self.reading.gap(last).strip("-"):
            return None
        for phrases, sign in ((self.clock.plus, 1), (self.clock.minus, -1)):
            length = phrases.at(self.words, last)
            if length and (minutes := self._part_of_hour(last + length)):
                late = self._shifted(replace(said, last=minutes[1], sure=2), sign * minutes[0])
                return replace(late, hour=(said.hour - (sign < 0)) % 24) if said.exact else late
        minutes = self._two_figures(last, after_word=said.sure == 2)
        if minutes is None:
            return None
        after = minutes[1] + self._is(self.clock.minutes, minutes[1])
        after += self.clock.whole.at(self.words, after) if said.sure < 2 else 0
        formal = said.sure == 2 and self.language.tag == "de"
        return replace(said, last=after, minute=minutes[0], sure=max(said.sure, 1), formal=formal)

    def _part_of_hour(self, index: int) -> tuple[int, int] | None:
        if self._is(self.clock.half, index):
            return 30, index + 1
        if length := self.clock.quarter.at(self.words, index):
            return 15, index + length
        return self._number(index, 59)

    def _two_figures(self, index: int, *, after_word: bool) -> tuple[int, int] | None:
        """Minutes right after the hour; one figure alone only after "Uhr"."""
        if index >= len(self.words):
            return None
        numbers = self.language.numbers
        oh = self.words[index] in numbers.oh or numbers.small.get(self.words[index]) == 0
        if oh and (unit := self._number(index + 1, 9)) and not self.reading.gap(index + 1):
            return unit
        if self.words[index] in numbers.hundred:
            return 0, index + 1
        minutes = self._number(index, 59)
        if minutes is None or self.reading.gap(minutes[1]) in {"/", ":"}:
            return None
        two = minutes[0] >= 10 or self.words[index].startswith("0")
        return minutes if two or (after_word and not self._counts_on(minutes[1])) else None

    def _counts_on(self, index: int) -> bool:
        """Whether a number belongs to what follows it, as in "nine o'clock two people"."""
        if self.language.tag == "en":
            return True
        on = index < len(self.words) and not self.reading.gap(index)
        return on and self.clock.parts.at(self.words, index) is None

    def _with_part(self, said: Moment) -> Moment:
        part = self.clock.parts.at(self.words, said.last)
        if part is None:
            fixed = self.clock.fixed.at(self.words, said.last)
            if fixed and not said.exact and said.hour == 12:  # "twelve noon"
                return replace(said, last=said.last + fixed[0], hour=fixed[1] // 60, exact=True, sure=2)
            return said
        if said.exact:
            return replace(said, last=said.last + part[0], sure=2)
        return replace(said, last=said.last + part[0], part=part[1], sure=2)

    def _is(self, known: frozenset[str] | Phrases, index: int) -> bool:
        return index < len(self.words) and (
            bool(known.at(self.words, index)) if isinstance(known, Phrases) else self.words[index] in known
        )

    def _number(self, index: int, most: int) -> tuple[int, int] | None:
        """A whole number up to a limit and the word after it: figures, one word, or tens and units."""
        if index >= len(self.words):
            return None
        word, numbers = self.words[index], self.language.numbers
        if word in numbers.articles and word not in numbers.one:
            return None
        if word.isdecimal():
            return (int(word), index + 1) if len(word) <= 2 and int(word) <= most else None
        value = numbers.small[word] if word in numbers.small else numbers.compound(word)
        if value is None or value != int(value):
            return None
        return self._tens_and_unit(int(value), index + 1, most)

    def _tens_and_unit(self, value: int, index: int, most: int) -> tuple[int, int] | None:
        joined = index + (self.language.tag == "es" and value >= 30 and self.words[index : index + 1] == ("y",))
        unit = self.language.numbers.small.get(self.words[joined], 0) if joined < len(self.words) else 0
        if value >= 20 and value % 10 == 0 and 0 < unit < 10 and not self.reading.gap(index).strip("-"):
            value, index = value + unit, joined + 1
        return (value, index) if value <= most else None
