"""Pizza: what it costs, and ordering it."""

from pathlib import Path
from typing import ClassVar

import pytest

from framework.testing.contracts import PluginContract

HERE = Path(__file__).resolve().parents[3] / "plugins" / "tools"
LARGE = {"kind": "funghi", "size": "large", "quantity": 2}


class TestPizza(PluginContract):
    """It keeps what every plugin promises."""

    plugin = HERE / "pizza"
    calls: ClassVar = {"pizza.price": LARGE, "pizza.order": LARGE}


async def test_the_price_is_that_of_the_size_times_the_number(session):
    async with session() as plugins:
        outcome = await plugins.call("pizza.price", LARGE)
    assert outcome.result == {"each": 11.5, "total": 23.0, "summary": "That is 23 euros."}


async def test_the_same_call_is_the_same_order(session):
    heard = []
    async with session() as plugins:
        orders = [
            await plugins.call("pizza.order", LARGE, call=call, emit=lambda kind, data: heard.append(kind))
            for call in ("1", "1", "2")
        ]
    numbers = [order.result["number"] for order in orders]
    assert numbers[0] == numbers[1] != numbers[2]
    assert heard == ["pizza.ordered"] * 3
    assert orders[0].result["minutes"] == 24


@pytest.mark.parametrize("wrong", [{"kind": "hawaii"}, {"size": "huge"}, {"quantity": 0}, {"quantity": 21}])
async def test_what_is_not_on_the_menu_is_refused(session, wrong):
    async with session() as plugins:
        assert (await plugins.call("pizza.order", LARGE | wrong)).code == "bad_arguments"
