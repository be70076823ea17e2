"""`convo admin`: every order as words, and what becomes of it."""

import json

import pytest

from framework.cli.commands.admin import USAGE, order_of
from framework.cli.main import main
from framework.errors import UserError
from framework.sessions.orders import ORDER

SPOKEN = [
    (["say", "One", "moment."], {"kind": "say", "text": "One moment."}),
    (["whisper", "she is deaf"], {"kind": "whisper", "text": "she is deaf"}),
    (["instruct", "offer a refund"], {"kind": "instruct", "text": "offer a refund"}),
    (["prompt", "be brief"], {"kind": "prompt", "text": "be brief"}),
    (["goto", "goodbye"], {"kind": "goto", "node": "goodbye"}),
    (
        ["set", "guests=4", "name=Ann Li", "late=true", "code=007", 'tags=["a"]'],
        {"kind": "set", "slots": {"guests": 4, "name": "Ann Li", "late": True, "code": "007", "tags": ["a"]}},
    ),
    (["personality", "ada"], {"kind": "personality", "personality": "ada"}),
    (["reload"], {"kind": "reload"}),
    (["pause"], {"kind": "pause"}),
    (["pause", "One moment"], {"kind": "pause", "text": "One moment"}),
    (["resume"], {"kind": "resume"}),
    (["takeover"], {"kind": "takeover"}),
    (["interrupt"], {"kind": "interrupt"}),
    (["mute"], {"kind": "mute"}),
    (["mute", "off"], {"kind": "mute", "on": False}),
    (["transfer", "sales"], {"kind": "transfer", "to": "sales"}),
    (["end"], {"kind": "end"}),
    (["end", "closing", "time"], {"kind": "end", "reason": "closing time"}),
    (["app_message", "note.shown", '{"id": 4}'], {"kind": "app_message", "type": "note.shown", "data": {"id": 4}}),
    (["app-message", "ping"], {"kind": "app_message", "type": "ping", "data": {}}),
    (
        ["event", "doctor.free", '{"doctor": "Ada"}'],
        {"kind": "event", "type": "doctor.free", "data": {"doctor": "Ada"}},
    ),
]


@pytest.mark.parametrize(("words", "order"), SPOKEN, ids=[" ".join(words) for words, _ in SPOKEN])
def test_words_become_orders(words, order):
    assert order_of(words) == order
    ORDER.validate_python(order)


def test_every_kind_of_order_can_be_said():
    kinds = set(ORDER.json_schema()["discriminator"]["mapping"])
    assert {order["kind"] for _, order in SPOKEN} == kinds == {*USAGE}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "there is no order"),
        (["sya", "hi"], "Did you mean `say`?"),
        (["say"], "Write it as `say TEXT`."),
        (["set", "guests"], "Write it as `set NAME=VALUE …`."),
        (["set", "=4"], "Write it as `set NAME=VALUE …`."),
        (["mute", "maybe"], "Write it as `mute [on|off]`."),
        (["reload", "all"], "Write it as `reload [JSON]`."),
        (["app_message", "ping", "[]"], "Write it as `app_message TYPE [JSON]`."),
    ],
)
def test_words_that_are_no_order_are_told_how_to_be_one(words, said):
    with pytest.raises(UserError) as raised:
        order_of(words)
    assert said in str(raised.value)


@pytest.fixture
def lobby(fleet):
    """Two bots in one room."""
    fleet.runner()
    fleet.join("host", room="lobby")
    fleet.join("seller", room="lobby", role="seller")
    return fleet


def test_an_order_is_followed_to_its_last_word(lobby, capsys):
    assert main(["admin", "lobby", "say", "One moment.", "--role", "seller"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("accepted")
    assert said.endswith(" → spoken\n")


def test_a_refusal_says_why_and_is_a_failure(lobby, capsys):
    assert main(["admin", "--session", "host", "pause"]) == 1
    assert "→ refused (nobody may pause here)" in capsys.readouterr().out


def test_both_bots_of_a_room_are_told_apart(lobby, capsys):
    assert main(["admin", "lobby", "interrupt"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head == "2 bots"
    assert sorted(line.split()[0] for line in lines) == ["host", "seller"]
    assert all(line.endswith("applied") for line in lines)


def test_what_was_not_carried_out_in_time_is_a_failure_and_names_the_order(lobby, capsys):
    assert main(["admin", "lobby", "goto", "x", "--role", "bot", "--order-id", "mine", "--wait", "0.3"]) == 1
    assert capsys.readouterr().out == "accepted … not carried out yet (order mine)\n"


def test_mode_and_words_reach_the_bot(lobby, capsys):
    main(["admin", "--session", "host", "set", "guests=4", "--queued", "--order-id", "o7"])
    stored = lobby.do(lobby.store.stored_order("o7"))
    assert (stored.order["mode"], stored.order["slots"], stored.by) == ("queued", {"guests": 4}, "this machine")


def test_json_is_for_programs(lobby, capsys):
    main(["admin", "lobby", "say", "hi", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert {one["session_id"]: one["status"] for one in told} == {"host": "spoken", "seller": "spoken"}


def test_an_empty_room_is_said_to_be_empty(fleet, capsys):
    assert main(["admin", "nowhere", "say", "hi"]) == 2
    assert "there is no bot in this room" in capsys.readouterr().err
