"""Every provider in the box is made here, with keys that are no keys; the clouds themselves are for another day."""

from __future__ import annotations

import pytest

from framework.errors import MissingExtraError, UserError
from framework.plugins.services import ServiceContext
from framework.services.providers import deepgram, elevenlabs, kokoro, ollama, openai, silero, turns


async def test_elevenlabs_speaks_with_the_personalitys_voice_at_its_pace():
    service = elevenlabs.build(
        ServiceContext(settings={"stability": 0.4}, secrets={"api_key": "no-key"}, voice="ava", language="es", pace=1.5)
    )
    assert service._settings.voice == "ava"
    assert service._settings.language == "es"
    assert service._settings.stability == 0.4
    assert service._settings.speed == elevenlabs.FASTEST


async def test_elevenlabs_without_a_voice_says_where_to_name_one():
    with pytest.raises(UserError, match="ElevenLabs needs a voice") as missing:
        elevenlabs.build(ServiceContext(secrets={"api_key": "no-key"}))
    assert "voices: {elevenlabs: …}" in missing.value.fix


async def test_deepgram_listens_in_the_sessions_language_unless_the_stack_has_its_own():
    spanish = deepgram.build(
        ServiceContext(settings={"model": "nova-3-general"}, secrets={"api_key": "no-key"}, language="es")
    )
    assert (spanish._settings.model, spanish._settings.language) == ("nova-3-general", "es")
    many = deepgram.build(ServiceContext(settings={"language": "multi"}, secrets={"api_key": "no-key"}, language="es"))
    assert many._settings.language == "multi"


async def test_kokoro_never_downloads_behind_ones_back(tmp_path):
    with pytest.raises(MissingExtraError, match=r"Kokoro's file .* is not there") as missing:
        kokoro.build(ServiceContext(args={"model_path": str(tmp_path / "none.onnx")}, voice="af_heart"))
    assert "model_path" in missing.value.fix


async def test_ollama_must_be_told_which_model():
    with pytest.raises(UserError, match="which model"):
        ollama.build(ServiceContext())


async def test_openai_takes_every_setting_of_its_table():
    settings = {"model": "gpt-4o-mini", "temperature": 0.2, "max_completion_tokens": 200, "extra": {"store": False}}
    service = openai.build(ServiceContext(settings=settings, secrets={"api_key": "no-key"}))
    assert service._settings.max_completion_tokens == 200
    assert service._settings.extra == {"store": False}


async def test_silero_takes_its_settings_and_shares_its_model():
    one = silero.build(ServiceContext(settings={"stop_secs": 0.4}))
    two = silero.build(ServiceContext())
    assert one.params.stop_secs == 0.4
    assert one._model.session is two._model.session
    assert one._model._state is not two._model._state


async def test_silero_on_the_shared_model_judges_as_pipecats_own_does():
    import numpy as np
    from pipecat.audio.vad.silero import SileroVADAnalyzer

    noise = np.random.default_rng(7).integers(-8000, 8000, 512 * 20, dtype=np.int16)
    ours, theirs = silero.build(ServiceContext()), SileroVADAnalyzer()
    for analyser in (ours, theirs):
        analyser.set_sample_rate(16000)
    for window in noise.reshape(20, 512):
        assert ours.voice_confidence(window.tobytes()) == theirs.voice_confidence(window.tobytes())


async def test_smart_turn_takes_its_settings_and_shares_its_model():
    from pipecat.turns.user_start import VADUserTurnStartStrategy
    from pipecat.turns.user_stop import TurnAnalyzerUserTurnStopStrategy

    one = turns.build_smart(ServiceContext(settings={"stop_secs": 1.5}))
    two = turns.build_smart(ServiceContext())
    assert isinstance(one.start[0], VADUserTurnStartStrategy)
    (stop,) = one.stop
    assert isinstance(stop, TurnAnalyzerUserTurnStopStrategy)
    assert stop._turn_analyzer.params.stop_secs == 1.5
    assert stop._turn_analyzer._session is two.stop[0]._turn_analyzer._session


async def test_a_timeout_waits_for_silence_and_words_may_be_needed_to_interrupt():
    from pipecat.turns.user_start import MinWordsUserTurnStartStrategy
    from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy

    made = turns.build_timeout(ServiceContext(settings={"user_speech_timeout": 0.9, "min_words": 3}))
    assert isinstance(made.start[0], MinWordsUserTurnStartStrategy)
    assert made.start[0]._min_words == 3
    assert isinstance(made.stop[0], SpeechTimeoutUserTurnStopStrategy)
    assert made.stop[0]._user_speech_timeout == 0.9


def test_the_keys_of_silero_and_smart_turn_are_pipecats():
    from pipecat.audio.turn.smart_turn.base_smart_turn import SmartTurnParams
    from pipecat.audio.vad.vad_analyzer import VADParams

    assert set(silero.keys().settings) == set(VADParams.model_fields)
    assert set(turns.SMART) == set(SmartTurnParams.model_fields)


def toy_kokoro(folder):
    """A model of Kokoro's shape that hums, and a voices file with one voice."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper

    hum = onnx.numpy_helper.from_array(np.full(24000, 0.1, dtype=np.float32))
    inputs = [
        helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, None]),
        helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, 256]),
        helper.make_tensor_value_info("speed", TensorProto.FLOAT, [1]),
    ]
    outputs = [helper.make_tensor_value_info("audio", TensorProto.FLOAT, [24000])]
    graph = helper.make_graph([helper.make_node("Constant", [], ["audio"], value=hum)], "toy", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, folder / "toy.onnx")
    with (folder / "voices.bin").open("wb") as file:
        np.savez(file, af_heart=np.zeros((511, 1, 256), dtype=np.float32))
    return {"model_path": str(folder / "toy.onnx"), "voices_path": str(folder / "voices.bin")}


async def test_kokoro_speaks_with_the_personalitys_voice_from_files_that_are_here(tmp_path):
    from pipecat.frames.frames import TTSAudioRawFrame

    service = kokoro.build(ServiceContext(args=toy_kokoro(tmp_path), voice="af_heart", pace=1.2))
    assert (service._settings.voice, service._settings.speed) == ("af_heart", 1.2)
    service._sample_rate = 24000
    frames = [frame async for frame in service.run_tts("Hello there.", "c")]
    assert any(isinstance(frame, TTSAudioRawFrame) and any(frame.audio) for frame in frames)


async def test_kokoro_refuses_a_voice_that_its_file_lacks(tmp_path):
    with pytest.raises(ValueError, match="af_nobody"):
        kokoro.build(ServiceContext(args=toy_kokoro(tmp_path), voice="af_nobody"))
