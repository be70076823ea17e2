"""What OpenAI's chat completions refuse, and the bodies they refuse it with."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

ROLES = frozenset({"developer", "system", "user", "assistant", "tool", "function"})
TOOL_NAME = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")
FIELDS = frozenset(
    {
        "model",
        "messages",
        "stream",
        "stream_options",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "temperature",
        "top_p",
        "n",
        "stop",
        "max_tokens",
        "max_completion_tokens",
        "presence_penalty",
        "frequency_penalty",
        "logit_bias",
        "user",
        "seed",
        "response_format",
        "service_tier",
        "metadata",
        "store",
        "reasoning_effort",
        "modalities",
        "audio",
        "prediction",
        "logprobs",
        "top_logprobs",
        "verbosity",
        "prompt_cache_key",
        "safety_identifier",
        "web_search_options",
        "function_call",
        "functions",
    }
)
"""Arguments that a request may have."""

RANGES = {"temperature": (0, 2), "top_p": (0, 1), "presence_penalty": (-2, 2), "frequency_penalty": (-2, 2)}


@dataclass(frozen=True, kw_only=True)
class Refuse:
    """An error instead of an answer, with the API's own body."""

    status: int
    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


def busy(retry_after: float | None = None) -> Refuse:
    """429: too many requests, and when to come back."""
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    message = "Rate limit reached for requests. Please try again later."
    return Refuse(status=429, message=message, type="requests", code="rate_limit_exceeded", headers=headers)


def broke() -> Refuse:
    """429: the account has no credit left; trying again can't help."""
    message = "You exceeded your current quota, please check your plan and billing details."
    return Refuse(status=429, message=message, type="insufficient_quota", code="insufficient_quota")


def down() -> Refuse:
    """500: the server's own fault."""
    message = "The server had an error while processing your request. Sorry about that!"
    return Refuse(status=500, message=message, type="server_error")


def problem(body: dict[str, Any]) -> Refuse | None:
    """What the API would refuse a request for, in its words; None when nothing."""
    for name in body:
        if name not in FIELDS:
            return Refuse(status=400, message=f"Unrecognized request argument supplied: {name}")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        text = "[] is too short - 'messages'" if messages == [] else "Missing required parameter: 'messages'."
        return Refuse(status=400, message=text, param="messages", code=None)
    return _settings_problem(body) or _messages_problem(messages) or _tools_problem(body)


def _settings_problem(body: dict[str, Any]) -> Refuse | None:
    for name, (low, high) in RANGES.items():
        value = body.get(name)
        if isinstance(value, (int, float)) and not low <= value <= high:
            sign, limit, code = ("<=", high, "above_max") if value > high else (">=", low, "below_min")
            text = f"Invalid '{name}': decimal {code} value. Expected a value {sign} {limit}, but got {value} instead."
            return Refuse(status=400, message=text, param=name, code=f"decimal_{code}_value")
    if body.get("stream_options") is not None and not body.get("stream"):
        text = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        return Refuse(status=400, message=text, param="stream_options")
    return None


def _messages_problem(messages: list[Any]) -> Refuse | None:
    """Roles, contents, and every call answered at once by `tool` messages."""
    open_calls: dict[str, int] = {}
    for index, message in enumerate(messages):
        role = message.get("role") if isinstance(message, dict) else None
        if role not in ROLES:
            listed = ", ".join(f"'{name}'" for name in ("system", "assistant", "user", "function", "tool", "developer"))
            text = f"Invalid value: '{role}'. Supported values are: {listed}."
            return Refuse(status=400, message=text, param=f"messages[{index}].role", code="invalid_value")
        if role == "tool":
            if message.get("tool_call_id") not in open_calls:
                text = (
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with"
                    " 'tool_calls'."
                )
                return Refuse(status=400, message=text, param=f"messages.[{index}].role")
            del open_calls[message["tool_call_id"]]
        elif open_calls:
            return _unanswered(open_calls)
        if wrong := _content_problem(message, role, index):
            return wrong
        for call in message.get("tool_calls") or []:
            open_calls[call["id"]] = index
    return _unanswered(open_calls) if open_calls else None


def _unanswered(calls: dict[str, int]) -> Refuse:
    text = (
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'."
        f" The following tool_call_ids did not have response messages: {', '.join(calls)}"
    )
    return Refuse(status=400, message=text, param=f"messages.[{next(iter(calls.values()))}].role")


def _content_problem(message: dict[str, Any], role: str, index: int) -> Refuse | None:
    content = message.get("content")
    if content is None and not (role == "assistant" and message.get("tool_calls")):
        text = "Invalid value for 'content': expected a string, got null."
        return Refuse(status=400, message=text, param=f"messages.[{index}].content")
    if content is not None and not isinstance(content, (str, list)):
        text = "Invalid type for 'content': expected one of a string or array of objects."
        return Refuse(status=400, message=text, param=f"messages[{index}].content", code="invalid_type")
    for call in message.get("tool_calls") or []:
        function = call.get("function") or {}
        if call.get("type") != "function" or not call.get("id") or not isinstance(function.get("arguments"), str):
            text = f"Missing required parameter: 'messages[{index}].tool_calls[0].function.arguments'."
            param = f"messages[{index}].tool_calls"
            return Refuse(status=400, message=text, param=param, code="missing_required_parameter")
    return None


def _tools_problem(body: dict[str, Any]) -> Refuse | None:
    tools = body.get("tools")
    if tools is None:
        if body.get("tool_choice") not in (None, "none"):
            text = "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified."
            return Refuse(status=400, message=text, param="tool_choice")
        return None
    if not isinstance(tools, list) or not tools:
        text = "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array."
        return Refuse(status=400, message=text, param="tools", code="empty_array")
    for index, tool in enumerate(tools):
        if wrong := _tool_problem(tool, index):
            return wrong
    return None


def _tool_problem(tool: Any, index: int) -> Refuse | None:
    function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
    if not isinstance(function, dict):
        text = f"Missing required parameter: 'tools[{index}].function'."
        return Refuse(status=400, message=text, param=f"tools[{index}].function", code="missing_required_parameter")
    name = function.get("name")
    if not isinstance(name, str) or not TOOL_NAME.match(name):
        text = (
            f"Invalid 'tools[{index}].function.name': string does not match pattern. Expected a string that matches"
            " the pattern '^[a-zA-Z0-9_-]+$'."
        )
        return Refuse(status=400, message=text, param=f"tools[{index}].function.name", code="invalid_value")
    parameters = function.get("parameters", {"type": "object", "properties": {}})
    if parameters.get("type") != "object" or not isinstance(parameters.get("properties", {}), dict):
        kind = parameters.get("type")
        text = (
            f"Invalid schema for function '{name}': schema must be a JSON Schema of 'type: \"object\"', got"
            f" 'type: \"{kind}\"'."
        )
        param = f"tools[{index}].function.parameters"
        return Refuse(status=400, message=text, param=param, code="invalid_function_parameters")
    for key in parameters.get("required", []):
        if key not in parameters.get("properties", {}):
            text = f"Invalid schema for function '{name}': 'required' names '{key}', which is no property."
            param = f"tools[{index}].function.parameters"
            return Refuse(status=400, message=text, param=param, code="invalid_function_parameters")
    return None
