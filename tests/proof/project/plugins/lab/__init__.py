"""Lab: tools and an action for flows that are made by chance; what they answer is scripted."""

from __future__ import annotations

from pydantic import BaseModel

from framework import Action, Registry, Tool, action, hookimpl, tool


class Found(BaseModel):
    """What there is, as a number and in words."""

    n: int
    text: str


@tool
async def look(x: str = "") -> Found:
    """Look something up, whatever it is.

    Args:
        x: What to look up.
    """
    return Found(n=len(x), text=x)


@tool
async def book(x: str = "") -> Found:
    """Book something, whatever it is.

    Args:
        x: What to book.
    """
    return Found(n=len(x), text=x)


@tool
async def slow(x: str = "") -> Found:
    """Do something that takes its time.

    Args:
        x: What to do.
    """
    return Found(n=len(x), text=x)


@tool
async def pay(pin: str = "") -> Found:
    """Pay with a secret number.

    Args:
        pin: The number.
    """
    return Found(n=len(pin), text="paid")


@action
async def note(x: str = "") -> None:
    """Write something down, whatever it is.

    Args:
        x: What to write down.
    """
    del x


@hookimpl
def register_tools(tools: Registry[Tool]) -> None:
    """Offer all tools."""
    for one in (look, book, slow, pay):
        tools.add(one)


@hookimpl
def register_actions(actions: Registry[Action]) -> None:
    """Offer the action."""
    actions.add(note)
