"""Speak with the API server: deadlines, repetitions, and its refusals as sentences. The only module with lightkube."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from lightkube import ApiError, AsyncClient, KubeConfig
from lightkube.core.exceptions import ConfigError
from lightkube.generic_resource import create_namespaced_resource
from lightkube.resources.apps_v1 import DeploymentScale
from lightkube.types import CascadeType, PatchType

from framework.errors import LauncherError, UserError

Answer = TypeVar("Answer")

# As plain maps, not as lightkube's models: those drop fields that are newer than they are.
KINDS = {
    "Job": create_namespaced_resource("batch", "v1", "Job", "jobs"),
    "Pod": create_namespaced_resource("", "v1", "Pod", "pods"),
}

GONE = 410
AGAIN = frozenset({429, 500, 502, 503, 504})
LONGEST_S = 2.0
FIXES = {
    401: "Check the service account's token, or the user of the kubeconfig.",
    403: "Give the operator's Role this right (deploy/kubernetes/rbac.yaml), or raise the quota.",
    404: "Check CONVO_KUBERNETES_NAMESPACE and CONVO_KUBERNETES_DEPLOYMENTS.",
    422: "Check CONVO_RUNNER_TEMPLATE.",
}


class GoneError(LauncherError):
    """The server no longer knows the changes since then: list again."""


class Cluster:
    """One namespace of one cluster."""

    def __init__(self, *, kubeconfig: Path | None, namespace: str, call_s: float) -> None:
        self._call_s = call_s
        try:
            config = KubeConfig.from_file(kubeconfig) if kubeconfig else KubeConfig.from_env()
            self._client = AsyncClient(
                config, namespace=namespace or None, timeout=httpx2.Timeout(call_s), field_manager="convo-operator"
            )
        except (ConfigError, OSError, ValueError) as error:
            raise UserError(
                f"no cluster is configured: {error}",
                where="kubernetes",
                fix="Run inside a cluster, or set KUBECONFIG or CONVO_KUBERNETES_KUBECONFIG.",
            ) from error

    @property
    def namespace(self) -> str:
        """Where everything happens."""
        return str(self._client.namespace)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def create(self, kind: str, thing: Mapping[str, Any]) -> dict[str, Any] | None:
        """Create an object; None when there is one of this name."""
        try:
            return dict(await self._call(lambda: self._client.create(KINDS[kind](**thing))))
        except ApiError as refused:
            if refused.status.reason == "AlreadyExists":
                return None
            raise _told(refused, f"can't create the {kind}") from refused

    async def delete(self, kind: str, name: str) -> None:
        """Delete an object after all that it owns; one that isn't there is success."""
        try:
            await self._call(lambda: self._client.delete(KINDS[kind], name, cascade=CascadeType.FOREGROUND))
        except ApiError as refused:
            if _code(refused) != 404:  # noqa: PLR2004 - not found
                raise _told(refused, f"can't delete the {kind} `{name}`") from refused

    async def all(self, kind: str, labels: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str]:
        """All objects with these labels, and the version from which changes can be watched."""

        async def listed() -> tuple[list[dict[str, Any]], str]:
            found = self._client.list(KINDS[kind], labels=dict(labels))
            return [dict(thing) async for thing in found], found.resourceVersion

        try:
            return await self._call(listed)
        except ApiError as refused:
            raise _told(refused, f"can't list {kind}s") from refused

    async def changes(
        self, kind: str, labels: Mapping[str, Any], version: str | None
    ) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Changes since a version, without end; `GoneError` when the server has forgotten them."""
        try:
            async for change, thing in self._client.watch(KINDS[kind], labels=dict(labels), resource_version=version):
                yield change, dict(thing)
        except ApiError as refused:
            if _code(refused) == GONE:
                raise GoneError("the server has forgotten the changes", where="kubernetes") from refused
            raise _told(refused, f"can't watch {kind}s") from refused
        except (httpx2.HTTPError, OSError) as broken:
            raise LauncherError(f"the stream of {kind}s broke: {type(broken).__name__}", where="kubernetes") from broken

    async def log(self, pod: str, container: str, lines: int) -> str:
        """The last lines of a container; empty while it has none."""

        async def read() -> str:
            return "".join([line async for line in self._client.log(pod, container=container, tail_lines=lines)])

        try:
            return await self._call(read)
        except ApiError as refused:
            if _code(refused) in (400, 404):  # not started yet; gone
                return ""
            raise _told(refused, f"can't read the log of `{pod}`") from refused

    async def scale(self, deployment: str, replicas: int) -> None:
        """Set a Deployment's number of replicas, if it is another one."""
        try:
            now = await self._call(lambda: self._client.get(DeploymentScale, deployment))
            if ((now.spec and now.spec.replicas) or 0) != replicas:
                change = {"spec": {"replicas": replicas}}
                await self._call(
                    lambda: self._client.patch(DeploymentScale, deployment, change, patch_type=PatchType.MERGE)
                )
        except ApiError as refused:
            raise _told(refused, f"can't scale the Deployment `{deployment}`") from refused

    async def _call(self, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
        """Try until it works, the server means its refusal, or the time is up."""
        pause, why = 0.1, "it did not answer"
        try:
            async with asyncio.timeout(self._call_s):
                while True:
                    try:
                        return await attempt()
                    except ApiError as refused:
                        if not _passing(refused):
                            raise
                        why = refused.status.message or "it is overloaded"
                        await asyncio.sleep(max(pause, _wanted(refused)))
                    except httpx2.HTTPStatusError as odd:
                        why = f"something on the way answered {odd.response.status_code}"
                        if odd.response.status_code not in AGAIN:
                            raise LauncherError(why, where="kubernetes", fix="Check the address and proxies.") from odd
                        await asyncio.sleep(pause)
                    except (httpx2.HTTPError, OSError) as broken:
                        why = str(broken) or type(broken).__name__
                        await asyncio.sleep(pause)
                    pause = min(pause * 2, LONGEST_S)
        except TimeoutError:
            raise LauncherError(
                f"the API server failed for {self._call_s:g} s: {why}",
                where="kubernetes",
                fix="Check that the cluster is up; nothing is known to have changed.",
            ) from None


def _code(refused: ApiError) -> int:
    return int(refused.status.code or 0)


def _passing(refused: ApiError) -> bool:
    """Whether the same request may be answered otherwise in a moment.

    A quota that two requests changed at once is a `Conflict`, though nothing of this name exists.
    """
    return _code(refused) in AGAIN or refused.status.reason == "Conflict"


def _wanted(refused: ApiError) -> float:
    """How long the server asks us to wait."""
    text = refused.response.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else 0.0


def _told(refused: ApiError, what: str) -> LauncherError:
    code = _code(refused)
    return LauncherError(
        f"{what}: {refused.status.message or refused.status.reason or code}",
        where="kubernetes",
        fix=FIXES.get(code, "Look at the API server's answer."),
    )
