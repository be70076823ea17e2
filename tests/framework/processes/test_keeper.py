"""What a worker says of its sessions' states: the last one only, never more than the supervisor can read."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
from typing import Any

import pytest

from framework.errors import UserError
from framework.processes import keeper as keeping
from framework.processes.keeper import Keeper, left_off
from framework.processes.messages import Kept
from framework.sessions.checkpoints import Checkpoint, packed, unpacked
from framework.sessions.spec import Room, SessionSpec


def checkpoint(**state: Any) -> Checkpoint:
    spec = SessionSpec(session_id="one", room=Room(url="https://x.daily.co/y", token="t0ken"), epoch=4)
    return Checkpoint(format=1, hash="h", state=state, context=[{"role": "user", "content": "hi"}], spec=spec)


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.fixture
async def keeper(pair, monkeypatch):
    """A keeper, and what it has said."""
    monkeypatch.setattr(keeping, "LATER_S", 0.02)
    monkeypatch.setattr(keeping, "BUSY_S", 0.02)
    said: list[Kept] = []
    keeper = Keeper("one", pair[0], said.append, secrets=False)
    yield keeper, said
    keeper.close()


async def until(holds) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.005)


async def test_of_many_steps_the_last_one_is_said(keeper):
    keeper, said = keeper
    for step in range(50):
        keeper.keep(checkpoint(step=step))
    await until(lambda: said)
    assert [unpacked(one.checkpoint).state for one in said] == [{"step": 49}]
    keeper.keep(checkpoint(step=50))
    await until(lambda: len(said) == 2)
    assert unpacked(said[1].checkpoint).state == {"step": 50}


async def test_what_opens_a_room_is_not_kept(keeper):
    keeper, said = keeper
    keeper.keep(checkpoint())
    await until(lambda: said)
    assert "t0ken" not in unpacked(said[0].checkpoint).model_dump_json()


async def test_a_supervisor_that_does_not_read_is_not_waited_for(keeper, pair):
    keeper, said = keeper
    ours, theirs = pair
    ours.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while ours.send(b"x" * 4096):
            pass
    keeper.keep(checkpoint(step=1))
    await asyncio.sleep(0.1)  # as long as several attempts
    keeper.keep(checkpoint(step=2))
    assert said == []
    theirs.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while theirs.recv(1 << 20):
            pass
    await until(lambda: said)
    assert [unpacked(one.checkpoint).state for one in said] == [{"step": 2}]


async def test_a_state_that_is_too_large_is_not_kept_and_the_old_one_is_forgotten(keeper):
    keeper, said = keeper
    noise = random.Random(7).randbytes(200_000).hex()
    keeper.keep(checkpoint(step=1))
    await until(lambda: said)
    keeper.keep(checkpoint(noise=noise))
    await until(lambda: len(said) == 2)
    assert said[1].checkpoint == ""


async def test_at_the_end_it_is_forgotten_and_nothing_more_is_said(keeper):
    keeper, said = keeper
    keeper.keep(checkpoint(step=1))
    await until(lambda: said)
    keeper.keep(checkpoint(step=2))
    keeper.drop()
    keeper.drop()
    await asyncio.sleep(0.1)
    assert [bool(one.checkpoint) for one in said] == [True, False]


def test_what_is_packed_is_the_same_when_it_is_unpacked():
    kept = checkpoint(slots={"name": "Ada"}, at=1.5)
    assert unpacked(packed(kept)) == kept


@pytest.mark.parametrize("text", ["?", "aGk=", packed(checkpoint())[:-8], json.dumps({"format": 1})])
def test_what_is_no_checkpoint_is_told_and_a_session_begins_anew(text):
    with pytest.raises(UserError, match="can't be read"):
        unpacked(text)
    assert left_off(text) is None
    assert left_off("") is None
