"""Make a Pipecat service from checked keys: its settings, its language, its secrets, its HTTP client."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from pipecat.transcriptions.language import Language

from framework.services.classes import keys_of
from framework.services.keys import coerced

if TYPE_CHECKING:
    from framework.plugins.services import ServiceContext


def construct(cls: type, context: ServiceContext, **ours: Any) -> Any:
    """An instance of `cls`. `ours` are arguments that no stack may give."""
    keys = keys_of(cls)
    args = coerced(keys.args, context.args) | context.secrets | ours
    if "aiohttp_session" in _parameters(cls) and context.http:
        args["aiohttp_session"] = context.http()
    given = dict(context.settings)
    if context.voice and "voice" in keys.settings:
        given.pop("voice_id", None)
        given["voice"] = context.voice
    if settings := coerced(keys.settings, given):
        args["settings"] = _settings(cls, settings)
    return cls(**args)


def spoken(context: ServiceContext) -> dict[str, Any]:
    """The settings with the session's language, unless the stack has one of its own."""
    return {"language": language(context.language)} | context.settings


def language(tag: str) -> Language | str:
    """Pipecat's name of a language; a tag that it doesn't know goes to the vendor as it is."""
    try:
        return Language(tag)
    except ValueError:
        return tag


def _settings(cls: Any, given: dict[str, Any]) -> Any:
    """`from_mapping` knows the other names of settings; unknown keys were refused before."""
    extra = given.pop("extra", None)
    settings = cls.Settings.from_mapping(given)
    if extra:
        settings.extra = extra
    return settings


def _parameters(cls: type) -> set[str]:
    return {name for owner in cls.__mro__ for name in _signature(owner)}


def _signature(owner: type) -> set[str]:
    return set(inspect.signature(vars(owner)["__init__"]).parameters) if "__init__" in vars(owner) else set()
