"""A Redis server, and a Sentinel, for tests: real ones that live in a temporary folder and end with the test.

    with RedisServer() as server:            # or `async with`
        store = Store(Connection.to(server.url))
        server.kill()                        # a crash …
        server.restart()                     # … and back, with what was on the disk

It brings the fixture `redis_server`; a conftest imports it from here.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from framework.testing.ports import free_port

START_S = 15.0
"""Longest time a server may take until it answers."""
TRIES = 5
"""Free ports that are tried: another process may have taken one meanwhile."""


class RedisServer:
    """One redis-server on a free port of the loopback, with settings under which nothing that it accepted is lost."""

    def __init__(
        self,
        *,
        password: str = "",
        tls: bool = False,
        replica_of: RedisServer | None = None,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="convo-redis-"))
        self.password = password
        self.tls = tls
        self.port = 0
        self._primary = replica_of
        self.options = dict(options or {})
        """Settings beside ours; what is put here holds from the next start on."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients find it, password included."""
        secret = f":{self.password}@" if self.password else ""
        trust = f"?ssl_ca_certs={self.certificate}" if self.tls else ""
        return f"{'rediss' if self.tls else 'redis'}://{secret}127.0.0.1:{self.port}/0{trust}"

    @property
    def certificate(self) -> Path:
        """The certificate that a client is to trust."""
        return self.folder / "server.pem"

    @property
    def log(self) -> str:
        """What the server has written to its log."""
        path = self.folder / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    @property
    def pid(self) -> int:
        """Of the server's process; 0 when there is none."""
        return self._process.pid if self._process else 0

    # --- Its life -------------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Start it and wait until it answers. It keeps its port over restarts."""
        if self.tls and not self.certificate.exists():
            _certify(self.folder)
        fixed = bool(self.port)
        for _ in range(1 if fixed else TRIES):
            if not fixed:
                self.port = free_port()
            if self._starts():
                return self
        raise AssertionError(f"redis-server did not start:\n{self.log[-2000:]}")

    def kill(self) -> None:
        """SIGKILL, as in a crash: what was on the disk is there at the next start."""
        if self._process:
            self._process.kill()
            self._process.wait(START_S)
            self._process = None

    def restart(self, *, forget: bool = False) -> None:
        """Kill it and start it again: another run of the same server; `forget`: without anything it had."""
        self.kill()
        if forget:
            shutil.rmtree(self.folder / "data", ignore_errors=True)
        self.start()

    def stop(self) -> None:
        """SIGSTOP: connections stay open, nothing answers."""
        if self._process:
            self._process.send_signal(signal.SIGSTOP)

    def cont(self) -> None:
        """SIGCONT."""
        if self._process:
            self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End it, and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- Talking to it --------------------------------------------------------------------------------------------

    def command(self, *words: str) -> Any:
        """One command over a connection of its own: its answer; raises `RuntimeError` with Redis' error."""
        with socket.create_connection(("127.0.0.1", self.port), START_S) as plain, self._wrapped(plain) as channel:
            channel.settimeout(START_S)
            with channel.makefile("rwb") as stream:  # the socket stays open as long as this does
                for line in ([["AUTH", self.password]] if self.password else []) + [list(words)]:
                    stream.write(_request(line))
                    stream.flush()
                    answer = _answer(stream)
            return answer

    def config_set(self, name: str, value: str) -> None:
        """Change a setting of the running server."""
        self.command("CONFIG", "SET", name, value)

    # --- As a context ---------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)

    # --- Inside ---------------------------------------------------------------------------------------------------

    def _starts(self) -> bool:
        (self.folder / "data").mkdir(exist_ok=True)
        words = [word for name, value in self._settings().items() for word in (f"--{name}", *value.split(" "))]
        self._process = _launch(["redis-server", *words])
        if _until(self._answers, self._process):
            return True
        self.kill()
        return False

    def _settings(self) -> dict[str, str]:
        where = {"tls-port": str(self.port), "port": "0"} if self.tls else {"port": str(self.port)}
        settings = {
            **where,
            "bind": "127.0.0.1",
            "dir": str(self.folder / "data"),
            "logfile": str(self.folder / "log"),
            "appendonly": "yes",
            "appendfsync": "always",
            "maxmemory-policy": "noeviction",
        }
        if self.password:
            settings |= {"requirepass": self.password, "masterauth": self.password}
        if self.tls:
            settings |= {"tls-cert-file": str(self.certificate), "tls-key-file": str(self.folder / "server.key")}
            settings |= {"tls-ca-cert-file": str(self.certificate), "tls-auth-clients": "no"}
        if self._primary:
            settings |= {"replicaof": f"127.0.0.1 {self._primary.port}"}
        return settings | self.options

    def _answers(self) -> bool:
        try:
            return bool(self.command("PING") == "PONG")
        except (OSError, RuntimeError):
            return False

    def _wrapped(self, plain: socket.socket) -> socket.socket:
        if not self.tls:
            return plain
        context = ssl.create_default_context(cafile=str(self.certificate))
        return context.wrap_socket(plain, server_hostname="127.0.0.1")


class RedisSentinel(RedisServer):
    """One redis-sentinel that watches a primary and its replicas, and puts a replica in its place within seconds."""

    def __init__(self, primary: RedisServer, *, service: str = "convo", down_after_ms: int = 500) -> None:
        super().__init__()
        self.service = service
        self._watched = primary
        self._down_after_ms = down_after_ms

    @property
    def url(self) -> str:
        """What `REDIS_URL` says for the service behind this Sentinel."""
        secret = f":{self._watched.password}@" if self._watched.password else ""
        return f"redis+sentinel://{secret}127.0.0.1:{self.port}/{self.service}/0"

    def primary_port(self) -> int:
        """The port of the server that is the primary now."""
        return int(self.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.service)[1])

    def replicas(self) -> int:
        """How many replicas the Sentinel has found and can reach."""
        found = self.command("SENTINEL", "REPLICAS", self.service)
        return sum("down" not in dict(zip(row[::2], row[1::2], strict=True))["flags"] for row in found)

    def _starts(self) -> bool:
        watched, name = self._watched, self.service
        lines = [
            f"port {self.port}",
            "bind 127.0.0.1",
            f"dir {self.folder}",
            f"logfile {self.folder / 'log'}",
            f"sentinel monitor {name} 127.0.0.1 {watched.port} 1",
            f"sentinel down-after-milliseconds {name} {self._down_after_ms}",
            f"sentinel failover-timeout {name} 3000",
        ]
        if watched.password:
            lines.append(f"sentinel auth-pass {name} {watched.password}")
        path = self.folder / "sentinel.conf"
        path.write_text("\n".join(lines) + "\n", "utf-8")
        self._process = _launch(["redis-server", str(path), "--sentinel"])
        if _until(self._answers, self._process):
            return True
        self.kill()
        return False


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A Redis server of this test alone."""
    with RedisServer() as server:
        yield server


def _launch(words: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own words


def _until(true: Any, process: subprocess.Popen[bytes]) -> bool:
    """Whether it becomes true while the process lives."""
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        if true():
            return True
        time.sleep(0.01)
    return False


def _certify(folder: Path) -> None:
    """A key, and a certificate for 127.0.0.1 that is its own authority."""
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    files = ["-keyout", str(folder / "server.key"), "-out", str(folder / "server.pem")]
    subprocess.run([*words.split(), *files], check=True, capture_output=True, timeout=START_S)  # noqa: S603 - our own words


def _request(words: list[str]) -> bytes:
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def _answer(stream: Any) -> Any:
    """One answer in Redis' protocol, version 2."""
    line = stream.readline()
    if not line:
        raise ConnectionResetError("the server has hung up")
    sign, rest = line[:1], line[1:-2].decode("utf-8", "replace")
    if sign == b"-":
        raise RuntimeError(rest)
    if sign == b":":
        return int(rest)
    if sign == b"$":
        return None if int(rest) < 0 else stream.read(int(rest) + 2)[:-2].decode("utf-8", "replace")
    if sign == b"*":
        return None if int(rest) < 0 else [_answer(stream) for _ in range(int(rest))]
    return rest
