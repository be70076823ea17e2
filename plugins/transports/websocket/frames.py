"""Read clients' frames with suspicion: audio and messages only, of bounded size; the rest is refused and counted."""

from __future__ import annotations

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # its stubs are a package apart
from loguru import logger
from pipecat.frames.frames import Frame, InputAudioRawFrame, InputTransportMessageFrame
from pipecat.serializers.protobuf import ProtobufFrameSerializer

LIMIT = 256 * 1024
"""Longest frame of a client, in bytes: eight seconds of audio, or a very long message."""
_RATES = range(8000, 48001)


class CarefulSerializer(ProtobufFrameSerializer):
    """Pipecat's serializer, but a client can't forge transcriptions, interruptions or a broken stream."""

    def __init__(self) -> None:
        super().__init__()
        self.refused = 0

    async def deserialize(self, data: str | bytes) -> Frame | None:
        """The frame, or nothing where it is not one that a client may send."""
        if isinstance(data, str) or len(data) > LIMIT:
            self._refuse("not a frame, or too long")
            return None
        try:
            frame = await super().deserialize(data)
        except (DecodeError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            self._refuse(type(error).__name__)
            return None
        if frame is None or _acceptable(frame):
            return frame
        self._refuse(type(frame).__name__)
        return None

    def _refuse(self, why: str) -> None:
        self.refused += 1
        logger.bind(why=why, refused=self.refused).warning("a client's frame was refused")


def _acceptable(frame: Frame) -> bool:
    if isinstance(frame, InputAudioRawFrame):
        return frame.sample_rate in _RATES and frame.num_channels == 1
    return isinstance(frame, InputTransportMessageFrame) and isinstance(frame.message, dict)
