"""The launcher `kubernetes`: a Job for each cold runner, a Deployment for each warm pool."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from framework.control.launchers.kubernetes import states
from framework.control.launchers.kubernetes.job import RUNNER, job, read_template
from framework.control.launchers.kubernetes.names import LAUNCH, job_name, ours
from framework.control.launchers.kubernetes.settings import ClusterSettings, PodSettings, TimeSettings
from framework.control.settings import environment_from
from framework.errors import LauncherError, needs
from framework.plugins.launchers import Launch, Launched, Launcher

if TYPE_CHECKING:
    from framework.control.launchers.kubernetes.cluster import Cluster
    from framework.control.launchers.kubernetes.mirror import Mirror


class KubernetesLauncher(Launcher):
    """Runners in a cluster. They go on when this process ends, and a new one finds them again by their labels.

    Args:
        environment: Where settings are read from; the process's own environment unless given.
    """

    name = "kubernetes"

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = environment
        self._settings = ClusterSettings()
        self._pod = PodSettings()
        self._times = TimeSettings()
        self._template: dict[str, Any] = {}
        self._warm: dict[str, str] = {}
        self._name = ""
        self._connected: tuple[Cluster, Mirror, Mirror] | None = None

    async def open(self) -> None:
        """Read the settings, connect, and begin to watch."""
        with needs("kubernetes"):
            from framework.control.launchers.kubernetes.cluster import Cluster  # noqa: PLC0415 - lightkube is an extra
            from framework.control.launchers.kubernetes.mirror import Mirror  # noqa: PLC0415 - lightkube is an extra

        settings = self._settings = ClusterSettings.read(self._environment)
        self._pod = PodSettings.read(self._environment)
        self._times = TimeSettings.read(self._environment)
        self._template = read_template(self._pod.template)
        self._warm = settings.warm
        self.keeps_warm = bool(self._warm)
        self._name = environment_from(os.environ if self._environment is None else self._environment)
        self._job(Launch(launch_id="0", pool="any"))  # a wrong template stops the start
        cluster = Cluster(kubeconfig=settings.kubeconfig, namespace=settings.namespace, call_s=settings.call_s)
        labels = {**ours(self._name), LAUNCH: _ANY}
        jobs, pods = (
            Mirror(cluster, kind, labels, resync_s=settings.resync_s, stale_s=settings.stale_s)
            for kind in ("Job", "Pod")
        )
        jobs.open()
        pods.open()
        self._connected = cluster, jobs, pods

    async def close(self) -> None:
        """Stop watching. Runners go on."""
        if self._connected:
            (cluster, jobs, pods), self._connected = self._connected, None
            await asyncio.gather(jobs.close(), pods.close())
            await cluster.close()

    async def launch(self, launch: Launch) -> None:
        """Create the Job; one of this name is this very launch's."""
        cluster, jobs, _ = self._open()
        if made := await cluster.create("Job", self._job(launch)):
            jobs.made(made)

    async def launched(self) -> Sequence[Launched]:
        """All Jobs that an operator made, with what their pods tell."""
        _, jobs, pods = self._open()
        wait_s = self._settings.call_s
        found, theirs = await jobs.objects(wait_s), await pods.objects(wait_s)
        of: dict[str, list[dict[str, Any]]] = {}
        for pod in theirs:
            of.setdefault(pod["metadata"]["labels"][LAUNCH], []).append(pod)
        return [states.launched(each, of.get(each["metadata"]["labels"][LAUNCH], [])) for each in found]

    async def remove(self, launch_id: str, *, grace_s: float) -> None:  # noqa: ARG002 - the pod's own grace counts
        """Delete the Job; its pod gets SIGTERM, and SIGKILL after the grace that its template names.

        A shorter grace would need the right to delete pods, which the operator does well without.
        """
        cluster, _, _ = self._open()
        await cluster.delete("Job", job_name(launch_id))

    async def logs(self, launch_id: str, *, lines: int = 50) -> str:
        """The last lines of the newest pod's runner."""
        cluster, _, pods = self._open()
        found = await pods.objects(self._settings.call_s)
        pod = states.newest([each for each in found if each["metadata"]["labels"][LAUNCH] == launch_id])
        return await cluster.log(pod["metadata"]["name"], RUNNER, lines) if pod else ""

    def keeps(self, pool: str) -> bool:
        """Whether a Deployment holds this pool."""
        return pool in self._warm

    async def keep(self, pool: str, runners: int) -> None:
        """Set the replicas of the pool's Deployment."""
        cluster, _, _ = self._open()
        if pool not in self._warm:
            raise LauncherError(
                f"no Deployment holds warm runners of `{pool}`",
                where="kubernetes",
                fix=f"Add `{pool}=NAME` to CONVO_KUBERNETES_DEPLOYMENTS.",
            )
        await cluster.scale(self._warm[pool], runners)

    def _job(self, launch: Launch) -> dict[str, Any]:
        return job(launch, self._pod, self._times, self._template, environment=self._name)

    def _open(self) -> tuple[Cluster, Mirror, Mirror]:
        if self._connected is None:
            raise LauncherError("the launcher is not open", where="kubernetes", fix="Call `open` first.")
        return self._connected


_ANY: Any = None
"""In lightkube's selectors: the label is there, whatever its value."""
