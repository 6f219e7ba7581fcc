"""Many candidates at once: their sittings in a database, and the cookies that their browsers hold."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlmodel import Session

from sjt.db import new_id
from sjt.delivery import codes, dealing
from sjt.delivery.ledger import Ledger
from sjt.delivery.model import ActKind, BookingState, SessionState
from sjt.delivery.tables import Booking, Candidate, Centre, Room, Sitting, SittingPage, TestSession
from sjt.delivery.writing import Act
from sjt.errors import NotFound
from sjt.times import utc_now
from tests.builders.sittings import a_long_paper, a_paper
from tests.delivery.breaking.servers import SECRET


@dataclass(frozen=True)
class Facts:
    form_id: str
    title: str = "A form"
    option: str = "residential"
    snapshot_sha256: str = "0" * 64


LONG: Final = "long-20"
"""A form as long as a real one: twenty questions, each on a story of its own."""


class Papers:
    """Stands for authoring's service: every form is the paper with one item of each format, or one of real length."""

    def paper(self, session: Session, form_id: str) -> Any:
        return a_long_paper(form_id) if form_id == LONG else a_paper(form_id)

    def form_facts(self, session: Session, form_id: str) -> Facts:
        return Facts(form_id)

    def plan(self, session: Session, plan_id: str) -> Any:
        raise NotFound("There is no such plan.")

    def enemies_of(self, session: Session, scenarios: Iterable[str]) -> frozenset[str]:
        return frozenset()

    def published_forms(self, session: Session) -> list[Facts]:
        return [Facts("form-1")]


@dataclass(frozen=True)
class Ticket:
    """What a candidate's browser holds once it has entered."""

    sitting_id: UUID
    lease: int
    cookie: str
    csrf: str


def sealed(held: dict[str, Any]) -> str:
    """Sign a browser's cookie as the server would."""
    app = Flask("cookies")
    app.secret_key = SECRET
    sealing = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined] # Flask's default has it
    assert sealing is not None
    return str(sealing.dumps(held))


def csrf_pair() -> tuple[str, str]:
    """Give what a cookie holds against forged requests, and the token that a form then sends."""
    raw = hashlib.sha1(secrets.token_bytes(16), usedforsecurity=False).hexdigest()
    token = URLSafeTimedSerializer(SECRET, salt="wtf-csrf-token").dumps(raw)
    assert isinstance(token, str)
    return raw, token


def tickets(sitting_ids: list[UUID], lease: int = 1) -> list[Ticket]:
    """Give the cookies that entering would have given."""
    raw, csrf = csrf_pair()
    found = []
    for sitting_id in sitting_ids:
        held = {
            "_permanent": True,
            "csrf_token": raw,
            "sitting": str(sitting_id),
            "is_me": str(sitting_id),
            "lease": lease,
            "lease_token": codes.lease_token(SECRET, sitting_id, lease),
        }
        found.append(Ticket(sitting_id, lease, sealed(held), csrf))
    return found


@dataclass(frozen=True)
class Cohort:
    session_id: UUID
    sitting_ids: list[UUID]
    booking_ids: list[UUID]


def a_cohort(
    keeper: Ledger,
    number: int,
    *,
    minutes: str | int = 600,
    started: bool = True,
    entered: bool = True,
    form: str = "form-1",
) -> Cohort:
    """Put a session with so many checked-in candidates into a database, each sitting opened, claimed and started."""
    now = utc_now()
    with keeper.database.transaction() as session:
        centre = Centre(name=f"Centre {secrets.token_hex(4)}")
        session.add(centre)
        session.flush()
        room = Room(centre_id=centre.id, name="Hall")
        session.add(room)
        session.flush()
        state = SessionState.RUNNING if started else SessionState.SCHEDULED
        row = TestSession(
            room_id=room.id, starts=now, forms=[form], plan="p", seats=number, created_at=now, state=state
        )
        session.add(row)
        session.flush()
        people = [
            Candidate(
                uln=f"{1_000_000_000 + n}",
                given_name="Ade",
                family_name=f"O\N{RIGHT SINGLE QUOTATION MARK}Neil {n}",
                date_of_birth=date(2001, 2, 3),
                employer="A home",
                provider="A college",
                option="residential",
                start_date=date(2024, 9, 1),
                plan="p",
                created_at=now,
            )
            for n in range(number)
        ]
        session.add_all(people)
        session.flush()
        bookings = [
            Booking(
                candidate_id=person.id,
                session_id=row.id,
                state=BookingState.CHECKED_IN,
                seat=n + 1,
                created_at=now,
            )
            for n, person in enumerate(people)
        ]
        session.add_all(bookings)
        session.flush()
        if not entered:
            return Cohort(row.id, [], [booking.id for booking in bookings])
        paper = Papers().paper(session, form)
        sittings = []
        for booking in bookings:
            sitting_id = new_id()
            deal = dealing.order_of(str(row.id), str(sitting_id), paper, [])
            sittings.append(
                Sitting(
                    id=sitting_id,
                    booking_id=booking.id,
                    session_id=row.id,
                    candidate_id=booking.candidate_id,
                    form_id=form,
                    snapshot_sha256="0" * 64,
                    deal_seed=deal.seed,
                    deal=json.dumps(asdict(deal), sort_keys=True),
                    opened_at=now,
                )
            )
        session.add_all(sittings)
        session.flush()
        session.add_all(
            [SittingPage(sitting_id=sitting.id, display={"size": "100"}, ready_at=now) for sitting in sittings]
        )
        cohort = Cohort(row.id, [sitting.id for sitting in sittings], [booking.id for booking in bookings])
    at = keeper.now()
    opened = {"minutes": minutes, "extra_percent": "0", "extra_minutes": 0}
    keeper.act_all([Act(one, ActKind.OPENED, "system", at, opened) for one in cohort.sitting_ids])
    keeper.act_all(
        [
            Act(
                one,
                ActKind.CLAIMED,
                "candidate",
                at,
                {},
                lease_hmac=codes.lease_hmac(codes.lease_token(SECRET, one, 1)),
            )
            for one in cohort.sitting_ids
        ]
    )
    if started:
        start(keeper, cohort.sitting_ids)
    return cohort


def start(keeper: Ledger, sitting_ids: list[UUID]) -> None:
    at = keeper.now()
    keeper.act_all([Act(one, ActKind.STARTED, "invigilator", at, {}) for one in sitting_ids])
