"""Orders through the gateway, carried out by a runner."""

import asyncio

import pytest


@pytest.fixture
async def talking(gateway, join_fleet):
    """A room with two bots of different roles."""
    gateway.holding = await join_fleet(gateway.store)
    gateway.bots = {}
    for role in ("bot", "coach"):
        joined = await gateway.post("/join", {"bot": "hello", "room": "lobby", "role": role})
        gateway.bots[role] = joined.body["session_id"]
    async with asyncio.timeout(10):
        while len(gateway.holding.sessions) < 2:
            await asyncio.sleep(0.01)
    return gateway


async def final(gateway, order_id):
    async with asyncio.timeout(10):
        while not (seen := (await gateway.get(f"/admin/{order_id}")).body)["final"]:
            await asyncio.sleep(0.02)
    return seen


async def test_an_order_reaches_every_bot_in_the_room_once(talking):
    body = {"room": "lobby", "order": {"kind": "say", "text": "One moment."}, "order_id": "o1"}
    first, again = await talking.post("/admin", body), await talking.post("/admin", body)
    assert first.status == again.status == 202
    ids = [order["order_id"] for order in first.body["orders"]]
    assert ids == ["o1-bot", "o1-coach"] == [order["order_id"] for order in again.body["orders"]]
    for order_id, role in zip(ids, ("bot", "coach"), strict=True):
        assert (await final(talking, order_id))["status"] == "spoken"
        orders = talking.holding.sessions[talking.bots[role]].orders
        assert [(order.kind, order.text) for order in orders] == [("say", "One moment.")]


async def test_the_old_shape_is_an_instruction_for_one_role(talking):
    given = await talking.post(
        "/admin", {"room_url": "lobby", "role": "coach", "message": "Wrap up.", "mode": "queued"}
    )
    (shown,) = given.body["orders"]
    assert shown["session_id"] == talking.bots["coach"]
    await final(talking, shown["order_id"])
    (order,) = talking.holding.sessions[talking.bots["coach"]].orders
    assert (order.kind, order.text, order.mode) == ("instruct", "Wrap up.", "queued")
    assert not talking.holding.sessions[talking.bots["bot"]].orders


async def test_one_session_can_be_named(talking):
    sid = talking.bots["bot"]
    given = await talking.post("/admin", {"pid": sid, "order": {"kind": "goto", "node": "help"}})
    assert [order["session_id"] for order in given.body["orders"]] == [sid]
    direct = await talking.post(f"/sessions/{sid}/orders", {"kind": "set", "slots": {"a": 1}})
    assert (direct.status, direct.body["status"]) == (202, "accepted")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"room": "elsewhere", "message": "x"}, 404),
        ({"session_id": "nobody", "message": "x"}, 404),
        ({"room": "lobby", "role": "judge", "message": "x"}, 404),
        ({"room": "lobby"}, 422),
        ({"message": "x"}, 422),
        ({"room": "lobby", "session_id": "a", "message": "x"}, 422),
        ({"room": "lobby", "message": "x", "order": {"kind": "resume"}}, 422),
        ({"room": "lobby", "order": {"kind": "sing"}}, 422),
        ({"room": "lobby", "order": {"kind": "say"}}, 422),
        ({"room": "lobby", "order": {"kind": "say", "text": "x" * 5000}}, 422),
        ({"room": "http://[", "message": "x"}, 422),
    ],
)
async def test_an_order_that_can_not_be_given_is_a_problem(talking, body, status):
    answer = await talking.post("/admin", body)
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_a_session_that_is_over_takes_no_orders(talking):
    sid = talking.bots["bot"]
    talking.holding.end(sid, "done")
    async with asyncio.timeout(10):
        while (await talking.get(f"/sessions/{sid}")).body["state"] != "ended":
            await asyncio.sleep(0.02)
    assert (await talking.post("/admin", {"session_id": sid, "message": "x"})).status == 409


async def test_an_unknown_order_is_not_found(gateway):
    assert (await gateway.get("/admin/nothing")).status == 404
