"""Conversations faster than real time: a loop whose clock jumps to the next timer when nothing else is to be done.

Only what waits by timers and executors is seen. Whoever awaits a socket, a thread or another process says so by
`real_time()`; time would run past it otherwise.
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
        self._real = 0
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
            self._wait(base, base._scheduled[0]._when)  # noqa: SLF001
        super()._run_once()  # type: ignore[misc]

    def _wait(self, base: Any, when: float) -> None:
        """Jump to a moment; while something real is awaited, only after that much real time without news."""
        if self._real:
            news = base._selector.select(max(0.0, when - self._now))  # noqa: SLF001
            base._process_events(news)  # noqa: SLF001
            if news:
                return
        self._now = max(self._now, when)

    @contextmanager
    def real(self) -> Iterator[None]:
        """Inside, something outside this loop is awaited: a tool's network, a thread of its own."""
        self._real += 1
        try:
            yield
        finally:
            self._real -= 1


@contextmanager
def real_time() -> Iterator[None]:
    """Let time pass as it does in reality while something outside the loop is awaited; nothing on an ordinary loop."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, VirtualLoop):
        with loop.real():
            yield
    else:
        yield


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
