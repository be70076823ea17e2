"""Write the Job that is one cold runner. No cluster, no clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from framework.control.launchers.kubernetes.names import LAUNCH, POOL, job_name, label, ours
from framework.control.launchers.kubernetes.settings import PodSettings, TimeSettings
from framework.errors import LauncherError, UserError
from framework.plugins.launchers import Launch

RUNNER = "runner"
"""The container that is the runner; others, such as a proxy, may stand beside it."""

KEPT_S = 300
"""How long a finished Job can still be looked at."""

USER = 10001

ANNOTATIONS = {
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    "karpenter.sh/do-not-disrupt": "true",
}
"""An autoscaler that wants the node waits until the call is over."""

_SECRET = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|DSN|_PAT)$")
_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]+@")
_KEYED = ("name", "mountPath", "containerPort", "topologyKey")


def job(
    launch: Launch, pod: PodSettings, times: TimeSettings, template: Mapping[str, Any], *, environment: str = "dev"
) -> dict[str, Any]:
    """The Job of a launch: the built-in template, the deployment's own over it, the protocol's part over both."""
    check_plain(launch.environment)
    labels = {**ours(environment), LAUNCH: label(launch.launch_id), POOL: label(launch.pool)}
    made = merged(default_template(pod, times), template)
    _sealed(made, launch, labels)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job_name(launch.launch_id),
            "labels": {**made["metadata"]["labels"]},
            "annotations": {POOL: launch.pool},
        },
        "spec": {
            "completions": 1,
            "parallelism": 1,
            "backoffLimit": 0,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {
                "rules": [
                    # A drained node's runner is made anew; like any runner it claims its sessions under a new epoch.
                    {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
                    {
                        "action": "FailJob",
                        "onExitCodes": {"containerName": RUNNER, "operator": "NotIn", "values": [0]},
                    },
                ]
            },
            "activeDeadlineSeconds": times.deadline,
            "ttlSecondsAfterFinished": KEPT_S,
            "template": made,
        },
    }


def default_template(pod: PodSettings, times: TimeSettings) -> dict[str, Any]:
    """A pod that needs nothing but an image; all of it can be changed by a template."""
    return {
        "metadata": {"labels": {"app.kubernetes.io/name": "convo", "app.kubernetes.io/component": "runner"}},
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": times.grace,
            "serviceAccountName": pod.service_account,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": USER,
                "runAsGroup": USER,
                "fsGroup": USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [_container(pod, times)],
            "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}}],
        },
    }


def _container(pod: PodSettings, times: TimeSettings) -> dict[str, Any]:
    return {
        "name": RUNNER,
        "image": pod.image,
        "command": ["python", "-m", "framework.processes.runner"],
        "args": ["--host", "0.0.0.0", "--port", str(pod.port)],  # noqa: S104 - its pod is its own
        "envFrom": [
            {"configMapRef": {"name": pod.settings, "optional": True}},
            {"secretRef": {"name": pod.store}},
            {"secretRef": {"name": pod.secret}},
        ],
        "env": [
            {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "CONVO_RUNNER_ADDRESS", "value": f"http://$(POD_IP):{pod.port}"},
            {"name": "CONVO_RUNNER_NAME", "value": "$(POD_NAME)"},
            {"name": "CONVO_DRAIN_SECS", "value": f"{times.drain_secs:g}"},
            {"name": "CONVO_IDLE_SECS", "value": f"{times.idle_secs:g}"},
        ],
        "ports": [{"name": "http", "containerPort": pod.port}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 2, "timeoutSeconds": 2},
        "livenessProbe": {  # patient: it ends every call of the runner
            "httpGet": {"path": "/health", "port": "http"},
            "initialDelaySeconds": 30,
            "periodSeconds": 10,
            "timeoutSeconds": 5,
            "failureThreshold": 6,
        },
        "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - the pod's own, in memory of nobody else
    }


def _sealed(made: dict[str, Any], launch: Launch, labels: Mapping[str, str]) -> None:
    """Put in what no template may change: who this runner is, and that it runs once."""
    metadata = made.setdefault("metadata", {})
    metadata["labels"] = {**metadata.get("labels", {}), **labels}
    metadata["annotations"] = {**ANNOTATIONS, **metadata.get("annotations", {}), POOL: launch.pool}
    made["spec"]["restartPolicy"] = "Never"
    made["spec"].setdefault("automountServiceAccountToken", False)
    runner: dict[str, Any] = next((each for each in made["spec"]["containers"] if each.get("name") == RUNNER), {})
    if not runner.get("image"):
        raise UserError(
            "the runner has no image", where="CONVO_RUNNER_IMAGE", fix="Set it, or name an image in the template."
        )
    grace = {"CONVO_GRACE_SECS": str(made["spec"]["terminationGracePeriodSeconds"])}
    told = [{"name": name, "value": value} for name, value in {**launch.told(), **grace}.items()]
    runner["env"] = _lists(runner.get("env", []), told)


def check_plain(environment: Mapping[str, str]) -> None:
    """Refuse a secret: whoever may look at Jobs would see it."""
    for name, value in environment.items():
        if _SECRET.search(name) or _PASSWORD.search(value):
            raise LauncherError(
                f"`{name}` looks like a secret and would be readable in the Job",
                where="kubernetes",
                fix="Put it into the Secret that CONVO_RUNNER_SECRET names.",
            )


def read_template(path: Path | None) -> dict[str, Any]:
    """The deployment's own pod template; empty without one."""
    if path is None:
        return {}
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError) as error:
        told = str(error).partition("\n")[0]
        raise UserError(
            f"the runner's template can't be read: {told}",
            where="CONVO_RUNNER_TEMPLATE",
            fix="Name a YAML file with `metadata` and `spec` of a pod.",
        ) from error
    if not isinstance(read, dict) or not set(read) <= {"metadata", "spec"}:
        raise UserError(
            "the runner's template is not a pod template",
            where=f"CONVO_RUNNER_TEMPLATE ({path})",
            fix="Its top level holds `metadata` and `spec`, nothing else.",
        )
    return read


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """One map laid over another; lists of named things are merged by name, other lists replaced, null removes."""
    result = deepcopy(dict(base))
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = merged(result[key], value)
        elif isinstance(value, list) and isinstance(result.get(key), list):
            result[key] = _lists(result[key], value)
        else:
            result[key] = deepcopy(value)
    return result


def _lists(base: list[Any], over: list[Any]) -> list[Any]:
    key = next((key for key in _KEYED if _named(base, key) and _named(over, key)), None)
    if key is None:
        return deepcopy(over)
    later = {item[key]: item for item in over}
    known = {item[key] for item in base}
    kept = [_merged_item(item, later[item[key]]) if item[key] in later else deepcopy(item) for item in base]
    return [*kept, *(deepcopy(item) for item in over if item[key] not in known)]


def _merged_item(item: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """A variable is either a value or comes from somewhere, never both."""
    if "value" in over or "valueFrom" in over:
        return deepcopy(dict(over))
    return merged(item, over)


def _named(items: list[Any], key: str) -> bool:
    return all(isinstance(item, Mapping) and key in item for item in items)
