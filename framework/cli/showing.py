"""How commands show sessions, times and ages: tables that fit the terminal they are in."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

STYLES = {
    "queued": "yellow",
    "assigned": "cyan",
    "claimed": "cyan",
    "joined": "green",
    "ended": "dim",
    "failed": "red",
    "talking": "green",
    "ending": "dim",
    "draining": "yellow",
}
MINUTE, HOUR, DAY = 60, 3600, 86400


def age(seconds: float) -> str:
    """A duration in at most six characters.

    >>> [age(n) for n in (0.4, 59, 61, 3700, 90000)]
    ['0s', '59s', '1m01s', '1h01m', '1d01h']
    """
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return f"{whole}s"
    if whole < HOUR:
        return f"{whole // MINUTE}m{whole % MINUTE:02}s"
    if whole < DAY:
        return f"{whole // HOUR}h{whole % HOUR // MINUTE:02}m"
    return f"{whole // DAY}d{whole % DAY // HOUR:02}h"


def moment(iso: str) -> float:
    """ISO 8601 as seconds since the epoch; 0 for none.

    >>> moment("1970-01-01T00:00:01.500Z"), moment("")
    (1.5, 0.0)
    """
    try:
        return datetime.fromisoformat(iso).timestamp() if iso else 0.0
    except ValueError:
        return 0.0


def since(iso: str, now: float | None = None) -> str:
    """How long ago that was."""
    return age((now or time.time()) - moment(iso)) if iso else ""


def styled(word: str) -> Text:
    """A word of state in its colour."""
    from rich.text import Text  # noqa: PLC0415 - the command line starts fast

    return Text(word, STYLES.get(word, ""))


def plain(text: object) -> str:
    r"""Text from elsewhere on one line, without what would steer a terminal.

    >>> plain("a\x1b[31mb\nc")
    'a[31mb c'
    """
    return "".join(one if one.isprintable() else " " if one in "\n\t" else "" for one in str(text))


def table(rows: Sequence[Mapping[str, object]], columns: Iterable[str], *, whole: Iterable[str] = ()) -> Table:
    """Rows under those columns that have something to show; `whole` ones are never cut."""
    from rich.table import Table  # noqa: PLC0415 - the command line starts fast

    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    shown = [name for name in columns if any(str(row.get(name, "")) for row in rows)]
    for name in shown:
        numeric = all(isinstance(row.get(name, ""), int | float) for row in rows)
        made.add_column(
            name,
            no_wrap=True,
            overflow="ellipsis",
            justify="right" if numeric else "left",
            min_width=max((len(str(row.get(name, ""))) for row in rows), default=0) if name in whole else 3,
        )
    for row in rows:
        made.add_row(*(_cell(row.get(name, "")) for name in shown))
    return made


def _cell(value: object) -> Any:
    from rich.text import Text  # noqa: PLC0415 - the command line starts fast

    return value if isinstance(value, Text) else Text(plain(value))


def session_row(session: Mapping[str, Any], now: float) -> dict[str, object]:
    """One session of the gateway's list, as a row for people."""
    over = session.get("state") in ("ended", "failed")
    room = session.get("room", "")
    phase = str(session.get("phase", ""))
    return {
        "session": session.get("session_id", ""),
        "state": styled(str(session.get("state", ""))),
        "phase": styled(phase),
        "bot": session.get("bot") or session.get("flow", ""),
        "room": "" if room == session.get("session_id") else room,
        "role": "" if session.get("role") == "bot" else session.get("role", ""),
        "tenant": session.get("tenant", ""),
        "node": session.get("node", ""),
        "place": session.get("position") or "",
        "age": since(session.get("over_at", ""), now) if over else since(session.get("queued_at", ""), now),
        "why": " ".join(part for part in (session.get("reason", ""), session.get("message", "")) if part),
    }
