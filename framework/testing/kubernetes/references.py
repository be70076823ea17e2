"""Find names in a set of manifests that nothing there answers to. An API server takes them; then nothing starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from framework.testing.kubernetes.rules import Wrong

Thing = Mapping[str, Any]


def dangling(things: Sequence[Thing]) -> Iterator[Wrong]:
    """References to ConfigMaps, Secrets, accounts, roles, ports and pods that are not among the manifests."""
    known = {(thing["kind"], thing["metadata"]["name"]): thing for thing in things}
    if len(known) != len(things):
        yield Wrong("(all)", "two manifests have the same kind and name")
    pods = [(thing, template) for thing in things if (template := pod_template(thing))]
    for thing, template in pods:
        at = f"{thing['kind']}/{thing['metadata']['name']}"
        for kind, name in _used(template["spec"]):
            if (kind, name) not in known:
                yield Wrong(at, f"there is no {kind} `{name}`")
        yield from _keys(template["spec"], known, at)
    for thing in things:
        yield from _selections(thing, pods, known)


def pod_template(thing: Thing) -> Thing | None:
    """The pod that a workload makes, or None."""
    template: Thing | None = thing.get("spec", {}).get("template")
    return template if thing["kind"] in ("Deployment", "StatefulSet", "DaemonSet", "Job") else None


def _used(spec: Thing) -> Iterator[tuple[str, str]]:
    if account := spec.get("serviceAccountName"):
        yield "ServiceAccount", account
    for volume in spec.get("volumes") or ():
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"]
        if "secret" in volume:
            yield "Secret", volume["secret"]["secretName"]
    for container in spec["containers"]:
        for source in container.get("envFrom") or ():
            kind, reference = (
                ("ConfigMap", source["configMapRef"]) if "configMapRef" in source else ("Secret", source["secretRef"])
            )
            yield kind, reference["name"]


def _keys(spec: Thing, known: Mapping[tuple[str, str], Thing], at: str) -> Iterator[Wrong]:
    """Single entries that variables are taken from."""
    for container in spec["containers"]:
        for variable in container.get("env") or ():
            for source, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                if reference := variable.get("valueFrom", {}).get(source):
                    thing = known.get((kind, reference["name"]), {})
                    entries = {**(thing.get("data") or {}), **(thing.get("stringData") or {})}
                    if reference["key"] not in entries:
                        yield Wrong(at, f"the {kind} `{reference['name']}` has no `{reference['key']}`")


def _selections(
    thing: Thing, pods: Sequence[tuple[Thing, Thing]], known: Mapping[tuple[str, str], Thing]
) -> Iterator[Wrong]:
    kind, spec, at = thing["kind"], thing.get("spec", {}), f"{thing['kind']}/{thing['metadata']['name']}"
    if kind == "RoleBinding":
        for what, name in [(thing["roleRef"]["kind"], thing["roleRef"]["name"])] + [
            (subject["kind"], subject["name"]) for subject in thing["subjects"]
        ]:
            if (what, name) not in known:
                yield Wrong(at, f"there is no {what} `{name}`")
        return
    if kind == "StatefulSet" and ("Service", spec["serviceName"]) not in known:
        yield Wrong(at, f"there is no Service `{spec['serviceName']}`")
    selector = {"Service": spec.get("selector"), "PodDisruptionBudget": (spec.get("selector") or {}).get("matchLabels")}
    selector["NetworkPolicy"] = (spec.get("podSelector") or {}).get("matchLabels")
    if wanted := selector.get(kind):
        chosen = [template for _, template in pods if wanted.items() <= template["metadata"]["labels"].items()]
        if len(chosen) != 1:
            yield Wrong(at, f"its selector chooses {len(chosen)} workloads instead of one")
        elif kind == "Service":
            yield from _ports(spec, chosen[0]["spec"], at)


def _ports(service: Thing, pod: Thing, at: str) -> Iterator[Wrong]:
    ports = [port for container in pod["containers"] for port in container.get("ports") or ()]
    open_ = {port.get("name") for port in ports} | {port["containerPort"] for port in ports}
    for port in service["ports"]:
        if port.get("targetPort", port["port"]) not in open_:
            yield Wrong(at, f"its pods have no port `{port.get('targetPort', port['port'])}`")
