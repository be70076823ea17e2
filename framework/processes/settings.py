"""How a runner treats its workers: deadlines, numbers, and what a worker may see of the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_SECRET = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|DSN|_PAT)$")


@dataclass(frozen=True, kw_only=True)
class Deadlines:
    """How long a runner waits before it takes the next, harder step; seconds."""

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

    test_profile: bool = False
    """Whether the doors that only tests need are open (`CONVO_PROFILE=test`)."""

    backend: str = "framework.processes.live:LiveBackend"
    """What sessions run on, as `module:class`."""

    deadlines: Deadlines = field(default_factory=Deadlines)


def withhold(environment: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The environment split into what a spare worker may see and what comes with its session.

    >>> withhold({"PATH": "/bin", "OPENAI_API_KEY": "k"})
    ({'PATH': '/bin'}, {'OPENAI_API_KEY': 'k'})
    """
    secrets = {name: value for name, value in environment.items() if _SECRET.search(name)}
    plain = {name: value for name, value in environment.items() if name not in secrets}
    secrets.pop("CONVO_RUNNER_TOKEN", None)  # the runner's own door, no business of a session
    return plain, secrets
