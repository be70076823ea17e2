"""Plugin code that may block or hang, in threads that nobody has to wait for.

A thread can't be stopped from outside. These are daemons: one that never returns is left behind, keeps nothing alive
and holds up neither the session nor the end of the process.
"""

from __future__ import annotations

import contextlib
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio

Value = TypeVar("Value")


def started(work: Callable[[], Value], name: str) -> Future[Value]:
    """Begin `work` in a daemon thread; the future gets what it returns or raises."""
    future: Future[Value] = Future()
    context = contextvars.copy_context()

    def run() -> None:
        try:
            value = context.run(work)
        except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, SystemExit too
            future.set_exception(error)
        else:
            future.set_result(value)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


def bounded(work: Callable[[], Value], *, seconds: float, name: str) -> Value:
    """What `work` returns, or `TimeoutError` when it takes too long."""
    return started(work, name).result(timeout=seconds)


async def awaited(work: Callable[[], Any], name: str) -> Any:
    """What `work` returns, without blocking the loop."""
    import asyncio  # noqa: PLC0415 - reading plugins needs no loop

    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not waiting.done():
            waiting.set_result(None)

    def done(_: Future[Any]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop may be closed by now; then nobody waits
            loop.call_soon_threadsafe(wake)

    future = started(work, name)
    future.add_done_callback(done)
    await waiting
    return future.result()
