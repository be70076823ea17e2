"""Conversations faster than real time: a loop whose clock jumps to the next timer when nothing else is to be done.

Only what waits by timers and executors may take part: a wait for a socket or another process isn't seen, and time
would run past it.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Result = TypeVar("Result")


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on its own time; it stands still while an executor computes."""

    def __init__(self) -> None:
        self._now = 0.0
        self._busy = 0
        super().__init__()

    def time(self) -> float:
        """Seconds since the loop was made, in its own time."""
        return self._now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """Run a function in a thread; time waits for it."""
        future = super().run_in_executor(executor, func, *args)
        self._busy += 1
        future.add_done_callback(self._done)
        return future

    def _done(self, _future: asyncio.Future[Any]) -> None:
        self._busy -= 1

    def _run_once(self) -> None:
        """Before each round: when nothing is ready and nobody computes, it is the next timer's moment."""
        base: Any = self
        while base._scheduled and base._scheduled[0]._cancelled:  # noqa: SLF001
            handle = heapq.heappop(base._scheduled)  # noqa: SLF001
            handle._scheduled = False  # noqa: SLF001
            base._timer_cancelled_count -= 1  # noqa: SLF001
        if not base._ready and not self._busy and base._scheduled:  # noqa: SLF001
            self._now = max(self._now, base._scheduled[0]._when)  # noqa: SLF001
        super()._run_once()  # type: ignore[misc]


@contextmanager
def _clocks(loop: VirtualLoop, begin: float) -> Iterator[None]:
    """Let the process's clocks show the loop's time: Pipecat reads them directly."""
    real = time.time, time.monotonic, time.monotonic_ns
    zero = time.monotonic()
    time.time = lambda: begin + loop.time()
    time.monotonic = lambda: zero + loop.time()
    time.monotonic_ns = lambda: int((zero + loop.time()) * 1e9)
    try:
        yield
    finally:
        time.time, time.monotonic, time.monotonic_ns = real


def run_virtually(main: Callable[[], Coroutine[Any, Any, Result]], *, begin: float | None = None) -> Result:
    """Run a coroutine in virtual time, as `asyncio.run` does in real time.

    Args:
        main: Makes the coroutine.
        begin: What `time.time()` shows at the beginning; the present if absent.
    """
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop: Any = runner.get_loop()
        with _clocks(loop, time.time() if begin is None else begin):
            return runner.run(main())
