"""Rooms use only what is below them, and numpy never enters the web process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

ASK = """
import sys
from pathlib import Path
from flask import g
from sjt import db
from sjt.access import SYSTEM, Role
from sjt.app import create_app
from sjt.accounts import service
from sjt.config import Settings
from sjt.migrations import runner
from sjt.times import utc_now

data = Path(sys.argv[1])
database = db.Database(f"sqlite:///{data / 'sjt.sqlite'}")
settings = Settings("", data, "x" * 40, data / "anchor.pem", secure_cookies=False, testing=True)
app = create_app(settings, database=database)

def heavy():
    return sorted({name.split(".")[0] for name in sys.modules} & {"numpy", "scipy", "matplotlib", "pandas"})

assert not heavy(), f"importing the application brings in {heavy()}"
runner.upgrade(database)
with db.transaction() as session:
    roles = frozenset(Role) - {Role.CANDIDATE}
    user = service.add_person(session, login="all", name="All", email="", roles=roles, by=SYSTEM, now=utc_now())
    token = service.open_login(session, user, at=utc_now())
client = app.test_client()
with client.session_transaction() as cookie:
    cookie["login"] = token
for rule in app.url_map.iter_rules():
    if "GET" in rule.methods and not rule.arguments and rule.endpoint != "static":
        answer = client.get(rule.rule)
        assert answer.status_code < 500, (rule.rule, answer.status_code)
        assert not heavy(), f"{rule.rule} brings in {heavy()}"
from sjt.authoring.office import openpyxl
openpyxl()
assert not heavy(), f"workbooks bring in {heavy()}"
print("clean")
"""


def test_every_floor_and_protected_module_holds() -> None:
    found = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout[-3000:] + found.stderr[-1000:]


def test_no_page_brings_numpy_into_the_web_process(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-c", ASK, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=180
    )
    assert found.stdout.strip() == "clean", found.stdout + found.stderr[-3000:]


@pytest.mark.parametrize("module", ["sjt.psychometrics.scoring", "sjt.psychometrics.chance", "sjt.cli"])
def test_scoring_and_the_command_line_need_no_numpy(module: str) -> None:
    code = f"import sys, {module}; print([n for n in ('numpy', 'scipy', 'matplotlib') if n in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
