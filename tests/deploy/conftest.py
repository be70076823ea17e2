"""The manifests of `deploy/`, read."""

from pathlib import Path

import pytest
import yaml
from kubernetes_validate import utils

from framework.testing.kubernetes import dangling, restricted, undecodable, wrongs
from framework.testing.kubernetes.references import pod_template

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
OLDEST = (1, 29)
"""Of Kubernetes: the first that knows all fields that we need without a feature gate."""


@pytest.fixture(scope="session")
def deploy():
    return DEPLOY


@pytest.fixture(scope="session")
def manifests():
    """All objects of deploy/kubernetes, the example Secrets included."""
    files = [file for file in sorted((DEPLOY / "kubernetes").glob("*.yaml")) if file.name != "kustomization.yaml"]
    return [thing for file in files for thing in yaml.safe_load_all(file.read_text(encoding="utf-8"))]


@pytest.fixture(scope="session")
def check():
    """All that is wrong with a set of manifests, in sentences; by the oldest and the newest version, or by all."""
    known = [version for version in utils.all_versions() if tuple(map(int, version.split(".")[:2])) >= OLDEST]

    def check(things, *, thorough=False):
        versions = known if thorough else [known[0], known[-1]]
        found = [str(wrong) for wrong in dangling(things)]
        for thing in things:
            at = f"{thing['kind']}/{thing['metadata']['name']}"
            found += [f"{at}, {version}: {why}" for version in versions if (why := undecodable(thing, version))]
            found += [f"{at}: {wrong}" for wrong in wrongs(thing)]
            if template := pod_template(thing):
                found += [f"{at}: {wrong}" for wrong in restricted(template["spec"])]
        return found

    return check


@pytest.fixture(scope="session")
def find():
    """One object of a set by its kind and name."""

    def find(things, kind, name):
        [found] = [each for each in things if (each["kind"], each["metadata"]["name"]) == (kind, name)]
        return found

    return find
