"""Answer HTTP as an API server does, faults included."""

from __future__ import annotations

import asyncio
import json
import secrets
import weakref
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from aiohttp import web

from framework.testing.kubernetes import rules, statuses
from framework.testing.kubernetes.controllers import Controllers
from framework.testing.kubernetes.statuses import RefusedError
from framework.testing.kubernetes.store import RESOURCES, Change, Resource, Store

USER = "system:serviceaccount:convo:convo-operator"
BOOKMARK_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong with the next requests that fit."""

    kind: Literal["refuse", "hang", "lose"]
    """`refuse`: a Status. `hang`: no answer. `lose`: carried out, but the connection breaks before the answer."""
    verb: str = ""
    """`create`, `get`, `list`, `watch`, `delete`, `patch`; empty fits all."""
    times: int = 1
    status: int = 500
    reason: str = ""
    retry_after: int | None = None


@dataclass(frozen=True)
class Asked:
    """A request, as access rules see it."""

    verb: str
    group: str
    resource: str


class ApiServer:
    """One namespace of a cluster, behind HTTP on the loopback interface.

    Args:
        namespace: The only one there is.
        rules: The Role of whoever has the token; None lets it do everything.
        version: Whose schemas are used.
        images: Images that can be pulled; None is all.
    """

    def __init__(
        self,
        *,
        namespace: str = "convo",
        rules: Sequence[Mapping[str, Any]] | None = None,
        version: str = "1.31",
        images: Collection[str] | None = None,
    ) -> None:
        self.namespace = namespace
        self.version = version
        self.token = secrets.token_urlsafe(16)
        self.asked: list[Asked] = []
        """Every request, in the order they came."""
        self.drop_watches_s: float | None = None
        """Break each stream after so many seconds, in the middle of a line."""
        self._rules = rules
        self._images = images
        self._faults: list[Fault] = []
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._port = 0
        self._connections: weakref.WeakSet[asyncio.Transport] = weakref.WeakSet()
        self.url = ""

    async def __aenter__(self) -> Self:
        self.store = Store(self.namespace)
        self.controllers = Controllers(self.store, self._images)
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await self.up()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        await self.controllers.close()
        if self._runner:
            await self._runner.cleanup()

    # --- For tests ------------------------------------------------------------------------------------------------

    def kubeconfig(self, file: Path) -> Path:
        """Write a kubeconfig for the user whose Role this is."""
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "clusters": [{"name": "here", "cluster": {"server": self.url}}],
            "users": [{"name": "operator", "user": {"token": self.token}}],
            "contexts": [
                {"name": "here", "context": {"cluster": "here", "user": "operator", "namespace": self.namespace}}
            ],
        }
        file.write_text(yaml.safe_dump(config), encoding="utf-8")
        return file

    def apply(self, *things: Mapping[str, Any]) -> None:
        """Put objects in, as an administrator would."""
        for thing in things:
            plural = next(each.plural for each in RESOURCES.values() if each.kind == thing["kind"])
            self._check(RESOURCES[plural], thing)
            added = self.store.add(plural, thing)
            if plural == "deployments":
                self.controllers.scaled(added)

    def fail(self, fault: Fault) -> None:
        """Let the next requests that fit go wrong."""
        self._faults.extend([fault] * fault.times)

    def forget(self) -> None:
        """Forget all changes: 410 for whoever watches from an older version."""
        self.store.forget()

    async def up(self) -> None:
        """Listen; after `down` at the same port."""
        if self._runner:
            self._site = web.TCPSite(self._runner, "127.0.0.1", self._port)
            await self._site.start()

    async def down(self) -> None:
        """Stop listening and break all connections; what runs goes on running."""
        if self._site:
            await self._site.stop()
        for connection in list(self._connections):
            connection.abort()

    def objects(self, kind: str) -> list[dict[str, Any]]:
        """All objects of a kind, as they are now."""
        plural = next(each.plural for each in RESOURCES.values() if each.kind == kind)
        return deepcopy(list(self.store.all(plural)))

    # --- Requests -------------------------------------------------------------------------------------------------

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.transport:
            self._connections.add(request.transport)
        try:
            return await self._served(request)
        except RefusedError as refused:
            headers = {} if refused.retry_after is None else {"Retry-After": str(refused.retry_after)}
            return _json(refused.body, status=refused.code, headers=headers)

    async def _served(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            raise RefusedError(401, "Unauthorized")
        resource, name, part = self._route(request.path)
        verb = _verb(request, name)
        fault = self._fault(verb)
        if fault and fault.kind == "hang":
            await self._closing.wait()
        if fault and fault.kind == "refuse":
            told = "the server is not able to answer now"
            raise RefusedError(fault.status, told, reason=fault.reason, retry_after=fault.retry_after)
        self._allow(verb, resource, part)
        if verb == "watch":
            return await self._watch(request, resource)
        response = await self._do(verb, request, resource, name, part)
        if fault and request.transport:
            request.transport.abort()
        return response

    def _route(self, path: str) -> tuple[Resource, str, str]:
        """The kind, the object's name and its part that a path names."""
        match path.strip("/").split("/"):
            case ["api", version, "namespaces", namespace, plural, *rest]:
                group = ""
            case ["apis", group, version, "namespaces", namespace, plural, *rest]:
                pass
            case _:
                raise RefusedError(404, "the server could not find the requested resource")
        resource = RESOURCES.get(plural)
        if resource is None or (resource.group, resource.version) != (group, version):
            raise RefusedError(404, "the server could not find the requested resource")
        if namespace != self.namespace:
            raise statuses.not_found("namespaces", namespace)
        name, part = [*rest, "", ""][:2]
        return resource, name, part

    def _allow(self, verb: str, resource: Resource, part: str) -> None:
        asked = Asked(verb, resource.group, f"{resource.plural}/{part}" if part else resource.plural)
        self.asked.append(asked)
        if self._rules is None or any(_fits(rule, asked) for rule in self._rules):
            return
        raise statuses.forbidden(USER, verb, asked.resource, asked.group, self.namespace)

    def _fault(self, verb: str) -> Fault | None:
        for index, fault in enumerate(self._faults):
            if fault.verb in ("", verb):
                return self._faults.pop(index)
        return None

    async def _do(self, verb: str, request: web.Request, resource: Resource, name: str, part: str) -> web.Response:
        acts: dict[tuple[str, str], Callable[..., Awaitable[web.Response]]] = {
            ("list", ""): self._list,
            ("get", ""): self._get,
            ("create", ""): self._create,
            ("delete", ""): self._delete,
            ("get", "log"): self._log,
            ("get", "scale"): self._scale,
            ("patch", "scale"): self._rescale,
        }
        if (verb, part) not in acts:
            raise RefusedError(405, "the server does not allow this method on the requested resource")
        return await acts[verb, part](request, resource, name)

    # --- Objects --------------------------------------------------------------------------------------------------

    async def _list(self, request: web.Request, resource: Resource, _: str) -> web.Response:
        fits = _selector(request)
        items = [deepcopy(thing) for thing in self.store.all(resource.plural) if fits(thing)]
        body = {
            "kind": f"{resource.kind}List",
            "apiVersion": resource.api_version,
            "metadata": {"resourceVersion": str(self.store.version)},
            "items": items,
        }
        return _json(body)

    async def _get(self, _: web.Request, resource: Resource, name: str) -> web.Response:
        return _json(self.store.get(resource.plural, name))

    async def _create(self, request: web.Request, resource: Resource, _: str) -> web.Response:
        if request.content_type != "application/json":
            raise RefusedError(415, f"the body of the request was in an unknown format: {request.content_type}")
        try:
            thing = await request.json()
        except ValueError as error:
            raise RefusedError(400, f"couldn't read the body: {error}") from None
        self._check(resource, thing)
        added = self.store.add(resource.plural, thing)
        if resource.plural == "jobs":
            self.controllers.job_added(added)
        return _json(added, status=201)

    async def _delete(self, request: web.Request, resource: Resource, name: str) -> web.Response:
        thing = self.store.get(resource.plural, name)
        if resource.plural == "jobs":
            self.controllers.job_deleted(thing, request.query.get("propagationPolicy", "Background"))
        else:
            self.store.drop(resource.plural, name)
        return _json(statuses.success(resource.plural, name))

    async def _log(self, request: web.Request, _: Resource, name: str) -> web.Response:
        pod = self.store.get("pods", name)
        names = [container["name"] for container in pod["spec"]["containers"]]
        container = request.query.get("container", names[0])
        if container not in names:
            raise RefusedError(400, f"container {container} is not valid for pod {name}")
        state = pod["status"].get("containerStatuses", [{"state": {"waiting": {}}}])[0]["state"]
        if "waiting" in state:
            raise RefusedError(400, f'container "{container}" in pod "{name}" is waiting to start: ContainerCreating')
        lines = self.controllers.kubelet.log(name).splitlines(keepends=True)
        tail = request.query.get("tailLines")
        return web.Response(text="".join(lines[-int(tail) :] if tail else lines))

    async def _scale(self, _: web.Request, resource: Resource, name: str) -> web.Response:
        thing = self.store.get(resource.plural, name)
        body = {
            "kind": "Scale",
            "apiVersion": "autoscaling/v1",
            "metadata": {key: thing["metadata"][key] for key in ("name", "namespace", "uid", "resourceVersion")},
            "spec": {"replicas": thing["spec"].get("replicas", 1)},
            "status": {"replicas": thing.get("status", {}).get("replicas", 0)},
        }
        return _json(body)

    async def _rescale(self, request: web.Request, resource: Resource, name: str) -> web.Response:
        thing = self.store.get(resource.plural, name)
        if request.content_type not in ("application/merge-patch+json", "application/strategic-merge-patch+json"):
            raise RefusedError(415, f"the body of the request was in an unknown format: {request.content_type}")
        replicas = (await request.json()).get("spec", {}).get("replicas")
        if not isinstance(replicas, int) or replicas < 0:
            wrong = rules.Wrong("spec.replicas", "must be greater than or equal to 0")
            raise statuses.invalid("Scale", "autoscaling", name, [wrong])
        thing["spec"]["replicas"] = replicas
        self.controllers.scaled(thing)
        return await self._scale(request, resource, name)

    def _check(self, resource: Resource, thing: Any) -> None:
        if not isinstance(thing, dict) or thing.get("kind") != resource.kind:
            raise RefusedError(400, f"the object provided is not a {resource.kind}")
        if thing.get("apiVersion") != resource.api_version:
            raise RefusedError(400, f"the API version in the data ({thing.get('apiVersion')}) does not match")
        if why := rules.undecodable(thing, self.version):
            raise RefusedError(400, f'{resource.kind} in version "{resource.version}" cannot be handled: {why}')
        if found := list(rules.wrongs(thing)):
            raise statuses.invalid(resource.kind, resource.group, thing["metadata"].get("name", ""), found)
        if thing["metadata"].get("namespace", self.namespace) != self.namespace:
            raise RefusedError(400, "the namespace of the provided object does not match the namespace of the request")

    # --- Watching -------------------------------------------------------------------------------------------------

    async def _watch(self, request: web.Request, resource: Resource) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        limits = [float(request.query.get("timeoutSeconds", 1800)), self.drop_watches_s or 1e9]
        try:
            async with asyncio.timeout(min(limits)):
                await self._stream(request, resource, response)
        except TimeoutError:
            if self.drop_watches_s and request.transport:
                await response.write(b'{"type":"MODIFIED","object":{"kind":')
                request.transport.abort()
        except ConnectionError:
            pass
        return response

    async def _stream(self, request: web.Request, resource: Resource, response: web.StreamResponse) -> None:
        fits, bookmarks = _selector(request), request.query.get("allowWatchBookmarks") == "true"
        given = request.query.get("resourceVersion", "")
        at = int(given) if given not in ("", "0") else self.store.version
        if given in ("", "0"):
            for thing in list(self.store.all(resource.plural)):
                if fits(thing):
                    await response.write(_line("ADDED", thing))
        while not self._closing.is_set():
            if at < self.store.oldest:
                expired = RefusedError(410, f"too old resource version: {at} ({self.store.oldest})")
                await response.write(_line("ERROR", expired.body))
                return
            changes, at = self._since(at, resource.plural), self.store.version
            for change in changes:
                if fits(change.thing):
                    await response.write(_line(change.type, change.thing))
            if not await self._more(at) and bookmarks:
                mark = {"kind": resource.kind, "apiVersion": resource.api_version}
                await response.write(_line("BOOKMARK", {**mark, "metadata": {"resourceVersion": str(at)}}))

    def _since(self, version: int, plural: str) -> list[Change]:
        return [change for change in self.store.changes if change.version > version and change.plural == plural]

    async def _more(self, version: int) -> bool:
        """Whether something changes within a second."""
        try:
            async with asyncio.timeout(BOOKMARK_S), self.store.changed:
                await self.store.changed.wait_for(lambda: self.store.version > version or self._closing.is_set())
        except TimeoutError:
            return False
        return True


def _json(body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """As the real one labels it: clients compare the content type, which has no character set there."""
    told = {**(headers or {}), "Content-Type": "application/json"}
    return web.Response(body=json.dumps(body).encode(), status=status, headers=told)


def _line(kind: str, thing: Mapping[str, Any]) -> bytes:
    return json.dumps({"type": kind, "object": thing}).encode() + b"\n"


def _verb(request: web.Request, name: str) -> str:
    if request.method == "GET" and not name:
        return "watch" if request.query.get("watch") in ("true", "1") else "list"
    return {"GET": "get", "POST": "create", "DELETE": "delete", "PATCH": "patch", "PUT": "update"}[request.method]


def _fits(rule: Mapping[str, Any], asked: Asked) -> bool:
    return asked.group in rule["apiGroups"] and asked.resource in rule["resources"] and asked.verb in rule["verbs"]


def _selector(request: web.Request) -> Callable[[Mapping[str, Any]], bool]:
    """Whether an object carries the labels of the request: `a=b`, `a==b` or `a`."""
    wanted = [part for part in request.query.get("labelSelector", "").split(",") if part]

    def fits(thing: Mapping[str, Any]) -> bool:
        has = thing["metadata"].get("labels") or {}
        for part in wanted:
            key, equal, value = part.replace("==", "=").partition("=")
            if key not in has or (equal and has[key] != value):
                return False
        return True

    return fits
