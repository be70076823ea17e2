"""What an API server refuses: the published schemas, and the rules that no schema can say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]

LABEL_LIMIT, NAME_LIMIT, SUBDOMAIN_LIMIT, PORT_NAME_LIMIT = 63, 63, 253, 15
DNS_LABEL = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
SUBDOMAIN = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
VALUE = re.compile(r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$")
KEY = re.compile(r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$")
VARIABLE = re.compile(r"^[-._a-zA-Z][-._a-zA-Z0-9]*$")
PORT_NAME = re.compile(r"^(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$")
QUANTITY = re.compile(r"^([0-9.]+)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$")
SCALES = {
    "": 1.0,
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
}
SHORT_NAMES = frozenset({"Service", "Namespace"})


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong with an object."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def undecodable(thing: Mapping[str, Any], version: str) -> str:
    """Why an object does not even have the form of its kind, strictly; empty when it has."""
    try:
        kubernetes_validate.validate(dict(thing), version, strict=True)
    except kubernetes_validate.ValidationError as error:
        place = ".".join(str(step) for step in error.absolute_path)
        return f"{place or '(top level)'}: {error.message}"
    except kubernetes_validate.SchemaNotFoundError as error:
        return str(error.message)
    except KeyError as missing:
        return f"{missing.args[0]} is not set"
    return ""


def wrongs(thing: Mapping[str, Any]) -> Iterator[Wrong]:
    """All that the schemas miss."""
    yield from metadata(thing["metadata"], "metadata", thing["kind"])
    if rule := KINDS.get(thing["kind"]):
        yield from rule(thing)


def metadata(data: Mapping[str, Any], at: str, kind: str = "") -> Iterator[Wrong]:
    """Names, labels and annotations."""
    name = data.get("name", "")
    if kind:
        short = kind in SHORT_NAMES
        limit = NAME_LIMIT if short or kind == "Job" else SUBDOMAIN_LIMIT  # a Job's name is also its pods' label
        if not (DNS_LABEL if short else SUBDOMAIN).match(name) or len(name) > limit:
            yield Wrong(
                f"{at}.name",
                f"`{name}` must be at most {limit} small letters, digits, `-`, a letter or digit at both ends",
            )
    yield from labels(data.get("labels") or {}, f"{at}.labels")
    for key in data.get("annotations") or {}:
        yield from _key(key, f"{at}.annotations")


def labels(given: Mapping[str, Any], at: str) -> Iterator[Wrong]:
    """Keys and values of labels or of a selector."""
    for key, value in given.items():
        yield from _key(key, at)
        if not isinstance(value, str) or len(value) > LABEL_LIMIT or not VALUE.match(value):
            yield Wrong(at, f"`{value}` must be at most {LABEL_LIMIT} letters, digits, `-`, `_`, `.`")


def _key(key: str, at: str) -> Iterator[Wrong]:
    prefix, slash, name = key.rpartition("/")
    if len(name) > LABEL_LIMIT or not KEY.match(name):
        yield Wrong(at, f"the name of the key `{key}` must be at most {LABEL_LIMIT} letters, digits, `-`, `_`, `.`")
    if slash and (not SUBDOMAIN.match(prefix) or len(prefix) > SUBDOMAIN_LIMIT):
        yield Wrong(at, f"the prefix of the key `{key}` must be a DNS subdomain")


# --- Kinds -----------------------------------------------------------------------------------------------------------


def _job(job: Mapping[str, Any]) -> Iterator[Wrong]:
    spec = job["spec"]
    for name in ("backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished", "completions", "parallelism"):
        if spec.get(name, 0) < 0:
            yield Wrong(f"spec.{name}", "must be greater than or equal to 0")
    if "selector" in spec and not spec.get("manualSelector"):
        yield Wrong("spec.selector", "`selector` not auto-generated")
    pod = spec["template"]["spec"]
    if pod.get("restartPolicy") not in ("Never", "OnFailure"):
        yield Wrong("spec.template.spec.restartPolicy", 'Required value: valid values: "OnFailure", "Never"')
    if policy := spec.get("podFailurePolicy"):
        yield from _failure_policy(policy, spec, pod)
    yield from pod_template(spec["template"], "spec.template")


def _failure_policy(policy: Mapping[str, Any], spec: Mapping[str, Any], pod: Mapping[str, Any]) -> Iterator[Wrong]:
    if pod.get("restartPolicy") != "Never":
        yield Wrong("spec.template.spec.restartPolicy", "only `Never` is supported when podFailurePolicy is specified")
    if spec.get("podReplacementPolicy", "Failed") != "Failed":
        yield Wrong("spec.podReplacementPolicy", "must be `Failed` when podFailurePolicy is specified")
    names = {container["name"] for container in [*pod.get("containers", ()), *pod.get("initContainers", ())]}
    for index, rule in enumerate(policy["rules"]):
        at = f"spec.podFailurePolicy.rules[{index}]"
        if ("onExitCodes" in rule) == ("onPodConditions" in rule):
            yield Wrong(at, "specifying one of OnExitCodes and OnPodConditions is required")
        if codes := rule.get("onExitCodes"):
            values = codes["values"]
            if values != sorted(set(values)) or not values:
                yield Wrong(f"{at}.onExitCodes.values", "must be ordered and not repeat")
            if codes["operator"] == "In" and 0 in values:
                yield Wrong(f"{at}.onExitCodes.values", "must not be 0 for the In operator")
            if codes.get("containerName", next(iter(names))) not in names:
                yield Wrong(f"{at}.onExitCodes.containerName", "there is no such container")


def _workload(thing: Mapping[str, Any]) -> Iterator[Wrong]:
    """A Deployment or StatefulSet."""
    spec = thing["spec"]
    wanted = spec["selector"].get("matchLabels") or {}
    has = spec["template"].get("metadata", {}).get("labels") or {}
    yield from labels(wanted, "spec.selector.matchLabels")
    if not wanted or not wanted.items() <= has.items():
        yield Wrong("spec.template.metadata.labels", "`selector` does not match template `labels`")
    if spec["template"]["spec"].get("restartPolicy", "Always") != "Always":
        yield Wrong("spec.template.spec.restartPolicy", 'Unsupported value: supported values: "Always"')
    claims = [claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates") or ()]
    yield from pod_template(spec["template"], "spec.template", claims)


def _pod(thing: Mapping[str, Any]) -> Iterator[Wrong]:
    yield from pod_spec(thing["spec"], "spec")


def _service(thing: Mapping[str, Any]) -> Iterator[Wrong]:
    spec = thing["spec"]
    yield from labels(spec.get("selector") or {}, "spec.selector")
    ports = spec.get("ports") or []
    if not ports and spec.get("clusterIP") != "None":
        yield Wrong("spec.ports", "Required value")
    if len(ports) > 1 and any("name" not in port for port in ports):
        yield Wrong("spec.ports", "each port needs a name where there are several")


def _budget(thing: Mapping[str, Any]) -> Iterator[Wrong]:
    if ("minAvailable" in thing["spec"]) == ("maxUnavailable" in thing["spec"]):
        yield Wrong("spec", "minAvailable and maxUnavailable: give one of them")


def _entries(thing: Mapping[str, Any]) -> Iterator[Wrong]:
    """A ConfigMap or Secret."""
    for key in {**(thing.get("data") or {}), **(thing.get("stringData") or {})}:
        if not KEY.match(key):
            yield Wrong("data", f"`{key}` must be letters, digits, `-`, `_`, `.`")


KINDS: dict[str, Callable[[Mapping[str, Any]], Iterator[Wrong]]] = {
    "Job": _job,
    "Deployment": _workload,
    "StatefulSet": _workload,
    "Pod": _pod,
    "Service": _service,
    "PodDisruptionBudget": _budget,
    "ConfigMap": _entries,
    "Secret": _entries,
}


# --- Pods ------------------------------------------------------------------------------------------------------------


def pod_template(template: Mapping[str, Any], at: str, claims: Sequence[str] = ()) -> Iterator[Wrong]:
    """The template of a Job or workload; `claims` are the volumes that a StatefulSet brings."""
    yield from metadata(template.get("metadata") or {}, f"{at}.metadata")
    yield from pod_spec(template["spec"], f"{at}.spec", claims)


def pod_spec(spec: Mapping[str, Any], at: str, claims: Sequence[str] = ()) -> Iterator[Wrong]:
    """Containers, volumes, times."""
    if spec.get("terminationGracePeriodSeconds", 0) < 0:
        yield Wrong(f"{at}.terminationGracePeriodSeconds", "must be greater than or equal to 0")
    volumes = [*claims, *(volume["name"] for volume in spec.get("volumes") or ())]
    containers = [*spec["containers"], *(spec.get("initContainers") or ())]
    for what, names in (("volumes", volumes), ("containers", [each["name"] for each in containers])):
        for name in names:
            if not DNS_LABEL.match(name) or len(name) > NAME_LIMIT:
                yield Wrong(f"{at}.{what}", f"`{name}` must be a DNS label")
            if names.count(name) > 1:
                yield Wrong(f"{at}.{what}", f"Duplicate value: `{name}`")
    for container in containers:
        yield from _container(container, volumes, f"{at}.containers[{container['name']}]")


def _container(container: Mapping[str, Any], volumes: list[str], at: str) -> Iterator[Wrong]:
    if not container.get("image", "").strip():
        yield Wrong(f"{at}.image", "Required value")
    for mount in container.get("volumeMounts") or ():
        if mount["name"] not in volumes:
            yield Wrong(f"{at}.volumeMounts", f"Not found: `{mount['name']}`")
    for port in container.get("ports") or ():
        name = port.get("name", "a")
        if len(name) > PORT_NAME_LIMIT or not PORT_NAME.match(name):
            yield Wrong(f"{at}.ports", f"`{name}` must be at most {PORT_NAME_LIMIT} small letters, digits, `-`")
    yield from _probes(container, at)
    yield from _environment(container, at)
    yield from _resources(container.get("resources") or {}, at)


def _probes(container: Mapping[str, Any], at: str) -> Iterator[Wrong]:
    """A probe by a port's name that the container doesn't have would never succeed."""
    names = {port.get("name") for port in container.get("ports") or ()}
    for kind in ("readinessProbe", "livenessProbe", "startupProbe"):
        probe = container.get(kind) or {}
        port = (probe.get("httpGet") or probe.get("tcpSocket") or {}).get("port", 0)
        if isinstance(port, str) and port not in names:
            yield Wrong(f"{at}.{kind}", f"there is no port `{port}`")
        if kind != "readinessProbe" and probe.get("successThreshold", 1) != 1:
            yield Wrong(f"{at}.{kind}.successThreshold", "must be 1")


def _environment(container: Mapping[str, Any], at: str) -> Iterator[Wrong]:
    seen: set[str] = set()
    for variable in container.get("env") or ():
        name = variable["name"]
        if not VARIABLE.match(name):
            yield Wrong(f"{at}.env", f"`{name}` is no name of a variable")
        if variable.get("value") and "valueFrom" in variable:
            yield Wrong(f"{at}.env[{name}]", "may not be specified when `value` is not empty")
        if "valueFrom" in variable and len(variable["valueFrom"]) != 1:
            yield Wrong(f"{at}.env[{name}].valueFrom", "must specify one source")
        if name in seen:
            yield Wrong(f"{at}.env", f"Duplicate value: `{name}`")
        seen.add(name)


def _resources(resources: Mapping[str, Any], at: str) -> Iterator[Wrong]:
    limits = resources.get("limits") or {}
    for name, text in (resources.get("requests") or {}).items():
        asked, most = quantity(str(text)), quantity(str(limits.get(name, text)))
        if asked is None or most is None:
            yield Wrong(f"{at}.resources", f"`{name}` is no quantity")
        elif asked > most:
            yield Wrong(f"{at}.resources.requests", f"`{name}` must be less than or equal to its limit")


def quantity(text: str) -> float | None:
    """A quantity as a number.

    >>> quantity("1Gi"), quantity("250m"), quantity("much")
    (1073741824.0, 0.25, None)
    """
    found = QUANTITY.match(text)
    return float(found[1]) * SCALES[found[2] or ""] if found else None


def restricted(spec: Mapping[str, Any]) -> Iterator[Wrong]:
    """What the Pod Security standard `restricted` forbids."""
    pod = spec.get("securityContext") or {}
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(name):
            yield Wrong(name, "must not be set")
    for volume in spec.get("volumes") or ():
        if "hostPath" in volume:
            yield Wrong("volumes", "hostPath is forbidden")
    for container in [*spec["containers"], *(spec.get("initContainers") or ())]:
        own = {**pod, **(container.get("securityContext") or {})}
        at = f"containers[{container['name']}].securityContext"
        if own.get("allowPrivilegeEscalation") is not False:
            yield Wrong(at, "allowPrivilegeEscalation must be false")
        if "ALL" not in (own.get("capabilities") or {}).get("drop", ()):
            yield Wrong(at, "capabilities.drop must contain ALL")
        if own.get("runAsNonRoot") is not True or own.get("runAsUser") == 0:
            yield Wrong(at, "runAsNonRoot must be true")
        if (own.get("seccompProfile") or {}).get("type") not in ("RuntimeDefault", "Localhost"):
            yield Wrong(at, "seccompProfile.type must be RuntimeDefault")
