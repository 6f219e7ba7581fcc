"""Databases of the delivery tests, with a ledger that runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sjt import db
from sjt.access import Role
from sjt.config import Settings
from sjt.delivery import after, ledger
from sjt.migrations import runner
from sjt.times import ManualClock, SystemClock
from tests.builders.rooms import ARoom, BankSource, a_room, cookie_for, delivery_app, ledger_on, papers_from, served
from tests.builders.seat import Seat, ShiftedClock
from tests.builders.server import CHROMIUM_ARGUMENTS
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


@pytest.fixture(scope="module")
def bank_source() -> BankSource:
    """Give papers of the shipped bank, short ones; a module that wants another length has its own."""
    return BankSource(scenarios=7)


@pytest.fixture
def keeper(database: db.Database, clock: ManualClock, bank_source: BankSource) -> Iterator[ledger.Ledger]:
    """Run the ledger on the clock that the test moves."""
    with papers_from(bank_source), ledger_on(database, clock) as running:
        yield running


@pytest.fixture
def shifted() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
def seat_keeper(database: db.Database, shifted: ShiftedClock) -> Iterator[ledger.Ledger]:
    """Give a ledger for a sitting in a browser, with papers of the shipped bank."""
    with papers_from(BankSource(scenarios=7)), ledger_on(database, shifted) as running:
        yield running


@pytest.fixture
def seat_app(settings: Settings, database: db.Database, shifted: ShiftedClock, seat_keeper: ledger.Ledger) -> Any:
    return delivery_app(settings, database, shifted)


@pytest.fixture
def seat_address(seat_app: Any) -> Iterator[str]:
    with served(seat_app) as base:
        yield base


@pytest.fixture
def seat_room(settings: Settings, seat_keeper: ledger.Ledger, shifted: ShiftedClock) -> ARoom:
    return a_room(settings.secret_key, candidates=1, now=shifted.now())


@pytest.fixture
def a_seat(player: Any, chromium: str, tmp_path: Path, seat_address: str) -> Iterator[Seat]:
    """Give a candidate's browser; whatever its page raised fails the test."""
    found = Seat(player, chromium, tmp_path / "profile", seat_address)
    yield found
    with contextlib.suppress(Exception):  # a test may have killed it
        found.context.close()
    assert found.faults == []


@pytest.fixture
def page(settings: Settings, database: db.Database, room: ARoom, chromium: str, player: Any) -> Iterator[Any]:
    """Give a page of the invigilator's browser; the room is the test's own."""
    app = delivery_app(settings, database, SystemClock())
    with served(app) as base:
        browser = player.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
        context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=base)
        context.add_cookies([{"name": "sjt", "value": cookie_for(app, Role.INVIGILATOR), "url": base}])
        yield context.new_page()
        browser.close()
