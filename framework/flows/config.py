"""Pipecat's FlowConfig, as strict and as forgiving as Pipecat 1.14 reads it, turned into our flow model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from framework.flows.model import Flow


def case_key(value: Any) -> str:
    """What a branch compares: `true` and `false` for truth values in any spelling, else the text of the value.

    >>> case_key(True), case_key("False"), case_key(3)
    ('true', 'false', '3')
    """
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.lower() if text.lower() in {"true", "false"} else text


def _case_keys(value: Any) -> Any:
    return {case_key(key): target for key, target in value.items()} if isinstance(value, Mapping) else value


class Strict(BaseModel):
    """Unknown keys are errors; scalars are read as pydantic reads them, as Pipecat does."""

    model_config = ConfigDict(extra="forbid")


class ConfigMessage(Strict):
    """One message of a node."""

    role: str
    content: str


class ConfigBranch(Strict):
    """A transition chosen by a field of the result."""

    field: str
    cases: Annotated[dict[str, str], BeforeValidator(_case_keys)] = Field(min_length=1)
    default: str | None = None


class ConfigFunction(Strict):
    """A function offered to the model."""

    name: str
    transition_only: bool = False
    description: str | None = None
    transition_to: str | ConfigBranch | None = None


class ConfigAction(BaseModel):
    """An action before or after the model's response; other keys are its own."""

    model_config = ConfigDict(extra="allow")

    type: str
    handler: str | None = None


class ConfigNode(Strict):
    """One node."""

    task_messages: list[ConfigMessage]
    role_message: str | None = None
    functions: list[ConfigFunction] = []
    pre_actions: list[ConfigAction] = []
    post_actions: list[ConfigAction] = []
    context_strategy: Literal["append", "reset"] | None = None
    respond_immediately: bool = True


class FlowConfig(Strict):
    """A whole file."""

    initial_node: str
    nodes: dict[str, ConfigNode] = Field(min_length=1)
    global_functions: list[ConfigFunction] = []


def flow_of(config: FlowConfig, file: str) -> Flow:
    """The same flow in our model; every node says whether the model responds at once."""
    data = config.model_dump(exclude_unset=True)
    for name, node in config.nodes.items():
        data["nodes"][name]["respond_immediately"] = node.respond_immediately
    return Flow.model_validate({"flow": name_of(file), **data}).model_copy(update={"pipecat": True})


def name_of(file: str) -> str:
    """A flow's name from its file's.

    >>> name_of("bots/My Order-2.yaml"), name_of("7up.yaml")
    ('my_order-2', 'flow_7up')
    """
    plain = re.sub(r"[^a-z0-9_-]+", "_", PurePath(file).stem.lower()).strip("_-")
    return plain if re.match("[a-z]", plain) else f"flow_{plain}".rstrip("_")
