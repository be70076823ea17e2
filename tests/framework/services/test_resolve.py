from __future__ import annotations

import asyncio
import importlib
import sys
from types import SimpleNamespace

import pytest

from framework.errors import MissingExtraError, PluginError, UnknownNameError, UserError
from framework.plugins.services import Preparation
from framework.services.model import StackModel
from framework.services.resolve import build_stack
from framework.testing.scripted import Script

AVA = SimpleNamespace(voices={"elevenlabs": "ava-voice", "piper": "joe", "espeak": "es+f3"}, pace=1.1)
KEYS = {"OPENAI_API_KEY": "sk-openai", "ELEVENLABS_API_KEY": "el-key", "DEEPGRAM_API_KEY": "dg-key"}


def stack(**services):
    return StackModel.model_validate({"stack": "one", "llm": {"provider": "scripted"}, **services})


def speaking(**services):
    return stack(**{"stt": {"provider": "scripted"}, "tts": {"provider": "scripted"}, **services})


def built(model, host, **given):
    return build_stack(model, host, **{"environment": KEYS, **given})


def realtime(properties):
    path = "pipecat.services.openai.realtime.llm:OpenAIRealtimeLLMService"
    args, settings = {"api_key": "${OPENAI_API_KEY}"}, {"session_properties": properties}
    return StackModel.model_validate({"stack": "one", "s2s": {"class": path, "settings": settings, "args": args}})


def remember(context):
    """A builder that gives back what it was given."""
    return context


def unprepared():
    return Preparation(ready=lambda: False, make=lambda _: None)


def broken(_):
    raise RuntimeError("no such device")


def chatty(context):
    raise RuntimeError(f"can't log in with {context.args['api_key']}")


def lacking(_):
    importlib.import_module("no_such_package_at_all")


@pytest.fixture
def parts(host, monkeypatch):
    """A host with services that give back their context."""
    monkeypatch.setitem(sys.modules, "parts", sys.modules[__name__])
    for kind in ("stt", "llm", "tts", "router"):
        host.add(kind=kind, name="mirror", build="parts:remember", keys="parts:keys")
    return host


def keys():
    from framework.plugins.services import Keys

    return Keys(settings={"level": float, "voice": str}, args={"port": int, "api_key": str})


async def test_a_voice_session_gets_every_place_and_a_text_session_only_what_it_can_use(host):
    voice = built(speaking(), host)
    assert all((voice.stt, voice.llm, voice.tts, voice.vad, voice.turn))
    text = built(speaking(), host, channel="text")
    assert (text.stt, text.tts, text.vad, text.turn) == (None, None, None, None)
    assert text.llm is not None


async def test_a_service_hears_of_the_personality_the_language_and_the_router(parts):
    model = stack(
        tts={"provider": "mirror", "settings": {"level": 1}}, stt={"provider": "mirror"}, router={"provider": "mirror"}
    )
    personality = SimpleNamespace(voices={"mirror": "ava"}, pace=1.2)
    made = built(model, parts, personality=personality, language="es", sample_rate=16000)
    context = made.tts
    assert (context.voice, context.pace, context.language, context.sample_rate) == ("ava", 1.2, "es", 16000)
    assert context.router is made.router
    assert context.settings == {"level": 1.0}


async def test_variables_are_filled_in_and_become_what_the_key_wants(parts):
    model = stack(llm={"provider": "mirror", "args": {"port": "${PORT}", "api_key": "${A}-${B}"}})
    context = built(model, parts, environment={"PORT": "8080", "A": "x", "B": "y"}, channel="text").llm
    assert context.args == {"port": 8080, "api_key": "x-y"}


async def test_a_variable_that_is_not_set_stops_the_start_with_its_name(parts):
    model = stack(llm={"provider": "mirror", "args": {"api_key": "${MY_KEY}"}})
    with pytest.raises(MissingExtraError, match=r"`MY_KEY` is not set\n  Set the environment variable `MY_KEY`\."):
        built(model, parts)


async def test_a_variable_of_the_wrong_kind_is_refused_without_its_value(parts):
    model = stack(llm={"provider": "mirror", "args": {"port": "${PORT}"}})
    with pytest.raises(UserError, match="has the wrong type") as refused:
        built(model, parts, environment={"PORT": "hush"})
    assert "hush" not in str(refused.value)
    assert refused.value.__cause__ is None


async def test_a_missing_key_of_a_vendor_is_one_sentence(host):
    with pytest.raises(MissingExtraError, match="stack one: llm: `OPENAI_API_KEY` is not set"):
        built(stack(llm={"provider": "openai"}), host, environment={})


async def test_an_unknown_key_stops_the_start_too(host):
    with pytest.raises(UserError, match="takes no setting `modle`"):
        built(stack(llm={"provider": "ollama", "settings": {"modle": "x"}}), host)


async def test_an_unknown_provider_offers_the_nearest(host):
    with pytest.raises(UnknownNameError, match="Did you mean `ollama`"):
        built(stack(llm={"provider": "olama"}), host)


async def test_a_missing_package_says_which_extra_to_install(host):
    host.add(kind="llm", name="far", build="far:build", extra="far", packages=("no_such_package_at_all",))
    with pytest.raises(MissingExtraError, match=r"`no_such_package_at_all` is not installed\n.*convo-framework\[far\]"):
        built(stack(llm={"provider": "far"}), host)


async def test_a_package_that_is_missed_only_while_building_says_so_too(parts):
    parts.add(kind="llm", name="lacking", build="parts:lacking", extra="far")
    with pytest.raises(MissingExtraError, match=r"needs `no_such_package_at_all`.*\n.*convo-framework\[far\]"):
        built(stack(llm={"provider": "lacking"}), parts, channel="text")


async def test_a_model_that_is_not_prepared_says_which_command_prepares_it(parts):
    parts.add(kind="llm", name="big", build="parts:remember", prepare="parts:unprepared")
    with pytest.raises(MissingExtraError, match="Run `convo prepare one`"):
        built(stack(llm={"provider": "big"}), parts)


async def test_a_builder_that_raises_is_named(parts):
    parts.add(kind="llm", name="broken", build="parts:broken")
    with pytest.raises(PluginError, match=r"`llm\.broken` could not be made: no such device"):
        built(stack(llm={"provider": "broken"}), parts)


async def test_a_builder_that_quotes_a_secret_is_not_quoted(parts):
    parts.add(kind="llm", name="chatty", build="parts:chatty", keys="parts:keys")
    model = stack(llm={"provider": "chatty", "args": {"api_key": "${MY_KEY}"}})
    with pytest.raises(PluginError) as refused:
        built(model, parts, environment={"MY_KEY": "hush-hush"}, channel="text")
    assert "hush" not in str(refused.value)
    assert refused.value.__cause__ is None


async def test_a_voice_that_lacks_the_language_gives_way_to_the_one_that_has_it(parts):
    parts.add(kind="tts", name="english", build="parts:broken", languages=("en",), others="mirror")
    context = built(speaking(tts={"provider": "english"}), parts, language="es").tts
    assert context.language == "es"


async def test_the_stack_may_name_who_stands_in_for_other_languages(parts):
    parts.add(kind="tts", name="english", build="parts:broken", languages=("en",))
    model = speaking(tts={"provider": "english", "settings": {}, "others": "mirror"})
    assert built(model, parts, language="de-AT").tts.language == "de-AT"


async def test_a_language_that_nobody_knows_is_refused_in_words(parts):
    parts.add(kind="stt", name="english", build="parts:remember", languages=("en",))
    with pytest.raises(UserError, match=r"`stt\.english` doesn't know the language `es`, only `en`"):
        built(speaking(stt={"provider": "english"}), parts, language="es")


async def test_a_place_that_the_channel_needs_must_be_filled(host):
    with pytest.raises(UserError, match="the stack `one` has no `stt`"):
        built(stack(), host)


async def test_any_pipecat_class_can_be_named_by_its_path(host):
    settings = {"model": "m", "temperature": 0.1}
    path = "pipecat.services.openai.llm:OpenAILLMService"
    model = stack(llm={"class": path, "settings": settings, "args": {"api_key": "${OPENAI_API_KEY}"}})
    service = built(model, host, channel="text").llm
    assert (service._settings.model, service._settings.temperature) == ("m", 0.1)


async def test_nested_settings_become_the_models_that_the_class_wants(host):
    voice = {"audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 0.4}}}}
    properties = built(realtime(voice), host).s2s._settings.session_properties
    assert type(properties).__name__ == "SessionProperties"
    assert properties.audio.input.turn_detection.threshold == 0.4


async def test_an_unknown_key_inside_a_nested_setting_is_not_dropped_silently(host):
    with pytest.raises(UserError, match="it has no key `treshold`") as refused:
        built(realtime({"audio": {"input": {"turn_detection": {"type": "server_vad", "treshold": 0.4}}}}), host)
    assert refused.value.where.endswith("session_properties.audio.input.turn_detection.treshold")


async def test_a_class_that_is_not_there_is_the_users_to_correct(host):
    with pytest.raises(UserError, match="has no class `Nobody`"):
        built(stack(llm={"class": "pipecat.services.openai.llm:Nobody"}), host, channel="text")
    with pytest.raises(MissingExtraError, match="needs `no_such_package_at_all`"):
        built(stack(llm={"class": "no_such_package_at_all.x:Y"}), host, channel="text")


async def test_a_class_that_wants_an_http_client_gets_the_sessions_and_it_is_closed_with_it(host):
    path = "pipecat.services.elevenlabs.tts:ElevenLabsHttpTTSService"
    args = {"api_key": "${ELEVENLABS_API_KEY}"}
    made = built(speaking(tts={"class": path, "args": args, "settings": {"voice": "v"}}), host)
    client = made.http()
    assert made.tts._session is client
    await made.aclose()
    assert client.closed


async def test_the_second_voice_takes_over_when_the_first_one_fails(host):
    from pipecat.frames.frames import TTSSpeakFrame
    from pipecat.pipeline.pipeline import Pipeline
    from pipecat.pipeline.worker import PipelineWorker
    from pipecat.workers.runner import WorkerRunner

    class Hoarse(Script):
        def speak(self, text):
            raise ValueError("no voice left")

    spare, spoke = Script(), asyncio.Event()
    fallback = {"tts": {"provider": "scripted", "args": {"script": spare}}}
    model = speaking(tts={"provider": "scripted", "args": {"script": Hoarse()}}, fallback=fallback)
    voice = built(model, host).tts
    worker = PipelineWorker(Pipeline([voice]), enable_rtvi=False)
    voice.strategy.add_event_handler("on_service_switched", lambda *_: spoke.set())
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    await worker.queue_frame(TTSSpeakFrame("Hello."))
    await asyncio.wait_for(spoke.wait(), 20)
    await worker.queue_frame(TTSSpeakFrame("Hello again."))
    await worker.stop_when_done()
    await asyncio.wait_for(running, 20)
    assert spare.said == ["Hello again."]


async def test_a_script_can_be_handed_over_by_a_program(host):
    script = Script()
    made = built(stack(llm={"provider": "scripted", "args": {"script": script}}), host, channel="text")
    assert made.llm._brain is script
