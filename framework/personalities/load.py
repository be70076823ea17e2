"""Read one personality file with all it extends, or say everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from framework.documents import Diagnostic, DocumentError, Source, scan
from framework.documents.validate import examine
from framework.errors import UserError
from framework.personalities.model import Personality
from framework.suggest import did_you_mean

Find = Callable[[str], Path]
"""Name of a personality → its file; `UserError` where there is none."""

ADDED = ("rules", "voice_rules", "text_rules")
"""Lists to which one adds; the other lists are replaced."""


def load(path: Path | str, find: Find | None = None, root: Path | None = None) -> Personality:
    """The personality in the file at `path`, with what it extends; `DocumentError` with every problem.

    Args:
        path: The file.
        find: Where other personalities are; a file beside this one if absent.
        root: The folder that includes stay in.
    """
    personality, problems, texts = read_chain(Path(path), find or beside(Path(path)), root)
    if personality is None or problems:
        raise DocumentError(problems, texts)
    return personality


def beside(path: Path) -> Find:
    """Look for personalities in the folder of a file."""

    def find(name: str) -> Path:
        file = path.parent / f"{name}.yaml"
        if not file.is_file():
            known = sorted(other.stem for other in path.parent.glob("*.yaml"))
            raise UserError(f"there is no personality `{name}`", fix=did_you_mean(name, known))
        return file

    return find


def read_chain(
    path: Path, find: Find, root: Path | None = None
) -> tuple[Personality | None, list[Diagnostic], dict[str, str]]:
    """The personality as far as it can be read, the problems of its file, and texts to show them in."""
    source, problems, texts = scan(path, root, "ours")
    if source is None:
        return None, problems, texts
    found = examine(source, Personality, codes="PRS")
    problems += found.diagnostics
    if found.model is None or found.model.extends is None:
        return found.model, problems, texts
    bases, wrong = _bases(source, found.model, find, root)
    if wrong is not None:
        return found.model, [*problems, wrong], texts
    return _merged([*bases, found.model]), problems, texts


def _bases(
    source: Source, personality: Personality, find: Find, root: Path | None
) -> tuple[list[Personality], Diagnostic | None]:
    """What a personality extends, the first of all first; or what is wrong with it."""
    bases: list[Personality] = []
    seen, here = {Path(source.file).resolve(): personality.personality}, personality
    place = source.locate(("extends",))
    while here.extends is not None:
        try:
            path = find(here.extends)
        except UserError as unknown:
            return [], Diagnostic(place, "PRS010", f"{unknown.message}.", unknown.fix)
        if path.resolve() in seen:
            circle = " → ".join([*seen.values(), seen[path.resolve()]])
            message = f"personalities extend each other in a circle: {circle}."
            return [], Diagnostic(place, "PRS011", message, "Take one `extends` out.")
        base, problems, _ = _alone(path, root)
        if base is None or problems:
            message = f"`{here.extends}`, which this extends, has problems of its own."
            return [], Diagnostic(place, "PRS010", message, f"Run `convo check {path}`.")
        bases.insert(0, base)
        seen[path.resolve()], here = here.extends, base
    return bases, None


def _alone(path: Path, root: Path | None) -> tuple[Personality | None, list[Diagnostic], dict[str, str]]:
    source, problems, texts = scan(path, root, "ours")
    if source is None:
        return None, problems, texts
    found = examine(source, Personality, codes="PRS")
    return found.model, problems + found.diagnostics, texts


def _merged(chain: list[Personality]) -> Personality:
    """Base first: rules add up, maps are added to, all else is replaced by what is written."""
    merged: dict[str, Any] = {}
    for personality in chain:
        for key, value in personality.model_dump(exclude_unset=True).items():
            merged[key] = _over(merged.get(key), value, added=key in ADDED)
    return Personality.model_validate(merged)


def _over(base: Any, value: Any, *, added: bool) -> Any:
    if isinstance(base, list) and isinstance(value, list) and added:
        return base + [item for item in value if item not in base]
    if isinstance(base, dict) and isinstance(value, dict):
        return base | {key: _over(base.get(key), inner, added=True) for key, inner in value.items()}
    return value
