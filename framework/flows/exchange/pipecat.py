"""Pipecat's FlowConfig made a flow of ours, and a flow of ours, as far as it fits, a FlowConfig."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from framework.flows.exchange.report import Report, Rewritten, finished
from framework.flows.exchange.writing import Path, written
from framework.flows.expressions import ExpressionError, StateTemplate, Template
from framework.flows.expressions.state import FORM
from framework.flows.expressions.template import Placeholder
from framework.flows.functions import function_name
from framework.flows.load import Loaded
from framework.flows.model import Branches, Flow, Function, Node, PipecatAction, Route
from framework.plugins.tools import model_name

SPOKEN = ("tts_say", "end_conversation")
TOP = ("flow", "format", "initial_node", "nodes", "global_functions")
"""Keys of a flow that a FlowConfig has, or needs not."""
NODE = (
    *("instruct", "task_messages", "role_message", "functions", "next", "pre_actions", "post_actions"),
    *("context_strategy", "respond_immediately"),
)
"""Keys of a node that fit."""
ROUTE = ("intent", "name", "goto")


# --- From Pipecat -----------------------------------------------------------


def imported(loaded: Loaded) -> Rewritten:
    """A FlowConfig in our form: it behaves the same, and its placeholders read `state`.

    Args:
        loaded: The FlowConfig, as `framework.flows.load` reads it.
    """
    flow, report = loaded.flow, Report(loaded.source)
    roles = _roles(flow)
    nodes = {name: _node(name, node, roles[name], report) for name, node in flow.nodes.items()}
    value: dict[str, Any] = {"flow": flow.flow, "format": 1, "initial_node": flow.initial_node}
    if flow.global_functions:
        value["global_functions"] = [_function(function) for function in flow.global_functions]
    value["nodes"] = nodes
    return Rewritten(value, written(value, _comments(loaded)), finished(report))


def _roles(flow: Flow) -> dict[str, list[str]]:
    """Node → the instructions that may hold there: Pipecat keeps the last one until another node has its own."""
    after: dict[str, list[str]] = {name: [] for name in flow.nodes}
    shared = [to for function in flow.global_functions for to in _targets(function)]
    for name, node in flow.nodes.items():
        after[name] = [*shared, *(to for function in node.functions for to in _targets(function))]
    before: dict[str, set[str]] = {name: set() for name in flow.nodes}
    todo = [(flow.initial_node, "")]
    while todo:
        name, role = todo.pop()
        if name not in before or role in before[name]:
            continue
        before[name].add(role)
        own = flow.nodes[name].role_message or role
        todo += [(target, own) for target in after[name]]
    return {name: sorted(roles or {""}) for name, roles in before.items()}


def _targets(function: Function) -> list[str]:
    to = function.transition_to
    if isinstance(to, Branches):
        return [*to.cases.values(), *([to.default] if to.default else [])]
    return [to] if to else []


def _node(name: str, node: Node, roles: list[str], report: Report) -> dict[str, Any]:
    path = ("nodes", name)
    found: dict[str, Any] = {"role_message": _text(node.role_message or roles[0])}
    if not node.role_message:
        _inherited(roles, path, report)
    messages = [{"role": one.role, "content": _text(one.content)} for one in node.task_messages or ()]
    if len(messages) == 1 and messages[0]["role"] == "developer" and messages[0]["content"].strip():
        found["instruct"] = messages[0]["content"]
    else:
        found["task_messages"] = messages
    intents = _trailing(node.functions)
    functions = [_function(function) for function in node.functions[: len(node.functions) - intents]]
    if functions:
        found["functions"] = functions
    if intents:
        leads = node.functions[-intents:]
        found["next"] = [{"intent": one.description, "name": one.name, "goto": one.transition_to} for one in leads]
    for key in ("pre_actions", "post_actions"):
        if actions := getattr(node, key):
            found[key] = [_action(one, (*path, key, number), report) for number, one in enumerate(actions)]
    if node.context_strategy is not None:
        found["context_strategy"] = node.context_strategy
    if node.respond_immediately is False:
        found["respond_immediately"] = False
    return found


def _inherited(roles: list[str], path: Path, report: Report) -> None:
    """A node without an instruction of its own gets the one that holds there written out."""
    if len(roles) > 1:
        report.changed(
            path, "which `role_message` holds here depends on the way that led here; one of them is written."
        )
    elif roles[0] and FORM.search(roles[0]):
        report.changed(path, "the `role_message` that holds here is written out, and its placeholders are filled anew.")


def _trailing(functions: list[Function]) -> int:
    """How many functions at the end only lead on, and are routes with an `intent` here, in the same order."""
    number = 0
    for function in reversed(functions):
        to, words = function.transition_to, function.description
        fits = function.transition_only and isinstance(to, str) and words and words.strip()
        if not fits or words == function.name or model_name(function.name) != function.name:
            break
        number += 1
    return number


def _function(function: Function) -> dict[str, Any]:
    found: dict[str, Any] = {"name": function.name}
    if function.transition_only:
        found["transition_only"] = True
    if function.description is not None:
        found["description"] = function.description
    to = function.transition_to
    if isinstance(to, Branches):
        found["transition_to"] = to.model_dump(exclude_none=True)
    elif to is not None:
        found["transition_to"] = to
    return found


def _action(action: PipecatAction, path: Path, report: Report) -> dict[str, Any]:
    spec = {key: _json(value, (*path, key), report) for key, value in action.model_dump(exclude_unset=True).items()}
    if isinstance(spec.get("text"), str) and action.type in SPOKEN:
        # Pipecat fills placeholders in `tts_say` only; a goodbye is said as it stands.
        spec["text"] = _text(spec["text"]) if action.type == "tts_say" else _literal(spec["text"])
    return spec


def _json(value: Any, path: Path, report: Report) -> Any:
    """A value of an action as JSON has it: YAML 1.1 knows dates."""
    if isinstance(value, Mapping):
        return {str(key): _json(item, (*path, key), report) for key, item in value.items()}
    if isinstance(value, list):
        return [_json(item, (*path, number), report) for number, item in enumerate(value)]
    if isinstance(value, date | datetime):
        report.changed(path, "a date is a text here.")
        return value.isoformat()
    return value


def _text(text: str) -> str:
    """A text whose placeholders read `state`.

    >>> _text("Hello {{ who.name }}.")
    'Hello {{ state.who.name }}.'
    """
    parts = StateTemplate.parse(text).parts
    return "".join(_literal(one) if isinstance(one, str) else f"{{{{ {'.'.join(('state', *one))} }}}}" for one in parts)


def _literal(text: str) -> str:
    return text.replace("{{", "\\{{")


def _comments(loaded: Loaded) -> dict[Path, list[str]]:
    """The comments at the top of a YAML file, and those right above its nodes."""
    source = loaded.source
    if source.file.endswith(".json"):
        return {}
    lines = source.text.splitlines()
    found: dict[Path, list[str]] = {}
    top = list(_leading(lines))
    if top:
        found[()] = top
    for name in loaded.flow.nodes:
        span = source.locate_key(("nodes", name))
        above = _above(lines, span.line - 1) if span.file == source.file else []
        if above:
            found["nodes", name] = above
    return found


def _leading(lines: list[str]) -> Iterable[str]:
    for line in lines:
        if not line.startswith("#"):
            return
        if "yaml-language-server" not in line:
            yield line


def _above(lines: list[str], end: int) -> list[str]:
    begin = end
    while begin > 0 and lines[begin - 1].lstrip().startswith("#"):
        begin -= 1
    return [line.strip() for line in lines[begin:end]]


# --- To Pipecat -------------------------------------------------------------


def exported(loaded: Loaded, *, as_json: bool = False) -> Rewritten:
    """A flow as a FlowConfig, as far as it fits; everything that doesn't is a remark with its place."""
    flow, source = loaded.flow, loaded.source
    report = Report(source)
    report.rest(source.value, (), TOP, "the flow")
    value: dict[str, Any] = {"initial_node": flow.initial_node}
    if flow.global_functions:
        value["global_functions"] = [_function(function) for function in flow.global_functions]
    value["nodes"] = {name: _config_node(name, node, report) for name, node in flow.nodes.items()}
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n" if as_json else written(value, _comments(loaded))
    return Rewritten(value, text, finished(report))


def _config_node(name: str, node: Node, report: Report) -> dict[str, Any]:
    path: Path = ("nodes", name)
    report.rest(report.source.node(path).value, path, NODE, f"the node `{name}`")
    found: dict[str, Any] = {}
    if node.role_message is None:
        report.changed(path, "without `role_message` the personality speaks here, which a FlowConfig has not.")
    elif node.role_message:
        found["role_message"] = _back(node.role_message, (*path, "role_message"), report)
    found["task_messages"] = _messages(node, path, report)
    functions = [_function(function) for function in node.functions]
    functions += _leads(node, path, report)
    if functions:
        found["functions"] = functions
    for key in ("pre_actions", "post_actions"):
        if actions := getattr(node, key):
            found[key] = [_config_action(one, (*path, key, number), report) for number, one in enumerate(actions)]
    if node.context_strategy == "summarize":
        report.lost((*path, "context_strategy"), "a FlowConfig can't `summarize` a context.")
    elif node.context_strategy is not None:
        found["context_strategy"] = node.context_strategy
    if node.respond_immediately is False or (node.respond_immediately is None and node.say is not None):
        found["respond_immediately"] = False
    return found


def _messages(node: Node, path: Path, report: Report) -> list[dict[str, str]]:
    if node.instruct is not None:
        if isinstance(node.instruct, str):
            return [{"role": "developer", "content": _back(node.instruct, (*path, "instruct"), report)}]
        report.lost((*path, "instruct"), "a text in several languages has no counterpart; the first is taken.")
        return [{"role": "developer", "content": next(iter(node.instruct.values()))}]
    if node.task_messages is None:
        report.lost(
            path, "a node without `instruct` or `task_messages` has no counterpart: a model speaks at every node."
        )
    return [
        {"role": one.role, "content": _back(one.content, (*path, "task_messages", number, "content"), report)}
        for number, one in enumerate(node.task_messages or ())
    ]


def _leads(node: Node, path: Path, report: Report) -> list[dict[str, Any]]:
    """Routes with an intent as functions that only lead on."""
    if isinstance(node.next, str):
        report.lost((*path, "next"), "a route without an `intent` has no counterpart.")
        return []
    found: list[dict[str, Any]] = []
    taken = {function.name for function in node.functions}
    for number, route in enumerate(node.next or ()):
        place = (*path, "next", number)
        report.rest(report.source.node(place).value, place, ROUTE, "a route")
        if route.intent is None or route.goto is None:
            report.lost(place, "only routes with `intent` and `goto` have a counterpart: functions that lead on.")
            continue
        found.append(_lead(route, taken))
    return found


def _lead(route: Route, taken: set[str]) -> dict[str, Any]:
    name = function_name(route.name, route.intent or "", route.goto, None, 0)
    number, distinct = 2, name
    while distinct in taken:
        distinct, number = f"{name}_{number}", number + 1
    taken.add(distinct)
    return {"name": distinct, "transition_only": True, "description": route.intent, "transition_to": route.goto}


def _config_action(action: PipecatAction, path: Path, report: Report) -> dict[str, Any]:
    spec = action.model_dump(exclude_unset=True)
    if isinstance(spec.get("text"), str) and action.type == "tts_say":
        spec["text"] = _back(spec["text"], (*path, "text"), report)
    elif isinstance(spec.get("text"), str) and action.type == "end_conversation":
        spec["text"] = _said_plainly(spec["text"], (*path, "text"), report)
    return spec


def _said_plainly(text: str, path: Path, report: Report) -> str:
    template = _parsed(text)
    if template is None or template.placeholders:
        report.lost(path, "Pipecat says a goodbye as it stands: its placeholders are not filled.")
        return text
    return "".join(str(part) for part in template.parts)


def _back(text: str, path: Path, report: Report) -> str:
    """A text with Pipecat's placeholders; one that reads anything but `state` doesn't fit."""
    template = _parsed(text)
    if template is None:
        report.lost(path, "its placeholders can't be read.")
        return text
    parts: list[str] = []
    for part in _joined(template.parts):
        if isinstance(part, str):
            parts.append(FORM.sub(lambda found: "\\" + found[0].lstrip("\\"), part))
            continue
        names = part.path or ()
        if names[:1] == ("state",) and len(names) > 1 and FORM.fullmatch(f"{{{{{'.'.join(names[1:])}}}}}"):
            parts.append(f"{{{{ {'.'.join(names[1:])} }}}}")
        else:
            report.lost(path, f"the placeholder `{part.expression.text.strip()}` reads something else than `state`.")
            parts.append(f"\\{{{{ {part.expression.text} }}}}")
    return "".join(parts)


def _joined(parts: Iterable[str | Placeholder]) -> Iterator[str | Placeholder]:
    """The parts of a template, with what stands word for word in one piece."""
    words = ""
    for part in parts:
        if isinstance(part, str):
            words += part
            continue
        if words:
            yield words
        words = ""
        yield part
    if words:
        yield words


def _parsed(text: str) -> Template | None:
    try:
        return Template.parse(text)
    except ExpressionError:
        return None
