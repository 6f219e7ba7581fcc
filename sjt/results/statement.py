"""A result statement: what one candidate is told, in words that stand on paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from sjt.accounts import service as accounts
from sjt.authoring import service as authoring
from sjt.delivery import service as delivery
from sjt.errors import NotFound
from sjt.results import marking_run, releasing
from sjt.results.evidence import corrected_words, explained_run
from sjt.results.forms import frozen
from sjt.results.model import ReleasedOutcome, Verdict


@dataclass(frozen=True, slots=True)
class Statement:
    """Everything a statement prints."""

    number: str
    organisation: str
    name: str
    uln: str
    title: str
    option: str
    plan: str
    form_title: str
    centre: str
    sat_on: datetime
    outcome: ReleasedOutcome
    sem_words: str
    meaning: str
    keys: tuple[str, ...] = ()
    """One line for each question whose key is another than the form was published with."""


def statement(session: Session, sitting_id: UUID) -> Statement:
    """Give the statement of a released result; there is none before."""
    found = releasing.outcome_of_sitting(session, sitting_id)
    if found is None:
        raise NotFound("There is no released result for this sitting.")
    candidate = delivery.candidate(session, found.candidate_id)
    line = next(one for one in delivery.sessions(session) if one.id == found.session_id)
    form, paper = authoring.form_line(session, found.form_id), authoring.paper(session, found.form_id)
    organisation = accounts.organisation(session)
    return Statement(
        number=f"{str(sitting_id).replace('-', '')[-10:].upper()}-{found.version}",
        organisation=organisation.name if organisation else "",
        name=f"{candidate.given_name} {candidate.family_name}",
        uln=candidate.uln,
        title=paper.title,
        option=paper.subtitle,
        plan=line.plan,
        form_title=form.title,
        centre=f"{line.centre}, {line.room}",
        sat_on=line.starts,
        outcome=found,
        sem_words=sem_words(found),
        meaning=meaning(found),
        keys=_keys(session, sitting_id),
    )


def _keys(session: Session, sitting_id: UUID) -> tuple[str, ...]:
    """Say which questions a corrected key marked, by their places in the form, and by which version."""
    run = explained_run(session, sitting_id)
    if run is None:
        return ()
    form = frozen(session, run.form_id)
    versions = {row.item: row.key_version for row in marking_run.item_marks_of_sitting(session, sitting_id, run)}
    lines = []
    for scenario in form.paper.scenarios:
        for shown in scenario.items:
            words = corrected_words(form, shown.id, versions.get(shown.id, ""))
            if words:
                lines.append(f"“{scenario.title}”: {words} Key version {versions[shown.id][:12]}.")
    rest = "Every other question was marked by the key that the form was published with."
    return (*lines, rest) if lines else ()


def sem_words(found: ReleasedOutcome) -> str:
    """Say what the standard error means to somebody who has never heard of it."""
    if found.sem is None:
        return (
            "Every test mark would differ a little from one day to another. Too few candidates have taken this form "
            "to say by how much."
        )
    return (
        f"Every test mark would differ a little from one day to another. For this form the usual difference (the "
        f"standard error of measurement) is {found.sem:.1f} marks, from {found.sem_n} candidates: about two times in "
        "three the mark would lie within that distance. The pass mark is fixed and does not move with it."
    )


def meaning(found: ReleasedOutcome) -> str:
    """Say what the outcome means for what comes next."""
    if found.outcome is Verdict.PASS:
        return (
            "You have shown, across the situations in this test, the judgement expected of somebody beginning in the "
            "role. The test is one part of your end-point assessment: the interview can now be arranged."
        )
    return (
        "Your mark is below the pass mark. The interview cannot be held before the test is passed. Your assessment "
        "organisation will write to you and your employer about taking another form of the test, and about support "
        "before it."
    )
