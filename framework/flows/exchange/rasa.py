"""A flow of Rasa's CALM made a flow of ours: steps become nodes, collected slots are collected, responses are said.

The formats are those that Rasa publishes: https://rasa.com/docs/reference/primitives/flows,
https://rasa.com/docs/reference/primitives/flow-steps, …/conditions, …/slots and …/responses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from framework.documents import Source
from framework.flows.exchange.making import NAME, distinct, done, flow_name, placeholders, shaped_as, slot_name, wanted
from framework.flows.exchange.report import Report, Rewritten
from framework.flows.exchange.writing import Path
from framework.flows.expressions import ExpressionError, parse

SLOTS = {"text": "text", "bool": "boolean", "float": "number", "categorical": "enum", "any": "text", "list": "list"}
STEP = ("id", "next")
FLOW = ("name", "description", "steps")
END = "END"
CURLY = re.compile(r"\{(\w+)\}")


def imported(source: Source, domain: Source | None = None, flow: str = "") -> Rewritten:
    """One flow of the file in our form.

    Args:
        source: `flows.yml`.
        domain: `domain.yml`, with slots and responses; they may also stand in the flows' file.
        flow: Which flow; else the first.

    Raises:
        UserError: The file has no such flow.
    """
    flows = source.value.get("flows")
    wanted(isinstance(flows, dict) and flows, "this is no file of flows of Rasa: it has no `flows`")
    name = flow or str(next(iter(flows)))
    known = ", ".join(f"`{one}`" for one in flows)
    wanted(isinstance(flows.get(name), dict), f"there is no flow `{name}` in the file", f"There are {known}.")
    with shaped_as("Rasa"):
        return _Reading(source, domain or source, name).rewritten()


class _Reading:
    def __init__(self, source: Source, domain: Source, name: str) -> None:
        self.source, self.domain, self.name = source, domain, name
        self.value: dict[str, Any] = source.value["flows"][name]
        self.report, self.report_domain = Report(source), Report(domain)
        self.nodes: dict[str, Any] = {}
        self.slots: dict[str, Any] = {}
        self.ids: dict[str, str] = {}

    def rewritten(self) -> Rewritten:
        path: Path = ("flows", self.name)
        self.report.rest(self.value, path, FLOW, f"the flow `{self.name}`")
        steps: Any = self.value.get("steps")
        wanted(isinstance(steps, list) and steps, f"the flow `{self.name}` has no steps")
        self._label(steps)
        first = self._steps(steps, (*path, "steps"), None)
        if any("the_end" in _leads(node) for node in self.nodes.values()):
            self.nodes["the_end"] = {"end": True}
        for other in self.source.value["flows"]:
            if other != self.name:
                self.report.changed(("flows", other), f"the flow `{other}` is a file of its own: `--flow {other}`.")
        self.report.remarks += self.report_domain.remarks
        return done(
            {
                "flow": flow_name(self.name, self.source.file),
                "format": 1,
                "description": self.value.get("description"),
                "slots": self.slots,
                "initial_node": first,
                "nodes": self.nodes,
            },
            self.report,
            "Rewritten from a flow of Rasa.",
        )

    # --- Steps --------------------------------------------------------------

    def _label(self, steps: Any) -> None:
        """Names for all steps, also those inside conditions, so that one may lead to another before it is read."""
        for step in _all_steps(steps):
            if step.get("id"):
                self.ids[str(step["id"])] = distinct(slot_name(step["id"]), self.ids.values())

    def _steps(self, steps: list[Any], path: Path, after: str | None) -> str:
        """Steps one after another; answers the name of the first node. `after` is where the last one leads."""
        names = [self._name(step) for step in steps]
        for number, step in enumerate(steps):
            following = names[number + 1] if number + 1 < len(steps) else after
            self._step(names[number], step if isinstance(step, dict) else {}, (*path, number), following)
        return names[0]

    def _name(self, step: Any) -> str:
        if isinstance(step, dict) and step.get("id"):
            name = self.ids[str(step["id"])]
        else:
            name = distinct(slot_name(_called(step)), {*self.nodes, *self.ids.values()})
        self.nodes[name] = {}
        return name

    def _step(self, name: str, step: dict[str, Any], path: Path, following: str | None) -> None:
        node: dict[str, Any] = {}
        self.nodes[name] = node
        kinds = {
            "collect": self._collect,
            "action": self._action,
            "set_slots": self._set,
            "link": self._link,
            "call": self._call,
        }
        kind = next((key for key in kinds if key in step), None)
        if kind is not None:
            kinds[kind](node, step, path)
        elif "noop" not in step:
            self.report.lost(path, "a step of this kind has no counterpart.")
        if "link" in step:
            node["end"] = True
            return
        routes = self._next(step.get("next"), (*path, "next"), following)
        simple = routes[0] if len(routes) == 1 and set(routes[0]) <= {"goto", "else"} else None
        if kind == "collect":
            node["next"] = [{"outcome": ["exhausted", "declined"], "end": "given_up"}, *routes]
        elif simple is not None and "the_end" in simple.values():
            node["end"] = True
        elif simple is not None:
            node["next"] = simple.get("goto") or simple.get("else")
        else:
            node["next"] = routes

    def _collect(self, node: dict[str, Any], step: dict[str, Any], path: Path) -> None:
        known = (*STEP, "collect", "description", "utter", "ask_before_filling", "rejections")
        self.report.rest(step, path, known, "a `collect` step")
        raw = str(step["collect"])
        slot = self._slot(raw)
        node["collect"] = [slot]
        prompt = self._response(str(step.get("utter") or f"utter_ask_{raw}"), path)
        declared = self.slots[slot]
        if isinstance(declared, str):
            declared = self.slots[slot] = {"type": declared}
        if prompt:
            declared.setdefault("prompt", prompt)
        if step.get("description"):
            declared.setdefault("description", step["description"])
        if step.get("rejections"):
            self.report.lost(
                (*path, "rejections"), "rejections have no counterpart: use the options of the slot's type."
            )
        if step.get("ask_before_filling"):
            node["clear"] = [slot]

    def _action(self, node: dict[str, Any], step: dict[str, Any], path: Path) -> None:
        self.report.rest(step, path, (*STEP, "action"), "an `action` step")
        action = str(step["action"])
        if action.startswith("utter_"):
            node["say"] = self._response(action, path) or action
        else:
            message = f"the action `{action}` is no tool here: write it as a plugin, then `run` it in this node."
            self.report.lost((*path, "action"), message)

    def _set(self, node: dict[str, Any], step: dict[str, Any], path: Path) -> None:
        self.report.rest(step, path, (*STEP, "set_slots"), "a `set_slots` step")
        for one in step["set_slots"] if isinstance(step["set_slots"], list) else ():
            for raw, value in one.items() if isinstance(one, dict) else ():
                if value is None:
                    node.setdefault("clear", []).append(self._slot(str(raw)))
                else:
                    node.setdefault("set", {})[self._slot(str(raw))] = value

    def _link(self, node: dict[str, Any], step: dict[str, Any], path: Path) -> None:
        self.report.rest(step, path, (*STEP, "link"), "a `link` step")
        node["subflow"] = flow_name(step["link"], self.source.file)
        self.report.changed((*path, "link"), "a link is a `subflow` after which this flow ends.")

    def _call(self, node: dict[str, Any], step: dict[str, Any], path: Path) -> None:
        self.report.rest(step, path, (*STEP, "call"), "a `call` step")
        node["subflow"] = flow_name(step["call"], self.source.file)
        self.report.changed((*path, "call"), "slots of a `subflow` are its own: name its `inputs` and `outputs`.")

    # --- Where they lead ----------------------------------------------------

    def _next(self, value: Any, path: Path, following: str | None) -> list[dict[str, Any]]:
        if isinstance(value, list):
            return [self._branch(one, (*path, number), following) for number, one in enumerate(value)]
        return [{"goto": self._target(value, path, following)}]

    def _branch(self, one: Any, path: Path, following: str | None) -> dict[str, Any]:
        if not isinstance(one, dict):
            self.report.lost(path, "this is no condition.")
            return {"else": self._target(None, path, following)}
        if "else" in one:
            return {"else": self._target(one["else"], (*path, "else"), following)}
        condition = self._condition(one.get("if"), (*path, "if"))
        return {"if": condition, "goto": self._target(one.get("then"), (*path, "then"), following)}

    def _target(self, value: Any, path: Path, following: str | None) -> str:
        if isinstance(value, list) and value:
            return self._steps(value, path, following)
        if value is None and following is not None:
            return following
        if isinstance(value, str) and value in self.ids:
            return self.ids[value]
        if isinstance(value, str) and value != END:
            self.report.lost(path, f"there is no step `{value}`.")
        return "the_end"

    def _condition(self, text: Any, path: Path) -> Any:
        """A condition as an expression; `not` and comparisons are written alike in both."""
        if isinstance(text, bool):
            return text
        ours = re.sub(r"\b(is not|is)\b(?=\s+(null|None|true|false|True|False))", _comparison, str(text))
        ours = re.sub(r"\b(AND|OR|NOT)\b", lambda found: found[0].lower(), ours).replace("None", "null")
        ours = re.sub(r"\bslots\.(\w+)", lambda found: f"slots.{self._slot(found[1])}", ours)
        try:
            names = parse(ours).names()
        except ExpressionError:
            names = {("?",)}
        if any(name[:1] != ("slots",) for name in names):
            self.report.lost(path, f"the condition `{text}` is not translated: it never holds here.")
            return False
        return ours

    # --- The domain ---------------------------------------------------------

    def _slot(self, raw: str) -> str:
        name = slot_name(raw)
        if name not in self.slots:
            declared = self.domain.value.get("slots")
            found = declared.get(raw) if isinstance(declared, dict) else None
            self.slots[name] = self._declaration(raw, found if isinstance(found, dict) else {})
        return name

    def _declaration(self, raw: str, found: dict[str, Any]) -> Any:
        path: Path = ("slots", raw)
        known = ("type", "values", "initial_value", "mappings", "min_value", "max_value", "influence_conversation")
        self.report_domain.rest(found, path, known, f"the slot `{raw}`")
        kind = str(found.get("type", "text"))
        if kind not in SLOTS or kind in ("any", "list"):
            self.report_domain.changed(path, f"a slot of the type `{kind}` is a `text` here.")
        declared: dict[str, Any] = {"type": SLOTS.get(kind, "text") if kind != "list" else "text"}
        if kind == "categorical" and isinstance(found.get("values"), list):
            declared["values"] = [str(value) for value in found["values"]]
        for theirs, ours in (("min_value", "min"), ("max_value", "max"), ("initial_value", "default")):
            if found.get(theirs) is not None:
                declared[ours] = found[theirs]
        return declared if len(declared) > 1 else declared["type"]

    def _response(self, name: str, path: Path) -> Any:
        """What a response says: one text, or several that are used in turn."""
        responses = self.domain.value.get("responses")
        variants = responses.get(name) if isinstance(responses, dict) else None
        if not isinstance(variants, list):
            if name.startswith("utter_") and not name.startswith("utter_ask_"):
                self.report.lost(path, f"the response `{name}` is not in the domain.")
            return None
        texts = []
        for number, one in enumerate(variants):
            here: Path = ("responses", name, number)
            if isinstance(one, dict) and one.get("text"):
                self.report_domain.rest(one, here, ("text", "metadata"), f"the response `{name}`")
                texts.append(self._text(str(one["text"]), (*here, "text")))
            else:
                self.report_domain.lost(here, f"a variant of the response `{name}` has no text.")
        return texts[0] if len(texts) == 1 else texts or None

    def _text(self, text: str, path: Path) -> str:
        bare = placeholders(
            text, self._read, lambda name: self.report_domain.lost(path, f"`{name}` is not translated.")
        )
        return CURLY.sub(lambda found: self._curly(found, bare), bare)

    def _curly(self, found: re.Match[str], text: str) -> str:
        """`{slot}`, unless it stands inside a placeholder of ours."""
        inside = text[max(0, found.start() - 1) : found.start()] == "{"
        return found[0] if inside else f"{{{{ slots.{self._slot(found[1])} }}}}"

    def _read(self, expression: str) -> str | None:
        name = expression.removeprefix("slots.")
        return f"slots.{self._slot(name)}" if NAME.fullmatch(name) else None


def _leads(node: dict[str, Any]) -> set[Any]:
    """Where a node's routes lead."""
    routes = node.get("next")
    return {one.get("goto") or one.get("else") for one in routes} if isinstance(routes, list) else {routes}


def _called(step: Any) -> str:
    """What a step without an id is called."""
    found = step if isinstance(step, dict) else {}
    kind = next((key for key in ("collect", "action", "link", "call", "set_slots", "noop") if key in found), "step")
    raw = found.get(kind)
    named = {"collect": f"ask_{raw}", "action": str(raw), "set_slots": "set", "noop": "decide"}
    return named.get(kind, f"{kind}_{raw}")


def _comparison(found: re.Match[str]) -> str:
    return "!=" if found[0] == "is not" else "=="


def _all_steps(value: Any) -> Iterator[dict[str, Any]]:
    """Every step below a list of steps."""
    for step in value if isinstance(value, list) else ():
        if isinstance(step, dict):
            yield step
            for branch in step["next"] if isinstance(step.get("next"), list) else ():
                if isinstance(branch, dict):
                    yield from _all_steps(branch.get("then"))
                    yield from _all_steps(branch.get("else"))
