"""A real server in a process of its own, for browser tests and screenshots."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(data: Path, *, seconds: float = 180, **settings: str) -> Iterator[str]:
    """Run `sjt serve` on a data folder and give its address; the log is left beside the data."""
    port = free_port()
    environ = {
        **os.environ,
        "SJT_DATA": str(data),
        "SJT_SECURE_COOKIES": "no",
        "OPENBLAS_NUM_THREADS": "1",
        **settings,
    }
    environ.pop("SJT_DATABASE", None)
    with (data / "server.log").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-c", f"from sjt.cli import main; main(['serve', '--port', '{port}'])"],
            env=environ,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(address, child, seconds)
            yield address
        finally:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(timeout=60)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def wait_for(address: str, child: subprocess.Popen[bytes], seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert child.poll() is None, f"the server ended by itself with code {child.returncode}"
        with (
            contextlib.suppress(URLError, ConnectionError, TimeoutError),
            urllib.request.urlopen(f"{address}/healthz", timeout=2) as reply,
        ):
            if reply.status == 200:
                return
        time.sleep(0.1)
    raise AssertionError(f"the server did not answer within {seconds} s")
