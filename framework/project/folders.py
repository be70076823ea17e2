"""Where a project's files are, and where those that come with the framework are."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
KINDS = ("flows", "personalities", "stacks")
ENDINGS = (".yaml", ".yml", ".json")


def bundled() -> Path:
    """The folder with the flows, personalities, stacks and plugins that come with the framework."""
    inside = PACKAGE / "_bundled"
    return inside if inside.is_dir() else PACKAGE.parent


def files(folders: tuple[Path, ...], kind: str) -> dict[str, Path]:
    """Name → file of every file of a kind; the project's own come before the bundled ones."""
    found: dict[str, Path] = {}
    for folder in folders:
        here = folder / kind
        for path in sorted(here.iterdir()) if here.is_dir() else ():
            if path.suffix in ENDINGS and path.is_file():
                found.setdefault(path.stem, path)
    return found


def upwards(start: Path, name: str) -> Path | None:
    """The nearest file of that name, in `start` or a folder above it."""
    here = start.resolve()
    return next((folder / name for folder in (here, *here.parents) if (folder / name).is_file()), None)
