"""Appointments: find a free time, book it, cancel it; on a small SQLite file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from framework import (
    Manifest,
    Registry,
    Resource,
    ResourceContext,
    Settings,
    Tool,
    ToolContext,
    ToolFailed,
    ToolRetry,
    hookimpl,
    tool,
)

from . import calendar
from .store import Store

Part = Literal["morning", "afternoon"]


class AppointmentsSettings(Settings):
    """Read from `APPOINTMENTS_DATABASE` and `APPOINTMENTS_AHEAD_DAYS`, or from `convo.yaml`."""

    database: Path | None = None
    """The SQLite file; without it one in the plugin's own folder."""

    ahead_days: Annotated[int, Field(ge=1)] = 365
    """How far ahead one may book."""


class Opening(BaseModel):
    """A time that is free."""

    day: date
    time: str
    """Hours and minutes, such as `09:00`."""


class Openings(BaseModel):
    """Free times, the earliest first, and a sentence that says them."""

    openings: list[Opening]
    summary: str


class Booking(BaseModel):
    """An appointment that stands, or that was cancelled, and a sentence that says so."""

    day: date
    time: str
    summary: str


@tool(
    examples=[
        "when is there a free appointment",
        "what times do you have",
        "is there something free on Monday",
        "when can I come",
    ]
)
async def find(context: ToolContext, day: date | None = None, part: Part | None = None) -> Openings:
    """Find free appointment times, on one day or as soon as possible.

    Args:
        day: The day; leave it out to hear the next days that have something free.
        part: In the morning or in the afternoon; leave it out for both.
    """
    if day:
        _check(day, context)
    days = [day] if day else calendar.working_days(after=context.today, count=3)
    taken = await context.resources.get(Store).taken(days)
    free = calendar.free(days, part, taken)[: 6 if day else 3]
    return Openings(openings=[Opening(day=d, time=t) for d, t in free], summary=calendar.told(free, day))


@tool(
    examples=[
        "I would like to make an appointment",
        "book me in for Tuesday morning",
        "can I come on the ninth",
        "I need to see the doctor next week",
    ]
)
async def book(patient: str, day: date, context: ToolContext, part: Part | None = None) -> Booking:
    """Book an appointment for a patient on a day. Another one of theirs on the same day is moved.

    Args:
        patient: The patient's full name.
        day: The day of the appointment.
        part: In the morning or in the afternoon; leave it out if either will do.
    """
    _check(day, context)
    store = context.resources.get(Store)
    # Idempotent: the same patient, day and part give the same time, however often the call is made.
    time = await store.book(patient, day, calendar.times(part))
    if time is None:
        raise ToolRetry(f"{calendar.spoken(day)} has nothing free then, ask for another day or another part of the day")
    context.emit("appointment.booked", {"day": day.isoformat(), "time": time})
    return Booking(day=day, time=time, summary=f"The appointment is on {calendar.spoken(day)} at {time}.")


@tool(
    examples=[
        "I want to cancel my appointment",
        "please call off my appointment",
        "I can't come on Tuesday",
        "I have to cancel",
    ]
)
async def cancel(patient: str, context: ToolContext, day: date | None = None) -> Booking:
    """Cancel a patient's appointment.

    Args:
        patient: The patient's full name.
        day: The day of the appointment; leave it out for their next one.
    """
    found = await context.resources.get(Store).cancel(patient, day, context.today)
    if found is None:
        raise ToolFailed("there is no such appointment")
    context.emit("appointment.cancelled", {"day": found.day.isoformat(), "time": found.time})
    when = f"{calendar.spoken(found.day)} at {found.time}"
    return Booking(day=found.day, time=found.time, summary=f"The appointment on {when} is cancelled.")


def _check(day: date, context: ToolContext) -> None:
    """Refuse days on which nobody can come, with a sentence that helps."""
    ahead = (day - context.today).days
    if ahead <= 0:
        raise ToolRetry("that day has passed or is today, ask for a day from tomorrow on")
    if ahead > context.settings(AppointmentsSettings).ahead_days:
        raise ToolRetry("that is too far ahead, ask for an earlier day")
    if not calendar.is_open(day):
        raise ToolRetry("the clinic is closed at weekends, ask for a day from Monday to Friday")


async def open_store(context: ResourceContext) -> AsyncIterator[Store]:
    """One connection for each session; what stands after `yield` runs when the session is over."""
    file = context.settings(AppointmentsSettings).database or context.folder / "appointments.db"
    store = await Store.open(file)
    yield store
    await store.close()


@hookimpl
def describe_plugin() -> Manifest:
    """What `convo plugins show appointments` prints, and what is checked before the first call."""
    return Manifest(summary="Find, book and cancel appointments.", version="1.0", settings=AppointmentsSettings)


@hookimpl
def register_tools(tools: Registry[Tool]) -> None:
    """Offer `appointments.find`, `appointments.book` and `appointments.cancel`."""
    for offered in (find, book, cancel):
        tools.add(offered)


@hookimpl
def register_resources(resources: Registry[Resource[Store]]) -> None:
    """Have a `Store` opened for each session that uses this plugin."""
    resources.add(Resource(Store, open_store))
