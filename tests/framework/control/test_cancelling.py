"""Whoever waits for the store can be cancelled at any moment, also at that of the reply."""

from __future__ import annotations

import asyncio

import pytest

from framework.control.connection import Connection

CALLS = {
    "one command": lambda connection: connection.do("PING"),
    "several commands": lambda connection: connection.many([("PING",)]),
    "a blocking read": lambda connection: connection.tail("nothing", "0-0", 1),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("embedded", [True, False], ids=["embedded", "redis"])
async def test_no_cancellation_is_lost(redis_server, embedded, call):
    connection = Connection.embedded() if embedded else Connection.to(redis_server.url)
    for number in range(300):
        task = asyncio.create_task(call(connection))
        for _ in range(number % 30):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled() or not task.cancelling()
    await connection.close()
