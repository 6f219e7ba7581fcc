"""The app of the rooms that stand, and each database in turn."""

from __future__ import annotations

from typing import Any

import pytest

from sjt import db
from sjt.config import Settings
from sjt.times import ManualClock
from tests.builders.rooms import delivery_app


@pytest.fixture
def app(settings: Settings, database: db.Database, clock: ManualClock) -> Any:
    return delivery_app(settings, database, clock)


@pytest.fixture(params=["database", pytest.param("postgresql_database", marks=pytest.mark.postgresql)])
def either(request: pytest.FixtureRequest) -> db.Database:
    found: db.Database = request.getfixturevalue(request.param)
    return found
