"""Run bridges beside a gateway: each with its access to the fleet, started again when it fails."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from loguru import logger
from pydantic import ValidationError

from framework.control.records import Request, StoredEvent
from framework.control.settings import build_from
from framework.control.store import Store
from framework.errors import FrameworkError, StoreError, UnknownNameError, UserError
from framework.plugins.bridges import Bridge, RefusalError
from framework.plugins.host import PluginHost
from framework.plugins.settings import Settings, read
from framework.sessions.spec import SessionSpec
from framework.web.admin import give, order_of, targets_of
from framework.web.admission import Admission, NotAdmittedError, fingerprint
from framework.web.catalog import Catalog
from framework.web.credentials import EVERY_TENANT, SCOPES, Credential
from framework.web.feed import order_of as place_of
from framework.web.join import parse
from framework.web.ports import RefusedError
from framework.web.schemas import AdminRequest, JoinRequest
from framework.web.sessions import shown, states_of, visible

if TYPE_CHECKING:
    from framework.project import Project

NAMES = "CONVO_BRIDGES"
ROOMS = ("CONVO_PRIVATE_ROOMS", "CONVO_ROOM_PORTS")
"""What the environment says of rooms."""
WAIT_MS = 1000
"""Longest wait for an event."""
PAGE = 500
AGAIN_S = 1.0
"""Until a bridge that failed is started again; twice as long each time."""
LONGEST_S = 60.0
STEADY_S = 60.0
"""A bridge that worked so long has recovered."""


class Bridges:
    """The bridges of one gateway."""

    def __init__(self, catalog: Catalog, bridges: Sequence[tuple[Bridge, Fleet]]) -> None:
        self._catalog = catalog
        self._bridges = bridges

    @classmethod
    def read(
        cls,
        store: Store,
        project: Callable[[], Project],
        environment: Mapping[str, str],
        *,
        stack: str = "",
        test_profile: bool = False,
    ) -> Bridges | None:
        """Those that `CONVO_BRIDGES` names; None when it names none.

        Raises:
            UserError: There is no such bridge, its settings are wrong, or it can't work here.
        """
        names = [name for name in (part.strip() for part in environment.get(NAMES, "").split(",")) if name]
        if not names:
            return None
        catalog = Catalog(project)
        host = PluginHost.load(catalog.project)
        build = build_from(environment)
        admission = Admission(
            store=store,
            catalog=catalog,
            build=build,
            stack=stack,
            test_profile=test_profile,
            rooms={name: environment[name] for name in ROOMS if name in environment},
        )
        return cls(catalog, [_made(name, host, admission, environment) for name in dict.fromkeys(names)])

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._catalog.watch(), name="bridges: catalog")
            for bridge, fleet in self._bridges:
                group.create_task(kept_up(bridge, fleet), name=f"bridge: {bridge.name}")


async def kept_up(bridge: Bridge, fleet: Fleet, *, again_s: float = AGAIN_S) -> None:
    """Run a bridge, and run it again when it fails."""
    loop = asyncio.get_running_loop()
    pause = again_s
    while True:
        began = loop.time()
        failure: Exception | None = None
        try:
            await bridge.run(fleet)
        except Exception as error:  # noqa: BLE001 - a bridge may fail in any way; the gateway goes on
            failure = _innermost(error)
        pause = again_s if loop.time() - began > STEADY_S else pause
        why = failure.message if isinstance(failure, FrameworkError) else type(failure).__name__
        about = logger.bind(bridge=bridge.name, problem=why if failure else "it returned", again_s=pause)
        about.opt(exception=failure).warning("a bridge has stopped and is started again")
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_S)


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """One bridge's access; implements `framework.plugins.bridges.FleetAccess`."""

    name: str
    """The bridge."""
    admission: Admission
    settings: Settings | None = None

    @property
    def _store(self) -> Store:
        return self.admission.store

    async def join(self, body: Mapping[str, Any], *, tenant: str, session_id: str = "") -> dict[str, Any]:
        """Do what `POST /join` does."""
        with _refusals():
            asked = parse(json.dumps(body).encode())
            request = self.admission.request(asked, self._as(self.name, tenant))
            if session_id:
                request = _under(request, session_id, asked)
            joining = await self.admission.join(request)
        return {
            "session_id": joining.session_id,
            "pid": joining.session_id,
            "room": request.room,
            "status": joining.state,
            "position": joining.position,
        }

    async def admin(self, body: Mapping[str, Any], *, tenant: str, by: str) -> list[dict[str, Any]]:
        """Do what `POST /admin` does."""
        with _refusals():
            asked = AdminRequest.model_validate(dict(body))
            order = order_of(asked)
            targets = await targets_of(asked, self._store, self._as(by, tenant), self.admission.room)
            orders = await give(self._store, order, targets, by=by)
        return [order.model_dump(exclude_defaults=True) for order in orders]

    async def leave(self, session_id: str, reason: str) -> str:
        """Do what `POST /sessions/{id}/leave` does."""
        with _refusals():
            await visible(self._store, session_id, self._as(self.name, EVERY_TENANT))
            return "ending" if await self._store.cancel(session_id, reason) == "stopping" else "ended"

    async def session(self, session_id: str) -> dict[str, Any] | None:
        """One session."""
        record = await self._store.session(session_id)
        return shown(record).model_dump() if record else None

    async def sessions(self, *, states: str = "", tenant: str = "") -> AsyncGenerator[dict[str, Any], None]:
        """All sessions of these states."""
        with _refusals():
            wanted = states_of(states)
        after = ""
        while True:
            page, after = await self._store.sessions(tenant=tenant, states=wanted, limit=PAGE, after=after)
            for record in page:
                yield shown(record).model_dump()
            if not after:
                return

    async def runners(self) -> list[dict[str, Any]]:
        """The runners that are alive."""
        return [
            {
                "runner_id": runner.runner_id,
                "address": runner.address,
                "pool": runner.pool,
                "capacity": runner.capacity,
                "free": runner.free,
                "draining": runner.draining,
            }
            for runner in await self._store.runners()
            if not runner.dead
        ]

    async def events(self, after: str) -> AsyncGenerator[Sequence[dict[str, Any]], None]:
        """What happens, from where one left off."""
        newest = await self._store.last_event()
        cursor = after if after and place_of(after) <= place_of(newest) else "0-0"
        while True:
            found = await self._store.events(cursor, WAIT_MS)
            cursor = found[-1].id if found else cursor
            yield [event for event in map(_event, found) if event]

    def kept_s(self, state: str) -> float:
        """How long the store keeps a session of this state."""
        limits = self._store.limits
        return {"ended": limits.keep_ended_ms, "failed": limits.keep_failed_ms}.get(state, 0) / 1000

    def room(self, text: str) -> str:
        """The one name of a room."""
        with _refusals():
            return self.admission.room(text)

    async def redis(self, *words: str | int) -> Any:
        """One command to the store's server."""
        return await self._store.server.do(*words)

    def hear(self, pattern: str) -> AsyncGenerator[tuple[bytes, bytes], None]:
        """What is published on the store's server."""
        return self._store.server.hear(pattern)

    def _as(self, by: str, tenant: str) -> Credential:
        return Credential(key_id=f"bridge:{self.name}", name=by, tenant=tenant, scopes=frozenset(SCOPES), kind="local")


def _made(name: str, host: PluginHost, admission: Admission, environment: Mapping[str, str]) -> tuple[Bridge, Fleet]:
    try:
        bridge = host.bridges.get(name)
    except UnknownNameError as unknown:
        broken = next((problem.sentence for problem in host.problems if problem.plugin == name), "")
        raise UnknownNameError(unknown.message, where=NAMES, fix=broken or unknown.fix) from None
    if bridge.needs_redis and admission.store.server.run_id:
        raise UserError(
            f"the bridge `{name}` needs a Redis that others can reach, and this store is inside this very process",
            where=NAMES,
            fix=f"Set REDIS_URL=redis://HOST:6379/0, or unset {NAMES}.",
        )
    plugin = host.bridges.owner(name)
    model = host.manifests[plugin].settings
    settings = read(model, plugin, host.settings.get(plugin), environment) if model else None
    return bridge, Fleet(name=name, admission=admission, settings=settings)


def _under(request: Request, session_id: str, asked: JoinRequest) -> Request:
    """The request with an id for the session that somebody outside has chosen; under it, too, it is asked for once."""
    try:
        spec = SessionSpec.model_validate({**request.spec.model_dump(), "session_id": session_id})
    except ValidationError:
        message = "a session's id has 1 to 64 letters, digits and `_ -`"
        raise RefusedError(message, status=HTTPStatus.UNPROCESSABLE_ENTITY) from None
    alone = request.room == request.spec.session_id
    room = session_id if alone else request.room
    return replace(request, spec=spec, room=room, fingerprint=request.fingerprint or fingerprint(asked))


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    """What a door would answer with a problem becomes a `RefusalError`."""
    try:
        yield
    except StoreError:
        raise
    except NotAdmittedError as error:
        raise _refusal(error, error.status, outcome=error.outcome, of=error.session_id) from None
    except RefusedError as error:
        raise _refusal(error, error.status) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        message = f"/{'/'.join(map(str, first['loc']))}: {first['msg']}"
        raise RefusalError(message, status=HTTPStatus.UNPROCESSABLE_ENTITY) from None
    except UserError as error:
        known = not isinstance(error, UnknownNameError)
        raise _refusal(error, HTTPStatus.UNPROCESSABLE_ENTITY if known else HTTPStatus.NOT_FOUND) from None


def _refusal(error: FrameworkError, status: int, *, outcome: str = "", of: str = "") -> RefusalError:
    wait = error.retry_after_s if isinstance(error, RefusedError) else 0
    return RefusalError(error.message, status=int(status), outcome=outcome, fix=error.fix, retry_after_s=wait, of=of)


def _event(stored: StoredEvent) -> dict[str, Any] | None:
    """An event with its cursor; None for what is none."""
    try:
        found = json.loads(stored.text)
    except ValueError:
        return None
    return {**found, "cursor": stored.id} if isinstance(found, dict) else None


def _innermost(error: Exception) -> Exception:
    """The one thing that has gone wrong inside groups of one."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
