"""A form of its own for each candidate: dealt at check-in, never twice, nothing met before, told of in good time."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from sjt import db
from sjt.access import Role
from sjt.authoring import pools, sets
from sjt.authoring import service as authoring
from sjt.authoring.forms_job import verify_now
from sjt.authoring.publishing import read_proof
from sjt.authoring.tables import FormSet
from sjt.config import Settings
from sjt.delivery import dealing, entering, fitting, own_forms, pack, service, store
from sjt.delivery.commands import read_session
from sjt.delivery.model import SessionPlan
from sjt.delivery.tables import FormDeal, Sitting
from sjt.errors import InputError, MoveRefused
from sjt.times import ManualClock
from tests.builders.pools import PATH, put_bank, put_pool
from tests.builders.rooms import ADMIN, EVIDENCE, INVIGILATOR, PLAN, a_line, ledger_on
from tests.builders.sittings import NINE

FORMS = 7


@pytest.fixture(scope="module")
def pooled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, UUID]:
    """Give a database file with a small bank and a published pool, made once."""
    target = tmp_path_factory.mktemp("pool") / "pool.sqlite"
    shutil.copyfile(sqlite_template, target)
    database = db.bind(db.Database(f"sqlite:///{target}"))
    put_bank(target.parent / "bank", NINE)
    made = put_pool(FORMS, NINE)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return target, made


@pytest.fixture
def pool(pooled: tuple[Path, UUID], database: db.Database) -> UUID:
    database.dispose()
    assert database.url.database is not None
    shutil.copyfile(pooled[0], database.url.database)
    db.bind(database)
    return pooled[1]


def a_session(pool: UUID, key: str, people: range, *, room: str = "1", days: int = 0) -> tuple[UUID, list[UUID]]:
    """Schedule a session that deals from the pool, with these apprentices booked."""
    now = NINE + timedelta(days=days)
    plan = SessionPlan("Leeds", f"Room {room}", now, (), PLAN, 24, (), (str(pool),))
    with db.transaction() as session:
        made = service.create_session(session, plan, by=ADMIN, now=now, secret_key=key)
        service.import_candidates(session, made.id, [a_line(n) for n in people], by=ADMIN, now=now)
        for person in service.candidates(session):
            service.record_gateway(session, person.id, EVIDENCE, by=ADMIN, now=now)
        return made.id, [booking.id for booking, _, _ in store.bookings(session, made.id)]


def checked_in(booking: UUID) -> str:
    with db.transaction() as session:
        service.check_in(session, booking, by=INVIGILATOR, now=NINE)
        return next(one.form_id for one in session.exec(select(FormDeal).where(FormDeal.booking_id == booking)))


def lasting(session_id: UUID) -> own_forms.Standing:
    with db.session() as session:
        return own_forms.standing(session, store.test_session(session, session_id))[0]


def test_every_form_of_a_pool_is_proved_frozen_and_unlike_the_others(pool: UUID) -> None:
    with db.session() as session:
        made = sets.form_set(session, pool)
        held = authoring.pool(session, pool)
        proof = read_proof(made.proof)
        for form in held.forms:
            assert form.snapshot_sha256 == authoring.form_line(session, form.form_id).snapshot_sha256
            assert authoring.held_form(session, form.form_id).snapshot_holds
            paper = authoring.paper(session, form.form_id)
            assert form.scenarios == {one.id for one in paper.scenarios} and len(form.scenarios) == 9
        assert authoring.published_forms(session) == [], "nobody is offered them as forms for everybody"
        assert authoring.enemies_of(session, []) == frozenset()
    assert len({tuple(form["scenarios"]) for form in proof["forms"]}) == len(held.forms) == FORMS
    tried = {item.rpartition("-")[0] for form in proof["forms"] for item in form["trial"]}
    assert not tried & {name for form in proof["forms"] for name in form["scenarios"]}
    assert verify_now(pool) == []


def test_each_candidate_is_dealt_at_check_in_a_form_that_nobody_else_is(
    pool: UUID, settings: Settings, clock: ManualClock, database: db.Database
) -> None:
    made, bookings = a_session(pool, settings.secret_key, range(4))
    dealt = [checked_in(one) for one in bookings]
    assert len(set(dealt)) == 4
    assert checked_in(bookings[0]) == dealt[0], "a repeated check-in deals nothing"
    with ledger_on(database, clock):
        sittings = [entering.put_sitting(one, NINE)[0] for one in bookings]
    with db.session() as session:
        assert [store.sitting(session, one).form_id for one in sittings] == dealt
        rows = {one.booking_id: one for one in session.exec(select(FormDeal))}
        names = [form.form_id for form in authoring.pool(session, pool).forms]
        gone: set[str] = set()
        for booking, form_id in zip(bookings, dealt, strict=True):
            row = rows[booking]
            room, candidate = row.seed.split("|")
            again = dealing.draw(names, room, candidate, gone)
            assert again is not None and (again.form_id, again.steps) == (form_id, row.steps)
            gone.add(form_id)
        plan = pack.seating_plan(session, made)
        assert [one.form for one in plan.seats] == [one.rpartition("-")[2] for one in dealt]
        assert plan.same_form == ()
        assert fitting.unserved(session, store.test_session(session, made), but=["residential"]) == []
    # another session goes on with what is left, and the last finds the pool dry
    _, others = a_session(pool, settings.secret_key, range(10, 13), room="2")
    assert not {checked_in(one) for one in others} & set(dealt)
    with pytest.raises(InputError, match="not loaded"):
        a_session(pool, settings.secret_key, range(1), room="3")


def test_who_sits_again_is_dealt_nothing_met_before_nor_its_enemies(
    pool: UUID, settings: Settings, clock: ManualClock, database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, bookings = a_session(pool, settings.secret_key, range(1))
    first = checked_in(bookings[0])
    with ledger_on(database, clock):
        sitting = entering.put_sitting(bookings[0], NINE)[0]
    with db.transaction() as session:
        row = session.get(Sitting, sitting)
        assert row is not None
        row.started_at, row.retired = NINE, "again"
        session.add(row)
    with db.session() as session:
        forms = {one.form_id: one.scenarios for one in authoring.pool(session, pool).forms}
        own = forms.pop(first)
        spare = min(forms, key=lambda name: (len(forms[name] & own), name))
    # what the person met, as if but for one form every other shared a scenario or an enemy with it
    foes = frozenset(next(iter(forms[name] - forms[spare])) for name in forms if name != spare) - forms[spare]
    monkeypatch.setattr(fitting, "seen_by", lambda session, ids: dict.fromkeys(ids, own - forms[spare]))
    monkeypatch.setattr(authoring, "enemies_of", lambda session, names: foes if frozenset(names) else frozenset())
    with db.transaction() as session:
        booking = store.booking(session, bookings[0])
        person = store.candidate(session, booking.candidate_id)
        assert own_forms.deal(session, booking, person, by=INVIGILATOR, now=NINE + timedelta(minutes=1)) == spare
    monkeypatch.setattr(authoring, "enemies_of", lambda session, names: foes | forms[spare])
    with db.transaction() as session:
        session.delete(session.exec(select(FormDeal).where(FormDeal.form_id == spare)).one())
    with db.session() as session, pytest.raises(MoveRefused, match=r"None of the 6 forms left .* is new to this cand"):
        own_forms.deal(session, booking, person, by=INVIGILATOR, now=NINE)
    assert lasting(made).free == FORMS - 1


def test_a_pool_that_runs_low_or_dry_is_told_before_the_day(pool: UUID, settings: Settings, client_as: Any) -> None:
    made, bookings = a_session(pool, settings.secret_key, range(5))
    assert lasting(made).state == "enough"
    a_session(pool, settings.secret_key, range(20, 22), room="2")
    found = lasting(made)
    assert (found.state, found.free, found.here, found.elsewhere, found.short) == ("low", 7, 5, 2, 0)
    with db.transaction() as session:
        service.import_candidates(session, made, [a_line(n) for n in range(30, 32)], by=ADMIN, now=NINE)
    found = lasting(made)
    assert (found.state, found.short) == ("dry", 2)
    assert "9 candidates" not in found.words and "2 would get none. Have another residential pool" in found.words
    admin = client_as(Role.CENTRE_ADMIN)
    text = admin.get(f"/sessions/{made}").soup.main.get_text(" ", strip=True)
    assert "The pool for residential does not last" in text
    assert "2 would get no form" in admin.get("/desk").get_data(as_text=True)
    page = admin.get(f"/sessions/{made}/forms")
    assert "A form of its own for each residential candidate" in page.soup.main.get_text(" ", strip=True)
    # a booking that ends before its test gives its form back; a later one is dealt it again
    form = checked_in(bookings[0])
    with db.transaction() as session:
        service.withdraw(session, bookings[0], "ill, comes another day", by=ADMIN, now=NINE)
    assert lasting(made).free == FORMS
    with db.session() as session:
        assert form not in own_forms.taken(session, own_forms.all_pools(session))


def test_a_session_says_what_it_cannot_deal_from(pool: UUID, settings: Settings) -> None:
    def asked(**change: Any) -> list[str]:
        plan = replace(SessionPlan("Leeds", "Room 9", NINE, (), PLAN, 24, (), (str(pool),)), **change)
        with pytest.raises(InputError) as caught, db.transaction() as session:
            service.create_session(session, plan, by=ADMIN, now=NINE, secret_key=settings.secret_key)
        return [f"{fault.field} {fault.what}" for fault in caught.value.faults]

    assert asked(own_forms=(str(pool), str(pool))) == ["own_forms names a pool twice."]
    assert "is no pool" in asked(own_forms=("nothing",))[0]
    with db.session() as session:
        single = authoring.pool(session, pool).forms[0].form_id
    assert "every residential candidate may be dealt" in asked(forms=(single,))[0]
    toml = 'centre = "Leeds"\nroom = "R"\nstarts = "2026-03-14T09:00:00+00:00"\nplan = "p"\nseats = 4\n'
    assert read_session(f'{toml}own_forms = ["{pool}"]\n', "S.toml").own_forms == (str(pool),)
    with pytest.raises(InputError, match="own_forms"):
        read_session(f"{toml}own_forms = 3\n", "S.toml")


def test_a_second_pool_repeats_no_form_and_a_short_bank_is_told_why(pool: UUID) -> None:
    with pytest.raises(InputError, match="the same forms would come again"), db.transaction() as session:
        pools.put_pool(session, PATH, forms=3, seed=1, by=ADMIN, now=NINE)
    with db.session() as session:
        room = pools.room(session, PATH)
        made = sets.form_set(session, pool)
        other = FormSet(**{**made.model_dump(), "id": UUID(int=1)})
        assert room.is_enough and len(pools.earlier_forms(session, other)) == FORMS
        longer = replace(room, blueprint=replace(room.blueprint, scenarios=9))
    assert not longer.is_enough and longer.words.endswith("72. Write 8 more, or use a shorter blueprint.")


def test_the_pages_of_a_pool_lead_from_the_asking_to_a_session(
    pool: UUID, client_as: Callable[..., Any], settings: Settings, database: db.Database, clock: ManualClock
) -> None:
    developer = client_as(Role.TEST_DEVELOPER)
    page = developer.get("/forms/pools/new?blueprint=own-8")
    assert "64 scenarios of the bank may be used for residential: 8.0 times" in page.get_data(as_text=True)
    assert page.soup.find(id="seed")["value"] == "2"
    refused = developer.post("/forms/pools/new", {"blueprint": PATH, "forms": "3", "seed": "1"})
    assert refused.status_code == 422 and "the same forms would come again" in refused.get_data(as_text=True)
    asked = developer.post("/forms/pools/new", {"blueprint": PATH, "forms": "3", "seed": "2"})
    assert asked.status_code == 303 and "Waits for the worker." in developer.get(asked.location).get_data(as_text=True)
    shown = developer.get(f"/forms/{pool}")
    assert shown.status_code == 303 and str(pool) in shown.location
    text = developer.get(shown.location).soup.main.get_text(" ", strip=True)
    for words in ("How alike they are", "Two forms share", "constraints are met", "Published, live", "007"):
        assert words in text, words
    assert "Pool 1" in developer.get("/forms/").get_data(as_text=True)
    assert client_as(Role.AUDITOR).get(f"/forms/pools/{pool}").status_code == 200
    assert client_as(Role.WRITER).get(f"/forms/pools/{pool}").status_code == 403
    again = developer.get(f"/forms/pools/{pool}/publish")
    assert again.status_code == 303, "everything is published"
    admin = client_as(Role.CENTRE_ADMIN)
    form = admin.get("/sessions/new")
    assert "Own 8, pool 1: 7 forms" in form.get_data(as_text=True)
    fields = {"centre": "Leeds", "room": "R", "day": "2026-03-20", "time": "09:00", "plan": PLAN, "seats": "5"}
    nothing = admin.post("/sessions/new", fields)
    assert nothing.status_code == 422 and "Choose at least one form, or a pool." in nothing.get_data(as_text=True)
    with ledger_on(database, clock):
        made = admin.post("/sessions/new", {**fields, "own_forms": str(pool)})
        assert made.status_code == 201
        with db.session() as session:
            line = service.sessions(session)[0]
        here = admin.get(f"/sessions/{line.id}").soup.main.get_text(" ", strip=True)
        head = admin.get(f"/sessions/{line.id}").get_data(as_text=True)
        assert "A form of its own for each residential candidate (7 of 7 free)" in head, here
        gone = admin.post(f"/sessions/{line.id}/forms", {"do": "pools"})
        assert gone.status_code == 422, "a session keeps a form or a pool"
