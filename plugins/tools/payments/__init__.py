"""Payments: charge a card. A double that takes the test numbers of card companies; no money moves."""

from __future__ import annotations

import hashlib
from typing import Annotated

from pydantic import BaseModel, Field

from framework import Registry, Tool, ToolContext, hookimpl, tool

NO_COVER = "4000000000000002"
"""The number that card companies give for trying out a refusal."""


class Receipt(BaseModel):
    """Whether a card was charged, and the number to find it by."""

    paid: bool
    number: str | None = None


@tool(examples=["I would like to pay by card", "charge my card"])
async def charge(
    card: Annotated[str, Field(pattern=r"^\d{13,19}$")],
    expires: Annotated[str, Field(pattern=r"^\d{4}$")],
    code: Annotated[str, Field(pattern=r"^\d{3,4}$")],
    amount: Annotated[float, Field(gt=0)],
    context: ToolContext,
) -> Receipt:
    """Charge a card.

    Args:
        card: The card's number.
        expires: Month and year, such as `0927`.
        code: The three or four digits for security.
        amount: In euros.
    """
    month, year = int(expires[:2]), 2000 + int(expires[2:])
    past = (year, month) < (context.today.year, context.today.month)
    if card == NO_COVER or code.strip("0") == "" or past or not 1 <= month <= 12:  # noqa: PLR2004 - months of a year
        return Receipt(paid=False)
    # The same call is the same payment, however often it is tried.
    number = int(hashlib.sha256(context.idempotency_key.encode()).hexdigest(), 16) % 9000 + 1000
    context.emit("payments.charged", {"amount": amount, "number": str(number)})
    return Receipt(paid=True, number=str(number))


@hookimpl
def register_tools(tools: Registry[Tool]) -> None:
    """Offer `payments.charge`."""
    tools.add(charge)
