"""The demonstration organisation, built through the same deeds that pages and commands use."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sjt import db, paths
from sjt.access import SYSTEM, Actor, Role
from sjt.accounts import passwords
from sjt.accounts import service as accounts
from sjt.audit import anchors
from sjt.audit import service as audit
from sjt.authoring import service as authoring
from sjt.authoring.states import FormUse
from sjt.config import Settings
from sjt.delivery import service as delivery
from sjt.delivery.serving import Running
from sjt.demo.desk_work import build_desk_work
from sjt.demo.panels import build_panels
from sjt.demo.people import EMPLOYER_CONTACT, EMPLOYERS, PASSWORD, STAFF, Apprentice, apprentices
from sjt.demo.sittings import book, hold_session
from sjt.grading import service as grading
from sjt.joining import register_rooms
from sjt.migrations import runner
from sjt.times import ManualClock, utc_now

Tell = Callable[[str], None]
ORGANISATION = "Pennine End-point Assessment (demonstration)"
OPTIONS = ("residential", "community")
FORMS_PER_OPTION = 2
CENTRES = {"residential": ("Leeds, Wellington Street", "Room 2"), "community": ("Bristol, Harbourside", "Room 1")}
WAITING = 8


@dataclass(slots=True)
class Built:
    """What the person who opens the demonstration needs to know."""

    seed: int
    candidates: int
    pin: str = ""
    session: str = ""
    codes: list[dict[str, str]] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Built:
        return cls(**json.loads(path.read_text(encoding="utf-8")))


def build(settings: Settings, *, candidates: int, seed: int, tell: Tell) -> Built:
    """Build the organisation in an empty database."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = db.bind(db.Database(settings.database_url))
    tell("Making the database")
    runner.upgrade(database)
    register_rooms()
    anchors.load_or_make_key(settings.anchor_key_path)
    staff = _staff()
    tell("Reading the shipped bank")
    _bank(staff)
    forms = {}
    for option in OPTIONS:
        tell(f"Assembling two parallel {option} forms (some seconds to a minute)")
        forms[option] = _forms(option, staff["developer"], seed)
    built = Built(seed=seed, candidates=candidates)
    now = utc_now()
    first = (now - timedelta(days=44)).replace(hour=9, minute=30, second=0, microsecond=0)
    clock = ManualClock(first, boot_id="simulated")
    running = Running(database, clock=clock).start(keep=False)
    try:
        answers = _answers(seed)
        for at, option in enumerate(OPTIONS):
            tell(f"{candidates // 2} simulated candidates sit the {option} forms")
            # those who do not come take the last two seats, so that each form keeps its half of the others
            absent = 2 if candidates >= 40 else 0
            people = list(apprentices(seed, option, candidates // 2 + absent, today=first.date()))
            centre, room = CENTRES[option]
            session_id = hold_session(
                running=running,
                clock=clock,
                settings=settings,
                centre=centre,
                room=room,
                starts=first + timedelta(days=at),
                forms=forms[option],
                people=people,
                absent=absent,
                answers=answers,
                seed=seed,
                administrator=staff["centre"],
                invigilator=staff["invigilator"],
            )
            built.finished.append(str(session_id))
    finally:
        running.stop()
    after = first + timedelta(days=3)
    tell("Assessors mark the written answers")
    _mark(staff, seed, after)
    tell("Marks, statistics, pass marks, release")
    _results(built, forms, staff, after + timedelta(days=4), settings)
    tell("Panels of experts")
    build_panels(staff, forms["residential"][0], seed, settings)
    tell("Work under way in the bank")
    build_desk_work(staff, utc_now())
    tell("Portfolios, interviews, awards")
    _grades(staff, seed, after + timedelta(days=5))
    tell("A session that waits to be sat")
    _waiting(built, forms, staff, seed, settings)
    with db.transaction() as session:
        audit.anchor(session, key_path=settings.anchor_key_path, at=utc_now())
    return built


def _staff() -> dict[str, Actor]:
    """Found the organisation and let everybody in with the demonstration's password."""
    now = utc_now()
    password_hash = passwords.hashed(PASSWORD)
    actors: dict[str, Actor] = {}
    with db.transaction() as session:
        accounts.found_organisation(session, ORGANISATION, simulated=True, by=SYSTEM, now=now)
        for person in STAFF:
            user_id = accounts.add_person(
                session, login=person.login, name=person.name, email="", roles=person.roles, by=SYSTEM, now=now
            )
            accounts.set_password_hash(session, user_id, password_hash, by=SYSTEM, now=now)
            actors[person.login] = Actor(str(user_id), person.name, person.roles)
        contact = actors[EMPLOYER_CONTACT]
        grading.name_employer_contact(session, contact.id, EMPLOYERS[0], by=SYSTEM, now=now)
    return actors


def _bank(staff: dict[str, Actor]) -> None:
    with db.transaction() as session:
        authoring.import_bank(session, paths.bank_dir(), by=staff["admin"], now=utc_now())


def _forms(option: str, developer: Actor, seed: int) -> list[str]:
    """Build two parallel forms from the option's blueprint and publish them for live use."""
    from sjt.authoring.forms_job import build_now

    with db.transaction() as session:
        made = authoring.put_set(
            session,
            f"blueprints/{option}-14.toml",
            forms=FORMS_PER_OPTION,
            seed=seed,
            by=developer,
            now=utc_now(),
        )
    assert build_now(made.id, by=developer), f"the shipped bank must bear {FORMS_PER_OPTION} {option} forms"
    with db.session() as session:
        lines = authoring.forms_of_set(session, made.id)
    for line in lines:
        with db.transaction() as session:
            authoring.publish_form(
                session,
                line.form_id,
                use=FormUse.LIVE,
                by=developer,
                now=utc_now(),
                reason="Demonstration: keys and judgements are illustrative and simulated.",
            )
    return [line.form_id for line in lines]


def _answers(seed: int) -> Callable[[str, float, str], tuple[Any, int]]:
    """Give the simulator's answers: by item, ability and person, the same for the same seed."""
    from sjt.authoring.simulated_statistics import simulated_items
    from sjt.psychometrics.simulate import named_rng, respond

    with db.session() as session:
        bank = authoring.bank(session)
    items = {item.id: item for item, _ in simulated_items(bank, seed=1)}

    def answer(item_id: str, theta: float, person: str) -> tuple[Any, int]:
        item = items[item_id]
        effect = float(named_rng(seed, f"{person}:{item.scenario}").normal(0.0, item.testlet_sd))
        return respond(named_rng(seed, f"{person}:{item_id}"), item, theta, effect=effect)

    return answer


def _mark(staff: dict[str, Actor], seed: int, at: datetime) -> None:
    """Let two simulated assessors mark everything; some second marks are asked for, some decided."""
    from sjt.marking import service as marking

    rng = random.Random(f"{seed}:marking")
    pair = (staff["assessor"], staff["assessor2"])
    who = 0
    idle = 0
    while idle < 2:
        marker = pair[who % 2]
        who += 1
        with db.transaction() as session:
            script_id = marking.claim_next(session, by=marker, now=at)
            if script_id is None:
                idle += 1
                continue
            idle = 0
            at += timedelta(seconds=40)
            view = marking.view(session, script_id, by=marker, now=at)
            _give(marking, session, view, marker, rng, at)
            if view.round == 1 and rng.random() < 0.12:
                marking.ask_second_mark(session, script_id, "Simulated: sampled for a second mark.", by=marker, now=at)
    while True:
        with db.transaction() as session:
            script_id = marking.claim_next(session, by=staff["moderator"], now=at)
            if script_id is None:
                return
            view = marking.view(session, script_id, by=staff["moderator"], now=at)
            _give(marking, session, view, staff["moderator"], rng, at)


def _give(marking: Any, session: Any, view: Any, marker: Actor, rng: random.Random, at: datetime) -> None:
    near = {exemplar.text.strip()[:60]: exemplar.level for exemplar in view.rubric.exemplars}
    base = near.get(view.answer.strip()[:60], 2 if view.words > 25 else 1)
    levels = {
        criterion.id: min(criterion.top, max(0, base + rng.choice((-1, 0, 0, 0, 1))))
        for criterion in view.rubric.criteria
    }
    reasons = {
        criterion.id: f"Simulated marker: fits the anchor of level {levels[criterion.id]}."
        for criterion in view.rubric.criteria
    }
    marking.give_mark(session, view.id, levels, reasons, "", by=marker, now=at)


def _results(
    built: Built, forms: dict[str, list[str]], staff: dict[str, Actor], at: datetime, settings: Settings
) -> None:
    from sjt.jobs import run as jobs_run
    from sjt.jobs import service as jobs
    from sjt.results import service as results

    for session_id in built.finished:
        with db.transaction() as session:
            results.mark_session(session, UUID(session_id), by=staff["assessor"], now=at)
    for session_id in built.finished:
        with db.transaction() as session:
            job_id = jobs.enqueue(
                session,
                "analysis.run",
                {"session": session_id},
                by=staff["psychometrician"],
                now=utc_now(),
                title="Item analysis of a session",
                goes_to=f"/analysis/sessions/{session_id}",
            )
            jobs.claim(session, now=utc_now())
        jobs_run.run(job_id, settings)
        with db.session() as session:
            job = jobs.job(session, job_id)
        assert not job.error, job.error
    for option in OPTIONS:
        for form_id in forms[option]:
            with db.transaction() as session:
                cut_id = results.propose(session, form_id, by=staff["psychometrician"], now=at)
            for officer in ("officer", "officer2"):
                with db.transaction() as session:
                    results.adopt(session, cut_id, by=staff[officer], now=at + timedelta(hours=1))
    for session_id in built.finished:
        with db.transaction() as session:
            release_id = results.propose_release(
                session, UUID(session_id), by=staff["officer"], now=at + timedelta(hours=2)
            )
        with db.transaction() as session:
            results.release(session, release_id, by=staff["officer2"], now=at + timedelta(hours=3))


def _grades(staff: dict[str, Actor], seed: int, at: datetime) -> None:
    """Grade some portfolios and interviews, sign some awards, and leave the rest to be walked through."""
    from sjt.grading.rules import SignedAs

    rng = random.Random(f"{seed}:grades")
    assessor, officer = staff["assessor"], staff["officer"]
    with db.session() as session:
        passed = [row for row in grading.records(session) if row.sjt == "pass"]
    for row in passed[: len(passed) // 2]:
        day = at + timedelta(days=rng.randint(26, 30))
        with db.transaction() as session:
            grading.record_hand_in(session, row.candidate_id, at.date(), by=assessor, now=at + timedelta(days=1))
            outcome = rng.choices(("pass", "distinction", "fail"), weights=(6, 3, 1))[0]
            reason = "Simulated: the showcase pieces meet the criteria to this level throughout."
            grading.grade_component(
                session, row.candidate_id, "portfolio", outcome, reason, by=assessor, now=at + timedelta(days=8)
            )
        if rng.random() < 0.35:
            continue
        with db.transaction() as session:
            grading.book_interview(session, row.candidate_id, day.date(), by=assessor, now=at + timedelta(days=9))
        with db.transaction() as session:
            grading.open_interview(session, row.candidate_id, by=assessor, now=day)
        with db.transaction() as session:
            outcome = rng.choices(("pass", "distinction", "fail"), weights=(6, 3, 1))[0]
            reason = "Simulated: the answers showed judgement to this level across the prompts."
            grading.grade_component(session, row.candidate_id, "interview", outcome, reason, by=assessor, now=day)
        with db.transaction() as session:
            grade = grading.record(session, row.candidate_id).grade
            assert grade is not None
            grading.sign_award(session, row.candidate_id, SignedAs.ASSESSOR, grade, by=assessor, now=day)
        if rng.random() < 0.6:
            with db.transaction() as session:
                grading.sign_award(session, row.candidate_id, SignedAs.AWARDING_OFFICER, grade, by=officer, now=day)


def _waiting(built: Built, forms: dict[str, list[str]], staff: dict[str, Actor], seed: int, settings: Settings) -> None:
    """Book the session that whoever opens the demonstration sits: eight seats, one without a gateway."""
    starts = (utc_now() + timedelta(minutes=10)).replace(second=0, microsecond=0)
    clock = ManualClock(utc_now(), boot_id="simulated")
    people: list[Apprentice] = list(
        apprentices(seed, "residential", WAITING, today=datetime.now(UTC).date(), start=10_000)
    )
    session_id, built.pin, bookings = book(
        clock=clock,
        settings=settings,
        centre=CENTRES["residential"][0],
        room="Room 1",
        starts=starts,
        forms=forms["residential"],
        people=people,
        administrator=staff["centre"],
        gateway_open=(WAITING - 1,),
    )
    built.session = str(session_id)
    with db.transaction() as session:
        slips = delivery.issue_codes(
            session, session_id, by=staff["centre"], now=utc_now(), secret_key=settings.secret_key
        )
    by_booking = {slip.booking_id: slip for slip in slips}
    for booking, person in zip(bookings, people, strict=True):
        slip = by_booking.get(booking)
        if slip is not None:
            built.codes.append({"seat": str(slip.seat), "name": f"{person.given} {person.family}", "code": slip.code})


ROLE_LINES = [
    ("writer", "opens the bank, the coverage table, a preview"),
    ("expert", "answers a panel, blind to keys"),
    ("developer", "builds and publishes forms"),
    ("centre", "schedules sessions and loads candidates"),
    ("invigilator", "checks in, starts and watches the room"),
    ("assessor", "marks written answers; portfolio and interview"),
    ("psychometrician", "item analysis, Angoff ratings, proposes a pass mark"),
    ("officer", "adopts pass marks, releases results, signs awards"),
    ("officer2", "the second signature"),
]


def others() -> list[str]:
    named = {login for login, _ in ROLE_LINES}
    return [person.login for person in STAFF if person.login not in named and Role.CANDIDATE not in person.roles]
