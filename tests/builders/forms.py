"""Builders of published forms and of sittings that were sat on them, as rows of a database."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session

from sjt.access import Actor, Role
from sjt.authoring.snapshot import (
    Format,
    Paper,
    Secret,
    SecretItem,
    paper_to_json,
    secret_to_json,
    snapshot_sha256,
)
from sjt.authoring.states import FormState, FormUse, SetState
from sjt.authoring.tables import BankRow, Form, FormSet
from sjt.delivery.model import BookingState, SessionState, SittingState
from sjt.delivery.tables import AnswerRow, Booking, Candidate, Centre, Room, Sitting, TestSession
from sjt.psychometrics import scoring
from sjt.times import iso
from tests.builders.sittings import a_paper

NINE = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
PSYCHOMETRICIAN = Actor("psychometrician", "Dr S. Lindqvist", frozenset({Role.PSYCHOMETRICIAN}))
OFFICER_A = Actor("officer-a", "A. Officer", frozenset({Role.AWARDING_OFFICER}))
OFFICER_B = Actor("officer-b", "B. Officer", frozenset({Role.AWARDING_OFFICER}))

RUBRIC = {
    "schema": "sjt.rubric/1",
    "id": "four-criteria",
    "title": "Reasoned decision",
    "unsafe_flag": "When a child would be in danger.",
    "criteria": [
        {"id": name, "title": name.title(), "anchors": ["none", "some", "good", "best"]}
        for name in ("issue", "principle", "voice", "act")
    ],
}
KEYS: Mapping[str, tuple[str, dict[str, Any], int]] = {
    "s1-a": ("rank_distance@1", {"order": [["B"], ["A"], ["C"], ["D"], ["E"]]}, 20),
    "s1-b": ("choose_k@1", {"key": ["B", "E", "G"]}, 12),
    "s2-a": ("rate_matrix@1", {"matrix": "near_miss", "key": {"A": 4, "B": 1, "C": 3, "D": 2, "E": 1}}, 20),
    "s2-b": ("most_least_graded@1", {"effectiveness": {"A": 0, "B": 4, "C": 2, "D": 1}}, 8),
    "s3-a": ("single_graded@1", {"effectiveness": {"A": 0, "B": 1, "C": 4, "D": 2}}, 4),
    "s3-b": ("rubric@1", {"rubric": "four-criteria"}, 12),
}
GOOD: Mapping[str, Any] = {
    "s1-a": {"A": 2, "B": 1, "C": 3, "D": 4, "E": 5},
    "s1-b": ["B", "E", "G"],
    "s2-a": {"A": 4, "B": 1, "C": 3, "D": 2, "E": 1},
    "s2-b": {"most": "B", "least": "A"},
    "s3-a": "C",
}


def settings_of(rule: str) -> dict[str, Any]:
    if rule == "rate_matrix@1":
        return {"matrices": {"near_miss": {"by_distance": [4, 2, 0, 0]}}, "scale_points": 4}
    if rule == "choose_k@1":
        return {"choose": 3}
    if rule == "rubric@1":
        return {"rubrics": {"four-criteria": RUBRIC}}
    return {}


def a_secret(paper: Paper, *, keys: str = "panelled", judged: bool = True, trial: Iterable[str] = ()) -> Secret:
    """Make the other side of ``a_paper``; without ``trial`` every item counts."""
    items = []
    for shown in paper.items():
        rule, key, worth = KEYS[shown.id.removesuffix("'")]
        settings = settings_of(rule)
        options = shown.option_ids()
        raw = scoring.raw_max(rule, key, options, settings)
        chance = scoring.chance_mean(rule, key, options, settings) * worth / raw
        items.append(
            SecretItem(
                id=shown.id,
                scenario=shown.id.split("-")[0],
                scenario_version=shown.id[:2] * 32,
                key_version=shown.id[:2] * 32,
                format=shown.format,
                live=shown.id not in set(trial),
                rule=rule,
                key=key,
                why={option: f"Why {option} stands where it does." for option in options},
                settings=settings,
                worth=Fraction(worth),
                raw_max=raw,
                chance=chance,
                ksbs=({"code": "K1", "role": "primary", "shows": "B"},),
                outcomes=("PO1",),
                angoff_mean=Fraction(worth) * Fraction(2, 3) if judged else None,
                angoff_se=0.4 if judged else None,
            )
        )
    return Secret(
        form_id=paper.form_id,
        bank="test-bank",
        blueprint="small",
        option="residential",
        plan="p",
        keys=keys,
        max_marks=sum((item.worth for item in items if item.live), Fraction(0)),
        mark_unit=Fraction(1),
        items=tuple(items),
        rubrics={"four-criteria": RUBRIC},
        cut={"exact": "152/3", "applied": "51", "se": 1.2, "source": "angoff-simulated"} if judged else None,
    )


def without_written(paper: Paper) -> Paper:
    """Leave the written items out, so that marks are complete as soon as a sitting is marked."""
    scenarios = tuple(
        replace(s, items=tuple(item for item in s.items if item.format is not Format.WRITTEN)) for s in paper.scenarios
    )
    return replace(paper, scenarios=scenarios)


def put_form(
    session: Session,
    form_id: str = "form-1",
    *,
    paper: Paper | None = None,
    secret: Secret | None = None,
    use: FormUse = FormUse.LIVE,
    simulated: bool = False,
    written: bool = True,
    **made: Any,
) -> Form:
    """Publish a form as rows; the bank and the set appear with the first."""
    paper = paper or a_paper(form_id)
    paper = paper if written else without_written(paper)
    secret = secret or a_secret(paper, **made)
    if session.get(BankRow, "test-bank") is None:
        session.add(BankRow(id="test-bank", title="Test bank", sha256="0" * 64, imported_at=NINE, imported_by="system"))
        session.flush()
    its_set = FormSet(
        number=len(session.exec(_sets()).all()) + 1,
        bank_id="test-bank",
        bank_sha256="0" * 64,
        blueprint="small",
        blueprint_path="blueprints/small.toml",
        option="residential",
        forms=1,
        seed=1,
        state=SetState.BUILT,
        created_at=NINE,
        created_by="system",
    )
    session.add(its_set)
    session.flush()
    papers, secrets = paper_to_json(paper), secret_to_json(secret)
    form = Form(
        id=form_id,
        set_id=its_set.id,
        name="A",
        position=1,
        use=use,
        state=FormState.PUBLISHED,
        paper=papers,
        secret=secrets,
        snapshot_sha256=snapshot_sha256(papers, secrets),
        scenarios=len(paper.scenarios),
        live_items=len(secret.live_items()),
        max_marks=str(secret.max_marks),
        mark_unit=str(secret.mark_unit),
        minutes=60,
        plan=secret.plan,
        numbers={},
        keys=secret.keys,
        simulated=simulated,
        published_at=NINE,
        published_by="system",
    )
    session.add(form)
    session.flush()
    return form


def _sets() -> Any:
    from sqlmodel import select

    return select(FormSet)


@dataclass(frozen=True)
class SatSession:
    """A closed session and its sittings."""

    id: UUID
    sittings: tuple[UUID, ...]
    candidates: tuple[UUID, ...]


def a_sat_session(
    session: Session,
    answers: Iterable[Mapping[str, Any]],
    *,
    form_id: str = "form-1",
    state: SessionState = SessionState.CLOSED,
    sitting_state: SittingState = SittingState.SUBMITTED,
    simulated: bool = False,
) -> SatSession:
    """Put a session with one sitting for each set of answers: item → response."""
    form = session.get(Form, form_id)
    assert form is not None
    centre = Centre(name=f"Centre {uuid4().hex[:6]}")
    session.add(centre)
    session.flush()
    room = Room(centre_id=centre.id, name="Room 1")
    session.add(room)
    session.flush()
    row = TestSession(
        room_id=room.id,
        starts=NINE,
        forms=[form_id],
        plan="p",
        seats=200,
        state=state,
        started_at=NINE,
        closed_at=NINE + timedelta(hours=1) if state is SessionState.CLOSED else None,
        simulated=simulated,
        created_at=NINE,
    )
    session.add(row)
    session.flush()
    sittings, candidates = [], []
    for n, given in enumerate(answers, start=1):
        candidate = Candidate(
            uln="1000000043",
            given_name=f"Given{n}",
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
            candidate_id=candidate.id,
            session_id=row.id,
            state=BookingState.CHECKED_IN,
            seat=n,
            created_at=NINE,
        )
        session.add(booking)
        session.flush()
        sitting = Sitting(
            booking_id=booking.id,
            session_id=row.id,
            candidate_id=candidate.id,
            form_id=form_id,
            snapshot_sha256=form.snapshot_sha256,
            deal_seed="1",
            deal="{}",
            opened_at=NINE,
            state=sitting_state,
            started_at=NINE,
            finished_at=NINE + timedelta(minutes=50),
        )
        session.add(sitting)
        session.flush()
        session.add_all(
            AnswerRow(
                sitting_id=sitting.id,
                item=item,
                kind="answer",
                response=json.dumps(response, sort_keys=True, separators=(",", ":"), ensure_ascii=False),
                lease=1,
                seq=seq,
                first_at=iso(NINE),
                last_at=iso(NINE + timedelta(minutes=seq)),
            )
            for seq, (item, response) in enumerate(given.items(), start=1)
        )
        session.flush()
        sittings.append(sitting.id)
        candidates.append(candidate.id)
    return SatSession(row.id, tuple(sittings), tuple(candidates))


def random_answers(n: int, seed: int = 1, *, written: bool = False) -> list[dict[str, Any]]:
    """Make answers of n people of different ability, by seed."""
    draw = random.Random(seed)  # not for secrets
    people = []
    for _ in range(n):
        ability = draw.random()

        def knows(share: float = ability) -> bool:
            return draw.random() < 0.25 + 0.7 * share

        rank = ["B", "A", "C", "D", "E"]
        for at in range(4):
            if not knows():
                rank[at], rank[at + 1] = rank[at + 1], rank[at]
        chosen = sorted({letter if knows() else draw.choice("ACDFH") for letter in "BEG"})
        rated = {o: v if knows() else draw.randint(1, 4) for o, v in {"A": 4, "B": 1, "C": 3, "D": 2, "E": 1}.items()}
        most = "B" if knows() else draw.choice("CD")
        least = "A" if knows() else next(o for o in "DC" if o != most)
        answers: dict[str, Any] = {
            "s1-a": {option: place for place, option in enumerate(rank, start=1)},
            "s1-b": chosen,
            "s2-a": rated,
            "s2-b": {"most": most, "least": least},
            "s3-a": "C" if knows() else draw.choice("ABD"),
        }
        if written:
            answers["s3-b"] = {"text": "I would speak with her and tell the lead."}
        people.append(answers)
    return people
