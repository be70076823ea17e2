"""Kokoro voices on this machine, from model files that are already here: nothing is fetched behind your back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from framework.errors import MissingExtraError, UserError
from framework.plugins.markers import hookimpl
from framework.plugins.registry import Registry
from framework.plugins.services import Keys, Service, ServiceContext
from framework.services.providers.tables import TTS, TTS_ARGS

SETTINGS: dict[str, Any] = {**TTS, "speed": float}

ARGS: dict[str, Any] = {**TTS_ARGS, "model_path": str, "voices_path": str}

FILES = {"model_path": "kokoro-v1.0.onnx", "voices_path": "voices-v1.0.bin"}
"""Where Pipecat looks, under `~/.cache/pipecat/kokoro-onnx`, and downloads to when nothing is there."""

SLOWEST, FASTEST = 0.5, 2.0
"""What the model takes as `speed`."""


def keys() -> Keys:
    """What a stack may give."""
    return Keys(settings=SETTINGS, args=ARGS)


def build(context: ServiceContext) -> Any:
    """The personality's voice, at its pace. Loading takes a second or two and happens here."""
    args = context.args | _files(context.args)
    from pipecat.services.kokoro.tts import KokoroTTSService  # noqa: PLC0415 - Pipecat weighs

    from framework.services.providers.construct import construct, spoken  # noqa: PLC0415 - Pipecat weighs

    if not (context.voice or context.settings.get("voice") or context.settings.get("voice_id")):
        fix = "Give the personality `voices: {kokoro: af_heart}`, or the stack `settings: {voice: …}`."
        raise UserError("Kokoro needs a voice", fix=fix)
    settings = spoken(context)
    settings.setdefault("speed", min(max(context.pace, SLOWEST), FASTEST))
    return construct(KokoroTTSService, replace(context, settings=settings, args=args))


def _files(args: dict[str, Any]) -> dict[str, str]:
    """Both files, looked for before Pipecat would download them in the middle of a start."""
    found = {}
    for argument, name in FILES.items():
        path = Path(args.get(argument) or Path.home() / ".cache" / "pipecat" / "kokoro-onnx" / name)
        if not path.is_file():
            fix = f"Fetch `{name}` (kokoro-onnx's releases have it) and give its place as `args: {{{argument}: …}}`."
            raise MissingExtraError(f"Kokoro's file `{path}` is not there", fix=fix)
        found[argument] = str(path)
    return found


@hookimpl
def register_services(services: Registry[Service]) -> None:
    """Offer `tts: {provider: kokoro}`."""
    services.add(
        Service(
            kind="tts",
            name="kokoro",
            build=f"{__name__}:build",
            keys=f"{__name__}:keys",
            extra="kokoro",
            packages=("pipecat", "kokoro_onnx", "requests"),
        )
    )
