"""What we lean on in Pipecat, pinned: an upgrade that changes it turns these red."""

from __future__ import annotations

import importlib
import re

import pytest
from pipecat.cli.registry import ServiceRegistry

from framework.errors import UserError
from framework.services.classes import keys_in_source, keys_of
from framework.services.providers import deepgram, elevenlabs, kokoro, ollama, openai
from framework.services.sources import NotFoundError

GROUPS = ("STT_SERVICES", "LLM_SERVICES", "TTS_SERVICES", "REALTIME_SERVICES")


def listed():
    """Every service that Pipecat lists, as `module:Class`."""
    for group in GROUPS:
        for service in getattr(ServiceRegistry, group):
            for line in ServiceRegistry.IMPORTS[service.value]:
                found = re.match(r"from (\S+) import (.+)", line)
                if found and service.class_name[0] in [name.strip() for name in found[2].split(",")]:
                    yield f"{found[1]}:{service.class_name[0]}"


@pytest.mark.parametrize(
    ("provider", "path"),
    [
        pytest.param(openai, "pipecat.services.openai.llm:OpenAILLMService", id="openai"),
        pytest.param(ollama, "pipecat.services.ollama.llm:OLLamaLLMService", id="ollama"),
        pytest.param(elevenlabs, "pipecat.services.elevenlabs.tts:ElevenLabsTTSService", id="elevenlabs"),
        pytest.param(kokoro, "pipecat.services.kokoro.tts:KokoroTTSService", id="kokoro"),
        pytest.param(deepgram, "pipecat.services.deepgram.stt:DeepgramSTTService", id="deepgram"),
    ],
)
def test_a_providers_table_names_the_settings_of_its_class_and_no_argument_that_it_lacks(provider, path):
    table, known = provider.keys(), keys_in_source(path)
    assert set(table.settings) == set(known.settings)
    assert set(table.args) - set(getattr(provider, "OURS", {})) <= set(known.args)


def test_every_service_that_pipecat_lists_can_be_read_from_its_source():
    paths = list(listed())
    assert len(paths) == 101
    assert [path for path in paths if not (keys_in_source(path).settings or keys_in_source(path).args)] == []


def test_reading_the_source_and_asking_the_class_give_the_same_keys():
    compared = 0
    for path in listed():
        module, _, name = path.partition(":")
        try:
            cls = getattr(importlib.import_module(module), name)
        except ImportError:  # a vendor's package that is not installed
            continue
        read, asked = keys_in_source(path), keys_of(cls)
        assert (path, set(read.settings), set(read.args)) == (path, set(asked.settings), set(asked.args))
        compared += 1
    assert compared >= 40


def test_what_is_ours_to_give_is_not_the_stacks():
    keys = keys_in_source("pipecat.services.openai.llm:OpenAILLMService")
    assert not {"system_instruction", "user_turn_completion_config"} & set(keys.settings)
    assert not {"params", "settings", "model", "name", "task_manager"} & set(keys.args)


def test_a_class_of_ones_own_is_read_through_its_bases_and_re_exports(tmp_path):
    package = tmp_path / "parrots"
    package.mkdir()
    (package / "__init__.py").write_text("from .tts import Parrot\nraise RuntimeError('not to be run')\n")
    (package / "tts.py").write_text(
        "from pipecat.services.tts_service import TTSService\n"
        "from pipecat.services.settings import TTSSettings\n"
        "class Feathers(TTSSettings):\n    colour: str | None = None\n"
        "class Parrot(TTSService):\n    Settings = Feathers\n"
        "    def __init__(self, *, cage: int = 1, **kwargs):\n        super().__init__(**kwargs)\n"
    )
    keys = keys_in_source("parrots:Parrot", (str(tmp_path),))
    assert {"colour", "voice", "language"} <= set(keys.settings)
    assert {"cage", "sample_rate"} <= set(keys.args)
    assert keys.settings["colour"] == str | None
    assert keys.args["cage"] is int


def test_a_class_in_no_module_is_an_error_of_the_users():
    with pytest.raises(NotFoundError, match="no class `Nobody`"):
        keys_in_source("pipecat.services.openai.llm:Nobody")
    assert issubclass(NotFoundError, UserError)


def test_the_shared_models_have_every_attribute_that_pipecat_gives_its_own():
    from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3
    from pipecat.audio.vad.silero import SileroVADAnalyzer

    from framework.services.providers.shared import Silero, SmartTurn

    assert set(vars(Silero())) == set(vars(SileroVADAnalyzer()))
    assert set(vars(Silero()._model)) == set(vars(SileroVADAnalyzer()._model))
    assert set(vars(SmartTurn())) == set(vars(LocalSmartTurnAnalyzerV3()))


def test_what_a_chat_model_overrides_is_still_there():
    import inspect

    from pipecat.processors.frame_processor import FrameProcessor
    from pipecat.services.openai.llm import OpenAILLMService

    from framework.services.providers.chat import ChatService

    assert OpenAILLMService.supports_developer_role is True
    for name in ("create_client", "get_chat_completions", "run_function_calls"):
        assert inspect.iscoroutinefunction(getattr(OpenAILLMService, name)) == (name != "create_client")
    theirs, ours = inspect.signature(FrameProcessor.push_error), inspect.signature(ChatService.push_error)
    assert list(theirs.parameters) == list(ours.parameters)
