"""Databases of the delivery tests, with a ledger that runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from sjt import db
from sjt.delivery import after, ledger
from sjt.migrations import runner
from sjt.times import ManualClock
from tests.builders.sittings import NINE


@pytest.fixture(autouse=True)
def delivery_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let closing a session call no room above: which of them registered depends on the tests that ran before."""
    monkeypatch.setattr(after, "_handlers", [])


def prepare(database: db.Database) -> db.Database:
    """Bring an empty database to the newest revision, and bind it."""
    runner.upgrade(database)
    return db.bind(database)


@pytest.fixture(scope="session")
def _postgresql(postgresql_server: str) -> str:
    url = sa.make_url(postgresql_server)
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE delivery_template")
    admin.dispose()
    template = db.Database(url.set(database="delivery_template").render_as_string(hide_password=False))
    prepare(template)
    template.dispose()
    return postgresql_server


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Iterator[db.Database]:
    database = prepare(db.Database(f"sqlite:///{tmp_path / 'sitting.sqlite'}"))
    yield database
    database.dispose()


@pytest.fixture
def postgresql_file(_postgresql: str) -> Iterator[db.Database]:
    admin = sa.create_engine(_postgresql, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS delivery_test WITH (FORCE)")
        connection.exec_driver_sql("CREATE DATABASE delivery_test TEMPLATE delivery_template")
    admin.dispose()
    url = sa.make_url(_postgresql).set(database="delivery_test").render_as_string(hide_password=False)
    database = db.bind(db.Database(url))
    yield database
    database.dispose()


@pytest.fixture(params=["sqlite_file", pytest.param("postgresql_file", marks=pytest.mark.postgresql)])
def either(request: pytest.FixtureRequest) -> db.Database:
    """Give each database in turn."""
    found: db.Database = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def manual() -> ManualClock:
    return ManualClock(NINE)


@pytest.fixture
def running(either: db.Database, manual: ManualClock) -> Iterator[ledger.Ledger]:
    """Give a running ledger on each database in turn, with a clock that moves when told."""
    found = ledger.bind(ledger.Ledger(either, manual).start())
    yield found
    found.stop()
