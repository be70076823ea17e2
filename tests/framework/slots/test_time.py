"""Times of day, moments and lengths of time: which half of the day, what limits do, what is said in passing."""

from datetime import datetime, time, timedelta

import pytest

from framework.slots.base import Found, Hearing, Refused
from framework.slots.datetime import DateTimeOptions
from framework.slots.duration import DurationOptions
from framework.slots.time import TimeOptions

NOW = datetime(2026, 11, 21, 10, 0)  # noqa: DTZ001 - the clock on the wall


@pytest.fixture
def listen_now(types):
    """What a type makes of a text when the time of day is known, too."""

    def listen_now(name, text, language="en", *, asked=True, slot="", sole=False, **options):
        hearing = Hearing(language, NOW.date(), asked=asked, name=slot, sole=sole, now=NOW)
        return types[name].hear(text, types[name].Options.model_validate(options), hearing)

    return listen_now


def value(heard):
    return heard.value if isinstance(heard, Found) else heard


@pytest.mark.parametrize(
    ("said", "limits", "wanted"),
    [
        ("at three", {}, "15:00"),
        ("at eight", {}, "08:00"),
        ("at eight", {"min": "12:00"}, "20:00"),
        ("at three", {"max": "12:00"}, "03:00"),
        ("at eight in the evening", {"max": "23:00"}, "20:00"),
    ],
)
def test_limits_tell_which_half_of_the_day_is_meant(hear, said, limits, wanted):
    assert hear("time", said, **limits) == wanted


def test_a_time_outside_the_limits_is_refused_with_the_limit_in_words(listen):
    refused = listen("time", "at seven in the morning", min="08:00", max="18:00")
    assert isinstance(refused, Refused)
    assert "8 AM" in refused.why
    assert "18 Uhr" in listen("time", "um neunzehn Uhr", "de", max="18:00").why


def test_a_time_in_passing_counts_only_by_name_or_when_it_can_be_nothing_else(hear):
    said = "I'd like two pizzas at half past nine"
    assert hear("time", said, asked=False) is None
    assert hear("time", said, asked=False, sole=True) == "09:30"
    assert hear("time", "two pizzas for nine", asked=False, sole=True) is None
    assert hear("time", "the pickup is ten thirty", asked=False, name="pickup") == "10:30"


def test_a_moment_needs_a_day_and_a_time(listen_now):
    assert "time" in listen_now("datetime", "tomorrow").why
    assert "day" in listen_now("datetime", "at nine").why
    assert listen_now("datetime", "tomorrow", asked=False, sole=True) is None
    assert value(listen_now("datetime", "see you tomorrow at nine am", asked=False, sole=True)) == "2026-11-22T09:00"


def test_the_ninth_at_ten_is_a_day_and_a_time_in_either_order(listen_now):
    assert value(listen_now("datetime", "on the ninth at ten")) == "2026-12-09T10:00"
    assert value(listen_now("datetime", "at ten on the ninth")) == "2026-12-09T10:00"


def test_now_is_a_limit_of_a_moment(listen_now):
    assert isinstance(listen_now("datetime", "today at nine am", min="now"), Refused)
    assert value(listen_now("datetime", "today at eleven am", min="now")) == "2026-11-21T11:00"
    assert isinstance(listen_now("datetime", "in three weeks at nine am", max="+7d"), Refused)


def test_a_distance_from_now_needs_to_know_the_time(listen_now, hear):
    assert value(listen_now("datetime", "in half an hour")) == "2026-11-21T10:30"
    assert hear("datetime", "in half an hour") is None


def test_a_moment_takes_what_python_and_tools_give(types, today):
    moment, options = types["datetime"], DateTimeOptions()
    assert (
        moment.check(NOW, options, today) == moment.check("2026-11-21 10:00:30", options, today) == "2026-11-21T10:00"
    )
    assert types["time"].check(time(9, 30), TimeOptions(), today) == "09:30"
    assert types["duration"].check(timedelta(minutes=90), DurationOptions(), today) == "PT1H30M"
    assert types["duration"].check("90m", DurationOptions(), today) == "PT1H30M"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("time", "25:00"),
        ("time", 9),
        ("datetime", "2026-02-30T09:00"),
        ("datetime", "2026-02-03"),
        ("duration", "soon"),
        ("duration", "P"),
    ],
)
def test_what_is_no_time_is_refused_with_a_sentence(types, today, name, wrong):
    with pytest.raises(ValueError, match=r"needed here|there is no"):
        types[name].check(wrong, types[name].Options(), today)


def test_limits_that_cannot_hold_are_refused(types):
    for name, options in (
        ("time", {"min": "18:00", "max": "08:00"}),
        ("duration", {"min": "2h", "max": "30m"}),
        ("datetime", {"min": "sometime"}),
        ("time", {"min": "8"}),
    ):
        with pytest.raises(ValueError, match=r"min|needed|no limit"):
            types[name].Options.model_validate(options)


def test_a_length_out_of_bounds_is_refused(listen, hear):
    assert isinstance(listen("duration", "three hours", max="2h"), Refused)
    assert isinstance(listen("duration", "a month", min="P6W"), Refused)
    assert hear("duration", "ninety minutes", min="1h", max="2h") == "PT1H30M"


def test_hours_do_not_become_days(hear):
    assert hear("duration", "thirty six hours") == "PT36H"
    assert hear("duration", "a day and a half") == "P1DT12H"


def test_sometimes_a_length_is_said_in_passing(hear):
    assert hear("duration", "we want to stay for three nights", asked=False, sole=True) == "P3D"
    assert hear("duration", "we want to stay for three nights", asked=False) is None
    assert hear("duration", "the length is two hours", asked=False, name="length") == "PT2H"
