"""Real servers that can be started in a moment and killed with SIGKILL, and one's own PostgreSQL."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final

from tests.builders.server import free_port

ROOT: Final = Path(__file__).resolve().parents[3]
SECRET: Final = "for-breaking-only-" + "b" * 32
TROUBLE: Final = re.compile(r"^Traceback |panicked|Internal Server Error", re.MULTILINE)


def environ(data: Path, url: str) -> dict[str, str]:
    return {
        "SJT_DATA": str(data),
        "SJT_DATABASE": url,
        "SJT_SECRET_KEY": SECRET,
        "SJT_SECURE_COOKIES": "no",
        "SJT_WORKER_IN_SERVER": "no",
        "OPENBLAS_NUM_THREADS": "1",
    }


@dataclass
class Server:
    """One server on one port, dead or alive."""

    launcher: Launcher
    data: Path
    url: str
    port: int = field(default_factory=free_port)
    arguments: tuple[str, ...] = ()
    extra: dict[str, str] = field(default_factory=dict)
    group: int = 0
    starts: int = 0
    file_limit: int = 0
    sync_delay: float = 0.0
    """Seconds added to each sync of an SQLite file in the data folder."""

    @property
    def log(self) -> Path:
        return self.data / f"server-{self.port}.log"

    def start(self, *, seconds: float = 180.0, wait: bool = True) -> Server:
        order = {
            "arguments": ["serve", "--port", str(self.port), *self.arguments],
            "environ": environ(self.data, self.url) | self.extra,
            "log": str(self.log),
            "file_limit": self.file_limit,
            "sync_delay": self.sync_delay,
        }
        self.group = self.launcher.launch(order)
        self.starts += 1
        if wait:
            self.wait(seconds)
        return self

    def wait(self, seconds: float = 60.0) -> None:
        """Wait until the port answers."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
                line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                if b" 200 " in line.recv(64):
                    return
            if not alive(self.group):
                raise AssertionError(f"the server ended by itself: {self.log.read_text()[-2000:]}")
            time.sleep(0.01)
        raise AssertionError(f"the server did not answer within {seconds} s: {self.log.read_text()[-2000:]}")

    def kill(self) -> None:
        """End the whole group with SIGKILL and wait until nothing of it is left."""
        if not self.group:
            return
        while alive(self.group):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.group, signal.SIGKILL)
            time.sleep(0.002)
        self.group = 0

    def stop(self, seconds: float = 30.0) -> None:
        """Ask the server to end, as a service manager does."""
        if not self.group:
            return
        os.kill(self.group, signal.SIGTERM)
        until = time.monotonic() + seconds
        while alive(self.group):
            if time.monotonic() > until:
                self.kill()
                raise AssertionError(f"the server did not stop within {seconds} s")
            time.sleep(0.02)
        self.group = 0

    def workers(self) -> list[int]:
        """Give the server's worker processes: the children of its first process."""
        text = Path(f"/proc/{self.group}/task/{self.group}/children").read_text("ascii")
        return [int(pid) for pid in text.split()]

    def cpu_seconds(self) -> float:
        """Give the processor time that the server has used since its start."""
        ticks = 0
        for pid in [self.group, *self.workers()]:
            fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def troubles(self) -> list[str]:
        """Give the exceptions that stand in the log."""
        text = self.log.read_text("utf-8", errors="replace") if self.log.exists() else ""
        starts = [found.start() for found in TROUBLE.finditer(text)]
        # the cause stands at the end of a trace
        return [text[start:end][:20_000] for start, end in zip(starts, [*starts, len(text)][1:], strict=True)]


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


class Launcher:
    """The process that holds the imports; ends with the ``with`` block, and every server of it too."""

    def __enter__(self) -> Launcher:
        command = [sys.executable, "-m", "tests.delivery.breaking.launcher"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n", "the launcher could not import sjt"
        self.servers: list[Server] = []
        return self

    def launch(self, order: dict[str, object]) -> int:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def server(
        self, data: Path, url: str, *arguments: str, extra: dict[str, str] | None = None, file_limit: int = 0
    ) -> Server:
        found = Server(self, data, url, arguments=arguments, extra=extra or {}, file_limit=file_limit)
        self.servers.append(found)
        return found

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self.servers:
            server.kill()
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=30)


@contextlib.contextmanager
def a_server(launcher: Launcher, data: Path, url: str, *arguments: str) -> Iterator[Server]:
    """Run one server while the block lasts."""
    server = launcher.server(data, url, *arguments).start()
    try:
        yield server
    finally:
        server.kill()
