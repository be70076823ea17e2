"""Old jobs: pushed by an old publisher's very commands, started once each."""

import json

import pytest

ROOM = "https://acme.daily.co/front-desk"
JOB = {
    "room_url": ROOM,
    "token": "t0ken",
    "personalityId": "",
    "config": {"voice": "a"},
    "identity": {"id": "u1", "name": "Ada"},
    "sessionId": "call-1",
    "publishedBy": "old",
}


async def test_a_pushed_job_is_a_session_on_a_warm_runner(world):
    await world.gateway()
    runner = await world.runner()
    world.push(JOB)
    record = await world.session(ROOM, "joined")
    assert (record.session_id, record.tenant, record.bot) == ("call-1", "default", "hello")
    spec = runner.sessions["call-1"].spec
    assert (spec.room.url, spec.room.token, spec.config, spec.identity) == (
        ROOM,
        "t0ken",
        {"voice": "a"},
        JOB["identity"],
    )
    await world.until(lambda: not world.lines("bot:launch:processing"))
    assert world.there("bot:launch:queue", "bot:launch:failed") == 0


async def test_jobs_are_taken_in_the_order_in_which_they_came_and_equal_ones_are_several(world):
    await world.gateway()
    world.cli("RPUSH", "bot:launch:queue", *[json.dumps({"bot": "hello", "room": f"r{i}"}) for i in range(120)])
    world.push({"bot": "hello"}, {"bot": "hello"})

    async def all_there():
        return (await world.store.by_state())["queued"] == 122

    await world.until(all_there)
    by_age = sorted(
        (record for record in await world.sessions() if record.room.startswith("r")), key=lambda one: one.queued_at
    )
    assert sorted(one.room for one in by_age[:20]) == sorted(f"r{i}" for i in range(20))
    await world.until(lambda: not world.lines("bot:launch:processing"))


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        ("{not json", "400: it is no JSON"),
        ("[1]", "400: it is no JSON object"),
        ('{"bot": "helo"}', "404: there is no bot `helo`"),
        ('{"room_url": "http://169.254.169.254/x"}', "422: a room"),
        ('{"room_url": 7}', "422: /room_url"),
        ('{"sessionId": "a b"}', "422: a session's id"),
        ('{"personalityId": "nobody"}', "404: there is no personality `nobody`"),
        ('{"inputs": ' + "[" * 60 + "]" * 60 + "}", "400:"),
        ('{"priority": NaN}', "400:"),
        ('{"not_after": 5}', "410:"),
    ],
)
async def test_a_job_that_can_not_be_is_kept_with_the_reason(world, job, reason):
    await world.gateway()
    world.push(job)
    (failed,) = await world.until(world.failed)
    assert failed["reason"].startswith(reason), failed
    assert (failed["entry"], bool(failed["at"])) == (job, True)
    assert not await world.sessions()
    assert not world.lines("bot:launch:processing")


async def test_a_huge_job_and_one_that_is_no_text_stop_nothing(world):
    await world.gateway()
    world.cli("-x", "RPUSH", "bot:launch:queue", stdin='{"x": "' + "a" * 300_000 + '"}')
    world.server.command("EVAL", "return redis.call('RPUSH', 'bot:launch:queue', '{\"bot\": \"\\255\"}')", "0")
    world.push(JOB)
    await world.session(ROOM)
    await world.until(lambda: len(world.failed()) == 2)
    huge, odd = sorted(world.failed(), key=lambda one: len(one["entry"]), reverse=True)
    assert ("262144" in huge["reason"], len(huge["entry"])) == (True, 200)
    assert odd["reason"] == "400: it is no JSON"


async def test_a_room_that_has_its_bot_gets_no_second_one(world):
    await world.gateway()
    await world.runner()
    world.push({"room_url": ROOM})
    await world.session(ROOM, "joined")
    world.push({"room_url": ROOM, "config": {"again": True}})
    await world.until(lambda: world.ask("LLEN", "bot:launch:queue") == 0 and not world.lines("bot:launch:processing"))
    assert len(await world.sessions()) == 1
    assert not world.failed()


async def test_a_publisher_that_sends_its_job_again_gets_one_session(world):
    await world.gateway()
    world.push(JOB, JOB)
    await world.session(ROOM)
    world.push(JOB)
    await world.until(lambda: world.ask("LLEN", "bot:launch:queue") == 0 and not world.lines("bot:launch:processing"))
    assert [record.session_id for record in await world.sessions()] == ["call-1"]
    assert not world.failed()


async def test_a_job_without_a_place_waits_and_starts_when_there_is_one(world):
    await world.gateway()
    runner = await world.runner()
    world.push({"bot": "single", "room": "one"})
    first = await world.session("one", "joined")
    world.push({"bot": "single", "room": "two"}, {"bot": "hello", "room": "three"})
    await world.session("three", "joined")
    assert [line.partition(" ")[2] for line in world.lines("bot:launch:processing")] == [
        '{"bot": "single", "room": "two"}'
    ]
    runner.end(first.session_id, "done")
    await world.session("two", "joined")
    await world.until(lambda: not world.lines("bot:launch:processing"))


async def test_jobs_are_of_the_tenant_that_is_set(world):
    await world.gateway(LEGACY_TENANT="acme")
    world.push({"room": "lobby"})
    assert (await world.session("lobby")).tenant == "acme"
