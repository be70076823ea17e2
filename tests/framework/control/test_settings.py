"""What the environment says about the control plane, and what it may not say."""

import pytest

from framework.control.records import Limits
from framework.control.settings import (
    OperatorSettings,
    build_from,
    environment_from,
    limits_from,
    operator_settings_from,
    warnings_from,
)
from framework.errors import UserError


def test_without_names_the_limits_are_those_of_the_records():
    assert limits_from({}) == Limits()
    assert limits_from({"MAX_BOTS": " ", "SESSION_TIMEOUT": ""}) == Limits()


@pytest.mark.parametrize(
    ("names", "field", "value"),
    [
        pytest.param({"MAX_BOTS": "7"}, "max_live", 7, id="a cap"),
        pytest.param({"SESSION_TIMEOUT": "60000"}, "session_ms", 60_000, id="sessions in milliseconds"),
        pytest.param({"BOT_STARTUP_TIMEOUT": "12.5"}, "start_ms", 12_500, id="starts in seconds"),
        pytest.param(
            {"BOT_HEARTBEAT_STALE_SECS": "10", "BOT_ZOMBIE_REQUIRED_STALE_HITS": "3"}, "lease_ms", 30_000, id="a lease"
        ),
        pytest.param({"BOT_HEARTBEAT_STALE_SECS": "10"}, "lease_ms", 20_000, id="two stale readings unless told"),
        pytest.param({"BOT_ZOMBIE_REQUIRED_STALE_HITS": "4"}, "lease_ms", 20_000, id="five seconds each unless told"),
        pytest.param({"CONVO_LIMITS_QUEUE_MS": "1000"}, "queue_ms", 1000, id="any limit by its own name"),
        pytest.param({"MAX_BOTS": "7", "CONVO_LIMITS_MAX_LIVE": "9"}, "max_live", 9, id="our name wins"),
    ],
)
def test_a_name_sets_its_limit(names, field, value):
    assert getattr(limits_from(names), field) == value


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"MAX_BOTS": "many"}, "MAX_BOTS is `many`, which is no whole number\n  Set it as in MAX_BOTS=50."),
        ({"SESSION_TIMEOUT": "30m"}, "SESSION_TIMEOUT is `30m`, which is no whole number of milliseconds"),
        (
            {"SESSION_TIMEOUT": "30"},
            "SESSION_TIMEOUT is 30, which is too little\n  Set it to 100 milliseconds or more.",
        ),
        ({"BOT_STARTUP_TIMEOUT": "-1"}, "BOT_STARTUP_TIMEOUT is `-1`, which is no number of seconds"),
        ({"BOT_ZOMBIE_REQUIRED_STALE_HITS": "0"}, "BOT_ZOMBIE_REQUIRED_STALE_HITS is 0, which is too little"),
        ({"BOT_HEARTBEAT_STALE_SECS": "0"}, "BOT_HEARTBEAT_STALE_SECS is 0, which leaves no time at all"),
        ({"CONVO_LIMITS_LEASE_MS": "5"}, "`lease_ms` is at least 100 ms"),
        ({"MAX_BOTS": "٣"}, "MAX_BOTS is `٣`, which is no whole number"),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(names, said):
    with pytest.raises(UserError) as raised:
        limits_from(names)
    assert said in str(raised.value)


def test_the_names_of_an_environment_and_a_build_stay_readable_in_keys_and_labels():
    assert (environment_from({}), build_from({})) == ("dev", "any")
    assert environment_from({"CONVO_ENV": "eu-1.prod"}) == "eu-1.prod"
    with pytest.raises(UserError, match="CONVO_ENV"):
        environment_from({"CONVO_ENV": "a:b"})
    with pytest.raises(UserError, match=r"write 1-2-3 for 1\.2\.3"):
        build_from({"CONVO_BUILD": "1.2.3"})


def test_the_operator_reads_the_old_names_and_its_own():
    settings = operator_settings_from(
        {"PREWARM_POOL_SIZE": "5", "MAX_BOTS": "20", "CONVO_BUILD": "b7", "CONVO_OPERATOR_LAUNCH_SECS": "9.5"}
    )
    assert (settings.warm, settings.max_slots, settings.home) == (5, 20, "shared.default.b7")
    assert settings.launch_secs == 9.5
    assert settings.current("acme.eu.default.b6") == "acme.eu.default.b7"
    assert operator_settings_from({"PREWARM_POOL_SIZE": "5", "CONVO_OPERATOR_WARM": "0"}).warm == 0
    assert operator_settings_from({}).launcher == OperatorSettings.launcher


def test_launched_runners_are_told_where_they_belong_but_no_password():
    told = operator_settings_from({"REDIS_URL": "redis://here:1/0", "CONVO_ENV": "x", "MAX_BOTS": "4"}).told
    assert told == {"REDIS_URL": "redis://here:1/0", "CONVO_ENV": "x", "MAX_BOTS": "4"}
    assert "REDIS_URL" not in operator_settings_from({"REDIS_URL": "redis://:secret@here:1/0"}).told


def test_names_that_mean_something_else_now_draw_a_warning():
    said = " ".join(warnings_from({"BOT_HEARTBEAT_DIR": "/beats", "BOT_ADMIN_MESSAGE_DIR": "/orders"}))
    assert "BOT_HEARTBEAT_STALE_SECS" in said
    assert "POST /admin" in said
    assert "SESSION_TIMEOUT is in milliseconds" in " ".join(warnings_from({"SESSION_TIMEOUT": "1800"}))
    assert list(warnings_from({})) == []
