"""The suites every plugin must pass: what an author runs before anybody else does.

    from framework.testing.contracts import PluginContract

    class TestWeather(PluginContract):
        plugin = "plugins/tools/weather"

Each method is one promise; pytest runs them all. `calls` names arguments with which each tool is really called.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from framework.plugins import discovery
from framework.plugins.host import PluginHost
from framework.plugins.tools import Tool
from framework.sessions.spec import SessionSpec

SHORTEST = 10
"""Characters below which a description tells a model nothing."""


class PluginContract:
    """What a plugin owes its users. Subclass it in a test and name the plugin's folder."""

    plugin: ClassVar[Path | str]
    """The plugin's folder or file."""
    calls: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Tool → arguments of a call that must succeed."""
    settings: ClassVar[Mapping[str, Any]] = {}
    """The plugin's settings, as in `convo.yaml`."""
    environment: ClassVar[Mapping[str, str] | None] = None
    """Where settings are read from; None is the process's own environment."""

    @property
    def name(self) -> str:
        """The plugin's name."""
        return Path(self.plugin).stem

    def host(self) -> PluginHost:
        """A host with this plugin only."""
        host = PluginHost(settings={self.name: self.settings}, required=[self.name])
        path = Path(self.plugin)
        host.add(found for found in discovery.in_folder(path.parent, "project") if found.place == str(path.resolve()))
        return host

    def test_it_loads(self) -> None:
        """It is found, imports, and registers something."""
        (report,) = self.host().plugins
        assert report.offers, f"`{report.name}` registers nothing"

    def test_it_says_what_it_is(self) -> None:
        """It has a summary, and every setting a description."""
        (report,) = self.host().plugins
        assert report.summary, "begin the module with a docstring, or give its manifest a `summary`"
        bare = [setting.name for setting in report.settings if not setting.description]
        assert not bare, f"settings without a docstring: {bare}"

    def test_a_model_can_choose_its_tools(self) -> None:
        """Each tool has a real description, describes its arguments, and a schema without references."""
        for tool in self._tools():
            assert len(tool.description) >= SHORTEST, f"say more in the docstring of `{tool.name}`"
            properties = tool.parameters["properties"]
            bare = [name for name, schema in properties.items() if "description" not in schema]
            assert not bare, f"`{tool.name}`: describe {bare} under `Args:`"
            assert '"$ref"' not in json.dumps(tool.parameters)

    def test_a_model_without_language_can_choose_its_tools(self) -> None:
        """Each tool has examples of what people say."""
        bare = [tool.name for tool in self._tools() if not tool.examples]
        assert not bare, f"`@tool(examples=[…])` is missing at {bare}"

    def test_a_checker_knows_its_results(self) -> None:
        """Each tool says the type of its result, so that `result.total` can be checked before a call."""
        bare = [tool.name for tool in self._tools() if tool.result_schema is None]
        assert not bare, f"no result type at {bare}"

    async def test_sessions_open_and_close(self) -> None:
        """Its resources open and close within their deadlines, in two sessions at once."""
        host = self.host()
        async with self._session(host) as one, self._session(host) as two:
            pass
        assert not [*one.problems, *two.problems]

    async def test_its_tools_answer(self) -> None:
        """Each call of `calls` ends with a value."""
        host = self.host()
        async with self._session(host) as session:
            for name, arguments in self.calls.items():
                outcome = await session.call(name, arguments, call="contract")
                assert outcome.outcome == "value", f"`{name}`: {outcome.code}: {outcome.message}"

    async def test_nonsense_is_answered_with_a_sentence(self) -> None:
        """Arguments that don't exist end in `bad_arguments`, nothing else."""
        host = self.host()
        async with self._session(host) as session:
            for tool in self._tools():
                outcome = await session.call(tool.name, {"no such argument": 1})
                assert outcome.code == "bad_arguments"

    def _tools(self) -> Iterable[Tool]:
        return self.host().tools.values()

    def _session(self, host: PluginHost) -> Any:
        return host.session(SessionSpec(), environment=self.environment)
