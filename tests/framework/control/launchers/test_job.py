"""The Job of a cold runner: what it always says, and what a deployment may change."""

import json

import kubernetes_validate
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes_validate import utils

from framework.control.launchers.kubernetes.job import job, merged
from framework.control.launchers.kubernetes.names import LABEL_LIMIT, job_name, label
from framework.control.launchers.kubernetes.settings import PodSettings, TimeSettings
from framework.errors import LauncherError
from framework.plugins.launchers import Launch
from framework.testing.kubernetes import wrongs
from framework.testing.kubernetes.rules import VALUE, restricted

LAUNCH = Launch(launch_id="a1b2c3d4e5f6", pool="shared.default.any", environment={"CONVO_ENV": "prod"})
POD = PodSettings(image="registry.example/convo:1")
TIMES = TimeSettings()


def made(template=None, launch=LAUNCH, times=TIMES):
    return job(launch, POD, times, template or {})


def runner(thing):
    return next(each for each in thing["spec"]["template"]["spec"]["containers"] if each["name"] == "runner")


@pytest.mark.parametrize("version", [v for v in utils.all_versions() if v >= "1.29"])
def test_every_supported_version_takes_the_job(version):
    kubernetes_validate.validate(made(), version, strict=True)
    assert not list(wrongs(made()))
    assert not list(restricted(made()["spec"]["template"]["spec"]))


def test_the_job_runs_once_and_never_again_by_itself():
    spec = made()["spec"]
    assert (spec["backoffLimit"], spec["completions"], spec["parallelism"]) == (0, 1, 1)
    assert spec["podReplacementPolicy"] == "Failed"
    assert [rule["action"] for rule in spec["podFailurePolicy"]["rules"]] == ["Ignore", "FailJob"]
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    assert spec["ttlSecondsAfterFinished"] == 300


def test_the_deadline_leaves_room_for_start_wait_session_and_drain():
    times = TimeSettings(start_secs=100, idle_secs=200, session_secs=3600, drain_secs=60)
    assert made(times=times)["spec"]["activeDeadlineSeconds"] == 100 + 200 + 3600 + 90
    assert made(times=times)["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 90


def test_session_timeout_is_read_in_milliseconds():
    assert TimeSettings.read({"SESSION_TIMEOUT": "600000"}).session_secs == 600


def test_nobody_owns_the_job():
    assert "ownerReferences" not in json.dumps(made())


def test_the_pod_is_left_alone_by_autoscalers_and_has_no_token():
    template = made()["spec"]["template"]
    assert template["metadata"]["annotations"]["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false"
    assert template["metadata"]["annotations"]["karpenter.sh/do-not-disrupt"] == "true"
    assert template["spec"]["automountServiceAccountToken"] is False


def test_labels_are_short_and_the_annotation_has_the_whole_name():
    pool = "tenant/" + "x" * 100 + ".default.any"
    thing = made(launch=Launch(launch_id="a1", pool=pool))
    for metadata in (thing["metadata"], thing["spec"]["template"]["metadata"]):
        assert len(metadata["labels"]["convo.dev/pool"]) <= LABEL_LIMIT
        assert metadata["labels"]["convo.dev/launch"] == "a1"
        assert metadata["annotations"]["convo.dev/pool"] == pool
    assert not list(wrongs(thing))


@given(st.text())
def test_any_text_can_be_a_label(text):
    assert len(label(text)) <= LABEL_LIMIT
    assert VALUE.match(label(text))


@given(st.text(max_size=80), st.text(max_size=80))
def test_different_texts_are_different_labels(one, other):
    assert (label(one) == label(other)) == (one == other)


@pytest.mark.parametrize("launch_id", ["", "A1", "a-1", "a" * 58, "../x"])
def test_a_launch_id_that_can_be_no_name_is_refused(launch_id):
    with pytest.raises(LauncherError, match="can't be a launch id"):
        job_name(launch_id)


def test_a_template_changes_what_it_names_and_nothing_else():
    thing = made(
        {
            "metadata": {"annotations": {"team": "voice"}},
            "spec": {
                "nodeSelector": {"pool": "calls"},
                "terminationGracePeriodSeconds": 600,
                "containers": [
                    {"name": "runner", "resources": {"requests": {"cpu": "2"}}, "env": [{"name": "A", "value": "1"}]},
                    {"name": "proxy", "image": "proxy:1"},
                ],
            },
        }
    )
    spec = thing["spec"]["template"]["spec"]
    assert spec["nodeSelector"] == {"pool": "calls"}
    assert [each["name"] for each in spec["containers"]] == ["runner", "proxy"]
    assert runner(thing)["resources"] == {"requests": {"cpu": "2", "memory": "1Gi"}, "limits": {"memory": "2Gi"}}
    assert runner(thing)["image"] == POD.image
    env = {each["name"]: each.get("value") for each in runner(thing)["env"]}
    assert env["A"] == "1"
    assert env["CONVO_GRACE_SECS"] == "600"
    assert thing["spec"]["template"]["metadata"]["annotations"]["team"] == "voice"


def test_a_template_can_not_change_who_the_runner_is():
    env = [{"name": "CONVO_LAUNCH_ID", "value": "another"}, {"name": "CONVO_POOL", "valueFrom": {"fieldRef": {}}}]
    thing = made(
        {
            "metadata": {"labels": {"convo.dev/launch": "another", "team": "voice"}},
            "spec": {"restartPolicy": "OnFailure", "containers": [{"name": "runner", "env": env}]},
        }
    )
    told = {each["name"]: each for each in runner(thing)["env"]}
    assert told["CONVO_LAUNCH_ID"] == {"name": "CONVO_LAUNCH_ID", "value": LAUNCH.launch_id}
    assert told["CONVO_POOL"] == {"name": "CONVO_POOL", "value": LAUNCH.pool}
    assert thing["spec"]["template"]["metadata"]["labels"]["convo.dev/launch"] == LAUNCH.launch_id
    assert thing["spec"]["template"]["metadata"]["labels"]["team"] == "voice"
    assert thing["spec"]["template"]["spec"]["restartPolicy"] == "Never"


def test_the_order_of_variables_lets_one_refer_to_another():
    names = [each["name"] for each in runner(made())["env"]]
    assert names.index("POD_IP") < names.index("CONVO_RUNNER_ADDRESS")


@pytest.mark.parametrize(
    ("base", "over", "result"),
    [
        pytest.param({"a": 1}, {"a": None}, {}, id="null removes"),
        pytest.param({"a": [1, 2]}, {"a": [3]}, {"a": [3]}, id="plain lists are replaced"),
        pytest.param(
            {"a": [{"name": "x", "b": 1}, {"name": "y"}]},
            {"a": [{"name": "x", "c": 2}, {"name": "z"}]},
            {"a": [{"name": "x", "b": 1, "c": 2}, {"name": "y"}, {"name": "z"}]},
            id="named things are merged",
        ),
        pytest.param(
            {"a": [{"name": "x", "value": "1"}]},
            {"a": [{"name": "x", "valueFrom": {}}]},
            {"a": [{"name": "x", "valueFrom": {}}]},
            id="a variable is replaced as a whole",
        ),
    ],
)
def test_maps_are_merged(base, over, result):
    assert merged(base, over) == result
