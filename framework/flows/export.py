"""Draw a flow: Mermaid for people, JSON for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.flows.graph import END, Edge, edges, verb

if TYPE_CHECKING:
    from framework.flows.model import Flow

SHAPES = {"say": ("(", ")"), "collect": ("[/", "/]"), "run": ("[[", "]]"), "decide": ("{", "}"), "end": ("((", "))")}
"""Kind → brackets of its shape in Mermaid; others are plain boxes."""

LONGEST = 60
"""Characters of a label."""


def as_json(flow: Flow) -> dict[str, list[dict[str, str]]]:
    """Nodes and edges as plain data; the end of the flow is a node of its own, of kind `end`."""
    ways = _distinct(flow)
    nodes = [{"id": name, "kind": verb(node), "title": node.title or name} for name, node in flow.nodes.items()]
    if any(edge.target == END for edge in ways):
        nodes.append({"id": END, "kind": "end", "title": "end"})
    return {"nodes": nodes, "edges": [{"from": e.source, "to": e.target, "label": e.label} for e in ways]}


def mermaid(flow: Flow) -> str:
    """The flow as a Mermaid flowchart, from top to bottom."""
    drawing = as_json(flow)
    ids = {node["id"]: f"n{number}" for number, node in enumerate(drawing["nodes"])}
    lines = ["flowchart TD", f"  start(( )) --> {ids.get(flow.initial_node, 'start')}"]
    for node in drawing["nodes"]:
        before, after = SHAPES.get(node["kind"], ("[", "]"))
        lines.append(f'  {ids[node["id"]]}{before}"{_escaped(node["title"])}"{after}')
    for edge in drawing["edges"]:
        label = f'|"{_escaped(edge["label"])}"|' if edge["label"] else ""
        lines.append(f"  {ids[edge['from']]} -->{label} {ids[edge['to']]}")
    return "\n".join(lines)


def _distinct(flow: Flow) -> list[Edge]:
    """The edges between nodes that exist, each once."""
    seen: dict[tuple[str, str, str], Edge] = {}
    for edge in edges(flow):
        if edge.target == END or edge.target in flow.nodes:
            seen.setdefault((edge.source, edge.target, edge.label), edge)
    return list(seen.values())


def _escaped(text: str) -> str:
    short = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return "".join(_entity(char) for char in " ".join(short.split()))


def _entity(char: str) -> str:
    return f"#{ord(char)};" if char in '"#<>&|`\\' else char
