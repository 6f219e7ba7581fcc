"""Releasing results: what forbids it, in words; one awarding officer proposes, another releases; then they stand."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor, Permission, may
from sjt.accounts import service as accounts
from sjt.audit import service as audit
from sjt.authoring.snapshot import canonical
from sjt.delivery import service as delivery
from sjt.delivery.model import SessionState
from sjt.errors import Forbidden, MoveRefused, NotFound
from sjt.marking import service as marking
from sjt.results import marking_run, pass_marks, reaward, store
from sjt.results.forms import Shelf
from sjt.results.model import Block, MarkRow, OutcomeState, ReleasedOutcome, Spread, Verdict
from sjt.results.sem import spread
from sjt.results.tables import Cut, MarkRun, Outcome, Release


def blocks(session: Session, session_id: UUID) -> list[Block]:
    """Say everything that forbids the release of a session's results; empty if nothing does."""
    found: list[Block] = []
    line = next((one for one in delivery.sessions(session) if one.id == session_id), None)
    if line is None:
        raise NotFound("There is no such session.")
    if line.state is not SessionState.CLOSED:
        found.append(Block("not_closed", "The session is not closed.", "Its invigilator ends it."))
    for words in delivery.open_questions(session, session_id):
        found.append(Block("open_question", words[:1].upper() + words[1:] + ".", "Decide it on the room’s page."))
    sat = [one for one in delivery.responses(session, session_id=session_id) if marking_run.is_sat(one)]
    if not sat:
        found.append(Block("nobody", "Nobody sat this session, so there is nothing to release.", ""))
        return found
    found += _form_blocks(session, sorted({one.form_id for one in sat}))
    waiting = marking.waiting_in(session, session_id)
    if waiting:
        words = f"Awaiting marking: {waiting} written {'answer has' if waiting == 1 else 'answers have'} no final mark."
        found.append(Block("awaiting_marking", words, "Assessors mark them."))
    stale = marking_run.waiting(session, session_id)
    if stale.answers:
        words = f"{len(stale.answers)} of {len(sat)} sittings are not marked on their final answers."
        found.append(Block("not_marked", words, "Mark the session."))
    if stale.keys:
        words = f"{len(stale.keys)} of {len(sat)} sittings are marked by a key that has been corrected since."
        found.append(Block("keys_corrected", words, "Mark the session."))
    if not (stale.answers or stale.keys or waiting):
        bad = marking_run.unscored(marking_run.item_marks(session, session_id))
        if bad:
            named = ", ".join(sorted({row.item for row in bad}))
            found.append(Block("unscored", f"{len(bad)} answers have no mark ({named}).", "Look at their marks."))
    return found


def _form_blocks(session: Session, forms: Sequence[str]) -> list[Block]:
    found, shelf = [], Shelf(session)
    organisation = accounts.organisation(session)
    demonstration = organisation is not None and organisation.simulated
    for form_id in forms:
        form = shelf[form_id]
        if not pass_marks.may_be_used(form):
            found.append(
                Block("trial", f"Form {form_id} was published for trial use, so it decides nothing.", "No results.")
            )
            continue
        if form.secret.keys != "panelled" and not demonstration:
            words = f"The keys of form {form_id} are illustrative: no panel has agreed them."
            found.append(Block("illustrative", words, "Have the keys panelled and publish a new form."))
        if store.standing_cut(session, form_id) is None:
            words = f"Form {form_id} has no adopted pass mark."
            found.append(Block("no_cut", words, "A psychometrician proposes one; two awarding officers adopt it."))
    return found


def _content(session: Session, session_id: UUID) -> str:
    runs = store.runs_of_session(session, session_id)
    cuts = {form: store.standing_cut(session, form) for form in sorted({run.form_id for run in runs.values()})}
    said = {
        "runs": sorted([str(sitting), run.input_sha256, str(run.raw)] for sitting, run in runs.items()),
        "cuts": [[form, str(cut.id) if cut else ""] for form, cut in cuts.items()],
    }
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def _require_officer(by: Actor) -> None:
    if not may(by, Permission.RELEASE_RESULTS):
        raise Forbidden("Awarding officers release results.")


def _require_free(session: Session, session_id: UUID) -> None:
    found = blocks(session, session_id)
    if found:
        raise MoveRefused("These results cannot be released: " + " ".join(block.words for block in found))


def propose_release(session: Session, session_id: UUID, *, by: Actor, now: datetime) -> UUID:
    """Propose the release of a session's results; another awarding officer releases them."""
    _require_officer(by)
    waiting = store.open_release(session, session_id)
    if waiting is not None:
        what = "A re-award" if waiting.again else "The release"
        raise MoveRefused(f"{what} of this session is proposed already. Another awarding officer releases it.")
    _require_free(session, session_id)
    outcomes = store.last_outcomes(session, session_id=session_id)
    due = [one for one in outcomes.values() if one.state is not OutcomeState.RELEASED]
    if not due:
        raise MoveRefused("The results of this session are released.")
    row = Release(
        session_id=session_id,
        proposed_by=by.id,
        proposed_at=now,
        sittings=len(due),
        content_sha256=_content(session, session_id),
    )
    session.add(row)
    session.flush()
    body = {"session": str(session_id), "sittings": row.sittings, "content_sha256": row.content_sha256}
    audit.record(session, by=by, did="release.proposed", on=row.id, at=now, body=body)
    return row.id


def take_back(session: Session, release_id: UUID, *, by: Actor, now: datetime) -> None:
    """Take a proposal back before it is released."""
    _require_officer(by)
    row = _release(session, release_id)
    row.withdrawn_by, row.withdrawn_at = by.id, now
    session.add(row)
    audit.record(session, by=by, did="release.taken_back", on=release_id, at=now)


def release(session: Session, release_id: UUID, *, by: Actor, now: datetime) -> int:
    """Release what another officer proposed; from now on these outcomes never change. Gives how many.

    A proposal to award again gives new versions to the results that it lists, and to no others.
    """
    _require_officer(by)
    row = _release(session, release_id)
    if row.proposed_by == by.id:
        raise MoveRefused("You proposed this release. A second awarding officer releases it.")
    if row.again:
        forms = {run.form_id for run in store.runs_of_session(session, row.session_id).values()}
        known = {form: sem_of(session, form) for form in forms}
        spreads_of = {form: (one.sem, one.n) for form, one in known.items()}
        return reaward.award(session, row, spreads_of, by=by, now=now)
    _require_free(session, row.session_id)
    if _content(session, row.session_id) != row.content_sha256:
        raise MoveRefused("Marks or pass marks have changed since the proposal. Take it back and propose anew.")
    runs = store.runs_of_session(session, row.session_id)
    before = store.last_outcomes(session, session_id=row.session_id)
    cuts = {form: store.standing_cut(session, form) for form in {run.form_id for run in runs.values()}}
    spreads = {form: sem_of(session, form) for form in cuts}
    row.released_by, row.released_at = by.id, now
    session.add(row)
    session.flush()
    verdicts: Counter[str] = Counter()
    for sitting_id, run in sorted(runs.items()):
        last, cut = before[sitting_id], cuts[run.form_id]
        if last.state is OutcomeState.RELEASED or cut is None:
            continue
        verdict = Verdict.PASS if run.raw >= cut.applied else Verdict.FAIL
        verdicts[verdict.value] += 1
        session.add(_released(last, run, cut, spreads[run.form_id], verdict, row, by=by, now=now))
    session.flush()
    body = {"session": str(row.session_id), "proposed_by": row.proposed_by, **verdicts}
    audit.record(session, by=by, did="release.released", on=release_id, at=now, body=body)
    return verdicts.total()


def _released(
    last: Outcome, run: MarkRun, cut: Cut, known: Spread, verdict: Verdict, row: Release, *, by: Actor, now: datetime
) -> Outcome:
    return Outcome(
        sitting_id=last.sitting_id,
        version=last.version + 1,
        session_id=last.session_id,
        candidate_id=last.candidate_id,
        form_id=last.form_id,
        attempt=last.attempt,
        run_id=run.id,
        raw=run.raw,
        max=run.max,
        cut_id=cut.id,
        sem=known.sem,
        sem_n=known.n,
        outcome=verdict,
        state=OutcomeState.RELEASED,
        release_id=row.id,
        simulated=last.simulated,
        at=now,
        by=by.id,
    )


def _release(session: Session, release_id: UUID) -> Release:
    row = store.release(session, release_id)
    if row is None:
        raise NotFound("There is no such proposal.")
    if row.released_at is not None:
        raise MoveRefused("These results are released; nothing about them changes any more.")
    if row.withdrawn_at is not None:
        raise MoveRefused("This proposal was taken back. Propose the release anew.")
    return row


def sem_of(session: Session, of: UUID | str) -> Spread:
    """Give the standard error of measurement of a form, from every complete sitting of it; of a session by its id.

    A session whose sittings have several forms has none of its own: ask for each form.
    """
    rows = marking_run.item_marks_of_form(session, of) if isinstance(of, str) else marking_run.item_marks(session, of)
    if len({row.form_id for row in rows}) > 1:
        return Spread(None, 0, "The session’s sittings have several forms; each form has its own.")
    return spread(complete_rows(rows))


def complete_rows(rows: Sequence[MarkRow]) -> list[list[Fraction]]:
    """Give the live marks of each sitting that has them all, in one order of items."""
    by_sitting: dict[UUID, dict[str, Fraction | None]] = {}
    for row in rows:
        if row.live:
            by_sitting.setdefault(row.sitting_id, {})[row.item] = row.marks
    return [
        [mark for _, mark in sorted(marks.items()) if mark is not None]
        for marks in by_sitting.values()
        if all(mark is not None for mark in marks.values())
    ]


def released(session: Session, outcome: Outcome) -> ReleasedOutcome:
    """Give a released outcome as other rooms read it."""
    assert outcome.cut_id is not None and outcome.outcome is not None and outcome.state is OutcomeState.RELEASED
    cut = pass_marks.get(session, outcome.cut_id)
    return ReleasedOutcome(
        sitting_id=outcome.sitting_id,
        session_id=outcome.session_id,
        candidate_id=outcome.candidate_id,
        form_id=outcome.form_id,
        attempt=outcome.attempt,
        raw=outcome.raw,
        max=outcome.max,
        cut=cut.applied,
        cut_exact=cut.exact,
        sem=outcome.sem,
        sem_n=outcome.sem_n,
        outcome=outcome.outcome,
        released_at=outcome.at,
        released_by=outcome.by,
        version=outcome.version,
        simulated=outcome.simulated,
        replaces=_replaced(session, outcome),
        reason=outcome.reason,
    )


def _replaced(session: Session, outcome: Outcome) -> datetime | None:
    """Say when the result was released that this one replaces; only a re-award gives a result its reason."""
    if not outcome.reason:
        return None
    earlier = [
        one
        for one in store.outcome_versions(session, outcome.sitting_id)
        if one.version < outcome.version and one.state is OutcomeState.RELEASED
    ]
    return earlier[-1].at if earlier else None


def outcome_of(session: Session, candidate_id: UUID) -> ReleasedOutcome | None:
    """Give an apprentice's released outcome: a pass if there is one, else that of the newest attempt."""
    found = [
        row for row in store.outcomes_of_candidate(session, candidate_id).values() if row.state is OutcomeState.RELEASED
    ]
    if not found:
        return None
    best = max(found, key=_preferred)
    return released(session, best)


def outcome_of_sitting(session: Session, sitting_id: UUID) -> ReleasedOutcome | None:
    row = store.last_outcomes(session, sitting_ids=[sitting_id]).get(sitting_id)
    return released(session, row) if row is not None and row.state is OutcomeState.RELEASED else None


def released_outcomes(session: Session) -> dict[UUID, ReleasedOutcome]:
    """Give every apprentice's released outcome at once, by apprentice, chosen as `outcome_of` does."""
    best: dict[UUID, Outcome] = {}
    for row in store.last_outcomes(session).values():
        if row.state is not OutcomeState.RELEASED:
            continue
        held = best.get(row.candidate_id)
        if held is None or _preferred(row) > _preferred(held):
            best[row.candidate_id] = row
    return {candidate: released(session, row) for candidate, row in best.items()}


def _preferred(row: Outcome) -> tuple[bool, int, datetime]:
    return (row.outcome is Verdict.PASS, row.attempt, row.at)
