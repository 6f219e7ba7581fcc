"""Every question asked of grading's tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from sjt.grading.tables import AwardSignature, ComponentResult, EmployerContact, Interview, PortfolioHandIn


def component_results(session: Session, candidate_id: UUID) -> Sequence[ComponentResult]:
    query = select(ComponentResult).where(col(ComponentResult.candidate_id) == candidate_id)
    return session.exec(query.order_by(col(ComponentResult.component), col(ComponentResult.version))).all()


def all_component_results(session: Session) -> dict[UUID, dict[str, ComponentResult]]:
    """Give the newest result of each component, by candidate."""
    found: dict[UUID, dict[str, ComponentResult]] = defaultdict(dict)
    for row in session.exec(select(ComponentResult).order_by(col(ComponentResult.version))):
        found[row.candidate_id][row.component] = row
    return found


def hand_in(session: Session, candidate_id: UUID) -> PortfolioHandIn | None:
    return session.get(PortfolioHandIn, candidate_id)


def interview(session: Session, candidate_id: UUID) -> Interview | None:
    return session.exec(select(Interview).where(col(Interview.candidate_id) == candidate_id)).first()


def interviews_of(session: Session, assessor: str) -> Sequence[Interview]:
    return session.exec(select(Interview).where(col(Interview.assessor) == assessor).order_by(col(Interview.day))).all()


def signatures(session: Session, candidate_id: UUID) -> Sequence[AwardSignature]:
    query = select(AwardSignature).where(col(AwardSignature.candidate_id) == candidate_id)
    return session.exec(query.order_by(col(AwardSignature.award_version), col(AwardSignature.at))).all()


def all_signatures(session: Session) -> dict[UUID, list[AwardSignature]]:
    found: dict[UUID, list[AwardSignature]] = defaultdict(list)
    for row in session.exec(select(AwardSignature).order_by(col(AwardSignature.at))):
        found[row.candidate_id].append(row)
    return found


def employer_of(session: Session, user_id: str) -> EmployerContact | None:
    return session.get(EmployerContact, user_id)
