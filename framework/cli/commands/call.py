"""Call a flow with recordings, or with lines that a second voice speaks."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli.talking import Transcript, Wish, exit_code, prepared, pressed, progress, switchboard
from framework.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from framework.plugins.host import PluginHost
    from framework.project import Project
    from framework.sessions.transfers import LocalSwitchboard

LISTEN_S = 6.0
"""How long a caller waits to be heard before going on."""
GAP_S = 0.5
"""How long a caller waits after the bot has finished."""


def call(
    target: Annotated[
        str | None, typer.Argument(metavar="[FLOW|BOT]", help="A bot or flow by its name, or a flow's file.")
    ] = None,
    *,
    audio: Annotated[
        list[Path] | None,
        typer.Option(metavar="IN.wav", help="What the caller says. One file is the whole call; several are turns."),
    ] = None,
    say: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What the caller says as text, a line a turn; `-` reads stdin.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(metavar="OUT.wav", help="Record both sides: the caller left, the bot right.")
    ] = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="Run in virtual time: the same call, many times faster.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print every event as a line of JSON.")] = False,
    personality: Annotated[str | None, typer.Option(help="Who speaks, instead of the bot's personality.")] = None,
    stack: Annotated[str | None, typer.Option(help="The services to use, instead of the bot's stack.")] = None,
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
) -> None:
    """Call a flow through the whole voice pipeline, with recordings instead of a microphone.

    One WAV file is the caller's side of the whole call, on its own time line: it doesn't wait for the bot, so it may
    speak over it. Several files, or the lines of a text that a second voice speaks, are turns: each begins when the
    bot has finished and waits. When they are used up the caller listens for a moment, then hangs up.

    A line such as `[1234#]` is pressed on the telephone's keys instead.

    Nobody is dialled: a transfer prints whom it would call and what they would be told, and ends as `--transfer` says.

    WAV files are PCM with 16-bit samples; any rate and number of channels. `--fast` gives the same result in virtual
    time; it needs services that run on this machine, such as those of the stack `offline`.

    Exit codes: 0 the flow ended, 3 the caller hung up, 1 the session failed, 2 something in the command can be
    corrected.

    Examples:
        convo call clinic --say caller.txt --record call.wav
        convo call pizza --audio order.wav --fast --json
    """
    if bool(audio) == bool(say):
        raise UserError(
            "a call needs one caller", fix="Give either `--audio IN.wav` (perhaps several times) or `--say FILE`."
        )
    dials = switchboard(transfer, as_json=as_json)
    wish = Wish(
        target=target,
        channel="voice",
        personality=personality,
        stack=stack,
        handlers=handlers,
        json=as_json,
        inputs=tuple(given or ()),
    )
    caller = _Caller(tuple(audio or ()), _lines(say) if say else ())
    raise typer.Exit(_run(lambda: _call(wish, caller, record, dials), fast=fast))


def _lines(path: Path) -> tuple[str, ...]:
    try:
        text = typer.get_text_stream("stdin").read() if str(path) == "-" else path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise UserError(f"the lines `{path}` can't be read: {wrong}") from None
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _run(main: Callable[[], Coroutine[Any, Any, int]], *, fast: bool) -> int:
    if not fast:
        return asyncio.run(main())
    from framework.runtime.virtual import run_virtually  # noqa: PLC0415 - weight is carried when needed

    return run_virtually(main)


async def _call(wish: Wish, caller: _Caller, record: Path | None, dials: LocalSwitchboard) -> int:
    project, host = prepared()
    with progress("Getting ready …") as ready:
        turns = caller.turns(project, host)
        session, transport = _session(wish, project, host, dials, ready)
        running = asyncio.create_task(session.run())
        whole = bool(caller.files) and len(caller.files) == 1
        speaking = asyncio.create_task(_speak(session, transport, turns, whole=whole))
        try:
            outcome = await running
        finally:
            speaking.cancel()
            if record is not None:
                _write(record, transport)
    return exit_code(outcome)


def _session(wish: Wish, project: Project, host: PluginHost, dials: LocalSwitchboard, ready: Any) -> tuple[Any, Any]:
    from framework.plugins.transports import TransportContext  # noqa: PLC0415 - weight is carried when needed
    from framework.runtime.session import LiveSession  # noqa: PLC0415 - weight is carried when needed

    spec = wish.spec(project)
    transport = host.transports.get("wav").build(TransportContext(session=spec))
    session = LiveSession(
        spec,
        project=project,
        host=host,
        transport=transport,
        sample_rate=transport.rate,
        handlers=wish.handlers or "",
        switchboard=dials,
        on_event=Transcript(as_json=wish.json),
        on_phase=lambda phase: ready() if phase == "talking" else None,
    )
    return session, transport


def _write(path: Path, transport: Any) -> None:
    try:
        transport.record(path)
    except OSError as wrong:
        raise UserError(f"the recording can't be written to `{path}`: {wrong.strerror}") from None


class _Caller:
    """Who calls: recordings, or lines for a second voice."""

    def __init__(self, files: Sequence[Path], lines: Sequence[str]) -> None:
        self.files = files
        self.lines = lines

    def turns(self, project: Project, host: PluginHost) -> list[Any]:
        """The sound of each turn, by the transport's own reader; or, one after another, of each line."""
        del project
        transport = host.transports.get("wav")
        if self.files:
            try:
                return [transport.read(path) for path in self.files]  # type: ignore[attr-defined]
            except ValueError as wrong:
                raise UserError(str(wrong)) from None
        from framework.runtime.caller import second_voice  # noqa: PLC0415 - weight is carried when needed

        speak = second_voice()
        return [pressed(line) or transport.sound(*speak(line)) for line in self.lines]  # type: ignore[attr-defined]


async def _speak(session: Any, transport: Any, turns: Sequence[Any], *, whole: bool) -> None:
    """Say each turn at its time, then listen for a while, and hang up."""
    for turn in turns:
        if not whole:
            if not await session.person():
                return
            await asyncio.sleep(GAP_S)
        moved = session.moved
        await (transport.press(turn) if isinstance(turn, str) else transport.play(turn))
        await _heard(session, moved)
    while await session.person():
        moved = session.moved
        await _heard(session, moved)
        if session.moved == moved:
            session.hang_up()
            return


async def _heard(session: Any, moved: int) -> None:
    """Wait until something happened since, or for as long as a caller would."""
    loop = asyncio.get_running_loop()
    until = loop.time() + LISTEN_S
    while session.moved == moved and loop.time() < until:  # noqa: ASYNC110 - nothing tells of inputs
        await asyncio.sleep(0.05)
