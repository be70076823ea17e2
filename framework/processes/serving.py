"""What the programs have in common: an HTTP server in a loop that is theirs, signals, and the code they exit with."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import uvicorn

from framework.errors import FrameworkError, UserError


def config_of(app: Any, **options: Any) -> uvicorn.Config:
    """How an application is served: without a log of uvicorn's own, and by the loop's other rules unless told."""
    quiet: dict[str, Any] = {
        "log_config": None,
        "log_level": "warning",  # else uvicorn writes each message for a log that drops it
        "access_log": False,
        "lifespan": "off",
    }
    return uvicorn.Config(app, **{**quiet, **options})


def server_of(config: uvicorn.Config) -> uvicorn.Server:
    """A server that leaves signals to whoever runs it."""
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[assignment,method-assign]  # ours to handle
    return server


@contextlib.contextmanager
def heeding(handlers: Mapping[signal.Signals, Callable[[], object]]) -> Iterator[None]:
    """Call these at these signals, as long as the block lasts."""
    loop = asyncio.get_running_loop()
    for number, handler in handlers.items():
        loop.add_signal_handler(number, handler)
    try:
        yield
    finally:
        for number in handlers:
            loop.remove_signal_handler(number)


def exit_code(program: Callable[[], object]) -> int:
    """Run a program to its end: 0; 2 with a sentence when one can mend what is wrong; 3 when something failed."""
    try:
        program()
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except FrameworkError as error:
        sys.stderr.write(f"{error}\n")
        return 3
    return 0
