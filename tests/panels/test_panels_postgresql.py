"""What the panels ask of PostgreSQL: answers are only ever added, and the last whole one of each counts."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.exc import DatabaseError
from sqlmodel import text

from sjt import db
from sjt.access import SYSTEM
from sjt.authoring import service as authoring
from sjt.panels import service, store
from sjt.panels.model import Purpose
from tests.authoring.conftest import NOW
from tests.panels.conftest import CHAIR, DUE, Asked, Worker, answer_all, closed, experts, finding, keyed

pytestmark = pytest.mark.postgresql


def test_a_panel_is_asked_answered_closed_and_computed(
    postgresql_database: db.Database, few_files: Any, worker: Worker
) -> None:
    with db.transaction() as session:
        authoring.import_prepared(session, few_files, by=SYSTEM, now=NOW)
        people = experts(session, 3)
    with db.transaction() as session:
        panel_id = service.create(
            session, Purpose.KEY, "Panel", "", DUE, ["cypf-0002"], [one.id for one in people], by=CHAIR, now=NOW
        )
    with db.session() as session:
        asked = Asked(panel_id, people, keyed(session, panel_id))
    with db.transaction() as session:
        service.save(session, panel_id, "cypf-0002-a", {"A": 2}, "", by=people[0], now=NOW)
        assert store.whole_counts(session, panel_id) == {}
    answer_all(asked)
    with db.session() as session:
        assert store.whole_counts(session, panel_id) == {one.id: 1 for one in people}
    closed(asked, worker)
    assert finding(asked, "cypf-0002-a")["n_raters"] == 3
    for statement in ("UPDATE expert_answer SET note = 'x'", "DELETE FROM expert_answer"):
        with pytest.raises(DatabaseError, match="only ever added"), db.transaction() as session:
            session.connection().execute(text(statement))
