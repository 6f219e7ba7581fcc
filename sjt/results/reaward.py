"""Awarding again: released results follow marks or a pass mark that moved since, by two officers' signatures alone.

A released version is never altered. A re-award lists whom it affects, both officers sign that list, and each affected
result gets a new version that says which one it replaces and why. Nothing else in the session moves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor, Permission, may
from sjt.audit import service as audit
from sjt.authoring.snapshot import canonical
from sjt.errors import Fault, Forbidden, InputError, MoveRefused
from sjt.results import marking_run, pass_marks, store
from sjt.results.model import OutcomeState, Verdict
from sjt.results.tables import Cut, MarkRun, Outcome, Release

SHORTEST_REASON: Final = 20
LONGEST_REASON: Final = 1000


@dataclass(frozen=True, slots=True)
class Affected:
    """One released result that rests on other marks, or on another pass mark, than now stand."""

    sitting_id: UUID
    candidate_id: UUID
    form_id: str
    version: int
    """Of the result that is out."""
    run_id: UUID
    """The marking that stands now."""
    cut_id: UUID
    raw: tuple[Fraction, Fraction]
    cut: tuple[Fraction, Fraction]
    outcome: tuple[Verdict, Verdict]
    stands: bool
    """It keeps the version that is out: a pass that was released, and passes are spared."""

    @property
    def turns(self) -> bool:
        return self.outcome[0] is not self.outcome[1]

    def line(self) -> dict[str, Any]:
        """Give what the officers sign of this result."""
        return {
            "sitting": str(self.sitting_id),
            "version": self.version,
            "run": str(self.run_id),
            "cut": str(self.cut_id),
            "raw": [str(one) for one in self.raw],
            "pass_mark": [str(one) for one in self.cut],
            "outcome": [one.value for one in self.outcome],
            "stands": self.stands,
        }


def affected(session: Session, session_id: UUID, *, spare: bool = True) -> list[Affected]:
    """Name the released results of a session that rest on something else than now stands.

    A pass that an earlier re-award let stand on these same marks and this pass mark is not named again.
    """
    runs = store.runs_of_session(session, session_id)
    cuts: dict[UUID, Cut] = {}
    standing = {form: store.standing_cut(session, form) for form in {run.form_id for run in runs.values()}}
    let_stand = _let_stand(session, session_id)
    found = []
    for outcome in store.last_outcomes(session, session_id=session_id).values():
        run, cut = runs.get(outcome.sitting_id), standing.get(outcome.form_id)
        if outcome.state is not OutcomeState.RELEASED or run is None or cut is None or not run.complete:
            continue
        assert outcome.cut_id is not None
        if outcome.cut_id not in cuts:
            cuts[outcome.cut_id] = pass_marks.get(session, outcome.cut_id)
        one = _compared(outcome, run, cuts[outcome.cut_id], cut, spare=spare)
        if one is not None and (str(one.sitting_id), str(one.run_id), str(one.cut_id)) not in let_stand:
            found.append(one)
    return sorted(found, key=lambda one: str(one.sitting_id))


def _compared(outcome: Outcome, run: MarkRun, then: Cut, cut: Cut, *, spare: bool) -> Affected | None:
    if outcome.raw == run.raw and then.applied == cut.applied:
        return None
    assert outcome.outcome is not None
    verdict = Verdict.PASS if run.raw >= cut.applied else Verdict.FAIL
    turns_down = (outcome.outcome, verdict) == (Verdict.PASS, Verdict.FAIL)
    return Affected(
        outcome.sitting_id,
        outcome.candidate_id,
        outcome.form_id,
        outcome.version,
        run.id,
        cut.id,
        (outcome.raw, run.raw),
        (then.applied, cut.applied),
        (outcome.outcome, verdict),
        spare and turns_down,
    )


def _let_stand(session: Session, session_id: UUID) -> set[tuple[str, str, str]]:
    """Give sitting, marking and pass mark of the passes that an earlier re-award let stand."""
    return {
        (line["sitting"], line["run"], line["cut"])
        for row in store.releases(session, session_id)
        if row.again and row.released_at is not None
        for line in row.lines
        if line["stands"]
    }


def hindrances(session: Session, session_id: UUID) -> list[str]:
    """Say in words what a re-award waits for; empty if nothing."""
    waiting = marking_run.waiting(session, session_id)
    found = []
    if waiting.keys:
        n = len(waiting.keys)
        words = "sitting is" if n == 1 else "sittings are"
        found.append(f"{n} {words} marked by a key that has been corrected since. Mark the session first.")
    row = store.open_release(session, session_id)
    if row is not None and not row.again:
        found.append("A release of this session waits for its second officer. Have it released or taken back first.")
    return found


def propose(session: Session, session_id: UUID, reason: str, *, spare: bool, by: Actor, now: datetime) -> UUID:
    """Propose to award results again; another awarding officer signs the same list."""
    _require_officer(by)
    said = reason.strip()
    if not SHORTEST_REASON <= len(said) <= LONGEST_REASON:
        remedy = "Say in a sentence or two why results change; the statement prints it."
        what = "says too little." if len(said) < SHORTEST_REASON else f"is longer than {LONGEST_REASON} characters."
        raise InputError("The re-award was not proposed.", [Fault("", "", "Reason", what, remedy)])
    row = store.open_release(session, session_id)
    if row is not None and row.again:
        raise MoveRefused("A re-award of this session is proposed already. Another awarding officer signs it.")
    if found := hindrances(session, session_id):
        raise MoveRefused("Results cannot be awarded again yet. " + " ".join(found))
    lines = affected(session, session_id, spare=spare)
    if not lines:
        raise MoveRefused("Every released result rests on the marks and pass marks that stand: nothing is to be done.")
    row = Release(
        session_id=session_id,
        proposed_by=by.id,
        proposed_at=now,
        sittings=len(lines),
        content_sha256=_content(lines, spare=spare),
        again=True,
        reason=said,
        spare=spare,
        lines=[one.line() for one in lines],
    )
    session.add(row)
    session.flush()
    body = {"session": str(session_id), "reason": said, "spare": spare, **counted(lines)}
    body["content_sha256"] = row.content_sha256
    audit.record(session, by=by, did="release.again_proposed", on=row.id, at=now, body=body)
    return row.id


def award(
    session: Session, row: Release, spreads: Mapping[str, tuple[float | None, int]], *, by: Actor, now: datetime
) -> int:
    """Give each affected result its new version; those that stand keep theirs. Gives how many are new."""
    if found := hindrances(session, row.session_id):
        raise MoveRefused("Results cannot be awarded again yet. " + " ".join(found))
    lines = affected(session, row.session_id, spare=row.spare)
    if _content(lines, spare=row.spare) != row.content_sha256:
        raise MoveRefused("Marks or pass marks have changed since the proposal. Take it back and propose anew.")
    row.released_by, row.released_at = by.id, now
    session.add(row)
    session.flush()
    before = store.last_outcomes(session, session_id=row.session_id)
    given = [one for one in lines if not one.stands]
    for one in given:
        last, run = before[one.sitting_id], store.run(session, one.run_id)
        assert run is not None
        sem, n = spreads[one.form_id]
        session.add(
            Outcome(
                sitting_id=one.sitting_id,
                version=last.version + 1,
                session_id=last.session_id,
                candidate_id=last.candidate_id,
                form_id=last.form_id,
                attempt=last.attempt,
                run_id=run.id,
                raw=run.raw,
                max=run.max,
                cut_id=one.cut_id,
                sem=sem,
                sem_n=n,
                outcome=one.outcome[1],
                state=OutcomeState.RELEASED,
                release_id=row.id,
                simulated=last.simulated,
                at=now,
                by=by.id,
                reason=row.reason,
            )
        )
    session.flush()
    body = {"session": str(row.session_id), "proposed_by": row.proposed_by, "reason": row.reason, **counted(lines)}
    audit.record(session, by=by, did="release.awarded_again", on=row.id, at=now, body=body)
    return len(given)


def counted(lines: Sequence[Affected]) -> dict[str, int]:
    """Count a list for those who sign it."""
    return {
        "affected": len(lines),
        "marks": sum(one.raw[0] != one.raw[1] for one in lines),
        "fail_pass": sum(one.outcome == (Verdict.FAIL, Verdict.PASS) for one in lines),
        "pass_fail": sum(one.outcome == (Verdict.PASS, Verdict.FAIL) for one in lines),
        "stand": sum(one.stands for one in lines),
    }


def _content(lines: Sequence[Affected], *, spare: bool) -> str:
    said = {"again": [one.line() for one in lines], "spare": spare}
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def _require_officer(by: Actor) -> None:
    if not may(by, Permission.RELEASE_RESULTS):
        raise Forbidden("Awarding officers award results again.")
