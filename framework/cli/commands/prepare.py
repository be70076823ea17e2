"""Make what a stack's services load, once, before the first conversation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from framework.cli.talking import prepared

if TYPE_CHECKING:
    from framework.plugins.host import PluginHost
    from framework.plugins.services import Service
    from framework.project import Project

USUAL = "offline"
"""The stack of a project that names none."""


def prepare(
    stack: Annotated[
        str | None, typer.Argument(metavar="[STACK]", help="A stack by its name or file; else the default bot's.")
    ] = None,
) -> None:
    """Make the models that a stack's services need, from what its packages brought.

    Nothing is downloaded: weights travel inside pip packages, and some are turned into a faster form once. They are
    kept in the user's cache folder, or in `CONVO_CACHE`, under a name that changes with the package. Doing it twice
    does nothing; so does a stack that needs nothing. `make setup` does it for you.

    Exit codes: 0 everything is ready, 2 a package is missing or the cache can't be written.

    Examples:
        convo prepare
        convo prepare offline
        CONVO_CACHE=/srv/models convo prepare stacks/mine.yaml
    """
    project, host = prepared()
    name = stack or _default(project)
    waiting = 0
    for service in services(project, host, name):
        preparation = service.preparation()
        if preparation is None or preparation.ready():
            continue
        waiting += 1
        with bar(f"Preparing {service.provider}") as progress:
            preparation.make(progress)
    print(f"The stack `{name}` is ready." if waiting else f"The stack `{name}` is ready; there was nothing to do.")


def _default(project: Project) -> str:
    bot = project.bots.get(project.default_bot or "")
    return (bot.stack if bot else None) or USUAL


def services(project: Project, host: PluginHost, name: str) -> Iterator[Service]:
    """The registered services that a stack names, also those that take over; each once."""
    from framework.services.model import ServiceRef  # noqa: PLC0415 - weight is carried when needed
    from framework.services.stacks import find, load_stack  # noqa: PLC0415 - weight is carried when needed

    model, _ = load_stack(project.stack_path(name))
    seen: set[str] = set()
    for _, kind, ref in model.chosen():
        service = find(host, kind, ref.label)
        others = (ref.others if isinstance(ref, ServiceRef) else None) or (service.others if service else "")
        spare = find(host, kind, others) if others else None
        for one in (service, spare):
            if one is not None and one.name not in seen:
                seen.add(one.name)
                yield one


@contextmanager
def bar(what: str) -> Iterator[Callable[[float], None]]:
    """A progress bar on standard error; where nobody looks, one line."""
    from rich.console import Console  # noqa: PLC0415 - weight is carried when needed
    from rich.progress import Progress  # noqa: PLC0415 - weight is carried when needed

    console = Console(stderr=True)
    if not console.is_terminal:
        console.print(f"{what} …")
        yield lambda _: None
        return
    with Progress(console=console) as progress:
        task = progress.add_task(what, total=1.0)
        yield lambda part: progress.update(task, completed=part)
