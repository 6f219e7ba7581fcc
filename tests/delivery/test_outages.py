"""A database that is away is 503 with a time to come back, which a page repeats; a wrong statement stays a 500."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError

from sjt.web import errors


def asked(error: Exception) -> tuple[int, str | None, str]:
    app = Flask("sjt")
    errors.register(app)

    def fail() -> str:
        raise error

    app.add_url_rule("/", view_func=fail)
    reply = app.test_client().get("/", headers={"Accept": "application/json"})
    return reply.status_code, reply.headers.get("Retry-After"), reply.get_data(as_text=True)


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("select 1", {}, psycopg.OperationalError("server closed the connection unexpectedly")),
        OperationalError("select 1", {}, psycopg.errors.CannotConnectNow("the database system is starting up")),
        InterfaceError("select 1", {}, psycopg.InterfaceError("the connection is lost"), connection_invalidated=True),
        OperationalError("begin", {}, sqlite3.OperationalError("database is locked")),
        OperationalError("commit", {}, sqlite3.OperationalError("database or disk is full")),
    ],
)
def test_a_database_that_is_away_is_503_and_says_what_is_safe(error: DBAPIError) -> None:
    status, retry_after, words = asked(error)
    assert (status, retry_after) == (503, "2")
    assert "What was saved is safe" in words


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("select x", {}, sqlite3.OperationalError("no such column: x")),
        ProgrammingError("select x", {}, psycopg.errors.UndefinedColumn("column x does not exist")),
    ],
)
def test_a_wrong_statement_is_no_outage(error: DBAPIError) -> None:
    assert not errors.is_outage(error)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(errors, "render_template", lambda *names, **values: "broken")
        assert asked(error)[0] == 500


def test_a_constraint_is_still_a_conflict() -> None:
    assert asked(sa.exc.IntegrityError("insert", {}, sqlite3.IntegrityError("UNIQUE")))[0] == 409
