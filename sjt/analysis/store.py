"""Every question asked of the tables of analysis."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from sjt.analysis.tables import AnalysisPicture, AnalysisRun, ItemDecision, Study


def newest(session: Session, *, session_id: UUID | None = None, form_id: str | None = None) -> AnalysisRun | None:
    """Give the newest run of a session or of a form."""
    query = select(AnalysisRun).order_by(col(AnalysisRun.at).desc(), col(AnalysisRun.id).desc())
    if session_id is not None:
        return session.exec(query.where(AnalysisRun.session_id == session_id)).first()
    return session.exec(query.where(AnalysisRun.form_id == form_id)).first()


def run(session: Session, run_id: UUID) -> AnalysisRun | None:
    return session.get(AnalysisRun, run_id)


def analysed(session: Session) -> tuple[dict[UUID, int], dict[str, int]]:
    """Tell which sessions and forms have a run, and of how many candidates."""
    sessions: dict[UUID, int] = {}
    forms: dict[str, int] = {}
    query = select(AnalysisRun.session_id, AnalysisRun.form_id, AnalysisRun.n).order_by(col(AnalysisRun.at))
    for session_id, form_id, n in session.exec(query):
        if session_id is not None:
            sessions[session_id] = n
        elif form_id is not None:
            forms[form_id] = n
    return sessions, forms


def picture(session: Session, run_id: UUID, name: str) -> AnalysisPicture | None:
    return session.get(AnalysisPicture, (run_id, name))


def picture_names(session: Session, run_id: UUID) -> set[str]:
    return set(session.exec(select(AnalysisPicture.name).where(AnalysisPicture.run_id == run_id)))


def decisions(session: Session, run_id: UUID, item: str | None = None) -> Sequence[ItemDecision]:
    query = select(ItemDecision).where(ItemDecision.run_id == run_id)
    if item is not None:
        query = query.where(ItemDecision.item == item)
    return session.exec(query.order_by(col(ItemDecision.at))).all()


def study(session: Session, study_id: UUID) -> Study | None:
    return session.get(Study, study_id)


def studies(session: Session, *, session_id: UUID | None = None, form_id: str | None = None) -> dict[str, Study]:
    """Give the newest study of each topic of a session or of a form."""
    query = select(Study).order_by(col(Study.at), col(Study.id))
    where = Study.session_id == session_id if session_id is not None else Study.form_id == form_id
    return {one.topic: one for one in session.exec(query.where(where))}
