"""Every question the panels ask their database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from sjt.panels.model import PanelState, Purpose
from sjt.panels.tables import (
    ExpertAnswer,
    ExpertFinding,
    ExpertPanel,
    ExpertPanelMember,
    ExpertPanelScenario,
    KeyDecision,
    KeyMeeting,
    KeySettlement,
    ThinkAloud,
)


def panel(session: Session, panel_id: UUID, *, hold: bool = False) -> ExpertPanel | None:
    return session.get(ExpertPanel, panel_id, with_for_update=True if hold else None)


def panels(session: Session) -> Sequence[ExpertPanel]:
    """Give every panel, the newest first."""
    return session.exec(select(ExpertPanel).order_by(col(ExpertPanel.created_at).desc(), col(ExpertPanel.id))).all()


def panels_of(session: Session, person: str) -> Sequence[tuple[ExpertPanel, ExpertPanelMember]]:
    """Give the panels somebody was asked on, the one due first first."""
    return session.exec(
        select(ExpertPanel, ExpertPanelMember)
        .join(ExpertPanelMember, col(ExpertPanelMember.panel_id) == col(ExpertPanel.id))
        .where(ExpertPanelMember.person == person)
        .order_by(col(ExpertPanel.due), col(ExpertPanel.title))
    ).all()


def scenarios(session: Session, panel_id: UUID) -> Sequence[ExpertPanelScenario]:
    return session.exec(
        select(ExpertPanelScenario)
        .where(ExpertPanelScenario.panel_id == panel_id)
        .order_by(col(ExpertPanelScenario.position))
    ).all()


def members(session: Session, panel_id: UUID) -> Sequence[ExpertPanelMember]:
    return session.exec(
        select(ExpertPanelMember).where(ExpertPanelMember.panel_id == panel_id).order_by(col(ExpertPanelMember.number))
    ).all()


def member(session: Session, panel_id: UUID, person: str) -> ExpertPanelMember | None:
    return session.get(ExpertPanelMember, (panel_id, person))


def answers(session: Session, panel_id: UUID, person: str | None = None) -> dict[tuple[str, str], ExpertAnswer]:
    """Give the standing answers of a panel by person and subject."""
    query = select(ExpertAnswer).where(ExpertAnswer.panel_id == panel_id).order_by(col(ExpertAnswer.version))
    if person is not None:
        query = query.where(ExpertAnswer.person == person)
    return {(row.person, row.subject): row for row in session.exec(query)}


def whole_counts(session: Session, panel_id: UUID) -> dict[str, int]:
    """Count each expert's whole answers; nothing of what they say is read."""
    last = (
        select(
            col(ExpertAnswer.person), col(ExpertAnswer.subject), sa.func.max(col(ExpertAnswer.version)).label("version")
        )
        .where(ExpertAnswer.panel_id == panel_id)
        .group_by(col(ExpertAnswer.person), col(ExpertAnswer.subject))
        .subquery()
    )
    rows = session.exec(
        select(col(ExpertAnswer.person), sa.func.count())
        .join(
            last,
            sa.and_(
                last.c.person == ExpertAnswer.person,
                last.c.subject == ExpertAnswer.subject,
                last.c.version == ExpertAnswer.version,
            ),
        )
        .where(ExpertAnswer.panel_id == panel_id, col(ExpertAnswer.whole))
        .group_by(col(ExpertAnswer.person))
    )
    return {person: int(count) for person, count in rows}


def findings(session: Session, panel_id: UUID) -> dict[str, ExpertFinding]:
    rows = session.exec(select(ExpertFinding).where(ExpertFinding.panel_id == panel_id))
    return {row.subject: row for row in rows}


def meetings(session: Session, panel_id: UUID) -> Sequence[KeyMeeting]:
    """Give a panel's meetings, the last first."""
    return session.exec(
        select(KeyMeeting)
        .where(KeyMeeting.panel_id == panel_id)
        .order_by(col(KeyMeeting.at).desc(), col(KeyMeeting.id))
    ).all()


def meeting(session: Session, meeting_id: UUID) -> KeyMeeting | None:
    return session.get(KeyMeeting, meeting_id)


def decisions(session: Session, panel_id: UUID) -> dict[str, list[KeyDecision]]:
    """Give what was decided of each item, the last first."""
    found: dict[str, list[KeyDecision]] = defaultdict(list)
    rows = session.exec(
        select(KeyDecision)
        .where(KeyDecision.panel_id == panel_id)
        .order_by(col(KeyDecision.at).desc(), col(KeyDecision.id))
    )
    for row in rows:
        found[row.item].append(row)
    return found


def settlements(session: Session, panel_id: UUID) -> dict[str, KeySettlement]:
    rows = session.exec(select(KeySettlement).where(KeySettlement.panel_id == panel_id))
    return {row.scenario_id: row for row in rows}


def panels_on(session: Session, scenario_id: str) -> Sequence[tuple[ExpertPanel, ExpertPanelScenario]]:
    """Give the panels that were asked about a scenario, the last first."""
    return session.exec(
        select(ExpertPanel, ExpertPanelScenario)
        .join(ExpertPanelScenario, col(ExpertPanelScenario.panel_id) == col(ExpertPanel.id))
        .where(ExpertPanelScenario.scenario_id == scenario_id)
        .order_by(col(ExpertPanel.created_at).desc())
    ).all()


def closed_content_panels(session: Session, bank_id: str) -> Sequence[ExpertPanel]:
    """Give the closed panels on content, the last closed first."""
    return session.exec(
        select(ExpertPanel)
        .where(
            ExpertPanel.bank_id == bank_id,
            ExpertPanel.purpose == Purpose.CONTENT,
            ExpertPanel.state == PanelState.CLOSED,
        )
        .order_by(col(ExpertPanel.closed_at).desc())
    ).all()


def think_aloud(session: Session, scenario_id: str) -> Sequence[ThinkAloud]:
    """Give the notes on a scenario, the last first."""
    return session.exec(
        select(ThinkAloud)
        .where(ThinkAloud.scenario_id == scenario_id)
        .order_by(col(ThinkAloud.held_on).desc(), col(ThinkAloud.at).desc())
    ).all()


def think_aloud_counts(session: Session) -> dict[str, int]:
    rows = session.exec(select(col(ThinkAloud.scenario_id), sa.func.count()).group_by(col(ThinkAloud.scenario_id)))
    return {scenario: int(count) for scenario, count in rows}
