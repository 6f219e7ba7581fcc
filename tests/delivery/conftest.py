"""Databases of the delivery tests, with a ledger that runs."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sjt import db
from sjt.access import Role
from sjt.config import Settings
from sjt.delivery import after, ledger
from sjt.times import ManualClock, SystemClock
from tests.builders.databases import hastened
from tests.builders.rooms import ARoom, BankSource, a_room, cookie_for, delivery_app, ledger_on, papers_from, served
from tests.builders.seat import Seat, ShiftedClock
from tests.builders.server import CHROMIUM_ARGUMENTS
from tests.builders.sittings import NINE


@pytest.fixture(autouse=True)
def delivery_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let closing a session call no room above: which of them registered depends on the tests that ran before."""
    monkeypatch.setattr(after, "_handlers", [])


@pytest.fixture
def sqlite_file(sqlite_template: Path, tmp_path: Path) -> Iterator[db.Database]:
    path = tmp_path / "sitting.sqlite"
    shutil.copyfile(sqlite_template, path)
    database = db.bind(hastened(db.Database(f"sqlite:///{path}")))
    yield database
    database.dispose()


@pytest.fixture
def postgresql_file(postgresql_database: db.Database) -> db.Database:
    return postgresql_database


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
