"""Whatever a flow has told, driving it again tells the same; what has changed since is found where it shows."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.errors import UserError
from framework.story.rehearsal import rehearse, same
from framework.story.transcript import transcript

from .conftest import ROOT

WORDS = st.sampled_from(
    [
        *("a large margherita", "two", "yes", "no", "salami, please", "small", "twenty one", "I'd rather not", "hm"),
        *("Ada Lovelace", "the tenth of December 1985", "no, Grace Hopper", "that is all", "agent please", "book it"),
    ]
)
TOOLS = {
    "pizza.price": lambda given: {"total": 10 * given["quantity"]},
    "pizza.order": lambda _: {"minutes": 20},
    "patients.verify": lambda given: {"match": given["name"] == "Ada Lovelace", "name": "Ada Lovelace"},
    "appointments.find": lambda _: {"free": ["nine"]},
}
TALK = """
    nodes:
      a:
        instruct: Help.
        tools:
          - find.it
          - {name: book.it, next: [{outcome: done, goto: thanks}]}
        next:
          - {intent: is done, goto: bye}
          - {after: 2m, goto: bye}
      thanks: {say: Booked., next: a}
      bye: {say: Bye., end: true}
"""


def events_of(rehearsal):
    return [event.number for beat in rehearsal.beats for event in beat.events]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flow=st.sampled_from(["pizza", "clinic"]), words=st.lists(WORDS, max_size=9), waits=st.lists(st.integers(0, 40)))
def test_a_shipped_flow_tells_the_same_again(plan_of, driver, recorded, flow, words, waits):
    plan = plan_of(ROOT / f"flows/{flow}.yaml")
    call = driver(plan, tools=TOOLS, router=lambda text, choices: choices[0].key if "agent" in text else None).start()
    for number, text in enumerate(words):
        if number < len(waits):
            call.wait(waits[number])
        call.hear(text)
    found = recorded(call)
    again = rehearse(plan, found)
    assert again.difference is None
    assert events_of(again) == list(range(len(found.events)))
    assert again.beats[-1].after["slots"] == call.slots
    assert again.beats[-1].after["node"] == call.node


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(turns=st.lists(st.integers(0, 4), max_size=8))
def test_what_a_model_chose_is_found_again(plan, driver, recorded, turns):
    compiled = plan(TALK)
    numbers = iter(turns)
    name = {one.tool or "done": one.offer.name for one in compiled.nodes["a"].offered}
    find = (name["find.it"], {"x": 1})
    replies = [["Hello."], [find], [(name["book.it"], {})], [(name["done"], {})], ["One moment.", find]]
    tools = {"find.it": lambda _: 1, "book.it": lambda _: 2}
    call = driver(compiled, model=lambda _: replies[next(numbers, 0)], tools=tools)
    call.start().hear("a", "b").wait(30).hear("c")
    again = rehearse(compiled, recorded(call))
    assert again.difference is None
    assert again.beats[-1].after["node"] == call.node


def test_time_passes_again_as_it_did(plan, driver, recorded):
    compiled = plan(
        """
        timers: {wrap: {after: 40s, at: idle, say: Soon.}}
        nodes:
          a: {collect: [x], no_input: [{after: 6s, say: Hello?}, {after: 8s, goto: bye}], next: {else: bye}}
          bye: {say: Bye., end: true}
        slots: {x: text}
        """
    )
    again = rehearse(compiled, recorded(driver(compiled).start().wait(60)))
    assert again.difference is None
    assert again.transcript.events[-1].type == "session.ended"


def test_orders_events_and_hanging_up_are_found_again(plan, driver, recorded):
    from framework.engine import inputs

    compiled = plan(
        """
        events: {free: {who: text}}
        slots: {x: integer}
        nodes:
          a: {wait: for somebody, next: [{event: free, goto: b}]}
          b: {instruct: Talk., next: [{intent: done, end: true}]}
          c: {say: Hi., next: b, entry: operator}
        """
    )
    call = driver(compiled).start().arrive("free", who="Ada").hear("hello")
    call.order("set", slots={"x": 3}).order("goto", node="c").order("say", text="From above.")
    call.happens(inputs.HungUp(at=call.now))
    again = rehearse(compiled, recorded(call))
    assert again.difference is None
    assert again.beats[-1].after["slots"] == {"x": 3}


def test_a_subflow_is_followed(plan, driver, recorded):
    compiled = plan(
        """
        slots: {got: text}
        nodes:
          a: {subflow: ask, save: {got: result.answer}, next: b}
          b: {say: "{{ slots.got }}", end: true}
        """,
        ask="""
        slots: {answer: text}
        outputs: [answer]
        nodes: {a: {collect: [answer], next: b}, b: {end: fine}}
        """,
    )
    again = rehearse(compiled, recorded(driver(compiled).start().hear("blue")))
    assert again.difference is None


@pytest.mark.parametrize("kept", range(1, 25))
def test_a_transcript_may_break_off_anywhere(plan_of, driver, told, kept):
    plan = plan_of(ROOT / "flows/pizza.yaml")
    lines = told(driver(plan, tools=TOOLS).start().hear("a large margherita", "two", "yes"))
    found = transcript(lines[:kept])
    again = rehearse(plan, found)
    assert again.difference is None
    assert len(events_of(again)) == min(kept, len(lines))


def masked(line, slot):
    """A line as it would be if a slot were sensitive."""
    data = dict(line["data"])
    if line["type"] == "user.said":
        data.update(text="", masked=True)
    if data.get("slot") == slot:
        data["value"] = "***"
    if slot in (data.get("arguments") or {}):
        data["arguments"] = {**data["arguments"], slot: "***"}
    if line["type"] == "bot.said":
        data = {key: "***" if isinstance(value, str) else value for key, value in data.items()}
    return {**line, "data": data}


def test_masked_words_are_no_trouble(plan_of, driver, told):
    plan = plan_of(ROOT / "flows/clinic.yaml")
    call = driver(plan, tools=TOOLS).start().hear("Ada Lovelace", "yes", "the tenth of December 1985")
    lines = told(call)
    number = next(n for n, line in enumerate(lines) if line["data"].get("text") == "the tenth of December 1985")
    lines = [*lines[:number], *(masked(line, "born") for line in lines[number : number + 2]), *lines[number + 2 :]]
    lines = [masked(line, "born") if line["type"] == "tool.called" else line for line in lines]
    again = rehearse(plan, transcript(lines))
    assert again.difference is None
    assert again.beats[-1].after["node"] == "help"


def test_where_a_flow_has_changed_is_said(plan, driver, recorded):
    old = "nodes: {a: {say: Hi., next: b}, b: {say: Bye., end: true}}"
    new = "nodes: {a: {say: Hi., next: c}, c: {say: Bye., end: true}}"
    found = recorded(driver(plan(old)).start())
    again = rehearse(plan(new), found)
    assert again.difference.recorded.type == "node.left"
    assert again.difference.recorded.data["to"] == "b"
    assert again.difference.told[0][1]["to"] == "c"


def test_events_of_plugins_are_passed_over(plan, driver, told):
    compiled = plan("nodes: {a: {say: Hi., end: true}}")
    lines = told(driver(compiled).start())
    strange = {**lines[0], "type": "speech.started", "data": {"participant": "bot"}}
    again = rehearse(compiled, transcript([lines[0], strange, *lines[1:], strange]))
    assert again.difference is None
    assert [event.type for event in again.foreign] == ["speech.started"] * 2


def test_a_transcript_begins_with_its_session():
    with pytest.raises(UserError, match=r"session\.started"):
        transcript([{"type": "node.entered", "data": {}}])


def test_of_several_sessions_one_is_taken(plan, driver, told):
    compiled = plan("nodes: {a: {say: Hi., end: true}}")
    lines = [*told(driver(compiled).start(), "one"), *told(driver(compiled).start(), "two")]
    mixed = sorted(lines, key=lambda line: line["id"])
    assert transcript(mixed).session == "one"
    assert transcript(mixed, "two").session == "two"
    assert transcript(mixed).others == len(lines) // 2


def test_cloud_events_are_read(plan, driver, told):
    compiled = plan("nodes: {a: {say: Hi., end: true}}")
    lines = [
        {"specversion": "1.0", "type": one["type"], "subject": "s", "time": one["time"], "data": {**one["data"], "flow": "x"}}
        for one in told(driver(compiled).start())
    ]  # fmt: skip
    found = transcript(lines)
    assert (found.session, found.flow) == ("s", "x")
    assert rehearse(compiled, found).difference is None


@pytest.mark.parametrize(
    ("told", "recorded", "equal"),
    [
        ({"a": [1, "***"]}, {"a": [1, "x"]}, True),
        ({"a": 1}, {"a": 2}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ("I have ***.", "I have 4111.", True),
    ],
)
def test_what_is_masked_may_be_anything(told, recorded, equal):
    assert same(told, recorded) is equal


CARD = """
    slots:
      card: {type: digits, length: 4, sensitive: true, grant: [pay.it], prompt: Your number?, input: both}
      name: person_name
    interrupts:
      hours: {intent: asks for hours, examples: [when are you open], say: Eight to five., return: resume}
      human: {intent: wants a person, examples: [agent please], goto: aside, return: resume}
      quit: {intent: wants to stop, examples: [stop it], end: stopped}
    nodes:
      a:
        collect: [name, card]
        no_match: [{say: Pardon?}]
        next: [{outcome: [exhausted, declined], goto: bye}, {else: pay}]
      pay:
        run: pay.it
        with: {number: "{{ slots.card }}"}
        next: [{outcome: [error, timeout], goto: bye}, {else: talk}]
      talk: {say: Press one., next: [{intent: wants more, keys: "1", goto: bye}]}
      aside: {say: Nobody is there., end: true}
      bye: {say: Bye., end: true}
"""


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(
            ["when are you open", "Ada Lovelace", "agent please", "1234"], id="interrupts, one of them masked"
        ),
        pytest.param(["Ada Lovelace", "stop it"], id="the end by an interrupt"),
        pytest.param(["Ada Lovelace", "*1234", "*1"], id="keys"),
        pytest.param(["Ada Lovelace", 30, "1234", 70], id="silence until the limit"),
        pytest.param(["repeat that", "one moment please", "Ada", "1 2 3 4"], id="built-in interrupts"),
        pytest.param(["Ada", "hm", "4321"], id="a masked answer that fitted nothing"),
    ],
)
def test_interrupts_keys_silence_and_sensitive_slots_are_followed(plan, driver, recorded, words):
    from framework.story.replaying import replay

    compiled = plan(CARD)
    call = driver(compiled, tools={"pay.it": lambda _: {"ok": True}}).start()
    for one in words:
        if isinstance(one, int):
            call.wait(one)
        elif one.startswith("*"):
            call.press(one[1:])
        else:
            call.hear(one)
    found = recorded(call)
    again = rehearse(compiled, found)
    assert again.difference is None
    assert events_of(again) == list(range(len(found.events)))
    assert replay(compiled, found).parted is None
    assert "1234" not in str([beat.emitted for beat in again.beats])
