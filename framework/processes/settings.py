"""How a runner treats its workers: deadlines, numbers, and what a worker may see of the environment."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from framework.errors import UserError
from framework.processes.messages import Keeps
from framework.settings import Group

_SECRET = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|DSN|_PAT)$")
_SECRET_IN_URL = re.compile(r"^[a-z][a-z0-9+.-]*://[^/@\s]*:[^/@\s]+@")
_OURS = re.compile(r"^(CONVO_RUNNER_TOKEN|REDIS_.*|(CONVO|GATEWAY|DAILY_WEBHOOK)_.*(KEYS?|SECRET))$")
"""What opens the doors of this program's own processes: no business of a session."""
GRACE = "CONVO_GRACE_SECS"
_GOING_S = 2.0
"""For the runner itself to go, after its last session."""


@dataclass(frozen=True, kw_only=True)
class Deadlines(Group):
    """How long a runner waits before it takes the next, harder step; seconds. Only a test changes them."""

    prefix: ClassVar[str] = "CONVO_DEADLINES"

    warm_s: float = 180.0
    """From a worker's start to its finished dry run."""

    client_s: float = 60.0
    """From `POST /start` to the client's connection; then the session ends with `never_joined`."""

    order_s: float = 5.0
    """For a session to say what becomes of an order."""

    notice_s: float = 3.0
    """For a worker to notice by itself that its client is gone."""

    stop_s: float = 5.0
    """For the polite stop: the sentence under way may be finished."""

    cancel_s: float = 3.0
    """For the pipeline to be cancelled."""

    term_s: float = 1.0
    """From SIGTERM to SIGKILL."""

    silent_s: float = 20.0
    """Without a sign of life from a worker: its stacks are dumped and it is killed."""

    linger_s: float = 30.0
    """How long a worker of text sessions stays after its last one."""

    memory_s: float = 5.0
    """Between two looks at how much memory workers take."""

    fork_s: float = 10.0
    """For a zygote to fork a worker."""

    @property
    def ladder_s(self) -> float:
        """From the wish that a session end until the last of its process is gone."""
        return self.stop_s + self.cancel_s + self.term_s


@dataclass(frozen=True, kw_only=True)
class WorkerSettings(Group):
    """How workers come to be, and how much memory one may take."""

    fork: bool = True
    """Whether workers are forked from a process that has loaded everything, where the system can do so."""

    worker_warn_mb: int = 1000
    """A worker's own memory and its share of what is shared (PSS), in megabytes, above which it is logged."""

    worker_max_mb: int = 0
    """The same, above which the worker is killed; 0: never."""


@dataclass(frozen=True, kw_only=True)
class RunnerSettings:
    """One runner on one machine."""

    root: Path
    """The project's folder, where `convo.yaml` lies."""

    stack: str = ""
    """The stack that workers load ahead and that sessions use; empty: each bot's own."""

    spare: int = 1
    """Warm children that wait for a voice session. Each holds its own models in memory."""

    max_sessions: int = 50
    """Sessions at one time; further ones are refused with 503."""

    texts_per_worker: int = 50
    """Text sessions of one tenant that may share a worker."""

    drain_s: float = 30.0
    """After SIGTERM: how long sessions may go on before they are asked to end."""

    keeps: Keeps = "safe"
    """Which sessions of bots that say `on_lost: restart` have their state kept in the store (`CONVO_CHECKPOINTS`)."""

    test_profile: bool = False
    """Whether the doors that only tests need are open (`CONVO_PROFILE=test`)."""

    webhook_secret: str = field(default="", repr=False)
    """What Daily signs its webhooks with (`DAILY_WEBHOOK_SECRET`); empty: they are refused."""

    webhook_bot: str = ""
    """The bot of a phone call that names none (`CONVO_WEBHOOK_BOT`)."""

    backend: str = "framework.processes.live:LiveBackend"
    """What sessions run on, as `module:class`."""

    deadlines: Deadlines = field(default_factory=Deadlines)

    workers: WorkerSettings = field(default_factory=WorkerSettings.read)


def keeps_of(environment: Mapping[str, str]) -> Keeps:
    """Which checkpoints are kept: `off`, `safe` or `all`."""
    said = environment.get("CONVO_CHECKPOINTS", "").strip() or "safe"
    known: tuple[Keeps, ...] = ("off", "safe", "all")
    for word in known:
        if said == word:
            return word
    raise UserError(f"CONVO_CHECKPOINTS is `{said[:20]}`", fix="Set it to `off`, `safe` or `all`.")


def withhold(environment: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The environment split into what a spare worker may see and what comes with its session.

    >>> withhold({"PATH": "/bin", "OPENAI_API_KEY": "k"})
    ({'PATH': '/bin'}, {'OPENAI_API_KEY': 'k'})
    """
    told = {name: value for name, value in environment.items() if not _OURS.match(name)}
    secrets = {name: value for name, value in told.items() if _SECRET.search(name) or _SECRET_IN_URL.match(value)}
    return {name: value for name, value in told.items() if name not in secrets}, secrets


def check_grace(drain_s: float, environment: Mapping[str, str], deadlines: Deadlines | None = None) -> None:
    """Refuse to start where the sessions would be killed while they are still being let go.

    Args:
        drain_s: How long sessions may go on once the runner is to leave.
        environment: `CONVO_GRACE_SECS` in it says how long the runner is left after SIGTERM; without it nobody hurries.
        deadlines: What it takes to end what has not ended by then.
    """
    text = environment.get(GRACE, "")
    if not text:
        return
    try:
        grace = float(text)
    except ValueError:
        raise UserError(f"`{GRACE}` is no number", fix="Set it to `terminationGracePeriodSeconds`.") from None
    needed = drain_s + (deadlines or Deadlines()).ladder_s + _GOING_S
    if grace < needed:
        raise UserError(
            f"the runner would be killed {grace:g} s after SIGTERM, but takes {needed:g} s to leave",
            where=GRACE,
            fix=f"Set `terminationGracePeriodSeconds` to {math.ceil(needed)} or more, or lower CONVO_DRAIN_SECS.",
        )
