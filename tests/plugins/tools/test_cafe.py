"""Café: what an order costs, and telling the bar."""

from pathlib import Path
from typing import ClassVar

import pytest

from framework.testing.contracts import PluginContract

HERE = Path(__file__).resolve().parents[3] / "plugins" / "tools"
TWO = {"items": ["latte", "latte", "croissant"]}


class TestCafe(PluginContract):
    """It keeps what every plugin promises."""

    plugin = HERE / "cafe"
    calls: ClassVar = {"cafe.price": TWO, "cafe.place": TWO | {"guest": "Ada"}}


async def test_everything_is_paid_as_often_as_it_is_ordered(session):
    async with session() as plugins:
        outcome = await plugins.call("cafe.price", TWO)
    assert outcome.result == {"price": {"amount": 10.1, "currency": "EUR"}}


@pytest.mark.parametrize("items", [[], ["pizza"], ["tea"] * 13])
async def test_what_the_bar_does_not_make_is_refused(session, items):
    async with session() as plugins:
        assert (await plugins.call("cafe.place", {"items": items, "guest": "Ada"})).code == "bad_arguments"
