"""A cluster in this process, and launchers that speak with it under the operator's own Role."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml

from framework.control.launchers.kubernetes import KubernetesLauncher
from framework.testing.contracts import STAND_IN
from framework.testing.kubernetes import ApiServer

IMAGE = "registry.example/convo:1"
RBAC = Path(__file__).resolve().parents[4] / "deploy" / "kubernetes" / "rbac.yaml"
ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "convo-runner"}}
STORE = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "convo-store"},
    "stringData": {"REDIS_URL": "redis://:canary@redis:6379/0"},
}
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "convo-secrets"}, "stringData": {"OWN_KEY": "k"}}
TEMPLATE = {
    "spec": {
        "terminationGracePeriodSeconds": 1,
        "containers": [{"name": "runner", "command": ["python", "-c", STAND_IN], "args": None}],
    }
}


class Scene:
    """An API server, and launchers for it."""

    image = IMAGE

    def __init__(self, server, folder):
        self.server = server
        self.folder = folder
        self.template = folder / "template.yaml"
        self.says(TEMPLATE)

    def says(self, template):
        """What the deployment's own template holds."""
        self.template.write_text(yaml.safe_dump(template), encoding="utf-8")

    def environment(self, **more):
        return {
            "CONVO_KUBERNETES_KUBECONFIG": str(self.server.kubeconfig(self.folder / "kubeconfig")),
            "CONVO_KUBERNETES_CALL_S": "5",
            "CONVO_RUNNER_IMAGE": IMAGE,
            "CONVO_RUNNER_TEMPLATE": str(self.template),
            "CONVO_DRAIN_SECS": "0.5",
            **more,
        }

    @asynccontextmanager
    async def opened(self, **more):
        launcher = KubernetesLauncher(self.environment(**more))
        await launcher.open()
        try:
            yield launcher
        finally:
            await launcher.close()


@pytest.fixture(scope="session")
def role():
    """The rules of the Role that is deployed."""
    things = yaml.safe_load_all(RBAC.read_text(encoding="utf-8"))
    return next(thing["rules"] for thing in things if thing["kind"] == "Role")


@pytest.fixture
async def scene(tmp_path, role):
    async with ApiServer(rules=role, images={IMAGE}) as server:
        server.apply(ACCOUNT, STORE, SECRET)
        yield Scene(server, tmp_path)


@pytest.fixture
def until():
    """Wait for a condition, plain or awaited, under a deadline."""

    async def wait(so, seconds=20.0):
        async with asyncio.timeout(seconds):
            while True:
                found = so()
                found = await found if asyncio.iscoroutine(found) else found
                if found:
                    return found
                await asyncio.sleep(0.02)

    return wait
