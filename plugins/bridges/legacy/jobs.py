"""Read a job of the old launch queue: what `POST /join` is asked for, and the id that the publisher gave it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from loguru import logger

from framework import RefusalError

KEYS = {
    "bot": "bot",
    "flow": "flow",
    "room": "room",
    "room_url": "room_url",
    "roomUrl": "room_url",
    "token": "token",
    "personality": "personality",
    "personalityId": "personalityId",
    "personality_id": "personalityId",
    "stack": "stack",
    "channel": "channel",
    "transport": "transport",
    "role": "role",
    "identity": "identity",
    "inputs": "inputs",
    "config": "config",
    "priority": "priority",
    "not_after": "not_after",
    "idempotency_key": "idempotency_key",
}
"""Key of a job → key of `POST /join`."""
IDS = ("sessionId", "session_id")
USERS = ("userId", "user_id")
MOST_TOLD = 100

_told: set[str] = set()


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job."""

    body: dict[str, Any]
    """As `POST /join` takes it."""
    session_id: str = ""


def read_job(raw: bytes) -> Job:
    """The job in an entry of the queue. Keys that nobody knows are left out, and told once.

    Raises:
        RefusalError: It is no JSON object.

    >>> read_job(b'{"room_url": "https://x.daily.co/a", "personalityId": "ava", "sessionId": "s1", "token": null}')
    Job(body={'room_url': 'https://x.daily.co/a', 'personalityId': 'ava'}, session_id='s1')
    """
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise RefusalError("it is no JSON", status=400) from None
    if not isinstance(found, dict):
        raise RefusalError("it is no JSON object", status=400)
    given = {name: value for name, value in found.items() if value is not None}
    body = {KEYS[name]: value for name, value in given.items() if name in KEYS}
    user = body.get("identity") or next((given[name] for name in USERS if name in given), None)
    if isinstance(user, str | int):
        body["identity"] = {"id": str(user)}
    for name in given:
        if name not in KEYS and name not in IDS and name not in USERS:
            _tell(name)
    return Job(body=body, session_id=str(next((given[name] for name in IDS if name in given), "")))


def _tell(name: str) -> None:
    if name in _told or len(_told) >= MOST_TOLD:
        return
    _told.add(name)
    logger.bind(key=name[:50]).warning("old jobs have a key that means nothing here; it is left out")
