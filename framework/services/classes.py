"""The keys a service class takes: read from its source without running it, or asked of the class itself.

A check must not import Pipecat, so it reads: `keys_in_source("pipecat.services.groq.llm:GroqLLMService")`. A start has
the class anyway, so it asks: `keys_of(GroqLLMService)`. A test holds the two together over all of Pipecat's services.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
import types
import typing
from typing import Any

from framework.plugins.services import Keys
from framework.services import sources

OURS = frozenset({"self", "args", "kwargs", "settings", "params", "name", "metrics", "task_manager", "aiohttp_session"})
"""Arguments that a stack never gives: we do, or nobody should."""

WITHHELD = frozenset({"system_instruction", "filter_incomplete_user_turns", "user_turn_completion_config"})
"""Settings that a stack never gives: the first is the personality's, the others are deprecated."""

SENTINELS = frozenset({"NotGiven", "_NotGiven", "Omit"})
"""Types that mean "not said"; a stack says it by leaving the key out."""


def keys_of(cls: type) -> Keys:
    """What a class takes, from its signatures and its `Settings`."""
    settings = {key: hint for key, hint in _settings_of(cls).items() if key not in WITHHELD}
    args = {key: hint for key, hint in _arguments_of(cls).items() if key not in OURS}
    return Keys(settings=settings, args={key: hint for key, hint in args.items() if not _moved(key, settings)})


def keys_in_source(path: str, roots: tuple[str, ...] = ()) -> Keys:
    """What the class `module:Class` takes, without importing anything; `sources.NotFoundError` when it isn't there."""
    found = sources.find_class(path, roots)
    settings = {key: _read(hint) for key, hint in sources.fields(found).items() if key not in WITHHELD}
    settings.update({alias: settings.get(key, Any) for alias, key in sources.aliases(found).items()})
    args = {key: _read(hint) for key, hint in sources.arguments(found).items() if key not in OURS}
    return Keys(settings=settings, args={key: hint for key, hint in args.items() if not _moved(key, settings)})


def _moved(key: str, settings: dict[str, Any]) -> bool:
    """Pipecat moved `model` and `voice_id` from the arguments to the settings and warns about the old place."""
    return key in {"model", "voice", "voice_id"} and key in settings


def _arguments_of(cls: type) -> dict[str, Any]:
    """Arguments of the class and, as long as they pass `**kwargs` on, of those it stands on."""
    found: dict[str, Any] = {}
    for owner in cls.__mro__:
        if owner is object or "__init__" not in vars(owner):
            continue
        function = vars(owner)["__init__"]
        parameters = inspect.signature(function).parameters
        hints = _hints(function)
        for name, parameter in parameters.items():
            if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                found.setdefault(name, _plain(hints.get(name, Any)))
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
            break
    return found


def _settings_of(cls: type) -> dict[str, Any]:
    settings = getattr(cls, "Settings", None)
    if settings is None or not dataclasses.is_dataclass(settings):
        return {}
    hints = _hints(settings)
    found = {field.name: _plain(hints.get(field.name, Any)) for field in dataclasses.fields(settings)}
    names: dict[str, str] = getattr(settings, "_aliases", {})
    return found | {alias: found.get(name, Any) for alias, name in names.items()}


def _hints(owner: Any) -> dict[str, Any]:
    """Type hints, one by one: a name that only a type checker knows spoils its own hint and no other."""
    try:
        return typing.get_type_hints(owner)
    except (NameError, TypeError, AttributeError):
        pass
    found: dict[str, Any] = {}
    for part in reversed(getattr(owner, "__mro__", (owner,))):
        names = vars(sys.modules[part.__module__]) if part.__module__ in sys.modules else {}
        for name, hint in vars(part).get("__annotations__", {}).items():
            found[name] = _evaluated(hint, names)
    return found


def _evaluated(hint: Any, names: dict[str, Any]) -> Any:
    if not isinstance(hint, str):
        return hint
    try:
        return typing.get_type_hints(types.SimpleNamespace(__annotations__={"it": hint}), names)["it"]
    except (NameError, TypeError, AttributeError, SyntaxError):
        return Any


def _plain(hint: Any) -> Any:
    """The hint without the types that mean "not said"."""
    if typing.get_origin(hint) not in (typing.Union, types.UnionType):
        return hint
    kept = [part for part in typing.get_args(hint) if getattr(part, "__name__", "") not in SENTINELS]
    return typing.Union[tuple(kept)] if kept else Any  # noqa: UP007 - the members are only known now


def _read(hint: str) -> Any:
    """What can be known of a hint from its text: plain types and unions of them; anything else takes everything."""
    known: dict[str, Any] = {"str": str, "int": int, "float": float, "bool": bool, "dict": dict, "list": list}
    parts = [part.strip() for part in hint.split("|")]
    kept = [part for part in parts if part.rpartition(".")[2] not in SENTINELS and not part.endswith("NotGiven")]
    chosen = [None if part == "None" else known.get(part.partition("[")[0], Any) for part in kept]
    if not chosen or Any in chosen:
        return Any
    return typing.Union[tuple(chosen)]  # noqa: UP007 - the members are only known now
