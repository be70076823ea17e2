"""An assistant, a squad or a workflow of Vapi made a flow of ours.

The formats are those that Vapi publishes: https://docs.vapi.ai/api-reference/assistants/create,
https://docs.vapi.ai/squads and https://docs.vapi.ai/workflows.
"""

from __future__ import annotations

from typing import Any

from framework.documents import Source
from framework.flows.exchange.making import NAME, distinct, done, flow_name, placeholders, shaped_as, slot_name, wanted
from framework.flows.exchange.report import Report, Rewritten
from framework.flows.exchange.writing import Path

NOTES = ("id", "orgId", "createdAt", "updatedAt", "isServerUrlSecretSet", "metadata")
"""What the service notes for itself."""
SERVICES = ("voice", "transcriber")
SLOTS = {"string": "text", "number": "number", "integer": "integer", "boolean": "boolean"}


def imported(source: Source) -> Rewritten:
    """What the file describes in our form.

    Raises:
        UserError: It is none of the three.
    """
    value = source.value
    reading = _Reading(source)
    with shaped_as("Vapi"):
        if isinstance(value.get("nodes"), list):
            return reading.workflow()
        if isinstance(value.get("squad"), dict) or isinstance(value.get("members"), list):
            return reading.squad()
        wanted(
            isinstance(value.get("model"), dict) or "firstMessage" in value,
            "this is no assistant, squad or workflow of Vapi",
            "An assistant has `model`, a squad `members`, a workflow `nodes` and `edges`.",
        )
        return reading.assistant()


class _Reading:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.report = Report(source)
        self.slots: dict[str, Any] = {}

    # --- Assistants and squads ----------------------------------------------

    def assistant(self) -> Rewritten:
        value = self.source.value
        name = slot_name(value.get("name") or "talk")
        return self._flow({name: self._speaker(value, (), {}), **self._goodbye(value)}, name, value)

    def squad(self) -> Rewritten:
        inside = isinstance(self.source.value.get("squad"), dict)
        base: Path = ("squad",) if inside else ()
        value = self.source.value["squad"] if inside else self.source.value
        members = [one for one in value.get("members") or () if isinstance(one, dict)]
        wanted(members, "the squad has no members")
        names: dict[str, str] = {}
        for number, member in enumerate(members):
            raw = _assistant(member).get("name") or member.get("assistantId") or f"member {number + 1}"
            names[str(raw)] = distinct(slot_name(raw), names.values())
        nodes: dict[str, Any] = {}
        for number, (member, node) in enumerate(zip(members, names.values(), strict=True)):
            path: Path = (*base, "members", number)
            known = ("assistant", "assistantId", "assistantDestinations")
            self.report.rest(member, path, known, "a member of the squad")
            if not _assistant(member):
                self.report.lost(
                    path, f"the assistant `{member.get('assistantId')}` is not in the file: write what it does."
                )
            nodes[node] = self._speaker(_assistant(member), (*path, "assistant"), names)
            routes = self._handed_over(member, path, names)
            nodes[node]["next"] = [*routes, *nodes[node].get("next", [])]
            if not nodes[node]["next"]:
                del nodes[node]["next"]
        self.report.rest(value, base, ("name", "members", *NOTES), "the squad")
        goodbyes = [self._goodbye(_assistant(member)) for member in members]
        return self._flow({**nodes, **next((one for one in goodbyes if one), {})}, next(iter(nodes)), value)

    def _speaker(self, value: dict[str, Any], path: Path, names: dict[str, str]) -> dict[str, Any]:
        """A node in which an assistant's model converses."""
        model = value.get("model") if isinstance(value.get("model"), dict) else {}
        assert isinstance(model, dict)  # noqa: S101 - said above
        known = ("name", "firstMessage", "firstMessageMode", "model", "endCallMessage", "maxDurationSeconds", *NOTES)
        self.report.rest(value, path, known, "the assistant")
        self.report.rest(model, (*path, "model"), ("messages", "tools", "systemPrompt"), "the model")
        found: dict[str, Any] = {}
        mode = value.get("firstMessageMode", "assistant-speaks-first")
        if value.get("firstMessage") and mode == "assistant-speaks-first":
            found["say"] = self._text(value["firstMessage"], (*path, "firstMessage"))
        found["role_message"] = ""
        found["instruct"] = self._system(model, (*path, "model"))
        if mode == "assistant-waits-for-user":
            found["respond_immediately"] = False
        tools, routes = self._tools(model.get("tools"), (*path, "model", "tools"), names)
        if tools:
            found["functions"] = tools
        if routes:
            found["next"] = routes
        return found

    def _system(self, model: dict[str, Any], path: Path) -> str:
        texts = [model["systemPrompt"]] if isinstance(model.get("systemPrompt"), str) else []
        for number, message in enumerate(model.get("messages") or ()):
            if isinstance(message, dict) and message.get("role") == "system":
                texts.append(str(message.get("content", "")))
            else:
                self.report.lost((*path, "messages", number), "only messages of the role `system` come along.")
        return self._text("\n".join(texts).strip() or "Talk.", (*path, "messages"))

    def _tools(self, tools: Any, path: Path, names: dict[str, str]) -> tuple[list[Any], list[Any]]:
        """Functions, and routes for what ends or hands over."""
        functions: list[Any] = []
        routes: list[Any] = []
        for number, tool in enumerate(tools if isinstance(tools, list) else ()):
            here = (*path, number)
            kind = tool.get("type") if isinstance(tool, dict) else None
            if kind == "endCall":
                routes.append({"intent": "wants to end the call", "name": "end_call", "goto": "end_of_call"})
            elif kind in ("transferCall", "handoff"):
                routes += self._destinations(tool.get("destinations"), (*here, "destinations"), names)
            else:
                what = (tool.get("function") or {}).get("name") if isinstance(tool, dict) else None
                self.report.lost(
                    here, f"the tool `{what or kind}` is no tool here: write it as a plugin, then list it."
                )
        return functions, routes

    def _handed_over(self, member: dict[str, Any], path: Path, names: dict[str, str]) -> list[dict[str, Any]]:
        return self._destinations(member.get("assistantDestinations"), (*path, "assistantDestinations"), names)

    def _destinations(self, destinations: Any, path: Path, names: dict[str, str]) -> list[dict[str, Any]]:
        routes = []
        for number, one in enumerate(destinations if isinstance(destinations, list) else ()):
            here = (*path, number)
            if not isinstance(one, dict) or one.get("type") not in (None, "assistant"):
                self.report.lost(here, "handing over to a number has no place in this file: write a `transfer` node.")
                continue
            raw = str(one.get("assistantName") or one.get("assistantId"))
            if raw not in names:
                self.report.lost(here, f"there is no member `{raw}` in the file.")
                continue
            self.report.rest(
                one, here, ("type", "assistantName", "assistantId", "description", "message"), "a destination"
            )
            route: dict[str, Any] = {"intent": str(one.get("description") or f"needs {raw}"), "goto": names[raw]}
            if one.get("message"):
                route["say"] = self._text(str(one["message"]), (*here, "message"))
            routes.append(route)
        return routes

    def _goodbye(self, value: dict[str, Any]) -> dict[str, Any]:
        """Where a call ends that a model ends."""
        model = value.get("model")
        tools = model.get("tools") if isinstance(model, dict) else None
        if not any(isinstance(tool, dict) and tool.get("type") == "endCall" for tool in tools or ()):
            return {}
        return {"end_of_call": {"say": self._text(str(value.get("endCallMessage") or "Goodbye."), ()), "end": True}}

    # --- Workflows ----------------------------------------------------------

    def workflow(self) -> Rewritten:
        value = self.source.value
        nodes = [(number, one) for number, one in enumerate(value["nodes"]) if isinstance(one, dict)]
        names: dict[str, str] = {}
        for _, node in nodes:
            names[str(node.get("name"))] = distinct(slot_name(node.get("name")), names.values())
        for number, node in nodes:
            self._variables(node, ("nodes", number))
        written = {names[str(node.get("name"))]: self._step(number, node, names) for number, node in nodes}
        wanted(written, "the workflow has no nodes")
        start = next((node for _, node in nodes if node.get("isStart")), nodes[0][1])
        self.report.rest(value, (), ("name", "nodes", "edges", "globalPrompt", *NOTES), "the workflow")
        return self._flow(written, names[str(start.get("name"))], value)

    def _variables(self, node: dict[str, Any], path: Path) -> None:
        plan = node.get("variableExtractionPlan")
        outputs = plan.get("output") if isinstance(plan, dict) else None
        for one in outputs if isinstance(outputs, list) else ():
            if not isinstance(one, dict) or not one.get("title"):
                continue
            slot: dict[str, Any] = {"type": SLOTS.get(str(one.get("type")), "text")}
            values = [str(each) for each in one.get("enum") or ()]
            if values and slot["type"] == "text":
                slot = {"type": "enum", "values": values}
            if one.get("description"):
                slot["description"] = one["description"]
            self.slots.setdefault(slot_name(one["title"]), slot if len(slot) > 1 else slot["type"])
        if outputs:
            message = "nothing fills these variables here: let a `collect` node ask for them, or a tool save them."
            self.report.lost((*path, "variableExtractionPlan"), message)

    def _step(self, number: int, node: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
        path: Path = ("nodes", number)
        if node.get("type") == "tool":
            return self._tool_step(node, path, names)
        known = ("type", "name", "isStart", "prompt", "messagePlan", "variableExtractionPlan", *NOTES)
        self.report.rest(node, path, known, "a node")
        plan = node.get("messagePlan")
        found: dict[str, Any] = {}
        if isinstance(plan, dict) and plan.get("firstMessage"):
            found["say"] = self._text(str(plan["firstMessage"]), (*path, "messagePlan", "firstMessage"))
        found["role_message"] = self._text(str(self.source.value.get("globalPrompt") or ""), ("globalPrompt",))
        found["instruct"] = self._text(str(node.get("prompt") or "Talk."), (*path, "prompt"))
        if routes := self._edges(str(node.get("name")), names, talking=True):
            found["next"] = routes
        else:
            found["post_actions"] = [{"type": "end_conversation"}]
        return found

    def _tool_step(self, node: dict[str, Any], path: Path, names: dict[str, str]) -> dict[str, Any]:
        tool = node.get("tool") if isinstance(node.get("tool"), dict) else {}
        assert isinstance(tool, dict)  # noqa: S101 - said above
        kind = tool.get("type") or ("toolId" if node.get("toolId") else None)
        routes = self._edges(str(node.get("name")), names, talking=False)
        if kind == "endCall":
            return {"say": self._goodbye_words(tool, path), "end": True}
        if kind == "transferCall":
            self.report.lost(
                (*path, "tool"), "whom to hand over to is named under `transfers` of convo.yaml: `operator`."
            )
            return {
                "transfer": "operator",
                "next": [{"outcome": "done", "end": "transferred"}, *(routes or [{"end": True}])],
            }
        self.report.lost(path, f"the tool `{kind}` is no tool here: write it as a plugin, then `run` it in this node.")
        return {"next": routes} if routes else {"end": True}

    def _goodbye_words(self, tool: dict[str, Any], path: Path) -> str:
        for message in tool.get("messages") or ():
            if isinstance(message, dict) and message.get("content"):
                return self._text(str(message["content"]), (*path, "tool"))
        return "Goodbye."

    def _edges(self, name: str, names: dict[str, str], *, talking: bool) -> list[dict[str, Any]]:
        routes = []
        for number, edge in enumerate(self.source.value.get("edges") or ()):
            path: Path = ("edges", number)
            if not isinstance(edge, dict) or str(edge.get("from")) != name:
                continue
            self.report.rest(edge, path, ("from", "to", "condition", *NOTES), "an edge")
            target = names.get(str(edge.get("to")))
            if target is None:
                self.report.lost(path, f"there is no node `{edge.get('to')}`.")
                continue
            condition = edge.get("condition")
            prompt = condition.get("prompt") if isinstance(condition, dict) else None
            if isinstance(condition, dict) and condition.get("type") != "ai":
                self.report.lost(
                    (*path, "condition"), f"a condition of the type `{condition.get('type')}` is not translated."
                )
            if talking:
                routes.append({"intent": str(prompt or f"it is time for {target}"), "goto": target})
            else:
                if prompt:
                    self.report.lost((*path, "condition"), "after a tool no model decides: the first edge is taken.")
                routes.append({"goto": target})
        return routes if talking else routes[:1]

    # --- Both ---------------------------------------------------------------

    def _flow(self, nodes: dict[str, Any], first: str, value: dict[str, Any]) -> Rewritten:
        seconds = value.get("maxDurationSeconds")
        return done(
            {
                "flow": flow_name(value.get("name"), self.source.file),
                "format": 1,
                "slots": self.slots,
                "limits": {"duration": f"{int(seconds)}s"} if isinstance(seconds, int | float) else None,
                "initial_node": first,
                "nodes": nodes,
            },
            self.report,
            "Rewritten from Vapi.",
        )

    def _text(self, text: str, path: Path) -> str:
        return placeholders(
            text, self._read, lambda name: self.report.lost(path, f"the placeholder `{name}` is not translated.")
        )

    def _read(self, expression: str) -> str | None:
        """A variable as a slot; dates and filters of Liquid have no counterpart."""
        if not NAME.fullmatch(expression):
            return None
        self.slots.setdefault(slot_name(expression), "text")
        return f"slots.{slot_name(expression)}"


def _assistant(member: dict[str, Any]) -> dict[str, Any]:
    found = member.get("assistant")
    return found if isinstance(found, dict) else {}
