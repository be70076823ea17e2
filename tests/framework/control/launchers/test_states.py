"""What becomes of a runner, read from its Job and pods."""

import pytest

from framework.control.launchers.kubernetes.states import launched, newest


def job(*conditions, **metadata):
    return {
        "metadata": {
            "name": "convo-a1",
            "labels": {"convo.dev/launch": "a1"},
            "creationTimestamp": "2026-01-02T03:04:05Z",
            **metadata,
        },
        "status": {"conditions": [{"status": "True", "reason": "R", "message": "m", **each} for each in conditions]},
    }


def pod(phase, name="p", created="2026-01-02T03:04:05Z", **status):
    return {"metadata": {"name": name, "creationTimestamp": created}, "status": {"phase": phase, **status}}


def container(**state):
    return {"containerStatuses": [{"name": "runner", "state": state}]}


DISRUPTED = {"conditions": [{"type": "DisruptionTarget", "status": "True"}]}
KILLED = container(terminated={"exitCode": 137, "reason": "OOMKilled"})


@pytest.mark.parametrize(
    ("thing", "pods", "state", "reason"),
    [
        pytest.param(job(), [], "starting", "has no pod yet", id="no pod"),
        pytest.param(job(), [pod("Pending")], "starting", "", id="pending"),
        pytest.param(
            job(),
            [pod("Pending", **container(waiting={"reason": "ImagePullBackOff", "message": "no such image"}))],
            "starting",
            "ImagePullBackOff: no such image",
            id="an image that isn't there",
        ),
        pytest.param(
            job(),
            [
                pod(
                    "Pending",
                    conditions=[
                        {
                            "type": "PodScheduled",
                            "status": "False",
                            "reason": "Unschedulable",
                            "message": "0/3 nodes are available",
                        }
                    ],
                )
            ],
            "starting",
            "Unschedulable: 0/3 nodes are available",
            id="no room",
        ),
        pytest.param(job(), [pod("Running")], "running", "", id="running"),
        pytest.param(
            job(deletionTimestamp="2026-01-02T03:04:06Z"), [pod("Running")], "running", "is being removed", id="removed"
        ),
        pytest.param(job(), [pod("Succeeded")], "gone", "", id="left, the Job doesn't know yet"),
        pytest.param(job({"type": "Complete"}), [pod("Succeeded")], "gone", "", id="complete"),
        pytest.param(
            job(), [pod("Failed", **KILLED)], "failed", "exited with code 137 (OOMKilled)", id="out of memory"
        ),
        pytest.param(
            job({"type": "Failed"}),
            [pod("Failed", **KILLED)],
            "failed",
            "exited with code 137 (OOMKilled)",
            id="failed with a code",
        ),
        pytest.param(job({"type": "Failed"}), [], "failed", "R: m", id="failed, the pod is gone"),
        pytest.param(job({"type": "FailureTarget"}), [pod("Running")], "failed", "R: m", id="about to fail"),
        pytest.param(
            job(),
            [pod("Failed", **DISRUPTED)],
            "starting",
            "its node was drained; another pod is made",
            id="a drained node",
        ),
        pytest.param(
            job(), [pod("Running", "b"), pod("Failed", "z", **DISRUPTED)], "running", "", id="its successor runs"
        ),
    ],
)
def test_states(thing, pods, state, reason):
    seen = launched(thing, pods)
    assert (seen.launch_id, seen.name, seen.state, seen.reason) == ("a1", "convo-a1", state, reason)
    assert seen.started_at == 1767323045


def test_the_pod_that_lives_counts_then_the_youngest():
    old, young = pod("Failed", "a"), pod("Failed", "b", "2026-01-02T03:04:06Z")
    assert newest([young, old]) is young
    assert newest([young, alive := pod("Running", "c", "2026-01-02T03:04:04Z")]) is alive
    assert newest([]) is None
