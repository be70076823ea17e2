"""`convo up` and `python runner.py`, as people start and end them."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import aiohttp
import pytest

ROOT = Path(__file__).parents[3]
PROJECT = {
    "convo.yaml": "bots: {hello: {flow: hello, stack: typed}}\n",
    "stacks/typed.yaml": "stack: typed\nllm: {provider: rules}\nrouter: {provider: semantic}\n",
}


@pytest.fixture
def project(tmp_path):
    (tmp_path / "stacks").mkdir()
    for name, text in PROJECT.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
async def convo(project):
    """Run a command in the project; what still runs at the end is killed."""
    started = []

    async def convo(*arguments, program=("-m", "framework"), **environment):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *program, *arguments),
            cwd=project,
            env={**os.environ, "PYTHONPATH": str(ROOT), "CONVO_STATE": str(project / "state"), **environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        started.append(process)
        return process

    yield convo
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def line(process):
    return (await asyncio.wait_for(process.stdout.readline(), 90)).decode().strip()


async def left(process):
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), err.decode()


def children(pid):
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_up_prints_where_the_page_is_and_ctrl_c_ends_everything(convo):
    process = await convo("up", "--port", "0")
    url = await line(process)
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        assert "<title>Convo</title>" in await answer.text()
    workers = children(process.pid)
    assert workers
    process.send_signal(signal.SIGINT)
    code, _, err = await left(process)
    assert code == 0
    assert "Traceback" not in err
    assert all(gone(worker) for worker in workers)


async def test_a_port_in_use_is_one_sentence_and_exit_2(convo):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for program, arguments in ((("-m", "framework"), ["up"]), ((str(ROOT / "runner.py"),), [])):
            code, _, err = await left(await convo(*arguments, "--port", str(port), program=program))
            assert code == 2
            assert f"port {port} is in use" in err
            assert "Traceback" not in err


async def test_others_than_this_machine_are_served_with_keys_only(convo):
    code, _, err = await left(await convo("up", "--host", "0.0.0.0", "--port", "0"))
    assert code == 2
    assert "there is no key" in err
    assert "convo keys new" in err
    code, _, err = await left(await convo("--host", "0.0.0.0", "--port", "0", program=(str(ROOT / "runner.py"),)))
    assert code == 2
    assert "without a token" in err
    assert "CONVO_RUNNER_TOKEN" in err


async def test_a_session_goes_from_join_to_leave_over_the_embedded_store(convo):
    process = await convo("up", "--port", "0", CONVO_PROFILE="test")
    url = await line(process)
    async with aiohttp.ClientSession(url) as http:
        async with http.post("/join", json={"bot": "hello", "channel": "text", "transport": "headless"}) as answer:
            assert answer.status == 202
            session = (await answer.json())["session_id"]
        async with asyncio.timeout(30), http.get("/events", params={"session": session, "after": "0-0"}) as events:
            async for written in events.content:
                if b"bot.said" in written:
                    assert b"Hello! Say goodbye" in written
                    break
        async with http.post(f"/sessions/{session}/leave", json={}) as answer:
            assert answer.status == 202
        async with asyncio.timeout(30):
            while True:
                async with http.get(f"/sessions/{session}") as answer:
                    record = await answer.json()
                if record["state"] in ("ended", "failed"):
                    break
                await asyncio.sleep(0.05)
    assert (record["state"], record["reason"]) == ("ended", "left")
    process.send_signal(signal.SIGTERM)
    assert (await left(process))[0] == 0


async def test_a_store_that_is_not_there_is_said_at_once(convo):
    code, _, err = await left(await convo("up", "--port", "0", "--redis", "redis://127.0.0.1:1/0"))
    assert code != 0
    assert "the store can't be reached" in err
    assert "Traceback" not in err


async def test_a_project_without_bots_is_told_what_to_do(convo, project):
    (project / "convo.yaml").write_text("bots: {}\n")
    code, _, err = await left(await convo("up", "--port", "0"))
    assert (code, "convo init" in err) == (2, True)


async def test_what_keeps_the_first_worker_from_getting_ready_ends_up_with_a_sentence(convo, project):
    (project / "stacks/typed.yaml").write_text("stack: typed\nllm: {provider: rulez}\n")
    code, _, err = await left(await convo("up", "--port", "0"))
    assert code == 2
    assert "rulez" in err
    assert "Traceback" not in err


async def test_a_setting_that_is_no_number_is_named(convo):
    code, _, err = await left(await convo("up", "--port", "0", MAX_BOTS="many"))
    assert (code, "MAX_BOTS" in err) == (2, True)


async def test_sigterm_lets_a_runner_drain_and_leave_nothing(convo):
    process = await convo("--port", "0", program=(str(ROOT / "runner.py"),), CONVO_DRAIN_SECS="0")
    assert (await line(process)).startswith("runner: http://127.0.0.1:")
    async with asyncio.timeout(30):
        while not (workers := children(process.pid)):
            await asyncio.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert (await left(process))[0] == 0
    assert all(gone(worker) for worker in workers)
