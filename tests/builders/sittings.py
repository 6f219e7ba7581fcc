"""Builders of delivery: a small paper, a room, a candidate, a sitting that can be sat."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sjt import db
from sjt.authoring.snapshot import Format, Paper, PaperItem, PaperOption, PaperScale, PaperScenario, ScalePoint
from sjt.delivery.ledger import Ledger
from sjt.delivery.model import ActKind, BookingState, ClientEvent, EventKind, Instant
from sjt.delivery.tables import Booking, Candidate, Centre, Room, Sitting, TestSession
from sjt.delivery.writing import Act, Batch, Done
from sjt.times import iso

NINE = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
SCALE = PaperScale("appropriateness-4", tuple(ScalePoint(n, f"point {n}") for n in range(1, 5)))


def options(letters: str) -> tuple[PaperOption, ...]:
    return tuple(PaperOption(letter, f"Do what {letter} says.") for letter in letters)


def a_paper(form_id: str = "form-1") -> Paper:
    """Make a paper with one item of each format."""
    items = (
        PaperItem("s1-a", Format.RANK, "Rank these.", options("ABCDE")),
        PaperItem("s1-b", Format.CHOOSE, "Choose three.", options("ABCDEFGH"), choose=3),
        PaperItem("s2-a", Format.RATE, "Rate each.", options("ABCDE"), scale=SCALE),
        PaperItem("s2-b", Format.MOST_LEAST, "Most and least.", options("ABCD")),
        PaperItem("s3-a", Format.SINGLE, "Choose one.", options("ABCD")),
        PaperItem("s3-b", Format.WRITTEN, "Write.", max_words=150),
    )
    scenarios = tuple(
        PaperScenario(f"s{n}", f"Scenario {n}", f"Story {n}.", tuple(i for i in items if i.id.startswith(f"s{n}-")))
        for n in (1, 2, 3)
    )
    return Paper(form_id, "A form", "Residential", 60, scenarios)


def a_long_paper(form_id: str, questions: int = 20) -> Paper:
    """Make a paper as long as a real one: stories of three paragraphs, responses of a sentence or two."""
    few = [(scenario, item) for scenario in a_paper(form_id).scenarios for item in scenario.items]
    story = "\n\n".join(["You are on shift with one colleague, and it is late. Somebody comes in and asks. " * 3] * 3)
    words = "Say that you have heard them, ask them to sit down, and tell your colleague what you are about to do: "
    scenarios = []
    for n in range(questions):
        _, item = few[n % len(few)]
        # the first six keep their ids, so that pages of the load answer them
        name = item.id if n < len(few) else f"q{n}-{item.id}"
        shown = tuple(replace(option, text=words + option.id) for option in item.options)
        own = replace(item, id=name, options=shown)
        scenarios.append(PaperScenario(f"long-{n}", f"Scenario {n}", story, (own,)))
    return Paper(form_id, "A form", "Residential", 60, tuple(scenarios))


def own_paper(form_id: str) -> Paper:
    """Make the same paper with scenarios that no other form has."""
    made = a_paper(form_id)
    return replace(made, scenarios=tuple(replace(one, id=f"{form_id}-{one.id}") for one in made.scenarios))


@dataclass
class Sat:
    """A sitting under test, with a browser's counters."""

    id: UUID
    ledger: Ledger
    lease: int = 1
    seq: int = 0

    def act(self, kind: ActKind, **body: Any) -> Done:
        return self.ledger.act(Act(self.id, kind, "invigilator", self.ledger.now(), body))

    def event(self, item: str = "s3-a", response: Any = "A", kind: EventKind = EventKind.ANSWER) -> ClientEvent:
        self.seq += 1
        return ClientEvent(uuid4(), self.seq, kind, item, response, iso(self.ledger.clock.now()), None)

    def batch(self, events: Iterable[ClientEvent], *, lease: int | None = None, at: Instant | None = None) -> Batch:
        return Batch(self.id, lease or self.lease, tuple(events), "candidate:1", at or self.ledger.now())

    def save(self, *events: ClientEvent, lease: int | None = None) -> Any:
        return self.ledger.save(self.batch(events, lease=lease))


def a_session(database: db.Database, *, forms: Iterable[str] = ("form-1",)) -> UUID:
    with database.transaction() as session:
        centre = Centre(name=f"Centre {uuid4().hex[:6]}")
        session.add(centre)
        session.flush()
        room = Room(centre_id=centre.id, name="Room 1")
        session.add(room)
        session.flush()
        row = TestSession(room_id=room.id, starts=NINE, forms=list(forms), plan="p", seats=60, created_at=NINE)
        session.add(row)
        session.flush()
        return row.id


def a_sitting(
    ledger: Ledger,
    *,
    session_id: UUID | None = None,
    minutes: int = 60,
    extra_percent: str = "0",
    extra_minutes: int = 0,
    started: bool = True,
    claimed: bool = True,
    **opened: Any,
) -> Sat:
    """Open a sitting, give its lease to a browser and start its clock."""
    database = ledger.database
    session_id = session_id or a_session(database)
    with database.transaction() as session:
        candidate = Candidate(
            uln="1000000043",
            given_name="Ade",
            family_name="O'Neil",
            date_of_birth=date(2001, 2, 3),
            employer="A home",
            provider="A college",
            option="residential",
            start_date=date(2024, 9, 1),
            plan="p",
            created_at=NINE,
        )
        session.add(candidate)
        session.flush()
        booking = Booking(
            candidate_id=candidate.id, session_id=session_id, state=BookingState.CHECKED_IN, created_at=NINE
        )
        session.add(booking)
        session.flush()
        sitting = Sitting(
            booking_id=booking.id,
            session_id=session_id,
            candidate_id=candidate.id,
            form_id="form-1",
            snapshot_sha256="0" * 64,
            deal_seed="1",
            deal="{}",
            opened_at=NINE,
        )
        session.add(sitting)
        session.flush()
        found = Sat(sitting.id, ledger)
    found.act(ActKind.OPENED, minutes=minutes, extra_percent=extra_percent, extra_minutes=extra_minutes, **opened)
    if claimed:
        ledger.act(Act(found.id, ActKind.CLAIMED, "candidate:1", ledger.now(), {}, lease_hmac="f" * 64))
    if started:
        found.act(ActKind.STARTED)
    return found


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)
