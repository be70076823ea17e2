"""Keys at hand: fresh enough, not too often, and for a while without the store."""

import asyncio

import pytest

from framework.errors import StoreError
from framework.web.apikeys import issue
from framework.web.cache import KeyCache
from framework.web.ports import RefusedError


class Ring:
    """A keyring that counts its reads and can be away."""

    def __init__(self, *records):
        self.records = list(records)
        self.reads = 0
        self.away = False
        self.slow = None

    async def all(self):
        self.reads += 1
        if self.slow:
            await self.slow.wait()
        if self.away:
            raise StoreError("the store is away at redis://:s3cret@10.0.0.1")
        return list(self.records)


class Hands:
    """A clock that is moved by hand."""

    def __init__(self):
        self.time = 1000.0

    def __call__(self):
        return self.time


@pytest.fixture
def record():
    return issue("web", tenant="acme", scopes=("join",))[1]


@pytest.fixture
def clock():
    return Hands()


async def test_a_known_key_is_read_once_in_five_seconds(record, clock):
    ring = Ring(record)
    keys = KeyCache(ring, clock=clock)
    for _ in range(100):
        assert await keys.find(record.key_id) == record
        clock.time += 0.049
    assert ring.reads == 1
    clock.time += 1
    await keys.find(record.key_id)
    assert ring.reads == 2


async def test_a_revoked_key_is_seen_after_five_seconds(record, clock):
    ring = Ring(record)
    keys = KeyCache(ring, clock=clock)
    await keys.find(record.key_id)
    ring.records = [record.revoked()]
    clock.time += 5
    assert (await keys.find(record.key_id)).revoked_at


async def test_a_new_key_is_found_within_a_second_and_unknown_ones_cost_one_read_a_second(record, clock):
    ring = Ring()
    keys = KeyCache(ring, clock=clock)
    for number in range(1000):
        assert await keys.find(f"unknown{number}") is None
    assert ring.reads == 1
    ring.records = [record]
    clock.time += 1
    assert await keys.find(record.key_id) == record
    for number in range(1000):
        await keys.find(f"unknown{number}")
    assert ring.reads == 2


async def test_many_requests_at_once_wait_for_one_read(record, clock):
    ring = Ring(record)
    ring.slow = asyncio.Event()
    keys = KeyCache(ring, clock=clock)
    asking = [asyncio.create_task(keys.find(record.key_id)) for _ in range(50)]
    await asyncio.sleep(0)
    ring.slow.set()
    assert all(await asyncio.wait_for(asyncio.gather(*asking), 10))
    assert ring.reads == 1


async def test_the_last_known_keys_count_for_a_minute_of_an_outage_then_nobody_gets_in(record, clock):
    ring = Ring(record)
    keys = KeyCache(ring, clock=clock)
    await keys.find(record.key_id)
    ring.away = True
    for _ in range(59):
        clock.time += 1
        assert await keys.find(record.key_id) == record
    clock.time += 2
    with pytest.raises(RefusedError) as refused:
        await keys.find(record.key_id)
    assert (refused.value.status, refused.value.retry_after_s) == (503, 2)
    assert "s3cret" not in str(refused.value)
    ring.away = False
    clock.time += 1
    assert await keys.find(record.key_id) == record


async def test_an_outage_is_asked_about_once_a_second_not_by_every_request(record, clock):
    ring = Ring(record)
    ring.away = True
    keys = KeyCache(ring, clock=clock)
    for _ in range(100):
        with pytest.raises(RefusedError):
            await keys.find(record.key_id)
    assert ring.reads == 1


async def test_before_anything_is_known_an_outage_is_not_taken_for_no_keys(clock):
    ring = Ring()
    ring.away = True
    with pytest.raises(RefusedError):
        await KeyCache(ring, clock=clock).any()
