"""Hold the objects of a cluster, give them versions, and tell watchers what changes."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from framework.testing.kubernetes import statuses


@dataclass(frozen=True)
class Resource:
    """A kind of objects and where it lies in the API."""

    plural: str
    kind: str
    group: str = ""
    version: str = "v1"

    @property
    def api_version(self) -> str:
        """`group/version`."""
        return f"{self.group}/{self.version}" if self.group else self.version


RESOURCES = {
    each.plural: each
    for each in (
        Resource("jobs", "Job", "batch"),
        Resource("deployments", "Deployment", "apps"),
        Resource("pods", "Pod"),
        Resource("configmaps", "ConfigMap"),
        Resource("secrets", "Secret"),
        Resource("serviceaccounts", "ServiceAccount"),
    )
}


@dataclass(frozen=True)
class Change:
    """One change, as watchers are told."""

    version: int
    type: str
    plural: str
    thing: dict[str, Any] = field(repr=False)


def now() -> str:
    """The time as the API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Store:
    """All objects of one namespace."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.version = 100
        self.oldest = 100
        """Changes up to here are forgotten."""
        self.changes: list[Change] = []
        self.changed = asyncio.Condition()
        self._things: dict[tuple[str, str], dict[str, Any]] = {}

    def all(self, plural: str) -> Iterator[dict[str, Any]]:
        """All objects of a kind."""
        return iter([thing for (kind, _), thing in self._things.items() if kind == plural])

    def find(self, plural: str, name: str) -> dict[str, Any] | None:
        """One object, or None."""
        return self._things.get((plural, name))

    def get(self, plural: str, name: str) -> dict[str, Any]:
        """One object; refused when it isn't there."""
        if thing := self.find(plural, name):
            return thing
        raise statuses.not_found(plural, name)

    def add(self, plural: str, thing: Mapping[str, Any]) -> dict[str, Any]:
        """Put in a new object."""
        resource = RESOURCES[plural]
        name = thing["metadata"]["name"]
        if self.find(plural, name):
            raise statuses.exists(plural, resource.group, name)
        added = deepcopy(dict(thing)) | {"apiVersion": resource.api_version, "kind": resource.kind}
        added["metadata"] |= {
            "namespace": self.namespace,
            "uid": str(uuid.uuid4()),
            "creationTimestamp": now(),
            "generation": 1,
        }
        self._things[plural, name] = added
        self._tell("ADDED", plural, added)
        return added

    def touch(self, plural: str, thing: dict[str, Any]) -> None:
        """Say that an object has been changed."""
        if self.find(plural, thing["metadata"]["name"]) is thing:
            self._tell("MODIFIED", plural, thing)

    def drop(self, plural: str, name: str) -> None:
        """Take out an object."""
        if thing := self._things.pop((plural, name), None):
            self._tell("DELETED", plural, thing)

    def forget(self) -> None:
        """Forget all changes so far: whoever watches from an older version has to list again."""
        self.oldest = self.version
        self.changes.clear()
        self._wake()

    def _tell(self, kind: str, plural: str, thing: dict[str, Any]) -> None:
        self.version += 1
        thing["metadata"]["resourceVersion"] = str(self.version)
        self.changes.append(Change(self.version, kind, plural, deepcopy(thing)))
        self._wake()

    def _wake(self) -> None:
        async def wake() -> None:
            async with self.changed:
                self.changed.notify_all()

        task = asyncio.get_running_loop().create_task(wake(), name="cluster: tell watchers")
        self._last = task  # kept until the next one
