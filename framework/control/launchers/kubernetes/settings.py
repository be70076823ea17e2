"""What the environment says about the cluster, a runner's pod and its times. Read once, when the launcher is opened."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Self

from framework.errors import UserError
from framework.settings import Group


@dataclass(frozen=True, kw_only=True)
class ClusterSettings(Group):
    """Where Jobs are created, and how patiently."""

    prefix: ClassVar[str] = "CONVO_KUBERNETES"

    namespace: str = ""
    """Where runners live; without it the pod's own namespace, or the one of the kubeconfig."""

    kubeconfig: Path | None = None
    """A kubeconfig file; without it the pod's service account, then `KUBECONFIG`, then `~/.kube/config`."""

    call_s: float = 10.0
    """How long one call may take, with all its repetitions."""

    resync_s: float = 60.0
    """How often everything is listed again although it is also watched."""

    stale_s: float = 150.0
    """How long what was seen last may stand in for an API server that doesn't answer."""

    deployments: str = ""
    """Warm pools and the Deployments that hold them: `shared.default.any=convo-runner`, several with commas between.
    Leave it empty where an autoscaler owns the number of replicas."""

    @property
    def warm(self) -> dict[str, str]:
        """Pool → Deployment."""
        pairs = [pair.partition("=") for pair in self.deployments.split(",") if pair.strip()]
        if any(not pool.strip() or not deployment.strip() for pool, _, deployment in pairs):
            raise UserError(
                "CONVO_KUBERNETES_DEPLOYMENTS is not a list of `pool=deployment`",
                fix="Write it like this: `shared.default.any=convo-runner`.",
            )
        return {pool.strip(): deployment.strip() for pool, _, deployment in pairs}


@dataclass(frozen=True, kw_only=True)
class PodSettings(Group):
    """What a cold runner's pod is made of, as far as the template doesn't say it."""

    prefix: ClassVar[str] = "CONVO_RUNNER"

    image: str = ""
    """The runner's image; needed unless the template names one."""

    template: Path | None = None
    """A YAML file with a pod template (`metadata`, `spec`), laid over the built-in one: maps are merged, lists of named
    things by their names. The container called `runner` is the runner."""

    settings: str = "convo-settings"
    """The ConfigMap whose entries are the runner's environment."""

    secret: str = "convo-secrets"  # noqa: S105 - its name, not what is in it
    """The Secret whose entries are the runner's environment: its token, and the keys of services."""

    store: str = "convo-store"
    """The Secret with `REDIS_URL`."""

    service_account: str = "convo-runner"
    """The pod's identity; it needs no rights, and its token is not mounted."""

    port: int = 8080
    """Where the runner listens."""


@dataclass(frozen=True, kw_only=True)
class TimeSettings(Group):
    """How long a cold runner may live, seconds."""

    drain_secs: float = 30.0
    """How long sessions may go on after SIGTERM."""

    grace_secs: float = 0.0
    """What the cluster waits between SIGTERM and SIGKILL; without it half a minute more than the drain."""

    idle_secs: float = 600.0
    """How long a cold runner waits for its session before it leaves."""

    start_secs: float = 300.0
    """How long a pod may take to be placed, to pull its image and to be ready."""

    session_secs: float = field(default=1800.0)
    """The longest session; `SESSION_TIMEOUT`, in milliseconds, sets it too."""

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Self:
        """As the environment has it, `SESSION_TIMEOUT` included."""
        given = os.environ if environment is None else environment
        times = super().read(given)
        text = given.get("SESSION_TIMEOUT", "")
        if text and "CONVO_SESSION_SECS" not in given:
            if not text.isdigit():
                raise UserError("`SESSION_TIMEOUT` is no number", fix="Set it to milliseconds, such as 1800000.")
            times = replace(times, session_secs=int(text) / 1000)
        times.check()
        return times

    @property
    def grace(self) -> int:
        """`terminationGracePeriodSeconds`."""
        return round(self.grace_secs or self.drain_secs + 30)

    @property
    def deadline(self) -> int:
        """`activeDeadlineSeconds`: nobody who keeps to the other times ever meets it."""
        return round(self.start_secs + self.idle_secs + self.session_secs + self.grace)

    def check(self) -> None:
        """Refuse a grace within which no drain can end."""
        if self.grace <= self.drain_secs:
            raise UserError(
                f"CONVO_GRACE_SECS ({self.grace}) leaves no time after CONVO_DRAIN_SECS ({self.drain_secs:g})",
                fix="Make the grace at least ten seconds longer, or callers are cut off in the middle of a word.",
            )
