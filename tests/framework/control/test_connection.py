"""The connection to a real server through its troubles: each is said in time, in a sentence, and passes."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest

from framework.control.connection import CALL_S, Connection
from framework.control.records import Limits, Reported, Request, Runner
from framework.control.store import Store
from framework.errors import StoreError, UserError
from framework.sessions.spec import SessionSpec
from framework.testing.redis import RedisSentinel, RedisServer

LEEWAY_S = 4.0
"""A busy machine's, on top of a call's deadline."""


@contextlib.asynccontextmanager
async def connected(server, **options):
    connection = Connection.to(server.url)
    try:
        yield Store(connection, **options)
    finally:
        await connection.close()


async def refusal(call) -> StoreError:
    """What the store says when it refuses, within the deadline of a call."""
    began = time.monotonic()
    with pytest.raises(StoreError) as said:
        await call
    assert time.monotonic() - began < CALL_S + LEEWAY_S
    return said.value


async def until(true):
    async with asyncio.timeout(20):
        while not await true():
            await asyncio.sleep(0.02)


def wish(sid: str) -> Request:
    return Request(spec=SessionSpec(session_id=sid), room=sid)


async def joined(store: Store, sid: str = "s1") -> int:
    """A session in its room, held by the runner `r1`; its epoch."""
    await store.register(Runner(runner_id="r1", capacity=3))
    await store.join(wish(sid))
    found = await store.session(sid)
    assert found
    await store.claim(sid, found.epoch, "r1")
    await store.joined(sid, found.epoch, "r1")
    return found.epoch


# --- Ways to a server ---------------------------------------------------------------------------------------------------


async def test_a_server_with_a_password():
    async with RedisServer(password="geheim") as server, connected(server) as store:
        await store.ping()
        assert (await store.join(wish("s1"))).outcome == "queued"
        wrong = Connection.to(server.url.replace("geheim", "falsch"))
        said = await refusal(Store(wrong).sweep())
        assert "password" in said.message
        assert "falsch" not in str(said)
        await wrong.close()
        none = Connection.to(server.url.replace(":geheim@", ""))
        assert "REDIS_URL" in (await refusal(Store(none).sweep())).fix
        await none.close()


async def test_a_server_over_tls():
    async with RedisServer(tls=True) as server, connected(server) as store:
        assert (await store.join(wish("s1"))).outcome == "queued"
        assert await store.events("0-0", 100)
        stranger = Connection.to(server.url.partition("?")[0])  # does not know the certificate
        assert not (await refusal(Store(stranger).sweep())).frozen
        await stranger.close()


async def test_a_unix_socket(tmp_path):
    path = tmp_path / "redis.sock"
    async with RedisServer(options={"unixsocket": str(path)}):
        connection = Connection.to(f"unix://{path}")
        assert (await Store(connection).join(wish("s1"))).outcome == "queued"
        await connection.close()


@pytest.mark.parametrize("url", ["http://localhost", "redis+sentinel://localhost:26379", "redis://localhost:port"])
def test_what_is_no_address_of_redis_is_said(url):
    with pytest.raises(UserError, match="REDIS_URL"):
        Connection.to(url)


async def test_sentinel_names_the_primary_and_a_failover_passes():
    async with RedisServer() as primary, RedisServer(replica_of=primary) as replica, RedisSentinel(primary) as sentinel:
        store = Store(Connection.to(sentinel.url))
        await store.join(wish("s1"))
        await until(lambda: _knows(sentinel, replica))
        before = await store.sweep()
        primary.kill()
        await until(lambda: asyncio.to_thread(lambda: sentinel.primary_port() == replica.port))
        await until(lambda: _goes_through(store.join(wish("s2"))))
        found, _ = await store.sessions()
        assert {one.session_id for one in found} == {"s1", "s2"}
        assert before.quarantine_ms
        assert (await store.sweep()).quarantine_ms > before.quarantine_ms / 2  # another run: holders report first
        await store.close()


async def _knows(sentinel: RedisSentinel, replica: RedisServer) -> bool:
    info = await asyncio.to_thread(replica.command, "INFO", "replication")
    return bool(await asyncio.to_thread(sentinel.replicas)) and "master_link_status:up" in info


async def _goes_through(call) -> bool:
    with contextlib.suppress(StoreError):
        await call
        return True
    return False


# --- Troubles -----------------------------------------------------------------------------------------------------------


async def test_a_server_that_is_not_there_freezes_everything(redis_server):
    async with connected(redis_server) as store:
        await store.sweep()
        redis_server.kill()
        for call in (store.sweep(), store.session("s1"), store.events("$", 200), store.runners()):
            assert (await refusal(call)).frozen
        local = Connection.to(f"redis://localhost:{redis_server.port}/0")  # two addresses: neither of them listens
        assert (await refusal(Store(local).sweep())).frozen
        await local.close()


async def test_a_server_that_does_not_answer_is_given_up_in_time(redis_server):
    async with connected(redis_server) as store:
        await store.sweep()
        redis_server.stop()
        said = await asyncio.gather(
            refusal(store.sweep()), refusal(store.session("s1")), refusal(store.events("$", 200)), refusal(store.ping())
        )
        assert not any(one.frozen for one in said)  # others may reach it
        cold = Connection.to(redis_server.url)
        assert not (await refusal(Store(cold).sweep())).frozen
        redis_server.cont()
        await until(lambda: _goes_through(store.sweep()))
        await cold.close()


async def test_a_restart_costs_nobody_more_than_one_call(redis_server):
    async with connected(redis_server) as store:
        await joined(store)
        redis_server.restart()
        refused = 0
        for _ in range(20):
            try:
                await store.session("s1")
            except StoreError:
                refused += 1
        assert refused <= 1
        found = await store.session("s1")
        assert found
        assert found.state == "joined"


async def test_scripts_that_the_server_has_forgotten_are_sent_again(redis_server):
    async with connected(redis_server) as store:
        await store.join(wish("s1"))
        redis_server.command("SCRIPT", "FLUSH")
        assert (await store.join(wish("s1"))).outcome == "duplicate"


async def test_a_full_store_refuses_what_is_new_and_keeps_what_it_has(redis_server):
    async with connected(redis_server) as store:
        epoch = await joined(store)
        await store.join(wish("s2"))
        second = await store.session("s2")
        assert second
        redis_server.config_set("maxmemory", "1")
        for call in (store.join(wish("s3")), store.order("s1", "o1", "say", "{}", by="ann")):
            said = await refusal(call)
            assert "memory" in said.message
            assert not said.frozen
        assert await store.session("s3") is None
        assert (await store.claim("s2", second.epoch, "r1"))[0] == "ok"
        assert await store.joined("s2", second.epoch, "r1") == "ok"
        assert (await store.renew("r1", [Reported(session_id="s1", epoch=epoch)])).known
        assert await store.done("s1", epoch, "r1", "ended", "left") == "ok"
        assert await store.cancel("s2") == "stopping"
        assert (await store.sweep()).failed == ()
        assert await store.drain("r1") == 1
        redis_server.config_set("maxmemory", "0")
        assert (await store.join(wish("s3"))).outcome == "queued"


async def test_a_replica_is_named_as_such():
    async with RedisServer() as primary, RedisServer(replica_of=primary) as replica, connected(replica) as store:
        said = await refusal(store.join(wish("s1")))
        assert "replica" in said.message
        assert not said.frozen


async def test_a_disk_that_fails_freezes_everything(redis_server):
    async with connected(redis_server) as store:
        await store.join(wish("s1"))
        redis_server.config_set("appendonly", "no")
        redis_server.config_set("save", "1 1")
        (redis_server.folder / "data" / "dump.rdb").mkdir()  # what it is to write can't be written
        await store.join(wish("s2"))
        with contextlib.suppress(RuntimeError):
            redis_server.command("BGSAVE")
        await until(
            lambda: asyncio.to_thread(lambda: "bgsave_status:err" in redis_server.command("INFO", "persistence"))
        )
        said = await refusal(store.join(wish("s3")))
        assert "disk" in said.message
        assert said.frozen
        assert await store.session("s1")  # reading goes on


async def test_a_server_that_still_loads_freezes_everything(redis_server):
    async with connected(redis_server) as store:
        await store.join(wish("s1"))
        redis_server.command("EVAL", "for i = 1, 50000 do redis.call('SET', 'x' .. i, i) end", "0")
        redis_server.kill()
        redis_server.options["key-load-delay"] = "10"  # microseconds for each key
        starting = asyncio.create_task(asyncio.to_thread(redis_server.start))
        said = [await refusal(store.join(wish("s2")))]
        while "loading" not in said[-1].message and not starting.done():
            said.append(await refusal(store.join(wish("s2"))))
        assert "loading" in said[-1].message
        assert said[-1].frozen
        await starting
        assert (await store.join(wish("s2"))).outcome == "queued"


async def test_a_restart_is_seen_by_the_sweep_and_nobody_is_reaped_for_two_leases(redis_server):
    async with connected(redis_server, limits=Limits(lease_ms=400)) as store:
        await until(lambda: _calm(store))
        epoch = await joined(store)
        redis_server.kill()
        redis_server.start()
        swept = await store.sweep()
        assert 400 < swept.quarantine_ms <= 800
        assert (swept.failed, swept.runners) == ((), ())
        await until(lambda: _calm(store))
        await until(lambda: _is(store, "s1", "failed"))
        assert await store.joined("s1", epoch, "r1") == "fenced"


async def _calm(store: Store) -> bool:
    return (await store.sweep()).quarantine_ms == 0


async def _is(store: Store, sid: str, state: str) -> bool:
    await store.sweep()
    found = await store.session(sid)
    return bool(found and found.state == state)


# --- Many at once, and some who change their mind ---------------------------------------------------------------------------


async def test_more_waiting_reads_than_connections_harm_nobody(redis_server, monkeypatch):
    monkeypatch.setattr("framework.control.connection.CONNECTIONS", 8)
    async with connected(redis_server) as store:
        await store.ping()
        waiting = [asyncio.create_task(store.events("$", 600)) for _ in range(12)]
        await asyncio.sleep(0)
        assert (await store.join(wish("s1"))).outcome == "queued"
        heard = await asyncio.gather(*waiting)
        assert len(heard) == 12


async def test_a_waiting_read_ends_however_long_it_asks_to_wait(redis_server, monkeypatch):
    monkeypatch.setattr("framework.control.connection.WAIT_S", 0.2)
    async with connected(redis_server) as store, asyncio.timeout(CALL_S + LEEWAY_S):
        assert await store.events("$", 3_600_000) == []


async def test_a_call_that_is_cancelled_gives_its_answer_to_nobody_else(redis_server):
    async with connected(redis_server) as store:
        await joined(store)
        for round_ in range(60):
            calls = [asyncio.create_task(store.session("s1") if n % 2 else store.by_state()) for n in range(8)]
            reads = [asyncio.create_task(store.events("0-0", 200)) for _ in range(4)]
            for _ in range(round_ % 5):
                await asyncio.sleep(0)
            for task in (*calls[::3], *reads[::2]):
                task.cancel()
            done = await asyncio.gather(*calls, *reads, return_exceptions=True)
            for n, answer in enumerate(done[:8]):
                if not isinstance(answer, asyncio.CancelledError):
                    assert answer["joined"] == 1 if n % 2 == 0 else answer.session_id == "s1"
        assert (await store.session("s1")).state == "joined"
        assert (await store.events("0-0", 200))[-1].session_id == "s1"


async def test_nothing_is_lost_by_a_cancelled_join(redis_server):
    async with connected(redis_server) as store:
        for n in range(50):
            task = asyncio.create_task(store.join(wish(f"s{n}")))
            for _ in range(n % 4):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert (await store.join(wish(f"s{n}"))).outcome in ("queued", "duplicate")
        assert (await store.by_state())["queued"] == 50
