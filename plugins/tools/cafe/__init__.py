"""Café: what drinks and cakes cost, and telling the bar to make them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from framework import Registry, Tool, ToolContext, hookimpl, tool

Item = Literal["espresso", "latte", "tea", "croissant", "brownie"]
Items = Annotated[list[Item], Field(min_length=1, max_length=12)]

CENTS = {"espresso": 220, "latte": 380, "tea": 300, "croissant": 250, "brownie": 330}
"""What one of each costs."""


class Price(BaseModel):
    """An amount of money, in the form of the slot type `money`."""

    amount: float
    currency: str = "EUR"


class Sum(BaseModel):
    """What an order costs."""

    price: Price


class Ticket(BaseModel):
    """An order that the bar has."""

    minutes: int
    """Until it can be fetched."""


@tool(examples=["what does that cost", "how much are two lattes"])
async def price(items: Items) -> Sum:
    """Say what an order costs.

    Args:
        items: Everything that is ordered, as often as it is ordered.
    """
    return Sum(price=Price(amount=sum(CENTS[item] for item in items) / 100))


@tool(examples=["two lattes to take away, please", "I want to order a coffee"])
async def place(items: Items, guest: str, context: ToolContext) -> Ticket:
    """Tell the bar what to make.

    Args:
        items: Everything that is ordered, as often as it is ordered.
        guest: Who fetches it.
    """
    minutes = 3 + len(items)
    context.emit("cafe.ordered", {"guest": guest, "minutes": minutes})
    return Ticket(minutes=minutes)


@hookimpl
def register_tools(tools: Registry[Tool]) -> None:
    """Offer `cafe.price` and `cafe.place`."""
    tools.add(price)
    tools.add(place)
