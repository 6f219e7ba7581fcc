"""A simulated session: its candidates answer through the ledger, on a clock that the builder moves."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sjt import db
from sjt.access import Actor
from sjt.audit.chain import GENESIS
from sjt.authoring import service as authoring
from sjt.authoring.snapshot import Format, Paper, PaperItem
from sjt.config import Settings
from sjt.delivery import responses, service
from sjt.delivery.folding import content_sha256, next_head
from sjt.delivery.ledger import Ledger
from sjt.delivery.model import ClientEvent, EventKind, IncidentCategory, Instant, Refused, SessionPlan
from sjt.delivery.running import items_of
from sjt.delivery.serving import Running
from sjt.delivery.writing import Batch
from sjt.demo.people import Apprentice, as_csv
from sjt.times import ManualClock, iso

PLAN = "ap-sjt-portfolio-interview"
Answers = Callable[[str, float, str], tuple[Any, int]]
"""(item id, ability, person) → response in the contract's shape, and the milliseconds it took."""


@dataclass(frozen=True, slots=True)
class Act:
    """One browser event of one sitting at one moment."""

    at: datetime
    sitting_id: UUID
    lease: int
    by: str
    event: Mapping[str, Any]


def hold_session(
    *,
    running: Running,
    clock: ManualClock,
    settings: Settings,
    centre: str,
    room: str,
    starts: datetime,
    forms: Sequence[str],
    people: Sequence[Apprentice],
    absent: int,
    answers: Answers,
    seed: int,
    administrator: Actor,
    invigilator: Actor,
) -> UUID:
    """Book, check in, sit and close one session, to which the last ``absent`` people do not come; give its id."""
    session_id, pin, bookings = book(
        clock=clock,
        settings=settings,
        centre=centre,
        room=room,
        starts=starts,
        forms=forms,
        people=people,
        administrator=administrator,
    )
    rng = random.Random(f"{seed}:{centre}:{room}")
    staying_away = set(range(len(bookings) - absent, len(bookings)))
    _move(clock, starts - timedelta(minutes=20))
    with db.transaction() as session:
        slips = service.issue_codes(
            session, session_id, by=invigilator, now=clock.now(), secret_key=settings.secret_key
        )
        codes = {slip.booking_id: slip.code for slip in slips}
        for at, booking in enumerate(bookings):
            if at not in staying_away:
                service.check_in(session, booking, by=invigilator, now=clock.now())
    entered: list[tuple[Apprentice, service.Entered]] = []
    for at, (booking, person) in enumerate(zip(bookings, people, strict=True)):
        if at in staying_away:
            continue
        _move(clock, clock.now() + timedelta(seconds=7))
        one = service.enter(
            codes[booking],
            pin,
            address=f"seat-{at + 1}",
            agent="simulated",
            secret_key=settings.secret_key,
            now=clock.now(),
        )
        entered.append((person, one))
    _move(clock, starts)
    service.start_room(session_id, by=invigilator)
    acts: list[Act] = []
    longest = 0.0
    for person, one in entered:
        with db.session() as session:
            view = service.sitting_of(session, one.sitting_id, at=running.ledger.now())
            who = service.candidate_actor(session, one.sitting_id, one.lease, one.token, secret_key=settings.secret_key)
        assert view.paper is not None and who is not None
        minutes = view.clock.left_ms / 60_000
        longest = max(longest, minutes)
        acts += sitting_acts(view.paper, one, who.id, person, answers, starts, minutes, rng)
    acts.sort(key=lambda act: (act.at, str(act.sitting_id)))
    replay(running.ledger, clock, acts)
    _move(clock, starts + timedelta(minutes=longest + 5))
    running.close_overdue(running.ledger.now())
    with db.transaction() as session:
        incident = service.report_incident(
            session,
            session_id,
            IncidentCategory.ENVIRONMENT,
            "Simulated: drilling next door for two minutes; it was stopped, nobody left the room.",
            by=invigilator,
            now=clock.now(),
        )
        service.resolve_incident(session, incident, "No effect on the sittings.", by=administrator, now=clock.now())
    service.close_session(session_id, by=invigilator, reason="The session has ended.")
    return session_id


def book(
    *,
    clock: ManualClock,
    settings: Settings,
    centre: str,
    room: str,
    starts: datetime,
    forms: Sequence[str],
    people: Sequence[Apprentice],
    administrator: Actor,
    gateway_open: Sequence[int] = (),
) -> tuple[UUID, str, list[UUID]]:
    """Make a session, load its candidates from the file a centre would send, record their gateway evidence.

    ``gateway_open`` names the rows (from 0) whose gateway lacks the employer's report.
    """
    lines = service.read_csv(as_csv(list(people)), file="candidates.csv")
    with db.transaction() as session:
        plan = SessionPlan(centre, room, starts, tuple(forms), PLAN, max(len(people), 8))
        made = service.create_session(
            session, plan, by=administrator, now=clock.now(), secret_key=settings.secret_key, simulated=True
        )
        service.import_candidates(session, made.id, lines, by=administrator, now=clock.now())
        by_uln = {candidate.uln: candidate for candidate in service.candidates(session)}
        for at, person in enumerate(people):
            required = authoring.plan_evidence(session, PLAN, person.option)
            given = [one.id for one in required if not (at in gateway_open and one.evidence == "employer-report")]
            service.record_gateway(session, by_uln[person.uln].id, given, by=administrator, now=clock.now())
    with db.session() as session:
        seats = service.room(session, made.id, at=Instant.of(clock)).seats
    by_name = {(seat.name): seat.booking_id for seat in seats}
    return made.id, made.pin, [by_name[f"{person.given} {person.family}"] for person in people]


class Page:
    """What one candidate's page sends: numbered, timed and chained as ``static/js/sitting/outbox.js`` does it."""

    def __init__(self, entered: service.Entered, by: str, rng: random.Random) -> None:
        self.entered, self.by, self.rng = entered, by, rng
        self.acts: list[Act] = []
        self.prev: str | None = None
        self.life = hashlib.sha256(str(entered.sitting_id).encode()).hexdigest()[:16]
        self.heads: list[tuple[datetime, str]] = []

    def send(self, at: datetime, kind: EventKind, item: str | None = None, response: Any = None) -> None:
        event = {
            "id": str(_uuid(self.rng)),
            "seq": len(self.acts),
            "kind": kind.value,
            "item": item,
            "client_time": iso(at),
            "prev": self.prev,
            "clock": self._clock(at),
        }
        if kind in (EventKind.ANSWER, EventKind.FLAG):
            event["response"] = response
        self.prev = content_sha256(ClientEvent.from_content({**event, "response": response}), self.entered.lease)
        self.heads.append((at, next_head(self.heads[-1][1] if self.heads else GENESIS, self.prev)))
        self.acts.append(Act(at, self.entered.sitting_id, self.entered.lease, self.by, event))

    def _clock(self, at: datetime) -> dict[str, Any]:
        """Give the page's own count, and the newest head that a reply had told it: replies take a second."""
        since = at - self.heads[0][0] if self.heads else timedelta()
        told = [head for when, head in self.heads if at - when >= timedelta(seconds=1)]
        ms = 1_500 + round(since.total_seconds() * 1000)
        return {"page": self.life, "ms": ms, "seen": told[-1] if told else GENESIS}


def sitting_acts(
    paper: Paper,
    entered: service.Entered,
    by: str,
    person: Apprentice,
    answers: Answers,
    starts: datetime,
    minutes: float,
    rng: random.Random,
) -> list[Act]:
    """Give what one person's page sends: views, answers as they are built up, flags, and a submit (or none)."""
    items = paper.items()
    drawn = {item.id: answers(item.id, person.theta, person.uln) for item in items}
    taken = sum(ms for _, ms in drawn.values()) / 1000
    pace = min(1.35, max(0.45, rng.gauss(0.78, 0.14))) * minutes * 60 / taken
    page = Page(entered, by, rng)
    at = starts + timedelta(seconds=rng.uniform(2, 9))
    ends = starts + timedelta(minutes=minutes)
    for item in items:
        response, ms = drawn[item.id]
        seconds = max(4.0, ms / 1000 * pace)
        if at + timedelta(seconds=seconds) >= ends:
            return page.acts  # time runs out here: the server closes the sitting
        page.send(at, EventKind.VIEW, item.id)
        if rng.random() < 0.012:
            at += timedelta(seconds=seconds)
            continue  # left unanswered
        steps = built_up(item, response)
        for step in steps:
            at += timedelta(seconds=seconds / len(steps))
            page.send(at, EventKind.ANSWER, item.id, step)
        if rng.random() < 0.07:
            at += timedelta(seconds=1)
            page.send(at, EventKind.FLAG, item.id, True)
    if at + timedelta(seconds=40) < ends:
        page.send(at + timedelta(seconds=rng.uniform(5, 35)), EventKind.SUBMIT)
    return page.acts


def built_up(item: PaperItem, response: Any) -> list[Any]:
    """Give what the page sends on the way to a response, the response last: one event for each click.

    A long written answer is saved every second and a half while somebody types; here its half stands for those.
    """
    shown = item.option_ids()
    match item.format:
        case Format.RANK:
            order = sorted(response, key=response.__getitem__)
            return [{option: response[option] for option in order[:n]} for n in range(1, len(order) + 1)]
        case Format.RATE:
            order = [option for option in shown if option in response]
            return [{option: response[option] for option in order[:n]} for n in range(1, len(order) + 1)]
        case Format.CHOOSE:
            order = [option for option in shown if option in response]
            return [sorted(order[:n]) for n in range(1, len(order) + 1)]
        case Format.MOST_LEAST:
            return [{"most": response["most"], "least": None}, dict(response)]
        case Format.WRITTEN if len(response["text"]) > 40:
            half = response["text"][: len(response["text"]) // 2].rsplit(" ", 1)[0]
            return [{"text": half}, response]
        case _:
            return [response]


def _uuid(rng: random.Random) -> UUID:
    return UUID(int=rng.getrandbits(128), version=4)


def replay(keeper: Ledger, clock: ManualClock, acts: Sequence[Act]) -> None:
    """Send the acts through the ledger, one batch each, at their own moments; the clock ends at the last."""
    batches = []
    for act in acts:
        _move(clock, act.at)
        event = responses.read_event(dict(act.event), items_of(act.sitting_id))
        assert not isinstance(event, Refused), f"the simulator made an event that no browser could send: {event}"
        batches.append(Batch(act.sitting_id, act.lease, (event,), act.by, Instant.of(clock)))
    for reply in keeper.save_all(batches):
        assert not reply.refused, f"the ledger refused a simulated event: {reply.refused}"


def _move(clock: ManualClock, to: datetime) -> None:
    if to > clock.now():
        clock.advance(to - clock.now())
