"""Draw a flow as Mermaid or JSON."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from framework.flows.export import as_json, mermaid
from framework.flows.load import load
from framework.project import Project


class Form(StrEnum):
    """What the drawing is written in."""

    mermaid = "mermaid"
    json = "json"


def graph(
    flow: Annotated[str, typer.Argument(metavar="FLOW", help="A flow's name, or its file.")],
    form: Annotated[Form, typer.Option("--format", help="For people, or for programs.")] = Form.mermaid,
) -> None:
    """Draw a flow: its nodes, and the ways between them.

    Mermaid is what GitHub and many editors show as a picture. JSON is one object: `{"nodes": [{"id", "kind",
    "title"}], "edges": [{"from", "to", "label"}]}`; the kind is the node's verb, `say`, `decide` or `end`.

    Examples:

    - `convo graph clinic` prints Mermaid.
    - `convo graph flows/pizza.yaml --format json` is for programs.
    """
    loaded = load(Project.find(strict=False).flow_path(flow))
    print(json.dumps(as_json(loaded.flow), indent=2, ensure_ascii=False) if form is Form.json else mermaid(loaded.flow))
