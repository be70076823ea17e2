"""Let clients in by Pipecat's RTVI protocol: what is not allowed is refused, and counted."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Coroutine
from typing import Any

from loguru import logger
from pipecat.frames.frames import (
    ErrorFrame,
    Frame,
    InputTransportMessageFrame,
    OutputTransportMessageUrgentFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.processors.frameworks.rtvi import RTVIObserver, RTVIObserverParams, RTVIProcessor
from pipecat.processors.frameworks.rtvi.frames import RTVISendTextFrame
from pipecat.processors.frameworks.rtvi.models import BotLLMTextMessage, TextMessageData
from pydantic import BaseModel

from framework.engine.secrets import HIDDEN

LABEL = "rtvi-ai"
TEXT_LENGTH = 4000
"""Characters that a typed turn may have."""
MESSAGE_LENGTH = 16_384
"""Characters that any message may have, as JSON."""
BURST, BURST_S = 20, 2.0
"""Messages that one client may send in so many seconds."""
IDENTIFIER = re.compile(r"^[\w.:-]{1,128}$")
WORDS_S = 0.04
"""How long a model's words are gathered before the client gets them: a message for each costs more than the turn."""
KEYS = frozenset({"label", "type", "id", "data"})
ALLOWED = frozenset({"client-ready", "send-text", "client-message"})
"""Everything else would let a client end the bot, forge a tool's result, or speak with another's voice."""
KEYS_TYPE = "keys"
"""The `t` of a `client-message` whose `d` is `{keys}`; any other `t` is an event of the flow."""
PRESSED = re.compile(r"^[0-9*#]{1,32}$", re.ASCII)

OnText = Callable[[str], Coroutine[Any, Any, None]]
OnKeys = Callable[[str], Coroutine[Any, Any, None]]
OnEvent = Callable[[str, dict[str, Any]], None]


class RefusedMessageError(ValueError):
    """A client's message that is not let through; the message says why, in one word for the count."""


def checked(message: Any, allowed: frozenset[str] = ALLOWED, events: Collection[str] = frozenset()) -> dict[str, Any]:
    """A client's message, if it is one that is allowed, of the right shape and size.

    Args:
        message: What the client sent.
        allowed: Types of RTVI messages that its role may send.
        events: Events of the flow that its role may bring about.

    Raises:
        RefusedMessageError: Why not.
    """
    if not isinstance(message, dict) or message.get("label") != LABEL:
        raise RefusedMessageError("label")
    if set(message) - KEYS or not isinstance(message.get("id"), str) or not IDENTIFIER.match(message["id"]):
        raise RefusedMessageError("shape")
    if not isinstance(message.get("type"), str) or message["type"] not in allowed:
        raise RefusedMessageError("type")
    try:
        size = len(json.dumps(message))
    except (TypeError, ValueError, RecursionError):
        raise RefusedMessageError("shape") from None
    if size > MESSAGE_LENGTH:
        raise RefusedMessageError("size")
    data = message.get("data")
    if data is not None and not isinstance(data, dict):
        raise RefusedMessageError("shape")
    if message["type"] == "send-text":
        _text_of(data)
    elif message["type"] == "client-message":
        _own_of(data, events)
    return message


def _own_of(data: dict[str, Any] | None, events: Collection[str]) -> None:
    """Look whether a message of the client's own is keys, or an event that it may bring about."""
    given = data or {}
    kind, content = given.get("t"), given.get("d")
    if not isinstance(kind, str) or set(given) - {"t", "d"}:
        raise RefusedMessageError("shape")
    if kind == KEYS_TYPE:
        keys = content.get("keys") if isinstance(content, dict) and len(content) == 1 else None
        if not isinstance(keys, str) or not PRESSED.match(keys):
            raise RefusedMessageError("shape")
    elif kind not in events:
        raise RefusedMessageError("type")
    elif content is not None and not isinstance(content, dict):
        raise RefusedMessageError("shape")


def _text_of(data: dict[str, Any] | None) -> str:
    content = (data or {}).get("content")
    if not isinstance(content, str) or not content.strip():
        raise RefusedMessageError("shape")
    if len(content) > TEXT_LENGTH:
        raise RefusedMessageError("size")
    return content


class Door(RTVIProcessor):
    """Pipecat's processor behind a filter that denies by default."""

    def __init__(self, *, allowed: frozenset[str] = ALLOWED, reports: RTVIObserverParams | None = None) -> None:
        super().__init__()
        self.refused: Counter[str] = Counter()
        """Why messages were refused → how many."""
        self.observer: RTVIObserver | None = None
        self.attached = False
        """Whether a client is there that is told what happens."""
        self.on_text: OnText | None = None
        self.on_keys: OnKeys | None = None
        self.on_event: OnEvent | None = None
        self.events: frozenset[str] = frozenset()
        """Events of the flow that clients may bring about."""
        self.private: Callable[[str], bool] = lambda _text: False
        """Whether a typed turn is for the engine only: other clients are not told it."""
        self.way_out: FrameProcessor | None = None
        """The transport's output; messages go there at once, not through all of the pipeline."""
        self._words = ""
        self._gathering: asyncio.Task[None] | None = None
        self._allowed = allowed
        self._reports = reports
        self._moments: deque[float] = deque(maxlen=BURST)

    def create_rtvi_observer(self, *, params: RTVIObserverParams | None = None, **kwargs: Any) -> RTVIObserver:
        """The observer that tells the client; it is attached only while a client is there."""
        self.observer = super().create_rtvi_observer(params=self._reports or params, **kwargs)
        return self.observer

    async def push_transport_message(self, model: BaseModel, exclude_none: bool = True) -> None:
        """Send a message to the client; words of the model that come close together go as one."""
        if isinstance(model, BotLLMTextMessage):
            self._words += model.data.text
            self._gathering = self._gathering or self.create_task(self._send_gathered(), name=f"{self}::words")
            return
        await self._send_words()
        await self._send(model, exclude_none=exclude_none)

    async def cleanup(self) -> None:
        """Stop gathering words."""
        if self._gathering is not None:
            await self.cancel_task(self._gathering)
        await super().cleanup()  # type: ignore[no-untyped-call]

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Let allowed messages in; keep errors' texts from going out."""
        if isinstance(frame, InputTransportMessageFrame):
            if await self._message(frame) == "client-ready":
                await super().process_frame(frame, direction)
        elif isinstance(frame, ErrorFrame):
            await FrameProcessor.process_frame(self, frame, direction)
            await self.push_frame(frame, direction)
        else:
            await super().process_frame(frame, direction)

    async def _send_gathered(self) -> None:
        await asyncio.sleep(WORDS_S)
        self._gathering = None
        await self._send_words()

    async def _send_words(self) -> None:
        words, self._words = self._words, ""
        if words:
            await self._send(BotLLMTextMessage(data=TextMessageData(text=words)))

    async def _send(self, model: BaseModel, *, exclude_none: bool = True) -> None:
        frame = OutputTransportMessageUrgentFrame(message=model.model_dump(exclude_none=exclude_none))
        if self.way_out is not None:
            await self.way_out.queue_frame(frame)
        else:
            await self.push_frame(frame)

    async def _message(self, frame: InputTransportMessageFrame) -> str | None:
        """Take a typed turn; answers the type of what was let in."""
        try:
            self._burst()
            message = checked(frame.message, self._allowed, self.events)
        except RefusedMessageError as refusal:
            await self._refuse(frame.message, str(refusal))
            return None
        kind: str = message["type"]
        if kind == "send-text":
            await self._typed(frame, message)
        elif kind == "client-message":
            await self._own(message["data"])
        return kind

    async def _own(self, data: dict[str, Any]) -> None:
        """Keys, or an event; neither goes on through the pipeline, where others would see it."""
        if data["t"] == KEYS_TYPE:
            if self.on_keys is not None:
                await self.on_keys(data["d"]["keys"])
        elif self.on_event is not None:
            self.on_event(data["t"], data.get("d") or {})

    async def _typed(self, frame: InputTransportMessageFrame, message: dict[str, Any]) -> None:
        text = _text_of(message["data"])
        participant = getattr(frame, "participant_id", None)
        shown = HIDDEN if self.private(text) else text
        await self.push_frame(RTVISendTextFrame(msg_id=message["id"], text=shown, user_id=participant))
        if self.on_text is not None:
            self.create_task(self.on_text(text), name=f"{self}::typed")

    def _burst(self) -> None:
        now = time.monotonic()
        if len(self._moments) == BURST and now - self._moments[0] < BURST_S:
            raise RefusedMessageError("rate")
        self._moments.append(now)

    async def _refuse(self, message: Any, why: str) -> None:
        """Count it; tell the client once in a while, so that an honest one learns."""
        self.refused[why] += 1
        if self.refused[why] > BURST:
            return
        logger.warning("a client's message was refused", why=why)
        identifier = message.get("id") if isinstance(message, dict) else None
        known = isinstance(identifier, str) and bool(IDENTIFIER.match(identifier))
        answer = {"label": LABEL, "type": "error-response", "id": identifier if known else "0"}
        data = {"error": f"This message is not allowed here ({why})."}
        await self.push_frame(OutputTransportMessageUrgentFrame(message={**answer, "data": data}))
