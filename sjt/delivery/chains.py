"""The ledger's chains in the audit record: they are anchored, exported and verified with all others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from sjt.audit import anchors
from sjt.audit.chain import Entry
from sjt.delivery import store
from sjt.delivery.tables import Sitting


@dataclass(frozen=True)
class SittingChains:
    """What ``audit.service.register_chains`` asks of a room with its own chain table."""

    def entries(self, session: Session) -> Iterator[Entry]:
        return store.links(session)

    def unanchored_heads(self, session: Session) -> Iterable[anchors.Head]:
        query = select(Sitting.id, Sitting.head_n, Sitting.head_hash).where(
            col(Sitting.head_n) > col(Sitting.anchored_n)
        )
        return [(f"sitting:{sitting_id}", n, head) for sitting_id, n, head in session.exec(query)]

    def mark_anchored(self, session: Session, heads: Iterable[anchors.Head]) -> None:
        for name, n, _ in heads:
            sitting_id = UUID(name.removeprefix("sitting:"))
            session.execute(sa.update(Sitting).where(col(Sitting.id) == sitting_id).values(anchored_n=n))


CHAINS = SittingChains()
"""All its values are equal, so registering it twice changes nothing."""
