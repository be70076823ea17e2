"""`convo keys`: made once, listed without secrets, revoked for good."""

import asyncio
import json
import os
import re
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.datastructures import Headers

from framework.cli.main import main
from framework.testing.redis import RedisServer
from framework.web.auth import Denied
from framework.web.gatekeeper import Gatekeeper
from framework.web.keyring import FileKeyring

ROOT = Path(__file__).parents[3]
KEY = re.compile(r"convo_([a-z0-9]{16})_([A-Za-z0-9_-]{43})")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project as the working directory, without settings from around it."""
    (tmp_path / "convo.yaml").write_text("bots: {}\n")
    (tmp_path / "deep").mkdir()
    for name in ("CONVO_KEYS_FILE", "REDIS_URL", "CONVO_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def convo(project, capsys):
    """Run a command; its exit code and what it printed."""

    def convo(*arguments):
        code = main(["keys", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return convo


def shown(path, text):
    """What a gateway that reads this file makes of a key."""
    gate = Gatekeeper(FileKeyring(path))
    return asyncio.run(gate.authenticate(Headers({"Authorization": f"Bearer {text}"})))


def test_a_new_key_is_printed_once_alone_and_opens_the_door(project, convo):
    code, out, err = convo("new", "website", "--scopes", "read, join", "--tenant", "acme")
    assert code == 0
    assert KEY.fullmatch(out.strip())
    assert "once" in err
    credential = shown(project / "var" / "keys.json", out.strip())
    assert (credential.name, credential.tenant, credential.scopes) == ("website", "acme", {"join", "read"})
    assert KEY.fullmatch(out.strip())[2] not in (project / "var" / "keys.json").read_text()
    assert stat.S_IMODE((project / "var" / "keys.json").stat().st_mode) == 0o600


def test_the_list_has_everything_but_secrets(convo):
    _, first, _ = convo("new", "website", "--tenant", "acme", "--days", "30")
    convo("new", "over[seer]", "--scopes", "admin,read", "--tenant", "*")
    _, out, _ = convo("list")
    for word in (KEY.match(first)[1], "website", "acme", "join,read", "over[seer]", "admin,read"):
        assert word in out
    assert KEY.match(first)[2] not in out
    assert "sha256" not in out


def test_the_list_for_programs_is_json_without_hashes(convo):
    _, first, _ = convo("new", "website", "--days", "30", "--json")
    made = json.loads(first)
    _, out, _ = convo("list", "--json")
    (listed,) = json.loads(out)
    assert listed == {name: value for name, value in made.items() if name != "key"}
    assert listed["expires_at"] > listed["created_at"]
    assert listed["revoked_at"] is None


def test_without_keys_the_list_says_how_to_make_one(convo):
    code, out, err = convo("list")
    assert (code, out) == (0, "")
    assert "convo keys new" in err
    assert convo("list", "--json")[1] == "[]\n"


def test_a_revoked_key_opens_nothing_and_stays_listed(project, convo):
    _, out, _ = convo("new", "website")
    key = out.strip()
    code, said, _ = convo("revoke", KEY.match(key)[1])
    assert code == 0
    assert "website" in said
    assert isinstance(shown(project / "var" / "keys.json", key), Denied)
    (listed,) = json.loads(convo("list", "--json")[1])
    assert listed["revoked_at"]


def test_a_whole_key_may_be_revoked_as_it_is_and_is_not_repeated(convo):
    _, out, _ = convo("new", "website")
    secret = KEY.match(out)[2]
    code, said, err = convo("revoke", out.strip())
    assert code == 0
    assert secret not in said + err
    code, said, err = convo("revoke", "convo_00000000000000_" + "s3cret" * 8)
    assert code == 2
    assert "s3cret" not in said + err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("new", "x", "--scopes", "jion"), "Did you mean `join`?"),
        (("new", "x", "--scopes", ","), "needs a scope"),
        (("new", "x", "--tenant", "a:b"), "--tenant"),
        (("new", "x", "--tenant", ""), "--tenant"),
        (("new", " "), "characters"),
        (("new", "a\nb"), "characters"),
        (("new", "x" * 101), "characters"),
        (("revoke", "0123456789abcdef"), "no key with this id"),
        (("list", "--file", "a.json", "--redis", "redis://127.0.0.1:1/0"), "one place"),
        (("list", "--redis", "ftp://nowhere"), "Redis"),
        (("list", "--redis", "redis://127.0.0.1:1/0"), "store"),
        (("new", "x", "--file", "convo.yaml"), "no file of keys"),
        (("new", "x", "--file", "convo.yaml/keys.json"), "convo.yaml/keys.json"),
    ],
    ids=str,
)
def test_what_can_be_mended_is_a_sentence_and_exit_2(convo, project, arguments, words):
    code, out, err = convo(*arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert (project / "convo.yaml").read_text() == "bots: {}\n"


def test_an_option_that_is_out_of_bounds_is_refused(convo):
    assert convo("new", "x", "--days", "-1")[0] == 2
    assert convo("new", "x", "--days", "1e9")[0] == 2


# --- Where they are ---------------------------------------------------------


def test_the_file_is_the_projects_wherever_in_it_one_is(project, convo, monkeypatch):
    monkeypatch.chdir(project / "deep")
    convo("new", "website")
    assert (project / "var" / "keys.json").is_file()


def test_a_file_may_be_named_by_option_or_variable(project, convo, monkeypatch):
    monkeypatch.setenv("CONVO_KEYS_FILE", str(project / "named.json"))
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    assert convo("new", "one")[0] == 0
    assert (project / "named.json").is_file()
    assert convo("new", "two", "--file", str(project / "given.json"))[0] == 0
    assert [key["name"] for key in json.loads(convo("list", "--file", "given.json", "--json")[1])] == ["two"]


def test_keys_are_kept_in_redis_for_each_environment_apart(convo, monkeypatch):
    with RedisServer(password="s3cret") as server:
        code, out, _ = convo("new", "website", "--redis", server.url)
        assert code == 0
        monkeypatch.setenv("REDIS_URL", server.url)
        (listed,) = json.loads(convo("list", "--json")[1])
        assert listed["key_id"] == KEY.match(out)[1]
        assert convo("revoke", listed["key_id"])[0] == 0
        assert json.loads(convo("list", "--json")[1])[0]["revoked_at"]
        monkeypatch.setenv("CONVO_ENV", "other")
        assert json.loads(convo("list", "--json")[1]) == []
        server.kill()
        code, out, err = convo("list")
        assert (code, out) == (2, "")
        assert "s3cret" not in err


def test_commands_at_the_same_time_lose_no_key(project):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def new(number):
        command = [sys.executable, "-m", "framework", "keys", "new", f"key{number}", "--file", "keys.json"]
        return subprocess.run(command, cwd=project, env=environment, capture_output=True, timeout=60, check=True).stdout

    with ThreadPoolExecutor(4) as pool:
        keys = list(pool.map(new, range(8)))
    assert len(set(keys)) == 8
    kept = json.loads((project / "keys.json").read_text())["keys"]
    assert sorted(key["name"] for key in kept) == [f"key{number}" for number in range(8)]


def test_the_manual_has_examples_and_says_where_keys_are(convo):
    _, out, _ = convo("--help")
    assert "CONVO_KEYS_FILE" in out
    _, out, _ = convo("new", "--help")
    assert "convo keys new website" in out
