"""deploy/kubernetes: valid, complete, consistent with what the processes read, and no more rights than needed."""

import importlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

from framework.control.launchers.kubernetes import KubernetesLauncher
from framework.control.launchers.kubernetes.job import job
from framework.control.launchers.kubernetes.settings import ClusterSettings, PodSettings, TimeSettings
from framework.control.settings import limits_from, operator_settings_from
from framework.plugins.launchers import Launch
from framework.processes.settings import check_grace
from framework.testing.kubernetes import ApiServer
from framework.testing.kubernetes.references import pod_template

WORKLOADS = ["convo-gateway", "convo-operator", "convo-runner", "convo-redis"]


@pytest.fixture(scope="module")
def settings(manifests, find):
    return find(manifests, "ConfigMap", "convo-settings")["data"]


@pytest.fixture(scope="module")
def pods(manifests):
    return {thing["metadata"]["name"]: template for thing in manifests if (template := pod_template(thing))}


@pytest.fixture(scope="module")
def template(manifests, find):
    return yaml.safe_load(find(manifests, "ConfigMap", "convo-runner-template")["data"]["template.yaml"])


def container(pods, name):
    return pods[name]["spec"]["containers"][0]


def test_every_manifest_is_valid_and_every_name_is_answered(manifests, check):
    assert check(manifests, thorough=True) == []


def test_nothing_names_a_namespace(manifests):
    assert not [thing for thing in manifests if "namespace" in thing["metadata"]]


def test_kustomize_takes_all_of_it_but_the_example_secrets(deploy):
    listed = yaml.safe_load((deploy / "kubernetes" / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
    there = {file.name for file in (deploy / "kubernetes").glob("*.yaml")}
    assert set(listed) == there - {"kustomization.yaml", "secret.example.yaml"}


def test_the_example_overlay_speaks_of_what_is_there(deploy, manifests, find, pods):
    overlay = yaml.safe_load((deploy / "example" / "kustomization.yaml").read_text(encoding="utf-8"))
    images = {container(pods, name)["image"].rpartition(":")[0] for name in WORKLOADS}
    assert {image["name"] for image in overlay["images"]} <= images
    [replacement] = overlay["replacements"]
    assert replacement["source"]["name"] == "convo-runner"
    [target] = replacement["targets"]
    assert "CONVO_RUNNER_IMAGE" in find(manifests, **target["select"])["data"]
    for patch in overlay["patches"]:
        changed = yaml.safe_load(patch["patch"])
        assert set(changed["data"]) <= set(find(manifests, changed["kind"], changed["metadata"]["name"])["data"])


def test_all_of_it_is_there(pods):
    assert sorted(pods) == sorted(WORKLOADS)


# --- Rights ----------------------------------------------------------------------------------------------------------


def test_the_role_is_this_and_nothing_else(manifests, find):
    assert find(manifests, "Role", "convo-operator")["rules"] == [
        {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "get", "list", "watch", "delete"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
        {"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["get", "patch"]},
    ]
    assert not [thing for thing in manifests if thing["kind"].startswith("Cluster")]


def test_only_the_operator_has_a_token(pods):
    assert {name for name in pods if pods[name]["spec"]["automountServiceAccountToken"]} == {"convo-operator"}


def test_provider_keys_reach_runners_only(pods):
    whole = {
        name
        for name in pods
        for source in container(pods, name).get("envFrom", ())
        if source.get("secretRef", {}).get("name") == "convo-secrets"
    }
    assert whole == {"convo-runner"}


def test_no_secret_stands_in_a_manifest(manifests):
    for thing in manifests:
        if thing["kind"] == "Secret":
            assert all(re.search(r"<[^>]+>", value) for value in thing["stringData"].values())
        else:
            assert not re.search(r"://[^/\s]*:[^/\s]+@", yaml.safe_dump(thing))


def test_who_may_reach_whom(manifests, find, pods):
    def let_in(name):
        policy = find(manifests, "NetworkPolicy", name)["spec"]
        assert policy["policyTypes"] == ["Ingress"]
        return policy.get("ingress", [])

    assert let_in("convo-operator") == []
    assert let_in("convo-gateway") == [{"ports": [{"port": 4444}]}]
    [runner] = let_in("convo-runner")
    gateway = pods["convo-gateway"]["metadata"]["labels"]
    assert runner["from"] == [{"podSelector": {"matchLabels": gateway}}]
    assert runner["ports"] == [{"port": 8080}]
    [redis] = let_in("convo-redis")
    allowed = redis["from"][0]["podSelector"]["matchExpressions"][1]["values"]
    assert sorted(allowed) == ["gateway", "operator", "runner"]


# --- Times, numbers and names ----------------------------------------------------------------------------------------


def test_runners_are_left_as_much_time_as_they_were_promised(settings, pods):
    grace = pods["convo-runner"]["spec"]["terminationGracePeriodSeconds"]
    assert str(grace) == settings["CONVO_GRACE_SECS"]
    check_grace(float(settings["CONVO_DRAIN_SECS"]), settings)


def test_the_settings_are_what_the_processes_read(settings):
    operator = operator_settings_from(settings)
    assert operator.launcher == "kubernetes"
    assert ClusterSettings.read(settings).warm == {operator.home: "convo-runner"}
    assert limits_from(settings).session_ms == int(settings["SESSION_TIMEOUT"])
    assert operator.launch_secs >= TimeSettings.read(settings).start_secs


def test_warm_runners_hold_as_many_sessions_as_the_operator_counts_on(pods):
    [capacity] = [each for each in container(pods, "convo-runner")["env"] if each["name"] == "CONVO_CAPACITY"]
    assert capacity["valueFrom"]["configMapKeyRef"]["key"] == "CONVO_OPERATOR_CAPACITY"


def test_images_are_pinned_and_ours_is_the_same_everywhere(settings, pods):
    images = {name: container(pods, name)["image"] for name in pods}
    for image in images.values():
        assert re.search(r"(:\d[\w.-]*|@sha256:[0-9a-f]{64})$", image)
    assert {images[name] for name in WORKLOADS[:3]} == {settings["CONVO_RUNNER_IMAGE"]}


@pytest.mark.parametrize(("name", "port"), [("convo-gateway", 4444), ("convo-operator", 4445), ("convo-runner", 8080)])
def test_doors_have_their_ports_and_are_probed(pods, name, port):
    door = container(pods, name)
    assert port == importlib.import_module(f"framework.processes.{name.removeprefix('convo-')}").PORT
    assert door["ports"] == [{"name": "http", "containerPort": port}]
    assert str(port) in door["args"]
    assert door["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "http"}
    assert door["livenessProbe"]["httpGet"] == {"path": "/health", "port": "http"}


def test_every_pod_can_run_with_a_read_only_root(pods):
    for name in pods:
        assert container(pods, name)["securityContext"]["readOnlyRootFilesystem"] is True
        assert container(pods, name)["volumeMounts"]


@pytest.mark.parametrize("name", ["convo-gateway", "convo-operator", "convo-runner"])
def test_what_is_started_is_a_program_with_these_options(pods, name):
    command = container(pods, name)["command"]
    words = {"python": command[1:], "convo": ["-m", "framework", *command[1:]]}[command[0]]
    told = subprocess.run(
        [sys.executable, *words, "--help"], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    for option in container(pods, name)["args"][::2]:
        assert option in told


# --- Cold runners ----------------------------------------------------------------------------------------------------


def test_a_cold_runners_pod_is_the_warm_ones_but_for_size_and_name(settings, pods, template):
    launch = Launch(launch_id="a1b2c3d4e5f6", pool="shared.default.any")
    made = job(launch, PodSettings.read(settings), TimeSettings.read(settings), template)
    cold, warm = made["spec"]["template"]["spec"], pods["convo-runner"]["spec"]
    assert {**cold, "containers": 0} == {**warm, "containers": 0, "restartPolicy": "Never"}
    [ours], [theirs] = cold["containers"], warm["containers"]
    own = ("env", "resources")
    assert {**ours, **dict.fromkeys(own)} == {**theirs, **dict.fromkeys(own)}
    assert [each for each in theirs["env"] if each["name"] != "CONVO_CAPACITY"] == ours["env"][:4]


def test_the_network_treats_cold_runners_as_warm_ones(settings, template, manifests, find):
    made = job(Launch(launch_id="a1", pool="p"), PodSettings.read(settings), TimeSettings.read(settings), template)
    labels = made["spec"]["template"]["metadata"]["labels"]
    wanted = find(manifests, "NetworkPolicy", "convo-runner")["spec"]["podSelector"]["matchLabels"]
    assert wanted.items() <= labels.items()
    for kind in ("Deployment", "PodDisruptionBudget"):
        chosen = find(manifests, kind, "convo-runner")["spec"]["selector"]["matchLabels"]
        assert not chosen.items() <= labels.items()


async def test_an_api_server_takes_a_cold_runner_as_the_operator_would_make_it(
    tmp_path, manifests, find, settings, template
):
    file = tmp_path / "template.yaml"
    file.write_text(yaml.safe_dump(template), encoding="utf-8")
    role = find(manifests, "Role", "convo-operator")["rules"]
    async with ApiServer(rules=role, images=()) as server:
        server.apply(*(thing for thing in manifests if thing["kind"] in ("ServiceAccount", "ConfigMap", "Secret")))
        here = {
            "CONVO_KUBERNETES_KUBECONFIG": str(server.kubeconfig(tmp_path / "config")),
            "CONVO_RUNNER_TEMPLATE": str(file),
        }
        launcher = KubernetesLauncher({**settings, **here})
        await launcher.open()
        try:
            await launcher.launch(Launch(launch_id="a1", pool="shared.default.any"))
            [seen] = await launcher.launched()
        finally:
            await launcher.close()
        assert seen.name == "convo-a1"
        assert len(server.objects("Pod")) == 1


# --- The store -------------------------------------------------------------------------------------------------------


def test_redis_itself_takes_its_configuration(manifests, find):
    config = find(manifests, "ConfigMap", "convo-redis")["data"]["redis.conf"]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "redis.conf").write_text(config, encoding="utf-8")
        socket = f"{folder}/s"
        command = ["redis-server", f"{folder}/redis.conf", "--dir", folder, "--port", "0", "--unixsocket", socket]
        ask = ["redis-cli", "-s", socket]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                ready = next((line for line in server.stdout if "eady to accept connections" in line), "")
                assert ready
                told = subprocess.run([*ask, "config", "get", "*"], capture_output=True, text=True, check=True).stdout
            finally:
                server.terminate()
    words = told.splitlines()
    has = dict(zip(words[::2], words[1::2], strict=True))
    assert (has["appendonly"], has["appendfsync"], has["maxmemory-policy"]) == ("yes", "always", "noeviction")
    assert int(has["maxmemory"]) > 0
