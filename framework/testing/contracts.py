"""The suites plugins and launchers must pass: what an author runs before anybody else does.

    from framework.testing.contracts import PluginContract

    class TestWeather(PluginContract):
        plugin = "plugins/tools/weather"

Each method is one promise; pytest runs them all. `calls` names arguments with which each tool is really called.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, ClassVar

from framework.plugins import discovery
from framework.plugins.host import PluginHost
from framework.plugins.launchers import Launch, Launched, Launcher
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


STAND_IN = """
import json, os, signal, sys, time
mood = os.environ.get("CONVO_MOOD", "")
def leave(*_):
    print("is asked to leave", flush=True)
    if mood != "deaf":
        sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print(json.dumps({name: text for name, text in os.environ.items() if name.startswith("CONVO_")}), flush=True)
print("is here", flush=True)
if mood in ("leaves", "fails"):
    sys.exit(0 if mood == "leaves" else 3)
for _ in range(6000):  # five minutes, whatever becomes of the test
    time.sleep(0.05)
"""
"""A program for `python -c` in a runner's place: it says what it was told, then behaves as `CONVO_MOOD` says."""


class LauncherContract:
    """What a launcher owes the operator. Subclass it in a test; its runners run `python -c STAND_IN`."""

    deadline_s: ClassVar[float] = 30.0
    """How long the place may take to start or end a runner."""
    grace_s: ClassVar[float] = 1.0
    """The grace that removals are given, and that the place keeps to."""

    def opened(self) -> AbstractAsyncContextManager[Launcher]:
        """A new launcher, opened, whose runners are the stand-in; what it started is gone afterwards."""
        raise NotImplementedError

    async def test_a_runner_starts_and_is_seen(self) -> None:
        """It becomes `running`, has a name for people, and a time in this century."""
        async with self.opened() as launcher:
            launch = self.launch()
            await launcher.launch(launch)
            seen = await self.until(launcher, launch, "running")
            assert seen.name
            assert seen.started_at > 1_700_000_000  # noqa: PLR2004 - the end of 2023

    async def test_it_is_seen_as_soon_as_it_was_launched(self) -> None:
        """The next look already has it: else the operator would launch another."""
        async with self.opened() as launcher:
            launch = self.launch()
            await launcher.launch(launch)
            assert launch.launch_id in [seen.launch_id for seen in await launcher.launched()]

    async def test_a_runner_is_told_who_it_is(self) -> None:
        """Launch, pool, capacity and the launch's own settings are in its environment."""
        async with self.opened() as launcher:
            launch = self.launch(capacity=3, CONVO_ENV="contract")
            await launcher.launch(launch)
            told = json.loads((await self.wrote(launcher, launch, "is here")).splitlines()[0])
            assert told.items() >= launch.told().items()

    async def test_launching_twice_is_once(self) -> None:
        """One after another and at the same time, the same launch makes one runner."""
        async with self.opened() as launcher:
            launch = self.launch()
            await asyncio.gather(*(launcher.launch(launch) for _ in range(3)))
            await self.until(launcher, launch, "running")
            await launcher.launch(launch)
            assert [seen.launch_id for seen in await launcher.launched()] == [launch.launch_id]
            assert (await self.wrote(launcher, launch, "is here")).count("is here") == 1

    async def test_a_runner_that_leaves_is_gone(self) -> None:
        """It ended as it should: nothing to worry about."""
        async with self.opened() as launcher:
            launch = self.launch("leaves")
            await launcher.launch(launch)
            await self.until(launcher, launch, "gone")

    async def test_a_runner_that_fails_has_failed_and_says_how(self) -> None:
        """The exit code is in the reason, its last words in the log, and it is not started again."""
        async with self.opened() as launcher:
            launch = self.launch("fails")
            await launcher.launch(launch)
            assert "3" in (await self.until(launcher, launch, "failed")).reason
            assert "is here" in await launcher.logs(launch.launch_id)

    async def test_a_removed_runner_is_asked_to_leave_and_then_forgotten(self) -> None:
        """SIGTERM reaches it; afterwards nobody lists it."""
        async with self.opened() as launcher:
            launch, other = self.launch(), self.launch()
            await launcher.launch(launch)
            await launcher.launch(other)
            await self.wrote(launcher, launch, "is here")
            await launcher.remove(launch.launch_id, grace_s=self.grace_s)
            await self.until_forgotten(launcher, launch)
            assert [seen.launch_id for seen in await launcher.launched()] == [other.launch_id]

    async def test_a_runner_that_does_not_listen_is_killed(self) -> None:
        """After the grace it is gone all the same."""
        async with self.opened() as launcher:
            launch = self.launch("deaf")
            await launcher.launch(launch)
            await self.wrote(launcher, launch, "is here")
            await launcher.remove(launch.launch_id, grace_s=self.grace_s)
            await self.wrote(launcher, launch, "is asked to leave")
            await self.until_forgotten(launcher, launch)

    async def test_what_is_left_of_a_finished_runner_can_be_removed(self) -> None:
        """One that ended by itself is listed until then."""
        async with self.opened() as launcher:
            launch = self.launch("fails")
            await launcher.launch(launch)
            await self.until(launcher, launch, "failed")
            await launcher.remove(launch.launch_id, grace_s=self.grace_s)
            await self.until_forgotten(launcher, launch)

    async def test_removing_what_is_not_there_is_success(self) -> None:
        """Two operators may remove the same one."""
        async with self.opened() as launcher:
            launch = self.launch()
            await launcher.remove(launch.launch_id, grace_s=self.grace_s)
            await launcher.launch(launch)
            await self.until(launcher, launch, "running")
            await asyncio.gather(*(launcher.remove(launch.launch_id, grace_s=self.grace_s) for _ in range(3)))
            await self.until_forgotten(launcher, launch)

    async def test_logs_are_as_long_as_asked_for(self) -> None:
        """The last lines; nothing of a runner that nobody knows."""
        async with self.opened() as launcher:
            launch = self.launch()
            await launcher.launch(launch)
            await self.wrote(launcher, launch, "is here")
            assert (await launcher.logs(launch.launch_id, lines=1)).strip() == "is here"
            assert await launcher.logs("nobody000000") == ""

    async def test_ten_at_once_are_ten(self) -> None:
        """None is lost, none is doubled."""
        async with self.opened() as launcher:
            launches = [self.launch() for _ in range(10)]
            await asyncio.gather(*(launcher.launch(launch) for launch in launches))
            seen = sorted(each.launch_id for each in await launcher.launched())
            assert seen == sorted(launch.launch_id for launch in launches)
            for launch in launches:
                await self.until(launcher, launch, "running")

    # --- For subclasses -------------------------------------------------------------------------------------------

    def launch(self, mood: str = "", *, capacity: int = 1, **environment: str) -> Launch:
        """A launch with a new id."""
        told = {**environment, **({"CONVO_MOOD": mood} if mood else {})}
        return Launch(launch_id=secrets.token_hex(6), pool="shared.default.any", capacity=capacity, environment=told)

    async def until(self, launcher: Launcher, launch: Launch, state: str) -> Launched:
        """Wait until a launch is in this state, and return how it is seen then."""
        found = await self._until(launcher, lambda all_: any(_is(seen, launch, state) for seen in all_))
        return next(seen for seen in found if _is(seen, launch, state))

    async def until_forgotten(self, launcher: Launcher, launch: Launch) -> None:
        """Wait until nothing of a launch is left."""
        await self._until(launcher, lambda all_: all(seen.launch_id != launch.launch_id for seen in all_))

    async def wrote(self, launcher: Launcher, launch: Launch, text: str) -> str:
        """Wait until a runner has written this, and return its log."""
        async with asyncio.timeout(self.deadline_s):
            while text not in (log := await launcher.logs(launch.launch_id)):  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.02)
        return log

    async def _until(self, launcher: Launcher, so: Callable[[Sequence[Launched]], bool]) -> Sequence[Launched]:
        async with asyncio.timeout(self.deadline_s):
            while not so(found := await launcher.launched()):  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.02)
        return found


def _is(seen: Launched, launch: Launch, state: str) -> bool:
    return seen.launch_id == launch.launch_id and seen.state == state
