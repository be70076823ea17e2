"""`convo operator`: as a process, with its small port."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from framework.cli.main import main
from framework.control.settings import OperatorSettings
from framework.testing.redis import RedisServer

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def operator(tmp_path):
    """Start an operator on a free port; what still runs at the end is killed."""
    (tmp_path / "convo.yaml").write_text("bots: {}\n")
    started = []

    async def operator(redis, *arguments, **environment):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "framework", "operator", "--port", "0", *arguments),
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "REDIS_URL": redis, "CONVO_LAUNCHER": "none", **environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        started.append(process)
        line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
        process.url = line.removeprefix("operator: ").strip()
        return process

    yield operator
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def told(url, status=200, **headers):
    """What it answers, once it answers with this status."""
    async with asyncio.timeout(30), aiohttp.ClientSession(headers=headers) as http:
        while True:
            async with http.get(url) as answer:
                if answer.status == status:
                    return await answer.text()
            await asyncio.sleep(0.05)


async def test_it_shows_that_it_gets_on_and_ends_at_once_when_told(operator):
    async with RedisServer() as server:
        process = await operator(server.url)
        assert "ready" in await told(process.url + "/ready")
        assert '"status":"ok"' in await told(process.url + "/health")
        figures = await told(process.url + "/metrics")
        assert "convo_operator_ready 1.0" in figures
        assert 'convo_operator_pool_want{pool="shared.default.any"} 3.0' in figures
        server.kill()
        assert "can't be reached" in await told(process.url + "/ready", 503)
        assert '"status":"ok"' in await told(process.url + "/health")
        await asyncio.to_thread(server.start)
        await told(process.url + "/ready")
        process.send_signal(signal.SIGTERM)
        _, said = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 0
        assert said.decode().count("something does not work") == 1
        assert "Traceback" not in said.decode()


async def test_figures_want_the_token_where_there_is_one(operator):
    async with RedisServer() as server:
        process = await operator(server.url, CONVO_OPERATOR_TOKEN="hush")
        await told(process.url + "/metrics", 401)
        await told(process.url + "/metrics", 401, Authorization="Bearer hus")
        assert "convo_operator" in await told(process.url + "/metrics", Authorization="Bearer hush")
        await told(process.url + "/health")


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["--launcher", "kubernets"], {}, "Did you mean `kubernetes`?"),
        (["--host", "0.0.0.0"], {}, "Set CONVO_OPERATOR_TOKEN to a long random text"),
        ([], {"PREWARM_POOL_SIZE": "few"}, "PREWARM_POOL_SIZE is `few`, which is no whole number"),
        ([], {"REDIS_URL": "http://here"}, "REDIS_URL is no address of Redis"),
    ],
)
def test_what_is_set_wrongly_is_said_before_anything_begins(
    arguments, environment, said, capsys, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONVO_LAUNCHER", "none")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["operator", "--port", "0", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_its_manual_names_every_setting(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    main(["operator", "--help"])
    manual = capsys.readouterr().out
    old = ("MAX_BOTS", "SESSION_TIMEOUT", "PREWARM_POOL_SIZE", "BOT_STARTUP_TIMEOUT", "BOT_HEARTBEAT_STALE_SECS")
    ours = ("BOT_ZOMBIE_REQUIRED_STALE_HITS", "REDIS_URL", "CONVO_ENV", "CONVO_BUILD", "CONVO_LAUNCHER")
    named = {"warm": "PREWARM_POOL_SIZE", "launcher": "CONVO_LAUNCHER", "build": "CONVO_BUILD", "max_slots": "MAX_BOTS"}
    fields = [name for name in OperatorSettings.__dataclass_fields__ if name != "told"]
    for name in (*old, *ours, *(named.get(field, f"CONVO_OPERATOR_{field.upper()}") for field in fields)):
        assert name in manual, name
