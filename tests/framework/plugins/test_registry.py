"""Names belong to one owner, and a wrong one is answered with the nearest."""

import pytest

from framework.errors import DuplicateNameError, UnknownNameError
from framework.plugins.actions import action
from framework.plugins.commands import Command
from framework.plugins.offers import Offers
from framework.plugins.registry import Registry
from framework.plugins.tools import Tools, tool


def commands(owner, *names):
    registry = Registry("command", owner=owner)
    for name in names:
        registry.add(Command(name=name, run="shop:run"))
    return registry


def made(name, **options):
    @tool(name=name, **options)
    async def function() -> None:
        """Do something."""

    return function


def test_a_name_twice_in_one_plugin_names_the_plugin():
    registry = commands("shop", "sell")
    with pytest.raises(DuplicateNameError, match="plugin `shop`: command `sell` is registered twice"):
        registry.add(Command(name="sell", run="shop:run"))


def test_a_name_of_two_plugins_names_both_and_says_how_to_block_one():
    registry = Registry("command")
    registry.take(commands("shop", "sell"))
    with pytest.raises(DuplicateNameError, match="plugins `shop` and `market`") as caught:
        registry.take(commands("market", "sell"))
    assert "block: [market]" in caught.value.fix


def test_an_unknown_name_offers_the_nearest():
    registry = commands("shop", "restock", "sell")
    for ask in (registry.get, registry.__getitem__, registry.owner):
        with pytest.raises(UnknownNameError, match="no plugin offers a command `restok`") as caught:
            ask("restok")
        assert caught.value.fix == "Did you mean `restock`?"


def test_a_default_answers_for_an_unknown_name():
    assert commands("shop").get("sell", None) is None


def test_a_registry_is_a_mapping_in_the_order_the_things_came():
    registry = commands("shop", "sell", "buy")
    assert list(registry) == registry.names() == ["sell", "buy"]
    assert dict(registry)["buy"].name == "buy"
    assert "sell" in registry
    assert "steal" not in registry
    assert registry.owner("buy") == "shop"


def test_tools_and_actions_are_named_after_their_plugin():
    @action
    def note() -> None:
        """Note it."""

    offers = Offers.of("shop")
    assert offers.tools.add(made("sell")).name == "shop.sell"
    assert offers.tools.add(made("shop.buy")).name == "shop.buy"
    assert offers.actions.add(note).name == "shop.note"
    assert note.name == "note"


def test_two_tools_that_a_model_could_not_tell_apart_are_refused_with_both_owners():
    tools = Tools()
    for owner, name in (("face", "match.now"), ("face.match", "now")):
        mine = Tools(owner=owner)
        mine.add(made(name))
        if owner == "face":
            tools.take(mine)
        else:
            with pytest.raises(DuplicateNameError, match="registered twice") as caught:
                tools.take(mine)
            assert "`face` and `face.match`" in caught.value.where


def test_names_that_differ_only_in_what_models_refuse_meet():
    tools = Tools(owner="shop")
    tools.add(made("sell.now"))
    with pytest.raises(DuplicateNameError, match="`shop_sell_now`"):
        tools.add(made("sell_now"))


def test_names_that_are_the_same_for_the_first_64_characters_meet():
    tools = Tools(owner="shop")
    tools.add(made("a" * 70))
    with pytest.raises(DuplicateNameError, match="under one name"):
        tools.add(made("a" * 71))


def test_an_alias_finds_its_tool_and_is_taken_for_others():
    tools = Tools()
    shop, market = Tools(owner="shop"), Tools(owner="market")
    shop.add(made("sell", aliases=["sell_bread"]))
    market.add(made("vend", aliases=["sell_bread"]))
    tools.take(shop)
    assert tools["sell_bread"].name == tools.get("sell_bread").name == "shop.sell"
    assert "sell_bread" in tools
    assert tools.names() == ["shop.sell"]
    with pytest.raises(DuplicateNameError, match="`shop` and `market`"):
        tools.take(market)


def test_an_alias_may_be_what_a_model_sees_of_the_very_tool():
    tools = Tools(owner="shop")
    tools.add(made("sell", aliases=["shop_sell", "shop.sell"]))
    assert tools["shop_sell"].name == "shop.sell"
