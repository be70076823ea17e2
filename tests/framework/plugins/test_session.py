"""A session's resources open in order, close in reverse, and never hold it up."""

import asyncio
from types import ModuleType

import pytest
from pydantic import SecretStr

from framework import Manifest, PluginError, Resource, SessionSpec, Settings, ToolContext, action, tool
from framework.plugins.discovery import Found
from framework.plugins.host import PluginHost
from framework.plugins.markers import hookimpl
from framework.plugins.report import Problem


class Line:
    """A resource that writes down what becomes of it."""

    def __init__(self, name):
        self.name = name


@pytest.fixture
def journal():
    return []


async def nothing(*_):
    """Open or close without ado."""


class Plugin:
    """A made-up plugin with a resource of a type of its own."""

    def __init__(self, name, journal, *, opening=nothing, closing=nothing, settings=None, start_s=5.0, stop_s=5.0):
        self.name, self.journal, self.settings = name, journal, settings
        self.opening, self.closing = opening, closing
        self.kind = type(name.title(), (Line,), {})
        self.resource = Resource(self.kind, self.lines(), start_timeout_s=start_s, stop_timeout_s=stop_s)

    def lines(self):
        async def open_line(context):
            await self.opening(context)
            self.journal.append(f"{self.name} opens")
            yield self.kind(self.name)
            await self.closing()
            self.journal.append(f"{self.name} closes")

        return open_line

    def tool(self):
        @tool
        async def ask(context: ToolContext) -> str:
            """Ask."""
            return context.resources.get(self.kind).name

        return ask

    def action(self):
        @action
        async def note(context: ToolContext) -> None:
            """Note."""
            self.journal.append(f"{self.name} {context.resources.get(self.kind).name} {context.idempotency_key}")

        return note

    @hookimpl
    def describe_plugin(self):
        return Manifest(settings=self.settings)

    @hookimpl
    def register_tools(self, tools):
        tools.add(self.tool())

    @hookimpl
    def register_actions(self, actions):
        actions.add(self.action())

    @hookimpl
    def register_resources(self, resources):
        resources.add(self.resource)

    def load(self):
        module = ModuleType(self.name)
        for hook in ("describe_plugin", "register_tools", "register_actions", "register_resources"):
            setattr(module, hook, getattr(self, hook))
        return module


@pytest.fixture
def host(journal):
    """A host with made-up plugins."""

    def build(*plugins, **options):
        made = [Plugin(name, journal, **how) for name, how in plugins]
        host = PluginHost(**options)
        host.add([Found(name=plugin.name, origin="built in", place="here", load=plugin.load) for plugin in made])
        assert host.problems == []
        return host

    return build


async def never(*_):
    await asyncio.Event().wait()


async def wrong(*_):
    raise ValueError("Ada's secret")


async def test_resources_open_in_the_order_of_the_plugins_and_close_in_reverse(host, journal):
    async with host(("a", {}), ("b", {})).session(SessionSpec()) as session:
        assert journal == ["a opens", "b opens"]
        assert (await session.call("b.ask", {})).result == "b"
        assert (await session.act("a.note", {}, call="7")).outcome == "value"
        key = f"{session.spec.session_id}/7"
    assert journal[2:] == [f"a a {key}", "b closes", "a closes"]
    assert session.problems == []


async def test_only_plugins_in_use_are_opened(host, journal):
    async with host(("a", {}), ("b", {})).session(SessionSpec(), uses=["b"]):
        assert journal == ["b opens"]


async def test_each_session_has_resources_of_its_own(host, journal):
    made = host(("a", {}))
    async with made.session(SessionSpec()) as one, made.session(SessionSpec()) as two:
        assert one.resources is not two.resources
    assert journal == ["a opens", "a opens", "a closes", "a closes"]


@pytest.mark.parametrize(
    ("opening", "said"),
    [pytest.param(wrong, "could not be opened: ValueError", id="raises"), pytest.param(never, "was not opened within 0.01 s", id="hangs")],
)  # fmt: skip
async def test_a_resource_that_does_not_open_is_reported_and_its_tools_are_unavailable(host, journal, opening, said):
    made = host(("a", {"opening": opening, "start_s": 0.01}), ("b", {}))
    async with made.session(SessionSpec()) as session:
        (problem,) = session.problems
        assert isinstance(problem, Problem)
        assert problem.plugin == "a"
        assert said in problem.sentence
        assert "secret" not in problem.sentence
        assert (await session.call("a.ask", {})).code == "unavailable"
        assert (await session.act("a.note", {})).code == "unavailable"
        assert (await session.call("b.ask", {})).result == "b"
    assert journal == ["b opens", "b closes"]


async def test_a_required_plugin_that_does_not_open_stops_the_session_and_closes_the_rest(host, journal):
    made = host(("a", {}), ("b", {"opening": wrong}), required=["b"])
    with pytest.raises(PluginError, match="plugin `b`"):
        await made.session(SessionSpec()).__aenter__()
    assert journal == ["a opens", "a closes"]


@pytest.mark.parametrize(
    ("closing", "said"),
    [pytest.param(wrong, "could not be closed", id="raises"), pytest.param(never, "was not closed within 0.01 s", id="hangs")],
)  # fmt: skip
async def test_a_resource_that_does_not_close_is_reported_and_the_rest_closes(host, journal, closing, said):
    made = host(("a", {}), ("b", {"closing": closing, "stop_s": 0.01}))
    async with made.session(SessionSpec()) as session:
        pass
    assert journal == ["a opens", "b opens", "a closes"]
    assert said in session.problems[0].sentence


async def test_resources_close_when_the_session_breaks(host, journal):
    with pytest.raises(RuntimeError):
        async with host(("a", {})).session(SessionSpec()):
            raise RuntimeError
    assert journal == ["a opens", "a closes"]


async def test_a_missing_setting_is_named_in_full_before_the_first_call(host):
    class Keys(Settings):
        token: SecretStr

    made = host(("crm", {"settings": Keys}))
    async with made.session(SessionSpec(), environment={}) as session:
        assert "`CRM_TOKEN` is not set" in session.problems[0].sentence
        assert (await session.call("crm.ask", {})).code == "unavailable"
    async with made.session(SessionSpec(), environment={"CRM_TOKEN": "x"}) as session:
        assert session.problems == []


async def test_what_a_tool_knows_comes_from_the_session(host):
    class Keys(Settings):
        token: SecretStr
        region: str = "eu"

    heard = []
    made = host(("crm", {"settings": Keys}), settings={"crm": {"region": "us"}})
    spec = SessionSpec(session_id="s1")
    async with made.session(spec, environment={"CRM_TOKEN": "x"}) as session:
        context = session.context(
            made.tools["crm.ask"],
            slots={"size": "large"},
            identity={"name": "Ada"},
            emit=lambda kind, data: heard.append((kind, data)),
            call="c1",
            now=1000.0,
        )
    context.emit("order.placed", {"id": 7})
    assert heard == [("order.placed", {"id": 7})]
    assert (context.idempotency_key, context.deadline, context.session) == ("s1/c1", 1010.0, spec)
    assert (context.slots["size"], context.identity) == ("large", {"name": "Ada"})
    assert (context.settings(Keys).token.get_secret_value(), context.settings(Keys).region) == ("x", "us")
    assert "'x'" not in repr(context)
    with pytest.raises(TypeError):
        context.slots["size"] = "small"


def test_what_cannot_open_anything_is_refused():
    async def not_a_generator(context):
        return Line("x")

    with pytest.raises(PluginError, match="can't open `Line`") as caught:
        Resource(Line, not_a_generator)
    assert "async generator" in caught.value.fix
