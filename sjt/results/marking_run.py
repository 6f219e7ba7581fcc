"""Marks as rows: every sitting marked from its answers, its form's keys and its markers' levels, run after run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.authoring.snapshot import Format, SecretItem, canonical
from sjt.delivery import service as delivery
from sjt.delivery.model import ENDED_STATES, SittingState
from sjt.delivery.service import SittingResponses
from sjt.errors import MoveRefused, NotFound
from sjt.marking import service as marking
from sjt.psychometrics import scoring
from sjt.results import store
from sjt.results.forms import Frozen, Shelf
from sjt.results.model import UNSCORED, MarkRow, OutcomeState, Verdict
from sjt.results.tables import ItemMark, MarkRun, Outcome


@dataclass(frozen=True, slots=True)
class Marked:
    """One item's mark with everything that made it."""

    item: SecretItem
    response: Any
    status: str
    raw: Fraction | None
    marks: Fraction | None


def is_sat(sat: SittingResponses) -> bool:
    """Tell whether there is something to mark: begun, ended, and not void."""
    return sat.started_at is not None and sat.state in ENDED_STATES and sat.state is not SittingState.VOID


def mark_item(form: Frozen, item: SecretItem, response: Any) -> Marked:
    """Mark one response under the item's key and rule: the form's own, or those of a correction."""
    score = scoring.score(item.rule, item.key, response, options=form.options(item.id), settings=form.settings(item))
    marks = None if score.total is None else scoring.item_mark(score, item.worth)
    return Marked(item, response, score.status, score.total, marks)


def with_levels(response: Any, levels: Mapping[str, int] | None) -> Any:
    """Put a marker's levels beside a written answer's text, as the rule reads them."""
    if levels is None or not isinstance(response, Mapping):
        return response
    return {**response, "criteria": dict(levels)}


def inputs(form: Frozen, sat: SittingResponses, levels: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """Give what is marked: for each item of the form the standing answer, written ones with the marker's levels."""
    found: dict[str, Any] = {}
    for item in form.secret.items:
        answer = sat.answers.get(item.id)
        response = answer.response if answer is not None else None
        found[item.id] = with_levels(response, levels.get(item.id)) if item.format is Format.WRITTEN else response
    return found


def input_sha256(sat: SittingResponses, responses: Mapping[str, Any], keys: Mapping[str, str]) -> str:
    """Give the digest of all that decides a sitting's marks; ``keys`` are the corrected ones, by item."""
    said: dict[str, Any] = {"form": sat.snapshot_sha256, "responses": responses}
    if keys:  # what was marked before any key was corrected keeps its digest
        said["keys"] = dict(keys)
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def _levels(session: Session, sitting_id: UUID) -> dict[str, Mapping[str, int]]:
    return {item: mark.levels for item, mark in marking.final_marks(session, sitting_id).items()}


def mark_sitting(session: Session, sitting_id: UUID, *, by: Actor, now: datetime, reason: str = "marked") -> UUID:
    """Mark one ended sitting; gives the standing run, a new one only if something differs from it."""
    found = delivery.responses(session, sitting_id=sitting_id)
    if not found:
        raise NotFound("There is no such sitting.")
    return _mark(session, found[0], Shelf(session), by=by, now=now, reason=reason)


def mark_sittings(
    session: Session, sitting_ids: Sequence[UUID], shelf: Shelf, *, by: Actor, now: datetime, reason: str = "marked"
) -> None:
    """Mark some sittings in one transaction; the shelf may be kept from one to the next."""
    shelf.read_in(session)
    for sitting_id in sitting_ids:
        found = delivery.responses(session, sitting_id=sitting_id)
        _mark(session, found[0], shelf, by=by, now=now, reason=reason)


def mark_session(session: Session, session_id: UUID, *, by: Actor, now: datetime, reason: str = "marked") -> list[UUID]:
    """Mark every sitting of a session that was sat; gives the standing runs."""
    shelf = Shelf(session)
    return [
        _mark(session, sat, shelf, by=by, now=now, reason=reason)
        for sat in delivery.responses(session, session_id=session_id)
        if is_sat(sat)
    ]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Sat sittings that wait to be marked, and why."""

    answers: tuple[UUID, ...]
    """Never marked, or on other answers or levels than now stand."""
    keys: tuple[UUID, ...]
    """Marked on these answers, by a key that has been corrected since."""


def waiting(session: Session, session_id: UUID) -> Waiting:
    """Name the sat sittings of a session whose standing marks rest on something else than now stands."""
    shelf, runs = Shelf(session), store.runs_of_session(session, session_id)
    answers: list[UUID] = []
    keys: list[UUID] = []
    for sat in delivery.responses(session, session_id=session_id):
        if not is_sat(sat):
            continue
        run, form = runs.get(sat.sitting_id), shelf[sat.form_id]
        responses = inputs(form, sat, _levels(session, sat.sitting_id))
        if run is None:
            answers.append(sat.sitting_id)
        elif run.input_sha256 != input_sha256(sat, responses, form.corrected_keys):
            (keys if _same_answers(session, run, responses) else answers).append(sat.sitting_id)
    return Waiting(tuple(answers), tuple(keys))


def stale(session: Session, session_id: UUID) -> list[UUID]:
    """Name the sat sittings whose standing marks are missing, or rest on other answers, levels or keys than stand."""
    found = waiting(session, session_id)
    return [*found.answers, *found.keys]


def _same_answers(session: Session, run: MarkRun, responses: Mapping[str, Any]) -> bool:
    rows = store.marks_of_runs(session, [run.id])[run.id]
    return {row.item: row.response_sha256 for row in rows} == {
        item: hashlib.sha256(canonical(response).encode()).hexdigest() for item, response in responses.items()
    }


def _mark(session: Session, sat: SittingResponses, shelf: Shelf, *, by: Actor, now: datetime, reason: str) -> UUID:
    if not is_sat(sat):
        raise MoveRefused(
            "This sitting cannot be marked: it was never begun, is void, or still runs. Close its session first."
        )
    form = shelf[sat.form_id]
    if form.line.snapshot_sha256 != sat.snapshot_sha256:
        raise MoveRefused(f"Form {sat.form_id} is not the one that was sat: their hashes differ. Call an auditor.")
    responses = inputs(form, sat, _levels(session, sat.sitting_id))
    digest = input_sha256(sat, responses, form.corrected_keys)
    before = store.last_runs(session, [sat.sitting_id]).get(sat.sitting_id)
    outcome = store.last_outcomes(session, sitting_ids=[sat.sitting_id]).get(sat.sitting_id)
    if before is not None and before.input_sha256 == digest:
        _note_outcome(session, sat, before, outcome, by=by, now=now)
        return before.id
    rekeyed = before is not None and _same_answers(session, before, responses)
    if outcome is not None and outcome.state is OutcomeState.RELEASED and not rekeyed:
        raise MoveRefused(
            "This result is released, and its answers are not those it was released on. Nothing was marked: "
            "call an auditor."
        )
    marked = [mark_item(form, item, responses[item.id]) for item in form.corrected.items]
    live = [one for one in marked if one.item.live]
    run = MarkRun(
        sitting_id=sat.sitting_id,
        session_id=sat.session_id,
        candidate_id=sat.candidate_id,
        form_id=sat.form_id,
        snapshot_sha256=sat.snapshot_sha256,
        n=before.n + 1 if before else 1,
        input_sha256=digest,
        complete=all(one.marks is not None for one in live),
        raw=sum((one.marks for one in live if one.marks is not None), Fraction(0)),
        max=sum((one.item.worth for one in live), Fraction(0)),
        at=now,
        by=by.id,
        reason=f"{reason} by corrected keys" if rekeyed else reason,
    )
    session.add(run)
    session.flush()
    session.add_all(_row(run.id, sat.sitting_id, one) for one in marked)
    session.flush()
    _note_outcome(session, sat, run, outcome, by=by, now=now)
    body: dict[str, Any] = {
        "run": run.n,
        "raw": str(run.raw),
        "max": str(run.max),
        "input_sha256": digest,
        "complete": run.complete,
    }
    if form.corrected_keys:
        body["keys"] = form.corrected_keys
    audit.record(session, by=by, did="marks.recorded", on=sat.sitting_id, at=now, body=body)
    return run.id


def _row(run_id: UUID, sitting_id: UUID, one: Marked) -> ItemMark:
    text = canonical(one.response)
    return ItemMark(
        run_id=run_id,
        item=one.item.id,
        sitting_id=sitting_id,
        scenario=one.item.scenario,
        scenario_version=one.item.scenario_version,
        key_version=one.item.key_version,
        format=one.item.format.value,
        rule=one.item.rule,
        live=one.item.live,
        response=text,
        response_sha256=hashlib.sha256(text.encode()).hexdigest(),
        status=one.status,
        raw=one.raw,
        marks=one.marks,
        max=one.item.worth,
    )


def _note_outcome(
    session: Session, sat: SittingResponses, run: MarkRun, before: Outcome | None, *, by: Actor, now: datetime
) -> None:
    """Add a version of the outcome if it differs; a released one stays."""
    if before is not None and before.state in (OutcomeState.RELEASED, OutcomeState.WITHDRAWN):
        return
    cut = store.standing_cut(session, sat.form_id)
    state = OutcomeState.PROVISIONAL if run.complete else OutcomeState.AWAITING_MARKING
    verdict = None
    if run.complete and cut is not None:
        verdict = Verdict.PASS if run.raw >= cut.applied else Verdict.FAIL
    said = (run.id, state, cut.id if cut else None, verdict)
    if before is not None and (before.run_id, before.state, before.cut_id, before.outcome) == said:
        return
    session.add(
        Outcome(
            sitting_id=sat.sitting_id,
            version=before.version + 1 if before else 1,
            session_id=sat.session_id,
            candidate_id=sat.candidate_id,
            form_id=sat.form_id,
            attempt=sat.attempt,
            run_id=run.id,
            raw=run.raw,
            max=run.max,
            cut_id=said[2],
            outcome=verdict,
            state=state,
            simulated=sat.simulated,
            at=now,
            by=by.id,
        )
    )
    session.flush()


def parsed(row: ItemMark) -> Any:
    """Give what was marked."""
    return json.loads(row.response)


def _mark_row(run: MarkRun, row: ItemMark) -> MarkRow:
    return MarkRow(
        sitting_id=run.sitting_id,
        form_id=run.form_id,
        item=row.item,
        scenario=row.scenario,
        scenario_version=row.scenario_version,
        key_version=row.key_version,
        format=row.format,
        rule=row.rule,
        live=row.live,
        status=row.status,
        raw=row.raw,
        marks=row.marks,
        max=row.max,
        response=parsed(row),
        response_sha256=row.response_sha256,
        run=run.n,
    )


def _rows(session: Session, runs: Sequence[MarkRun]) -> list[MarkRow]:
    marks = store.marks_of_runs(session, [run.id for run in runs])
    return [_mark_row(run, row) for run in runs for row in marks[run.id]]


def item_marks(session: Session, session_id: UUID) -> list[MarkRow]:
    """Give the standing marks of a session, sitting by sitting; trial items too, told by ``live``."""
    return _rows(session, list(store.runs_of_session(session, session_id).values()))


def item_marks_of_form(session: Session, form_id: str) -> list[MarkRow]:
    """Give the standing marks of every sitting of a form."""
    return _rows(session, list(store.runs_of_form(session, form_id).values()))


def item_marks_of_sitting(session: Session, sitting_id: UUID, run: MarkRun | None = None) -> list[MarkRow]:
    """Give the marks of a sitting: those that stand, or those of one marking."""
    return _rows(session, [run] if run is not None else list(store.last_runs(session, [sitting_id]).values()))


def mark_again(form: Frozen, row: MarkRow) -> Fraction | None:
    """Make a mark anew from its ledger row, the frozen form and its corrections: it must be the same fraction."""
    item = form.keyed(row.item, row.key_version)
    if item is None or item.rule != row.rule:
        raise MoveRefused(f"The mark of {row.item} was given under a key or rule that form {row.form_id} never had.")
    return mark_item(form, item, row.response).marks


def unscored(rows: Sequence[MarkRow]) -> list[MarkRow]:
    """Give the live marks that are missing."""
    return [row for row in rows if row.live and row.status in UNSCORED]
