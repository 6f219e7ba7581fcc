"""What the authoring room asks its database about sets of forms, forms and pools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from sjt.authoring.states import FormState, FormUse
from sjt.authoring.tables import (
    Form,
    FormSet,
)

_LATER = tuple(defer(getattr(table, name)) for table, name in ((Form, "paper"), (Form, "secret"), (FormSet, "proof")))
"""What a list of forms does not need: read when somebody asks for it, inside the session."""


def next_set_number(session: Session) -> int:
    last = session.exec(select(sa.func.max(col(FormSet.number)))).first()
    return (last or 0) + 1


def form_set(session: Session, set_id: UUID) -> FormSet | None:
    return session.get(FormSet, set_id)


def form_sets(session: Session) -> Sequence[FormSet]:
    """Give every set, newest first, its proof only when it is asked for."""
    return session.exec(select(FormSet).options(_LATER[2]).order_by(col(FormSet.number).desc())).all()


def forms_of(session: Session, set_id: UUID) -> Sequence[Form]:
    return session.exec(select(Form).where(Form.set_id == set_id).order_by(col(Form.position))).all()


def form(session: Session, form_id: str) -> Form | None:
    return session.get(Form, form_id)


def form_counts(session: Session) -> dict[UUID, tuple[int, int]]:
    """Tell for each set how many forms it has and how many are published."""
    published = sa.func.sum(sa.case((col(Form.state) == FormState.PUBLISHED, 1), else_=0))
    rows = session.exec(select(Form.set_id, sa.func.count(), published).group_by(col(Form.set_id)))
    return {set_id: (int(count), int(done)) for set_id, count, done in rows}


def forms_in_state(
    session: Session,
    state: FormState,
    *,
    option: str | None = None,
    use: FormUse | None = None,
    pools: bool = True,
) -> Sequence[tuple[Form, FormSet]]:
    """Give the forms in a state with their sets, in order; what a form says is read only when it is asked for.

    Without ``pools`` the forms that are dealt once each, one to a candidate, are left out.
    """
    query = (
        select(Form, FormSet)
        .join(FormSet, col(FormSet.id) == col(Form.set_id))
        .where(Form.state == state)
        .options(*_LATER)
        .order_by(col(FormSet.number), col(Form.position))
    )
    if option is not None:
        query = query.where(FormSet.option == option)
    if use is not None:
        query = query.where(Form.use == use)
    if not pools:
        query = query.where(FormSet.pool == 0)
    return list(session.exec(query))


@dataclass(frozen=True, slots=True)
class PoolRow:
    """A form of a pool without its text."""

    form_id: str
    position: int
    state: FormState
    use: FormUse | None
    minutes: int
    snapshot_sha256: str
    numbers: dict[str, Any]
    keys: str


def pool_rows(session: Session, set_id: UUID) -> list[PoolRow]:
    """Give the forms of a pool in its order, without their text."""
    query = sa.select(
        col(Form.id), col(Form.position), col(Form.state), col(Form.use), col(Form.minutes),
        col(Form.snapshot_sha256), col(Form.numbers), col(Form.keys),
    ).where(col(Form.set_id) == set_id)  # fmt: skip
    return [PoolRow(*row) for row in session.execute(query.order_by(col(Form.position)))]


def pools(session: Session) -> Sequence[FormSet]:
    """Give the sets that are pools, newest first, without their proofs."""
    query = select(FormSet).where(FormSet.pool == 1).options(_LATER[2])
    return session.exec(query.order_by(col(FormSet.number).desc())).all()


def drop_drafts(session: Session, set_id: UUID) -> None:
    """Forget the forms that a job which was broken off had written of a set."""
    session.execute(sa.delete(Form).where(col(Form.set_id) == set_id, col(Form.state) == FormState.DRAFT))
