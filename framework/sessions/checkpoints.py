"""Keep a session's state, so that it can go on in another process."""

from __future__ import annotations

import base64
import json
import os
import zlib
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from framework.errors import UserError
from framework.sessions.spec import SessionSpec


class Checkpoint(BaseModel):
    """A session as it stood when nothing more could be done at once."""

    model_config = ConfigDict(extra="forbid")

    format: int
    """The version of the state; others are refused."""
    hash: str
    """Of the flow with all that it includes and runs; the session goes on with this one only."""
    state: dict[str, Any]
    """What the engine knows."""
    context: list[dict[str, Any]] = Field(default_factory=list)
    """What the model has read and said."""
    spec: SessionSpec
    handlers: str = ""
    """The module with the functions of a FlowConfig, where one was named."""


class Checkpoints(Protocol):
    """Where checkpoints go."""

    @property
    def secrets(self) -> bool:
        """Whether they may hold sensitive values; if not, sessions of flows with sensitive slots have none."""
        ...

    def keep(self, checkpoint: Checkpoint) -> None:
        """Keep this one instead of the last; must be quick. What it raises is logged, and the session goes on."""
        ...

    def drop(self) -> None:
        """The flow has ended: there is nothing to go on with."""
        ...


class FileCheckpoints:
    """The last checkpoint, in one file that only its owner may read; it is whole at every moment."""

    secrets = True

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, checkpoint: Checkpoint) -> None:
        """Replace the file."""
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(checkpoint.model_dump_json())
        beside.replace(self.path)

    def drop(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)


def read(path: Path) -> Checkpoint:
    """The checkpoint in a file.

    Raises:
        UserError: There is none, or it is none.
    """
    try:
        return Checkpoint.model_validate_json(path.read_text("utf-8"))
    except OSError as wrong:
        raise UserError(f"the checkpoint `{path}` can't be read: {wrong.strerror}") from None
    except (ValidationError, UnicodeDecodeError) as wrong:
        first = wrong.errors(include_url=False)[0]["msg"] if isinstance(wrong, ValidationError) else str(wrong)
        raise UserError(f"`{path}` is no checkpoint: {first}") from None


def packed(checkpoint: Checkpoint) -> str:
    """A checkpoint as a short text."""
    return base64.b64encode(zlib.compress(checkpoint.model_dump_json().encode(), level=1)).decode("ascii")


def unpacked(text: str) -> Checkpoint:
    """The checkpoint that a text was made of.

    Raises:
        UserError: It was made of none, or by another version.
    """
    try:
        return Checkpoint.model_validate_json(zlib.decompress(base64.b64decode(text, validate=True)))
    except (ValueError, zlib.error) as wrong:
        raise UserError(f"the checkpoint can't be read: {type(wrong).__name__}") from None


def plain(messages: list[Any]) -> list[dict[str, Any]]:
    """The messages of a context that can be kept: those that are JSON."""
    kept: list[dict[str, Any]] = []
    for message in messages:
        try:
            kept.append(json.loads(json.dumps(message)))
        except (TypeError, ValueError):
            continue
    return [message for message in kept if isinstance(message, dict)]
