"""WAV: recordings are the caller, and the whole call is kept on one time line; for trying, tests and demonstrations."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from framework import Registry, Transport, TransportContext, hookimpl


class Wav(Transport):
    """A call with nobody at the other end: what is played is heard, what the bot says is recorded."""

    name: ClassVar[str] = "wav"

    def build(self, context: TransportContext) -> Any:
        """A call whose caller says what `play` is given."""
        from .transport import WavTransport  # noqa: PLC0415 - weight is carried when needed

        del context
        return WavTransport()

    def read(self, path: Path) -> Any:
        """The sound of a WAV file, ready to be played; `ValueError` with one sentence when it is none."""
        from .audio import read_wav  # noqa: PLC0415 - weight is carried when needed

        return read_wav(path)

    def sound(self, samples: Any, rate: int) -> Any:
        """Samples of 16 bit at any rate, ready to be played."""
        from .audio import resampled  # noqa: PLC0415 - weight is carried when needed

        return resampled(samples, rate)


@hookimpl
def register_transports(transports: Registry[Transport]) -> None:
    """Offer `wav`."""
    transports.add(Wav())
