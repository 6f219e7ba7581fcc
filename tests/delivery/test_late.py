"""An answer that arrives after the end counts if chain, page's count and what the page had seen prove its entry."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sjt.audit.chain import GENESIS
from sjt.delivery import late, store
from sjt.delivery.folding import content_sha256
from sjt.delivery.ledger import Ledger
from sjt.delivery.model import ActKind, ClientEvent, Code, EventKind, PageClock, SessionState
from sjt.delivery.tables import Sitting, TestSession
from sjt.delivery.writing import Batch
from sjt.times import ManualClock, iso
from tests.builders.sittings import NINE, Sat, a_sitting

PAGE = "00112233445566aa"
WALL = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)


@dataclass
class Page:
    """A browser's page as outbox.js is: counts by itself, chains what it makes, remembers the newest head it saw."""

    sat: Sat
    clock: ManualClock
    name: str = PAGE
    head: str = GENESIS
    prev: str | None = None
    born_ms: int = 0
    asleep_ms: int = 0
    wall_off: timedelta = timedelta()
    made: list[ClientEvent] = field(default_factory=list)

    def ms(self) -> int:
        return self.clock.monotonic_ms() - self.born_ms - self.asleep_ms

    def enters(
        self, item: str | None = "s3-a", response: Any = "A", kind: EventKind = EventKind.ANSWER, **changes: Any
    ) -> ClientEvent:
        self.sat.seq += 1
        event = ClientEvent(
            uuid4(),
            self.sat.seq,
            kind,
            item,
            response,
            iso(self.clock.now() + self.wall_off),
            changes.get("prev", self.prev),
            changes.get("clock", PageClock(self.name, changes.get("ms", self.ms()), changes.get("seen", self.head))),
        )
        self.prev = content_sha256(event, self.sat.lease)
        self.made.append(event)
        return event

    def sends(self, *events: ClientEvent, sent: bool = True) -> Any:
        clock = PageClock(self.name, self.ms()) if sent else None
        batch = Batch(self.sat.id, self.sat.lease, events, "candidate:1", self.sat.ledger.now(), None, clock)
        reply = self.sat.ledger.save(batch)
        self.head = reply.content_head
        return reply

    def reloads(self) -> None:
        self.name, self.born_ms, self.asleep_ms = "ffeeddccbbaa9988", self.clock.monotonic_ms(), 0


@pytest.fixture
def page(running: Ledger, manual: ManualClock) -> Page:
    """Give a page that has been at work for a minute and whose line is cut at minute 40 of 60."""
    found = Page(a_sitting(running), manual)
    found.sends(found.enters("s1-b", None, EventKind.VIEW), found.enters("s1-b", ["A"]))
    manual.advance(timedelta(minutes=40))
    return found


def answers(page: Page) -> dict[str, Any]:
    with page.sat.ledger.database.session() as session:
        return {item: one.response for item, one in store.answers(session, page.sat.id).items()}


def test_what_was_entered_in_a_cut_before_the_end_counts_when_the_line_is_back_after_it(
    page: Page, manual: ManualClock
) -> None:
    kept = [page.enters("s3-a", None, EventKind.VIEW), page.enters("s3-a", "C")]
    manual.advance(timedelta(minutes=19, seconds=59))
    kept.append(page.enters("s2-b", {"most": "A", "least": None}))
    manual.advance(timedelta(minutes=10))
    assert page.sat.act(ActKind.CLOSED, cause="time").changed
    reply = page.sends(*kept)
    assert reply.acked == tuple(str(one.id) for one in kept)
    assert answers(page) == {"s1-b": ["A"], "s3-a": "C", "s2-b": {"most": "A", "least": None}}
    with page.sat.ledger.database.session() as session:
        entries = store.entries(session, page.sat.id)
        assert store.chain_breaks(session, page.sat.id) == []
    assert [one.body.get("late") for one in entries[-3:]] == ["entered before the end"] * 3
    assert page.sends(*kept).acked == reply.acked, "a repeat is harmless"


@pytest.mark.parametrize(("seconds", "taken"), [(-1, True), (0, True), (1, False)])
def test_the_end_is_exact_for_a_late_arrival_too(page: Page, manual: ManualClock, seconds: int, taken: bool) -> None:
    manual.advance(timedelta(minutes=20, seconds=seconds))
    event = page.enters()
    manual.advance(timedelta(minutes=7))
    reply = page.sends(event)
    assert (reply.acked == (str(event.id),)) is taken
    if not taken:
        assert [(one.code, one.kept) for one in reply.refused] == [(Code.HELD, True)]
        assert "s3-a" not in answers(page)


def test_a_computer_s_clock_an_hour_off_changes_nothing(page: Page, manual: ManualClock) -> None:
    page.wall_off = timedelta(hours=-1)
    event = page.enters("s3-a", "D")
    manual.advance(timedelta(minutes=30))
    assert page.sends(event).acked == (str(event.id),)


def test_after_a_reload_without_a_line_the_delivering_request_still_proves_the_entry(
    page: Page, manual: ManualClock
) -> None:
    page.reloads()
    event = page.enters("s3-a", "B")
    manual.advance(timedelta(minutes=25))
    assert page.sends(event).acked == (str(event.id),)


def test_an_answer_of_a_page_that_died_before_the_line_came_back_is_timed_from_what_was_acknowledged(
    page: Page, manual: ManualClock
) -> None:
    event = page.enters("s3-a", "B")
    page.reloads()
    manual.advance(timedelta(minutes=25))
    assert page.sends(event).acked == (str(event.id),)


def test_of_a_page_that_began_and_died_without_a_line_nothing_is_proven(page: Page, manual: ManualClock) -> None:
    page.reloads()
    event = page.enters("s3-a", "B")
    page.name, page.born_ms = "0123456789abcdef", manual.monotonic_ms()
    manual.advance(timedelta(minutes=25))
    reply = page.sends(event)
    assert [(one.code, one.kept) for one in reply.refused] == [(Code.HELD, True)]
    with page.sat.ledger.database.session() as session:
        (held,) = store.held(session, page.sat.id)
    assert page.sat.act(ActKind.ADMITTED, held=str(held.id), reason="seen at the seat").changed
    assert answers(page)["s3-a"] == "B"


def test_a_computer_that_slept_after_the_entry_is_held_not_believed(page: Page, manual: ManualClock) -> None:
    manual.advance(timedelta(minutes=5))
    page.asleep_ms += 20 * 60_000  # its count stood still; the wall clock of the computer did not
    manual.advance(timedelta(minutes=16))
    late_one = page.enters("s3-a", "B")  # made after the end, though the page's count says minute 41
    manual.advance(timedelta(minutes=1))
    page.reloads()
    reply = page.sends(late_one)
    assert [one.code for one in reply.refused] == [Code.HELD]


def test_a_crafted_event_is_held_whatever_it_says(page: Page, manual: ManualClock) -> None:
    manual.advance(timedelta(minutes=25))
    unknown = "ab" * 32
    crafted = [
        page.enters("s3-a", "B", prev=unknown),
        page.enters("s3-a", "B", prev=None),
        page.enters("s3-a", "B", seen=unknown),
        page.enters("s3-a", "B", clock=None),
        page.enters("s3-a", "B", ms=1),
    ]
    for event in crafted:
        reply = page.sends(event)
        assert [(one.code, one.kept) for one in reply.refused] == [(Code.HELD, True)], event
    assert answers(page) == {"s1-b": ["A"]}


def test_a_time_before_what_the_page_had_seen_is_a_lie(page: Page, manual: ManualClock) -> None:
    honest = page.enters("s3-a", "B")
    page.sends(honest)
    manual.advance(timedelta(minutes=25))
    backdated = page.enters("s3-a", "C", ms=page.ms() - 30 * 60_000)
    assert [one.code for one in page.sends(backdated).refused] == [Code.HELD]


def test_once_the_session_is_closed_only_a_person_admits(page: Page, manual: ManualClock) -> None:
    event = page.enters("s3-a", "B")
    manual.advance(timedelta(minutes=25))
    page.sat.act(ActKind.CLOSED, cause="time")
    with page.sat.ledger.database.transaction() as session:
        sitting = session.get(Sitting, page.sat.id)
        assert sitting is not None
        row = session.get(TestSession, sitting.session_id)
        assert row is not None
        row.state = SessionState.CLOSED
        session.add(row)
    assert [one.code for one in page.sends(event).refused] == [Code.HELD]


def test_a_late_submit_is_refused_and_the_answers_with_it_count(page: Page, manual: ManualClock) -> None:
    event, submit = page.enters("s3-a", "B"), page.enters(None, None, EventKind.SUBMIT)
    manual.advance(timedelta(minutes=25))
    reply = page.sends(event, submit)
    assert reply.acked == (str(event.id),)
    assert [(one.code, one.kept) for one in reply.refused] == [(Code.CLOSED, False)]


@given(
    made=st.integers(0, 4_000_000),
    delay=st.integers(0, 4_000_000),
    trip=st.integers(0, 5_000),
    slept=st.integers(0, 600_000),
    end=st.integers(0, 8_000_000),
)
def test_what_happened_after_the_end_is_never_proven(made: int, delay: int, trip: int, slept: int, end: int) -> None:
    """For an honest page, whatever the line and sleep do: a bound never lies before the event."""
    before = late.Sign(PAGE, 0, trip, WALL)  # made at 0, arrived a trip later
    happened = made + slept
    arrived = happened + delay + trip
    delivered = late.Sign(PAGE, made + delay, arrived)
    wall = WALL + timedelta(milliseconds=happened)
    bound = late.latest(PAGE, made, wall, [before], delivered)
    assert bound is not None and bound + late.WALL_TOLERANCE_MS >= happened
    if happened > end + late.WALL_TOLERANCE_MS:
        assert not late.proven(bound, 0, end)
    assert late.latest(PAGE, made, wall, [], delivered) == happened + trip


def test_an_event_written_by_hand_keeps_its_old_content_hash() -> None:
    event = ClientEvent(uuid4(), 1, EventKind.ANSWER, "s3-a", "A", iso(NINE), None)
    assert set(event.content(1)) == {"id", "lease", "seq", "kind", "item", "response", "client_time", "prev"}
    timed = ClientEvent(event.id, 1, EventKind.ANSWER, "s3-a", "A", iso(NINE), None, PageClock(PAGE, 5, GENESIS))
    assert ClientEvent.from_content(timed.content(3)) == timed
