"""Named steps of the control plane's protocol, at which a test makes a process die, stop or fail.

Nothing happens at them unless the process was started with `CONVO_PROFILE=test` and with `CONVO_FAIL_AT` naming a
folder. There a file that is called like a step arms it: the first process to reach the step takes the file away and
does what it says: `kill` (SIGKILL to itself), `stop` (SIGSTOP to itself) or `raise`; `kill@3` at its third time.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

FOLDER = "CONVO_FAIL_AT"
FIRED = "fired-"
"""Before the name of a step that was reached: the file then says which process it was."""

STEPS = (
    # A gateway admits a session, gives an order, lets a session leave: before the script, after it, before the answer.
    "gateway.join",
    "gateway.joined",
    "gateway.answer",
    "gateway.order",
    "gateway.ordered",
    "gateway.cancel",
    "gateway.cancelled",
    # An operator sweeps, dispatches, reserves a launch and makes the runner.
    "operator.sweep",
    "operator.swept",
    "operator.dispatch",
    "operator.dispatched",
    "operator.reserve",
    "operator.reserved",
    "operator.launched",
    # A runner registers, reads a command, claims, starts, reports.
    "runner.register",
    "runner.registered",
    "runner.command",
    "runner.claim",
    "runner.claimed",
    "runner.started",
    "runner.join",
    "runner.joined",
    "runner.renew",
    "runner.renewed",
    "runner.order",
    "runner.ordered",
    "runner.obeyed",
    "runner.over",
    "runner.done",
    "runner.forgotten",
    "runner.drain",
    "runner.drained",
    # Its supervisor gives a session to a worker, which the zygote has forked.
    "supervisor.give",
    "supervisor.given",
    "zygote.fork",
    "zygote.forked",
    "worker.forked",
    "worker.given",
    "worker.opened",
    "worker.phase",
    "worker.event",
    "worker.over",
    "worker.ended",
)


class FailPointError(Exception):
    """A test wanted a step to fail."""


class Folder:
    """The steps that a test has armed, looked up each time one is reached."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._times: dict[tuple[str, int], int] = {}

    def reach(self, step: str) -> None:
        """Do what the file of this step says, if there is one and it is time."""
        armed = self._path / step
        try:
            action, _, number = armed.read_text().partition("@")
            arming = armed.stat().st_mtime_ns
        except OSError:
            return
        times = self._times[step, arming] = self._times.get((step, arming), 0) + 1
        if times < int(number or 1):
            return
        fired = self._path / f"{FIRED}{step}-{os.getpid()}"
        try:
            armed.rename(fired)  # whoever succeeds is the one
        except OSError:
            return
        fired.write_text(f"{action} {os.getpid()}")
        self._do(action, step)

    def _do(self, action: str, step: str) -> None:
        if action == "raise":
            raise FailPointError(f"the step `{step}` was made to fail")
        os.kill(os.getpid(), {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}[action])


def nothing(step: str) -> None:
    """What happens at a step in production."""


def reached(environment: Mapping[str, str]) -> Callable[[str], None]:
    """What happens at a step in a process with this environment.

    >>> reached({"CONVO_FAIL_AT": "/tmp/armed"}) is nothing
    True
    """
    if environment.get("CONVO_PROFILE") == "test" and (folder := environment.get(FOLDER)):
        return Folder(Path(folder)).reach
    return nothing


reach = reached(os.environ)
