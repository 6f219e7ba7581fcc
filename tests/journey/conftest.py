"""One demonstration, built and served once, walked by real browsers."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from sjt.demo.people import PASSWORD
from tests.builders.server import CHROMIUM_ARGUMENTS, serving


@dataclass(frozen=True)
class Demonstration:
    address: str
    data: Path
    told: dict[str, Any]


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """Build a small demonstration by its command, and serve it with its worker."""
    data = tmp_path_factory.mktemp("demonstration") / "data"
    ready = os.environ.get("SJT_TEST_DEMONSTRATION")  # a built one to copy saves a minute at work
    shutil.copytree(ready or _built_once(tmp_path_factory), data)
    if ready:
        _run(["db", "upgrade"], data)
    with serving(data) as address:
        yield Demonstration(address, data, json.loads((data / "demonstration.json").read_text(encoding="utf-8")))


def _built_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the demonstration, or wait for the worker of this run that is building it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    built, done = shared / "built-demonstration", shared / "built-demonstration.done"
    with (shared / "built-demonstration.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # closing the file lets it go
        if not done.exists():
            shutil.rmtree(built, ignore_errors=True)
            _run(["demo", "--data", str(built), "--candidates", "48", "--no-serve"], built)
            done.touch()
    return built


def _run(words: list[str], data: Path) -> None:
    environ = {**os.environ, "SJT_DATA": str(data), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", f"from sjt.cli import main; main({words!r})"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=1_200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def browser(chromium: str, player: Any) -> Iterator[Browser]:
    running = player.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
    yield running
    running.close()


@pytest.fixture
def somebody(browser: Browser, demonstration: Demonstration) -> Iterator[Callable[..., Page]]:
    """Give a maker of people: ``somebody("writer")`` has signed in; ``somebody()`` is a stranger."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def make(login: str = "", *, width: int = 1280, height: int = 900) -> Page:
        context = browser.new_context(base_url=demonstration.address, viewport={"width": width, "height": height})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda said: faults.append(f"{page.url}: {said.text}") if "Content Security Policy" in said.text else None,
        )
        if login:
            page.goto("/sign-in")
            page.get_by_label("Log-in name").fill(login)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url("**/desk")
        return page

    yield make
    for context in contexts:
        context.close()
    assert not faults, faults
