"""Databases that wait for no disk: what survives a power cut is asked of those that do (`tests/delivery/breaking`)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from sjt import db


def hastened(database: db.Database) -> db.Database:
    """Let a SQLite file of this process alone be written without a sync."""
    if database.is_sqlite:
        event.listen(database.engine, "connect", _without_sync)
    return database


def _without_sync(connection: Any, record: Any) -> None:
    connection.execute("PRAGMA synchronous = OFF")


def hasten_server(url: str) -> None:
    """Let a whole PostgreSQL server wait for no disk."""
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
            connection.exec_driver_sql(f"ALTER SYSTEM SET {name} = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    admin.dispose()
