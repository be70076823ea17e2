"""Sessions whose nodes want other services, voices and languages than they began with."""

from __future__ import annotations

import asyncio
import textwrap
from types import SimpleNamespace
from typing import Any

import pytest
from pipecat.pipeline.service_switcher import ServiceSwitcher

from framework.engine import effects as do
from framework.engine import inputs as happened
from framework.personalities.model import Personality
from framework.plugins.host import PluginHost
from framework.plugins.services import ServiceContext
from framework.project import Project
from framework.runtime.session import LiveSession
from framework.runtime.tuner import Tuner
from framework.services.ensemble import Ensemble, Member
from framework.services.providers.espeak.service import build as build_espeak
from framework.services.providers.piper.service import Manner, PiperTTS
from framework.sessions.spec import SessionSpec

DUO = """
from tests.framework.runtime.conftest import ScriptedModel

made = {}

def one(context):
    made["one"] = ScriptedModel(*[["One."]] * 9)
    return made["one"]

def two(context):
    made["two"] = ScriptedModel(*[["Two."]] * 9)
    return made["two"]
"""
PLUGIN = '''
"""Two models."""
from framework import Service, hookimpl

@hookimpl
def register_services(services):
    services.add(Service(kind="llm", name="one", build="duo:one"))
    services.add(Service(kind="llm", name="two", build="duo:two"))
    services.add(Service(kind="llm", name="locked", build="duo:two", secrets={"api_key": "NO_SUCH_KEY"}))
'''
FLOW = """
flow: test
initial_node: a
nodes:
  a: {instruct: A., next: [{intent: x, goto: b}]}
  b: {stack: other, instruct: B., next: [{intent: x, goto: c}]}
  c: {stack: locked, instruct: C., next: [{intent: x, goto: a}]}
"""


@pytest.fixture
def session(tmp_path, monkeypatch):
    files = {
        "flows/test.yaml": FLOW,
        "stacks/own.yaml": "stack: own\nllm: {provider: one}\n",
        "stacks/other.yaml": "stack: other\nllm: {provider: two}\n",
        "stacks/locked.yaml": "stack: locked\nllm: {provider: locked}\n",
        "plugins/duo_services/__init__.py": PLUGIN,
        "convo.yaml": "bots: {}\n",
        "duo.py": DUO,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(textwrap.dedent(text))
    monkeypatch.syspath_prepend(tmp_path)
    project, events = Project.find(tmp_path), []
    spec = SessionSpec(flow="test", stack="own", channel="text")
    host = PluginHost.load(project, installed=False)
    return LiveSession(spec, project=project, host=host, on_event=events.append), events


async def test_a_node_has_the_model_of_its_stack_and_goes_on_with_the_present_one_where_it_can_not(session):
    import duo

    from framework.sessions.orders import Goto

    live, events = session
    running = asyncio.create_task(live.run())
    try:
        async with asyncio.timeout(30):
            assert await live.person()
            for node in ("b", "c", "a"):
                assert await live.obey(Goto(node=node)) == "applied"
                assert await live.person()
    finally:
        live.hang_up()
        await asyncio.wait_for(running, 20)
    said = [event.data["spoken"] for event in events if event.type == "bot.said"]
    assert said == ["One.", "Two.", "Two.", "One."]
    errors = [event.data for event in events if event.type == "error"]
    assert [error["code"] for error in errors] == ["stack"]
    assert "NO_SUCH_KEY" in errors[0]["message"]
    assert len(duo.made["two"].contexts[0]) > len(duo.made["one"].contexts[0])


async def test_a_switched_voice_speaks_with_the_voice_of_the_personality(scene, model, voice, eventually):
    first, second = voice(), voice()
    spoken: list[tuple[str, str]] = []
    for name, one in (("first", first), ("second", second)):
        run = one.run_tts

        def told(text: str, context_id: str, run: Any = run, name: str = name) -> Any:
            spoken.append((name, text))
            return run(text, context_id)

        one.run_tts = told
    members = {
        ("tts", "own", "en"): Member(first, "piper", polyglot=False),
        ("tts", "own", "es"): Member(second, "espeak", polyglot=True),
    }
    ensemble = Ensemble("own", members=members, problems={("stt", "own", "es"): "nobody hears Spanish"})
    luigi = Personality(personality="luigi", voices={"espeak": "it+m1"})
    async with scene(lambda _: [], model(), voice=ServiceSwitcher([first, second])) as s:
        s.stage.tuner = Tuner(ensemble, cast={"luigi": luigi}.get, channel="voice", routed=lambda _: None)
        tunes = [("en", "ava", None), ("es", "luigi", None), ("en", "luigi", "deep"), ("es", "ava", None)]
        for number, (language, who, own) in enumerate(tunes):
            await s.stage.tune(do.Tune(language=language, personality=who, voice=own, stack=None))
            await s.stage.say(do.Say(say=f"s{number}", text=f"Words {number}.", language=language))
        await eventually(lambda: len(s.took(happened.Spoken)) == 4)
    assert [name for name, _ in spoken] == ["first", "second", "first", "second"]
    assert (first.settings.voice, second.settings.voice) == ("deep", "tone")
    errors = [event.data for event in s.events if event.type == "error"]
    assert {error["code"] for error in errors} == {"language"}
    assert "stt: nobody hears Spanish" in {error["message"] for error in errors}


@pytest.mark.parametrize(
    ("voice", "why"),
    [
        ("klingon+f3", "espeak-ng has no voice `klingon`."),
        ("en-us+f33", "espeak-ng has no variant `f33`. Did you mean"),
    ],
)
async def test_a_voice_that_nobody_has_is_a_clear_error_and_the_present_one_speaks_on(
    scene, model, eventually, voice, why
):
    service = build_espeak(ServiceContext(voice="en-us+f3", language="en", sample_rate=22_050))
    ensemble = Ensemble("own", members={("tts", "own", "en"): Member(service, "espeak", polyglot=True)})
    async with scene(lambda _: [], model(), voice=service) as s:
        s.stage.tuner = Tuner(ensemble, cast={}.get, channel="voice", routed=lambda _: None)
        await s.stage.tune(do.Tune(language="en", personality="ava", voice=voice, stack=None))
        await s.stage.say(do.Say(say="s1", text="Hello.", language="en"))
        await eventually(lambda: s.took(happened.Spoken))
        errors = [event.data for event in s.events if event.type == "error" and event.data["code"] == "voice"]
        assert len(errors) == 1
        assert why in errors[0]["message"]
        assert s.took(happened.Spoken)[0].spoken == "Hello."
        assert service._manner.voice.endswith("+f3")
        await s.stage.tune(do.Tune(language="en", personality="ava", voice="en-gb+m1", stack=None))
        await eventually(lambda: service._manner.voice.endswith("+m1"))
        assert [code for code, _ in s.stage.tuner.problems if code == "voice"] == []


def test_piper_says_which_voices_it_can_not_change_to():
    speaks = SimpleNamespace(sample_rate=22_050)
    service = PiperTTS(speaks=speaks, name="en_US-joe-medium", manner=Manner())
    assert service.voice_problem("en_US-joe-medium") == ""
    assert "there is no Piper voice `joe`" in service.voice_problem("joe")
