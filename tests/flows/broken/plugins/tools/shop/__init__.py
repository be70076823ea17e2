"""Shop: tools and an action that the broken flows use."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from framework import Action, Registry, Tool, action, hookimpl, tool


class Price(BaseModel):
    """What something costs."""

    total: float
    currency: Literal["EUR", "USD"]


class Stock(BaseModel):
    """How much of something there is."""

    state: Literal["plenty", "few", "none"]
    count: int
    open: bool


@tool
async def price(size: Literal["small", "large"], quantity: int = 1) -> Price:
    """Say what something costs."""
    return Price(total=quantity * (2.0 if size == "large" else 1.0), currency="EUR")


@tool
async def stock(item: str) -> Stock:
    """Say how much there is of something."""
    return Stock(state="few", count=len(item), open=True)


@tool
async def pay(card: str, amount: float) -> dict[str, bool]:
    """Take money from a card."""
    return {"paid": bool(card) and amount > 0}


@action
async def note(text: str = "") -> None:
    """Write something down."""


@hookimpl
def register_tools(tools: Registry[Tool]) -> None:
    """Offer the tools."""
    for one in (price, stock, pay):
        tools.add(one)


@hookimpl
def register_actions(actions: Registry[Action]) -> None:
    """Offer the action."""
    actions.add(note)
