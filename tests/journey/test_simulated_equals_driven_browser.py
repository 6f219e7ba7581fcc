"""One sitting, twice: driven in Chromium, and simulated as the demonstration's cohort is; the ledgers are compared."""

from __future__ import annotations

import json
import random
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from sjt import db
from sjt.audit.chain import GENESIS
from sjt.authoring.snapshot import Format, Paper
from sjt.config import Settings
from sjt.delivery import service
from sjt.delivery.folding import content_head, content_sha256, fold, next_head
from sjt.delivery.ledger import Ledger
from sjt.delivery.model import ActKind, ClientEvent, EventKind, Instant, LedgerEntry
from sjt.demo import sittings as simulator
from sjt.demo.people import apprentices
from sjt.results import service as results
from sjt.results.model import MarkRow
from sjt.times import ManualClock, SystemClock, utc_now
from tests.builders.forms import put_form
from tests.builders.published import Published
from tests.builders.rooms import (
    INVIGILATOR,
    ARoom,
    a_room,
    delivery_app,
    ledger_on,
    papers_from,
    served,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SITTING = UUID("6f0f6a52-5c0e-4c3e-9d7e-0d6a4d0a7b11")
RESPONSES: Mapping[str, Any] = {
    "s1-a": {"B": 1, "A": 2, "D": 3, "C": 4, "E": 5},
    "s1-b": ["B", "C", "G"],
    "s2-a": {"A": 4, "B": 2, "C": 3, "D": 1, "E": 1},
    "s2-b": {"most": "B", "least": "C"},
    "s3-a": "D",
    "s3-b": {"text": "I would listen, \u2013 and say whom I must tell."},
}
HALFWAY = "I would listen, \u2013"
"""What stands of the written answer when its writer pauses; the simulator pauses at the word before the middle."""
FLAGGED = 1
"""The question, as dealt, that is flagged."""

ONLY_A_BROWSER = frozenset(
    {EventKind.FOCUS, EventKind.BLUR, EventKind.DISPLAY, EventKind.COPY, EventKind.PASTE, EventKind.PRINT}
)
"""Kinds that tell of a window and a person before it; the simulator has neither, and no mark rests on them."""

MAY_DIFFER: Mapping[str, str] = {
    "at": "wall time of the entry: one clock is the machine's, the other is moved by hand",
    "boot": "the monotonic clock's boot, for the same reason",
    "mono": "the monotonic clock's reading, for the same reason",
    "event.id": "drawn at random by the sender",
    "event.client_time": "the sender's clock; its form is compared",
    "event.prev": "SHA-256 over the event before, whose id and time differ; the rule that makes it is checked",
    "event.clock": "the page's own name and count, and the last hash told to it; their rules are checked",
    "device": "the browser's name for itself",
    "address": "the network address of the seat",
}


@dataclass
class Sat:
    """What stands after a sitting, and what its sender sent, in the order of sending."""

    entries: list[LedgerEntry]
    facts: service.SittingResponses
    view: service.CandidateView
    marks: list[MarkRow]
    dealt: Paper
    sent: list[dict[str, Any]] = field(default_factory=list)

    def comparable(self) -> list[LedgerEntry]:
        return [entry for entry in self.entries if entry.kind not in ONLY_A_BROWSER]


@pytest.fixture
def two_files(
    database: db.Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[ARoom, db.Database, db.Database]]:
    """Give a room whose candidate is checked in, in two equal files: same person, form, session and, hence, deal."""
    monkeypatch.setattr("sjt.delivery.entering.uuid4", lambda: SITTING)  # the deal is drawn from it
    with papers_from(Published()):
        with db.transaction() as session:
            put_form(session, "form-1")
        room = a_room(settings.secret_key, candidates=1, now=utc_now())
        copy = tmp_path / "copy.sqlite"
        with closing(sqlite3.connect(str(database.url.database))) as here, closing(sqlite3.connect(copy)) as there:
            here.backup(there)
        other = db.Database(f"sqlite:///{copy}")
        yield room, database, other
        other.dispose()


def test_a_simulated_sitting_leaves_the_ledger_of_the_same_sitting_in_chromium(
    two_files: tuple[ARoom, db.Database, db.Database], settings: Settings, browser: Browser
) -> None:
    room, first, second = two_files
    driven = drive(browser, room, db.bind(first), settings)
    simulated = simulate(room, db.bind(second), settings)

    assert [s.id for s in driven.dealt.scenarios] == [s.id for s in simulated.dealt.scenarios]
    assert driven.dealt == simulated.dealt, "same person, same form, same deal"
    assert {item.format for item in driven.dealt.items()} == set(Format), "all six formats were answered"

    mine, theirs = driven.comparable(), simulated.comparable()
    assert [entry.kind for entry in mine] == [entry.kind for entry in theirs]
    for here, there in zip(mine, theirs, strict=True):
        assert fields(here) == fields(there), f"entry {here.n} of the browser, {there.n} of the simulator"
    for sat in (driven, simulated):
        assert_in_order(sat)
        assert_times_and_links(sat)

    standing = fold(driven.entries)
    assert {item: one.response for item, one in standing.items()} == dict(RESPONSES)
    for kind in (EventKind.ANSWER, EventKind.FLAG, EventKind.VIEW):
        a, b = fold(driven.entries, kind), fold(simulated.entries, kind)
        assert {item: (one.response, one.lease) for item, one in a.items()} == {
            item: (one.response, one.lease) for item, one in b.items()
        }
    assert driven.view.flags == simulated.view.flags == {driven.dealt.items()[FLAGGED - 1].id}
    for name in ("state", "form_id", "snapshot_sha256", "candidate_id", "booking_id", "attempt", "simulated"):
        assert getattr(driven.facts, name) == getattr(simulated.facts, name), name
    assert driven.facts.state.value == "submitted"
    assert driven.view.receipt and simulated.view.receipt  # made of the last hash, so they differ
    assert [mark_fields(row) for row in driven.marks] == [mark_fields(row) for row in simulated.marks]
    assert len(driven.marks) == len(RESPONSES) and any(row.marks for row in driven.marks)


def fields(entry: LedgerEntry) -> dict[str, Any]:
    """Flatten an entry to named fields, less those that may differ (each with its reason above)."""
    found: dict[str, Any] = {"kind": entry.kind.value, "by": entry.by, "lease": entry.lease}
    for name, value in entry.body.items():
        if name == "event":
            found |= {f"event.{key}": one for key, one in value.items() if key != "seq"}  # order: assert_in_order
        else:
            found[name] = value
    return {name: value for name, value in found.items() if name not in MAY_DIFFER}


def assert_in_order(sat: Sat) -> None:
    assert [entry.n for entry in sat.entries] == list(range(1, len(sat.entries) + 1))
    events = [entry for entry in sat.entries if "event" in entry.body]
    assert [entry.seq for entry in events] == list(range(len(events))), "numbered from 0 without a gap"
    assert [entry.body["event"]["seq"] for entry in events] == [entry.seq for entry in events]
    assert all(a.at.mono_ms <= b.at.mono_ms for a, b in pairwise(sat.entries))


def assert_times_and_links(sat: Sat) -> None:
    """Check what may differ by its rule: ids, the form of times, the link to the event before, the content head."""
    events = [entry.body["event"] for entry in sat.entries if "event" in entry.body]
    assert [event["id"] for event in events] == [event["id"] for event in sat.sent]
    assert len({event["id"] for event in events}) == len(events)
    assert all(UUID(event["id"]).version == 4 for event in events)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["client_time"]) for event in events)
    assert all(a["client_time"] <= b["client_time"] for a, b in pairwise(events))
    pairs = [(event["lease"], ClientEvent.from_content(event)) for event in events]
    before, heads = None, [GENESIS]
    for (lease, event), sent in zip(pairs, sat.sent, strict=True):
        names = [name for name in sent if name != "response"]
        assert names == ["id", "seq", "kind", "item", "client_time", "prev", "clock"]
        assert ("response" in sent) == (sent["kind"] in ("answer", "flag"))
        assert event.prev == sent["prev"] == before
        before = content_sha256(event, lease)
        assert event.clock is not None and event.clock.to_json() == sent["clock"]
        assert event.clock.seen in heads, "a page has seen only what was there before"
        heads.append(next_head(heads[-1], before))
    clocks = [event.clock for _, event in pairs if event.clock is not None]
    assert len({one.page for one in clocks}) == 1 and re.fullmatch("[0-9a-f]{16}", clocks[0].page)
    assert all(a.ms <= b.ms for a, b in pairwise(clocks))
    assert heads.index(str(clocks[-1].seen)) > len(heads) // 2, "replies were taken notice of"
    assert sat.view.content_head == content_head(pairs)
    assert [entry.kind for entry in sat.entries][:3] == [ActKind.OPENED, ActKind.CLAIMED, ActKind.STARTED]


def mark_fields(row: MarkRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__ if name not in ("run_id", "at", "marked_at")}


def read(sitting_id: UUID, keeper: Ledger, dealt: Paper, sent: list[dict[str, Any]]) -> Sat:
    with db.transaction() as session:
        results.mark_sitting(session, sitting_id, by=INVIGILATOR, now=utc_now())
    with db.session() as session:
        (facts,) = service.responses(session, sitting_id=sitting_id)
        view = service.sitting_of(session, sitting_id, at=keeper.now())
        marks = results.item_marks(session, facts.session_id)
        return Sat(service.entries(session, sitting_id), facts, view, marks, dealt, sent)


def paper_now(sitting_id: UUID, at: Instant) -> tuple[Paper, float]:
    with db.session() as session:
        view = service.sitting_of(session, sitting_id, at=at)
    assert view.paper is not None
    return view.paper, view.clock.left_ms / 60_000


def drive(browser: Browser, room: ARoom, database: db.Database, settings: Settings) -> Sat:
    """Sit in Chromium, from the code to the receipt."""
    sent: list[dict[str, Any]] = []
    clock = SystemClock()
    with ledger_on(database, clock) as keeper, served(delivery_app(settings, database, clock)) as address:
        context = browser.new_context(base_url=address)
        page = context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))

        def note(request: Any) -> None:
            if request.method == "POST" and request.url.endswith("/events"):
                known = {event["id"] for event in sent}
                sent.extend(event for event in json.loads(request.post_data)["events"] if event["id"] not in known)

        page.on("request", note)
        page.goto("/sit/")
        page.fill("#code", room.code(1))
        page.fill("#pin", room.pin)
        page.keyboard.press("Enter")
        page.click("text=Yes, this is me")
        page.click("text=Keep these settings")
        page.click("text=I am ready")
        page.wait_for_selector("[data-waiting]")
        (sitting_id,) = service.start_room(room.id, by=INVIGILATOR)
        page.wait_for_url("**/test#question-*", timeout=60_000)
        page.wait_for_selector("html[data-ready]")
        dealt, _ = paper_now(sitting_id, keeper.now())
        for number, item in enumerate(dealt.items(), start=1):
            answer(page, item.id, item.format, item.option_ids())
            if number == FLAGGED:
                page.click("[data-action='flag']")
            page.click("[data-action='next']")
        page.click("[data-action='submit']")
        page.click("[data-action='submit-now']")
        expect(page.get_by_role("heading", level=1, name="Your test is submitted")).to_be_visible()
        context.close()
        assert not faults, faults
        return read(sitting_id, keeper, dealt, sent)


def answer(page: Page, item_id: str, kind: Format, shown: tuple[str, ...]) -> None:
    """Give the response by the controls a candidate has, in the page's own order."""
    part = page.locator(f"[data-item='{item_id}']:visible")
    response = RESPONSES[item_id]
    if kind is Format.RANK:
        for option in sorted(response, key=response.__getitem__):
            part.locator(f"[data-option='{option}'] [data-action='place'][data-place='{response[option]}']").click()
    elif kind is Format.CHOOSE:
        for option in (one for one in shown if one in response):
            part.locator(f"label[data-option='{option}']").click()
    elif kind is Format.RATE:
        for option in shown:
            part.locator(f"[data-option='{option}'] label:has(input[value='{response[option]}'])").click()
    elif kind is Format.MOST_LEAST:
        for end in ("most", "least"):
            part.locator(f"label:has(input[data-end='{end}'][value='{response[end]}'])").click()
    elif kind is Format.SINGLE:
        part.locator(f"label[data-option='{response}']").click()
    else:
        area = part.get_by_role("textbox")
        area.fill(HALFWAY)
        area.blur()  # saved here, as in a pause of the typing
        area.fill(response["text"])


class Willing(random.Random):
    """Chance that leaves no question out, flags one, and is average in all else."""

    def __init__(self) -> None:
        super().__init__(7)
        self.asked = 0

    def random(self) -> float:
        self.asked += 1  # twice for each question: left out? flagged?
        return 0.0 if self.asked == 2 * FLAGGED else 0.5

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2

    def gauss(self, mu: float = 0.0, sigma: float = 1.0) -> float:
        return mu


def simulate(room: ARoom, database: db.Database, settings: Settings) -> Sat:
    """Sit by the simulator's own functions, on a clock that is moved by hand."""
    clock = ManualClock(utc_now() + timedelta(minutes=5), boot_id="simulated")
    person = next(apprentices(1, "residential", 1, today=date(2026, 3, 14)))
    with ledger_on(database, clock) as keeper:
        one = service.enter(
            room.code(1),
            room.pin,
            address="seat-1",
            agent="simulated",
            secret_key=settings.secret_key,
            now=clock.now(),
        )
        starts: datetime = clock.now()
        (sitting_id,) = service.start_room(room.id, by=INVIGILATOR)
        dealt, minutes = paper_now(sitting_id, keeper.now())
        with db.session() as session:
            who = service.candidate_actor(session, sitting_id, one.lease, one.token, secret_key=settings.secret_key)
        assert who is not None
        acts = simulator.sitting_acts(
            dealt, one, who.id, person, lambda item, theta, uln: (RESPONSES[item], 60_000), starts, minutes, Willing()
        )
        simulator.replay(keeper, clock, acts)
        return read(sitting_id, keeper, dealt, [dict(act.event) for act in acts])
