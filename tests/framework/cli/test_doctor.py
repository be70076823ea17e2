"""`convo doctor`: what was read, what is wrong, what to do about it."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from framework.cli.environment import NAMES, readings
from framework.cli.main import main
from framework.control.connection import Connection
from framework.control.records import Request, Runner
from framework.control.store import Store
from framework.sessions.spec import SessionSpec
from framework.testing.redis import RedisServer

ROOT = Path(__file__).parents[3]


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """No gateway, no store, no name set."""
    for name in (*(one.name for one in NAMES), "CONVO_GATEWAY", "CONVO_API_KEY", "CONVO_ENV", "CONVO_BUILD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    return monkeypatch


def examined(capsys):
    told = json.loads(capsys.readouterr().out)
    return {(one["about"], one["level"]): one["message"] for one in told["findings"]}


async def test_a_store_that_would_lose_or_evict_is_wrong_and_says_what_to_set(alone, capsys):
    async with RedisServer() as server:
        alone.setenv("REDIS_URL", server.url)
        assert await asyncio.to_thread(main, ["doctor"]) == 0
        assert "appendfsync always" in capsys.readouterr().out
        server.config_set("maxmemory-policy", "allkeys-lru")
        server.config_set("appendonly", "no")
        assert await asyncio.to_thread(main, ["doctor"]) == 1
        said = capsys.readouterr().out
        assert "Set `maxmemory-policy noeviction`." in said
        assert "Set `appendonly yes` and `appendfsync always`." in said


def test_without_anything_nothing_is_wrong(alone, capsys):
    alone.setenv("CONVO_GATEWAY", "")
    assert main(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert "None of the names is set" in shown
    assert "50 sessions at a time, 3 free slots kept ready" in shown
    assert "REDIS_URL is not set" in shown


def test_names_are_listed_with_their_meaning_and_secrets_are_not_shown(alone, capsys):
    alone.setenv("OPENAI_API_KEY", "sk-very-secret")
    alone.setenv("SESSION_TIMEOUT", "60000")
    alone.setenv("MAX_BOTS", "9")
    alone.setenv("CONVO_LIMITS_MAX_LIVE", "4")
    main(["doctor"])
    shown = capsys.readouterr().out
    assert "sk-very-secret" not in shown
    assert re.search(r"OPENAI_API_KEY +\(set\) +OpenAI", shown)
    assert re.search(r"MAX_BOTS +9 .*CONVO_LIMITS_MAX_LIVE is set and wins", shown)
    assert "longest session 60 s" in shown


def test_names_that_mean_nothing_any_more_draw_a_warning(alone, capsys):
    alone.setenv("BOT_ADMIN_MESSAGE_DIR", "/orders")
    assert main(["doctor", "--json"]) == 0
    assert "POST /admin" in examined(capsys)["environment", "warning"]


def test_a_wrong_value_is_wrong(alone, capsys):
    alone.setenv("SESSION_TIMEOUT", "30 minutes")
    assert main(["doctor", "--json"]) == 1
    assert "SESSION_TIMEOUT is `30 minutes`" in examined(capsys)["environment", "error"]


def test_a_store_that_is_away_is_wrong_and_its_password_is_not_shown(alone, capsys):
    alone.setenv("REDIS_URL", "redis://:hush@127.0.0.1:9/0")
    assert main(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert "the store can't be reached" in shown
    assert "hush" not in shown


async def test_sessions_that_wait_for_nobody_are_named_with_why(alone, capsys):
    async with RedisServer() as server:
        alone.setenv("REDIS_URL", server.url)
        store = Store(Connection.to(server.url))
        await store.join(Request(spec=SessionSpec(session_id="s1", bot="hello"), room="s1"))
        assert await asyncio.to_thread(main, ["doctor", "--json"]) == 0
        assert "1 wait in `shared.default.any`, which no runner serves" in examined(capsys)["store", "warning"]
        await store.launch("shared.default.any", 1, 1000, ["c1"])
        await store.unlaunch("c1", "no such image")
        await asyncio.to_thread(main, ["doctor", "--json"])
        assert "1 launches for it have failed" in examined(capsys)["store", "warning"]
        await store.register(Runner(runner_id="r", capacity=3))
        await asyncio.to_thread(main, ["doctor", "--json"])
        found = examined(capsys)
        assert found["store", "ok"] == "runners: 1, slots: 3, free: 2; sessions that wait: 0"
        await store.close()


def test_a_gateway_that_was_named_and_is_away_is_wrong(alone, capsys):
    alone.setenv("CONVO_GATEWAY", "http://127.0.0.1:9")
    assert main(["doctor", "--json"]) == 1
    assert "can't be reached" in examined(capsys)["gateway", "error"]


def test_a_gateway_on_this_machine_without_keys_is_good(fleet, alone, capsys):
    alone.setenv("CONVO_GATEWAY", fleet.url)
    assert main(["doctor", "--json"]) == 0
    assert examined(capsys)["gateway", "ok"] == "it wants no key from this machine"


def test_a_gateway_that_takes_the_key_is_good(fleet, alone, capsys):
    reader, joiner = fleet.key("read"), fleet.key("join")
    alone.setenv("CONVO_GATEWAY", fleet.url)
    alone.setenv("CONVO_API_KEY", reader)
    assert main(["doctor", "--json"]) == 0
    assert examined(capsys)["gateway", "ok"] == "it takes the key"
    alone.setenv("CONVO_API_KEY", joiner)
    assert main(["doctor", "--json"]) == 0
    assert examined(capsys)["gateway", "ok"] == "it knows the key, which may not read sessions"
    alone.setenv("CONVO_API_KEY", "convo_0123456789abcdef_" + "x" * 43)
    assert main(["doctor", "--json"]) == 1
    assert ("gateway", "error") in examined(capsys)


def test_every_name_is_listed_on_demand(alone, capsys):
    main(["doctor", "--all", "--json"])
    assert len(json.loads(capsys.readouterr().out)["names"]) == len(NAMES)


def test_a_name_is_read_by_this_version_or_said_not_to_be():
    sources = [path for top in ("framework", "plugins") for path in (ROOT / top).rglob("*.py")]
    read = "\n".join(path.read_text() for path in sources if path.name != "environment.py")
    for name in NAMES:
        assert bool(re.search(rf"\b{name.name}\b", read)) is not name.later, name.name


def test_only_the_name_that_counts_counts():
    [one] = [one for one in readings({"MAX_BOTS": "9", "CONVO_LIMITS_MAX_LIVE": "4"}) if one.value]
    assert (one.name.name, one.by) == ("MAX_BOTS", "CONVO_LIMITS_MAX_LIVE")
