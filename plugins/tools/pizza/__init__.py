"""Pizza: what an order costs, and placing it."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from framework import Registry, Tool, ToolContext, hookimpl, tool

Kind = Literal["margherita", "funghi", "pepperoni", "veggie"]
Size = Literal["small", "medium", "large"]
Quantity = Annotated[int, Field(ge=1, le=20)]

CENTS = {"margherita": 800, "funghi": 900, "pepperoni": 1000, "veggie": 950}
"""What a medium one costs."""

EXTRA_CENTS = {"small": -150, "medium": 0, "large": 250}


class Price(BaseModel):
    """What an order costs, in euros, and a sentence that says so."""

    each: float
    total: float
    summary: str


class Order(BaseModel):
    """An order that the kitchen has."""

    number: int
    total: float
    minutes: int
    """Until it is at the door."""
    summary: str


@tool(examples=["how much is a large margherita", "what does it cost", "what is the price of two pepperoni"])
async def price(kind: Kind, size: Size, quantity: Quantity = 1) -> Price:
    """Say what pizzas cost.

    Args:
        kind: Which pizza.
        size: How large.
        quantity: How many.
    """
    each = CENTS[kind] + EXTRA_CENTS[size]
    total = each * quantity / 100
    return Price(each=each / 100, total=total, summary=f"That is {total:g} euros.")


@tool(examples=["order two large margheritas", "I take a small funghi", "yes, I want to order that", "a pizza, please"])
async def order(kind: Kind, size: Size, context: ToolContext, quantity: Quantity = 1) -> Order:
    """Order pizzas, to be brought to the door.

    Args:
        kind: Which pizza.
        size: How large.
        quantity: How many.
    """
    priced = await price(kind, size, quantity)
    minutes = 20 + 2 * quantity
    # The same call is the same order, however often it is tried.
    number = int(hashlib.sha256(context.idempotency_key.encode()).hexdigest(), 16) % 900 + 100
    context.emit("pizza.ordered", {"number": number, "kind": kind, "size": size, "quantity": quantity})
    return Order(number=number, total=priced.total, minutes=minutes, summary=f"It takes {minutes} minutes.")


@hookimpl
def register_tools(tools: Registry[Tool]) -> None:
    """Offer `pizza.price` and `pizza.order`."""
    tools.add(price)
    tools.add(order)
