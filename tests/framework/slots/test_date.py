"""Days as people say and write them. Today is Saturday, 21 November 2026."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from framework.slots.date import DateOptions

BORN = "1985-03-03"
ENGLISH = {
    "the third of March eighty five": BORN, "March third nineteen eighty five": BORN, "3rd March 1985": BORN,
    "March 3, 1985.": BORN, "March three nineteen eighty five": BORN, "the 3rd of March, 1985": BORN, "3/3/1985": BORN,
    "3/3/85": BORN, "1985-03-03": BORN, "03.03.1985": BORN, "March the 3rd '85": BORN, "march 3 85": BORN,
    "I was born on March 3rd 1985": BORN, "it's the third of march nineteen eighty-five": BORN, "Mar 3 1985": BORN,
    "12/25/1985": "1985-12-25", "25/12/1985": "1985-12-25", "December twenty fifth nineteen ninety": "1990-12-25",
    "twenty first of June two thousand and five": "2005-06-21", "June twenty first oh five": "2005-06-21",
    "thirty first of December 1999": "1999-12-31", "February eighteen nineteen seventy two": "1972-02-18",
    "February 18, 1972.": "1972-02-18", "no, sorry, May second 1990": "1990-05-02", "July 4th 1976": "1976-07-04",
    "nineteenth of August nineteen oh one": "1901-08-19", "the first of January two thousand": "2000-01-01",
}  # fmt: skip
AHEAD = {
    "today": "2026-11-21", "tomorrow": "2026-11-22", "the day after tomorrow": "2026-11-23", "in two weeks": "2026-12-05",
    "in a week": "2026-11-28", "two weeks from now": "2026-12-05", "in three days": "2026-11-24", "in a month": "2026-12-21",
    "next Tuesday": "2026-11-24", "on Friday": "2026-11-27", "Saturday": "2026-11-28", "this Saturday": "2026-11-21",
    "next week Tuesday": "2026-11-24", "Tuesday next week": "2026-11-24", "the ninth": "2026-12-09",
    "I'd like the ninth": "2026-12-09", "the 30th": "2026-11-30", "March third": "2027-03-03", "December 1st": "2026-12-01",
    "Tuesday the 24th": "2026-11-24", "what about Friday": "2026-11-27", "Friday, no, Monday": "2026-11-23",
    "Tuesday, the first of December": "2026-12-01", "May 2nd": "2027-05-02", "could I come tomorrow?": "2026-11-22",
    "in 2 years": "2028-11-21", "Wednesday please": "2026-11-25", "12/24": "2026-12-24",
}  # fmt: skip
BACK = {
    "yesterday": "2026-11-20", "two weeks ago": "2026-11-07", "last Tuesday": "2026-11-17", "March third": "2026-03-03",
    "December first": "2025-12-01", "Tuesday": "2026-11-17", "the third of March oh nine": "2009-03-03",
}  # fmt: skip
SPANISH = {
    "el tres de marzo de 1985": BORN, "tres de marzo del ochenta y cinco": BORN, "3 de marzo de 1985": BORN,
    "el 3 de marzo de mil novecientos ochenta y cinco": BORN, "3/3/1985": BORN, "nací el tres de marzo de 1985": BORN,
    "primero de enero de 2027": "2027-01-01", "mañana": "2026-11-22", "pasado mañana": "2026-11-23", "hoy": "2026-11-21",
    "el próximo martes": "2026-11-24", "el martes que viene": "2026-11-24", "dentro de dos semanas": "2026-12-05",
    "en tres días": "2026-11-24", "hace tres días": "2026-11-18", "el nueve": "2026-12-09", "ayer": "2026-11-20",
    "treinta y uno de diciembre de dos mil cinco": "2005-12-31", "4/3/1985": "1985-03-04", "el viernes": "2026-11-27",
}  # fmt: skip
GERMAN = {
    "am dritten März 1985": BORN, "dritter März neunzehnhundertfünfundachtzig": BORN, "3. März 1985": BORN,
    "am dritten dritten fünfundachtzig": BORN, "03.03.85": BORN, "3.3.1985": BORN, "der dritte März fünfundachtzig": BORN,
    "ich bin am dritten März 1985 geboren": BORN, "nächsten Dienstag": "2026-11-24", "übermorgen": "2026-11-23",
    "heute": "2026-11-21", "morgen": "2026-11-22", "in zwei Wochen": "2026-12-05", "vor drei Tagen": "2026-11-18",
    "am neunten": "2026-12-09", "einundzwanzigster Juni zweitausendfünf": "2005-06-21", "am Freitag": "2026-11-27",
    "Dienstag nächste Woche": "2026-11-24", "in einer Woche": "2026-11-28", "am ersten Dezember": "2026-12-01",
    "4.3.1985": "1985-03-04", "gestern": "2026-11-20",
}  # fmt: skip


@pytest.mark.parametrize(("said", "day"), {**ENGLISH, **AHEAD}.items())
def test_english_days(hear, said, day):
    assert hear("date", said) == day


@pytest.mark.parametrize(("said", "day"), {**ENGLISH, **BACK}.items())
def test_english_days_that_lie_in_the_past(hear, said, day):
    assert hear("date", said, prefer="past") == day


@pytest.mark.parametrize(("said", "day"), SPANISH.items())
def test_spanish_days(hear, said, day):
    assert hear("date", said, "es") == day


@pytest.mark.parametrize(("said", "day"), GERMAN.items())
def test_german_days(hear, said, day):
    assert hear("date", said, "de") == day


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "the weather is nice"), ("en", "wait a second"), ("en", "I may go"), ("en", "the second one"), ("en", "march on"),
        ("en", "what day is it today?"), ("en", "do you open on Monday"), ("en", "I want to cancel my appointment"),
        ("en", "this is the first time I call"), ("en", "two large pizzas"), ("en", "Monday or Tuesday"), ("en", "2.5"),
        ("es", "hace buen tiempo"), ("es", "un segundo"), ("es", "¿qué día es hoy?"), ("es", "quiero dos pizzas"),
        ("de", "das Wetter ist schön"), ("de", "einen Moment"), ("de", "wann ist Montag?"), ("de", "zwei Pizzen"),
    ],
)  # fmt: skip
def test_what_is_no_day_is_not_heard(hear, language, said):
    assert hear("date", said, language) is None


def test_days_that_are_not_there_are_refused(hear):
    assert hear("date", "February 30th") == "There is no such day."
    assert hear("date", "29 de febrero de 2027", "es") == "Ese día no existe."
    assert hear("date", "March 1985") == "I need the day, the month and the year."


def test_days_outside_the_limits_are_refused_with_the_limit(hear):
    assert hear("date", "yesterday", min="today") == "It can't be before November 21st, 2026."
    assert hear("date", "in einem Jahr", "de", max="+30d") == "Es kann nicht nach dem 21. Dezember 2026 sein."
    assert hear("date", "June 1st 2020", max="-18y") == "It can't be after November 21st, 2008."


def test_limits_say_where_a_day_without_a_year_is_looked_for(hear):
    assert hear("date", "March third", max="today") == "2026-03-03"
    assert hear("date", "the third of March eighty five", max="today") == BORN


def test_british_dates_begin_with_the_day(hear):
    assert hear("date", "4/3/1985", "en-GB") == "1985-03-04"
    assert hear("date", "4/3/1985", "en-US") == "1985-04-03"


def test_in_passing_a_day_needs_the_name_of_its_slot(listen):
    assert listen("date", "I was born on the third of March 1985", asked=False, name="visit") is None
    assert listen("date", "I was born on the third of March 1985", asked=False, name="born").value == BORN
    assert listen("date", "my date of birth is 3/3/85", asked=False, name="birth_date").value == BORN
    assert listen("date", "the visit should be on Friday", asked=False, name="visit").value == "2026-11-27"


def test_in_passing_the_only_open_date_takes_a_whole_day(listen):
    said = "I'm Ada, and I'd like the ninth"
    assert listen("date", said, asked=False, name="visit") is None
    heard = listen("date", said, asked=False, name="visit", sole=True)
    assert (heard.value, said[heard.start : heard.end]) == ("2026-12-09", "the ninth")


@pytest.mark.parametrize("limit", ["soon", "30", "+30", "2026-13-01", "2026-02-30", ""])
def test_limits_that_make_no_sense_are_refused(limit):
    with pytest.raises(ValidationError, match=r"limit|there is no day"):
        DateOptions(min=limit)


def test_only_iso_days_are_set(types, today):
    check = types["date"].check
    assert check("2026-12-01", DateOptions(), today) == "2026-12-01"
    assert check(today, DateOptions(), today) == "2026-11-21"
    for wrong in ("tomorrow", "1.12.2026", 20261201, None, "2026-02-30"):
        with pytest.raises(ValueError, match=r"needed here|there is no day"):
            check(wrong, DateOptions(), today)
    with pytest.raises(ValueError, match="can't be before 2026-11-21"):
        check("2026-01-01", DateOptions(min="today"), today)


def test_days_are_spoken_as_people_say_them(types):
    spoken = types["date"].spoken
    assert [spoken("2026-12-01", None, tag) for tag in ("en", "en-GB", "es", "de", "fr")] == [
        "December 1st, 2026", "December 1st, 2026", "1 de diciembre de 2026", "1. Dezember 2026", "1 décembre 2026",
    ]  # fmt: skip
