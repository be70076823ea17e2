"""The whole control plane as real processes, over a real Redis: started, restarted when they die, and always ended."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from chaos.proxy import Proxy
from chaos.witness import Book

from framework import failpoints
from framework.control.connection import Connection
from framework.control.records import Limits
from framework.control.settings import limits_from
from framework.control.store import Store
from framework.testing.redis import RedisServer
from framework.web.apikeys import issue

HERE = Path(__file__).parent
ROOT = HERE.parents[3]
MARK = "CHAOS_STAGE"
ENVIRONMENT = "chaos"
PROJECT = """\
bots:
  clinic: {flow: clinic, personality: ava, stack: typed}
  again: {flow: clinic, personality: ava, stack: typed, on_lost: restart}
"""
SETTINGS = {
    "CONVO_LIMITS_LEASE_MS": "1500",
    "CONVO_LIMITS_CLAIM_MS": "1000",
    "CONVO_LIMITS_START_MS": "6000",
    "CONVO_LIMITS_LEAVE_MS": "4000",
    "CONVO_LIMITS_QUEUE_MS": "40000",
    "CONVO_DEADLINES_SILENT_S": "3",
    "CONVO_DEADLINES_STOP_S": "1",
    "CONVO_DEADLINES_CANCEL_S": "1",
    "CONVO_DEADLINES_LINGER_S": "1",
    "CONVO_DEADLINES_FORK_S": "4",
    "CONVO_RUNNER_SPARE": "2",
    "CONVO_CAPACITY": "6",
    "CONVO_DRAIN_SECS": "2",
    "CONVO_OPERATOR_PLAN_SECS": "0.3",
    "CONVO_OPERATOR_IDLE_SECS": "3600",
    "CONVO_OPERATOR_LAUNCH_SECS": "15",
    "CONVO_LAUNCHER": "none",
    "CONVO_RATE_REQUESTS": "0",
    "PREWARM_POOL_SIZE": "0",
}
_PROGRAMS: dict[str, list[str]] = {
    "gateway": [str(ROOT / "gateway.py"), "--port", "0"],
    "operator": ["-m", "framework", "operator", "--port", "0"],
    "runner": [str(ROOT / "runner.py"), "--port", "0"],
}
_LIBC = ctypes.CDLL(None)


def secret(what: str) -> str:
    """A value that must be in no log."""
    return f"seeded-{what}-{uuid.uuid4().hex}"


class Program:
    """One process of the control plane, and those that took its place."""

    def __init__(self, name: str, command: list[str], folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.kind = name.partition("-")[0]
        self.environment = dict(environment)
        self.wanted = True
        self._command = [sys.executable, *command]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._lives = 0

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> Path:
        return self._folder / f"{self.name}.{self._lives}.log"

    @property
    def url(self) -> str:
        """Where it listens; empty until it says so."""
        for line in self.log.read_text("utf-8", "replace").splitlines() if self.log.exists() else ():
            if line.startswith(f"{self.kind}: http"):
                return line.partition(": ")[2]
        return ""

    def start(self) -> None:
        """Start it; it does not outlive the test."""
        self._lives += 1
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: _LIBC.prctl(1, signal.SIGKILL),  # noqa: PLW1509 - PR_SET_PDEATHSIG, no thread of ours forks
            )

    def signal(self, number: signal.Signals) -> None:
        if self.alive and self._process:
            self._process.send_signal(number)

    def end(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()


class Stage:
    """Redis, a witness, gateways, operators and runners, under one roof that leaves nothing behind."""

    def __init__(
        self,
        folder: Path,
        *,
        gateways: int = 2,
        operators: int = 2,
        runners: int = 3,
        parted: str = "runner-1",
        **settings: str,
    ) -> None:
        self.parted = parted
        """The runner that reaches the store through the proxy."""
        self.folder = folder
        self.mark = uuid.uuid4().hex
        self.armed = folder / "armed"
        self.armed.mkdir()
        self.redis = RedisServer()
        self.secrets = {what: secret(what) for what in ("runner-token", "room-token", "caller")}
        self.key, record = issue("chaos", tenant="*", scopes=("join", "admin", "read"))
        (folder / "keys.json").write_text(f'{{"keys": [{record.model_dump_json()}]}}')
        (folder / "keys.json").chmod(0o600)
        self.secrets["key"] = self.key.secret
        (folder / "convo.yaml").write_text(PROJECT)
        (folder / "stacks").mkdir()
        (folder / "stacks" / "typed.yaml").write_text(
            "stack: typed\nllm: {provider: rules}\nrouter: {provider: semantic}\n"
        )
        self._settings = {**SETTINGS, **settings}
        self._counts = {"gateway": gateways, "operator": operators, "runner": runners}
        self.programs: list[Program] = []
        self.proxy: Proxy | None = None
        self._opened = contextlib.AsyncExitStack()
        self._witness: subprocess.Popen[bytes] | None = None
        self.book = Book(folder / "witness.log")

    # --- Its parts ----------------------------------------------------------------------------------------------------

    def of(self, kind: str) -> list[Program]:
        """The programs of a kind."""
        return [program for program in self.programs if program.kind == kind]

    @property
    def limits(self) -> Limits:
        return limits_from(self._settings)

    @property
    def lease_s(self) -> float:
        return self.limits.lease_ms / 1000

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key.text}"}

    def urls(self) -> list[str]:
        """Where the gateways are that live."""
        return [program.url for program in self.of("gateway") if program.alive and program.url]

    # --- Its life -----------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def _open(self) -> None:
        self.redis.start()
        self.proxy = await self._opened.enter_async_context(Proxy(self.redis.port))
        self._witness = subprocess.Popen(  # noqa: ASYNC220 - it is there at once
            [sys.executable, str(HERE / "witness.py"), str(self.book.path)], stdout=subprocess.PIPE, env=self._environ()
        )
        assert self._witness.stdout
        self.witness_port = int(self._witness.stdout.readline())
        for kind, count in self._counts.items():
            for number in range(1, count + 1):
                self.add(kind, number)
        self.store = self.make_store()
        await self.ready()

    def add(self, kind: str, number: int) -> Program:
        """Start one more process."""
        name = f"{kind}-{number}"
        program = Program(name, self.command(kind), self.folder, self._told(name))
        self.programs.append(program)
        program.start()
        return program

    def command(self, kind: str) -> list[str]:
        """What Python runs for a process of this kind."""
        return _PROGRAMS[kind]

    def judge(self, *, forgets: bool) -> Any:
        """Who says what was wrong in a round."""
        from chaos.verdict import Judge

        return Judge(self, forgets=forgets)

    def make_store(self) -> Store:
        """The test's own way into the store."""
        return Store(Connection.to(self.redis.url), environment=ENVIRONMENT, limits=self.limits)

    def _environ(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV") if name in os.environ}
        return {**kept, "PYTHONPATH": os.pathsep.join([str(HERE.parent), str(ROOT)]), MARK: self.mark}

    def _told(self, name: str) -> dict[str, str]:
        assert self.proxy
        # By this name it is no address of the same machine, as far as anybody can tell: something may lie between.
        store = f"0.0.0.0:{self.proxy.port}" if name == self.parted else f"127.0.0.1:{self.redis.port}"
        return {
            **self._environ(),
            **self._settings,
            "CONVO_PROFILE": "test",
            failpoints.FOLDER: str(self.armed),
            "CONVO_BACKEND": "chaos.talker:Talker",
            "CHAOS_WITNESS": str(self.witness_port),
            "CONVO_ENV": ENVIRONMENT,
            "REDIS_URL": f"redis://{store}/0",
            "CONVO_KEYS_FILE": str(self.folder / "keys.json"),
            "CONVO_RUNNER_TOKEN": self.secrets["runner-token"],
            "CONVO_RUNNER_NAME": name,
            "CONVO_STATE": str(self.folder / "state"),
            # What comes by this gateway waits in another build's queue: only operators give it to runners.
            **({"CONVO_BUILD": "older"} if name == "gateway-2" else {}),
        }

    async def _close(self) -> None:
        try:
            for program in self.programs:
                program.wanted = False
                program.end()
            for pid in self.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if hasattr(self, "store"):
                await self.store.close()
            await self._opened.aclose()
        finally:
            if self._witness:
                self._witness.kill()
                self._witness.wait()
            self.redis.cont()
            self.redis.close()

    # --- Processes ----------------------------------------------------------------------------------------------------

    def mend(self) -> int:
        """Start again what has died; how many."""
        dead = [program for program in self.programs if program.wanted and not program.alive]
        for program in dead:
            program.start()
        return len(dead)

    async def ready(self, within_s: float = 45.0) -> None:
        """Until all that is wanted is there and at work."""
        await self.until(self._is_ready, within_s, "the stage is not ready")

    async def _is_ready(self) -> bool:
        self.mend()
        if len(self.urls()) < sum(program.wanted for program in self.of("gateway")):
            return False
        with contextlib.suppress(Exception):
            names = {runner.name for runner in await self.store.runners() if not runner.dead and not runner.draining}
            return all(f"{one.name}/{one.pid}" in names for one in self.of("runner") if one.wanted)
        return False

    async def until(self, true: Callable[[], Any], within_s: float, problem: str) -> None:
        """Wait for a condition, within a time; the error then shows the ends of all logs."""
        try:
            async with asyncio.timeout(within_s):
                while not await true():
                    await asyncio.sleep(0.03)
        except TimeoutError:
            raise AssertionError(f"{problem}\n{self.tails()}") from None

    def processes(self) -> dict[int, list[int]]:
        """All processes of this stage but Redis and the witness: number → those above it."""
        found = {pid: parent for pid, parent in _processes(self.mark) if pid != getattr(self._witness, "pid", 0)}
        above: dict[int, list[int]] = {}
        for pid in found:
            chain, at = [], pid
            while at in found:
                chain.append(found[at])
                at = found[at]
            above[pid] = chain
        return above

    def strays(self) -> list[str]:
        """Processes that belong to nobody any more."""
        tops = {program.pid for program in self.programs if program.alive}
        return [
            f"{pid} {_command_of(pid)}"
            for pid, above in self.processes().items()
            if pid not in tops and not tops & {*above}
        ]

    def tree(self, program: Program) -> list[int]:
        """A program's process and all below it."""
        return [program.pid, *(pid for pid, above in self.processes().items() if program.pid in above)]

    def workers(self) -> dict[int, Program]:
        """Processes that hold sessions, or could: those forked by a zygote."""
        found = {}
        for program in self.of("runner"):
            for pid, above in self.processes().items():
                if program.pid in above and above.index(program.pid) == 1:
                    found[pid] = program
        return found

    def zygotes(self) -> dict[int, Program]:
        """Processes that workers are forked from."""
        return {
            pid: program
            for program in self.of("runner")
            for pid, above in self.processes().items()
            if above and above[0] == program.pid
        }

    # --- Logs ---------------------------------------------------------------------------------------------------------

    def logs(self) -> Iterator[Path]:
        """What all processes have written, dead ones too."""
        yield from sorted(self.folder.glob("*.log"))

    def leaks(self) -> list[str]:
        """Secrets, tokens and callers' words that any process has logged, or shows in its arguments."""
        written = [(path.name, path.read_text("utf-8", "replace")) for path in self.logs()]
        written += [(f"arguments of {pid}", _command_of(pid, 100_000)) for pid in self.processes()]
        return [f"{what} in {name}" for name, text in written for what, value in self.secrets.items() if value in text]

    def tails(self, lines: int = 12) -> str:
        """The ends of the logs of those that live."""
        parts = []
        for program in self.programs:
            text = program.log.read_text("utf-8", "replace").splitlines() if program.log.exists() else []
            parts.append(f"--- {program.name} ({'alive' if program.alive else 'dead'})\n" + "\n".join(text[-lines:]))
        return "\n".join(parts)


def _processes(mark: str) -> Iterator[tuple[int, int]]:
    """(process, its parent) of all that have the mark in their environment."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if mark.encode() in (entry / "environ").read_bytes():
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
                if stat[0] not in "ZX":
                    yield int(entry.name), int(stat[1])


def _command_of(pid: int, most: int = 80) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()[-most:]
    return "gone"


def now() -> float:
    """The time of day, which the witness and the store write down too."""
    return time.time()
