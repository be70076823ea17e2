"""Pipecat's eval harness on the wire: what it says and what it takes for an answer, in terms of this project."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from pipecat.evals.serializer import EvalSerializer
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InputTransportMessageFrame,
    OutputTransportMessageFrame,
    OutputTransportMessageUrgentFrame,
)


class HarnessSerializer(EvalSerializer):
    """Pipecat's serializer with two differences.

    The harness's voice travels in messages, which the session's door lets nobody send: here it becomes audio before
    it gets there. And the harness takes for an answer only what a model began to say, while flows say most of their
    lines word for word: each of these is announced as if a model had begun it.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Pipecat leaves it untyped
        self._announced = False

    async def deserialize(self, data: str | bytes) -> Frame | None:
        """The frame, or nothing where the message is for the transport itself."""
        frame = await super().deserialize(data)
        if isinstance(frame, InputTransportMessageFrame) and frame.message.get("type") == "raw-audio":
            return _audio(frame.message.get("data"))
        return frame

    async def serialize(self, frame: Frame) -> str | bytes | None:
        """What the harness is told."""
        if isinstance(frame, OutputTransportMessageFrame | OutputTransportMessageUrgentFrame):
            frame.message = self._announce(frame.message)
        return await super().serialize(frame)

    def _announce(self, message: Any) -> Any:
        kind = message.get("type") if isinstance(message, dict) else None
        if kind == "bot-tts-started" and not self._announced:
            return {"label": message["label"], "type": "bot-llm-started"}
        if kind in ("bot-llm-started", "bot-tts-stopped"):
            self._announced = kind == "bot-llm-started"
        return message


def _audio(data: object) -> InputAudioRawFrame | None:
    try:
        fields = dict(data)  # type: ignore[call-overload]
        audio = base64.b64decode(fields["base64Audio"], validate=True)
        return InputAudioRawFrame(audio, int(fields["sampleRate"]), int(fields.get("numChannels", 1)))
    except (KeyError, TypeError, ValueError, binascii.Error):
        return None
