"""A move written down and made: the one place where a scenario's state changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.authoring import tasking
from sjt.authoring.states import ScenarioState
from sjt.authoring.tables import ScenarioMove, ScenarioRow

_DID: Final[Mapping[str, str]] = {
    "send": "sent_to_review",
    "take_back": "taken_back",
    "return": "returned",
    "approve": "approved_for_trial",
    "try": "put_on_trial",
    "live": "made_live",
    "suspend": "suspended",
    "lift": "suspension_lifted",
    "retire": "retired",
    "revive": "brought_back",
    "import": "changed_by_import",
    "publish": "moved_by_publication",
}
"""How the audit record names the moves; a version put into the bank has its own line there."""


def put_move(
    session: Session,
    row: ScenarioRow,
    did: str,
    to: ScenarioState,
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    waived: Iterable[str] = (),
    suspension: UUID | None = None,
    is_new: bool = False,
) -> ScenarioState:
    """Write a move down and make it; whoever calls has looked at the table."""
    was = "" if is_new else row.state.value
    session.add(
        ScenarioMove(
            scenario_id=row.id,
            version=row.version,
            did=did,
            was=was,
            became=to,
            reason=reason,
            waived=list(waived),
            suspension_id=suspension,
            at=now,
            by=by.id,
        )
    )
    row.state = to
    session.add(row)
    session.flush()
    if did in _DID:
        body = {"version": row.version, "was": was, "became": to.value, "reason": reason, "waived": list(waived)}
        audit.record(session, by=by, did=f"scenario.{_DID[did]}", on=row.id, at=now, body=body)
    tasking.done_by_move(session, row.id, did, by=by, now=now)
    return to


def put_moves(
    session: Session, rows: Iterable[ScenarioRow], did: str, to: ScenarioState, *, by: Actor, now: datetime, reason: str
) -> None:
    """Write the moves of one import down and make them; the import's own line of the record names them all."""
    for row in rows:
        session.add(
            ScenarioMove(
                scenario_id=row.id, version=row.version, did=did, was=row.state.value, became=to, reason=reason,
                at=now, by=by.id,
            )
        )  # fmt: skip
        row.state = to
        session.add(row)
    session.flush()
