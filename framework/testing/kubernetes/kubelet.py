"""Run the containers of pods as processes of this machine, and write into the pods what becomes of them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from framework.testing.kubernetes.store import Store, now

INTERPRETERS = frozenset({"python", "python3"})
REFERENCE = re.compile(r"\$\(([-._a-zA-Z0-9]+)\)")
ADDRESS = "127.0.0.1"
KILLED = 137


class UnsettledError(Exception):
    """A container that can't be started: a ConfigMap or Secret is missing."""


class Kubelet:
    """Runs pods.

    Args:
        store: Where they are.
        images: Images that can be pulled; None is all.
        ended: Told when a pod has ended.
    """

    def __init__(self, store: Store, images: Collection[str] | None, ended: Callable[[dict[str, Any]], None]) -> None:
        self._store = store
        self._images = images
        self._ended = ended
        self._folder = Path(tempfile.mkdtemp(prefix="convo-cluster-"))
        self._running: dict[str, asyncio.Task[None]] = {}
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._graces: dict[str, float] = {}

    def run(self, pod: dict[str, Any]) -> None:
        """Begin to run a pod."""
        name = pod["metadata"]["name"]
        self._running[name] = asyncio.create_task(self._run(pod), name=f"kubelet: {name}")

    def end(self, pod: Mapping[str, Any], grace_s: float | None = None) -> None:
        """SIGTERM, and SIGKILL after the pod's grace."""
        name = pod["metadata"]["name"]
        own = float(pod["spec"].get("terminationGracePeriodSeconds", 30))
        process = self._processes.get(name)
        if process is None:
            task = self._running.get(name)
            if task and not task.done():
                task.cancel()
            return
        if name not in self._graces:
            self._graces[name] = own if grace_s is None else grace_s
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            asyncio.get_running_loop().call_later(self._graces[name], self._kill, process)

    async def gone(self, name: str) -> None:
        """Wait until a pod's process has ended."""
        if task := self._running.get(name):
            await asyncio.gather(asyncio.shield(task), return_exceptions=True)

    def log(self, name: str) -> str:
        """All that a pod wrote."""
        file = self._folder / name
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    async def close(self) -> None:
        """Kill everything."""
        for process in self._processes.values():
            self._kill(process)
        for task in self._running.values():
            if task.get_name().removeprefix("kubelet: ") not in self._processes:
                task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _run(self, pod: dict[str, Any]) -> None:
        name, container = pod["metadata"]["name"], pod["spec"]["containers"][0]
        if self._images is not None and container["image"] not in self._images:
            self._wait(pod, "ImagePullBackOff", f'Back-off pulling image "{container["image"]}"')
            return
        try:
            environment = self._environment(pod, container)
        except UnsettledError as missing:
            self._wait(pod, "CreateContainerConfigError", str(missing))
            return
        words = [_filled(word, environment) for word in [*container.get("command", ()), *container.get("args", ())]]
        if words and words[0] in INTERPRETERS:
            words[0] = sys.executable
        with (self._folder / name).open("wb") as log:
            process = self._processes[name] = await asyncio.create_subprocess_exec(
                *words,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._say(pod, "Running", {"running": {"startedAt": now()}}, ready=True)
        code = await process.wait()
        code = code if code >= 0 else 128 - code
        reason = "Completed" if code == 0 else "Error"
        ended = {"terminated": {"exitCode": code, "reason": reason, "finishedAt": now()}}
        self._say(pod, "Failed" if code else "Succeeded", ended, ready=False)
        self._ended(pod)

    def _wait(self, pod: dict[str, Any], reason: str, message: str) -> None:
        self._say(pod, "Pending", {"waiting": {"reason": reason, "message": message}}, ready=False)

    def _say(self, pod: dict[str, Any], phase: str, state: Mapping[str, Any], *, ready: bool) -> None:
        container = pod["spec"]["containers"][0]
        kept = [each for each in pod["status"].get("conditions", ()) if each["type"] not in ("Ready", "PodScheduled")]
        pod["status"] |= {
            "phase": phase,
            "podIP": ADDRESS,
            "startTime": pod["status"].get("startTime", now()),
            "conditions": [
                *kept,
                {"type": "PodScheduled", "status": "True"},
                {"type": "Ready", "status": "True" if ready else "False"},
            ],
            "containerStatuses": [
                {
                    "name": container["name"],
                    "image": container["image"],
                    "imageID": "",
                    "ready": ready,
                    "restartCount": 0,
                    "state": dict(state),
                }
            ],
        }
        self._store.touch("pods", pod)

    def _kill(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)

    # --- Environment ----------------------------------------------------------------------------------------------

    def _environment(self, pod: Mapping[str, Any], container: Mapping[str, Any]) -> dict[str, str]:
        """Nothing of this process's own, so that what a Job doesn't say is missing here, too."""
        found = {"PATH": os.environ.get("PATH", ""), "HOME": "/", "HOSTNAME": pod["metadata"]["name"]}
        for source in container.get("envFrom") or ():
            found |= self._entries(source)
        for variable in container.get("env") or ():
            if "valueFrom" in variable:
                for text in self._looked_up(pod, variable["valueFrom"]):
                    found[variable["name"]] = text
            else:
                found[variable["name"]] = _filled(variable.get("value", ""), found)
        return found

    def _entries(self, source: Mapping[str, Any]) -> dict[str, str]:
        plural, reference = (
            ("configmaps", source["configMapRef"]) if "configMapRef" in source else ("secrets", source["secretRef"])
        )
        thing = self._store.find(plural, reference["name"])
        if thing is None and not reference.get("optional"):
            raise UnsettledError(f'{plural.removesuffix("s")} "{reference["name"]}" not found')
        return _data(thing or {})

    def _looked_up(self, pod: Mapping[str, Any], source: Mapping[str, Any]) -> Iterator[str]:
        if "fieldRef" in source:
            yield _field(pod, source["fieldRef"]["fieldPath"])
            return
        plural, reference = (
            ("configmaps", source["configMapKeyRef"])
            if "configMapKeyRef" in source
            else ("secrets", source["secretKeyRef"])
        )
        entries = _data(self._store.find(plural, reference["name"]) or {})
        if reference["key"] in entries:
            yield entries[reference["key"]]
        elif not reference.get("optional"):
            raise UnsettledError(f"couldn't find key {reference['key']} in {plural} {reference['name']}")


def _data(thing: Mapping[str, Any]) -> dict[str, str]:
    plain = {**(thing.get("stringData") or {})}
    data = thing.get("data") or {}
    if thing.get("kind") == "Secret":
        return {key: base64.b64decode(text).decode() for key, text in data.items()} | plain
    return {**data, **plain}


def _field(pod: Mapping[str, Any], path: str) -> str:
    if found := re.fullmatch(r"metadata\.(labels|annotations)\['([^']+)'\]", path):
        return str(pod["metadata"].get(found[1], {}).get(found[2], ""))
    known: dict[str, str] = {
        "metadata.name": pod["metadata"]["name"],
        "metadata.namespace": pod["metadata"]["namespace"],
        "metadata.uid": pod["metadata"]["uid"],
        "status.podIP": ADDRESS,
    }
    return known[path]


def _filled(text: str, environment: Mapping[str, str]) -> str:
    """`$(NAME)` replaced where it is known, as Kubernetes does."""
    return REFERENCE.sub(lambda found: environment.get(found[1], found[0]), text)
