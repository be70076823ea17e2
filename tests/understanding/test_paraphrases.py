"""Intents in other words than their examples', in three languages, and sentences that mean none of them."""

from collections import Counter
from pathlib import Path

import yaml

from framework.engine.effects import Choice
from framework.services.providers.semantic.router import SemanticRouter

HERE = Path(__file__).parent
LANGUAGES = ("en", "es", "de")
DEVELOPMENT = ("provider", "library", "hotel")
"""The router's weights were fixed on these."""
TEST = "garage"
"""Written afterwards: the bars are checked on it, and on all tables together."""


def table(name):
    return yaml.safe_load((HERE / "tables" / f"{name}.yaml").read_text(encoding="utf-8"))


def choices(intents, language):
    return [
        Choice(key=key, text=intent["text"][language], examples=tuple(intent["examples"][language]))
        for key, intent in intents.items()
    ]


async def judged(intents, wording, examples_in=None):
    """How many paraphrases of each language were taken right, taken wrong, or asked again."""
    router, counts = SemanticRouter(), {language: Counter() for language in LANGUAGES}
    for language in LANGUAGES:
        offered = choices(intents, examples_in or language)
        for key, intent in intents.items():
            for text in intent[wording][language]:
                got = (await router.classify(text, offered, language)).choice
                counts[language]["right" if got == key else "asked" if got is None else "wrong"] += 1
    return counts


async def refused(table):
    router, counts = SemanticRouter(), Counter()
    for language in LANGUAGES:
        offered = choices(table["intents"], language)
        for text in table["out_of_domain"][language]:
            got = await router.classify(text, offered, language)
            counts["refused" if got.choice is None else "taken"] += 1
    return counts


def share(counts, what):
    return counts[what] / counts.total()


def told(title, counts):
    whole = sum(counts.values(), Counter())
    parts = [f"{language} {dict(count)}" for language, count in counts.items()]
    figures = f"right {share(whole, 'right'):.0%}, wrong {share(whole, 'wrong'):.0%}"
    print(f"{title}: {', '.join(parts)}; {figures}")  # noqa: T201  the figures are the point
    return whole


async def test_paraphrases_are_understood_and_seldom_mistaken():
    wholes = []
    for name in (*DEVELOPMENT, TEST):
        intents = table(name)["intents"]
        if name in DEVELOPMENT:
            told(f"{name}, oblique wording", await judged(intents, "oblique"))
        told(f"{name}, examples in English only", await judged(intents, "paraphrases", examples_in="en"))
        wholes.append(told(f"{name}, paraphrases", await judged(intents, "paraphrases")))
    for counts in (wholes[-1], sum(wholes, Counter())):
        assert share(counts, "right") >= 0.75
        assert share(counts, "wrong") <= 0.10


async def test_sentences_that_mean_none_of_the_intents_are_refused():
    counts = [await refused(table(name)) for name in (*DEVELOPMENT, TEST)]
    print(f"\nout of domain: {[dict(count) for count in counts]}")  # noqa: T201
    assert share(counts[-1], "refused") >= 0.90
    assert share(sum(counts, Counter()), "refused") >= 0.90


def test_the_table_is_large_enough():
    whole = table(TEST)
    for language in LANGUAGES:
        assert all(len(intent["examples"][language]) == 4 for intent in whole["intents"].values())
    assert len(whole["intents"]) == 12
    assert sum(len(texts) for intent in whole["intents"].values() for texts in intent["paraphrases"].values()) >= 60
    assert sum(len(texts) for texts in whole["out_of_domain"].values()) >= 40
