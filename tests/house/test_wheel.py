"""The wheel holds everything: templates render and the bank checks clean from it, away from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and unpack it into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    made = subprocess.run(build, capture_output=True, text=True, cwd=folder)
    assert made.returncode == 0, made.stderr[-3000:]
    (wheel,) = folder.glob("sjt-*.whl")
    target = folder / "site"
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet", "--target", str(target)]
    subprocess.run([*install, str(wheel)], check=True)
    return target


def run(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("SJT_")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=installed,
        env={**env, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )


def test_a_page_renders_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; import sjt, sys; from sjt.app import create_app; from sjt.config import Settings\n"
        "from sjt.migrations import runner; from sjt import db\n"
        f"data = Path({str(tmp_path)!r}); database = db.Database(f'sqlite:///{{data}}/s.sqlite')\n"
        "runner.upgrade(database)\n"
        "app = create_app(Settings('', data, 'x' * 40, data / 'k'), database=database)\n"
        "client = app.test_client(); page = client.get('/sign-in'); print(sjt.__file__, page.status_code)\n"
        "print(client.get('/static/css/sjt.css').status_code, client.get('/readyz').status_code)"
    )
    found = run(installed, "-c", code)
    assert found.returncode == 0, found.stderr[-3000:]
    assert found.stdout.split() == [str(installed / "sjt" / "__init__.py"), "200", "200", "200"]


def test_the_bank_of_the_wheel_is_clean(installed: Path) -> None:
    found = run(installed, "-c", "from sjt.cli import main; main(['bank', 'check'])")
    assert found.returncode == 0, found.stdout[-2000:] + found.stderr[-2000:]


def test_the_wheel_holds_migrations_and_no_tests(installed: Path) -> None:
    assert (installed / "sjt" / "migrations" / "env.py").is_file()
    assert (installed / "sjt" / "_bundled" / "templates" / "frames" / "base.html").is_file()
    assert not (installed / "tests").exists()
