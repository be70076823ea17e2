"""The rules model: what it calls, what it asks, what it says; and that any flow's examples lead where they should."""

import json
import random
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import FunctionCallsStartedFrame, LLMContextFrame, LLMTextFrame
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.tests.utils import run_test

from framework.engine.effects import Expectation
from framework.plugins.services import ServiceContext
from framework.services.providers.rules.decide import Call, Function, Say, Scene, decide
from framework.services.providers.rules.service import build
from framework.services.providers.semantic.router import SemanticRouter
from framework.services.router import shared_words

TODAY = date(2026, 11, 21)
ROUTER = SemanticRouter()
TABLES = Path(__file__).parents[3] / "understanding" / "tables"
NAMES = ("provider", "library", "hotel", "garage")

FIND = Function(
    name="library_find",
    description="Find books. Returns titles.",
    properties={"subject": {"type": "string", "description": "What the book is about"}},
    required=("subject",),
)
LEND = Function(
    name="library_lend",
    description="Lend a book to the reader until a day.",
    properties={
        "book": {"type": "string", "description": "The book"},
        "until": {"type": "string", "format": "date", "description": "The day it comes back"},
        "copies": {"type": "integer", "minimum": 1},
    },
    required=("book", "until"),
)
PAINT = Function(
    name="paint",
    description="Paint the wall.",
    properties={
        "colour": {"enum": ["red", "light_blue"], "description": "Which colour"},
        "glossy": {"type": "boolean"},
    },
    required=("colour",),
)
LEAVE = Function(name="go_bye", description="is done")


def scene(*functions, language="en", sample="", weigh=ROUTER.weigh, **examples):
    expectation = Expectation(
        node="desk", language=language, sample=sample, functions={k: tuple(v) for k, v in examples.items()}
    )
    return Scene(functions, expectation, weigh, TODAY)


def user(text):
    return {"role": "user", "content": text}


def said(text):
    return {"role": "assistant", "content": text}


def result(value):
    return {"role": "tool", "tool_call_id": "1", "content": json.dumps(value)}


TASK = {"role": "developer", "content": "Help the reader."}


# --- Without words of the person -------------------------------------------


def test_a_node_that_is_entered_says_its_sample():
    assert decide([TASK], scene(LEAVE, sample="Hello. What can I do?")) == Say("Hello. What can I do?")


def test_without_a_sample_it_says_what_can_be_said_here():
    said = decide([TASK], scene(FIND, LEAVE, go_bye=["that is all"]))
    assert said == Say('You can say, for example: Find books or "that is all".')


def test_nothing_at_all_is_still_answered():
    assert decide([], scene()) == Say("Please go on.")


def test_a_later_instruction_is_said_where_it_stands_in_quotation_marks():
    messages = [TASK, said("Hello."), user("hm"), said("Hm?"), {"role": "developer", "content": 'Say "We close soon."'}]
    assert decide(messages, scene(LEAVE, sample="Hello.")) == Say("We close soon.")


def test_other_instructions_are_not_followed():
    messages = [TASK, said("Hello."), {"role": "developer", "content": "Be brief."}]
    assert decide(messages, scene(LEAVE, sample="Hello.")) == Say("Hello.")


# --- Functions and arguments -----------------------------------------------


def test_the_words_of_an_example_take_its_route():
    assert decide([TASK, user("That is all!")], scene(FIND, LEAVE, go_bye=["that is all"])) == Call("go_bye", {})


def test_other_words_for_the_same_take_it_too():
    offered = scene(FIND, LEAVE, go_bye=["that is all", "goodbye", "nothing else thanks"])
    assert decide([TASK, user("okay bye bye then")], offered) == Call("go_bye", {})


def test_a_free_text_is_what_follows_about():
    assert decide([TASK, user("find books about the sea, please")], scene(FIND)) == Call(
        "library_find", {"subject": "the sea, please"}
    )


def test_a_missing_argument_is_asked_for_by_its_description():
    assert decide([TASK, user("find books")], scene(FIND)) == Say("I still need this: what the book is about.")


def test_the_answer_to_that_question_completes_the_call():
    messages = [TASK, user("find books"), said("I still need this: what the book is about."), user("The sea.")]
    assert decide(messages, scene(FIND)) == Call("library_find", {"subject": "The sea"})


def test_while_asked_a_route_of_its_own_words_is_still_taken():
    messages = [TASK, user("find books"), said("I still need this: what the book is about."), user("goodbye")]
    assert decide(messages, scene(FIND, LEAVE, go_bye=["goodbye"])) == Call("go_bye", {})


def test_days_and_numbers_are_heard_in_words():
    messages = [TASK, user("lend me a book until the ninth of December"), said("…"), user("Emma")]
    assert decide(messages, scene(LEND)) == Call("library_lend", {"book": "Emma", "until": "2026-12-09"})


def test_an_enum_takes_its_value_and_a_question_is_as_good_as_an_order():
    assert decide([TASK, user("can you paint the wall light blue?")], scene(PAINT)) == Call(
        "paint", {"colour": "light_blue"}
    )


def test_a_value_that_is_no_choice_is_asked_again_with_the_choices():
    messages = [TASK, user("paint the wall"), said("…"), user("hmm green")]
    assert decide(messages, scene(PAINT)) == Say("I still need this: which colour. You can choose red or light blue.")


def test_choices_may_stand_in_a_description():
    bare = Function(name="pick", description="Pick a size.", properties={"size": {"type": "string", "description": "One of: s, xl."}},
                    required=("size",))  # fmt: skip
    assert decide([TASK, user("pick a size, xl")], scene(bare)) == Call("pick", {"size": "xl"})


@pytest.mark.parametrize(
    ("language", "sorry"), [("en", "Sorry"), ("es", "Perdone"), ("de", "Das habe ich"), ("fr", "Sorry")]
)
def test_what_fits_nothing_is_asked_again_in_the_language(language, sorry):
    decision = decide(
        [TASK, user("purple elephants dance")], scene(LEAVE, sample="?", language=language, go_bye=["bye"])
    )
    assert isinstance(decision, Say)
    assert decision.text.startswith(sorry)


# --- Results ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "told"),
    [
        pytest.param({"total": 12.5, "order_id": "x1"}, "Total: 12.5.", id="fields a person wants to hear"),
        pytest.param({"booked": True, "day": "2026-11-24"}, "Booked: yes and day: Tuesday, November 24th, 2026.", id="a day"),
        pytest.param({"message": "It is open until eight"}, "It is open until eight.", id="a sentence of its own"),
        pytest.param({"status": "error", "code": "x", "message": "The desk is closed."},
                     "That did not work. The desk is closed.", id="an error"),
        pytest.param([], "I found nothing.", id="nothing"),
        pytest.param(["Emma", "Ivanhoe"], "I found Emma and Ivanhoe.", id="a list"),
        pytest.param({"books": [{"id": 7, "title": "Emma"}]}, "I found Emma.", id="a list in a field"),
        pytest.param([str(n) for n in range(9)], "I found 9, among them 0, 1, 2 and 3.", id="a long list"),
        pytest.param("at eight", "At eight.", id="a text"),
        pytest.param(True, "Done.", id="true"),
        pytest.param(False, "No.", id="false"),
    ],
)  # fmt: skip
def test_a_result_is_told_and_no_function_is_called_again(value, told):
    decision = decide(
        [TASK, user("find books about x"), {"role": "assistant", "tool_calls": []}, result(value)], scene(FIND)
    )
    assert decision == Say(told)


SLOTS = {"slots": [{"slot_id": "a", "start": "2026-11-24T09:00"}, {"slot_id": "b", "start": "2026-11-25T10:30"}]}
BOOK = Function(
    name="book", description="Book a slot.", properties={"slot_id": {"type": "string"}}, required=("slot_id",)
)
FOUND = [TASK, user("when"), {"role": "assistant", "tool_calls": []}, result(SLOTS), said("…")]


def test_what_was_found_is_read_out_and_asked_about_where_a_function_takes_one():
    decision = decide(FOUND[:-1], scene(BOOK))
    assert decision.text.startswith("I found Tuesday, November 24th, 2026 at 9:00 and Wednesday")
    assert decision.text.endswith("Which one would you like?")


@pytest.mark.parametrize(
    ("words", "slot"),
    [
        ("book the second one", "b"),
        ("book Tuesday please", "a"),
        ("book the one at ten thirty", "b"),
        ("can you book the first", "a"),
    ],
)
def test_one_of_what_was_found_is_taken_by_its_place_or_by_what_only_it_has(words, slot):
    assert decide([*FOUND, user(words)], scene(BOOK)) == Call("book", {"slot_id": slot})


@pytest.mark.parametrize("words", ["the second one", "Wednesday", "ten thirty"])
def test_a_few_words_after_a_list_choose_from_it(words):
    assert decide([*FOUND, user(words)], scene(BOOK, LEAVE, go_bye=["that is all"])) == Call("book", {"slot_id": "b"})


def test_another_value_after_a_failure_repeats_the_call_with_it():
    failed = [
        TASK,
        user("lend me Emma until Sunday"),
        {"role": "assistant", "tool_calls": [{"function": {"name": "library_lend", "arguments": json.dumps(
            {"book": "Emma", "until": "2026-11-22"})}}]},
        result({"status": "error", "code": "retry", "message": "We are closed then."}),
        said("That did not work. We are closed then."),
    ]  # fmt: skip
    again = Call("library_lend", {"book": "Emma", "until": "2026-11-23"})
    assert decide([*failed, user("then on Monday")], scene(LEND, FIND, LEAVE)) == again


@pytest.mark.parametrize(("language", "text"), [("en", "hmm"), ("en", "maybe"), ("es", "no lo sé"), ("de", "na ja")])
def test_a_sound_of_thinking_ends_no_call(language, text):
    offered = scene(FIND, LEAVE, language=language, go_bye=["that is all", "goodbye", "nothing else", "I am done"])
    assert isinstance(decide([TASK, user(text)], offered), Say)


# --- Any flow ----------------------------------------------------------------

SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]
WORDS = st.lists(st.sampled_from(SYLLABLES), min_size=2, max_size=4).map("".join)
FLOWS = st.lists(WORDS, min_size=24, max_size=24, unique=True).flatmap(
    lambda words: st.integers(2, 5).map(lambda count: [words[i * 4 : i * 4 + 4] for i in range(count + 1)])
)


def sentences(words):
    return [" ".join(words), " ".join(words[1:]), f"{words[0]} {words[-1]}"]


def made_up(routes, weigh):
    functions = [Function(name=f"go_{number}", description=" ".join(words[:2])) for number, words in enumerate(routes)]
    examples = {f"go_{number}": sentences(words) for number, words in enumerate(routes)}
    return scene(*functions, sample="What now?", weigh=weigh, **examples), examples


@settings(max_examples=100, deadline=None)
@given(FLOWS, st.sampled_from([ROUTER.weigh, shared_words]))
def test_on_any_flow_each_example_takes_its_route(routes, weigh):
    offered, examples = made_up(routes, weigh)
    for name, texts in examples.items():
        assert all(decide([TASK, user(text)], offered) == Call(name, {}) for text in texts)


@settings(max_examples=100, deadline=None)
@given(FLOWS)
def test_on_any_flow_words_that_stand_nowhere_in_it_are_asked_again(flow):
    *routes, strange = flow
    offered, _ = made_up(routes, shared_words)
    assert decide([TASK, user(" ".join(strange))], offered) == Say("Sorry, I did not get that. What now?")


def test_on_flows_of_real_intents_the_router_refuses_sentences_of_elsewhere():
    drawn, again = random.Random(3), 0
    for _ in range(120):
        table = yaml.safe_load((TABLES / f"{drawn.choice(NAMES)}.yaml").read_text(encoding="utf-8"))
        language = drawn.choice(["en", "es", "de"])
        keys = drawn.sample(sorted(table["intents"]), drawn.randint(2, 6))
        intents = [table["intents"][key] for key in keys]
        functions = [Function(name=key, description=i["text"][language]) for key, i in zip(keys, intents, strict=True)]
        examples = {key: i["examples"][language] for key, i in zip(keys, intents, strict=True)}
        offered = scene(*functions, language=language, sample="?", **examples)
        assert all(decide([TASK, user(t)], offered) == Call(key, {}) for key, texts in examples.items() for t in texts)
        again += isinstance(decide([TASK, user(drawn.choice(table["out_of_domain"][language]))], offered), Say)
    print(f"\nrefused on drawn flows: {again} of 120")  # noqa: T201
    assert again >= 102


# --- In a pipeline ------------------------------------------------------------


async def answered(messages, *functions, **examples):
    """The frames that the service pushes for a context."""
    called = []

    async def handler(params):
        called.append((params.function_name, dict(params.arguments)))
        await params.result_callback({"status": "acknowledged"})

    schemas = [
        FunctionSchema(f.name, f.description, dict(f.properties), list(f.required), handler=handler) for f in functions
    ]
    expectation = scene(*functions, sample="How can I help?", **examples).expectation
    service = build(ServiceContext(expects=lambda: expectation, router=ROUTER))
    context = LLMContext(messages, ToolsSchema(standard_tools=schemas))
    down, _ = await run_test(service, frames_to_send=[LLMContextFrame(context)])
    return down, called


async def test_the_service_speaks_word_by_word():
    down, called = await answered([TASK])
    assert "".join(f.text for f in down if isinstance(f, LLMTextFrame)) == "How can I help?"
    assert called == []


async def test_the_service_calls_functions_the_way_every_model_does():
    down, called = await answered([TASK, user("goodbye")], LEAVE, FIND, go_bye=["goodbye"])
    assert any(isinstance(frame, FunctionCallsStartedFrame) for frame in down)
    assert called == [("go_bye", {})]
