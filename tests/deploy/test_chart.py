"""deploy/helm: rendered by Helm's own engine, the same as the plain manifests, and valid in every choice it offers."""

import helm_python
import jsonschema
import pytest
import yaml

from framework.control.launchers.kubernetes.job import job
from framework.control.launchers.kubernetes.settings import ClusterSettings, PodSettings, TimeSettings
from framework.control.settings import operator_settings_from
from framework.plugins.launchers import Launch
from framework.processes import operator
from framework.testing.kubernetes import undecodable, wrongs

OPEN = {"type": "object"}
SCALED_OBJECT = {
    "type": "object",
    "required": ["apiVersion", "kind", "metadata", "spec"],
    "additionalProperties": False,
    "properties": {
        "apiVersion": {"const": "keda.sh/v1alpha1"},
        "kind": {"const": "ScaledObject"},
        "metadata": OPEN,
        "spec": {
            "type": "object",
            "required": ["scaleTargetRef", "triggers"],
            "additionalProperties": False,
            "properties": {
                "scaleTargetRef": {
                    "type": "object",
                    "required": ["name"],
                    "additionalProperties": False,
                    "properties": {
                        "apiVersion": {"type": "string"},
                        "kind": {"type": "string"},
                        "name": {"type": "string"},
                        "envSourceContainerName": {"type": "string"},
                    },
                },
                "pollingInterval": {"type": "integer", "minimum": 1},
                "cooldownPeriod": {"type": "integer", "minimum": 0},
                "initialCooldownPeriod": {"type": "integer", "minimum": 0},
                "idleReplicaCount": {"const": 0},
                "minReplicaCount": {"type": "integer", "minimum": 0},
                "maxReplicaCount": {"type": "integer", "minimum": 1},
                "fallback": {
                    "type": "object",
                    "required": ["failureThreshold", "replicas"],
                    "additionalProperties": False,
                    "properties": {
                        "failureThreshold": {"type": "integer"},
                        "replicas": {"type": "integer"},
                        "behavior": {"type": "string"},
                    },
                },
                "advanced": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "restoreToOriginalReplicaCount": {"type": "boolean"},
                        "horizontalPodAutoscalerConfig": {
                            "type": "object",
                            "additionalProperties": False,
                            "properties": {"name": {"type": "string"}, "behavior": OPEN},
                        },
                        "scalingModifiers": OPEN,
                    },
                },
                "triggers": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["type", "metadata"],
                        "additionalProperties": False,
                        "properties": {
                            "type": {"const": "prometheus"},
                            "name": {"type": "string"},
                            "useCachedMetrics": {"type": "boolean"},
                            "authenticationRef": OPEN,
                            "metricType": {"enum": ["AverageValue", "Value"]},
                            "metadata": {
                                "type": "object",
                                "required": ["serverAddress", "query", "threshold"],
                                "additionalProperties": {"type": "string"},
                            },
                        },
                    },
                },
            },
        },
    },
}
"""As KEDA documents its scaled objects and its Prometheus scaler; its own schema is not published with Kubernetes'."""

CHOICES = [
    pytest.param({}, id="defaults"),
    pytest.param({"redis": {"enabled": False}}, id="a Redis of one's own"),
    pytest.param({"autoscaling": {"by": "hpa"}}, id="hpa"),
    pytest.param({"autoscaling": {"by": "keda"}}, id="keda"),
    pytest.param({"networkPolicy": {"enabled": False}, "podDisruptionBudget": {"enabled": False}}, id="bare"),
    pytest.param(
        {
            "image": {
                "repository": "mine/convo",
                "tag": "2.1",
                "pullPolicy": "Always",
                "pullSecrets": [{"name": "pull"}],
            },
            "environment": "stage",
            "build": "2-1",
            "settings": {"CONVO_LOG_LEVEL": "DEBUG", "CONVO_RUNNER_SPARE": 2},
            "gateway": {
                "service": {"type": "LoadBalancer", "annotations": {"a/b": "c"}},
                "ingress": {
                    "enabled": True,
                    "className": "nginx",
                    "host": "convo.example.org",
                    "tlsSecret": "convo-tls",
                },
            },
            "runner": {
                "nodeSelector": {"pool": "calls"},
                "tolerations": [{"key": "calls", "operator": "Exists"}],
                "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
            },
            "redis": {"storageClass": "fast"},
            "networkPolicy": {
                "metricsFrom": [{"namespaceSelector": {}}],
                "gatewayFrom": [{"namespaceSelector": {"matchLabels": {"name": "ingress"}}}],
            },
        },
        id="everything changed",
    ),
]


@pytest.fixture(scope="module")
def render(deploy):
    """Render the chart with these values; returns its objects."""
    with helm_python.Chart.load(deploy / "helm" / "convo") as chart:

        def render(values=None):
            chart.validate_schema(values or {})
            files = chart.render(values or {}, name="calls", namespace="calls")
            return [
                thing
                for name, text in files.items()
                if not name.endswith(".txt")
                for thing in yaml.safe_load_all(text)
                if thing
            ]

        yield render


@pytest.fixture(scope="module")
def secrets(manifests):
    return [thing for thing in manifests if thing["kind"] == "Secret"]


def named(things):
    return {(thing["kind"], thing["metadata"]["name"]): thing for thing in things}


def test_helm_has_nothing_to_say_against_it(deploy):
    report = helm_python.lint(deploy / "helm" / "convo", strict=True)
    assert not report["errors"]
    assert [message["error"] for message in report["messages"]] == ["icon is recommended"]


def test_what_it_makes_is_what_the_plain_manifests_say(render, manifests, secrets):
    plain, rendered = named(manifests), named(render())
    template = ("ConfigMap", "convo-runner-template")
    ours = yaml.safe_load(rendered.pop(template)["data"]["template.yaml"])
    assert ours == yaml.safe_load(plain.pop(template)["data"]["template.yaml"])
    assert rendered == {key: thing for key, thing in plain.items() if thing not in secrets}


@pytest.mark.parametrize("values", CHOICES)
def test_every_choice_is_valid_and_every_name_is_answered(render, check, secrets, values):
    things = render(values)
    scaled = [thing for thing in things if thing["kind"] == "ScaledObject"]
    for thing in scaled:
        jsonschema.Draft202012Validator(SCALED_OBJECT).validate(thing)
    assert check([*(thing for thing in things if thing not in scaled), *secrets]) == []


@pytest.mark.parametrize("by", ["hpa", "keda"])
def test_an_autoscaler_is_the_only_one_that_counts_warm_runners(render, find, by):
    things = render({"autoscaling": {"by": by}})
    assert "replicas" not in find(things, "Deployment", "convo-runner")["spec"]
    assert ClusterSettings.read(find(things, "ConfigMap", "convo-settings")["data"]).warm == {}
    rules = find(things, "Role", "convo-operator")["rules"]
    assert not [rule for rule in rules if "deployments/scale" in rule["resources"]]


def test_keda_and_hpa_count_slots_by_what_a_runner_holds(render, find):
    values = {"runner": {"capacity": 8}, "build": "2-1"}
    scaled = find(render({**values, "autoscaling": {"by": "keda"}}), "ScaledObject", "convo-runner")
    trigger = scaled["spec"]["triggers"][0]["metadata"]
    assert trigger["threshold"] == "8"
    assert trigger["query"] == 'max(convo_operator_pool_want{pool="shared.default.2-1"})'
    scaler = find(render({**values, "autoscaling": {"by": "hpa"}}), "HorizontalPodAutoscaler", "convo-runner")
    external = scaler["spec"]["metrics"][0]["external"]
    assert external["target"]["averageValue"] == "8"
    assert external["metric"]["name"] == "convo_operator_pool_want"
    assert "want" in operator._OF_POOLS
    assert external["metric"]["selector"]["matchLabels"] == {"pool": "shared.default.2-1"}


@pytest.mark.parametrize("values", CHOICES)
def test_the_operator_reads_what_the_chart_writes(render, find, values):
    things = render(values)
    settings = find(things, "ConfigMap", "convo-settings")["data"]
    wanted = operator_settings_from(settings)
    assert set(ClusterSettings.read(settings).warm) <= {wanted.home}
    text = find(things, "ConfigMap", "convo-runner-template")["data"]["template.yaml"]
    pod, times = PodSettings.read(settings), TimeSettings.read(settings)
    made = job(Launch(launch_id="a1", pool=wanted.home), pod, times, yaml.safe_load(text))
    assert not undecodable(made, "1.31")
    assert not list(wrongs(made))
    cold, warm = (
        made["spec"]["template"]["spec"],
        find(things, "Deployment", "convo-runner")["spec"]["template"]["spec"],
    )
    assert {**cold, "containers": 0} == {**warm, "containers": 0, "restartPolicy": "Never"}
    [ours], [theirs] = cold["containers"], warm["containers"]
    assert {**ours, "env": 0, "resources": 0} == {**theirs, "env": 0, "resources": 0}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        pytest.param({"runner": {"capactiy": 4}}, "capactiy", id="a misspelt value"),
        pytest.param({"image": {"tag": "latest"}}, "tag", id="an image that isn't pinned"),
        pytest.param({"autoscaling": {"by": "hand"}}, "by", id="another way to scale"),
        pytest.param({"build": "2.1"}, "build", id="a build with a dot"),
        pytest.param({"runner": {"drainSeconds": 700}}, "graceSeconds", id="no time after the drain"),
        pytest.param({"gateway": {"ingress": {"enabled": True}}}, "host", id="an ingress without a host"),
    ],
)
def test_wrong_values_are_refused(render, values, words):
    with pytest.raises(helm_python.HelmError, match=words):
        render(values)


def test_other_names_of_secrets_reach_warm_and_cold_runners(render, find):
    things = render({"secrets": {"store": "my-store", "runner": "my-keys"}})
    pod = PodSettings.read(find(things, "ConfigMap", "convo-settings")["data"])
    assert (pod.store, pod.secret) == ("my-store", "my-keys")
    sources = find(things, "Deployment", "convo-runner")["spec"]["template"]["spec"]["containers"][0]["envFrom"]
    assert [source["secretRef"]["name"] for source in sources[1:]] == ["my-store", "my-keys"]
