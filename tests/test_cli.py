"""The command line: help without imports, exit codes, and an installation from nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sjt import cli

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def sjt(tmp_path: Path) -> Run:
    env = {name: value for name, value in os.environ.items() if not name.startswith("SJT_")}

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        code = "from sjt.cli import main; main()"
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env={**env, "SJT_DATA": str(tmp_path / "data"), **more},
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


def test_help_lists_every_command_and_imports_no_room(sjt: Run) -> None:
    code = "import sys, sjt.cli; print(sorted(n for n in sys.modules if n.startswith('sjt.')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "['sjt.cli', 'sjt.errors']"
    text = sjt("--help").stdout
    assert all(re.search(rf"^  {name} ", text, re.M) for name in cli.COMMANDS)


def test_every_command_has_a_summary() -> None:
    assert set(cli.SUMMARIES) == set(cli.COMMANDS)


def test_wrong_usage_exits_2_and_a_wrong_setting_exits_1(sjt: Run) -> None:
    assert sjt("nonsense").returncode == 2
    assert sjt("user", "add").returncode == 2
    refused = sjt("user", "list", SJT_GRACE_SECONDS="x", SJT_OUTAGE_CREDIT="y")
    assert refused.returncode == 1 and "Traceback" not in refused.stderr
    assert "SJT_GRACE_SECONDS" in refused.stderr and "SJT_OUTAGE_CREDIT" in refused.stderr


@pytest.mark.slow
def test_an_installation_is_made_used_backed_up_and_restored(sjt: Run, tmp_path: Path) -> None:
    early = sjt("user", "list")
    assert early.returncode == 1 and "sjt init" in early.stderr and "Traceback" not in early.stderr
    made = sjt("init", "--admin", "kim", "--name", "Kim Okafor", "--organisation", "Northern EPA")
    assert made.returncode == 0, made.stderr
    assert re.search(r"http://127\.0\.0\.1:8000/link/[\w-]{32}\n", made.stdout)
    again = sjt("init")
    assert again.returncode == 1 and "was made before" in again.stderr
    added = sjt("user", "add", "priya", "--name", "Priya Nair", "--role", "writer", "--by", "kim")
    assert added.returncode == 0 and "/link/" in added.stdout
    listed = sjt("user", "list").stdout.splitlines()
    assert listed == ["kim\tKim Okafor\tadministrator\tinvited", "priya\tPriya Nair\twriter\tinvited"]
    twice = sjt("user", "add", "priya", "--name", "P", "--role", "writer")
    assert twice.returncode == 1 and "already" in twice.stderr
    assert sjt("user", "add", "sam", "--name", "S", "--role", "writer", "--by", "priya").returncode == 1
    file = str(tmp_path / "one.backup")
    assert sjt("db", "backup", file).returncode == 0
    assert sjt("db", "backup", file).returncode == 1
    assert sjt("user", "add", "late", "--name", "L", "--role", "judge").returncode == 0
    assert sjt("db", "restore", file).returncode == 1
    assert sjt("db", "restore", file, "--yes").returncode == 0
    assert sjt("user", "list").stdout.splitlines() == listed
    export = str(tmp_path / "audit.jsonl")
    assert sjt("audit", "export", export).returncode == 0
    assert "HOLDS" in sjt("audit", "verify", export).stdout
    assert sjt("db", "upgrade").returncode == 0
    assert sjt("worker", "--once").returncode == 0
