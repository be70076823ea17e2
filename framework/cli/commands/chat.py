"""Talk with a flow by typing."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from framework.cli.talking import Transcript, Wish, exit_code, prepared, pressed, progress, switchboard
from framework.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from framework.runtime.session import LiveSession
    from framework.sessions.transfers import LocalSwitchboard

PROMPT = "You: "
LINE_LENGTH = 4000
"""Characters of a typed turn that are read; the rest of the line is dropped."""


def chat(
    target: Annotated[
        str | None, typer.Argument(metavar="[FLOW|BOT]", help="A bot or flow by its name, or a flow's file.")
    ] = None,
    *,
    personality: Annotated[str | None, typer.Option(help="Who speaks, instead of the bot's personality.")] = None,
    stack: Annotated[str | None, typer.Option(help="The services to use, instead of the bot's stack.")] = None,
    script: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="What you say, a line each; `-` reads standard input.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print every event as a line of JSON.")] = False,
    handlers: Annotated[
        str | None, typer.Option(metavar="MODULE", help="The functions of a Pipecat FlowConfig: a module or a file.")
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="NAME=VALUE", help="What the flow must be given; JSON or text. Repeat it."),
    ] = None,
    transfer: Annotated[
        str, typer.Option(metavar="OUTCOME", help="How a transfer ends: done, no_answer, busy or error.")
    ] = "done",
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep the session there, whenever it waits for something.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Go on with the session that was kept there.")
    ] = None,
) -> None:
    r"""Talk with a flow by typing, over the same pipeline and engine as a call, but without audio.

    Without FLOW or BOT it is the project's default bot. Type your turns; an empty line is nothing, `[12#]` is
    pressed on a telephone, Ctrl-D hangs up.

    A script, or lines piped in, are given one by one, each when the flow waits for you. When they are used up, the
    session goes on until it would wait for you again, and then ends with the reason `hangup`. Lines that are left over
    when the flow ends are ignored.

    Nobody is dialled: a transfer prints whom it would call and what they would be told, and ends as `--transfer` says.

    With `--checkpoint FILE` the session can be gone on with after you have hung up or its process has died:
    `--resume FILE` asks again what was asked. The file is removed when the flow ends. It holds all that the session
    knows, sensitive values too; only you may read it.

    Exit codes: 0 the flow ended, 3 you hung up, 1 the session failed, 2 something in the command can be corrected.

    Examples:
        convo chat
        convo chat flows/hello.yaml
        printf 'hello\ngoodbye\n' | convo chat hello --json
        convo chat flows/compat/delivery.yaml --handlers flows/compat/handlers.py
        convo chat clinic --checkpoint call.json
        convo chat --resume call.json --checkpoint call.json
    """
    lines = _lines(script)
    dials = switchboard(transfer, as_json=as_json)
    if resume is not None and (target or personality or stack or handlers or given):
        raise UserError("a session goes on as it was started", fix="Leave out all but `--resume` and `--checkpoint`.")
    wish = Wish(
        target=target,
        channel="text",
        personality=personality,
        stack=stack,
        handlers=handlers,
        json=as_json,
        inputs=tuple(given or ()),
    )
    going = Going(switchboard=dials, checkpoint=checkpoint, resume=resume)
    raise typer.Exit(asyncio.run(_talk(wish, lines, going)))


@dataclass(frozen=True)
class Going:
    """What stands around a session: who dials, where it is kept, where it goes on from."""

    switchboard: LocalSwitchboard
    checkpoint: Path | None
    resume: Path | None


def _lines(script: str | None) -> list[str] | None:
    """What is to be said, when it is known beforehand; None when a person types."""
    if script is None and sys.stdin.isatty():
        return None
    try:
        text = sys.stdin.read() if script in (None, "-") else Path(script).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise UserError(f"the script `{script or '-'}` can't be read: {wrong}") from None
    return [line.strip()[:LINE_LENGTH] for line in text.splitlines() if line.strip()]


async def _talk(wish: Wish, lines: list[str] | None, going: Going) -> int:
    from framework.sessions.checkpoints import FileCheckpoints, read  # noqa: PLC0415 - weight is carried when needed

    project, host = prepared()
    left_off = read(going.resume) if going.resume else None
    with progress("Getting ready …") as ready:
        from framework.runtime.session import LiveSession  # noqa: PLC0415 - weight is carried when needed

        typed = lines is None and not wish.json
        screen = _Screen(sys.stdout)
        session = LiveSession(
            left_off.spec if left_off else wish.spec(project),
            project=project,
            host=host,
            transport=_terminal(host, screen) if typed else None,
            handlers=(left_off.handlers if left_off else wish.handlers) or "",
            switchboard=going.switchboard,
            checkpoints=FileCheckpoints(going.checkpoint) if going.checkpoint else None,
            resume=left_off,
            on_event=Transcript(as_json=wish.json, bot=not typed, user=lines is not None),
            on_phase=lambda phase: ready() if phase == "talking" else None,
        )
        running = asyncio.create_task(session.run())
        speaking = asyncio.create_task(_say(session, lines) if lines is not None else _type(session, screen))
        try:
            outcome = await running
        finally:
            speaking.cancel()
    return exit_code(outcome)


def _terminal(host: Any, screen: _Screen) -> Any:
    from framework.plugins.transports import TransportContext  # noqa: PLC0415 - weight is carried when needed

    return host.transports.get("terminal").build(TransportContext(connection=screen))


async def _say(session: LiveSession, lines: Iterable[str]) -> None:
    """Give each line when the flow waits for the person, then hang up when it waits again."""
    for line in lines:
        if not await session.person():
            return
        await _give(session, line)
    if await session.person():
        session.hang_up()


async def _type(session: LiveSession, screen: _Screen) -> None:
    """Ask a person for each turn; the bot may say something meanwhile, and the person is asked again behind it."""
    turns = _Keyboard(asyncio.get_running_loop())
    reading = asyncio.ensure_future(turns.next())
    while await session.person():
        screen.prompt()
        covered = asyncio.ensure_future(screen.covered.wait())
        await asyncio.wait({reading, covered}, return_when=asyncio.FIRST_COMPLETED)
        covered.cancel()
        if not reading.done():
            continue
        line, reading = reading.result(), asyncio.ensure_future(turns.next())
        screen.covered.set()
        if line is None:
            print()
            session.hang_up()
            return
        await _give(session, line[:LINE_LENGTH])


async def _give(session: LiveSession, line: str) -> None:
    """Words are heard; keys in brackets are pressed."""
    if keys := pressed(line):
        await session.press(keys)
    else:
        await session.hear(line)


class _Screen:
    """What the bot says, on lines of its own also where the person is being asked."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.covered = asyncio.Event()
        """Set unless the prompt is the last thing there."""
        self.covered.set()

    def prompt(self) -> None:
        """Ask the person for a turn, if that is not there already."""
        if self.covered.is_set():
            self.covered.clear()
            self._stream.write(PROMPT)
            self._stream.flush()

    def write(self, text: str) -> None:
        """Show something; the prompt is left alone."""
        if not self.covered.is_set():
            self.covered.set()
            self._stream.write("\n")
        self._stream.write(text)

    def flush(self) -> None:
        """Let it be seen."""
        self._stream.flush()


class _Keyboard:
    """Reads lines in a thread of its own, so that a session may end while nobody types."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        threading.Thread(target=self._read, name="keyboard", daemon=True).start()

    async def next(self) -> str | None:
        """The next line; None when there will be no more."""
        return await self._lines.get()

    def _read(self) -> None:
        with contextlib.suppress(RuntimeError):  # the session and its loop have ended meanwhile
            for line in sys.stdin:
                self._loop.call_soon_threadsafe(self._lines.put_nowait, line.strip())
            self._loop.call_soon_threadsafe(self._lines.put_nowait, None)
