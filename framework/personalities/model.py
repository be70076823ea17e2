"""What a personality file may contain: who speaks, in which manner, with which voice."""

from __future__ import annotations

from fnmatch import fnmatchcase

from pydantic import BaseModel, ConfigDict, Field

Words = str | dict[str, str]
"""A text, or a map of languages to texts."""

LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"


class Model(BaseModel):
    """Strict: unknown keys are errors; keys that start with `x-` were removed by the reader."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ToolAccess(Model):
    """Which tools a personality keeps away from."""

    block: list[str] = []
    """Tools it is never offered, by name or pattern: `youtube.*`."""


class Personality(Model):
    """Who speaks. Composed with a node's text into what the model reads."""

    personality: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    """The personality's name, by which flows and bots choose it."""
    extends: str | None = None
    """Another personality to build on: its rules come first, its maps are added to, all else is replaced."""
    name: Words = ""
    """What it calls itself; flows read it as `{{ personality.name }}`."""
    role: Words = "You are a helpful assistant."
    """Who it is, in a sentence or two for the model."""
    rules: list[Words] = []
    """What always holds, one sentence each."""
    voice_rules: list[Words] = []
    """What holds only where one hears it."""
    text_rules: list[Words] = []
    """What holds only where one reads it."""
    languages: list[str] = []
    """What it speaks, the first by default."""
    greeting: Words = ""
    """Said only where a node says `{{ personality.greeting }}`."""
    voices: dict[str, str] = {}
    """Speech service → its voice."""
    pace: float = Field(default=1.0, ge=0.5, le=2.0)
    """How fast it speaks; 1 is the voice's own pace."""
    lexicon: dict[str, str] = {}
    """Written → how it is spoken, for words that voices get wrong."""
    fillers: list[Words] = []
    """What it may say while one waits, used in turn."""
    disclosure: Words = ""
    """Said only where a node says `{{ personality.disclosure }}`: that the call is recorded, for example."""
    tools: ToolAccess = ToolAccess()
    """Which tools it is not offered."""

    def allows(self, tool: str) -> bool:
        """Whether it may be offered a tool.

        >>> Personality(personality="ava", tools=ToolAccess(block=["youtube.*"])).allows("youtube.search")
        False
        """
        return not any(fnmatchcase(tool, pattern) for pattern in self.tools.block)


def in_language(words: Words, language: str) -> str:
    """A text in a language: its own wording, else that of the language without a region, else the first there is.

    >>> in_language({"en": "hello", "es": "hola"}, "es-MX"), in_language("hello", "de")
    ('hola', 'hello')
    """
    if isinstance(words, str):
        return words
    for tag in (language, language.split("-", maxsplit=1)[0]):
        if tag in words:
            return words[tag]
    return next(iter(words.values()), "")


NEUTRAL = Personality(personality="neutral", role="You are a helpful, friendly assistant.", languages=["en"])
"""Who speaks when neither flow nor bot names anybody."""
