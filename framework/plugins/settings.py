"""A plugin's own settings, read from the environment under its own prefix, and from `convo.yaml`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from framework.errors import MissingExtraError, UserError
from framework.plugins import wording
from framework.suggest import did_you_mean


class Settings(BaseModel):
    """The base of a plugin's settings; a secret is a `SecretStr`, the docstring under a field its description.

    `database` of the plugin `patients` is `PATIENTS_DATABASE` in the environment, or
    `plugins: {settings: {patients: {database: …}}}` in `convo.yaml`; the environment wins.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


Group = TypeVar("Group", bound=Settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting, for people."""

    name: str
    variable: str
    description: str
    required: bool
    secret: bool
    default: Any


def variable(plugin: str, field: str) -> str:
    """The environment variable of a setting.

    >>> variable("face-match", "api_key")
    'FACE_MATCH_API_KEY'
    """
    return f"{plugin}_{field}".replace("-", "_").replace(".", "_").upper()


def described(model: type[Settings], plugin: str) -> list[Setting]:
    """All settings of a plugin."""
    return [
        Setting(
            name=name,
            variable=variable(plugin, name),
            description=field.description or "",
            required=field.is_required(),
            secret=_secret(field),
            default=None if field.is_required() or _secret(field) else field.get_default(call_default_factory=False),
        )
        for name, field in model.model_fields.items()
    ]


def read(
    model: type[Group],
    plugin: str,
    given: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Group:
    """The settings of a plugin, all problems with them in one error."""
    values = {
        **(given or {}),
        **dict(_from_environment(model, plugin, os.environ if environment is None else environment)),
    }
    try:
        return model.model_validate(values)
    except ValidationError as wrong:
        problems = wrong.errors(include_url=False, include_input=False)
        missing = all(problem["type"] == "missing" for problem in problems)
        sentences = [_sentence(problem, model, plugin) for problem in problems]
        error = MissingExtraError if missing else UserError
        raise error(
            "; ".join(message for message, _ in sentences),
            where=f"plugin `{plugin}`",
            fix=" ".join(dict.fromkeys(fix for _, fix in sentences)),
        ) from None


def _from_environment(model: type[Settings], plugin: str, environment: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        if text := environment.get(variable(plugin, name)):
            yield name, _value(text, field)


def _value(text: str, field: FieldInfo) -> Any:
    """A list or a map is written as JSON; everything else pydantic reads from text."""
    if field.annotation not in (str, SecretStr) and text.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _sentence(problem: ErrorDetails, model: type[Settings], plugin: str) -> tuple[str, str]:
    """What is wrong with one setting and how to set it; the value itself is never shown."""
    name = str(problem["loc"][0]) if problem["loc"] else ""
    if problem["type"] == "extra_forbidden":
        return f"there is no setting `{name}`", did_you_mean(name, model.model_fields)
    if name not in model.model_fields:
        return f"the settings don't go together: {wording.wrong(problem)}", "Look at them together."
    where = f"`{variable(plugin, name)}`"
    if problem["type"] == "missing":
        fix = f"Set the environment variable {where}"
        if not _secret(model.model_fields[name]):
            fix += f", or `{name}` under `plugins: {{settings: {{{plugin}: …}}}}` in `convo.yaml`"
        return f"{where} is not set", f"{fix}."
    return f"{where} (`{name}`) is wrong: {wording.wrong(problem)}", f"Correct {where}, or `{name}` in `convo.yaml`."


def _secret(field: FieldInfo) -> bool:
    return "Secret" in str(field.annotation)
