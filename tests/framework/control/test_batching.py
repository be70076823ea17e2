"""Many tasks' commands over one connection, against a real server."""

import asyncio
import time

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from framework.control.batching import Batcher


@pytest.fixture
def deadline_s():
    """For all tests but those of the deadline itself: a busy machine is no failure."""
    return 30.0


@pytest.fixture
async def batcher(redis_server, deadline_s):
    client = Redis.from_url(redis_server.url, socket_timeout=30, socket_connect_timeout=5)
    batcher = Batcher(client.connection_pool.make_connection, deadline_s)
    yield batcher
    await batcher.close()
    await client.aclose()


async def test_each_task_gets_its_own_reply(batcher):
    replies = await asyncio.gather(*(batcher.run("ECHO", f"{number}") for number in range(3000)))
    assert replies == [str(number).encode() for number in range(3000)]


async def test_a_refused_command_is_nobody_elses_trouble(batcher):
    await batcher.run("SET", "text", "x")
    found = await asyncio.gather(
        batcher.run("ECHO", "a"), batcher.run("INCR", "text"), batcher.run("ECHO", "b"), return_exceptions=True
    )
    assert (found[0], found[2]) == (b"a", b"b")
    assert isinstance(found[1], ResponseError)


async def test_one_who_is_cancelled_shifts_no_replies(batcher):
    await batcher.run("PING")
    tasks = [asyncio.create_task(batcher.run("ECHO", f"{number}")) for number in range(300)]
    await asyncio.sleep(0)
    for task in tasks[::3]:
        task.cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(reply, asyncio.CancelledError) for reply in found[::3])
    assert [reply for number, reply in enumerate(found) if number % 3] == [
        str(number).encode() for number in range(300) if number % 3
    ]
    assert await batcher.run("ECHO", "after") == b"after"


async def test_one_who_is_cancelled_while_connecting_stops_nobody(batcher):
    first = asyncio.create_task(batcher.run("ECHO", "1"))
    second = asyncio.create_task(batcher.run("ECHO", "2"))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == b"2"


async def test_a_connection_that_was_cut_is_made_again_unnoticed(batcher):
    for _ in range(5):
        assert await batcher.run("PING") in (b"PONG", True)
        line = batcher._line
        await batcher.run("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
        async with asyncio.timeout(5):
            while line.sound:
                await asyncio.sleep(0.005)
    assert await batcher.run("ECHO", "x") == b"x"


async def test_a_server_that_is_gone_is_said_and_one_that_is_back_is_used(batcher, redis_server):
    await batcher.run("PING")
    redis_server.kill()
    with pytest.raises((RedisConnectionError, OSError)):
        await batcher.run("PING")
    redis_server.restart()
    assert await batcher.run("ECHO", "x") == b"x"


@pytest.mark.parametrize("deadline_s", [1.0])
async def test_a_server_that_does_not_answer_is_waited_for_no_longer_than_the_deadline(batcher):
    await batcher.run("PING")
    began = time.monotonic()
    hung = [asyncio.create_task(batcher.run("BLPOP", "nothing", "30")) for _ in range(2)]
    found = await asyncio.gather(*hung, batcher.run("ECHO", "behind"), return_exceptions=True)
    assert all(isinstance(error, RedisTimeoutError) for error in found)
    assert time.monotonic() - began < 4
    assert await batcher.run("ECHO", "next") == b"next"


@pytest.mark.parametrize("deadline_s", [1.0])
async def test_a_process_that_was_held_up_reads_what_has_come_before_it_gives_up(batcher):
    await batcher.run("PING")
    asked = asyncio.create_task(batcher.run("ECHO", "here"))
    while not batcher._line._under_way:
        await asyncio.sleep(0)
    time.sleep(1.5)  # noqa: ASYNC251 - the loop is to stand still for longer than the deadline
    assert await asked == b"here"


async def test_it_can_be_closed_with_work_under_way(batcher):
    await batcher.run("PING")
    task = asyncio.create_task(batcher.run("BLPOP", "nothing", "30"))
    await asyncio.sleep(0.05)
    await batcher.close()
    with pytest.raises((RedisError, asyncio.CancelledError)):
        await asyncio.wait_for(task, 5)
