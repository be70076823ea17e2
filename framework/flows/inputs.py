"""What a flow must be given, as far as its file says it: for doors that know neither plugins nor slot types."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from framework.errors import UserError
from framework.flows.load import examine_file

FLOWS = 256
"""How many flows are remembered; a file that has changed is read again."""


def admit(path: Path, root: Path, given: Collection[str]) -> None:
    """See that none of a flow's inputs is missing; one that can't be read is somebody else's to refuse.

    Raises:
        UserError: Some are.
    """
    try:
        flow, wanted = _wanted(path, root, path.stat().st_mtime_ns)
    except OSError:
        return
    missing = [name for name in wanted if name not in given]
    if missing:
        raise UserError(
            f"flow `{flow}` needs {' and '.join(f'`{name}`' for name in missing)}", fix="Send them as `inputs`."
        )


def read_ahead(paths: Iterable[Path], root: Path) -> None:
    """Read flows before somebody asks for them, so that no request waits for a file to be parsed."""
    for path in paths:
        with suppress(OSError):
            _wanted(path, root, path.stat().st_mtime_ns)


@lru_cache(maxsize=FLOWS)
def _wanted(path: Path, root: Path, _changed: int) -> tuple[str, tuple[str, ...]]:
    """A flow's name, and its inputs that have no default of their own."""
    loaded = examine_file(path, root).loaded
    if loaded is None:
        return "", ()
    flow = loaded.flow
    return flow.flow, tuple(n for n in flow.inputs if n not in flow.slots or flow.slots[n].default is None)
