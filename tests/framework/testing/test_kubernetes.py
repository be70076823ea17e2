"""The API server double refuses what a real one refuses, and answers in its words."""

import asyncio
import json
from copy import deepcopy

import aiohttp
import pytest

from framework.control.launchers.kubernetes.job import job
from framework.control.launchers.kubernetes.settings import PodSettings, TimeSettings
from framework.plugins.launchers import Launch
from framework.testing.kubernetes import ApiServer, wrongs
from framework.testing.kubernetes.rules import restricted

GOOD = job(
    Launch(launch_id="a1b2c3d4e5f6", pool="shared.default.any"), PodSettings(image="convo:1"), TimeSettings(), {}
)


@pytest.fixture
async def api():
    async with ApiServer(images=()) as server, aiohttp.ClientSession() as http:

        async def ask(method, path, body=None, *, token=server.token, **options):
            headers = {"Authorization": f"Bearer {token}"}
            url = f"{server.url}/apis/batch/v1/namespaces/convo/jobs{path}"
            async with http.request(method, url, json=body, headers=headers, **options) as response:
                return response.status, json.loads(await response.text()), response.headers

        ask.server, ask.http = server, http
        yield ask


def changed(**steps):
    """The good Job with something else at `a__b__0__c`."""
    thing = deepcopy(GOOD)
    for path, value in steps.items():
        at = thing
        *way, last = [int(step) if step.isdigit() else step for step in path.split("__")]
        for step in way:
            at = at[step]
        if value is None:
            del at[last]
        else:
            at[last] = value
    return thing


POD = "spec__template__spec"

REFUSED = [
    pytest.param(changed(metadata__name="Convo_1"), 422, "metadata.name", id="a name in capitals"),
    pytest.param(changed(metadata__name="c" * 64), 422, "metadata.name", id="a name of 64 characters"),
    pytest.param(changed(metadata__labels={"convo.dev/pool": "x" * 64}), 422, "metadata.labels", id="a long label"),
    pytest.param(
        changed(metadata__labels={"convo.dev/pool": "a b"}), 422, "metadata.labels", id="a label with a space"
    ),
    pytest.param(changed(metadata__labels={"convo.dev/" + "x" * 64: ""}), 422, "metadata.labels", id="a long key"),
    pytest.param(changed(**{f"{POD}__restartPolicy": "Always"}), 422, "restartPolicy", id="restart always"),
    pytest.param(changed(**{f"{POD}__restartPolicy": "OnFailure"}), 422, "restartPolicy", id="restart and a policy"),
    pytest.param(
        changed(spec__podReplacementPolicy="TerminatingOrFailed"), 422, "podReplacementPolicy", id="replacement"
    ),
    pytest.param(
        changed(spec__podFailurePolicy__rules__1__onExitCodes__values=[2, 1]),
        422,
        "onExitCodes",
        id="codes out of order",
    ),
    pytest.param(
        changed(spec__podFailurePolicy__rules__1__onExitCodes__containerName="no"),
        422,
        "containerName",
        id="no container",
    ),
    pytest.param(changed(spec__backoffLimit=-1), 422, "backoffLimit", id="a negative limit"),
    pytest.param(changed(spec__selector={"matchLabels": {"a": "b"}}), 422, "selector", id="a selector of one's own"),
    pytest.param(changed(**{f"{POD}__containers__0__image": ""}), 422, "image", id="no image"),
    pytest.param(changed(**{f"{POD}__volumes": []}), 422, "volumeMounts", id="no volume"),
    pytest.param(
        changed(**{f"{POD}__containers__0__resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}}),
        422,
        "resources.requests",
        id="more than the limit",
    ),
    pytest.param(
        changed(**{f"{POD}__containers__0__env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}),
        422,
        "Duplicate value",
        id="a variable twice",
    ),
    pytest.param(
        changed(**{f"{POD}__containers__0__ports": [{"name": "a-very-long-port-name", "containerPort": 1}]}),
        422,
        "ports",
        id="a port's name",
    ),
    pytest.param(changed(**{f"{POD}__containers__0__ports": None}), 422, "readinessProbe", id="a probe without a port"),
    pytest.param(changed(spec__backOffLimit=0), 400, "backOffLimit", id="a field that isn't there"),
    pytest.param(changed(spec__backoffLimit="none"), 400, "backoffLimit", id="text for a number"),
    pytest.param(changed(spec__template=None), 400, "template", id="no template"),
    pytest.param(changed(kind="CronJob"), 400, "not a Job", id="another kind"),
    pytest.param(changed(apiVersion="batch/v2"), 400, "does not match", id="another version"),
    pytest.param(changed(metadata__namespace="other"), 400, "namespace", id="another namespace"),
]


@pytest.mark.parametrize(("thing", "code", "words"), REFUSED)
async def test_what_a_real_one_refuses_is_refused(api, thing, code, words):
    status, body, _ = await api("POST", "", thing)
    assert (status, body["kind"], body["status"], body["code"]) == (code, "Status", "Failure", code)
    assert body["reason"] == {422: "Invalid", 400: "BadRequest"}[code]
    assert words in body["message"]


async def test_a_good_job_is_taken_once(api):
    status, made, headers = await api("POST", "", GOOD)
    assert status == 201
    assert headers["Content-Type"] == "application/json"
    assert made["metadata"]["uid"]
    status, body, _ = await api("POST", "", GOOD)
    assert (status, body["reason"]) == (409, "AlreadyExists")
    assert body["message"] == 'jobs.batch "convo-a1b2c3d4e5f6" already exists'
    assert body["details"] == {"name": "convo-a1b2c3d4e5f6", "group": "batch", "kind": "jobs"}


async def test_what_is_not_there_is_404_and_what_is_not_allowed_401(api):
    assert (await api("GET", "/nothing"))[0] == 404
    assert (await api("DELETE", "/nothing"))[0] == 404
    assert (await api("GET", "", token="another"))[0] == 401
    status, body, _ = await api("GET", "/../../elsewhere")
    assert (status, body["reason"]) == (404, "NotFound")


async def test_versions_only_grow_and_lists_have_one(api):
    _, before, _ = await api("GET", "")
    _, made, _ = await api("POST", "", GOOD)
    _, after, _ = await api("GET", "")
    versions = [int(each["metadata"]["resourceVersion"]) for each in (before, made, after)]
    assert versions == sorted(versions)
    assert versions[0] < versions[1]
    assert [item["metadata"]["name"] for item in after["items"]] == [GOOD["metadata"]["name"]]


async def lines(api, **query):
    """The events of a watch, until the server ends it."""
    headers = {"Authorization": f"Bearer {api.server.token}"}
    url = f"{api.server.url}/apis/batch/v1/namespaces/convo/jobs"
    async with api.http.get(url, params={"watch": "true", **query}, headers=headers) as response:
        assert response.status == 200
        return [json.loads(line) async for line in response.content]


async def test_a_watch_tells_all_changes_since_a_version_in_their_order(api):
    _, before, _ = await api("GET", "")
    await api("POST", "", GOOD)
    await api("DELETE", f"/{GOOD['metadata']['name']}")
    events = await lines(api, resourceVersion=before["metadata"]["resourceVersion"], timeoutSeconds="1")
    kinds = [event["type"] for event in events]
    assert (kinds[0], kinds[-1]) == ("ADDED", "DELETED")
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in events]
    assert versions == sorted(set(versions))


async def test_a_watch_that_has_nothing_to_tell_gives_bookmarks_when_asked(api):
    events = await lines(api, resourceVersion="100", timeoutSeconds="2", allowWatchBookmarks="true")
    assert {event["type"] for event in events} == {"BOOKMARK"}


async def test_a_watch_from_a_forgotten_version_is_an_error_in_the_stream(api):
    await api("POST", "", GOOD)
    api.server.forget()
    [event] = await lines(api, resourceVersion="100", timeoutSeconds="5")
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")


async def test_a_selector_chooses(api):
    await api("POST", "", GOOD)
    for selector, found in (("convo.dev/launch", 1), ("convo.dev/launch=a1b2c3d4e5f6", 1), ("convo.dev/launch=b", 0)):
        _, listed, _ = await api("GET", "", params={"labelSelector": selector})
        assert len(listed["items"]) == found


async def test_what_pod_security_forbids_gets_no_pod(api):
    api.server.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "convo-runner"}})
    loose = changed(**{f"{POD}__containers__0__securityContext": {"privileged": True}})
    assert list(restricted(loose["spec"]["template"]["spec"]))
    await api("POST", "", loose)
    await asyncio.sleep(0)
    assert not api.server.objects("Pod")


@pytest.mark.parametrize(("limit", "pods"), [(0, 1), (2, 3)])
async def test_without_a_failure_policy_the_back_off_limit_counts(limit, pods):
    container = {
        **GOOD["spec"]["template"]["spec"]["containers"][0],
        "command": ["python", "-c", "raise SystemExit(3)"],
    }
    del container["args"]
    container["envFrom"] = []
    thing = changed(spec__podFailurePolicy=None, spec__backoffLimit=limit, **{f"{POD}__containers": [container]})
    async with ApiServer() as server:
        server.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "convo-runner"}})
        server.controllers.job_added(server.store.add("jobs", thing))
        async with asyncio.timeout(30):
            while not server.objects("Job")[0]["status"].get("conditions"):
                await asyncio.sleep(0.02)
        [job_] = server.objects("Job")
        assert [each["reason"] for each in job_["status"]["conditions"]] == ["BackoffLimitExceeded"] * 2
        assert (len(server.objects("Pod")), job_["status"]["failed"]) == (pods, pods)


def test_the_jobs_that_we_write_are_good():
    assert not list(wrongs(GOOD))
    assert not list(restricted(GOOD["spec"]["template"]["spec"]))
