"""Old admin messages: published, queued, or both; each is one order, stored and acknowledged."""

import json

import pytest
from loguru import logger

ROOM = "https://acme.daily.co/front-desk"
CHANNEL, QUEUE = f"admin:bot:{ROOM}", f"admin:queue:{ROOM}"


@pytest.fixture
async def talking(world):
    """A bot in a room, and a gateway that hears."""
    await world.gateway()
    world.runner_ = await world.runner()
    world.push({"room_url": ROOM})
    world.bot = (await world.session(ROOM, "joined")).session_id
    await world.hearing()
    return world


def heard(world, session_id=""):
    return world.runner_.sessions[session_id or world.bot].orders


async def settled(world):
    """Nothing waits any more."""
    await world.until(lambda: world.there(QUEUE, "admin:processing") == 0)


async def test_a_published_message_is_an_order_that_is_acknowledged(talking):
    assert talking.cli("PUBLISH", CHANNEL, "Ask for the booking number.") == "1"
    await talking.until(lambda: heard(talking))
    (order,) = heard(talking)
    assert (order.kind, order.text, order.mode) == ("instruct", "Ask for the booking number.", "immediate")

    async def spoken():
        stored = await talking.store.stored_order(order.order_id)
        return stored.final and stored.status == "spoken" and stored.by == "legacy"

    await talking.until(spoken)


async def test_the_same_message_by_both_ways_counts_once_in_either_order(talking):
    for words in ("Wrap up.", "Say goodbye."):
        published, queued = ("PUBLISH", CHANNEL, words), ("RPUSH", QUEUE, words)
        for command in (published, queued) if words == "Wrap up." else (queued, published):
            talking.cli(*command)
    await talking.until(lambda: len(heard(talking)) >= 2)
    await settled(talking)
    talking.cli("PUBLISH", CHANNEL, "the last")
    await talking.until(lambda: "the last" in [order.text for order in heard(talking)])
    assert [order.text for order in heard(talking)] == ["Wrap up.", "Say goodbye.", "the last"]


async def test_two_equal_messages_sent_on_purpose_are_two_orders(talking):
    for _ in range(2):
        talking.cli("PUBLISH", CHANNEL, "One moment.")
        talking.cli("RPUSH", QUEUE, "One moment.")
    await talking.until(lambda: len(heard(talking)) == 2)
    talking.cli("PUBLISH", CHANNEL, "One moment.")
    await talking.until(lambda: len(heard(talking)) == 3)
    await settled(talking)
    assert len(heard(talking)) == 3


async def test_a_message_with_an_id_of_its_own_is_one_however_often_it_comes(talking):
    message = {"id": "m1", "type": "say", "text": "Hello."}
    for at in range(3):
        talking.cli("RPUSH", QUEUE, json.dumps(message | {"sent": at}))
        talking.cli("PUBLISH", CHANNEL, json.dumps(message | {"sent": at, "via": "channel"}))
    talking.cli("RPUSH", QUEUE, json.dumps(message | {"id": "m2"}))
    await talking.until(lambda: len(heard(talking)) == 2)
    await settled(talking)
    assert [order.text for order in heard(talking)] == ["Hello.", "Hello."]


@pytest.mark.parametrize(
    ("message", "order"),
    [
        (
            '{"type": "spoken_line", "content": "Hi.", "mode": "queued"}',
            {"kind": "say", "text": "Hi.", "mode": "queued"},
        ),
        ('{"kind": "instruction", "message": "Be brief."}', {"kind": "instruct", "text": "Be brief."}),
        (
            '{"message": "Be brief.", "mode": "interrupt"}',
            {"kind": "instruct", "text": "Be brief.", "mode": "immediate"},
        ),
        ('{"type": "promptUpdate", "prompt": "New."}', {"kind": "prompt", "text": "New."}),
        ('{"type": "context-reload"}', {"kind": "reload"}),
        ('{"type": "node_change", "node": "bye", "extra": 1}', {"kind": "goto", "node": "bye"}),
        ('{"type": "set", "slots": {"a": 1}}', {"kind": "set", "slots": {"a": 1}}),
        ('{"type": "mute", "on": false}', {"kind": "mute", "on": False}),
        ('"in quotes"', {"kind": "instruct", "text": "in quotes"}),
        ("42", {"kind": "instruct", "text": "42"}),
        ("Grüße, 你好", {"kind": "instruct", "text": "Grüße, 你好"}),
    ],
)
async def test_every_old_shape_is_an_order(talking, message, order):
    talking.cli("RPUSH", QUEUE, message)
    (found,) = await talking.until(lambda: heard(talking))
    assert order.items() <= found.model_dump().items()


async def test_end_ends_the_session(talking):
    talking.cli("PUBLISH", CHANNEL, '{"type": "leave", "reason": "closing"}')
    assert (await talking.session(ROOM, "ended")).reason == "closing"


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ('{"type": "sing"}', "422: there is no message of the type `sing`"),
        ('{"type": "say"}', "422: /order/say/text"),
        ('{"type": "say", "text": ', "422: it begins like JSON"),
        ('{"type": "say", "text": {"a": 1}}', "422: /order/say/text"),
        ('{"text": "x", "mode": "later"}', "422: /order/instruct/mode"),
        ("x" * 5000, "422: /order/instruct/text"),
        ("x" * 70_000, "it has 70000 bytes"),
    ],
)
async def test_a_message_that_is_no_order_is_kept_with_the_reason_and_stops_nothing(talking, message, reason):
    talking.cli("-x", "RPUSH", QUEUE, stdin=message)
    talking.cli("RPUSH", QUEUE, "next")
    (order,) = await talking.until(lambda: heard(talking))
    assert order.text == "next"
    (failed,) = talking.failed("admin:failed")
    assert failed["reason"].startswith(reason)
    assert failed["room"] == ROOM


async def test_a_message_waits_for_a_bot_that_is_briefly_away(talking):
    talking.runner_.end(talking.bot, "gone")
    await talking.session(ROOM, "ended")
    talking.cli("PUBLISH", CHANNEL, "first")
    talking.cli("RPUSH", QUEUE, "second")
    await talking.until(lambda: len(talking.lines("admin:processing")) == 1)
    assert talking.lines(QUEUE) == ["second"]
    talking.push({"room_url": ROOM})

    async def back():
        found = await talking.sessions("joined")
        return found[0].session_id if found else None

    session_id = await talking.until(back)
    await talking.until(lambda: len(heard(talking, session_id)) == 2)
    assert [order.text for order in heard(talking, session_id)] == ["first", "second"]


async def test_a_message_for_which_no_bot_comes_is_given_up(world):
    await world.gateway(LEGACY_KEEP_SECS="1")
    await world.hearing()
    world.cli("RPUSH", QUEUE, "queued")
    world.cli("PUBLISH", CHANNEL, "published")
    await world.until(lambda: len(world.failed("admin:failed")) == 2)
    assert {failed["message"] for failed in world.failed("admin:failed")} == {"queued", "published"}
    await settled(world)


async def test_a_room_may_be_spelled_in_another_way(talking):
    talking.cli("RPUSH", "admin:queue:HTTPS://Acme.Daily.co:443/front-desk/", "Hello.")
    talking.cli("PUBLISH", "admin:bot:https://ACME.daily.co/front-desk/", "Hello.")
    await talking.until(lambda: heard(talking))
    await talking.until(lambda: not talking.ask("KEYS", "admin:queue:*"))
    assert len(heard(talking)) == 1


async def test_one_role_can_be_meant_and_several_bots_hear_what_is_for_all(talking):
    talking.push({"room_url": ROOM, "role": "coach"})

    async def coach():
        return next((one.session_id for one in await talking.sessions("joined") if one.role == "coach"), None)

    coach_id = await talking.until(coach)
    talking.cli("RPUSH", QUEUE, '{"text": "for one", "role": "coach"}', "for both")
    await talking.until(lambda: len(heard(talking, coach_id)) == 2)
    await talking.until(lambda: len(heard(talking)) == 1)
    assert [order.text for order in heard(talking)] == ["for both"]


async def test_what_several_gateways_hear_is_one_order_and_outlives_the_one_that_acts(talking):
    await talking.gateway()
    await talking.hearing(2)
    for number in range(10):
        talking.cli("PUBLISH", CHANNEL, f"{number}")
        talking.cli("PUBLISH", CHANNEL, "again")
    await talking.until(lambda: len(heard(talking)) == 20)
    talking.gateways[0].leave()
    await talking.hearing(1)
    talking.cli("PUBLISH", CHANNEL, "again")
    await talking.until(lambda: len(heard(talking)) == 21)
    assert [order.text for order in heard(talking)].count("again") == 11


async def test_messages_and_tokens_are_not_in_the_log(world):
    lines = []
    # What libraries log below a warning is shown to nobody (`framework.log`), and here a client logs all it reads.
    sink = logger.add(
        lambda message: lines.append(str(message) + str(message.record["extra"])),
        level="DEBUG",
        filter=lambda record: "library" not in record["extra"] or record["level"].no >= logger.level("WARNING").no,
    )
    try:
        await world.gateway()
        world.runner_ = await world.runner()
        world.push({"room_url": ROOM, "token": "s3cret"}, '{"bot": "n0body", "token": "s3cret"}', "{s3cret")
        world.bot = (await world.session(ROOM, "joined")).session_id
        await world.hearing()
        for text in ('{"type": "s3cret"}', '{"type": "say", "text": "s3cret"}', "{s3cret", "s3cret " * 10_000):
            world.cli("-x", "RPUSH", QUEUE, stdin=text)
            world.cli("-x", "PUBLISH", CHANNEL, stdin=text)
        await world.until(lambda: heard(world))
        await settled(world)
        await world.until(lambda: len(world.failed()) == 2)
    finally:
        logger.remove(sink)
    assert lines
    assert not [line for line in lines if "s3cret" in line or "n0body" in line or "acme" in line]
    session = "".join(world.lines(f"session:{world.bot}:logs")) + str(world.hash(f"session:{world.bot}"))
    assert "s3cret" not in session
