"""Read an old admin message, a plain text or JSON of several shapes, as the body of `POST /admin`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from framework import RefusalError

WRONG = 422

KINDS = {
    "instruct": ("message", "instruction", "instructions", "system", "system_message", "admin", "admin_message"),
    "say": ("speak", "spoken", "spoken_line", "line", "tts", "tts_speak", "announce"),
    "whisper": ("context", "note", "hint"),
    "goto": ("node", "node_change", "change_node", "set_node", "goto_node", "transition", "flow_node"),
    "set": ("set_slots", "slots"),
    "prompt": ("prompt_update", "update_prompt", "set_prompt", "system_prompt"),
    "personality": ("personality_change", "change_personality", "set_personality"),
    "reload": ("context_reload", "reload_context", "refresh", "refresh_context"),
    "pause": (),
    "resume": (),
    "takeover": ("take_over",),
    "interrupt": ("stop_speaking",),
    "mute": (),
    "transfer": (),
    "end": ("leave", "stop", "hangup", "hang_up", "end_session", "end_conversation", "shutdown"),
    "app_message": (),
    "event": (),
}
"""Kind of an order → the older words for it."""
_KIND_OF = {old: kind for kind, words in KINDS.items() for old in (kind, *words)}

_TEXT = ("text", "message", "content", "instruction", "prompt", "line")
FIELDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "instruct": {"text": _TEXT},
    "say": {"text": _TEXT},
    "whisper": {"text": _TEXT},
    "prompt": {"text": _TEXT},
    "pause": {"text": _TEXT},
    "takeover": {"text": _TEXT},
    "goto": {"node": ("node", "target", "node_id", "nodeId", "to")},
    "set": {"slots": ("slots", "values")},
    "personality": {"personality": ("personality", "personalityId", "personality_id")},
    "mute": {"on": ("on", "muted")},
    "transfer": {"to": ("to", "target")},
    "end": {"reason": ("reason",)},
    "app_message": {"type": ("app_type", "event"), "data": ("data",)},
    "event": {"type": ("event_type", "event"), "data": ("data",)},
}
"""Kind → field of the order → the older names of the field."""
MODES = {"immediate": "immediate", "interrupt": "immediate", "now": "immediate", "queued": "queued", "queue": "queued"}


def read_message(raw: bytes) -> dict[str, Any]:
    """The order in a message, and the role it is for.

    Raises:
        RefusalError: It says nothing, or something that no order is.

    >>> read_message(b"Wrap up, please.")
    {'order': {'kind': 'instruct', 'text': 'Wrap up, please.'}}
    >>> read_message(b'{"type": "node_change", "target": "bye", "mode": "queued"}')
    {'order': {'kind': 'goto', 'node': 'bye', 'mode': 'queued'}}
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise RefusalError("it is not UTF-8", status=WRONG) from None
    found = _json(text)
    if not isinstance(found, dict):
        return {"order": _order("instruct", {"text": found})}
    order = _order(_kind(found), found)
    mode = found.get("mode")
    if mode is not None:
        order["mode"] = MODES.get(str(mode), mode)
    role = found.get("role")
    return {"order": order, **({"role": role} if isinstance(role, str) else {})}


def _json(text: str) -> Any:
    """A JSON object or text; everything else is a text as it stands."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        if text.lstrip().startswith("{"):
            raise RefusalError("it begins like JSON and is none", status=WRONG) from None
        return text
    return found if isinstance(found, dict | str) else text


def _kind(found: Mapping[str, Any]) -> str:
    said = next((found[name] for name in ("kind", "type", "command", "action") if name in found), "instruct")
    word = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(said)).lower().replace("-", "_").replace(" ", "_")
    kind = _KIND_OF.get(word)
    if kind is None:
        fix = f"Send one of {', '.join(KINDS)}."
        raise RefusalError(f"there is no message of the type `{word[:60]}`", status=WRONG, fix=fix)
    return kind


def _order(kind: str, found: Mapping[str, Any]) -> dict[str, Any]:
    order: dict[str, Any] = {"kind": kind}
    for field, names in FIELDS.get(kind, {}).items():
        value = next((found[name] for name in names if found.get(name) is not None), None)
        if value is not None:
            order[field] = value
    return order
