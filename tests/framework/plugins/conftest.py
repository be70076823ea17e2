"""Folders with plugins, written by the test that needs them."""

from __future__ import annotations

import textwrap

import pytest

from framework.plugins import discovery
from framework.plugins.host import PluginHost


@pytest.fixture
def plugin(tmp_path):
    """Write a plugin: `plugin("weather", source)`; returns the folder to give to the host."""

    def write(name, source, kind="tools"):
        home = tmp_path / "plugins" / kind / name
        home.mkdir(parents=True, exist_ok=True)
        (home / "__init__.py").write_text(textwrap.dedent(source), encoding="utf-8")
        return tmp_path / "plugins"

    return write


@pytest.fixture
def load(monkeypatch):
    """A host with the bundled plugins and those of some folders, and none that are installed in this environment."""
    monkeypatch.setattr(discovery, "BUILT_IN", ("framework.slots.plugin",))

    def load(*folders, **options):
        return PluginHost.load(folders, installed=False, **options)

    return load


@pytest.fixture
def broken(load):
    """What is said about the one plugin that was left out."""

    def sentence(folder, name):
        host = load(folder)
        return next(problem.sentence for problem in host.problems if problem.plugin == name)

    return sentence
