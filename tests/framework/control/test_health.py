"""What is said about a store, each with a real server that is set so."""

from __future__ import annotations

import pytest

from framework.control.connection import Connection
from framework.control.health import Finding, _clock, _version, examine
from framework.testing.redis import RedisServer


async def found(url: str) -> dict[str, list[Finding]]:
    connection = Connection.to(url)
    try:
        findings = await examine(connection)
    finally:
        await connection.close()
    assert all(one.fix for one in findings if one.level != "ok")
    return {level: [one for one in findings if one.level == level] for level in ("ok", "warning", "error")}


async def test_nothing_is_wrong_with_a_server_as_it_should_be(redis_server):
    said = await found(redis_server.url)
    assert said["warning"] == said["error"] == []
    assert len(said["ok"]) >= 4


@pytest.mark.parametrize(
    ("name", "value", "level", "fix"),
    [
        pytest.param("appendonly", "no", "error", "appendonly yes", id="no append-only file"),
        pytest.param("appendfsync", "everysec", "warning", "appendfsync always", id="a second may be lost"),
        pytest.param("appendfsync", "no", "warning", "appendfsync always", id="half a minute may be lost"),
        pytest.param("maxmemory-policy", "allkeys-lru", "error", "noeviction", id="evicts"),
        pytest.param("maxmemory", "1", "error", "maxmemory", id="full"),
    ],
)
async def test_a_wrong_setting_is_named_with_what_to_set(redis_server, name, value, level, fix):
    redis_server.config_set(name, value)
    said = await found(redis_server.url)
    assert [one for one in said[level] if fix in one.fix]


async def test_a_store_that_is_nearly_full_is_warned_of(redis_server):
    used = int(redis_server.command("INFO", "memory").partition("used_memory:")[2].split()[0])
    redis_server.config_set("maxmemory", str(int(used / 0.85)))
    said = await found(redis_server.url)
    assert [one for one in said["warning"] if "memory" in one.what]


async def test_a_replica_is_an_error_and_having_one_is_said(redis_server):
    async with RedisServer(replica_of=redis_server) as replica:
        assert [one for one in (await found(replica.url))["error"] if "replica" in one.what]


async def test_a_provider_that_hides_its_settings_is_believed_as_far_as_it_says(redis_server):
    redis_server.command("ACL", "SETUSER", "app", "on", ">geheim", "~*", "&*", "+@all", "-config")
    said = await found(f"redis://app:geheim@127.0.0.1:{redis_server.port}/0")
    assert said["error"] == []
    assert [one for one in said["warning"] if "CONFIG" in one.what]


async def test_a_store_that_is_not_there_is_a_finding(redis_server):
    redis_server.kill()
    said = await found(redis_server.url)
    assert "reached" in said["error"][0].what


async def test_an_embedded_store_is_said_to_be_one():
    findings = await examine(Connection.embedded())
    assert [(one.level, "embedded" in one.what) for one in findings] == [("ok", True)]


@pytest.mark.parametrize(
    ("info", "level"),
    [
        pytest.param({"redis_version": "6.0.16"}, "error", id="too old"),
        pytest.param({"redis_version": "6.2.0"}, "ok", id="just new enough"),
        pytest.param({"redis_version": "7.2.4", "valkey_version": "8.0.1"}, "ok", id="valkey"),
    ],
)
def test_the_version_counts(info, level):
    assert _version(info).level == level


@pytest.mark.parametrize(("skew", "level"), [(0.4, "ok"), (-0.9, "ok"), (2.0, "warning"), (-3600.0, "warning")])
def test_a_clock_that_differs_is_warned_of(skew, level):
    assert _clock(skew).level == level
