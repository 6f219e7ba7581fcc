"""Builders of a room that can be sat in: the shipped bank's text, an app with delivery's pages, a server on a port."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlmodel import Session
from werkzeug.serving import make_server

import sjt.app
import sjt.joining
from sjt import db, paths
from sjt.access import Actor, Role
from sjt.authoring.bank import load
from sjt.authoring.freezing import paper_scenario
from sjt.authoring.snapshot import Paper
from sjt.config import Settings
from sjt.delivery import ledger, service, sources
from sjt.delivery.model import CandidateLine, CodeSlip, SessionPlan
from sjt.errors import NotFound
from sjt.times import Clock

PLAN = "ap-sjt-portfolio-interview"
ADMIN = Actor("admin-1", "C. Admin", frozenset({Role.CENTRE_ADMIN}))
INVIGILATOR = Actor("invigilator-1", "J. Whitfield", frozenset({Role.INVIGILATOR}))
NAMES = (
    ("Aisha", "Khan"),
    ("Ben", "Pritchard"),
    ("Chloe", "Nguyen"),
    ("Daniel", "Osei"),
    ("Ellie", "Marsh"),
    ("Faye", "Donnelly"),
    ("Marcus", "Adeyemi"),
    ("Grace", "Hollis"),
    ("Hamza", "Yusuf"),
    ("Imogen", "Clarke"),
    ("Jamal", "Edwards"),
    ("Katie", "O\N{RIGHT SINGLE QUOTATION MARK}Rourke"),
)
EVIDENCE = tuple(f"G{n}" for n in range(1, 9))


@dataclass(frozen=True)
class FormFacts:
    """What booking and pages ask about a published form."""

    form_id: str
    title: str
    option: str
    snapshot_sha256: str


class BankSource:
    """Gives papers made of the shipped bank, as authoring's service would give a published form's."""

    def __init__(self, minutes: int = 60, scenarios: int = 14, directory: Path | None = None) -> None:
        reading = load(directory or paths.bank_dir())
        assert reading.bank is not None
        self.bank = reading.bank
        self.minutes = minutes
        self.scenarios = scenarios

    def paper(self, session: Session, form_id: str) -> Paper:
        """Give a form of every format, the longest ranking of the bank among them."""
        known = sorted(
            (one for one in self.bank.scenarios if one.option in ("core", "residential")), key=lambda s: s.id
        )

        def length(scenario: Any) -> int:
            ranks = [item for item in scenario.items if item.format.value == "rank" and len(item.options) == 5]
            return max((sum(len(o.text) for o in item.options) + len(scenario.story) for item in ranks), default=0)

        chosen = [max(known, key=length)]
        for kind in ("rank", "choose", "rate", "most_least", "single", "written"):
            chosen += [one for one in known if one not in chosen and any(i.format.value == kind for i in one.items)][:1]
        chosen += [one for one in known if one not in chosen]
        if form_id == "form-3":  # what somebody sits again has nothing of what they have seen
            chosen = chosen[self.scenarios :]
        shown = [paper_scenario(self.bank, one, one.items) for one in chosen[: self.scenarios]]
        return Paper(form_id, "Situational judgement test", "Residential care option", self.minutes, tuple(shown))

    def form_facts(self, session: Session, form_id: str) -> FormFacts:
        if not form_id.startswith("form-"):
            raise NotFound(f"There is no form {form_id}.")
        return FormFacts(form_id, form_id, "residential", "0" * 64)

    def enemies_of(self, session: Session, scenarios: Iterable[str]) -> frozenset[str]:
        return frozenset()

    def plan(self, session: Session, plan_id: str) -> Any:
        return self.bank.plans[plan_id]

    def plans(self, session: Session) -> Any:
        return self.bank.plans

    def published_forms(self, session: Session, option: str | None = None, use: str | None = None) -> list[FormFacts]:
        return [self.form_facts(session, "form-1"), self.form_facts(session, "form-2")]


def delivery_app(settings: Settings, database: db.Database, clock: Clock | None = None) -> Flask:
    """Make the app with the rooms that stand; a room still being built has no pages here."""
    names, rooms = sjt.app.BLUEPRINTS, sjt.joining.ROOMS_THAT_REGISTER
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sjt.app, "BLUEPRINTS", tuple(name for name in names if _stands(name)))
        patch.setattr(sjt.joining, "ROOMS_THAT_REGISTER", tuple(name for name in rooms if _stands(name)))
        return sjt.app.create_app(settings, database=database, clock=clock)


def _stands(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


@dataclass
class ARoom:
    """A session with candidates booked, their codes and the room's PIN."""

    id: UUID
    pin: str
    slips: list[CodeSlip] = field(default_factory=list)

    def code(self, seat: int) -> str:
        return next(slip.code for slip in self.slips if slip.seat == seat)

    def booking(self, seat: int) -> UUID:
        return next(slip.booking_id for slip in self.slips if slip.seat == seat)


def uln_of(number: int) -> str:
    """Give the number's ULN with its check digit: weights 10 to 2, remainder taken from 10."""
    digits = f"{100_000_000 + number:09d}"
    rest = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1))) % 11
    return uln_of(number + 500) if rest == 0 else f"{digits}{10 - rest}"


def a_line(number: int, *, extra: str = "0") -> CandidateLine:
    given, family = NAMES[number % len(NAMES)]
    return CandidateLine(
        uln=uln_of(number),
        given_name=given,
        family_name=family,
        date_of_birth=date(2001, 2, 3),
        employer="Beech House",
        provider="Northern College",
        option="residential",
        start_date=date(2025, 9, 1),
        extra_time_percent=Fraction(extra),
        notes="",
        row=number + 2,
    )


def a_room(
    secret_key: str,
    *,
    candidates: int = 2,
    now: datetime,
    extra: dict[int, str] | None = None,
    complete: bool = True,
    check_in: bool = True,
    forms: tuple[str, ...] = ("form-1",),
) -> ARoom:
    """Schedule a session, load candidates with complete gateways, issue codes and check everybody in."""
    plan = SessionPlan(
        "Leeds, Wellington Street", "Room 2", now + timedelta(minutes=5), forms, PLAN, max(24, candidates)
    )
    with db.transaction() as session:
        made = service.create_session(session, plan, by=ADMIN, now=now, secret_key=secret_key)
        lines = [a_line(n, extra=(extra or {}).get(n + 1, "0")) for n in range(candidates)]
        service.import_candidates(session, made.id, lines, by=ADMIN, now=now)
        if complete:
            for person in service.candidates(session):
                service.record_gateway(session, person.id, EVIDENCE, by=ADMIN, now=now)
        slips = service.issue_codes(session, made.id, by=ADMIN, now=now, secret_key=secret_key)
        if check_in:
            for slip in slips:
                service.check_in(session, slip.booking_id, by=INVIGILATOR, now=now)
    return ARoom(made.id, made.pin, slips)


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an app on a free port of this machine and give its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(timeout=60)


@contextmanager
def ledger_on(database: db.Database, clock: Clock | None = None) -> Iterator[ledger.Ledger]:
    keeper = ledger.bind(ledger.Ledger(database, clock).start())
    try:
        yield keeper
    finally:
        keeper.stop()


@contextmanager
def papers_from(source: Any) -> Iterator[None]:
    sources.use(source)
    try:
        yield
    finally:
        sources.use(None)


def cookie_for(app: Flask, *roles: Role, login: str = "") -> str:
    """Sign a person with these roles in and give the cookie's value, for a browser."""
    from sjt.access import SYSTEM
    from sjt.accounts import service as accounts
    from sjt.times import utc_now

    name = login or "-".join(sorted(role.value for role in roles))
    said = login.title() or "J. Whitfield"
    with db.transaction() as session:
        found = accounts.find_by_login(session, name)
        user_id = (
            found.id
            if found
            else accounts.add_person(
                session, login=name, name=said, email="", roles=frozenset(roles), by=SYSTEM, now=utc_now()
            )
        )
        token = accounts.open_login(session, user_id, at=utc_now())
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined] # Flask's default has it
    assert serializer is not None
    return str(serializer.dumps({"login": token}))


def entered(room: ARoom, seat: int, secret_key: str, now: datetime, *, ready: bool = True) -> UUID:
    """Let a candidate enter the code from a machine of the room, and read the instructions."""
    from sjt.delivery import candidate_page

    agent = f"Mozilla/5.0 (LDS-R2-{seat:02d})"
    found = service.enter(
        room.code(seat), room.pin, address=f"10.0.0.{seat}", agent=agent, secret_key=secret_key, now=now
    )
    if ready:
        with db.transaction() as session:
            candidate_page.put_ready(session, found.sitting_id, now=now)
    return found.sitting_id
