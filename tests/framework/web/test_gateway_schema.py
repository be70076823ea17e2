"""Whatever the OpenAPI document allows, and much that it doesn't: no answer is a failure of ours, each is documented."""

import asyncio
import threading

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from framework.control.connection import Connection
from framework.control.store import Store
from framework.processes.gateway import Gateway, GatewaySettings
from framework.web.apikeys import issue
from framework.web.keyring import StoreKeyring

SCOPES = {"every": ("join", "admin", "read"), "join": ("join",), "admin": ("admin",), "read": ("read",)}
STREAMS = {"/events"}
"""They don't end; `test_gateway_events` asks them."""
WAITS = {"/start"}
"""May say that there is no runner."""
CALM = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.large_base_example]


class Served:
    """A gateway in a thread of its own, since what asks it is not asynchronous."""

    def __init__(self, project):
        self._project = project
        self.keys = {}
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._gateway.leave)
        self._thread.join(30)

    async def _serve(self):
        self._loop = asyncio.get_running_loop()
        store = Store(Connection.embedded())
        for name, scopes in SCOPES.items():
            key, record = issue(name, tenant="acme", scopes=scopes)
            await StoreKeyring(store).put(record)
            self.keys[name] = key.text
        told = {"CONVO_RATE_REQUESTS": "0", "CONVO_RATE_FAILURES": "0"}
        mine = GatewaySettings(root=self._project.root, environment=told, start_s=0.02)
        self._gateway = Gateway(store, lambda: self._project, mine, port=0)
        self.url = self._gateway.url
        running = asyncio.create_task(self._gateway.run(signals=False))
        self._ready.set()
        await running
        await store.close()


@pytest.fixture(scope="module")
def served(stand_in_project):
    with Served(stand_in_project) as served:
        yield served


def schema_of(served, key):
    headers = {"Authorization": f"Bearer {served.keys[key]}"}
    schema = schemathesis.openapi.from_url(f"{served.url}/openapi.json", headers=headers)
    return schema.exclude(path=sorted(STREAMS)), headers


def check(case, answer):
    """Nothing of ours has failed, and what is refused is a problem that says what to do."""
    where = f"{case.method} {case.path}: {answer.status_code} {answer.text[:300]}"
    assert answer.status_code < 500 or (answer.status_code == 503 and case.path in WAITS), where
    if answer.status_code >= 400:
        assert answer.headers["content-type"][0].startswith("application/problem+json"), where
        problem = answer.json()
        assert problem["status"] == answer.status_code, where
        assert problem["detail"], where


def fuzz(served, key, examples):
    schema, headers = schema_of(served, key)
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=CALM)
        def ask(case):
            check(case, case.call(headers=headers, timeout=20))

        ask()
        asked += 1
    assert asked > 15


@pytest.mark.parametrize("key", SCOPES)
def test_no_request_breaks_the_gateway(served, key):
    fuzz(served, key, 25 if key == "every" else 4)


def walk(served, examples, steps):
    schema, headers = schema_of(served, "every")

    class Walk(schema.as_state_machine()):
        """What follows from one another: a session is joined, looked at, ordered about, let go."""

        def get_call_kwargs(self, case):
            return {"headers": headers, "timeout": 20}

        def validate_response(self, response, case, **_):
            check(case, response)

    Walk.run(
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, database=None, suppress_health_check=CALM
        )
    )


def test_no_sequence_of_requests_breaks_the_gateway(served):
    walk(served, 8, 8)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("key", SCOPES)
def test_no_request_of_many_breaks_the_gateway(served, key):
    fuzz(served, key, 200)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_no_sequence_of_many_requests_breaks_the_gateway(served):
    walk(served, 200, 20)
