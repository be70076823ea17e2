"""A router that asks a model, against a server that answers as OpenAI's API does, and the contract of all routers."""

import asyncio
import json

import pytest

from framework.engine.effects import Choice
from framework.plugins.services import ServiceContext
from framework.services.providers import ollama, openai
from framework.services.providers.semantic.router import SemanticRouter
from framework.testing.openai import Hang, Reply, Server, down

CHOICES = (
    Choice(key="0", text="wants to book", examples=("a table please",)),
    Choice(key="interrupt:human", text="asks for a person", examples=("an agent please", "let me speak to someone")),
)


def verdict(choice, sure=0.9):
    return Reply(text=json.dumps({"meant": {"choice": choice, "probabilities": {choice: sure}}}))


def router(server, provider=openai, **args):
    given = {"base_url": server.url, "api_key": server.key, "within_s": 2.0, **args}
    return provider.router(ServiceContext(settings={"model": "gpt-4o-mini"}, args=given))


@pytest.mark.parametrize("provider", [openai, ollama])
async def test_a_model_decides_among_the_choices_only(provider):
    async with Server([verdict("option_2")]) as server:
        found = await router(server, provider).classify("is there a human being?", CHOICES, "en")
        assert (found.choice, found.by, found.score) == ("interrupt:human", "model", 0.9)
        asked = json.dumps(server.requests[0])
        assert "is there a human being?" in asked
        assert "wants to book" in asked
        assert "let me speak to someone" in asked


async def test_none_of_them_is_an_answer():
    async with Server([verdict("none")]) as server:
        assert (await router(server).classify("the weather is nice", CHOICES, "en")).choice is None


async def test_a_model_that_is_not_sure_means_none_of_them():
    async with Server([verdict("option_1", 0.3)]) as server:
        assert (await router(server).classify("hm, perhaps", CHOICES, "en")).choice is None


@pytest.mark.parametrize("answer", [verdict("option_9"), Reply(text="I think booking."), Reply(text=""), down()])
async def test_what_is_no_verdict_means_none_of_them(answer):
    async with Server([answer]) as server:
        found = await router(server).classify("could I book?", CHOICES, "en")
        assert (found.choice, found.by) == (None, "model")


async def test_a_model_that_is_late_means_none_of_them():
    async with Server([Hang()]) as server:
        began = asyncio.get_running_loop().time()
        found = await router(server, within_s=0.2).classify("could I book?", CHOICES, "en")
        assert found.choice is None
        assert asyncio.get_running_loop().time() - began < 2


async def test_the_very_words_of_an_example_need_no_model():
    async with Server([]) as server:
        found = await router(server).classify("A table, please!", CHOICES, "en")
        assert (found.choice, found.by, server.requests) == ("0", "example", [])


# --- What every router keeps to ----------------------------------------------


class Fixed:
    """A router of each kind, ready to be asked."""

    @staticmethod
    async def semantic():
        return SemanticRouter(), None

    @staticmethod
    async def model():
        server = await Server([verdict("none")] * 9).__aenter__()
        return router(server), server


@pytest.mark.parametrize("kind", ["semantic", "model"])
async def test_every_router_takes_examples_word_for_word_and_knows_none_of_them(kind):
    one, server = await getattr(Fixed, kind)()
    try:
        assert (await one.classify("an agent please", CHOICES, "en")).choice == "interrupt:human"
        assert (await one.classify("the parliament votes on Tuesday", CHOICES, "en")).choice is None
        assert (await one.classify("", CHOICES, "en")).choice is None
        assert (await one.classify("anything", (), "en")).choice is None
        assert one.score("a table", ["a table", "purple"])[0] > one.score("a table", ["a table", "purple"])[1]
        one.learn(["a table please"])
    finally:
        if server is not None:
            await server.__aexit__(None, None, None)
