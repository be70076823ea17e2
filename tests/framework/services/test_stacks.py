from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from framework.documents import DocumentError, Severity
from framework.services.model import StackModel
from framework.services.stacks import check_stack, load_stack

GOOD = "stack: one\nllm: {provider: scripted}\n"


def found(path, host, **given):
    return [(one.code, one.span.line, one.span.column) for one in check_stack(path, host, environment={}, **given)]


def told(path, host):
    (one,) = check_stack(path, host, environment={})
    return one


def test_a_stack_of_two_lines_is_enough(write, host):
    stack, source = load_stack(write(GOOD))
    assert stack.llm.provider == "scripted"
    assert (stack.vad.provider, stack.turn.stop) == ("silero", "smart_turn")
    assert source.value["stack"] == "one"
    assert check_stack(write(GOOD), host) == []


def test_a_mistyped_provider_is_marked_at_its_name_and_the_nearest_is_offered(write, host):
    one = told(write("stack: one\nllm:\n  provider: opnai\n"), host)
    assert (one.code, one.span.line, one.span.column, one.severity) == ("STK001", 3, 13, Severity.ERROR)
    assert one.fix == "Did you mean `openai`?"


def test_a_provider_of_another_place_is_not_offered(write, host):
    one = told(write("stack: one\nllm: {provider: deepgrm}\n"), host)
    assert "deepgram" not in one.fix


def test_an_unknown_setting_is_marked_at_its_key(write, host):
    one = told(write("stack: one\nllm: {provider: ollama, settings: {modle: llama3.2}}\n"), host)
    assert (one.code, one.span.line, one.span.column) == ("STK002", 2, 36)
    assert one.message == "`llm.ollama` takes no setting `modle`."
    assert one.fix == "Did you mean `model`?"


def test_a_key_that_belongs_to_the_other_part_is_sent_there(write, host):
    one = told(write("stack: one\nllm: {provider: ollama, args: {temperature: 1}}\n"), host)
    assert (one.code, one.fix) == ("STK002", "Write it under `settings`.")


def test_a_value_of_the_wrong_type_is_marked_at_the_value(write, host):
    one = told(write("stack: one\nllm: {provider: ollama, settings: {temperature: hot}}\n"), host)
    assert (one.code, one.span.column) == ("STK003", 49)
    assert "number" in one.message


def test_every_place_of_the_stack_is_checked_in_one_run(write, host):
    text = """\
        stack: many
        stt: {provider: deepgram, settings: {modl: nova-3-general}}
        llm: {provider: ollama, settings: {seed: x}}
        tts: {provider: elevenlabs, args: {spead: 1}}
        vad: {provider: silero, settings: {stop_sec: 0.2}}
        turn: {stop: smart_tern}
        fallback: {tts: {provider: coqui}}
        """
    codes = [code for code, *_ in found(write(textwrap.dedent(text)), host) if code in {"STK001", "STK002", "STK003"}]
    assert sorted(codes) == ["STK001", "STK001", "STK002", "STK002", "STK002", "STK003"]


def test_a_missing_secret_is_a_warning_that_names_the_variable(write, host):
    one = told(write("stack: one\nllm: {provider: openai}\n"), host)
    assert (one.code, one.severity) == ("STK004", Severity.WARNING)
    assert one.message == "`llm.openai` needs `OPENAI_API_KEY` as its `api_key`."


def test_a_secret_that_is_set_is_no_matter_for_a_check(write, host):
    path = write("stack: one\nllm: {provider: openai}\n")
    assert check_stack(path, host, environment={"OPENAI_API_KEY": "sk-1"}) == []


def test_a_server_of_ones_own_needs_no_key_of_openai(write, host):
    path = write("stack: one\nllm: {provider: openai, args: {base_url: 'http://localhost:8000/v1'}}\n")
    assert check_stack(path, host, environment={}) == []


def test_a_variable_that_is_not_set_is_named_where_it_stands(write, host):
    one = told(write("stack: one\nllm: {provider: ollama, args: {base_url: '${LLM_URL}'}}\n"), host)
    assert (one.code, one.severity, one.message) == ("STK004", Severity.WARNING, "`LLM_URL` is not set.")
    assert (one.span.line, one.span.column) == (2, 42)


def test_a_secret_written_into_the_file_is_warned_about_and_not_repeated(write, host):
    one = told(write("stack: one\nllm: {provider: openai, args: {api_key: sk-secret-123}}\n"), host)
    assert (one.code, one.fix) == ("STK007", "Write `${OPENAI_API_KEY}`.")
    assert "sk-secret" not in one.message + one.fix


def test_a_broken_variable_is_an_error(write, host):
    path = write("stack: one\nllm: {provider: ollama, args: {base_url: 'http://${LLM URL}/v1'}}\n")
    assert found(path, host) == [("STK010", 2, 50)]


def test_any_class_of_pipecat_is_checked_by_its_source(write, host):
    text = "stack: one\nllm: {class: 'pipecat.services.groq.llm:GroqLLMService', settings: {modle: x}}\n"
    one = told(write(text), host)
    assert (one.code, one.fix) == ("STK002", "Did you mean `model`?")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        pytest.param("pipecat.services.groq.llm:Grok", "has no class `Grok`", id="no such class"),
        pytest.param("pipecat.services.parrot.llm:X", "there is no module", id="no such module"),
        pytest.param("nowhere.at.all:X", "there is no module", id="no such package"),
    ],
)
def test_a_class_that_is_not_there_is_marked_at_its_path(write, host, path, message):
    one = told(write(f"stack: one\nllm: {{class: '{path}'}}\n"), host)
    assert (one.code, one.span.column) == ("STK009", 14)
    assert message in one.message


def test_a_service_names_a_provider_or_a_class_but_not_both(write):
    with pytest.raises(DocumentError, match="either a `provider` or a `class`"):
        load_stack(write("stack: one\nllm: {provider: rules, class: 'a:B'}\n"))


def test_speech_to_speech_leaves_no_work_for_the_other_three(write, host):
    path = write(GOOD + "s2s: {class: 'pipecat.services.openai.realtime.llm:OpenAIRealtimeLLMService'}\n")
    assert [code for code, *_ in found(path, host)] == ["STK008"]


def test_a_fallback_needs_something_to_stand_in_for(write, host):
    path = write(GOOD + "fallback: {tts: {provider: scripted}}\n")
    assert found(path, host) == [("STK008", 3, 12)]


def test_structure_alone_asks_no_plugin(write, host):
    path = write("stack: one\nllm: {provider: opnai, settings: {modle: 1}}\n")
    assert check_stack(path, host, structure=True) == []


def test_what_is_no_stack_at_all_is_reported_with_its_place(write, host):
    path = write("stack: one\nllm: {provider: rules}\nvoice: {provider: piper}\n")
    (one,) = check_stack(path, host)
    assert (one.span.line, one.span.column) == (3, 1)


def test_a_package_that_is_not_installed_is_a_warning_with_the_extra_to_install(write, host):
    host.add(kind="llm", name="far", build="far:build", extra="far", packages=("no_such_package_at_all",))
    one = told(write("stack: one\nllm: {provider: far}\n"), host)
    assert (one.code, one.severity) == ("STK005", Severity.WARNING)
    assert one.fix == "Run `pip install 'convo-framework[far]'`."


def unprepared():
    from framework.plugins.services import Preparation

    return Preparation(ready=lambda: False, make=lambda _: None)


def test_a_model_that_is_not_prepared_is_a_warning_with_the_command(write, host, monkeypatch):
    monkeypatch.setitem(sys.modules, "unprepared", sys.modules[__name__])
    host.add(kind="llm", name="big", build="unprepared:nothing", prepare="unprepared:unprepared")
    one = told(write("stack: one\nllm: {provider: big}\n"), host)
    assert (one.code, one.fix) == ("STK006", "Run `convo prepare one`.")


def test_the_schema_describes_every_place():
    schema = StackModel.model_json_schema()
    assert {"stt", "llm", "tts", "s2s", "vad", "turn", "router", "fallback"} <= set(schema["properties"])
    assert schema["$defs"]["ServiceRef"]["properties"]["class"]["description"]


def test_a_check_imports_neither_pipecat_nor_a_model_library(write):
    path = write("stack: one\nllm: {class: 'pipecat.services.groq.llm:GroqLLMService'}\ntts: {provider: kokoro}\n")
    program = f"""
import sys
from types import SimpleNamespace
from framework.plugins.registry import Registry
from framework.services.stacks import check_stack
from framework.services.providers import openai, ollama, elevenlabs, kokoro, deepgram, silero, turns
from framework.testing import scripted
shelf = Registry("service")
for module in (openai, ollama, elevenlabs, kokoro, deepgram, silero, turns, scripted):
    module.register_services(shelf)
check_stack({str(path)!r}, SimpleNamespace(services=shelf))
import framework.services.resolve
heavy = [name for name in ("pipecat", "numpy", "onnxruntime", "openai", "deepgram", "aiohttp") if name in sys.modules]
sys.exit(", ".join(heavy) or 0)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stderr.strip(), done.returncode) == ("", 0)
