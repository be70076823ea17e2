"""An operator with the Kubernetes launcher, against an API server that really starts the pods' processes."""

import asyncio
import contextlib
import json
import textwrap
from pathlib import Path

import pytest
import yaml

from framework.control.connection import Connection
from framework.control.launchers.kubernetes import KubernetesLauncher
from framework.control.operator import Operator
from framework.control.records import Limits, Request
from framework.control.settings import OperatorSettings
from framework.control.store import Store
from framework.errors import StoreError
from framework.sessions.spec import SessionSpec
from framework.testing.kubernetes import ApiServer
from framework.testing.redis import RedisServer

ROOT = Path(__file__).parents[3]
HOME = "shared.default.any"
IMAGE = "registry.example/convo:1"
LABELS = {"app.kubernetes.io/component": "runner"}
ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "convo-runner"}}
RUNNER = """
    import asyncio, os, signal
    from framework.control.member import Member
    from framework.control.records import Runner
    from framework.control.settings import store_from
    from framework.testing.holder import PretendHolder

    async def main():
        told = os.environ
        holder = PretendHolder(int(told.get("CONVO_CAPACITY", "2")))
        about = Runner(runner_id=f"p{os.getpid()}", capacity=holder.capacity, launch=told.get("CONVO_LAUNCH_ID", ""))
        leaving = asyncio.Event()
        member = Member(store_from(told), about, on_drain=leaving.set)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leaving.set)
        asyncio.get_running_loop().call_later(300, leaving.set)  # whatever becomes of the test
        holder.listener = member
        running = asyncio.create_task(member.run(holder))
        await leaving.wait()
        running.cancel()

    asyncio.run(main())
"""


def container(**more):
    return {
        "name": "runner",
        "image": IMAGE,
        "command": ["python", "-c", textwrap.dedent(RUNNER)],
        "args": None,
        "env": [{"name": "PYTHONPATH", "value": str(ROOT)}],
        "envFrom": [{"secretRef": {"name": "convo-store"}}],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        **more,
    }


def deployment():
    """The warm pool, empty until an operator says how large it is to be."""
    security = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    pod = {"securityContext": security, "terminationGracePeriodSeconds": 1, "containers": [container()]}
    pod["containers"][0].pop("args")
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "convo-runner"},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": LABELS},
            "template": {"metadata": {"labels": LABELS}, "spec": pod},
        },
    }


@pytest.fixture
async def server():
    async with RedisServer() as server:
        yield server


@pytest.fixture
async def store(server):
    store = Store(Connection.to(server.url), limits=Limits(lease_ms=1000))
    yield store
    await store.close()


@pytest.fixture
async def cluster(server):
    rules = yaml.safe_load_all((ROOT / "deploy/kubernetes/rbac.yaml").read_text(encoding="utf-8"))
    role = next(thing["rules"] for thing in rules if thing["kind"] == "Role")
    told = {"REDIS_URL": server.url, "CONVO_LIMITS_LEASE_MS": "1000"}
    secrets = [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": told}
        for name in ("convo-store", "convo-secrets")
    ]
    async with ApiServer(rules=role, images={IMAGE}) as cluster:
        cluster.apply(ACCOUNT, *secrets, deployment())
        yield cluster


@pytest.fixture
async def operate(cluster, store, tmp_path):
    """Run an operator in the cluster until the test ends."""
    tasks = []

    def operate(*, image=IMAGE, **settings):
        template = tmp_path / "template.yaml"
        own = container() | {"image": image}
        template.write_text(yaml.safe_dump({"spec": {"terminationGracePeriodSeconds": 1, "containers": [own]}}))
        launcher = KubernetesLauncher(
            {
                "CONVO_KUBERNETES_KUBECONFIG": str(cluster.kubeconfig(tmp_path / "kubeconfig")),
                "CONVO_KUBERNETES_DEPLOYMENTS": f"{HOME}=convo-runner",
                "CONVO_RUNNER_IMAGE": image,
                "CONVO_RUNNER_TEMPLATE": str(template),
                "CONVO_DRAIN_SECS": "0.5",
            }
        )
        chosen = OperatorSettings(plan_secs=0.05, sweep_secs=0.05, **settings)
        operator = Operator(store, launcher, chosen)
        tasks.append(asyncio.create_task(operator.run()))
        return operator

    yield operate
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def until(condition, within_s=60.0):
    """Wait for it; a store that is too busy to answer an onlooker is asked again."""
    async with asyncio.timeout(within_s):
        while True:
            with contextlib.suppress(StoreError):
                if found := await condition():
                    return found
            await asyncio.sleep(0.05)


def asked(number):
    return Request(spec=SessionSpec(session_id=f"s{number}", bot="clinic"), room=f"room-{number}")


async def test_the_deployment_is_held_and_who_waits_gets_a_job(cluster, store, operate):
    operate(warm=3, capacity=2, idle_secs=0.5)

    async def warm():
        return sum(runner.free for runner in await store.runners() if not runner.launch) == 4

    await until(warm)
    assert cluster.objects("Job") == []
    for number in range(6):
        await store.join(asked(number))

    async def all_joined():
        return (await store.by_state())["joined"] == 6

    await until(all_joined)

    async def refilled():
        runners = await store.runners()
        return sum(runner.free for runner in runners if not runner.launch) >= 3

    await until(refilled)
    for number in range(6):
        await store.cancel(f"s{number}")

    async def as_before():
        taking = [runner for runner in await store.runners() if not runner.draining]
        return len(taking) == 2 and len(cluster.objects("Pod")) == 2 and not cluster.objects("Job")

    await until(as_before)
    assert (await store.by_state())["ended"] == 6


async def test_an_image_that_is_not_there_is_told_with_its_reason(cluster, store, operate):
    operate(warm=0, image="registry.example/nothing:1", launch_secs=1.0)
    await store.join(asked(1))

    async def told():
        events = [json.loads(event.text) for event in await store.past_events("0-0")]
        return [event["data"] for event in events if event["type"] == "launch.failed"]

    [first, *_] = await until(told)
    assert "ImagePullBackOff" in first["reason"]

    async def cleared():
        return len(cluster.objects("Job")) <= 1

    await until(cleared)
    assert (await store.session("s1")).state == "queued"
