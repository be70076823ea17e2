"""Read a `.env` file: settings of one's own machine that don't belong into the shell."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from pathlib import Path

from framework.errors import UserError

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_QUOTED = re.compile(r"""(?:'([^']*)'|"((?:[^"\\]|\\.)*)")\s*(?:#.*)?""")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def load(path: Path, environment: MutableMapping[str, str]) -> list[str]:
    """Put what a file says into an environment; what is set there already stays. Answers the names that were read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError):
        raise UserError("it can't be read as UTF-8 text", where=str(path)) from None
    found = parse(text, str(path))
    for name, value in found.items():
        environment.setdefault(name, value)
    return list(found)


def parse(text: str, where: str = ".env") -> dict[str, str]:
    r"""Names and values.

    >>> parse("# ours\nexport A=1  # one\nB='x # y'\nC=\"a\\nb\"")
    {'A': '1', 'B': 'x # y', 'C': 'a\nb'}
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            # The line itself may hold a secret.
            raise UserError("that is not NAME=value", where=f"{where}:{number}", fix="Write one setting a line.")
        found[match[1]] = _value(match[2], f"{where}:{number}")
    return found


def _value(text: str, where: str) -> str:
    if not text.startswith(("'", '"')):
        return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].strip()
    quoted = _QUOTED.fullmatch(text)
    if quoted is None:
        raise UserError("the quotation mark at the beginning has none at the end", where=where, fix="Add it.")
    if quoted[1] is not None:
        return quoted[1]
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), quoted[2])
