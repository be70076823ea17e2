"""A short way to let a slot type hear something, on one fixed day."""

from __future__ import annotations

from datetime import date

import pytest

from framework.slots import BUILT_IN
from framework.slots.base import Found, Hearing, Refused

TODAY = date(2026, 11, 21)  # a Saturday
TYPES = {slot_type.name: slot_type for slot_type in BUILT_IN}


@pytest.fixture(scope="session")
def listen():
    """What a type makes of a text: `Found`, `Refused` or None."""

    def listen(type_name, text, language="en", *, asked=True, name="", sole=False, **options):
        slot_type = TYPES[type_name]
        hearing = Hearing(language, TODAY, asked=asked, name=name, sole=sole)
        return slot_type.hear(text, slot_type.Options.model_validate(options), hearing)

    return listen


@pytest.fixture(scope="session")
def hear(listen):
    """The value alone; None when nothing was found, the sentence when it was refused."""

    def hear(*args, **options):
        heard = listen(*args, **options)
        if isinstance(heard, Found):
            return heard.value
        return heard.why if isinstance(heard, Refused) else None

    return hear


@pytest.fixture(scope="session")
def types():
    """Slot types by name."""
    return TYPES


@pytest.fixture(scope="session")
def today():
    """The day of all tests."""
    return TODAY
