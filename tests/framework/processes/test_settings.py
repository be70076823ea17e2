"""What a runner checks before it starts, and what it keeps from its workers."""

import pytest

from framework.errors import UserError
from framework.processes.settings import Deadlines, RunnerSettings, WorkerSettings, check_grace, withhold


def test_the_grace_period_must_hold_the_drain_and_the_ends_of_sessions():
    deadlines = Deadlines(stop_s=5, cancel_s=3, term_s=1)
    check_grace(30, {"CONVO_GRACE_SECS": "41"}, deadlines)
    with pytest.raises(UserError, match=r"killed 40 s after SIGTERM, but takes 41 s to leave") as caught:
        check_grace(30, {"CONVO_GRACE_SECS": "40"}, deadlines)
    assert caught.value.fix == "Set `terminationGracePeriodSeconds` to 41 or more, or lower CONVO_DRAIN_SECS."


def test_without_a_grace_period_nothing_is_too_long():
    check_grace(3600, {})


def test_a_grace_period_that_is_no_number_is_refused():
    with pytest.raises(UserError, match="`CONVO_GRACE_SECS` is no number"):
        check_grace(30, {"CONVO_GRACE_SECS": "a minute"})


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "DEEPGRAM_TOKEN", "MY_SECRET", "PGPASSWORD", "AWS_CREDENTIALS"])
def test_a_secret_comes_with_a_session_only(name):
    assert withhold({name: "canary"}) == ({}, {name: "canary"})


def test_an_address_with_a_password_in_it_is_a_secret():
    plain, secrets = withhold({"DB": "postgres://me:canary@db/x", "SITE": "https://example.org/a:b@c"})
    assert (list(plain), list(secrets)) == (["SITE"], ["DB"])


@pytest.mark.parametrize("name", ["CONVO_RUNNER_TOKEN", "REDIS_URL", "REDIS_PASSWORD", "CONVO_JWT_SECRET"])
def test_what_opens_our_own_doors_is_no_business_of_a_session(name):
    assert withhold({name: "canary"}) == ({}, {})


def test_the_environment_says_how_workers_are_made(monkeypatch, tmp_path):
    monkeypatch.setenv("CONVO_FORK", "0")
    monkeypatch.setenv("CONVO_WORKER_WARN_MB", "300")
    monkeypatch.setenv("CONVO_WORKER_MAX_MB", "400")
    settings = RunnerSettings(root=tmp_path)
    assert settings.workers == WorkerSettings(fork=False, worker_warn_mb=300, worker_max_mb=400)
