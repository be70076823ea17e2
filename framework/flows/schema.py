"""The JSON Schema that editors use to complete and check the files of a project."""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from framework.flows.model import Flow, declared, listed

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import core_schema


class Written(GenerateJsonSchema):
    """Describes files as people write them: a single value may stand for a list of one, a type for a declaration."""

    def model_schema(self, schema: core_schema.ModelSchema) -> dict[str, Any]:
        """A model with the docstrings of its fields; reading them is left to this moment, for it takes time."""
        made = super().model_schema(schema)
        model: Any = schema["cls"]
        docs = {name: text for base in reversed(model.__mro__) for name, text in _docstrings(base).items()}
        for name, field in model.model_fields.items():
            described = made.get("properties", {}).get(field.alias or name)
            if described is not None and name in docs:
                described["description"] = docs[name]
        return made

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> dict[str, Any]:
        """What a value may be before our validators have brought it into shape."""
        inner = self.generate_inner(schema["schema"])
        function: Any = schema["function"]["function"]
        if function is declared:
            return {"anyOf": [{"type": "string"}, inner]}
        return _single_too(inner) if function is listed else inner


def _docstrings(model: Any) -> dict[str, str]:
    """Attribute → the text below it in the class."""
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    except (OSError, TypeError):
        return {}
    statements = body.body if isinstance(body, ast.ClassDef) else []
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(statements)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    }


def schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    """The schema of one kind of file."""
    made = model.model_json_schema(by_alias=True, schema_generator=Written)
    for part in [made, *made.get("$defs", {}).values()]:
        if part.get("additionalProperties") is False:
            part["patternProperties"] = {"^x-": {"description": "The author's own; ignored."}}
        _tidy(part)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": title}


def flow_schema() -> dict[str, Any]:
    """The schema of our flow files."""
    made = schema(Flow, "Flow")
    made["properties"].pop("pipecat", None)
    return made


def _single_too(inner: dict[str, Any]) -> dict[str, Any]:
    """A list, or one of its items."""
    branches = inner.get("anyOf", [inner])
    items = [branch["items"] for branch in branches if branch.get("type") == "array" and "items" in branch]
    return {**{k: v for k, v in inner.items() if k == "default"}, "anyOf": [*items, *branches]}


def _tidy(part: dict[str, Any]) -> None:
    """Leave out titles that only repeat the key, and lines of descriptions that are for programmers."""
    for value in part.get("properties", {}).values():
        value.pop("title", None)
    if "description" in part:
        part["description"] = part["description"].split("\n\n")[0]
