"""Put a personality and a node's task together into what the model reads, what never changes first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

from framework.personalities.model import Personality, Words, in_language

Channel = Literal["voice", "text"]

SPOKEN = "Everything you write is spoken aloud: short, plain sentences without lists, headings, links or symbols."
"""What holds for every voice, whoever speaks."""

NAMES = {
    "ar": "Arabic", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fi": "Finnish",
    "fr": "French", "hi": "Hindi", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch",
    "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ru": "Russian", "sv": "Swedish", "tr": "Turkish",
    "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip
"""Languages as a model is told to speak them; Babel knows the rest."""


def compose(personality: Personality, *, channel: str, language: str, task: str | None = None) -> str:
    """The system instruction: role, standing rules, rules of the channel, language, and last the task.

    The beginning is the same at every node and for every session of a bot, so that prompt caches hold it.

    >>> ava = Personality(personality="ava", role="You are Ava.", rules=["Be brief."], text_rules=["No headings."])
    >>> print(compose(ava, channel="text", language="en"))
    You are Ava.
    <BLANKLINE>
    Rules:
    - Be brief.
    - No headings.
    <BLANKLINE>
    Speak English.
    """
    spoken = channel == "voice"
    rules = [*personality.rules, *(SPOKEN for _ in range(spoken))]
    rules += personality.voice_rules if spoken else personality.text_rules
    parts = [_role(personality, language), _listed(rules, language), f"Speak {language_name(language)}."]
    return "\n\n".join(part for part in (*parts, task or "") if part)


def persona(personality: Personality, language: str) -> dict[str, Any]:
    """A personality's fields as flows see them (`{{ personality.greeting }}`), each text in one language.

    >>> persona(Personality(personality="ava", greeting={"en": "Hello.", "es": "Hola."}), "es-MX")["greeting"]
    'Hola.'
    """
    fields = personality.model_dump()
    texts = {key: in_language(fields[key], language) for key in ("name", "role", "greeting", "disclosure")}
    lists = ("rules", "voice_rules", "text_rules", "fillers")
    texts_in_lists = {key: [in_language(words, language) for words in fields[key]] for key in lists}
    return {**fields, **texts, **texts_in_lists, "language": language}


def _role(personality: Personality, language: str) -> str:
    """The role, with the name where the role doesn't say it."""
    role, name = in_language(personality.role, language), in_language(personality.name, language)
    return f"{role} Your name is {name}." if name and name not in role else role


def _listed(rules: Sequence[Words], language: str) -> str:
    return "\n".join(["Rules:", *(f"- {in_language(rule, language)}" for rule in rules)]) if rules else ""


@lru_cache(maxsize=64)
def language_name(tag: str) -> str:
    """A language's English name.

    >>> language_name("es"), language_name("es-MX"), language_name("cy")
    ('Spanish', 'Spanish', 'Welsh')
    """
    short = tag.split("-", maxsplit=1)[0]
    if short in NAMES:
        return NAMES[short]
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - rare languages only

    try:
        return Locale.parse(short).get_language_name("en") or tag
    except (UnknownLocaleError, ValueError):
        return tag
