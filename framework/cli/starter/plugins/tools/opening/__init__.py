"""Opening hours: when the bakery is open."""

from __future__ import annotations

from pydantic import BaseModel

from framework import Registry, Tool, ToolFailed, hookimpl, tool

HOURS = {"weekday": "open from seven to six", "saturday": "open from eight to one", "sunday": "closed"}


class Hours(BaseModel):
    """When the bakery is open on one kind of day."""

    words: str


@tool
async def hours(day: str) -> Hours:
    """Say when the bakery is open on a weekday, a saturday or a sunday."""
    if day not in HOURS:
        raise ToolFailed(f"there are no opening hours for `{day}`")
    return Hours(words=HOURS[day])


@hookimpl
def register_tools(tools: Registry[Tool]) -> None:
    """Offer what this plugin has, as `opening.hours`."""
    tools.add(hours)
