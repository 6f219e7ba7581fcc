"""From a session's file to a receipt: scheduling, gateway, codes, entry, the room's deeds, registers, resits."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from sqlmodel import Session

from sjt import db
from sjt.access import Actor, Role
from sjt.authoring.snapshot import Paper
from sjt.delivery import entering, ledger, service, sources, store
from sjt.delivery.model import (
    Adjustment,
    BookingState,
    CandidateLine,
    IncidentCategory,
    SessionPlan,
    SessionState,
    SittingState,
)
from sjt.errors import Conflict, Forbidden, InputError, MoveRefused, NotFound, Throttled
from sjt.times import ManualClock
from tests.builders.sittings import NINE, minutes, own_paper

KEY = "for-tests-only-" + "k" * 32
ADMIN = Actor("admin", "Admin", frozenset({Role.CENTRE_ADMIN}))
INVIGILATOR = Actor("invigilator", "Invigilator", frozenset({Role.INVIGILATOR}))


@dataclass
class Facts:
    form_id: str
    option: str
    title: str = "Form"
    snapshot_sha256: str = "a" * 64


@dataclass
class Evidence:
    id: str
    evidence: str
    detail: str


@dataclass
class Plan:
    def evidence_required(self, option: str) -> list[Evidence]:
        return [Evidence("G6", "maths-level-2", "maths at level 2 passed"), Evidence("G7", "qualification", option)]


@dataclass
class Authoring:
    """Stands for authoring's service."""

    forms: dict[str, Facts] = field(default_factory=dict)

    def paper(self, session: Session, form_id: str) -> Paper:
        return own_paper(form_id)

    def enemies_of(self, session: Session, scenarios: Iterable[str]) -> frozenset[str]:
        return frozenset()

    def published_forms(self, session: Session) -> list[Facts]:
        return list(self.forms.values())

    def form_facts(self, session: Session, form_id: str) -> Facts:
        if form_id not in self.forms:
            raise NotFound("There is no such form.")
        return self.forms[form_id]

    def plan(self, session: Session, plan_id: str) -> Plan:
        if plan_id != "plan-1":
            raise NotFound("There is no such plan.")
        return Plan()


@dataclass
class Centre:
    """A centre on exam day."""

    clock: ManualClock
    ledger: ledger.Ledger
    authoring: Authoring
    id: UUID = field(default_factory=uuid4)
    pin: str = ""

    def session(self, forms: tuple[str, ...] = ("res-1", "res-2"), *, days: int = 0, seats: int = 6) -> UUID:
        plan = SessionPlan("Leeds", f"Room {days}", NINE + timedelta(days=days), forms, "plan-1", seats)
        with db.transaction() as session:
            made = service.create_session(session, plan, by=ADMIN, now=self.clock.now(), secret_key=KEY)
        self.id, self.pin = made.id, made.pin
        return made.id

    def load(self, *lines: CandidateLine, gateway: bool = True) -> list[UUID]:
        with db.transaction() as session:
            made = service.import_candidates(session, self.id, lines, by=ADMIN, now=self.clock.now())
        if gateway:
            for booking_id in made.pending:
                self.complete(booking_id)
        return [*made.booked, *made.pending]

    def complete(self, booking_id: UUID) -> None:
        with db.transaction() as session:
            person = store.booking(session, booking_id).candidate_id
            service.record_gateway(session, person, ["G6", "qualification"], by=ADMIN, now=self.clock.now())

    def code(self, booking_id: UUID) -> str:
        with db.transaction() as session:
            slips = service.issue_codes(
                session, self.id, by=ADMIN, now=self.clock.now(), secret_key=KEY, bookings=[booking_id]
            )
        return slips[0].code

    def check_in(self, booking_id: UUID) -> None:
        with db.transaction() as session:
            service.check_in(session, booking_id, by=INVIGILATOR, now=self.clock.now())

    def enter(self, code: str, *, pin: str = "", address: str = "10.0.0.1", seat: str = "") -> service.Entered:
        return service.enter(
            code, pin or self.pin, address=address, agent="Firefox", secret_key=KEY, now=self.clock.now(), seat=seat
        )

    def seated(self, booking_id: UUID) -> service.Entered:
        self.check_in(booking_id)
        return self.enter(self.code(booking_id), address=str(booking_id))

    def room(self) -> service.RoomView:
        with db.session() as session:
            return service.room(session, self.id, at=self.ledger.now())

    def view(self, sitting_id: UUID) -> service.CandidateView:
        with db.session() as session:
            return service.sitting_of(session, sitting_id, at=self.ledger.now())

    def answer(self, entered: service.Entered, item: str, response: Any, seq: int) -> Any:
        event = {"id": str(uuid4()), "seq": seq, "kind": "answer", "item": item, "response": response}
        body = orjson.dumps({"events": [event], "unsaved": 1})
        return service.save(entered.sitting_id, entered.lease, body, by=INVIGILATOR)


def a_line(number: int = 0, option: str = "residential", **changes: Any) -> CandidateLine:
    ulns = ("1000000000", "1000000019", "1000000043", "1234567899", "9999999998", "2345678908")
    values: dict[str, Any] = {
        "uln": ulns[number],
        "given_name": "Ade",
        "family_name": f"O'Neil-{number}",
        "date_of_birth": date(2001, 2, 3),
        "employer": "A home",
        "provider": "A college",
        "option": option,
        "start_date": date(2024, 9, 1),
        "extra_time_percent": Fraction(25) if number == 1 else Fraction(0),
        "notes": "",
        "row": number + 2,
    }
    return CandidateLine(**{**values, **changes})


@pytest.fixture
def centre(sqlite_file: db.Database, manual: ManualClock) -> Iterator[Centre]:
    forms = {name: Facts(name, "residential") for name in ("res-1", "res-2", "res-3")}
    authoring = Authoring({**forms, "com-1": Facts("com-1", "community")})
    sources.use(authoring)
    keeper = ledger.bind(ledger.Ledger(sqlite_file, manual).start())
    yield Centre(manual, keeper, authoring)
    keeper.stop()
    sources.use(None)


def test_a_candidate_walks_from_the_file_to_the_receipt(centre: Centre) -> None:
    centre.session()
    one, two = centre.load(a_line(0), a_line(1))
    first, second = centre.seated(one), centre.seated(two)
    waiting = centre.view(first.sitting_id)
    assert (waiting.state, waiting.paper) == (SittingState.WAITING, None)
    assert set(service.start_room(centre.id, by=INVIGILATOR)) == {first.sitting_id, second.sitting_id}
    assert service.start_room(centre.id, by=INVIGILATOR) == []
    running = centre.view(first.sitting_id)
    assert running.paper is not None
    assert sorted(item.id for item in running.paper.items()) == sorted(item.id for item in own_paper("res-1").items())
    assert centre.view(second.sitting_id).clock.left_ms == 75 * 60_000
    assert centre.answer(first, "s3-b", {"text": "Cafe\u0301\r\n"}, 1).acked
    assert centre.view(first.sitting_id).answers["s3-b"].response == {"text": "Café\n"}
    receipt = service.submit(first.sitting_id, first.lease, by=INVIGILATOR)
    assert receipt
    assert service.submit(first.sitting_id, first.lease, by=INVIGILATOR) == receipt
    assert centre.view(first.sitting_id).receipt == receipt
    assert service.close_session(centre.id, by=INVIGILATOR) == [second.sitting_id]
    assert service.close_session(centre.id, by=INVIGILATOR) == []
    assert centre.room().session.state is SessionState.CLOSED
    with db.session() as session:
        found = service.responses(session, session_id=centre.id)
    assert [one.state for one in found] == [SittingState.SUBMITTED, SittingState.CLOSED]


def test_no_gateway_means_no_seat_no_code_and_no_check_in(centre: Centre) -> None:
    centre.session()
    (booking,) = centre.load(a_line(0), gateway=False)
    seat = centre.room().seats[0]
    assert (seat.booking_state, seat.seat) == (BookingState.PENDING, None)
    assert [one.id for one in seat.missing] == ["G6", "G7"]
    with pytest.raises(MoveRefused, match=r"maths at level 2 passed \(G6\)"):
        centre.check_in(booking)
    with pytest.raises(IndexError):
        centre.code(booking)
    centre.complete(booking)
    centre.check_in(booking)
    assert centre.room().seats[0].seat == 1


def test_every_fault_of_a_file_against_the_session_is_listed_and_nothing_is_loaded(centre: Centre) -> None:
    centre.session()
    centre.load(a_line(0))
    with pytest.raises(InputError) as caught:
        centre.load(
            a_line(0),
            a_line(1, option="community"),
            a_line(2),
            a_line(0, date_of_birth=date(1999, 1, 1), row=9),
        )
    text = str(caught.value)
    assert "row 2, uln: is booked into this session already" in text
    assert "row 3, option: is community" in text
    assert "row 9, uln" in text
    assert len(centre.room().seats) == 1


def test_a_candidate_cannot_be_booked_twice_at_once(centre: Centre) -> None:
    centre.session()
    centre.load(a_line(0))
    centre.session(days=1)
    with pytest.raises(InputError, match="is booked already"):
        centre.load(a_line(0))


def test_a_session_that_cannot_be_is_refused_with_every_reason(centre: Centre) -> None:
    plan = SessionPlan("", "R", NINE, ("res-9", "res-9"), "plan-9", 0)
    with pytest.raises(InputError) as caught, db.transaction() as session:
        service.create_session(session, plan, by=ADMIN, now=NINE, secret_key=KEY)
    assert {fault.field for fault in caught.value.faults} == {"centre", "forms", "plan", "seats"}
    centre.session()
    with pytest.raises(Conflict):
        centre.session()


def test_a_wrong_code_or_pin_opens_nothing_and_leaves_a_trace(centre: Centre) -> None:
    centre.session()
    (booking,) = centre.load(a_line(0))
    centre.check_in(booking)
    code = centre.code(booking)
    wrong_pin = f"{(int(centre.pin) + 1) % 1_000_000:06d}"
    for attempt in ((code, wrong_pin), ("ABCD-EFGH", centre.pin), ("", ""), ("0OIl", "x")):
        with pytest.raises(Forbidden, match="do not open"):
            centre.enter(attempt[0], pin=attempt[1] or "-")
    assert centre.enter(code.lower().replace("-", " ")).candidate_name == "Ade O'Neil-0"


def test_ten_tries_a_minute_are_the_most(centre: Centre) -> None:
    centre.session()
    (booking,) = centre.load(a_line(0))
    centre.check_in(booking)
    code = centre.code(booking)
    for _ in range(10):
        with pytest.raises(Forbidden):
            centre.enter("ABCD-EFGH")
    with pytest.raises(Throttled):
        centre.enter(code)
    assert centre.enter(code, address="10.0.0.2")
    centre.clock.advance(minutes(1.1))
    with pytest.raises(Forbidden, match="another device"):
        centre.enter(code)


def test_a_code_issued_again_revokes_the_one_before(centre: Centre) -> None:
    centre.session()
    (booking,) = centre.load(a_line(0))
    centre.check_in(booking)
    old, new = centre.code(booking), centre.code(booking)
    with pytest.raises(Forbidden):
        centre.enter(old)
    centre.enter(new)


def test_a_code_opens_nothing_before_identity_is_confirmed(centre: Centre) -> None:
    centre.session()
    (booking,) = centre.load(a_line(0))
    with pytest.raises(Forbidden, match="photo identity"):
        centre.enter(centre.code(booking))


def test_a_second_browser_is_refused_until_the_invigilator_moves_the_device(centre: Centre) -> None:
    centre.session()
    (booking,) = centre.load(a_line(0))
    centre.check_in(booking)
    code = centre.code(booking)
    first = centre.enter(code)
    with pytest.raises(Forbidden, match="another device"):
        centre.enter(code)
    service.start_room(centre.id, by=INVIGILATOR)
    centre.answer(first, "s3-a", "A", 1)
    centre.clock.advance(minutes(20))
    service.move_device(first.sitting_id, by=INVIGILATOR, reason="screen died")
    assert centre.room().seats[0].device_open
    second = centre.enter(code)
    assert (second.sitting_id, second.lease) == (first.sitting_id, 2)
    assert second.token != first.token
    view = centre.view(first.sitting_id)
    assert view.answers["s3-a"].response == "A"
    assert view.clock.left_ms == 40 * 60_000
    assert [one.code.value for one in centre.answer(first, "s3-a", "B", 2).refused] == ["stale_lease"]
    with db.session() as session:
        with pytest.raises(MoveRefused, match="another device"):
            service.require_lease(session, first.sitting_id, first.lease)
        args = {"secret_key": KEY}
        assert service.candidate_actor(session, first.sitting_id, 1, first.token, **args) is not None
        assert service.candidate_actor(session, first.sitting_id, 2, first.token, **args) is None
        assert service.candidate_actor(session, uuid4(), 1, first.token, **args) is None


def test_an_evacuation_stops_every_clock_and_hides_every_item(centre: Centre) -> None:
    centre.session()
    bookings = centre.load(*(a_line(n) for n in range(3)))
    entered = [centre.seated(booking) for booking in bookings]
    service.start_room(centre.id, by=INVIGILATOR)
    centre.clock.advance(minutes(10))
    assert len(service.pause_room(centre.id, by=INVIGILATOR, reason="fire alarm")) == 3
    assert service.pause_room(centre.id, by=INVIGILATOR, reason="fire alarm") == []
    assert all(centre.view(one.sitting_id).paper is None for one in entered)
    centre.clock.advance(minutes(25))
    service.resume_room(centre.id, by=INVIGILATOR, reason="back")
    assert [centre.view(one.sitting_id).clock.left_ms // 60_000 for one in entered] == [50, 65, 50]


def test_a_room_s_extension_keeps_each_percentage_and_a_double_press_adds_once(centre: Centre) -> None:
    centre.session()
    for booking in centre.load(a_line(0), a_line(1)):
        centre.seated(booking)
    service.start_room(centre.id, by=INVIGILATOR)
    for _ in range(2):
        service.extend_room(centre.id, 8, by=INVIGILATOR, reason="noise", key="press-1")
    assert [seat.clock and seat.clock.left_ms // 60_000 for seat in centre.room().seats] == [68, 85]
    with pytest.raises(InputError):
        service.extend_room(centre.id, -5, by=INVIGILATOR, reason="no")


def test_a_latecomer_gets_full_time(centre: Centre) -> None:
    centre.session()
    one, two = centre.load(a_line(0), a_line(2))
    centre.seated(one)
    service.start_room(centre.id, by=INVIGILATOR)
    centre.clock.advance(minutes(40))
    with db.transaction() as session:
        service.check_in(session, two, by=INVIGILATOR, now=centre.clock.now(), late=True)
    entered = centre.enter(centre.code(two))
    service.start_sitting(entered.sitting_id, by=INVIGILATOR, reason="train")
    seats = centre.room().seats
    assert [seat.clock and seat.clock.left_ms // 60_000 for seat in seats] == [20, 60]
    assert [seat.late for seat in seats] == [False, True]


def test_neighbours_do_not_share_a_form(centre: Centre) -> None:
    centre.session()
    bookings = centre.load(*(a_line(n) for n in range(6)))
    entered = [centre.seated(booking) for booking in bookings]
    with db.session() as session:
        forms = [store.sitting(session, one.sitting_id).form_id for one in entered]
    assert all(left != right for left, right in itertools.pairwise(forms))


def test_absent_withdrawn_and_moved_candidates_have_their_place(centre: Centre) -> None:
    here = centre.session()
    one, two, three = centre.load(a_line(0), a_line(1), a_line(2))
    there = centre.session(days=2)
    now = centre.clock.now()
    with db.transaction() as session:
        service.mark_absent(session, one, "did not come", by=INVIGILATOR, now=now)
        service.withdraw(session, two, "ill", by=ADMIN, now=now)
        moved = service.move_booking(session, three, there, "asked", by=ADMIN, now=now)
    with db.session() as session:
        states = [store.booking(session, booking).state.value for booking in (one, two, three, moved)]
        assert states == ["absent", "withdrawn", "moved", "booked"]
        assert store.booking(session, three).moved_to == moved
    assert here != there


def test_a_resit_is_the_same_apprentice_with_a_form_they_have_not_seen(centre: Centre) -> None:
    centre.session()
    (booking,) = centre.load(a_line(0))
    entered = centre.seated(booking)
    service.start_room(centre.id, by=INVIGILATOR)
    service.force_submit(entered.sitting_id, by=INVIGILATOR, reason="end")
    with db.session() as session:
        seen = store.sitting(session, entered.sitting_id).form_id
    service.close_session(centre.id, by=INVIGILATOR)
    again = centre.session(forms=(seen,), days=30)
    with db.transaction() as session, pytest.raises(MoveRefused, match="new to this candidate"):
        service.book_resit(session, booking, again, by=ADMIN, now=centre.clock.now())
    other = centre.session(forms=("res-1", "res-2"), days=31)
    with db.transaction() as session:
        resit = service.book_resit(session, booking, other, by=ADMIN, now=centre.clock.now())
    centre.clock.advance(timedelta(days=31))
    second = centre.seated(resit)
    with db.session() as session:
        row = store.booking(session, resit)
        assert (row.attempt, row.resit_of) == (2, booking)
        assert store.sitting(session, second.sitting_id).form_id != seen


def test_the_wrong_candidate_under_a_code_is_voided_and_the_right_one_loses_nothing(centre: Centre) -> None:
    centre.session()
    one, two = centre.load(a_line(0), a_line(2))
    wrong = centre.seated(one)
    service.start_room(centre.id, by=INVIGILATOR)
    service.void(wrong.sitting_id, by=INVIGILATOR, reason="neighbour's code")
    right = centre.seated(two)
    service.start_sitting(right.sitting_id, by=INVIGILATOR)
    assert centre.view(right.sitting_id).clock.left_ms == 60 * 60_000
    assert [one.code.value for one in centre.answer(wrong, "s3-a", "A", 1).refused] == ["closed"]


def test_late_answers_and_incidents_hold_a_release_back_until_somebody_decides(centre: Centre) -> None:
    centre.session()
    (booking,) = centre.load(a_line(0))
    entered = centre.seated(booking)
    service.start_room(centre.id, by=INVIGILATOR)
    centre.clock.advance(minutes(61))
    assert [one.code.value for one in centre.answer(entered, "s3-a", "A", 1).refused] == ["held"]
    with db.transaction() as session:
        incident = service.report_incident(
            session, centre.id, IncidentCategory.TECHNICAL, "line down", by=INVIGILATOR, now=centre.clock.now()
        )
    with db.session() as session:
        assert service.open_questions(session, centre.id) == [
            "1 late answer undecided",
            "incident not resolved: line down",
        ]
        (held,) = service.held(session, centre.id)
    assert (held.item, held.response) == ("s3-a", "A")
    service.decide_held(held.id, True, by=ADMIN, reason="line was down until the end")
    with db.transaction() as session:
        service.resolve_incident(session, incident, "line back", by=INVIGILATOR, now=centre.clock.now())
    with db.session() as session:
        assert service.open_questions(session, centre.id) == []
    assert centre.view(entered.sitting_id).answers["s3-a"].response == "A"


def test_a_granted_adjustment_decides_the_time_and_cannot_change_after_entry(centre: Centre) -> None:
    centre.session()
    (booking,) = centre.load(a_line(0))
    granted = Adjustment(Fraction("33.3"), extra_minutes=2, rest_break_minutes=15, notes="reader")
    with db.transaction() as session:
        service.set_adjustment(session, booking, granted, by=ADMIN, now=centre.clock.now())
    entered = centre.seated(booking)
    assert centre.view(entered.sitting_id).clock.total_ms == (79 * 60 + 59 + 120) * 1000
    assert centre.room().seats[0].adjustment == "extra time 33.3 %, extra time 2 min, rest breaks 15 min, reader"
    with db.transaction() as session, pytest.raises(MoveRefused):
        service.set_adjustment(session, booking, Adjustment(), by=ADMIN, now=centre.clock.now())


def test_codes_and_tokens_are_never_stored_as_they_are(centre: Centre) -> None:
    centre.session()
    (booking,) = centre.load(a_line(0))
    centre.check_in(booking)
    code = centre.code(booking)
    entered = centre.enter(code)
    assert centre.ledger.database.url.database is not None
    centre.ledger.run(lambda hand: hand.run("PRAGMA page_count").fetchone())
    with open(centre.ledger.database.url.database, "rb") as file:
        content = file.read()
    with open(f"{centre.ledger.database.url.database}-wal", "rb") as file:
        content += file.read()
    for secret in (code, code.replace("-", ""), entered.token, f'"{centre.pin}"'):
        assert secret.encode() not in content
    assert entering.TRIES == 10


def test_a_room_behind_one_address_enters_and_one_seat_cannot_lock_it(centre: Centre) -> None:
    """Good tries are taken back; wrong ones count for the seat that made them, and together for the address."""
    centre.session()
    bookings = centre.load(*[a_line(n) for n in range(4)])
    codes_of = {}
    for booking in bookings:
        centre.check_in(booking)
        codes_of[booking] = centre.code(booking)
    for _ in range(10):
        with pytest.raises(Forbidden):
            centre.enter("ABCD-EFGH", address="10.0.0.9", seat="seat-1")
    with pytest.raises(Throttled):
        centre.enter("ABCD-EFGH", address="10.0.0.9", seat="seat-1")
    for n, code in enumerate(codes_of.values()):
        assert centre.enter(code, address="10.0.0.9", seat=f"other-{n}")
    for n in range(5):
        for _ in range(10):
            with pytest.raises(Forbidden):
                centre.enter("ABCD-EFGH", address="10.0.0.9", seat=f"guesser-{n}")
    with pytest.raises(Throttled):
        centre.enter("ABCD-EFGH", address="10.0.0.9", seat="guesser-fresh")
