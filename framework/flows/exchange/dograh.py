"""A workflow of Dograh made a flow of ours: prompts become instructions, edges routes with an intent.

The format is that of the nodes and edges which Dograh validates and stores:
https://github.com/dograh-hq/dograh/blob/main/api/services/workflow/dto.py
"""

from __future__ import annotations

from typing import Any

from framework.documents import Source
from framework.flows.exchange.making import NAME, distinct, done, flow_name, placeholders, shaped_as, slot_name, wanted
from framework.flows.exchange.report import Report, Rewritten
from framework.flows.exchange.writing import Path

TALKING = {"startCall": "start", "agentNode": "agent", "endCall": "end"}
KNOWN = (
    *("name", "prompt", "greeting", "greeting_type", "allow_interrupt", "add_global_prompt", "is_start", "is_end"),
    *("extraction_enabled", "extraction_variables", "extraction_prompt"),
)
SILENT = ("invalid", "validationMessage", "selected", "selected_through_edge", "hovered_through_edge")
"""What the editor keeps for itself."""
SLOTS = {"string": "text", "number": "number", "boolean": "boolean"}


def imported(source: Source) -> Rewritten:
    """The workflow in our form.

    Raises:
        UserError: The file is no workflow.
    """
    value, base = _definition(source.value)
    wanted(
        isinstance(value.get("nodes"), list) and isinstance(value.get("edges"), list),
        "this is no workflow of Dograh: it has no lists `nodes` and `edges`",
    )
    with shaped_as("Dograh"):
        return _Reading(source, value, base).rewritten()


def _definition(value: Any) -> tuple[dict[str, Any], Path]:
    """The nodes and edges, which an exported workflow keeps one level deeper."""
    for key in ("workflow_definition", "workflow_json", "definition"):
        if isinstance(value, dict) and isinstance(value.get(key), dict):
            return value[key], (key,)
    return (value if isinstance(value, dict) else {}), ()


class _Reading:
    def __init__(self, source: Source, value: dict[str, Any], base: Path) -> None:
        self.source, self.value, self.base = source, value, base
        self.report = Report(source)
        self.slots: dict[str, Any] = {}
        self.names: dict[str, str] = {}
        self.general = ""

    def rewritten(self) -> Rewritten:
        nodes = [(number, one) for number, one in enumerate(self.value["nodes"]) if isinstance(one, dict)]
        for number, node in nodes:
            self._first_look(number, node)
        talking = [(number, node) for number, node in nodes if node.get("id") in self.names]
        wanted(talking, "the workflow has no node in which somebody speaks")
        for _, node in talking:
            self._variables(_data(node))
        written = {self.names[node["id"]]: self._node(number, node) for number, node in talking}
        start = next((node for _, node in talking if node.get("type") == "startCall"), talking[0][1])
        top = self.source.value if self.base else self.value
        self.report.rest(self.value, self.base, ("nodes", "edges", "viewport", "name"), "the workflow")
        return done(
            {
                "flow": flow_name(top.get("name"), self.source.file),
                "format": 1,
                "slots": self.slots,
                "initial_node": self.names[start["id"]],
                "nodes": written,
            },
            self.report,
            "Rewritten from a workflow of Dograh.",
        )

    def _first_look(self, number: int, node: dict[str, Any]) -> None:
        kind, data, path = node.get("type"), _data(node), (*self.base, "nodes", number)
        if kind in TALKING:
            raw = str(data.get("name") or node.get("id"))
            self.names[str(node.get("id"))] = distinct(slot_name(raw) or TALKING[kind], self.names.values())
        elif kind == "globalNode":
            self.general = str(data.get("prompt") or "")
            self.report.changed(
                path, "the global prompt is written into the `role_message` of every node that takes it."
            )
        else:
            self.report.lost(path, f"a node of the type `{kind}` has no counterpart: it is no part of a conversation.")

    def _variables(self, data: dict[str, Any]) -> None:
        for one in data.get("extraction_variables") or () if data.get("extraction_enabled") else ():
            if isinstance(one, dict) and one.get("name"):
                slot: dict[str, Any] = {"type": SLOTS.get(str(one.get("type")), "text")}
                if one.get("prompt"):
                    slot["description"] = one["prompt"]
                self.slots.setdefault(slot_name(one["name"]), slot if len(slot) > 1 else slot["type"])

    def _node(self, number: int, node: dict[str, Any]) -> dict[str, Any]:
        data, kind, path = _data(node), node.get("type"), (*self.base, "nodes", number, "data")
        self.report.rest(data, path, (*KNOWN, *SILENT), f"the node `{self.names[node['id']]}`")
        found: dict[str, Any] = {}
        if data.get("name") and data["name"] != self.names[node["id"]]:
            found["title"] = data["name"]
        if self.general and data.get("add_global_prompt", True):
            found["role_message"] = self._text(self.general, path)
        if data.get("greeting") and data.get("greeting_type") != "audio":
            found["say"] = self._text(str(data["greeting"]), (*path, "greeting"))
        found["instruct"] = self._text(str(data.get("prompt") or "Talk."), (*path, "prompt"))
        if data.get("greeting_type") == "audio":
            self.report.lost((*path, "greeting_type"), "a recorded greeting has no counterpart.")
        if kind == "startCall" and "say" not in found:
            found["respond_immediately"] = True
        if data.get("allow_interrupt") is False:
            found["interruptible"] = False
        self._extraction(data, path)
        if kind == "endCall":
            found["post_actions"] = [{"type": "end_conversation"}]
        elif routes := self._routes(str(node.get("id"))):
            found["next"] = routes
        return found

    def _extraction(self, data: dict[str, Any], path: Path) -> None:
        if data.get("extraction_enabled") and data.get("extraction_variables"):
            names = ", ".join(f"`{slot_name(o['name'])}`" for o in data["extraction_variables"] if isinstance(o, dict))
            self.report.lost(
                (*path, "extraction_variables"),
                f"nothing fills {names} here: let a `collect` node ask for them, or a tool of the model save them.",
            )

    def _routes(self, source: str) -> list[dict[str, Any]]:
        routes: list[dict[str, Any]] = []
        for number, edge in enumerate(self.value["edges"]):
            path: Path = (*self.base, "edges", number)
            if not isinstance(edge, dict) or str(edge.get("source")) != source:
                continue
            data, target = _data(edge), self.names.get(str(edge.get("target")))
            if target is None:
                self.report.lost(path, "the edge leads to no node in which somebody speaks.")
                continue
            known = ("label", "condition", "transition_speech", "transition_speech_type", *SILENT)
            self.report.rest(data, (*path, "data"), known, "an edge")
            route: dict[str, Any] = {"intent": str(data.get("condition") or data.get("label") or f"go on to {target}")}
            label = slot_name(data.get("label") or "")
            if label not in ("", "slot") and label != route["intent"]:
                route["name"] = distinct(label, [one.get("name", "") for one in routes])
            route["goto"] = target
            if data.get("transition_speech_type") == "audio":
                self.report.lost((*path, "data", "transition_speech_type"), "recorded speech has no counterpart.")
            elif data.get("transition_speech"):
                route["say"] = self._text(str(data["transition_speech"]), (*path, "data", "transition_speech"))
            routes.append(route)
        return routes

    def _text(self, text: str, path: Path) -> str:
        return placeholders(
            text, self._read, lambda name: self.report.lost(path, f"the placeholder `{name}` has no counterpart.")
        )

    def _read(self, expression: str) -> str | None:
        """A variable as a slot; those that come with the call are slots that the starter gives."""
        name = (
            expression.split("|", maxsplit=1)[0]
            .strip()
            .removeprefix("gathered_context.")
            .removeprefix("initial_context.")
        )
        if not NAME.fullmatch(name):
            return None
        self.slots.setdefault(slot_name(name), "text")
        return f"slots.{slot_name(name)}"


def _data(one: dict[str, Any]) -> dict[str, Any]:
    found = one.get("data")
    return found if isinstance(found, dict) else {}
