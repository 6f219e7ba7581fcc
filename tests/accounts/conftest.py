"""The app of the rooms that stand, and throttles that begin empty."""

from __future__ import annotations

from typing import Any

import pytest

from sjt import db
from sjt.accounts import routes
from sjt.accounts.throttle import Throttle
from sjt.config import Settings
from sjt.times import ManualClock
from tests.builders.rooms import delivery_app


@pytest.fixture
def app(settings: Settings, database: db.Database, clock: ManualClock) -> Any:
    return delivery_app(settings, database, clock)


@pytest.fixture(autouse=True)
def empty_throttles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "SIGN_INS", Throttle(tries=10, seconds=60))
    monkeypatch.setattr(routes, "SIGN_INS_FROM", Throttle(tries=60, seconds=60))


@pytest.fixture(params=["database", pytest.param("postgresql_database", marks=pytest.mark.postgresql)])
def either(request: pytest.FixtureRequest) -> db.Database:
    found: db.Database = request.getfixturevalue(request.param)
    return found
