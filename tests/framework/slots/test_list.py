"""Lists and objects: things that are counted, things that stand apart, what tools may set."""

import pytest

from framework.slots.base import Refused

PIZZAS = {"type": "enum", "values": ["margherita", "pepperoni"]}


def test_things_are_counted(hear):
    assert hear("list", "a pepperoni and two margheritas", of=PIZZAS) == ["pepperoni", "margherita", "margherita"]


def test_an_order_in_passing_is_noticed(hear):
    said = "hello, I'd like two margheritas for tonight"
    assert hear("list", said, of=PIZZAS, asked=False) == ["margherita", "margherita"]
    assert hear("list", "Ada and Grace", of="person_name", asked=False) is None


def test_more_than_the_list_may_hold_is_refused(listen):
    refused = listen("list", "four margheritas", of=PIZZAS, max=3)
    assert isinstance(refused, Refused)
    assert "3" in refused.why


@pytest.mark.parametrize("of", ["pizza", "list", {"values": ["a"]}, {"type": "enum"}, 7])
def test_a_list_of_what_no_list_can_hold_is_refused_in_the_flow(types, of):
    with pytest.raises(ValueError, match=r"no type|Field required|dictionary"):
        types["list"].Options(of=of)


def test_a_list_is_checked_thing_by_thing(types, today):
    options = types["list"].Options(of=PIZZAS, max=2)
    assert types["list"].check(["Margherita"], options, today) == ["margherita"]
    for wrong in ("margherita", ["hawaii"], ["margherita"] * 3):
        with pytest.raises(ValueError, match=r"list|values"):
            types["list"].check(wrong, options, today)


def test_an_object_hears_nothing_and_takes_its_fields_from_tools(types, hear, today):
    thing = types["object"]
    options = thing.Options(fields={"size": {"type": "enum", "values": ["small", "large"]}, "count": "integer"})
    assert hear("object", "a small one", fields={"size": "text"}) is None
    assert not thing.heard
    assert thing.check({"size": "Small"}, options, today) == {"size": "small", "count": None}
    for wrong in ({"colour": "red"}, {"count": "many"}, ["small"]):
        with pytest.raises(ValueError, match=r"field|count|object"):
            thing.check(wrong, options, today)
    assert thing.spoken({"size": "small", "count": 2}, options, "en") == "small, 2"


def test_a_field_of_an_unknown_type_is_refused_in_the_flow(types):
    with pytest.raises(ValueError, match="`size`"):
        types["object"].Options(fields={"size": "sise"})
