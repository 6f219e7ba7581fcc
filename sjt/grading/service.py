"""The deeds of the end-point assessment record: portfolio, interview, award; each refused until its rule allows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor, Role
from sjt.accounts import service as accounts
from sjt.audit import service as audit
from sjt.authoring import service as authoring
from sjt.authoring.plan import Plan
from sjt.delivery import service as delivery
from sjt.errors import Fault, Forbidden, InputError, MoveRefused, NotFound
from sjt.grading import award as awarding
from sjt.grading import rules, store
from sjt.grading.award import Award
from sjt.grading.prompts import Prompted, prompts
from sjt.grading.rules import SignedAs, Standing
from sjt.grading.tables import (
    AwardSignature,
    ComponentResult,
    EmployerContact,
    Interview,
    PortfolioHandIn,
)
from sjt.marking import service as marking
from sjt.marking.allocation import About, Ties, conflict, folded
from sjt.results import service as results
from sjt.results.model import EvidenceItem, ReleasedOutcome


@dataclass(frozen=True, slots=True)
class Record:
    """One apprentice's assessment: gateway, components, interview, award."""

    candidate_id: UUID
    name: str
    uln: str
    employer: str
    provider: str
    option: str
    plan: Plan
    gateway_missing: tuple[str, ...]
    sjt: ReleasedOutcome | None
    results: tuple[ComponentResult, ...]
    standings: tuple[Standing, ...]
    hand_in: PortfolioHandIn | None
    interview: Interview | None
    interview_blocks: tuple[str, ...]
    grade: str | None
    """What the plan's table gives now; None: not yet awardable."""
    award: Award | None
    earlier: tuple[Award, ...] = ()
    """Versions of the award before it."""

    def outcome(self, component: str) -> str | None:
        return next((row.outcome for row in self.standings if row.component.id == component), None)


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One row of the list of apprentices."""

    candidate_id: UUID
    name: str
    employer: str
    option: str
    gateway_complete: bool
    sjt: str | None
    graded: tuple[tuple[str, str | None], ...]
    """Title and outcome of each component beside the test and the interview."""
    interview: str | None
    award: str | None
    decided: bool
    outdated: bool = False
    """Signed on an outcome of the test that a re-award has changed since."""
    plan_missing: str = ""
    """The plan's id when the bank does not hold it: nothing can be said of the gateway."""


def records(session: Session, *, employer: str | None = None) -> list[RecordLine]:
    """List apprentices, all or those of one employer."""
    newest = store.all_component_results(session)
    signed = store.all_signatures(session)
    released = results.released_outcomes(session)
    people = delivery.candidates(session)
    plans = authoring.plans(session) if authoring.bank_exists(session) else {}
    lacking = delivery.gateways(session, [person for person in people if person.plan in plans])
    lines = []
    for person in people:
        if employer is not None and folded(person.employer) != folded(employer):
            continue
        own, plan = newest.get(person.id, {}), plans.get(person.plan)
        graded = [plan.component(name) for name in plan.graded_ids] if plan is not None else []
        talked = own.get(plan.interview_id) if plan is not None else None
        outcome = released.get(person.id)
        award = awarding.newest(signed.get(person.id, []), outcome.outcome.value if outcome else None)
        lines.append(
            RecordLine(
                person.id,
                f"{person.given_name} {person.family_name}",
                person.employer,
                person.option,
                person.id in lacking and not lacking[person.id],
                outcome.outcome.value if outcome else None,
                tuple((one.title, own[one.id].outcome if one.id in own else None) for one in graded),
                talked.outcome if talked is not None else None,
                award.grade if award else None,
                award.is_decided if award else False,
                award is not None and award.is_outdated,
                "" if person.plan in plans else person.plan,
            )
        )
    return lines


def grades_as_numbers(session: Session) -> dict[str, dict[UUID, float]]:
    """Give component → candidate → place of the newest grade among the plan's, the lowest 0: what validity reads."""
    graded = store.all_component_results(session)
    plans = authoring.plans(session) if graded and authoring.bank_exists(session) else {}
    people = {person.id: person for person in delivery.candidates(session)}
    found: dict[str, dict[UUID, float]] = {}
    for candidate_id, own in graded.items():
        plan = plans.get(people[candidate_id].plan) if candidate_id in people else None
        for name, row in own.items():
            order = list(plan.component(name).outcomes or ()) if plan is not None and name in plan.component_ids else []
            if row.outcome in order:
                found.setdefault(name, {})[candidate_id] = float(order.index(row.outcome))
    return found


def record(session: Session, candidate_id: UUID) -> Record:
    """Give one apprentice's record, by the plan that binds them."""
    person = delivery.candidate(session, candidate_id)
    plan = authoring.plan(session, person.plan)
    missing = tuple(row.detail for row in delivery.gateway_missing(session, candidate_id))
    released = results.outcome_of(session, candidate_id)
    rows = tuple(store.component_results(session, candidate_id))
    outcomes: dict[str, str | None] = dict.fromkeys(plan.component_ids)
    if plan.test_id and released is not None:
        outcomes[plan.test_id] = released.outcome.value
    for row in rows:  # in order of version: the newest stands
        if row.component in outcomes:
            outcomes[row.component] = row.outcome
    interview = store.interview(session, candidate_id)
    blocks: tuple[str, ...] = ()
    if plan.interview_id:
        blocks = rules.blocks_of(plan, plan.interview_id, outcomes, gateway_missing=missing)
        hand_in = store.hand_in(session, candidate_id)
        if interview is not None and not blocks:
            late = rules.hand_in_block(plan, hand_in.handed_in if hand_in else None, interview.day)
            blocks = (late,) if late else ()
    signed = awarding.awards(store.signatures(session, candidate_id), released.outcome.value if released else None)
    return Record(
        candidate_id=candidate_id,
        name=f"{person.given_name} {person.family_name}",
        uln=person.uln,
        employer=person.employer,
        provider=person.provider,
        option=person.option,
        plan=plan,
        gateway_missing=missing,
        sjt=released,
        results=rows,
        standings=rules.standings(plan, outcomes, gateway_missing=missing),
        hand_in=store.hand_in(session, candidate_id),
        interview=interview,
        interview_blocks=blocks,
        grade=rules.award(plan, outcomes),
        award=signed[-1] if signed else None,
        earlier=signed[:-1],
    )


def _refuse_ties(session: Session, found: Record, by: Actor) -> None:
    declared = marking.ties(session, by=by)
    held = Ties(
        frozenset(folded(row.name) for row in declared if row.kind == "employer"),
        frozenset(folded(row.name) for row in declared if row.kind == "provider"),
        frozenset(row.name for row in declared if row.kind == "candidate"),
    )
    refused = conflict(held, About(str(found.candidate_id), found.employer, found.provider))
    if refused:
        raise Forbidden(f"You may not assess {found.name}. {refused} Ask the awarding officer for another assessor.")


def record_hand_in(session: Session, candidate_id: UUID, day: date, *, by: Actor, now: datetime) -> None:
    """Record when the portfolio was handed in."""
    if day > now.date():
        raise InputError(
            "The date was not saved.", [Fault("", "", "Handed in", "lies ahead.", "Enter a day up to today.")]
        )
    row = store.hand_in(session, candidate_id) or PortfolioHandIn(
        candidate_id=candidate_id, handed_in=day, by=by.id, at=now
    )
    row.handed_in, row.by, row.at = day, by.id, now
    session.add(row)
    body = {"handed_in": day.isoformat()}
    audit.record(session, by=by, did="epa.portfolio_handed_in", on=candidate_id, at=now, body=body)


def grade_component(
    session: Session, candidate_id: UUID, component: str, outcome: str, reason: str, *, by: Actor, now: datetime
) -> None:
    """Give the interview, or what is graded before it, its outcome; a later one is a new version beside it."""
    found = record(session, candidate_id)
    _refuse_ties(session, found, by)
    if component == found.plan.test_id:
        raise MoveRefused("The judgement test's outcome comes from its release, not from here.")
    rules.check_outcome(found.plan, component, outcome)
    if len(reason.strip()) < 20:
        fault = Fault("", "", "Reason", "says too little.", "Say in a sentence or two what the grade rests on.")
        raise InputError("The grade was not saved.", [fault])
    if component == found.plan.interview_id:
        if found.interview is None or found.interview.opened_at is None:
            raise MoveRefused("The interview was not opened. Book and open it first.")
        if found.interview.assessor != by.id:
            raise Forbidden("Another assessor holds this interview. They grade it.")
    else:
        standing = next(row for row in found.standings if row.component.id == component)
        if standing.blocks:
            raise MoveRefused(" ".join(standing.blocks))
        if found.interview is not None and found.interview.opened_at is not None:
            raise MoveRefused(
                f"{standing.component.title} is graded before the interview, and the interview was opened already."
            )
    if found.award is not None and found.award.is_decided:
        raise MoveRefused(f"The award of {found.name} is signed. A change goes through an appeal.")
    version = 1 + sum(row.component == component for row in found.results)
    session.add(
        ComponentResult(
            candidate_id=candidate_id,
            component=component,
            version=version,
            outcome=outcome,
            reason=reason.strip(),
            by=by.id,
            at=now,
        )
    )
    body = {"component": component, "outcome": outcome, "version": version, "plan": found.plan.id}
    audit.record(session, by=by, did="epa.component_graded", on=candidate_id, at=now, body=body)


def book_interview(session: Session, candidate_id: UUID, day: date, *, by: Actor, now: datetime) -> None:
    """Book the interview with oneself as assessor; refused with the plan's rule while it may not happen."""
    found = record(session, candidate_id)
    _refuse_ties(session, found, by)
    outcomes = {row.component.id: row.outcome for row in found.standings}
    if not found.plan.interview_id:
        raise MoveRefused(f"Plan {found.plan.id} has no interview to book.")
    # a booking may stand before the portfolio is graded, never before the judgement test is passed
    hard = [
        words
        for words in rules.blocks_of(
            found.plan, found.plan.interview_id, outcomes, gateway_missing=found.gateway_missing
        )
        if "to be graded first" not in words
    ]
    if hard:
        raise MoveRefused("The interview cannot be booked. " + " ".join(hard))
    late = rules.hand_in_block(found.plan, found.hand_in.handed_in if found.hand_in else None, day)
    if late:
        raise MoveRefused(f"The interview cannot be booked for {day.isoformat()}. {late}")
    if found.interview is not None and found.interview.opened_at is not None:
        raise MoveRefused("The interview was opened already and cannot be booked again.")
    row = found.interview or Interview(
        candidate_id=candidate_id, day=day, assessor=by.id, booked_by=by.id, booked_at=now
    )
    row.day, row.assessor, row.booked_by, row.booked_at = day, by.id, by.id, now
    session.add(row)
    body = {"day": day.isoformat(), "assessor": by.id}
    audit.record(session, by=by, did="epa.interview_booked", on=candidate_id, at=now, body=body)


def open_interview(session: Session, candidate_id: UUID, *, by: Actor, now: datetime) -> None:
    """Open the interview: only now does the assessor see the evidence pack."""
    found = record(session, candidate_id)
    _refuse_ties(session, found, by)
    if found.interview is None:
        raise MoveRefused("The interview is not booked. Book it first.")
    if found.interview.assessor != by.id:
        raise Forbidden("Another assessor holds this interview.")
    if found.interview_blocks:
        raise MoveRefused("The interview cannot be opened. " + " ".join(found.interview_blocks))
    if found.interview.opened_at is None:
        found.interview.opened_at = now
        session.add(found.interview)
        audit.record(session, by=by, did="epa.interview_opened", on=candidate_id, at=now, body={"plan": found.plan.id})


@dataclass(frozen=True, slots=True)
class PackItem:
    """One item of the evidence pack: what was answered, what the key credits and why, what to ask."""

    evidence: EvidenceItem
    letters: dict[str, str]
    prompts: tuple[str, ...]
    ksb_texts: dict[str, str]


def evidence_pack(session: Session, candidate_id: UUID, *, by: Actor) -> list[PackItem]:
    """Give the pack; refused until the interview is open to this assessor."""
    found = record(session, candidate_id)
    if by.has(Role.ASSESSOR):
        _refuse_ties(session, found, by)
    if found.interview is None or found.interview.opened_at is None:
        why = " ".join(found.interview_blocks) or "Book and open it first."
        raise MoveRefused(f"The evidence pack opens with the interview. {why}")
    if found.interview.assessor != by.id and not by.has(Role.AWARDING_OFFICER, Role.AUDITOR):
        raise Forbidden("Another assessor holds this interview.")
    if found.sjt is None:
        raise NotFound("There is no released judgement test to show.")
    secret = authoring.secret(session, found.sjt.form_id)
    finals = marking.final_marks(session, found.sjt.sitting_id)
    texts = {row.code: row.text for row in authoring.standard(session).statements}
    pack = []
    for item in results.evidence(session, found.sjt.sitting_id):
        key = item.key  # the one that the mark was given by
        letters = {option: chr(ord("A") + at) for at, option in enumerate(item.options)}
        rubric = secret.rubrics.get(str(key.get("rubric", "")), {})
        final = finals.get(item.item)
        asked = prompts(
            Prompted(
                format=item.format,
                response=item.response,
                key=key,
                options=item.options,
                letters=letters,
                marks=item.marks,
                max=item.max,
                criteria={row["id"]: row["title"] for row in rubric.get("criteria", ())},
                levels=dict(final.levels) if final else {},
            )
        )
        codes = [str(row["code"]) for row in item.ksbs]
        pack.append(PackItem(item, letters, asked, {code: texts.get(code, "") for code in codes}))
    return pack


def save_notes(session: Session, candidate_id: UUID, notes: str, *, by: Actor, now: datetime) -> None:
    """Keep the assessor's notes of the interview; only the one who holds it may write them."""
    row = store.interview(session, candidate_id)
    if row is None or row.opened_at is None:
        raise MoveRefused("The interview is not open. Open it first.")
    if row.assessor != by.id:
        raise Forbidden("Another assessor holds this interview.")
    row.notes = notes
    session.add(row)
    audit.record(session, by=by, did="epa.interview_noted", on=candidate_id, at=now, body={"characters": len(notes)})


def sign_award(
    session: Session, candidate_id: UUID, signed_as: SignedAs, grade: str, *, by: Actor, now: datetime
) -> None:
    """Sign the award: the assessor first, then an awarding officer; two people, one grade, one plan."""
    found = record(session, candidate_id)
    if found.grade is None:
        open_ones = [row.component.title.lower() for row in found.standings if row.outcome is None]
        raise MoveRefused(
            f"No grade can be awarded to {found.name} yet: {', '.join(open_ones) or 'the plan'} gives no outcome."
        )
    if grade != found.grade:
        raise MoveRefused(f"The plan's table gives {found.grade}, not {grade}. Look at the record again, then sign.")
    needed = Role.ASSESSOR if signed_as is SignedAs.ASSESSOR else Role.AWARDING_OFFICER
    if not by.has(needed):
        raise Forbidden(f"This signature is for {needed.value.replace('-', ' ')}s.")
    if signed_as is SignedAs.ASSESSOR:
        _refuse_ties(session, found, by)
    outcomes = {row.component.id: row.outcome for row in found.standings}
    current = found.award
    if current is not None and (current.grade != grade or dict(current.signatures[0].outcomes) != outcomes):
        if current.is_decided:
            raise MoveRefused(
                f"The award of {found.name} was signed on other outcomes. A change goes through an appeal."
            )
        current = None  # what the first signature rested on has changed: signing begins again
    version = current.version if current else (found.award.version + 1 if found.award else 1)
    held = {row.signed_as: row for row in current.signatures} if current else {}
    if signed_as in held:
        raise MoveRefused(f"This signature stands already, since {held[signed_as].at:%d %B %Y}.")
    if signed_as is SignedAs.AWARDING_OFFICER:
        if SignedAs.ASSESSOR not in held:
            raise MoveRefused("The assessor signs first: the organisation decides on the assessor's judgement.")
        if held[SignedAs.ASSESSOR].by == by.id:
            raise MoveRefused("Two people sign an award. You signed as assessor; another person signs now.")
    session.add(
        AwardSignature(
            candidate_id=candidate_id,
            award_version=version,
            signed_as=signed_as,
            grade=grade,
            plan=found.plan.id,
            outcomes=outcomes,
            by=by.id,
            at=now,
        )
    )
    body = {"as": signed_as.value, "grade": grade, "plan": found.plan.id, "outcomes": outcomes}
    audit.record(session, by=by, did="epa.award_signed", on=candidate_id, at=now, body=body)


def name_employer_contact(session: Session, user_id: str, employer: str, *, by: Actor, now: datetime) -> None:
    """Say which employer a contact belongs to; they see that employer's apprentices and no others."""
    wanted = " ".join(employer.split())
    if not wanted or len(wanted) > 200 or not wanted.isprintable():
        fault = Fault("", "", "Employer", "is empty or too long.", "Enter its name as in the candidates' file.")
        raise InputError("The employer was not saved.", [fault])
    row = store.employer_of(session, user_id) or EmployerContact(user_id=user_id, employer=wanted)
    body = {"employer": wanted, "before": row.employer if row.employer != wanted else ""}
    row.employer = wanted
    session.add(row)
    audit.record(session, by=by, did="person.employer_named", on=user_id, at=now, body=body)


def employer_of(session: Session, user_id: str) -> str:
    """Give the employer that a contact belongs to; empty if none was named."""
    row = store.employer_of(session, user_id)
    return row.employer if row else ""


def known_employers(session: Session) -> list[str]:
    """List the employers of all apprentices, each once, as first written."""
    found: dict[str, str] = {}
    for person in delivery.candidates(session):
        found.setdefault(folded(person.employer), person.employer)
    return sorted(found.values(), key=str.casefold)


def employer_records(session: Session, *, by: Actor) -> tuple[str, list[RecordLine]]:
    """Give the status of the contact's own apprentices: never responses, marks or notes."""
    row = store.employer_of(session, by.id)
    if row is None:
        return "", []
    return row.employer, records(session, employer=row.employer)


def names(session: Session, found: Record) -> dict[str, str]:
    """Give the names of those who graded and signed."""
    signed = (*found.earlier, *((found.award,) if found.award else ()))
    ids = {row.by for row in found.results} | {row.by for one in signed for row in one.signatures}
    if found.interview:
        ids.add(found.interview.assessor)
    return {who: accounts.name_of(session, who) for who in ids}


def interviews_waiting(session: Session, *, by: Actor) -> int:
    return sum(row.opened_at is None for row in store.interviews_of(session, by.id))
