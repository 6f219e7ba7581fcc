"""Every question asked of the audit's tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, select

from sjt.audit.chain import Entry
from sjt.audit.tables import AuditAnchor, AuditBody, AuditEntry, AuditHead


def head_for_update(session: Session, chain: str) -> AuditHead | None:
    return session.exec(select(AuditHead).where(col(AuditHead.chain) == chain).with_for_update()).first()


def entries(session: Session, chain: str | None = None) -> Iterator[Entry]:
    """Give entries by chain and number; plain values, since a verification reads all there are."""
    columns = [getattr(AuditEntry, name) for name in Entry.__slots__]
    query = sa.select(*columns).order_by(col(AuditEntry.chain), col(AuditEntry.n))
    if chain is not None:
        query = query.where(col(AuditEntry.chain) == chain)
    for row in session.execute(query.execution_options(yield_per=1000)):
        yield Entry(*row)


def bodies(session: Session, chain: str, numbers: Sequence[int] | None = None) -> dict[int, AuditBody]:
    """Give the bodies kept beside a chain, all or those of a stretch of numbers."""
    query = select(AuditBody).where(col(AuditBody.chain) == chain)
    if numbers:
        query = query.where(col(AuditBody.n) >= min(numbers), col(AuditBody.n) <= max(numbers))
    return {body.n: body for body in session.exec(query)}


def unanchored_heads(session: Session) -> Sequence[AuditHead]:
    query = select(AuditHead).where(col(AuditHead.n) > col(AuditHead.anchored_n)).order_by(col(AuditHead.chain))
    return session.exec(query).all()


def mark_anchored(session: Session, chains: dict[str, int]) -> None:
    for chain, n in chains.items():
        session.execute(sa.update(AuditHead).where(col(AuditHead.chain) == chain).values(anchored_n=n))


def last_anchor(session: Session) -> AuditAnchor | None:
    return session.exec(select(AuditAnchor).order_by(col(AuditAnchor.anchor).desc()).limit(1)).first()


def anchors(session: Session) -> Sequence[AuditAnchor]:
    return session.exec(select(AuditAnchor).order_by(col(AuditAnchor.anchor))).all()


def heads(session: Session, like: str = "", limit: int = 200, offset: int = 0) -> Sequence[AuditHead]:
    query = select(AuditHead).order_by(col(AuditHead.chain)).limit(limit).offset(offset)
    if like:
        query = query.where(col(AuditHead.chain).contains(like, autoescape=True))
    return session.exec(query).all()


def count_heads(session: Session, like: str = "") -> int:
    query = select(sa.func.count()).select_from(AuditHead)
    if like:
        query = query.where(col(AuditHead.chain).contains(like, autoescape=True))
    return session.exec(query).one()


def recent(session: Session, limit: int = 50) -> Sequence[AuditEntry]:
    return session.exec(select(AuditEntry).order_by(col(AuditEntry.at).desc()).limit(limit)).all()
