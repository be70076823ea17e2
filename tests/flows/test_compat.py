"""Pipecat's own files are talked through to their end from the command line, with their functions and a scripted model."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FLOWS = ROOT / "flows/compat"

SAY = {"say": "Go on."}


def calls(name: str, **arguments: Any) -> dict[str, Any]:
    return {"call": {name: arguments}, "offered": [name]}


TALKS = {
    "bakery.yaml": (
        [{**SAY, "role": "bakery"}, calls("choose_cake"), SAY, calls("finish"), SAY],
        ["A cake.", "That is all."],
        ["greet", "cake", "goodbye"],
        [],
    ),
    "delivery.yaml": (
        [
            SAY, calls("opening_hours"), {**SAY, "heard": "eight to six"}, calls("check_postcode", postcode="12345"),
            {**SAY, "heard": "true"}, calls("find_parcel", number="1001"), SAY,
            calls("leave_with_neighbour", neighbour="Miller"), SAY,
        ],
        ["When are you open?", "Do you come to 12345?", "And parcel 1001?", "Give it to Miller."],
        ["ask", "ask", "underway", "delivered"],
        ["Thank you for calling."],
    ),
    "hotel.yaml": (
        [
            {**SAY, "role": "night porter"}, calls("hum"), calls("order_food", dishes=["soup", "bread"]),
            {**SAY, "heard": "soup"},
        ],
        ["Let me think.", "Soup and bread."],
        ["reception", "confirmed"],
        ["Good evening, reception.", "Good night."],
    ),
    "library.yaml": (
        [{**SAY, "role": "librarian"}, calls("go_renew"), SAY, calls("go_reserve"), SAY, calls("leave"), SAY],
        ["Keep it.", "Reserve one.", "Done."],
        ["desk", "renew", "reserve", "closing"],
        [],
    ),
    "survey.yaml": (
        [calls("note_favourite", favourite="the whale"), SAY, calls("note_rating", rating=4), SAY],
        ["The whale.", "Four."],
        ["welcome", "rating", "thanks"],
        ["Thank you for your visit! What did you like best?", "Wonderful. You liked the whale best."],
    ),
    "quiz.json": (
        [SAY, calls("answer", capital="Berne"), SAY, calls("answer", capital="Rome"), SAY],
        ["Berne.", "Rome."],
        ["question", "question", "won"],
        ["Until next time!"],
    ),
}  # fmt: skip
"""File: what the model does, what the person says, the nodes, and lines that are spoken without the model."""


def test_no_example_is_left_out():
    assert set(TALKS) == {path.name for path in FLOWS.iterdir() if path.suffix in (".yaml", ".json")}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the examples and a model that follows a script."""
    shutil.copytree(FLOWS, tmp_path / "flows/compat", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "plugins/scripted").mkdir(parents=True)
    plugin = '"""A model that follows a script."""\nfrom framework.testing.scripted import register_services\n'
    (tmp_path / "plugins/scripted/__init__.py").write_text(plugin)
    (tmp_path / "stacks").mkdir()
    bot = {"flow": "flows/compat/delivery.yaml", "handlers": "flows/compat/handlers.py", "stack": "script"}
    (tmp_path / "convo.yaml").write_text(yaml.safe_dump({"bots": {"parcels": bot}}))
    return tmp_path


def follow(project: Path, steps: list[dict[str, Any]]) -> None:
    llm = {"provider": "scripted", "settings": {"steps": steps}}
    (project / "stacks/script.yaml").write_text(yaml.safe_dump({"stack": "script", "llm": llm}))


@pytest.mark.parametrize("file", TALKS)
def test_an_example_is_talked_through_to_its_end(project: Path, file: str):
    steps, lines, nodes, spoken = TALKS[file]
    follow(project, steps)
    (project / "said.txt").write_text("\n".join(lines))
    functions = ["--handlers", "flows/compat/handlers.py"]
    told = chat(project, f"flows/compat/{file}", *functions, "--stack", "script", "--script", "said.txt")
    events = [json.loads(line) for line in told.stdout.splitlines()]
    assert told.returncode == 0, told.stderr
    assert [event["data"]["node"] for event in events if event["type"] == "node.entered"] == nodes
    assert [event["data"]["text"] for event in events if event["type"] == "user.said"] == lines
    said = [event["data"]["spoken"] for event in events if event["type"] == "bot.said"]
    assert [line for line in said if line != SAY["say"]] == spoken
    assert [event for event in events if event["type"] == "error"] == []
    assert events[-1]["data"]["reason"] == "done"
    known = jsonschema.Draft202012Validator(json.loads((ROOT / "docs/reference/events.schema.json").read_text("utf-8")))
    for event in events:
        known.validate(event)


def test_a_bot_names_its_functions_once(project: Path):
    follow(project, [SAY, calls("find_parcel", number="1002"), SAY])
    told = chat(project, "parcels", said="1002\n")
    assert told.returncode == 0, told.stderr
    assert '"node": "delivered"' in told.stdout


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(None, "are not there", id="that are not there"),
        pytest.param("raise RuntimeError('no')", "can't be imported", id="that raise"),
        pytest.param("async def opening_hours(manager):\n    return {}", "opening_hours", id="of another shape"),
        pytest.param("x = 1", "opening_hours", id="without one that the flow names"),
    ],
)
def test_functions_get_a_sentence_and_no_traceback(tmp_path: Path, text: str | None, sentence: str):
    path = tmp_path / "functions.py"
    if text is not None:
        path.write_text(text)
    told = chat(ROOT, str(FLOWS / "delivery.yaml"), "--handlers", str(path), said="hello\n")
    assert told.returncode == 2
    assert sentence in told.stderr
    assert "Traceback" not in told.stderr


def chat(folder: Path, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "framework", "chat", *arguments, "--json"],
        cwd=folder, input=said, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
