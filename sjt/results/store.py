"""Every question asked of the tables of results."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from sjt.results.model import CorrectionState, CutState, OutcomeState, PanelState
from sjt.results.tables import (
    AngoffRating,
    Cut,
    ItemMark,
    JudgePanel,
    KeyCorrection,
    KeyDoubt,
    MarkRun,
    Outcome,
    Release,
)


def last_runs(session: Session, sitting_ids: Iterable[UUID]) -> dict[UUID, MarkRun]:
    """Give the standing marking of each of these sittings."""
    rows = session.exec(select(MarkRun).where(col(MarkRun.sitting_id).in_(list(sitting_ids))).order_by(col(MarkRun.n)))
    return {row.sitting_id: row for row in rows}


def runs_of_sitting(session: Session, sitting_id: UUID) -> Sequence[MarkRun]:
    return session.exec(select(MarkRun).where(MarkRun.sitting_id == sitting_id).order_by(col(MarkRun.n))).all()


def runs_of_session(session: Session, session_id: UUID) -> dict[UUID, MarkRun]:
    rows = session.exec(select(MarkRun).where(MarkRun.session_id == session_id).order_by(col(MarkRun.n)))
    return {row.sitting_id: row for row in rows}


def runs_of_form(session: Session, form_id: str) -> dict[UUID, MarkRun]:
    rows = session.exec(select(MarkRun).where(MarkRun.form_id == form_id).order_by(col(MarkRun.n)))
    return {row.sitting_id: row for row in rows}


def forms_marked(session: Session) -> list[str]:
    """Name the forms that a sitting was marked on."""
    return sorted(session.exec(select(MarkRun.form_id).distinct()))


def marks_of_runs(session: Session, run_ids: Iterable[UUID]) -> dict[UUID, list[ItemMark]]:
    """Give the marks of each run, in the order of item ids."""
    found: dict[UUID, list[ItemMark]] = defaultdict(list)
    rows = session.exec(select(ItemMark).where(col(ItemMark.run_id).in_(list(run_ids))).order_by(col(ItemMark.item)))
    for row in rows:
        found[row.run_id].append(row)
    return found


def last_outcomes(
    session: Session, *, session_id: UUID | None = None, sitting_ids: Iterable[UUID] | None = None
) -> dict[UUID, Outcome]:
    """Give the newest version of each sitting's outcome."""
    query = select(Outcome).order_by(col(Outcome.version))
    if session_id is not None:
        query = query.where(Outcome.session_id == session_id)
    if sitting_ids is not None:
        query = query.where(col(Outcome.sitting_id).in_(list(sitting_ids)))
    return {row.sitting_id: row for row in session.exec(query)}


def outcomes_of_candidate(session: Session, candidate_id: UUID) -> dict[UUID, Outcome]:
    rows = session.exec(select(Outcome).where(Outcome.candidate_id == candidate_id).order_by(col(Outcome.version)))
    return {row.sitting_id: row for row in rows}


def outcome_versions(session: Session, sitting_id: UUID) -> Sequence[Outcome]:
    return session.exec(select(Outcome).where(Outcome.sitting_id == sitting_id).order_by(col(Outcome.version))).all()


def counts_by_state(session: Session) -> dict[UUID, dict[OutcomeState, int]]:
    """Count the newest outcomes of each session by state."""
    found: dict[UUID, dict[OutcomeState, int]] = defaultdict(lambda: defaultdict(int))
    newest = (
        select(col(Outcome.sitting_id), sa.func.max(col(Outcome.version)).label("version"))
        .group_by(col(Outcome.sitting_id))
        .subquery()
    )
    rows = session.exec(
        select(col(Outcome.session_id), col(Outcome.state), sa.func.count())
        .join(newest, sa.and_(newest.c.sitting_id == Outcome.sitting_id, newest.c.version == Outcome.version))
        .group_by(col(Outcome.session_id), col(Outcome.state))
    )
    for session_id, state, count in rows:
        found[session_id][state] = count
    return found


def cut(session: Session, cut_id: UUID, *, lock: bool = False) -> Cut | None:
    return session.get(Cut, cut_id, with_for_update=True if lock else None)


def cuts_of_form(session: Session, form_id: str) -> Sequence[Cut]:
    return session.exec(select(Cut).where(Cut.form_id == form_id).order_by(col(Cut.version).desc())).all()


def all_cuts(session: Session) -> dict[str, list[Cut]]:
    """Give every form's cuts, newest first."""
    found: dict[str, list[Cut]] = defaultdict(list)
    for row in session.exec(select(Cut).order_by(col(Cut.version).desc())):
        found[row.form_id].append(row)
    return found


def cuts_of_forms(session: Session, form_ids: Sequence[str]) -> dict[str, list[Cut]]:
    """Give some forms' cuts, newest first."""
    found: dict[str, list[Cut]] = defaultdict(list)
    for start in range(0, len(form_ids), 500):
        asked = col(Cut.form_id).in_(form_ids[start : start + 500])
        for row in session.exec(select(Cut).where(asked).order_by(col(Cut.version).desc())):
            found[row.form_id].append(row)
    return found


def standing_cut(session: Session, form_id: str) -> Cut | None:
    """Give the pass mark in force."""
    query = select(Cut).where(Cut.form_id == form_id, Cut.state == CutState.ADOPTED).order_by(col(Cut.version).desc())
    return session.exec(query).first()


def proposed_cuts(session: Session) -> Sequence[Cut]:
    return session.exec(select(Cut).where(Cut.state == CutState.PROPOSED).order_by(col(Cut.proposed_at))).all()


def panels(session: Session) -> Sequence[JudgePanel]:
    return session.exec(select(JudgePanel).order_by(col(JudgePanel.created_at).desc())).all()


def open_panels(session: Session) -> Sequence[JudgePanel]:
    return session.exec(select(JudgePanel).where(JudgePanel.state == PanelState.OPEN)).all()


def panel(session: Session, panel_id: UUID, *, lock: bool = False) -> JudgePanel | None:
    return session.get(JudgePanel, panel_id, with_for_update=True if lock else None)


def ratings(session: Session, panel_id: UUID, round: int | None = None) -> dict[tuple[str, int, str], AngoffRating]:
    """Give the standing ratings of a panel, by judge, round and item."""
    query = select(AngoffRating).where(AngoffRating.panel_id == panel_id).order_by(col(AngoffRating.version))
    if round is not None:
        query = query.where(AngoffRating.round == round)
    return {(row.judge, row.round, row.item): row for row in session.exec(query)}


def releases(session: Session, session_id: UUID) -> Sequence[Release]:
    query = select(Release).where(Release.session_id == session_id).order_by(col(Release.proposed_at).desc())
    return session.exec(query).all()


def open_release(session: Session, session_id: UUID) -> Release | None:
    """Give the proposal that waits for its second officer."""
    query = select(Release).where(
        Release.session_id == session_id, col(Release.released_at).is_(None), col(Release.withdrawn_at).is_(None)
    )
    return session.exec(query).first()


def open_releases(session: Session) -> Sequence[Release]:
    query = select(Release).where(col(Release.released_at).is_(None), col(Release.withdrawn_at).is_(None))
    return session.exec(query).all()


def release(session: Session, release_id: UUID) -> Release | None:
    return session.get(Release, release_id)


def key_doubt(session: Session, panel_id: UUID) -> KeyDoubt | None:
    return session.get(KeyDoubt, panel_id)


def corrections(session: Session) -> Sequence[KeyCorrection]:
    """Give every correction of a key, newest first."""
    return session.exec(select(KeyCorrection).order_by(col(KeyCorrection.proposed_at).desc())).all()


def signed_corrections(session: Session) -> Sequence[KeyCorrection]:
    """Give the corrections that two officers signed, those since superseded too, in the order of the signatures."""
    query = select(KeyCorrection).where(col(KeyCorrection.seconded_at).is_not(None))
    return session.exec(query.order_by(col(KeyCorrection.seconded_at), col(KeyCorrection.id))).all()


def corrections_of_key(session: Session, item: str, replaces: str) -> Sequence[KeyCorrection]:
    """Give the corrections of one frozen key, newest first."""
    query = select(KeyCorrection).where(KeyCorrection.item == item, KeyCorrection.replaces == replaces)
    return session.exec(query.order_by(col(KeyCorrection.proposed_at).desc())).all()


def proposed_corrections(session: Session) -> Sequence[KeyCorrection]:
    query = select(KeyCorrection).where(KeyCorrection.state == CorrectionState.PROPOSED)
    return session.exec(query.order_by(col(KeyCorrection.proposed_at))).all()


def correction(session: Session, correction_id: UUID, *, lock: bool = False) -> KeyCorrection | None:
    return session.get(KeyCorrection, correction_id, with_for_update=True if lock else None)


def marks_of_item(session: Session, item: str, forms: Iterable[str]) -> dict[UUID, tuple[MarkRun, ItemMark]]:
    """Give the standing mark of one item in every sitting of some forms, with its marking."""
    query = (
        select(MarkRun, ItemMark)
        .join(ItemMark, col(ItemMark.run_id) == col(MarkRun.id))
        .where(ItemMark.item == item, col(MarkRun.form_id).in_(list(forms)))
        .order_by(col(MarkRun.n))
    )
    return {run.sitting_id: (run, row) for run, row in session.exec(query)}


def run(session: Session, run_id: UUID) -> MarkRun | None:
    return session.get(MarkRun, run_id)
