"""`convo plugins`: what is there, where it came from, what is wrong with it."""

import json

import pytest

from framework.cli.main import main

BROKEN = "raise ValueError('no')\n"

SHOP = '''
"""A shop."""
from framework import Command, Registry, hookimpl

@hookimpl
def register_commands(commands: Registry[Command]) -> None:
    commands.add(Command(name="restock", run="shopkeeper:restock", help="Fill the shelves."))
'''
KEEPER = "def restock(many: int = 1) -> None:\n    print(many, 'more')\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with one broken plugin, as the working directory."""
    home = tmp_path / "plugins" / "tools" / "weather"
    home.mkdir(parents=True)
    (home / "__init__.py").write_text(BROKEN)
    (tmp_path / "convo.yaml").write_text("bots: {}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_list_names_each_plugin_and_why_one_was_left_out(project, capsys):
    assert main(["plugins", "list"]) == 1
    said = capsys.readouterr().out
    assert "pizza.price" in said
    assert "left out" in said
    assert "ValueError: no" in said


def test_the_list_for_programs_is_json(project, capsys):
    main(["plugins", "list", "--json"])
    reports = {report["name"]: report for report in json.loads(capsys.readouterr().out)}
    assert reports["pizza"]["offers"] == {"tools": ["pizza.price", "pizza.order"]}
    assert reports["weather"]["origin"] == "project"
    assert "ValueError" in reports["weather"]["problem"]


def test_one_plugin_is_shown_with_its_tools_and_settings(project, capsys):
    assert main(["plugins", "show", "appointments"]) == 0
    said = capsys.readouterr().out
    assert "appointments.book(patient: string, day: date, [part: morning | afternoon])" in said
    assert "APPOINTMENTS_AHEAD_DAYS  default 365" in said


def test_one_plugin_for_programs_has_its_schemas(project, capsys):
    main(["plugins", "show", "patients", "--json"])
    (tool,) = json.loads(capsys.readouterr().out)["tools"]
    assert (tool["name"], tool["model_name"]) == ("patients.verify", "patients_verify")
    assert tool["parameters"]["required"] == ["name", "born"]


def test_a_plugin_may_add_a_word_to_the_command_line(project, capsys, monkeypatch):
    home = project / "plugins" / "commands"
    home.mkdir()
    (home / "shop.py").write_text(SHOP)
    (project / "shopkeeper.py").write_text(KEEPER)
    monkeypatch.syspath_prepend(str(project))
    assert main(["restock", "--many", "3"]) == 0
    assert capsys.readouterr().out == "3 more\n"
    main(["--help"])
    assert "Fill the shelves." in capsys.readouterr().out


def test_an_unknown_name_offers_the_nearest(project, capsys):
    assert main(["plugins", "show", "piza"]) == 2
    assert "Did you mean `pizza`?" in capsys.readouterr().err
