"""Payments: test cards are charged, and refused where they should be."""

from pathlib import Path
from typing import ClassVar

import pytest

from framework.testing.contracts import PluginContract

HERE = Path(__file__).resolve().parents[3] / "plugins" / "tools"
CARD = {"card": "4111111111111111", "expires": "1299", "code": "123", "amount": 12.5}


class TestPayments(PluginContract):
    """It keeps what every plugin promises."""

    plugin = HERE / "payments"
    calls: ClassVar = {"payments.charge": CARD}


async def test_the_same_call_is_the_same_payment(session):
    heard = []
    async with session() as plugins:
        receipts = [
            (await plugins.call("payments.charge", CARD, call=call, emit=lambda _, data: heard.append(data))).result
            for call in ("1", "1", "2")
        ]
    assert all(receipt["paid"] for receipt in receipts)
    assert receipts[0] == receipts[1] != receipts[2]
    assert heard[0] == {"amount": 12.5, "number": receipts[0]["number"]}


REFUSED = {
    "a card without cover": {"card": "4000000000000002"},
    "an old card": {"expires": "0120"},
    "a month that there is not": {"expires": "1399"},
    "a code of noughts": {"code": "000"},
}


@pytest.mark.parametrize("wrong", REFUSED.values(), ids=REFUSED)
async def test_a_card_is_refused_by_the_bank(session, wrong):
    async with session() as plugins:
        assert (await plugins.call("payments.charge", CARD | wrong)).result == {"paid": False, "number": None}
