"""Transfers of live sessions: whoever the environment names puts people through, and without anybody it is an error."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from framework.cli.main import main
from framework.errors import UserError
from framework.plugins.host import PluginHost
from framework.project import Project
from framework.runtime.session import LiveSession
from framework.runtime.switchboard import named
from framework.sessions.spec import SessionSpec

FLOW = """
flow: test
initial_node: a
nodes:
  a:
    say: One moment.
    transfer: desk
    brief: They want tea.
    next: [{outcome: done, end: transferred}, {outcome: no_answer, end: nobody}, {outcome: busy, end: busy}, {else: b}]
  b: {say: That did not work., end: failed}
"""
PLUGIN = '''
"""Phones."""
from framework import Call, Handover, Manifest, Settings, Switchboard, hookimpl

class PhoneSettings(Settings):
    trunk: str

class Phones(Switchboard):
    name = "phones"

    async def connect(self, handover: Handover, call: Call):
        call.tell("phones.dialled", {"address": handover.address, "for": call.session.session_id, "by": call.settings.trunk})
        if handover.address == "none":
            raise RuntimeError("no line")
        return "busy"

@hookimpl
def describe_plugin():
    return Manifest(settings=PhoneSettings)

@hookimpl
def register_switchboards(switchboards):
    switchboards.add(Phones())
'''


@pytest.fixture
def place(tmp_path):
    for name, text in {
        "convo.yaml": 'bots: {test: {flow: test, stack: none}}\ntransfers: {desk: "+15550100"}\n',
        "flows/test.yaml": FLOW,
        "stacks/none.yaml": "stack: none\nllm: {provider: rules}\n",
        "plugins/phones/__init__.py": PLUGIN,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(textwrap.dedent(text))
    return tmp_path


@pytest.fixture
def transferred(place):
    """Play the flow; answers how it ended, and the data of its events, by type."""

    async def play(**environment: str) -> tuple[str, dict[str, list[Any]]]:
        project = Project.find(place)
        told: dict[str, list[Any]] = {}
        session = LiveSession(
            SessionSpec(session_id="s1", bot="test", channel="text"),
            project=project,
            host=PluginHost.load(project, installed=False),
            on_event=lambda event: told.setdefault(event.type, []).append(event.data),
            environment=environment,
        )
        return (await session.run()).reason, told

    return play


async def test_without_a_switchboard_a_transfer_is_an_error_that_says_what_to_configure(transferred):
    reason, told = await transferred()
    assert reason == "failed"
    (error,) = told["error"]
    assert error["code"] == "switchboard"
    assert "`desk`" in error["message"]
    assert "CONVO_SWITCHBOARD" in error["message"]


@pytest.mark.parametrize(("outcome", "reason"), [("done", "transferred"), ("no_answer", "nobody"), ("error", "failed")])
async def test_the_double_says_whom_it_would_dial_and_answers_as_told(transferred, outcome, reason):
    ended, told = await transferred(CONVO_SWITCHBOARD="pretend", PRETEND_OUTCOME=outcome)
    assert ended == reason
    expected = {"target": "desk", "address": "+15550100", "brief": "They want tea.", "warm": False, "language": "en"}
    assert told["transfer.pretended"] == [{**expected, "outcome": outcome}]
    assert "error" not in told


async def test_a_plugins_switchboard_puts_people_through_with_its_settings(transferred):
    reason, told = await transferred(CONVO_SWITCHBOARD="phones", PHONES_TRUNK="t1")
    assert reason == "busy"
    assert told["phones.dialled"] == [{"address": "+15550100", "for": "s1", "by": "t1"}]


async def test_a_switchboard_that_fails_is_the_outcome_error(transferred, place):
    convo = place / "convo.yaml"
    convo.write_text(convo.read_text().replace("+15550100", "none"))
    assert (await transferred(CONVO_SWITCHBOARD="phones", PHONES_TRUNK="t1"))[0] == "failed"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"CONVO_SWITCHBOARD": "phone"}, "no plugin offers a switchboard `phone`. Did you mean `phones`?"),
        ({"CONVO_SWITCHBOARD": "phones"}, "PHONES_TRUNK"),
        ({"CONVO_SWITCHBOARD": "pretend", "PRETEND_OUTCOME": "perhaps"}, "PRETEND_OUTCOME"),
    ],
    ids=["unknown", "a setting is missing", "a wrong setting"],
)
async def test_a_switchboard_that_can_not_be_used_is_told_when_somebody_is_put_through(transferred, environment, said):
    reason, told = await transferred(**environment)
    assert reason == "failed"
    assert said in told["error"][0]["message"]


def test_an_unknown_switchboard_is_told_before_there_is_a_session(place):
    with pytest.raises(UserError, match="no plugin offers a switchboard `nobody`"):
        named(PluginHost.load(Project.find(place), installed=False), {"CONVO_SWITCHBOARD": "nobody"})


def test_a_call_takes_how_transfers_end_and_refuses_what_is_no_outcome(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    assert main(["call", "test", "--say", "convo.yaml", "--transfer", "perhaps"]) == 2
    assert "a transfer can't end as `perhaps`" in capsys.readouterr().err
