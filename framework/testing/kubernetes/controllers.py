"""Do for Jobs and Deployments what their controllers do: make pods, judge how they ended, clean up."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection, Mapping
from copy import deepcopy
from typing import Any

from framework.testing.kubernetes import rules
from framework.testing.kubernetes.kubelet import Kubelet
from framework.testing.kubernetes.store import Store, now


class Controllers:
    """The part of a cluster that acts."""

    def __init__(self, store: Store, images: Collection[str] | None) -> None:
        self._store = store
        self.kubelet = Kubelet(store, images, self._pod_ended)
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Stop and kill everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.kubelet.close()

    # --- Jobs -----------------------------------------------------------------------------------------------------

    def job_added(self, job: dict[str, Any]) -> None:
        """A Job has been created."""
        uid, name = job["metadata"]["uid"], job["metadata"]["name"]
        own = {"batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name, "job-name": name}
        template = job["spec"]["template"].setdefault("metadata", {})
        template["labels"] = {**template.get("labels", {}), **own}
        job["spec"]["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
        job["status"] = {"startTime": now()}
        self._store.touch("jobs", job)
        self._spawn(self._begin(job))

    def job_deleted(self, job: dict[str, Any], policy: str) -> None:
        """A Job is to be deleted: with its pods, before them, or without them."""
        name = job["metadata"]["name"]
        if policy == "Foreground":
            if "deletionTimestamp" not in job["metadata"]:
                job["metadata"] |= {"deletionTimestamp": now(), "finalizers": ["foregroundDeletion"]}
                self._store.touch("jobs", job)
                self._spawn(self._deleted_after_pods(job))
            return
        self._store.drop("jobs", name)
        if policy != "Orphan":
            for pod in self._pods(job):
                self._delete_pod(pod)

    async def _begin(self, job: dict[str, Any]) -> None:
        self._make_pod(job)
        if deadline := job["spec"].get("activeDeadlineSeconds"):
            await asyncio.sleep(deadline)
            if not _finished(job):
                self._finish(job, "Failed", "DeadlineExceeded", "Job was active longer than specified deadline")

    def _make_pod(self, owner: dict[str, Any]) -> dict[str, Any] | None:
        """A pod of a Job or Deployment; none where its namespace or account does not let it be."""
        template = owner["spec"]["template"]
        account = template["spec"].get("serviceAccountName", "default")
        if account != "default" and not self._store.find("serviceaccounts", account):
            return None
        if list(rules.restricted(template["spec"])):
            return None
        made = {
            "metadata": {
                **deepcopy(template.get("metadata", {})),
                "name": f"{owner['metadata']['name']}-{secrets.token_hex(3)}",
                "ownerReferences": [
                    {
                        "apiVersion": owner["apiVersion"],
                        "kind": owner["kind"],
                        "name": owner["metadata"]["name"],
                        "uid": owner["metadata"]["uid"],
                        "controller": True,
                        "blockOwnerDeletion": True,
                    }
                ],
            },
            "spec": deepcopy(template["spec"]),
            "status": {"phase": "Pending"},
        }
        pod = self._store.add("pods", made)
        self._count(owner)
        self.kubelet.run(pod)
        return pod

    def _pod_ended(self, pod: dict[str, Any]) -> None:
        reference = pod["metadata"]["ownerReferences"][0]
        plural = {"Job": "jobs", "Deployment": "deployments"}[reference["kind"]]
        owner = self._store.find(plural, reference["name"])
        if "deletionTimestamp" in pod["metadata"]:
            self._store.drop("pods", pod["metadata"]["name"])
        if owner is None or owner["metadata"]["uid"] != reference["uid"]:
            return
        if plural == "deployments":
            self._store.drop("pods", pod["metadata"]["name"])
            self.scaled(owner)
        elif not _finished(owner) and "deletionTimestamp" not in owner["metadata"]:
            self._judge(owner, pod)

    def _judge(self, job: dict[str, Any], pod: Mapping[str, Any]) -> None:
        """The first rule of the failure policy that fits decides; without one the back-off limit does."""
        self._count(job)
        if pod["status"]["phase"] == "Succeeded":
            self._finish(job, "Complete", "CompletionsReached", "Reached expected number of succeeded pods")
            return
        code = pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"]
        disrupted = any(each["type"] == "DisruptionTarget" for each in pod["status"].get("conditions", ()))
        match _action(job["spec"].get("podFailurePolicy", {}), code, disrupted):
            case "Ignore":
                self._make_pod(job)
            case "FailJob":
                told = f"Container {pod['spec']['containers'][0]['name']} failed with exit code {code}"
                self._finish(job, "Failed", "PodFailurePolicy", f"{told} matching FailJob rule")
            case _:
                failed = sum(1 for each in self._pods(job) if each["status"]["phase"] == "Failed")
                if failed > job["spec"].get("backoffLimit", 6):
                    told = "Job has reached the specified backoff limit"
                    self._finish(job, "Failed", "BackoffLimitExceeded", told)
                else:
                    self._make_pod(job)

    def _finish(self, job: dict[str, Any], kind: str, reason: str, message: str) -> None:
        condition = {"status": "True", "reason": reason, "message": message, "lastTransitionTime": now()}
        early = "FailureTarget" if kind == "Failed" else "SuccessCriteriaMet"
        job["status"]["conditions"] = [{"type": early, **condition}, {"type": kind, **condition}]
        if kind == "Complete":
            job["status"]["completionTime"] = now()
        for pod in self._pods(job):
            self.kubelet.end(pod)
        self._count(job)
        if (kept := job["spec"].get("ttlSecondsAfterFinished")) is not None:
            self._spawn(self._expired(job, kept))

    async def _expired(self, job: dict[str, Any], kept: float) -> None:
        await asyncio.sleep(kept)
        if self._store.find("jobs", job["metadata"]["name"]) is job:
            self.job_deleted(job, "Foreground")

    async def _deleted_after_pods(self, job: dict[str, Any]) -> None:
        for pod in self._pods(job):
            self._delete_pod(pod)
            await self.kubelet.gone(pod["metadata"]["name"])
        self._store.drop("jobs", job["metadata"]["name"])

    # --- Deployments ----------------------------------------------------------------------------------------------

    def scaled(self, deployment: dict[str, Any]) -> None:
        """Make as many pods as are wanted; the youngest go first when there are too many."""
        pods = [pod for pod in self._pods(deployment) if "deletionTimestamp" not in pod["metadata"]]
        wanted = deployment["spec"].get("replicas", 1)
        for pod in pods[wanted:]:
            self._delete_pod(pod)
        for _ in range(wanted - len(pods)):
            self._make_pod(deployment)
        deployment["status"] = {"replicas": wanted}
        self._store.touch("deployments", deployment)

    # --- Pods -----------------------------------------------------------------------------------------------------

    def evict(self, name: str) -> None:
        """End a pod as a drained node does."""
        pod = self._store.get("pods", name)
        pod["status"].setdefault("conditions", []).append({"type": "DisruptionTarget", "status": "True"})
        self.kubelet.end(pod)

    def _delete_pod(self, pod: dict[str, Any]) -> None:
        name = pod["metadata"]["name"]
        if pod["status"]["phase"] in ("Succeeded", "Failed", "Pending"):
            self.kubelet.end(pod, 0)
            self._store.drop("pods", name)
            return
        pod["metadata"]["deletionTimestamp"] = now()
        self._store.touch("pods", pod)
        self.kubelet.end(pod)

    def _pods(self, owner: Mapping[str, Any]) -> list[dict[str, Any]]:
        uid = owner["metadata"]["uid"]
        return [pod for pod in self._store.all("pods") if pod["metadata"]["ownerReferences"][0]["uid"] == uid]

    def _count(self, owner: dict[str, Any]) -> None:
        if owner["kind"] != "Job":
            return
        phases = [pod["status"]["phase"] for pod in self._pods(owner)]
        owner["status"] |= {
            "active": phases.count("Pending") + phases.count("Running"),
            "succeeded": phases.count("Succeeded"),
            "failed": phases.count("Failed"),
        }
        self._store.touch("jobs", owner)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work, name="cluster: controller")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _finished(job: Mapping[str, Any]) -> bool:
    return any(each["type"] in ("Complete", "Failed") for each in job["status"].get("conditions", ()))


def _action(policy: Mapping[str, Any], code: int, disrupted: bool) -> str:
    """What the failure policy says; empty when none of its rules fits."""
    for rule in policy.get("rules", ()):
        if any(each["type"] == "DisruptionTarget" for each in rule.get("onPodConditions", ())) and disrupted:
            return str(rule["action"])
        codes = rule.get("onExitCodes")
        if codes and (code in codes["values"]) == (codes["operator"] == "In"):
            return str(rule["action"])
    return ""
