"""`money`: an amount in a currency."""

from __future__ import annotations

import math
from datetime import date
from functools import lru_cache
from typing import Any, ClassVar

from pydantic import field_validator, model_validator
from typing_extensions import override

from framework.slots import keypad
from framework.slots.answers import asks, chosen, found, named_at
from framework.slots.base import Found, Hearing, Kind, Options, Refused, SlotType
from framework.slots.coins import DOLLARS, SYMBOLS, Amount, amounts_in
from framework.slots.date import locale
from framework.slots.languages import language_of
from framework.slots.numbers import in_figures, whole
from framework.slots.phrases import sentence
from framework.slots.regions import region_of
from framework.slots.tokens import read


class MoneyOptions(Options):
    """Which amounts are taken."""

    currency: str | None = None
    """The only currency that is taken, such as `EUR`; if absent any, and the language's where none is said."""
    min: float | None = None
    """The smallest amount."""
    max: float | None = None
    """The largest amount."""

    @field_validator("currency")
    @classmethod
    def _is_currency(cls, code: str | None) -> str | None:
        if code is not None and not known(code):
            raise ValueError(f"`{code}` is no currency: write its three capitals, such as `EUR`")
        return code

    @model_validator(mode="after")
    def _in_order(self) -> MoneyOptions:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"`min` ({self.min:g}) is above `max` ({self.max:g})")
        return self


class Money(SlotType):
    """An amount in a currency."""

    name: ClassVar[str] = "money"
    kind: ClassVar[Kind] = "object"
    Options = MoneyOptions

    @override
    def hear(self, text: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """An amount with or without its currency: "twelve fifty", "twelve dollars and fifty cents"."""
        reading, language = read(text), language_of(hearing.language)
        if asks(reading, language):
            return None
        amounts = amounts_in(text, hearing.language)
        if hearing.asked:
            meant = chosen(reading, [a for a in amounts if a.code] or amounts, language)
        else:
            place = named_at(reading, hearing, language)
            named = [amount for amount in amounts if place and place[0] <= amount.first <= place[1]]
            told = [amount for amount in amounts if amount.code]
            meant = named[0] if named else told[0] if hearing.sole and len(told) == 1 else None
        if meant is None:
            return None
        value = self._value(meant, options, hearing)
        if isinstance(value, Refused):
            return value
        return found(reading, value, meant.first, meant.last, named=not hearing.asked)

    def _value(self, meant: Amount, options: MoneyOptions, hearing: Hearing) -> dict[str, Any] | Refused:
        home = options.currency or default(hearing.language)
        code = _code(meant, home)
        if options.currency and code != options.currency:
            name = _name(options.currency, 2, hearing.language)
            return Refused(sentence("other_currency", hearing.language, currency=name))
        value = {"amount": whole(round(meant.value, precision(code))), "currency": code}
        problem = misfit(value, options)
        return _refused(problem, hearing) if problem else value

    @override
    def check(self, value: Any, options: Any, today: date) -> Any:
        """An amount and a currency; a bare number, where the flow says the currency."""
        if isinstance(value, (int, float)) and options.currency:
            value = {"amount": value, "currency": options.currency}
        if not isinstance(value, dict) or set(value) != {"amount", "currency"}:
            raise ValueError(f"an amount such as `{{amount: 12.5, currency: EUR}}` is needed here, not `{value!r}`")
        amount, code = value["amount"], value["currency"]
        if isinstance(amount, bool) or not isinstance(amount, (int, float)) or not math.isfinite(amount):
            raise ValueError(f"`amount` must be a number, not `{amount!r}`")
        if not isinstance(code, str) or not known(code) or (options.currency and code != options.currency):
            raise ValueError(f"`{code}` is no currency that is taken here")
        exact = {"amount": whole(round(amount, precision(code))), "currency": code}
        if problem := misfit(exact, options):
            raise ValueError(f"`{amount}`: {sentence(problem[0], 'en', limit=said(problem[1], 'en'))}")
        return exact

    @override
    def spoken(self, value: Any, options: Any, language: str) -> str:
        """The amount with the currency's name."""
        return said(value, language, options.currency)

    @override
    def keys(self, pressed: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """The amount, with `*` as its point."""
        amount = keypad.amount(pressed)
        if amount is None:
            return None
        value = self._value(Amount(0, 0, amount), options, hearing)
        return value if isinstance(value, Refused) else keypad.found(pressed, value)

    @override
    def schema(self, options: Any) -> dict[str, Any]:
        """Amount and currency."""
        amount = {"type": "number"} | {
            key: limit for key, limit in (("minimum", options.min), ("maximum", options.max)) if limit is not None
        }
        fields = {"amount": amount, "currency": {"type": "string"}}
        return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}

    @override
    def words(self, options: Any, language: str) -> tuple[str, ...]:
        """Currencies as people call them, and numbers."""
        language = language_of(language).tag
        coins = language_of(language).coins
        return (*coins.major, *coins.minor, *language_of(language).numbers.spoken)

    @override
    def question(self, name: str, language: str) -> str:
        """Ask for it by the slot's name."""
        return sentence("ask_money", language, name=name.replace("_", " "))


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    from babel.numbers import list_currencies  # noqa: PLC0415 - only flows with money pay for it

    return frozenset(list_currencies())


def known(code: str) -> bool:
    """Whether a text is the code of a currency.

    >>> known("EUR"), known("euro")
    (True, False)
    """
    return code in _codes()


@lru_cache(maxsize=64)
def default(tag: str) -> str:
    """The currency that people mean who name none.

    >>> default("en"), default("es-MX"), default("de-CH")
    ('USD', 'MXN', 'CHF')
    """
    from babel.numbers import get_territory_currencies  # noqa: PLC0415 - see `_codes`

    current = get_territory_currencies(region_of(tag))
    return str(current[0]) if current else language_of(tag).coins.default


@lru_cache(maxsize=256)
def precision(code: str) -> int:
    """How many decimals an amount has.

    >>> precision("EUR"), precision("JPY")
    (2, 0)
    """
    from babel.numbers import get_currency_precision  # noqa: PLC0415 - see `_codes`

    return int(get_currency_precision(code))


def misfit(value: dict[str, Any], options: MoneyOptions) -> tuple[str, dict[str, Any]] | None:
    """Why an amount is refused, as the key of a sentence and its limit."""
    if options.min is not None and value["amount"] < options.min:
        return "too_small", value | {"amount": options.min}
    if options.max is not None and value["amount"] > options.max:
        return "too_large", value | {"amount": options.max}
    return None


def _refused(problem: tuple[str, dict[str, Any]], hearing: Hearing) -> Refused:
    return Refused(sentence(problem[0], hearing.language, limit=said(problem[1], hearing.language)))


def _code(meant: Amount, home: str) -> str:
    if meant.sign:
        return home if meant.sign == "$" and home in DOLLARS else SYMBOLS[meant.sign]
    return home if meant.code in {"", "?"} else meant.code


def said(value: dict[str, Any], language: str, home: str | None = None) -> str:
    """An amount as people say it; hundredths alone only of the currency that is meant anyway.

    >>> said({"amount": 12.5, "currency": "USD"}, "en"), said({"amount": 1, "currency": "EUR"}, "de")
    ('12 dollars and 50 cents', '1 Euro')
    """
    amount, code = value["amount"], value["currency"]
    coins = language_of(language).coins
    major, hundredths = divmod(round(abs(amount) * 100), 100)
    plain = code not in coins.said or precision(code) != 2 or round(amount, 2) != amount  # noqa: PLR2004
    alone = not major and code != (home or default(language))
    if plain or alone or hundredths < 2 or amount < 0:  # noqa: PLR2004 - "1 cents" is no word
        return f"{in_figures(amount, language)} {_name(code, amount, language)}"
    cents = f"{hundredths} {coins.said[code][2]}"
    if not major:
        return cents
    joint = {"en": "and", "es": "con", "de": "und"}[language_of(language).tag]
    return f"{in_figures(major, language)} {_name(code, major, language)} {joint} {cents}"


def _name(code: str, count: float, language: str) -> str:
    from babel.numbers import get_currency_name  # noqa: PLC0415 - see `_codes`

    known_words = language_of(language).coins.said.get(code)
    if known_words:
        return known_words[0 if count == 1 else 1]
    return str(get_currency_name(code, count, locale(language)))
