"""`gateway`: joins over HTTP against the script run raw, appending against XADD, event streams against bare ones."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import PROJECT, Ratio, Size, environment, figures, in_turn, program, quotient
from framework.control import scripts
from framework.control.connection import Connection
from framework.control.records import Limits
from framework.testing.redis import RedisServer

JOIN_BAR, APPEND_BAR, TAIL_BAR, STREAM_BAR = 0.3, 0.12, 2.5, 1.5
CLIENTS = 64
LISTENERS = 300
EVENTS, EVERY_S = 200, 0.02
ENOUGH = 100_000_000
REWRITE_S = 10.0
BODY = {"bot": "guide", "identity": {"id": "u1", "name": "Ann"}, "inputs": {"topic": "billing", "count": 12}}
_LINE = re.compile(r"^ +(50|99)% +([\d.]+)(us|ms|s) *$", re.MULTILINE)
_UNIT = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


def measure(size: Size) -> list[Ratio]:
    """All sides on one Redis server that writes each change to its disk before it answers."""
    seconds = 1 if size.tiny else 6
    calls = 2_000 if size.tiny else 60_000
    with RedisServer(options={"auto-aof-rewrite-percentage": "0"}) as server:
        found = in_turn(
            size,
            {
                "join": lambda: _fresh(server, lambda: over_http(server, "join", seconds)),
                "join, raw": lambda: _fresh(server, lambda: raw(server, script(server), calls)),
                "append": lambda: _fresh(server, lambda: over_http(server, "append", seconds)),
                "append, raw": lambda: _fresh(server, lambda: raw(server, _append(), calls)),
                "streams": lambda: _fresh(server, lambda: streams(server, size)),
                "sockets": lambda: sockets(size),
            },
        )
    return _ratios(found)


def _ratios(found: dict[str, list[Any]]) -> list[Ratio]:
    joins = [one["per_s"] for one in found["join"]]
    appends = [one["per_s"] for one in found["append"]]
    tails = [one["p99"] / one["p50"] for one in found["join"]]
    return [
        quotient(
            "gateway join",
            joins,
            found["join, raw"],
            JOIN_BAR,
            at_least=True,
            raw={
                "joins over HTTP, 1/s": figures(joins, digits=0),
                "the script raw, 1/s": figures(found["join, raw"], digits=0),
                "p50, ms": figures([one["p50"] for one in found["join"]], times=1000, digits=1),
                "p99, ms": figures([one["p99"] for one in found["join"]], times=1000, digits=1),
            },
        ),
        quotient("gateway p99 / p50", tails, [1.0], TAIL_BAR, raw={"p99 / p50": figures(tails, digits=2)}),
        quotient(
            "gateway append",
            appends,
            found["append, raw"],
            APPEND_BAR,
            at_least=True,
            raw={
                "appended over HTTP, 1/s": figures(appends, digits=0),
                "XADD raw, 1/s": figures(found["append, raw"], digits=0),
            },
        ),
        quotient(
            "event streams",
            found["streams"],
            found["sockets"],
            STREAM_BAR,
            raw={
                "CPU of a gateway's streams, s": figures(found["streams"], digits=2),
                "CPU of bare sockets, s": figures(found["sockets"], digits=2),
            },
        ),
    ]


def _fresh(server: RedisServer, side: Any) -> Any:
    """Each run begins with an empty store and an empty log.

    Redis shortens its log before a run and not during one: the process that does so would take turns with what is
    measured, on machines with two cores.
    """
    server.command("FLUSHALL", "ASYNC")
    server.command("BGREWRITEAOF")
    until = time.monotonic() + REWRITE_S
    while "aof_rewrite_in_progress:1" in server.command("INFO", "persistence") and time.monotonic() < until:
        time.sleep(0.05)
    return side()


# --- Requests ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def served(server: RedisServer, kind: str, **more: str) -> Iterator[tuple[str, int]]:
    """A gateway's address and process."""
    told = environment(REDIS_URL=server.url, CONVO_RATE_REQUESTS="0", CONVO_LIMITS_MAX_QUEUED=str(ENOUGH), **more)
    with _running([*program("gateway", kind, PROJECT)], told) as (process, url):
        yield url, process.pid


@contextlib.contextmanager
def _running(command: list[str], told: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(command, env=told, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield process, process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(20)


def over_http(server: RedisServer, kind: str, seconds: int) -> dict[str, float]:
    """Requests a second and how long they took, after a moment to warm up."""
    with served(server, kind) as (url, _), _wrk_script() as script:
        _wrk(url, script, 1)
        said = _wrk(url, script, seconds)
    if "Non-2xx" in said:
        raise RuntimeError(f"joins were refused:\n{said}")
    times = {percent: float(value) * _UNIT[unit] for percent, value, unit in _LINE.findall(said)}
    rate = re.search(r"Requests/sec: +([\d.]+)", said)
    assert rate
    return {"per_s": float(rate[1]), "p50": times["50"], "p99": times["99"]}


@contextlib.contextmanager
def _wrk_script() -> Iterator[Path]:
    lines = [
        'wrk.method = "POST"',
        f"wrk.body = {json.dumps(json.dumps(BODY))}",
        'wrk.headers["Content-Type"] = "application/json"',
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "join.lua"
        path.write_text("\n".join(lines))
        yield path


def _wrk(url: str, script: Path, seconds: int) -> str:
    words = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds}s", "--latency", "-s", str(script), f"{url}/join"]
    return subprocess.run(words, capture_output=True, text=True, timeout=seconds + 60, check=True).stdout


def raw(server: RedisServer, words: list[str], calls: int) -> float:
    """Commands a second without anything between."""
    command = ["redis-benchmark", "-p", str(server.port), "-c", str(CLIENTS), "-n", str(calls), "-r", str(10**9)]
    said = subprocess.run([*command, "--csv", *words], capture_output=True, text=True, timeout=300, check=True).stdout
    return float(said.strip().splitlines()[-1].rsplit('","', 7)[1])


def script(server: RedisServer) -> list[str]:
    """The very script, with what the gateway sends for the same request."""
    digest = server.command("SCRIPT", "LOAD", scripts.source("join"))
    limits = {**Limits(max_queued=ENOUGH).model_dump(), "env": "bench"}
    name = "b" * 20 + "__rand_int__"
    wish = {
        "session": name,
        "tenant": "default",
        "room": name,
        "role": "bot",
        "bot": "guide",
        "pool": "shared.default.any",
        "priority": "5",
        "key": "",
        "fingerprint": "",
        "not_after": 0,
        "on_lost": "fail",
        "tenant_live": 0,
        "tenant_queued": 0,
        "bot_live": 0,
    }
    digest = digest.decode() if isinstance(digest, bytes) else str(digest)
    return ["EVALSHA", digest, "1", "{convo:bench}:", json.dumps(limits), json.dumps(wish), json.dumps(_spec(name))]


def _append() -> list[str]:
    return ["XADD", "appended", "*", "spec", json.dumps(_spec("b" * 20 + "__rand_int__"))]


def _spec(name: str) -> dict[str, Any]:
    asked = {"identity": BODY["identity"], "inputs": BODY["inputs"]}
    return {
        "session_id": name,
        "bot": "guide",
        "flow": "guide",
        "transport": "smallwebrtc",
        "stack": "offline",
        **asked,
    }


# --- Events -----------------------------------------------------------------------------------------------------------


def streams(server: RedisServer, size: Size) -> float:
    """CPU seconds of a gateway that tells many listeners what happens."""
    with served(server, "join") as (url, pid):
        return asyncio.run(_listened(server, url, pid, _count(size)))


async def _listened(server: RedisServer, url: str, pid: int, events: int) -> float:
    connection = Connection.to(server.url)
    readers = await _readers(url, "/events")
    before = _cpu(pid)
    begin = time.monotonic()
    for number in range(events):
        await asyncio.sleep(begin + number * EVERY_S - time.monotonic())
        await connection.do("XADD", "{convo:bench}:ev", "*", "tenant", "default", "session", "s", "event", _event())
    await _until_read(readers, events * len(_event()))
    took = _cpu(pid) - before
    await connection.close()
    return took


def sockets(size: Size) -> float:
    """CPU seconds of bare sockets that get the same bytes at the same times."""
    events = _count(size)
    length = len(f"id: {int(time.time() * 1000)}-0\ndata: {_event()}\n\n".encode())
    told = program("sockets", LISTENERS, events, EVERY_S, length)
    with _running(told, environment()) as (process, url):
        return asyncio.run(_written(process, url, events * length))


async def _written(process: subprocess.Popen[str], url: str, length: int) -> float:
    readers = await _readers(url, "/")
    before = _cpu(process.pid)
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()
    await _until_read(readers, length)
    return _cpu(process.pid) - before


async def _readers(url: str, path: str) -> list[_Counting]:
    """Clients that count what they read, each from its own connection; the first bytes are read already."""
    host, _, port = url.removeprefix("http://").partition(":")
    found = []
    for _ in range(LISTENERS):
        _, reader = await asyncio.get_running_loop().create_connection(_Counting, host, int(port))
        await reader.ask(path)
        found.append(reader)
    return found


class _Counting(asyncio.Protocol):
    """Asks for a stream and counts its bytes."""

    def __init__(self) -> None:
        self.read = 0
        self._begun = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    async def ask(self, path: str) -> None:
        """Begin."""
        self.transport.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        await self._begun.wait()
        self.read = 0

    def data_received(self, data: bytes) -> None:
        self.read += len(data)
        self._begun.set()


async def _until_read(readers: list[_Counting], length: int) -> None:
    async with asyncio.timeout(60):
        while any(reader.read < length for reader in readers):  # noqa: ASYNC110 - all of them, not the first
            await asyncio.sleep(0.05)
    for reader in readers:
        reader.transport.close()


def _event() -> str:
    data = {"order": "o" * 32, "final": False, "why": ""}
    told = {"specversion": "1.0", "id": "1", "source": "/convo/bench", "type": "order.applied", "subject": "s" * 32}
    return json.dumps({**told, "time": "2026-01-01T00:00:00.000Z", "tenant": "default", "data": data})


def _count(size: Size) -> int:
    return 10 if size.tiny else EVENTS


def _cpu(pid: int) -> float:
    spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(spent[11]) + int(spent[12])) / os.sysconf("SC_CLK_TCK")
