"""Appointments: found, booked, moved, cancelled; never given twice."""

import asyncio
import calendar
import time
from pathlib import Path
from typing import ClassVar

import pytest

from framework.testing.contracts import PluginContract

HERE = Path(__file__).resolve().parents[3] / "plugins" / "tools"
THURSDAY = float(calendar.timegm((2026, 11, 19, 12, 0, 0)))
ADA, GRACE = "Ada Lovelace", "Grace Hopper"


class TestAppointments(PluginContract):
    """It keeps what every plugin promises."""

    plugin = HERE / "appointments"
    calls: ClassVar = {"appointments.find": {}}

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path):
        type(self).environment = {"CONVO_STATE": str(tmp_path)}


@pytest.fixture
def ask(session):
    """Ask the plugin on the nineteenth of November 2026, and get what it answered."""

    async def ask(*calls, **environment):
        async with session(**environment) as plugins:
            return [await plugins.call(f"appointments.{name}", given, now=THURSDAY) for name, given in calls]

    return ask


def on(day, **more):
    return {"day": f"2026-11-{day}", **more}


async def test_the_next_free_times_skip_today_and_the_weekend(ask):
    (free,) = await ask(("find", {"part": "afternoon"}))
    assert [(opening["day"], opening["time"]) for opening in free.result["openings"]] == [
        ("2026-11-20", "14:00"),
        ("2026-11-20", "15:30"),
        ("2026-11-23", "14:00"),
    ]
    assert free.result["summary"] == "Free is Friday, November 20 at 14:00 and 15:30, and Monday, November 23 at 14:00."


async def test_what_is_booked_is_free_no_more(ask):
    _, free = await ask(("book", on(20, patient=ADA)), ("find", on(20)))
    assert [opening["time"] for opening in free.result["openings"]] == ["10:30", "14:00", "15:30"]


async def test_the_same_booking_twice_is_one(ask):
    first, again = await ask(("book", on(20, patient=ADA)), ("book", on(20, patient=ADA.lower())))
    assert first.result == again.result
    assert first.result["summary"] == "The appointment is on Friday, November 20 at 09:00."


async def test_a_second_booking_on_a_day_moves_the_first(ask):
    _, moved, free = await ask(
        ("book", on(20, patient=ADA)), ("book", on(20, patient=ADA, part="afternoon")), ("find", on(20))
    )
    assert moved.result["time"] == "14:00"
    assert [opening["time"] for opening in free.result["openings"]] == ["09:00", "10:30", "15:30"]


async def test_a_full_part_of_a_day_is_said_and_the_model_asks_for_another(ask):
    people = [("book", on(20, patient=f"Patient {letter}", part="morning")) for letter in "ABC"]
    *booked, full = await ask(*people)
    assert [booking.result["time"] for booking in booked] == ["09:00", "10:30"]
    assert (full.code, full.message) == (
        "retry",
        "Friday, November 20 has nothing free then, ask for another day or another part of the day",
    )


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-11-19", "from tomorrow on"),
        ("2025-11-20", "from tomorrow on"),
        ("2026-11-21", "closed at weekends"),
        ("2028-01-03", "too far ahead"),
    ],
)
async def test_days_on_which_nobody_can_come_are_refused_with_a_sentence(ask, day, said):
    for outcome in await ask(("book", {"patient": ADA, "day": day}), ("find", {"day": day})):
        assert outcome.code == "retry"
        assert said in outcome.message


async def test_an_appointment_is_cancelled_by_its_day_or_the_next_one(ask):
    *_, first, second, none = await ask(
        ("book", on(23, patient=ADA)),
        ("book", on(20, patient=ADA)),
        ("book", on(20, patient=GRACE)),
        ("cancel", {"patient": ADA}),
        ("cancel", on(23, patient=ADA)),
        ("cancel", {"patient": ADA}),
    )
    assert (first.result["day"], second.result["day"]) == ("2026-11-20", "2026-11-23")
    assert (none.code, none.message) == ("failed", "there is no such appointment")


async def test_appointments_outlive_the_session(ask):
    await ask(("book", on(20, patient=ADA)))
    (gone,) = await ask(("cancel", {"patient": ADA}))
    assert gone.result["day"] == "2026-11-20"


async def test_two_callers_at_one_moment_never_get_one_time(session):
    async with session() as one, session() as two:
        booked = await asyncio.gather(
            *(
                plugins.call("appointments.book", on(20, patient=f"Patient {n}"), now=THURSDAY)
                for n, plugins in enumerate([one, two] * 3)
            )
        )
    times = [booking.result["time"] for booking in booked if booking.outcome == "value"]
    assert sorted(times) == ["09:00", "10:30", "14:00", "15:30"]
    assert [booking.code for booking in booked if booking.outcome == "error"] == ["retry", "retry"]


async def test_bookings_are_told_to_whoever_listens(session):
    heard = []
    async with session() as plugins:
        await plugins.call(
            "appointments.book", on(20, patient=ADA), now=THURSDAY, emit=lambda kind, data: heard.append((kind, data))
        )
    assert heard == [("appointment.booked", {"day": "2026-11-20", "time": "09:00"})]


def test_the_examples_are_of_a_day_that_is_a_thursday_here():
    assert time.localtime(THURSDAY).tm_wday == 3
