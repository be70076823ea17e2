"""What one builds first: pop a job, pop a runner, tell it to start. Without fencing, it must fail where ours must not.

    python naive.py gateway|operator|runner pop|move

`pop` takes jobs with BLPOP; `move` with BLMOVE into a list of what is under way, which a new dispatcher does again, and
starts the sessions of silent runners elsewhere. The steps of the real programs are reached at the same places.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
import uuid

import redis.asyncio as aioredis
from aiohttp import web
from chaos.talker import WITNESS, WORD_S
from redis.exceptions import RedisError

from framework import failpoints

CAPACITY = 6
SILENT_S = 1.5


def connect() -> aioredis.Redis:
    return aioredis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)


async def gateway(store: aioredis.Redis, _: str) -> None:
    """`POST /join` puts a job into a list."""

    async def join(request: web.Request) -> web.Response:
        asked = await request.json()
        failpoints.reach("gateway.join")
        sid, key = uuid.uuid4().hex, request.headers["Idempotency-Key"]
        if await store.hsetnx("keys", key, sid):
            await store.rpush("jobs", json.dumps({"sid": sid, **asked["config"]}))
        failpoints.reach("gateway.joined")
        return web.json_response({"session_id": await store.hget("keys", key)}, status=202)

    app = web.Application()
    app.router.add_post("/join", join)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    sys.stdout.write(f"gateway: http://127.0.0.1:{port}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


async def operator(store: aioredis.Redis, way: str) -> None:
    """Pop a job, pop a runner, tell it."""
    if way == "move":
        while await store.lmove("moving", "jobs"):
            pass
        asyncio.get_running_loop().create_task(reap(store))
    while True:
        job = await _next(store, way)
        if job is None:
            continue
        failpoints.reach("operator.dispatch")
        while not (runner := await store.rpop("idle")):
            await asyncio.sleep(0.01)
        failpoints.reach("operator.dispatched")
        await store.rpush(f"start:{runner}", job)
        await store.hset("running", json.loads(job)["sid"], json.dumps([runner, job]))
        failpoints.reach("operator.swept")
        if way == "move":
            await store.lrem("moving", 1, job)


async def _next(store: aioredis.Redis, way: str) -> str | None:
    if way == "move":
        return await store.blmove("jobs", "moving", 1)
    popped = await store.blpop(["jobs"], 1)
    return popped[1] if popped else None


async def reap(store: aioredis.Redis) -> None:
    """Sessions of runners that are silent are started again."""
    while True:
        await asyncio.sleep(0.2)
        for sid, text in (await store.hgetall("running")).items():
            runner, job = json.loads(text)
            if not await store.exists(f"alive:{runner}"):
                await store.hdel("running", sid)
                await store.rpush("jobs", job)


async def runner(store: aioredis.Redis, _: str) -> None:
    """Start what one is told to start."""
    me = uuid.uuid4().hex
    talks: set[asyncio.Task[None]] = set()
    for _ in range(CAPACITY):
        await store.rpush("idle", me)

    async def beat() -> None:
        while True:
            await store.set(f"alive:{me}", "1", px=int(SILENT_S * 1000))
            await asyncio.sleep(SILENT_S / 5)

    talks.add(asyncio.create_task(beat()))
    while True:
        if told := await store.blpop([f"start:{me}"], 1):
            failpoints.reach("runner.command")
            talks.add(asyncio.create_task(talk(store, me, json.loads(told[1]))))


async def talk(store: aioredis.Redis, me: str, job: dict[str, object]) -> None:
    """One session, in the witness's room."""
    _, room = await asyncio.open_connection("127.0.0.1", int(os.environ[WITNESS]))
    room.write(f"join {job['sid']} {time.time_ns() // 1000} bot-bot\n".encode())
    for _ in range(int(float(str(job["lasts_s"])) / WORD_S)):
        failpoints.reach("worker.event")
        room.write(b"word\n")
        await asyncio.sleep(WORD_S)
    room.close()
    await store.hdel("running", str(job["sid"]))
    await store.rpush("idle", me)


if __name__ == "__main__":
    with contextlib.suppress(RedisError):
        asyncio.run({"gateway": gateway, "operator": operator, "runner": runner}[sys.argv[1]](connect(), sys.argv[2]))
