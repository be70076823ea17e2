"""Runners as Jobs, against an API server that refuses what a real one refuses and really starts the containers."""

import asyncio
import os
import secrets
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from framework.control.launchers.kubernetes import KubernetesLauncher
from framework.errors import LauncherError, MissingExtraError, UserError
from framework.plugins.launchers import Launch
from framework.testing.contracts import STAND_IN, LauncherContract
from framework.testing.kubernetes import Fault

ONE = Launch(launch_id="a1b2c3d4e5f6", pool="shared.default.any")
CLUSTER = os.environ.get("CONVO_TEST_KUBECONFIG")


class TestKubernetesLauncher(LauncherContract):
    """The promises of every launcher."""

    @pytest.fixture(autouse=True)
    def _cluster(self, scene):
        self.scene = scene

    def opened(self):
        return self.scene.opened()


class TestKubernetesLauncherOnABadDay(TestKubernetesLauncher):
    """The same promises where streams break, changes are forgotten, and requests fail now and then."""

    @asynccontextmanager
    async def opened(self):
        server = self.scene.server
        server.drop_watches_s = 0.3
        for fault in (
            Fault(kind="refuse", verb="create", status=409, reason="Conflict"),
            Fault(kind="lose", verb="create"),
            Fault(kind="refuse", verb="list", status=503),
            Fault(kind="lose", verb="delete"),
            Fault(kind="refuse", verb="get", status=500),
        ):
            server.fail(fault)
        forgetting = asyncio.create_task(self._forget(server))
        try:
            async with self.scene.opened() as launcher:
                yield launcher
        finally:
            forgetting.cancel()

    @staticmethod
    async def _forget(server):
        while True:
            await asyncio.sleep(0.25)
            server.forget()


if CLUSTER:

    class TestKubernetesLauncherOnARealCluster(LauncherContract):
        """The same promises where `CONVO_TEST_KUBECONFIG` names a cluster; its namespace is the kubeconfig's."""

        deadline_s = 180.0

        @pytest.fixture(autouse=True)
        def _template(self, scene):
            self.scene = scene

        @asynccontextmanager
        async def opened(self):
            self.scene.says(
                {
                    "spec": {
                        "terminationGracePeriodSeconds": 1,
                        "serviceAccountName": "default",
                        "containers": [
                            {
                                "name": "runner",
                                "command": ["python", "-c", STAND_IN],
                                "args": None,
                                "envFrom": None,
                                "readinessProbe": None,
                                "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
                            }
                        ],
                    }
                }
            )
            image = os.environ.get("CONVO_TEST_IMAGE", "python:3.11-slim")
            there = {
                "CONVO_KUBERNETES_KUBECONFIG": CLUSTER,
                "CONVO_RUNNER_IMAGE": image,
                "CONVO_ENV": f"contract-{secrets.token_hex(4)}",  # what others left behind is none of ours
            }
            async with self.scene.opened(**there, CONVO_KUBERNETES_CALL_S="30") as launcher:
                try:
                    yield launcher
                finally:
                    for left in await launcher.launched():
                        await launcher.remove(left.launch_id, grace_s=self.grace_s)


# --- Access and secrets ----------------------------------------------------------------------------------------------


async def test_the_operators_role_is_enough_and_little_more(scene, role, until):
    warm = "shared.default.any=convo-runner"
    scene.server.apply(deployment(0))
    async with scene.opened(CONVO_KUBERNETES_DEPLOYMENTS=warm) as launcher:
        await launcher.launch(ONE)
        await until(lambda: wrote(launcher, "is here"))
        await launcher.keep("shared.default.any", 1)
        await launcher.remove(ONE.launch_id, grace_s=1)
        await until(lambda: forgotten(launcher))
    used = {(asked.group, asked.resource, asked.verb) for asked in scene.server.asked}
    allowed = {
        (group, resource, verb)
        for rule in role
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert used <= allowed
    assert allowed - used == {("batch", "jobs", "get"), ("", "pods", "get")}  # for whoever looks into a failure


async def test_what_the_role_does_not_allow_says_so(scene):
    scene.server._rules = [rule for rule in scene.server._rules if rule["resources"] != ["jobs"]]
    async with scene.opened(CONVO_KUBERNETES_CALL_S="0.5") as launcher:
        with pytest.raises(LauncherError, match="cannot create resource") as refused:
            await launcher.launch(ONE)
        assert "Role" in refused.value.fix
        with pytest.raises(LauncherError, match="what Jobs there are is not known"):
            await launcher.launched()


async def test_the_secret_reaches_the_runner_and_not_the_job(scene, until):
    script = "import os; print(os.environ['REDIS_URL'], flush=True)"
    scene.says({"spec": {"containers": [{"name": "runner", "command": ["python", "-c", script], "args": None}]}})
    async with scene.opened() as launcher:
        await launcher.launch(ONE)
        await until(lambda: wrote(launcher, "canary"))
    assert "canary" not in str(scene.server.objects("Job"))


@pytest.mark.parametrize(
    "told", [{"OPENAI_API_KEY": "k"}, {"REDIS_URL": "redis://:word@host/0"}], ids=["a key", "a password"]
)
async def test_a_secret_among_a_launchs_settings_is_refused(scene, told):
    async with scene.opened() as launcher:
        with pytest.raises(LauncherError, match="looks like a secret"):
            await launcher.launch(Launch(launch_id="a1", pool="p", environment=told))
    assert not scene.server.objects("Job")


async def test_a_token_that_is_not_the_servers_is_a_sentence(scene):
    environment = scene.environment(CONVO_KUBERNETES_CALL_S="0.5")
    scene.server.token = "another"
    launcher = KubernetesLauncher(environment)
    await launcher.open()
    with pytest.raises(LauncherError, match="Unauthorized"):
        await launcher.launch(ONE)
    await launcher.close()


# --- A server in trouble ---------------------------------------------------------------------------------------------


async def test_a_server_that_hangs_is_given_up_in_time_and_nothing_is_guessed(scene):
    scene.server.fail(Fault(kind="hang", times=50))
    async with scene.opened(CONVO_KUBERNETES_CALL_S="0.5") as launcher:
        with pytest.raises(LauncherError, match=r"failed for 0\.5 s"):
            await launcher.launch(ONE)
        with pytest.raises(LauncherError, match="is not known"):
            await launcher.launched()
        with pytest.raises(LauncherError, match=r"failed for 0\.5 s"):
            await launcher.remove(ONE.launch_id, grace_s=1)


async def test_a_server_that_asks_for_time_is_given_time(scene):
    scene.server.fail(Fault(kind="refuse", verb="create", status=429, retry_after=60))
    async with scene.opened(CONVO_KUBERNETES_CALL_S="2") as launcher:
        with pytest.raises(LauncherError, match="not able to answer now"):
            await launcher.launch(ONE)
    assert [asked.verb for asked in scene.server.asked].count("create") == 0  # refused once, not asked again
    scene.server.fail(Fault(kind="refuse", verb="create", status=429, retry_after=1))
    async with scene.opened() as launcher:
        await launcher.launch(ONE)
    assert len(scene.server.objects("Job")) == 1


async def test_runners_and_the_launcher_outlive_an_api_server_that_is_down(scene, until):
    async with scene.opened(CONVO_KUBERNETES_CALL_S="0.5") as launcher:
        await launcher.launch(ONE)
        await until(lambda: wrote(launcher, "is here"))
        await scene.server.down()
        with pytest.raises(LauncherError, match=r"failed for 0\.5 s"):
            await launcher.launch(Launch(launch_id="b1", pool="p"))
        assert [seen.state for seen in await launcher.launched()] == ["running"]  # what was seen last still holds
        [pod] = scene.server.objects("Pod")
        scene.server.controllers.kubelet.end(pod)
        await scene.server.up()
        await until(lambda: state(launcher, "gone"))


async def test_a_launcher_may_be_opened_before_its_api_server_is_up(scene, until):
    await scene.server.down()
    async with scene.opened(CONVO_KUBERNETES_CALL_S="0.5") as launcher:
        with pytest.raises(LauncherError, match="is not known"):
            await launcher.launched()
        await scene.server.up()

        async def known():
            try:
                return [await launcher.launched()]
            except LauncherError:
                return []

        assert await until(known) == [[]]


async def test_an_old_copy_is_no_answer_any_more(scene, until):
    async with scene.opened(CONVO_KUBERNETES_STALE_S="0.3", CONVO_KUBERNETES_RESYNC_S="0.1") as launcher:
        assert await launcher.launched() == []
        scene.server.fail(Fault(kind="hang", times=1000))

        async def refuses():
            try:
                await launcher.launched()
            except LauncherError:
                return True
            return False

        await until(refuses)


async def test_what_ended_while_nobody_watched_is_noticed(scene, until):
    async with scene.opened() as launcher:
        await launcher.launch(ONE)
        await until(lambda: wrote(launcher, "is here"))
        scene.server.drop_watches_s = 0.05
        [pod] = scene.server.objects("Pod")
        scene.server.controllers.kubelet.end(pod)
        scene.server.forget()
        await until(lambda: state(launcher, "gone"))


async def test_changes_made_while_the_stream_was_down_are_seen(scene, until):
    scene.server.drop_watches_s = 0.1
    async with scene.opened() as one, scene.opened() as other:
        for number in range(20):
            await one.launch(Launch(launch_id=f"runner{number}", pool="p"))
        assert len(await one.launched()) == 20
        await until(lambda: count(other, 20))


async def test_an_operator_that_starts_again_finds_what_the_last_one_made(scene, until):
    async with scene.opened() as launcher:
        await launcher.launch(ONE)
    async with scene.opened() as launcher:
        assert [seen.launch_id for seen in await launcher.launched()] == [ONE.launch_id]
        await until(lambda: state(launcher, "running"))
        await launcher.launch(ONE)
        assert len(scene.server.objects("Job")) == 1


async def test_another_environments_runners_are_not_seen(scene):
    async with scene.opened(CONVO_ENV="prod") as prod, scene.opened(CONVO_ENV="stage") as stage:
        await prod.launch(ONE)
        assert len(await prod.launched()) == 1
        assert await stage.launched() == []


# --- What becomes of pods --------------------------------------------------------------------------------------------


async def test_a_drained_nodes_runner_is_made_anew(scene, until):
    async with scene.opened() as launcher:
        await launcher.launch(Launch(launch_id="a1", pool="p", environment={"CONVO_MOOD": "fails-later"}))
        await until(lambda: state(launcher, "running"))
        [pod] = scene.server.objects("Pod")
        scene.server.controllers.evict(pod["metadata"]["name"])
        scene.server.controllers.kubelet._kill(scene.server.controllers.kubelet._processes[pod["metadata"]["name"]])
        await until(lambda: len(scene.server.objects("Pod")) == 2)
        await until(lambda: state(launcher, "running"))


async def test_an_image_that_can_not_be_pulled_says_so(scene, until):
    async with scene.opened(CONVO_RUNNER_IMAGE="registry.example/nothing:1") as launcher:
        await launcher.launch(ONE)
        await until(lambda: reason(launcher, "ImagePullBackOff"))
        assert await launcher.logs(ONE.launch_id) == ""
        await launcher.remove(ONE.launch_id, grace_s=1)
        await until(lambda: forgotten(launcher))


async def test_a_secret_that_is_missing_says_so(scene, until):
    async with scene.opened(CONVO_RUNNER_SECRET="nothing") as launcher:
        await launcher.launch(ONE)
        await until(lambda: reason(launcher, 'secret "nothing" not found'))


async def test_an_account_that_is_missing_leaves_the_runner_without_a_pod(scene, until):
    async with scene.opened(CONVO_RUNNER_SERVICE_ACCOUNT="nobody") as launcher:
        await launcher.launch(ONE)
        await until(lambda: reason(launcher, "has no pod yet"))


async def test_a_runner_that_outlives_its_deadline_is_ended(scene, until):
    times = {"CONVO_START_SECS": "0", "CONVO_IDLE_SECS": "0", "CONVO_SESSION_SECS": "0", "CONVO_GRACE_SECS": "1"}
    async with scene.opened(**times) as launcher:
        await launcher.launch(ONE)
        await until(lambda: reason(launcher, "DeadlineExceeded"))


async def test_a_finished_job_goes_away_by_itself(scene, until, monkeypatch):
    monkeypatch.setattr("framework.control.launchers.kubernetes.job.KEPT_S", 0)
    async with scene.opened() as launcher:
        await launcher.launch(Launch(launch_id="a1", pool="p", environment={"CONVO_MOOD": "leaves"}))
        await until(lambda: forgotten(launcher))
    assert not scene.server.objects("Job")
    assert not scene.server.objects("Pod")


async def test_a_runner_registers_the_address_of_its_pod(scene, until):
    async with scene.opened() as launcher:
        await launcher.launch(ONE)
        log = await until(lambda: wrote(launcher, "is here"))
    [pod] = scene.server.objects("Pod")
    assert '"CONVO_RUNNER_ADDRESS": "http://127.0.0.1:8080"' in log
    assert f'"CONVO_RUNNER_NAME": "{pod["metadata"]["name"]}"' in log
    assert '"CONVO_GRACE_SECS": "1"' in log


# --- Warm pools ------------------------------------------------------------------------------------------------------


def deployment(replicas):
    labels = {"app.kubernetes.io/component": "runner"}
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container = {
        "name": "runner",
        "image": "registry.example/convo:1",
        "command": ["python", "-c", STAND_IN],
        "securityContext": security,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "convo-runner"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
                    "terminationGracePeriodSeconds": 1,
                    "containers": [container],
                },
            },
        },
    }


async def test_a_warm_pool_is_as_large_as_it_is_told(scene, until):
    scene.server.apply(deployment(0))
    async with scene.opened(CONVO_KUBERNETES_DEPLOYMENTS="shared.default.any=convo-runner") as launcher:
        assert launcher.keeps_warm
        assert launcher.keeps("shared.default.any")
        for runners in (3, 3, 1):
            await launcher.keep("shared.default.any", runners)
            await until(lambda runners=runners: len(scene.server.objects("Pod")) == runners)
        assert await launcher.launched() == []
    patches = [asked for asked in scene.server.asked if asked.verb == "patch"]
    assert len(patches) == 2


async def test_a_pool_that_no_deployment_holds_is_not_kept(scene):
    async with scene.opened() as launcher:
        assert not launcher.keeps_warm
        with pytest.raises(LauncherError, match=r"no Deployment holds warm runners of `a\.b\.c`"):
            await launcher.keep("a.b.c", 2)
    async with scene.opened(CONVO_KUBERNETES_DEPLOYMENTS="a.b.c=nothing") as launcher:
        with pytest.raises(LauncherError, match='"nothing" not found'):
            await launcher.keep("a.b.c", 2)


# --- Start -----------------------------------------------------------------------------------------------------------


async def test_without_a_cluster_the_launcher_says_what_to_set(tmp_path):
    nowhere = {"CONVO_KUBERNETES_KUBECONFIG": str(tmp_path / "nothing"), "CONVO_RUNNER_IMAGE": "convo:1"}
    with pytest.raises(UserError, match="no cluster is configured"):
        await KubernetesLauncher(nowhere).open()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        pytest.param({"CONVO_RUNNER_IMAGE": ""}, "the runner has no image", id="no image"),
        pytest.param({"CONVO_DRAIN_SECS": "90", "CONVO_GRACE_SECS": "60"}, "leaves no time after", id="short grace"),
        pytest.param({"CONVO_KUBERNETES_DEPLOYMENTS": "a.b.c"}, "not a list of", id="deployments"),
        pytest.param({"CONVO_RUNNER_TEMPLATE": "/nowhere"}, "can't be read", id="no template"),
        pytest.param({"SESSION_TIMEOUT": "soon"}, "is no number", id="session timeout"),
        pytest.param({"CONVO_KUBERNETES_CALL_S": "soon"}, "is no number", id="deadline"),
    ],
)
async def test_a_wrong_setting_stops_the_start_with_a_sentence(scene, wrong, sentence):
    with pytest.raises(UserError, match=sentence):
        await KubernetesLauncher(scene.environment(**wrong)).open()


async def test_a_template_that_is_something_else_is_refused(scene):
    scene.says({"kind": "Pod"})
    with pytest.raises(UserError, match="not a pod template"):
        await KubernetesLauncher(scene.environment()).open()


async def test_a_template_that_the_server_refuses_says_where(scene):
    scene.says({"spec": {"containers": [{"name": "runner", "volumeMounts": [{"name": "gone", "mountPath": "/x"}]}]}})
    async with scene.opened() as launcher:
        with pytest.raises(LauncherError, match="volumeMounts: Not found: `gone`"):
            await launcher.launch(ONE)


async def test_calls_before_open_are_refused():
    with pytest.raises(LauncherError, match="not open"):
        await KubernetesLauncher({}).launched()


async def test_without_the_extra_the_launcher_says_what_to_install(scene, monkeypatch):
    import sys

    for module in [name for name in sys.modules if name.startswith("framework.control.launchers.kubernetes.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "lightkube", None)
    with pytest.raises(MissingExtraError, match="lightkube"):
        await KubernetesLauncher(scene.environment()).open()


# --- Looks -----------------------------------------------------------------------------------------------------------


async def wrote(launcher, text):
    log = await launcher.logs(ONE.launch_id)
    return log if text in log else ""


async def state(launcher, wanted):
    return [seen.state for seen in await launcher.launched()] == [wanted]


async def reason(launcher, text):
    return any(text in seen.reason for seen in await launcher.launched())


async def count(launcher, wanted):
    return len(await launcher.launched()) == wanted


async def forgotten(launcher):
    return await count(launcher, 0)


def test_lightkube_is_imported_in_one_module_only():
    folder = Path(__file__).resolve().parents[4] / "framework"
    users = {file.name for file in folder.rglob("*.py") if "lightkube" in file.read_text(encoding="utf-8")}
    assert "cluster.py" in users
    importers = {file.name for file in folder.rglob("*.py") if "from lightkube" in file.read_text(encoding="utf-8")}
    assert importers == {"cluster.py"}
