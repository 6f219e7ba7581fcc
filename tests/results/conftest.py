"""Databases of the results tests: SQLite and, where it is there, PostgreSQL."""

from __future__ import annotations

import pytest

from sjt import db


@pytest.fixture(params=["database", pytest.param("postgresql_database", marks=pytest.mark.postgresql)])
def either(request: pytest.FixtureRequest) -> db.Database:
    """Give each database in turn."""
    found: db.Database = request.getfixturevalue(request.param)
    return found
