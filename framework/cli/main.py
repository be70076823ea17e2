"""Parse arguments, run one command, turn an error into a sentence and an exit code.

Exit codes: 0 done, 1 problems found, 2 something you can fix, 3 a conversation that did not come to its end.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import typer

from framework.errors import FrameworkError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from framework.plugins.commands import Command

BUILT_IN = (
    "up",
    "chat",
    "call",
    "check",
    "test",
    "simulate",
    "graph",
    "explain",
    "replay",
    "import",
    "export",
    "init",
    "plugins",
    "prepare",
    "schema",
    "lsp",
    "keys",
    "operator",
    "sessions",
    "leave",
    "admin",
    "events",
    "top",
    "doctor",
)
"""Commands in the box, in the order of the manual; each is a module of `framework.cli.commands`."""

MODULES = {"import": "import_"}
"""Commands whose module can't have their name."""

ABOUT = """Conversations by voice and text, from flows in YAML.

Begin with `convo init DIR`, or, in this project's own folder, with `convo up`.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. The only place that prints an error and the only place that picks an exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(given)
    except FrameworkError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(given: list[str]) -> int:
    word = next((argument for argument in given if not argument.startswith("-")), "")
    app = application((word,)) if word in BUILT_IN else application(offered=_offered())
    try:
        result = app(given, prog_name="convo")
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    return result if isinstance(result, int) else 0


def application(names: Iterable[str] = BUILT_IN, offered: Iterable[Command] = ()) -> typer.Typer:
    """The command line with these commands of ours, and those that plugins offer."""
    app = typer.Typer(
        help=ABOUT,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_version)
    for name in names:
        module = f"framework.cli.commands.{MODULES.get(name, name)}"
        if find_spec(module) is not None:
            _add(app, name, import_module(module))
    for command in offered:
        app.command(command.name, help=command.help or None)(command.function())
    return app


def _add(app: typer.Typer, name: str, module: Any) -> None:
    if group := getattr(module, "app", None):
        app.add_typer(group, name=name)
    else:
        app.command(name)(getattr(module, name))


def _version(
    version: bool = typer.Option(False, "--version", help="Print the version and leave.", is_eager=True),
) -> None:
    if version:
        from importlib.metadata import version as installed  # noqa: PLC0415 - only where it is used

        print(installed("convo-framework"))
        raise typer.Exit


def _offered() -> list[Command]:
    """The commands of plugins; asked for only when the word is none of ours."""
    from framework.plugins.host import PluginHost  # noqa: PLC0415 - most files need no plugins
    from framework.project import Project  # noqa: PLC0415 - only where it is used

    host = PluginHost.load(Project.find(strict=False))
    return [host.commands.get(name) for name in host.commands.names()]
