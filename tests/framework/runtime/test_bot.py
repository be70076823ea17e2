"""The entry point that Pipecat's runners call."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from framework.errors import UserError
from framework.runtime.bot import spec_of


def test_an_empty_body_is_the_default_bot():
    assert spec_of(SimpleNamespace(body=None)).bot == ""


def test_a_body_names_the_bot_and_the_runner_the_session():
    spec = spec_of(SimpleNamespace(body={"bot": "clinic", "transport": "webrtc", "unknown": 1}, session_id="abc"))
    assert (spec.bot, spec.session_id) == ("clinic", "abc")


def test_a_body_may_carry_a_whole_spec():
    spec = spec_of(SimpleNamespace(body={"spec": {"flow": "hello", "channel": "text"}}))
    assert (spec.flow, spec.channel) == ("hello", "text")


@pytest.mark.parametrize("body", [["clinic"], "clinic", {"bot": 7}, {"spec": "clinic"}, {"channel": "smoke"}])
def test_a_body_that_can_not_be_used_is_a_sentence(body):
    with pytest.raises(UserError):
        spec_of(SimpleNamespace(body=body))
