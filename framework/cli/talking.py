"""What `chat` and `call` share: whom one talks to, what is shown of it, and the exit code."""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from framework.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from framework.plugins.host import PluginHost
    from framework.project import Project
    from framework.runtime.life import Outcome
    from framework.sessions.events import Event
    from framework.sessions.spec import SessionSpec
    from framework.sessions.transfers import LocalSwitchboard

HUNG_UP = 3
"""The exit code of a session that ended because nobody was left to talk."""
FAILED = 1
KEYS = re.compile(r"\[([0-9*#]+)\]")
"""How a line says that keys are pressed."""
STUCK = 70
"""The exit code of a session whose process had to be ended by force."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the command line asks for."""

    target: str | None
    channel: Literal["voice", "text"]
    personality: str | None = None
    stack: str | None = None
    handlers: str | None = None
    json: bool = False
    inputs: tuple[str, ...] = ()
    """What the flow is given, each as `name=value`."""

    def spec(self, project: Project) -> SessionSpec:
        """The session: of a bot where there is one of that name, else of a flow."""
        from framework.sessions.spec import SessionSpec  # noqa: PLC0415 - weight is carried when needed

        target = self.target or project.default_bot or ""
        bot = target in project.bots and not Path(target).suffix
        return SessionSpec(
            bot=target if bot else "",
            flow="" if bot else target,
            personality=self.personality or "",
            stack=self.stack or "",
            channel=self.channel,
            inputs=dict(_pair(given) for given in self.inputs),
        )


def _pair(given: str) -> tuple[str, Any]:
    """An input as it was written on the command line: JSON where it is that, else text."""
    name, equals, text = given.partition("=")
    if not equals or not name.strip():
        raise UserError(f"`{given}` is no input", fix="Write it as `--input name=value`.")
    try:
        return name.strip(), json.loads(text)
    except ValueError:
        return name.strip(), text


def switchboard(outcome: str, *, as_json: bool) -> LocalSwitchboard:
    """Who is asked to put people through: it prints whom it would call; standard output is the program's for JSON."""
    from framework.sessions.transfers import OUTCOMES, LocalSwitchboard  # noqa: PLC0415 - weight is carried when needed

    known = next((one for one in OUTCOMES if one == outcome), None)
    if known is None:
        raise UserError(f"a transfer can't end as `{outcome}`", fix=f"Say one of {', '.join(OUTCOMES)}.")
    return LocalSwitchboard(known, lambda line: print(line, file=sys.stderr if as_json else sys.stdout, flush=True))


def prepared() -> tuple[Project, PluginHost]:
    """The project of the working directory and its plugins; what is wrong with plugins goes to standard error."""
    from framework import log  # noqa: PLC0415 - weight is carried when needed
    from framework.plugins.host import PluginHost  # noqa: PLC0415 - weight is carried when needed
    from framework.project import Project  # noqa: PLC0415 - weight is carried when needed

    log.set_up()
    project = Project.find()
    host = PluginHost.load(project)
    for problem in host.problems:
        print(problem.sentence, file=sys.stderr)
    return project, host


@contextmanager
def progress(what: str) -> Iterator[Callable[[], None]]:
    """Say on standard error that something takes a while; the yielded function ends it."""
    from rich.console import Console  # noqa: PLC0415 - weight is carried when needed

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda: None
        return
    status = console.status(what)
    status.start()
    try:
        yield status.stop
    finally:
        status.stop()


def as_line(event: Event) -> str:
    """An event as one line of JSON."""
    return json.dumps(event.as_json(), ensure_ascii=False)


class Transcript:
    """Prints who said what, or every event as JSON; standard output holds nothing else."""

    def __init__(self, *, as_json: bool, bot: bool = True, user: bool = True) -> None:
        self._json = as_json
        self._shown = {"bot.said"} if bot else set()
        self._shown |= {"user.said"} if user else set()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        if self._json:
            print(as_line(event), flush=True)
        elif event.type in self._shown and (line := said(event.type, event.data)):
            print(line, flush=True)


def said(kind: str, data: dict[str, Any]) -> str:
    """One line of a transcript; what was cut off is shown as cut off, what nobody heard not at all.

    >>> said("bot.said", {"generated": "Hello there.", "spoken": "Hello", "interrupted": True})
    'Bot: Hello —'
    """
    if kind == "user.said":
        return f"You: {'***' if data.get('masked') else data['text']}"
    if not data["spoken"]:
        return ""
    return f"Bot: {data['spoken']}{' —' if data['interrupted'] else ''}"


def exit_code(outcome: Outcome) -> int:
    """0 when the flow ended, 3 when the person hung up, 1 when something broke."""
    if outcome.status == "stuck":
        print("The session could not be ended; its process is.", file=sys.stderr)
        sys.stdout.flush()
        os._exit(STUCK)
    if outcome.status == "failed":
        print(f"The session failed: {outcome.message or outcome.reason}.", file=sys.stderr)
        return FAILED
    return HUNG_UP if outcome.reason == "hangup" else 0


def pressed(line: str) -> str:
    """The keys that a line stands for; nothing when it is to be said.

    >>> pressed("[12#]"), pressed("12")
    ('12#', '')
    """
    found = KEYS.fullmatch(line)
    return found[1] if found else ""
