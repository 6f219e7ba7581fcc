"""Every question asked of marking's tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from sjt.marking.allocation import About, Ties, conflict, folded
from sjt.marking.model import MarkGiven, Round, ScriptState
from sjt.marking.tables import DeclaredTie, Mark, Script


def script(session: Session, script_id: UUID, *, lock: bool = False) -> Script | None:
    query = select(Script).where(col(Script.id) == script_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.exec(query).first()


def take(session: Session, script_id: UUID) -> Script | None:
    """Lock one script for a claim; None where another marker holds its row just now."""
    query = select(Script).where(col(Script.id) == script_id).with_for_update(skip_locked=True)
    return session.exec(query.execution_options(populate_existing=True)).first()


def scripts_of_sitting(session: Session, sitting_id: UUID) -> Sequence[Script]:
    return session.exec(select(Script).where(col(Script.sitting_id) == sitting_id)).all()


def scripts_of_session(session: Session, session_id: UUID) -> Sequence[Script]:
    return session.exec(select(Script).where(col(Script.session_id) == session_id)).all()


def waiting(session: Session) -> Sequence[Script]:
    """Give what is not done, item by item so that a marker stays with one question, then by blind number."""
    query = select(Script).where(col(Script.state) != ScriptState.DONE)
    return session.exec(query.order_by(col(Script.item), col(Script.number))).all()


def count_done(session: Session) -> int:
    query = select(sa.func.count()).select_from(Script).where(col(Script.state) == ScriptState.DONE)
    return session.exec(query).one()


def marks(session: Session, script_id: UUID) -> list[MarkGiven]:
    return marks_of(session, [script_id])[script_id]


def marks_of(session: Session, script_ids: Iterable[UUID]) -> dict[UUID, list[MarkGiven]]:
    """Give the marks of each script in the order given; those under a tie declared since are set aside."""
    found: dict[UUID, list[MarkGiven]] = defaultdict(list)
    wanted = list(script_ids)
    known = ties_of_all(session)
    for start in range(0, len(wanted), 500):  # SQLite's limit on variables
        query = (
            select(Mark, Script)
            .join(Script, col(Script.id) == col(Mark.script_id))
            .where(col(Mark.script_id).in_(wanted[start : start + 500]))
            .order_by(col(Mark.at), col(Mark.id))
        )
        for row, script in session.exec(query):
            aside = conflict(known.get(row.marker, Ties()), about(script)) is not None
            given = MarkGiven(Round(row.round), row.marker, row.levels, row.reasons, row.unsafe, row.at, aside)
            found[row.script_id].append(given)
    return found


def about(script: Script) -> About:
    return About(script.candidate, script.employer, script.provider)


def ties_of_all(session: Session) -> dict[str, Ties]:
    """Give what each marker declared."""
    kinds: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in session.exec(select(DeclaredTie)):
        kinds[row.marker][row.kind].add(row.name if row.kind == "candidate" else folded(row.name))
    return {
        marker: Ties(frozenset(held["employer"]), frozenset(held["provider"]), frozenset(held["candidate"]))
        for marker, held in kinds.items()
    }


def marked_by(session: Session, marker: str, limit: int = 100) -> Sequence[tuple[Script, Mark]]:
    query = (
        select(Script, Mark)
        .join(Mark, col(Mark.script_id) == col(Script.id))
        .where(col(Mark.marker) == marker)
        .order_by(col(Mark.at).desc())
        .limit(limit)
    )
    return list(session.exec(query).all())


def ties(session: Session, marker: str) -> Sequence[DeclaredTie]:
    query = select(DeclaredTie).where(col(DeclaredTie.marker) == marker).order_by(col(DeclaredTie.declared_at))
    return session.exec(query).all()


def number_is_taken(session: Session, number: str) -> bool:
    return session.exec(select(Script.id).where(col(Script.number) == number)).first() is not None


def second_marks(session: Session) -> Sequence[Script]:
    """Give the scripts on which a second mark was asked for, for agreement and moderation."""
    return session.exec(select(Script).where(col(Script.second_asked).is_(True)).order_by(col(Script.number))).all()
