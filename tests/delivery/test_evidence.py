"""Evidence behind adjustments reaches one role and no other; the effect reaches the room and no marker."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from sjt import db
from sjt.access import TABLE, Actor, Permission, Role
from sjt.config import Settings
from sjt.delivery import evidence, service
from sjt.delivery.evidence import Seen
from sjt.delivery.model import Adjustment
from sjt.delivery.tables import Booking
from sjt.delivery.tables_evidence import AdjustmentEvidence
from sjt.errors import Conflict, Forbidden, InputError
from sjt.times import ManualClock
from sjt.web.guards import GUARD_ATTRIBUTE, PUBLIC
from tests.builders.clients import StrictClient, strict_client
from tests.builders.forms import put_form
from tests.builders.published import Published
from tests.builders.rooms import ADMIN, INVIGILATOR, ARoom, a_room, ledger_on, papers_from

OFFICER = Actor("officer-for-adjustments", "A. Bevan", frozenset({Role.ACCESS_OFFICER}))
WHY, WHO, EFFECT = "CANARY-WHY", "CANARY-WHO", "CANARY-EFFECT"
KNOW_EFFECTS = {Role.CENTRE_ADMIN, Role.INVIGILATOR, Role.ACCESS_OFFICER, Role.AUDITOR, Role.AWARDING_OFFICER}
KNOW_NOBODY = {
    "static", "authoring", "forms", "blueprints", "drafts", "writing", "likeness", "life", "tasks", "suspensions",
    "exchange", "health", "panels", "expert", "jobs",
}  # fmt: skip
"""Rooms that stand below delivery: they cannot name a candidate (tests/house/test_floors.py)."""


@pytest.fixture
def room(database: db.Database, settings: Settings, clock: ManualClock, app: Flask) -> Iterator[ARoom]:
    with papers_from(Published()), ledger_on(database, clock):
        with db.transaction() as session:
            put_form(session, "form-1")
        yield a_room(settings.secret_key, candidates=2, now=clock.now())


def candidate_of(room: ARoom) -> UUID:
    with db.session() as session:
        booking = session.get(Booking, room.booking(1))
        assert booking is not None
        return booking.candidate_id


def keep(room: ARoom, settings: Settings, clock: ManualClock, **other: Any) -> UUID:
    today = clock.now().date()
    words: dict[str, Any] = {
        "review_on": today + timedelta(days=30),
        "keep_until": today + timedelta(days=300),
        "by": OFFICER,
        **other,
    }
    with db.transaction() as session:
        return evidence.record(
            session, candidate_of(room), Seen(WHY, WHO, today), now=clock.now(), secret_key=settings.secret_key, **words
        )


def crawl(app: Flask, client: StrictClient, known: dict[str, Any], *canaries: str) -> int:
    """Open every page there is with ids of things that are there; give how many opened."""
    opened = 0
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint.partition(".")[0] in KNOW_NOBODY:
            continue
        with app.test_request_context("/"):
            from flask import url_for

            url = url_for(rule.endpoint, **{name: known.get(name, uuid4()) for name in rule.arguments})
        reply = client.client.get(url)
        text = reply.get_data().decode("utf-8", "replace")
        reply.close()
        opened += reply.status_code == 200
        for canary in canaries:
            assert canary not in text, f"{url} gives away {canary}"
    return opened


def test_no_other_role_no_file_and_no_log_learns_why(
    room: ARoom,
    app: Flask,
    database: db.Database,
    settings: Settings,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    booking, person = room.booking(1), candidate_of(room)
    with db.transaction() as session:
        granted = Adjustment(arrangements=("reader", "separate-room"), notes=EFFECT)
        service.set_adjustment(session, booking, granted, by=ADMIN, now=clock.now())
    kept = keep(room, settings, clock)
    entered = service.enter(
        room.code(1), room.pin, address="10.0.0.1", agent="x", secret_key=settings.secret_key, now=clock.now()
    )
    service.start_room(room.id, by=INVIGILATOR)
    known: dict[str, Any] = {
        "session_id": room.id, "booking_id": booking, "candidate_id": person, "sitting_id": entered.sitting_id,
        "evidence_id": kept, "form_id": "form-1", "chain": f"evidence:{kept}", "name": "pause",
    }  # fmt: skip
    everybody = strict_client(app, set(Role) - {Role.ACCESS_OFFICER, Role.CANDIDATE}, login="everybody-else")
    whoever_marks = strict_client(app, set(Role) - KNOW_EFFECTS - {Role.CANDIDATE}, login="whoever-marks")
    assert crawl(app, whoever_marks, known, WHY, WHO, EFFECT) > 5

    officer = strict_client(app, {Role.ACCESS_OFFICER})
    page = f"/adjustments/{person}"
    assert f"reader, separate room, {EFFECT}" in officer.get(page).get_data(as_text=True)
    assert WHY not in officer.get(page).get_data(as_text=True), "not in a page that can be linked to"
    opened = officer.post(f"{page}/{kept}/open").get_data(as_text=True)
    assert WHY in opened and WHO in opened
    assert crawl(app, everybody, known, WHY, WHO) > 20, "nor does anybody else, after it was opened"

    for end in ("", "-wal"):
        file = Path(f"{database.url.database}{end}")
        raw = file.read_bytes() if file.exists() else b""
        assert WHY.encode() not in raw and WHO.encode() not in raw, "a copy of the database says nothing"
    assert WHY not in caplog.text
    with db.session() as session:
        deeds = [row.did for row in session.exec(_audit_of(kept))]
    assert deeds == ["evidence.recorded", "evidence.opened"]


def _audit_of(evidence_id: UUID) -> Any:
    from sqlmodel import col, select

    from sjt.audit.tables import AuditEntry

    return select(AuditEntry).where(col(AuditEntry.chain) == f"evidence:{evidence_id}").order_by(col(AuditEntry.n))


def test_one_role_keeps_it_and_every_fault_of_a_record_is_named_at_once(
    room: ARoom, app: Flask, settings: Settings, clock: ManualClock
) -> None:
    assert TABLE[Permission.KEEP_ADJUSTMENT_EVIDENCE] == {Role.ACCESS_OFFICER}
    guards = {
        rule.endpoint: getattr(app.view_functions[rule.endpoint], GUARD_ATTRIBUTE, PUBLIC)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/adjustments/")
    }
    assert len(guards) == 5 and set(guards.values()) == {(Permission.KEEP_ADJUSTMENT_EVIDENCE,)}
    for beside in (Role.ASSESSOR, Role.MODERATOR, Role.INVIGILATOR, Role.AWARDING_OFFICER, Role.EMPLOYER, Role.JUDGE):
        with pytest.raises(Forbidden, match="stays closed to you"):
            evidence.require_apart(Actor("x", "X", frozenset({Role.ACCESS_OFFICER, beside})))
    today = clock.now().date()
    with pytest.raises(InputError) as refused, db.transaction() as session:
        evidence.record(
            session,
            candidate_of(room),
            Seen(" ", "x" * 201, today + timedelta(days=1)),
            review_on=today,
            keep_until=date(2099, 1, 1),
            by=OFFICER,
            now=clock.now(),
            secret_key=settings.secret_key,
        )
    fields = [fault.field for fault in refused.value.faults]
    assert fields == ["What was seen", "Seen by", "Seen on", "Keep until", "Review on"]
    officer = strict_client(app, {Role.ACCESS_OFFICER})
    page = f"/adjustments/{candidate_of(room)}"
    assert officer.post(page, {"what": ""}).status_code == 422
    day = {"seen_on": today.isoformat(), "keep_until": (today + timedelta(days=9)).isoformat()}
    assert officer.post(page, {"what": WHY, "seen_by": WHO, **day}).status_code == 303
    assert "Kept until" in officer.get(page).get_data(as_text=True)
    assert officer.get("/adjustments/?show=all").status_code == 200


def test_it_is_erased_at_its_day_and_by_hand(room: ARoom, settings: Settings, clock: ManualClock) -> None:
    today = clock.now().date()
    first = keep(room, settings, clock, keep_until=today + timedelta(days=40))
    second = keep(room, settings, clock)
    with pytest.raises(Conflict, match="SJT_SECRET_KEY"), db.transaction() as session:
        evidence.opened(session, second, by=OFFICER, now=clock.now(), secret_key="another " * 5)
    with db.transaction() as session:
        evidence.erase(session, second, by=OFFICER, now=clock.now())
        evidence.erase(session, second, by=OFFICER, now=clock.now())
    clock.advance(timedelta(days=40))
    with db.transaction() as session:
        assert evidence.to_review(session, on=clock.now().date()) == 1
        assert not evidence.due(session, on=clock.now().date()), "its last day is not over"
        assert evidence.erase_due(session, now=clock.now() + timedelta(days=1)) == 1
    with db.session() as session:
        for one in (first, second):
            row = session.get(AdjustmentEvidence, one)
            assert row is not None and row.sealed == b"" and row.erased_at is not None
    with pytest.raises(Conflict, match="is erased"), db.transaction() as session:
        evidence.opened(session, first, by=OFFICER, now=clock.now(), secret_key=settings.secret_key)
