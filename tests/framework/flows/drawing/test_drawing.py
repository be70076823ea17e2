"""What is drawn of a flow: every node and way, what counts everywhere, overlays, and nothing but text from the file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from framework.flows import load
from framework.flows.drawing import picture, svg
from framework.flows.drawing.marks import Marks, from_coverage, from_events
from framework.flows.drawing.page import Sheet, page
from framework.flows.load import examine_file

ROOT = Path(__file__).parents[4]
SHIPPED = sorted(
    path for path in (ROOT / "flows").glob("**/*.yaml") if not {"parts", "tests"} & {*path.parts[len(ROOT.parts) :]}
)
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&]]>\u0007"
EVERYTHING = """\
flow: everything
description: One of each.
events: {doctor.available: {doctor: person_name}}
slots: {name: person_name, ok: boolean}
defaults: {no_input: [{after: 6s, say: Hello?}, {after: 8s, goto: bye}]}
limits: {duration: 5m, goto: bye}
on_error: bye
interrupts:
  hours: {intent: asks for hours, examples: [when], say: Eight to five., return: resume}
  human: {intent: wants a person, examples: [agent], goto: bye}
  repeat: false
timers: {wrap: {after: 3m, at: idle, say: We must stop.}}
initial_node: greet
nodes:
  greet: {say: "Hello {{ slots.name }}", next: ask}
  ask:
    collect: [name]
    no_match: [{say: Pardon?}, {goto: bye}]
    next: [{outcome: [exhausted, declined], goto: bye}, {if: slots.ok, goto: look}, {else: talk}]
  look: {run: patients.verify, with: {name: a, born: b}, next: [{outcome: [error, timeout], goto: bye}, {else: other}]}
  other: {subflow: other, next: talk}
  talk:
    instruct: Talk.
    tools: [{name: appointments.find, next: [{outcome: error, goto: bye}]}]
    next: [{intent: is done, goto: hold}, {event: doctor.available, goto: hold}, {after: 2m, goto: greet}]
  hold: {wait: for the doctor, next: [{after: 1m, goto: pass_on}]}
  pass_on: {transfer: frontdesk, next: [{outcome: done, end: transferred}, {else: decide}]}
  decide: {next: [{if: slots.ok, say: Fine., goto: bye}, {else: bye}]}
  bye: {say: Goodbye., end: true}
"""


def examined(folder, text):
    path = folder / "flow.yaml"
    path.write_text(text, "utf-8")
    return examine_file(path).loaded


@pytest.fixture
def everything(tmp_path):
    return examined(tmp_path, EVERYTHING)


def texts(drawn):
    return [node.text for node in ET.fromstring(drawn).iter(f"{SVG}text")]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_node_and_every_way_of_a_shipped_flow_is_drawn(path):
    loaded = load(path)
    one = picture(loaded.flow)
    root = ET.fromstring(svg(one))
    cards = {group.get("data-name") for group in root.iter(f"{SVG}g") if group.get("data-kind")}
    assert cards == {*loaded.flow.nodes, *(card.name for card in one.asides)}
    drawn = {(way.get("data-from"), way.get("data-key")) for way in root.iter(f"{SVG}path") if way.get("data-from")}
    leading = [row for card in one.cards for row in card.rows if row.to is not None]
    assert len(drawn) == len(leading)


def test_every_kind_and_trigger_has_its_icon_and_its_place_in_the_legend(everything):
    one = picture(everything.flow)
    assert {card.kind for card in one.cards} == {
        *("say", "collect", "run", "subflow", "instruct", "wait", "transfer", "decide")
    }
    triggers = {row.trigger for card in one.cards for row in card.rows}
    assert triggers == {"always", "if", "outcome", "intent", "event", "after", "function", "ladder", "end"}
    drawn = svg(one)
    for words in ("calls a tool", "hands over", "what the person means", "after a while", "a function of the model"):
        assert words in texts(drawn)


def test_what_counts_everywhere_stands_aside(everything):
    names = {card.name: card.kind for card in picture(everything.flow).asides}
    assert names == {
        **dict.fromkeys(("hours", "human", "repeat"), "interrupt"),
        "wrap": "timer",
        "no_input": "ladder",
        "limits": "limit",
        "on_error": "error",
    }


def test_a_drawing_is_the_same_every_time(everything):
    assert svg(picture(everything.flow)) == svg(picture(everything.flow))


def test_a_subflow_links_to_its_own_drawing(everything):
    drawn = svg(picture(everything.flow), flows={"other": "other.svg"})
    assert '<a class="flow-link" href="other.svg">' in drawn


@pytest.mark.parametrize("where", ["nodes", "title", "say", "description", "intent", "interrupt", "slot"])
def test_nothing_in_a_file_becomes_markup(tmp_path, where):
    name = {"nodes": HOSTILE}.get(where, "a")
    file = {
        "flow": "hostile",
        "description": HOSTILE if where == "description" else "",
        "initial_node": name,
        "slots": {"x": {"type": "text", "prompt": HOSTILE}} if where == "slot" else {},
        "interrupts": {"i": {"intent": HOSTILE, "say": HOSTILE}} if where == "interrupt" else {},
        "nodes": {
            name: {
                "say": HOSTILE if where == "say" else "hi",
                "title": HOSTILE if where == "title" else "t",
                "next": [{"intent": HOSTILE if where == "intent" else "b", "end": HOSTILE}, {"goto": name}],
            }
        },
    }
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(file), "utf-8")
    loaded = examine_file(path).loaded
    one = picture(loaded.flow)
    root = ET.fromstring(svg(one))
    assert not [node for node in root.iter() if node.tag.endswith(("script", "img"))]
    written = page([Sheet(picture=one, source=loaded.source)])
    assert len(re.findall(r"<script", written)) == 2
    assert "<img" not in written
    inside = re.search(r'<script type="application/json" id="data">(.*?)</script>', written, re.DOTALL)[1]
    assert json.loads(inside)["flows"][0]["name"] == "hostile"


def test_a_page_asks_for_nothing_from_anywhere(everything):
    written = page([Sheet(picture=picture(everything.flow), source=everything.source)])
    assert "default-src 'none'" in written
    assert not re.findall(r"(?:src|href)=.?https?:", written)
    assert not re.findall(r"url\(|@import", written)


def test_a_page_knows_the_text_of_every_node(everything):
    written = page([Sheet(picture=picture(everything.flow), source=everything.source)])
    data = json.loads(re.search(r'id="data">(.*?)</script>', written, re.DOTALL)[1])
    cards = {card["name"]: card for card in data["flows"][0]["cards"].values()}
    assert cards["decide"]["yaml"] == "decide: {next: [{if: slots.ok, say: Fine., goto: bye}, {else: bye}]}"
    assert cards["ask"]["yaml"].splitlines()[-1].startswith("  next: [{outcome")
    assert cards["wrap"]["yaml"] == "timers: {wrap: {after: 3m, at: idle, say: We must stop.}}"


# --- Overlays ---------------------------------------------------------------


def coverage():
    return {
        "everything": {
            "nodes": {"greet": 2, "ask": 2, "bye": 1},
            "routes": {"greet/0": 2, "ask/0": 1, "ask/1": 0},
            "interrupts": {"hours": 3},
            "timers": {},
            "rungs": {"ask/no_match/1": 2},
        }
    }


def test_coverage_shows_what_no_test_has_used(everything):
    one = picture(everything.flow)
    marks = from_coverage(coverage(), "everything")
    totals = marks.totals(one)
    assert totals["nodes"] == (3, 9)
    assert totals["routes"][0] == 3
    assert totals["everywhere"] == (1, 4)
    ask = one.card("ask")
    assert [marks.row(ask, row) for row in ask.rows] == [1, 0, 0, 2, None]
    drawn = svg(one, marks)
    assert "nodes 3/9" in drawn
    assert 'class="card k-wait unused"' in drawn


def test_coverage_shows_which_results_of_a_tool_were_followed(tmp_path):
    text = """\
flow: results
slots: {found: boolean}
tools: [{name: small.talk, next: [{outcome: error, goto: bye}]}]
initial_node: talk
nodes:
  talk:
    instruct: Talk.
    tools:
      - {name: appointments.find, next: [{outcome: error, goto: bye}, {if: slots.found, goto: bye}]}
      - {name: appointments.find, as: look_again, next: [{outcome: error, goto: bye}]}
    next: [{intent: is done, goto: bye}]
  bye: {say: Goodbye., end: true}
"""
    one = picture(examined(tmp_path, text).flow)
    seen = {
        "talk/0": 1,
        "talk/appointments_find/0": 4,
        "talk/appointments_find/1": 0,
        "talk/look_again/0": 2,
        "talk/small_talk/0": 3,
    }
    marks = from_coverage({"results": {"nodes": {"talk": 1}, "routes": seen}}, "results")
    talk = one.card("talk")
    assert [marks.row(talk, row) for row in talk.rows] == [1, 4, 0, 2, 3]
    assert marks.totals(one)["routes"] == (4, 5)


def test_a_conversation_shows_which_result_of_a_tool_it_followed(everything):
    cause = {"kind": "function", "function": "appointments_find"}
    left = {"type": "node.left", "data": {"node": "talk", "to": "bye", "cause": cause}}
    one = picture(everything.flow)
    marks = from_events([left], {"everything": one}, "everything")["everything"]
    assert marks.routes == {"talk/tools/0/next/0": 1}


@pytest.mark.parametrize("wrong", [{}, {"flows": {}}, {"everything": []}, {"everything": {"nodes": {"a": "b"}}}])
def test_coverage_of_another_shape_is_refused(wrong):
    with pytest.raises(ValueError, match=r"says nothing|is no map"):
        from_coverage(wrong, "everything")


def test_a_conversation_shows_where_it_went(everything):
    events = [
        {"type": "node.entered", "data": {"node": "greet", "depth": 0}},
        {"type": "node.left", "data": {"node": "greet", "to": "ask", "cause": {"kind": "route", "route": 0}}},
        {"type": "node.entered", "data": {"node": "ask", "depth": 0}},
        {"type": "node.left", "data": {"node": "ask", "to": "bye", "cause": {"kind": "route", "ladder": "no_match", "rung": 2}}},
        {"type": "node.entered", "data": {"node": "bye", "depth": 0}},
        {"type": "node.left", "data": {"node": "bye", "to": None, "cause": {"kind": "route"}}},
    ]  # fmt: skip
    one = picture(everything.flow)
    marks = from_events(events, {"everything": one}, "everything")["everything"]
    assert marks.steps == ["greet", "ask", "bye"]
    assert marks.routes == {"greet/0": 1, "ask/no_match/1": 1, "bye/end": 1}
    assert marks.totals(one) == {}


def test_odd_events_are_no_trouble(everything):
    pictures = {"everything": picture(everything.flow)}
    odd = [{"type": "node.left"}, {"type": "node.entered", "data": {"node": 3, "depth": 7}}, {"data": 4}, {}]
    assert isinstance(from_events(odd, pictures, "everything")["everything"], Marks)
