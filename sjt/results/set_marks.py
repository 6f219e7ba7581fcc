"""Pass marks of all forms of a set, or of a pool, in one deed: each form keeps a pass mark and signatures of its own.

A pool has a form for each candidate, so nobody could propose and sign them one by one. What is proposed is what the
judgements banked with each form give; who wants another source for one form proposes it on that form's page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor, Permission, may
from sjt.authoring import service as authoring
from sjt.authoring.states import FormLine, FormState, FormUse
from sjt.errors import Fault, Forbidden, InputError, MoveRefused
from sjt.results import pass_marks, store
from sjt.results.model import CutState
from sjt.results.tables import Cut


@dataclass(frozen=True, slots=True)
class SetMark:
    """One form of the set that decides something, with its pass marks."""

    form: FormLine
    standing: Cut | None
    proposed: Cut | None

    @property
    def is_open(self) -> bool:
        """Nothing stands and nothing is proposed."""
        return self.standing is None and self.proposed is None

    def waits_for(self, officer: str) -> bool:
        """Tell whether this person's signature is asked for."""
        cut = self.proposed
        return cut is not None and officer not in (cut.proposed_by, cut.adopted_by)


def of_set(session: Session, set_id: UUID) -> list[SetMark]:
    """Give the published forms of a set that decide something, each with its pass marks."""
    forms = [
        form
        for form in authoring.forms_of_set(session, set_id)
        if form.state is FormState.PUBLISHED and form.use is FormUse.LIVE
    ]
    cuts = store.cuts_of_forms(session, [form.form_id for form in forms])

    def first(form_id: str, state: CutState) -> Cut | None:
        return next((cut for cut in cuts.get(form_id, []) if cut.state is state), None)

    return [
        SetMark(form, first(form.form_id, CutState.ADOPTED), first(form.form_id, CutState.PROPOSED)) for form in forms
    ]


def mark_of(rows: Sequence[SetMark]) -> str:
    """Tell one state of a set's proposals from another: who signs says what was on the page."""
    said = sorted(f"{row.proposed.id}:{row.proposed.adopted_by or ''}" for row in rows if row.proposed is not None)
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def propose(session: Session, set_id: UUID, *, by: Actor, now: datetime, reason: str = "") -> int:
    """Propose a pass mark for each form of the set that has none, from the judgements banked with it; all or none."""
    if not may(by, Permission.PROPOSE_PASS_MARK):
        raise Forbidden("A psychometrician proposes pass marks.")
    due = [row for row in of_set(session, set_id) if row.is_open]
    if not due:
        raise MoveRefused("Every form of this set has a pass mark, or one that waits for signatures.")
    faults: list[Fault] = []
    for row in due:
        try:
            pass_marks.propose(session, row.form.form_id, by=by, now=now, reason=reason)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError("No pass mark was proposed: not every item of the set is judged.", faults)
    return len(due)


def adopt(session: Session, set_id: UUID, seen: str, *, by: Actor, now: datetime) -> tuple[int, int]:
    """Sign every proposal of the set that waits for this officer; gives how many, and how many stand with it."""
    if not may(by, Permission.ADOPT_PASS_MARK):
        raise Forbidden("Awarding officers adopt pass marks.")
    rows = of_set(session, set_id)
    if mark_of(rows) != seen:
        raise MoveRefused("The proposals of this set changed since you opened the page. Look at them again, then sign.")
    due = [row.proposed for row in rows if row.waits_for(by.id)]
    if not due:
        raise MoveRefused("No pass mark of this set waits for your signature.")
    states = [pass_marks.adopt(session, cut.id, by=by, now=now) for cut in due if cut is not None]
    return len(states), sum(state is CutState.ADOPTED for state in states)
