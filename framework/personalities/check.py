"""Check a personality: its keys, what it extends, its languages and its voices."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.documents import Diagnostic, Severity, Source, scan
from framework.personalities.load import Find, beside, read_chain
from framework.personalities.model import LANGUAGE, Personality
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from framework.project import Project

TEXTS = ("name", "role", "greeting", "disclosure")
LISTS = ("rules", "voice_rules", "text_rules", "fillers")


def check(
    path: Path | str, project: Project | None = None, services: Collection[str] | None = None
) -> list[Diagnostic]:
    """Everything that is wrong with a personality file, in the order of the file.

    Args:
        path: The file.
        project: Where the personalities it extends are looked for; beside the file if absent.
        services: Names of all services, so that `voices` can be checked; not checked if absent.
    """
    file = Path(path)
    find: Find = project.personality_path if project is not None else beside(file)
    root = project.root if project is not None else None
    personality, problems, _ = read_chain(file, find, root)
    source, _, _ = scan(file, root, "ours")
    if personality is None or source is None:
        return sorted(set(problems))
    own = [*_name(source, file), *_languages(source, personality), *_placeholders(source), *_voices(source, services)]
    return sorted({*problems, *own})


def _name(source: Source, file: Path) -> Iterator[Diagnostic]:
    """PRS014: flows find a personality by the name of its file."""
    name = source.value.get("personality")
    if isinstance(name, str) and name != file.stem:
        message = f"the file is called `{file.stem}`, the personality `{name}`: it is found by its file's name."
        where = source.locate(("personality",))
        yield Diagnostic(where, "PRS014", message, f"Write `{file.stem}`.", Severity.WARNING)


def _languages(source: Source, personality: Personality) -> Iterator[Diagnostic]:
    """PRS012: every map of languages has all of `languages`, and nothing else."""
    for index, tag in enumerate(source.value.get("languages") or []):
        if isinstance(tag, str) and not re.fullmatch(LANGUAGE, tag):
            message = f"`{tag}` is not the tag of a language."
            where = source.locate(("languages", index))
            yield Diagnostic(where, "PRS012", message, "Write for example `en` or `es-MX`.")
    for path, words in _texts(source):
        if not isinstance(words, dict):
            continue
        for tag in personality.languages:
            if tag not in words:
                message = f"`{path[-1]}` has no text in `{tag}`, which this personality speaks."
                where = source.locate_key(path)
                yield Diagnostic(where, "PRS012", message, f"Add `{tag}:`, or take it out of `languages`.")
        yield from _foreign(source, path, words, personality.languages)


def _foreign(
    source: Source, path: tuple[str | int, ...], words: dict[str, Any], languages: list[str]
) -> Iterator[Diagnostic]:
    for tag in words if languages else ():
        if tag not in languages:
            message = f"`{tag}` is not among this personality's `languages`."
            fix = did_you_mean(tag, languages)
            yield Diagnostic(source.locate_key((*path, tag)), "PRS012", message, fix, Severity.WARNING)


def _placeholders(source: Source) -> Iterator[Diagnostic]:
    """PRS015: nothing fills placeholders in a personality."""
    for path, words in _texts(source):
        named = [((*path, tag), text) for tag, text in words.items()] if isinstance(words, dict) else [(path, words)]
        for place, text in named:
            if isinstance(text, str) and "{{" in text:
                message = "a personality's texts are taken as they are: nothing fills this placeholder."
                fix = "Put the sentence into the flow, where slots are known."
                yield Diagnostic(source.locate(place), "PRS015", message, fix, Severity.WARNING)


def _voices(source: Source, services: Collection[str] | None) -> Iterator[Diagnostic]:
    """PRS013: a voice belongs to a service that there is."""
    voices = source.value.get("voices")
    if services is None or not isinstance(voices, dict):
        return
    for name in voices:
        if name not in services:
            message = f"no service is called `{name}`, so this voice is never used."
            fix = did_you_mean(name, services)
            yield Diagnostic(source.locate_key(("voices", name)), "PRS013", message, fix, Severity.WARNING)


def _texts(source: Source) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every text of the file, with its place."""
    for key in TEXTS:
        if key in source.value:
            yield (key,), source.value[key]
    for key in LISTS:
        items = source.value.get(key)
        for index, words in enumerate(items if isinstance(items, list) else []):
            yield (key, index), words
