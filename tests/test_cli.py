"""The command line: help without imports, exit codes, and an installation from nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from sjt import cli, db

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder where what the commands import is kept compiled, as on any installed machine."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def sjt(tmp_path: Path, compiled: Path) -> Run:
    env = {name: value for name, value in os.environ.items() if not name.startswith("SJT_")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    env["PYTHONPYCACHEPREFIX"] = str(compiled)

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


HEAVY = ("numpy", "scipy", "sqlalchemy", "sqlmodel", "flask", "pydantic", "psycopg", "alembic", "cryptography")


@pytest.mark.parametrize("arguments", [["--help"], ["bank", "--help"], ["session", "create", "--help"]])
def test_help_loads_neither_a_room_nor_a_library(arguments: list[str]) -> None:
    code = (
        "import sys, sjt.cli\n"
        "try: sjt.cli.main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print('LOADED', *sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    told, _, names = done.stdout.partition("LOADED")
    loaded = set(names.split())
    assert not loaded & set(HEAVY)
    if arguments == ["--help"]:
        assert {name for name in loaded if name.startswith("sjt.")} == {"sjt.cli", "sjt.errors"}
        assert all(re.search(rf"^  {name} ", told, re.M) for name in cli.COMMANDS)


def test_only_what_a_command_needs_is_loaded(sjt: Run, tmp_path: Path) -> None:
    """Ask the interpreter itself which modules a whole run imported."""
    lines = tmp_path / "empty.jsonl"
    lines.touch()
    for arguments, absent in (
        (("audit", "verify", str(lines)), ("sqlalchemy", "flask", "numpy")),
        (("user", "list"), ("flask", "numpy", "psycopg", "alembic", "sjt.authoring.service")),
    ):
        run = sjt(*arguments, PYTHONPROFILEIMPORTTIME="1")
        loaded = {line.rpartition("|")[2].strip() for line in run.stderr.splitlines() if line.startswith("import time")}
        assert "sjt.cli" in loaded and not loaded & set(absent), arguments


def test_a_groups_help_says_each_commands_first_sentence() -> None:
    """The words are read from the source; they must be those of the command itself."""
    for group, table in cli.COMMANDS.items():
        if isinstance(table, str):
            continue
        with click.Context(cli.cli) as context:
            found = cli.cli.get_command(context, group)
            assert isinstance(found, cli.LazyGroup)
            told = found.get_help(click.Context(found, info_name=group))
        for name, target in table.items():
            assert isinstance(target, str)
            first = cli._summary(name, target)
            command = found.get_command(context, name)
            assert command is not None and first and command.get_short_help_str(300) == first
            assert name in told and first.split()[0] in told


def test_every_command_has_a_summary() -> None:
    assert set(cli.SUMMARIES) == set(cli.COMMANDS)


def test_wrong_usage_exits_2_and_a_wrong_setting_exits_1(sjt: Run) -> None:
    assert sjt("nonsense").returncode == 2
    assert sjt("user", "add").returncode == 2
    refused = sjt("user", "list", SJT_GRACE_SECONDS="x", SJT_OUTAGE_CREDIT="y")
    assert refused.returncode == 1 and "Traceback" not in refused.stderr
    assert "SJT_GRACE_SECONDS" in refused.stderr and "SJT_OUTAGE_CREDIT" in refused.stderr


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Give the same command line within this process: twenty calls need not start Python twenty times."""
    for name in [name for name in os.environ if name.startswith("SJT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SJT_DATA", str(tmp_path / "data"))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        said = capsys.readouterr()
        code = ended.value.code
        return subprocess.CompletedProcess(arguments, code if isinstance(code, int) else 1, said.out, said.err)

    return run


@pytest.mark.slow
def test_an_installation_is_made_used_backed_up_and_restored(sjt: Run, inside: Run, tmp_path: Path) -> None:
    early = sjt("user", "list")
    assert early.returncode == 1 and "sjt init" in early.stderr and "Traceback" not in early.stderr
    made = sjt("init", "--admin", "kim", "--name", "Kim Okafor", "--organisation", "Northern EPA")
    assert made.returncode == 0, made.stderr
    assert re.search(r"http://127\.0\.0\.1:8000/link/[\w-]{32}\n", made.stdout)
    again = inside("init")
    assert again.returncode == 1 and "was made before" in again.stderr
    added = inside("user", "add", "priya", "--name", "Priya Nair", "--role", "writer", "--by", "kim")
    assert added.returncode == 0 and "/link/" in added.stdout
    listed = inside("user", "list").stdout.splitlines()
    assert listed == ["kim\tKim Okafor\tadministrator\tinvited", "priya\tPriya Nair\twriter\tinvited"]
    twice = inside("user", "add", "priya", "--name", "P", "--role", "writer")
    assert twice.returncode == 1 and "already" in twice.stderr
    contact = ("user", "add", "emma", "--name", "Emma", "--employer", "Fairholme")
    assert inside(*contact, "--role", "writer").returncode == 2
    assert inside("user", "add", "sam", "--name", "S", "--role", "writer", "--by", "priya").returncode == 1
    file = str(tmp_path / "one.backup")
    assert inside("db", "backup", file).returncode == 0
    assert inside("db", "backup", file).returncode == 1
    assert inside("user", "add", "late", "--name", "L", "--role", "judge").returncode == 0
    assert inside("db", "restore", file).returncode == 1
    restored = inside("db", "restore", file, "--yes")
    assert restored.returncode == 0 and ".before-restore" in restored.stdout
    assert inside("user", "list").stdout.splitlines() == listed
    export = str(tmp_path / "audit.jsonl")
    assert inside("audit", "export", export).returncode == 0
    assert "HOLDS" in inside("audit", "verify", export).stdout
    assert inside("db", "upgrade").returncode == 0
    assert sjt("worker", "--once").returncode == 0
    db.current().dispose()


def test_an_employers_contact_is_named_on_the_command_line(
    inside: Run, database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sjt.accounts import service as accounts
    from sjt.grading import service as grading

    monkeypatch.setenv("SJT_DATABASE", database.url.render_as_string(hide_password=False))
    added = inside("user", "add", "emma", "--name", "Emma", "--role", "employer", "--employer", "Fairholme")
    assert added.returncode == 0, added.stderr
    with db.session() as session:
        person = accounts.find_by_login(session, "emma")
        assert person is not None and grading.employer_of(session, str(person.id)) == "Fairholme"
    db.current().dispose()


def test_the_servers_own_warnings_are_shown_but_for_the_one_that_is_meant() -> None:
    import logging

    from sjt.serving import ThreadsAreMeant, logging_of_server

    def record(words: str) -> logging.LogRecord:
        return logging.LogRecord("_granian", logging.WARNING, "", 0, words, None, None)

    sieve = ThreadsAreMeant()
    assert not sieve.filter(record("Configuration allows spawning up to 48 Python threads, which seems quite high"))
    assert sieve.filter(record("Worker-1 died unexpectedly"))
    assert logging_of_server()["filters"]["threads"]["()"].endswith(".ThreadsAreMeant")
