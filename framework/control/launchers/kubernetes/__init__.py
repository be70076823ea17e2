"""Start runners as Kubernetes Jobs, and hold warm pools as Deployments."""

from __future__ import annotations

from framework.control.launchers.kubernetes.launcher import KubernetesLauncher
from framework.plugins.launchers import Launcher
from framework.plugins.markers import hookimpl
from framework.plugins.registry import Registry


@hookimpl
def register_launchers(launchers: Registry[Launcher]) -> None:
    """Offer `kubernetes`."""
    launchers.add(KubernetesLauncher())
