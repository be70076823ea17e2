"""Read from a Job and its pods what has become of a runner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from framework.control.launchers.kubernetes.names import LAUNCH
from framework.plugins.launchers import Launched

State = Literal["starting", "running", "gone", "failed"]


def launched(job: Mapping[str, Any], pods: Sequence[Mapping[str, Any]]) -> Launched:
    """The runner of a Job, as `Launcher.launched` tells it."""
    metadata = job["metadata"]
    state, reason = _ended(job, pods) or _alive(pods)
    if metadata.get("deletionTimestamp") and state in ("starting", "running"):
        reason = "is being removed"
    return Launched(
        launch_id=metadata["labels"][LAUNCH],
        name=metadata["name"],
        state=state,
        reason=reason,
        started_at=seconds(job.get("status", {}).get("startTime") or metadata.get("creationTimestamp")),
    )


def seconds(time: str | None) -> float:
    """A time of the API as seconds since the epoch.

    >>> seconds("1970-01-01T00:01:00Z")
    60.0
    """
    return datetime.fromisoformat(time).timestamp() if time else 0.0


def newest(pods: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The pod that counts: a drained node's runner has an ended one, too, perhaps of the same second."""

    def order(pod: Mapping[str, Any]) -> tuple[bool, str]:
        alive = pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")
        return alive, pod["metadata"].get("creationTimestamp") or ""

    return max(pods, key=order, default=None)


def _ended(job: Mapping[str, Any], pods: Sequence[Mapping[str, Any]]) -> tuple[State, str] | None:
    conditions = {
        each["type"]: each for each in job.get("status", {}).get("conditions") or () if each["status"] == "True"
    }
    failed = conditions.get("Failed") or conditions.get("FailureTarget")
    if failed:
        return "failed", _exit(newest(pods)) or f"{failed.get('reason', 'Failed')}: {failed.get('message', '')}".rstrip(
            ": "
        )
    if "Complete" in conditions or "SuccessCriteriaMet" in conditions:
        return "gone", ""
    return None


def _alive(pods: Sequence[Mapping[str, Any]]) -> tuple[State, str]:
    pod = newest(pods)
    if pod is None:
        return "starting", "has no pod yet"
    match pod.get("status", {}).get("phase"):
        case "Running":
            return "running", ""
        case "Succeeded":
            return "gone", ""
        case "Failed" if _disrupted(pod):
            return "starting", "its node was drained; another pod is made"
        case "Failed":
            return "failed", _exit(pod) or pod["status"].get("reason", "")
    return "starting", _waiting(pod)


def _disrupted(pod: Mapping[str, Any]) -> bool:
    """Whether the cluster ended it for reasons of its own, which the Job's failure policy ignores."""
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(each["type"] == "DisruptionTarget" and each["status"] == "True" for each in conditions)


def _exit(pod: Mapping[str, Any] | None) -> str:
    """How the runner's container ended."""
    for container in (pod or {}).get("status", {}).get("containerStatuses") or ():
        ended = container.get("state", {}).get("terminated")
        if ended and ended.get("exitCode"):
            return f"exited with code {ended['exitCode']} ({ended.get('reason', 'Error')})"
    return ""


def _waiting(pod: Mapping[str, Any]) -> str:
    """Why a pod isn't running yet: its image, its settings, or no node has room."""
    status = pod.get("status", {})
    for container in status.get("containerStatuses") or ():
        if waiting := container.get("state", {}).get("waiting"):
            return _told(waiting)
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] != "True":
            return _told(condition)
    return ""


def _told(fact: Mapping[str, Any]) -> str:
    return f"{fact.get('reason', '')}: {fact.get('message', '')}".strip(": ")
