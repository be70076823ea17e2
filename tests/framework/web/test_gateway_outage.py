"""The gateway while the store is away, comes back, or was never there; over a real server."""

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from framework.control.connection import Connection
from framework.control.store import Store
from framework.errors import UserError
from framework.processes.dotenv import load, parse
from framework.processes.gateway import main
from framework.project import Project
from framework.web.catalog import Catalog
from framework.web.starting import Wanted, session_of


async def until(look, holds, within=20):
    async with asyncio.timeout(within):
        while not holds(seen := await look()):
            await asyncio.sleep(0.05)
    return seen


@pytest.fixture
async def over_redis(run_gateway, redis_server):
    gateway = await run_gateway(Store(Connection.to(redis_server.url)))
    await until(lambda: gateway.get("/ready"), lambda answer: answer.status == 200)
    return gateway


async def ready(gateway, status):
    return await until(lambda: gateway.get("/ready"), lambda answer: answer.status == status)


async def test_while_the_store_is_away_everyone_is_told_so_at_once_and_then_it_goes_on(
    over_redis, redis_server, join_fleet, http
):
    await join_fleet(over_redis.store)
    started = (await over_redis.post("/start", {"transport": "websocket", "body": {"bot": "hello"}})).body
    async with (
        http.ws_connect(started["wsUrl"]) as talking,
        http.ws_connect(f"{over_redis.url}/ws/events?types=session.queued") as listening,
    ):
        await talking.send_str("one")
        assert (await talking.receive_json(timeout=10))["heard"] == "one"
        redis_server.kill()
        for path in ("/sessions", "/stats", "/events?after=0-0"):
            began = time.monotonic()
            answer = await over_redis.get(path)
            assert (answer.status, answer.headers["retry-after"]) == (503, "2")
            assert time.monotonic() - began < 5
        assert (await over_redis.post("/join", {"bot": "hello"})).status == 503
        assert (await over_redis.get("/health")).status == 200
        assert (await ready(over_redis, 503)).body["problem"] == "the store can't be reached"
        assert (await over_redis.get("/metrics")).status == 200
        # The session that talks, and its signalling, need no store.
        await talking.send_str("two")
        assert (await talking.receive_json(timeout=10))["heard"] == "two"
        path = f"/sessions/{started['sessionId']}/api/offer"
        assert (await over_redis.post(path)).body["path"] == path
        redis_server.restart()
        await ready(over_redis, 200)
        joined = await over_redis.post("/join", {"bot": "hello"})
        assert joined.status == 202
        assert (await listening.receive_json(timeout=10))["subject"] == joined.body["session_id"]


async def test_a_store_that_answers_nothing_is_waited_for_no_longer_than_its_deadline(over_redis, redis_server):
    redis_server.stop()
    try:
        began = time.monotonic()
        answer = await over_redis.post("/join", {"bot": "hello"})
        assert (answer.status, time.monotonic() - began < 6) == (503, True)
        await ready(over_redis, 503)
    finally:
        redis_server.cont()
    await ready(over_redis, 200)
    assert (await over_redis.post("/join", {"bot": "hello"})).status == 202


async def test_a_full_or_read_only_store_refuses_joins_and_shows_the_rest(over_redis, redis_server):
    redis_server.config_set("maxmemory", "1")
    assert (await over_redis.post("/join", {"bot": "hello"})).status == 503
    assert (await over_redis.get("/sessions")).status == 200
    redis_server.config_set("maxmemory", "0")
    assert (await over_redis.post("/join", {"bot": "hello"})).status == 202


async def test_two_gateways_are_one_door(run_gateway, redis_server):
    one, other = [await run_gateway(Store(Connection.to(redis_server.url))) for _ in range(2)]
    keyed = {"bot": "hello", "idempotency_key": "k"}
    answers = await asyncio.gather(*(gateway.post("/join", keyed) for gateway in (one, other) * 10))
    assert len({answer.body["session_id"] for answer in answers}) == 1
    assert sorted(answer.status for answer in answers) == [200] * 19 + [202]
    (listed,) = (await other.get("/sessions")).body["sessions"]
    assert listed["session_id"] == answers[0].body["session_id"]


def test_a_gateway_of_its_own_wants_a_store(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("framework.processes.gateway.set_up", lambda: None)
    assert main(["--port", "0"]) == 2
    assert "convo up" in capsys.readouterr().err


async def test_its_own_process_reads_its_settings_and_leaves_politely(redis_server, tmp_path, http):
    (tmp_path / ".env").write_text(f"REDIS_URL={redis_server.url}\nCONVO_ENV=test-1\n")
    (tmp_path / "convo.yaml").write_text("bots: {hello: {flow: hello}}\n")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "hello.yaml").write_text("flow: hello\ninitial_node: a\nnodes: {a: {say: Hi., end: true}}\n")
    root = str(Path(__file__).parents[3])
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("CONVO_", "REDIS_"))}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, f"{root}/gateway.py", "--port", "0"),
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": root},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    url = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().removeprefix("gateway: ").strip()

    async def ready():
        async with http.get(f"{url}/ready") as answer:
            return answer.status

    await until(ready, lambda status: status == 200)
    async with http.post(f"{url}/join", json={}) as answer:
        assert answer.status == 202
    assert redis_server.command("EXISTS", "{convo:test-1}:ev") == 1
    async with http.get(f"{url}/events") as listening:
        process.terminate()
        assert await asyncio.wait_for(listening.content.read(), 10)
        assert await asyncio.wait_for(process.wait(), 10) == 0
    assert b"Traceback" not in await process.stderr.read()


# --- Settings and files -----------------------------------------------------------------------------------------------


def test_a_file_of_settings_fills_in_what_the_shell_has_not_set(tmp_path):
    path = tmp_path / ".env"
    path.write_text("A=1\nB='two # 2' # said\nexport C=\"x\\ny\"\n\n# no\nD=\n", "utf-8")
    environment = {"A": "shell"}
    assert load(path, environment) == ["A", "B", "C", "D"]
    assert environment == {"A": "shell", "B": "two # 2", "C": "x\ny", "D": ""}
    assert load(tmp_path / "none", environment) == []


@pytest.mark.parametrize("text", ["nonsense", "A='x", 'A="x', "1A=x"])
def test_a_line_that_is_no_setting_is_named_and_not_repeated(text):
    with pytest.raises(UserError) as refused:
        parse(text)
    assert ".env:1" in str(refused.value)
    assert text not in str(refused.value)


def test_a_changed_project_is_read_again_and_a_broken_one_is_not(tmp_path):
    def write(text):
        (tmp_path / "convo.yaml").write_text(text)

    write("bots: {a: {flow: a}}\n")
    catalog = Catalog(lambda: Project.find(tmp_path))
    assert list(catalog.project.bots) == ["a"]
    write("bots: {a: {flow: a}, bee: {flow: a}}\n")
    catalog.refresh()
    assert list(catalog.project.bots) == ["a", "bee"]
    write("bots: [broken")
    catalog.refresh()
    assert (list(catalog.project.bots), bool(catalog.problem)) == (["a", "bee"], True)
    write("bots: {only: {flow: a}}\n")
    catalog.refresh()
    assert (list(catalog.project.bots), catalog.problem) == (["only"], "")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "new.yaml").write_text("flow: new\n")
    catalog.refresh()
    assert "new" in catalog.project.names("flows")


def test_what_flows_need_is_read_before_somebody_asks(tmp_path, monkeypatch):
    (tmp_path / "flows").mkdir()
    (tmp_path / "convo.yaml").write_text("bots: {a: {flow: a}, gone: {flow: gone}}\n")
    (tmp_path / "flows" / "a.yaml").write_text(
        "flow: a\ninputs: [who]\nslots: {who: person_name}\ninitial_node: hi\nnodes: {hi: {say: Hi., end: true}}\n"
    )
    catalog = Catalog(lambda: Project.find(tmp_path))
    catalog.refresh()

    monkeypatch.setattr("framework.flows.inputs.examine_file", lambda *_: pytest.fail("a file is read in a request"))

    with pytest.raises(UserError, match="`who`"):
        session_of(Wanted(bot="a"), catalog.project)
