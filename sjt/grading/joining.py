"""What grading puts on desks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session

from sjt.access import Actor, Permission, Role, may
from sjt.accounts import desk, employers
from sjt.accounts.model import DeskTask
from sjt.analysis import criteria
from sjt.grading import service


def tasks(session: Session, actor: Actor, now: datetime) -> Iterator[DeskTask]:
    if may(actor, Permission.SEE_EMPLOYER_STATUS):
        employer, rows = service.employer_records(session, by=actor)
        if rows:
            yield DeskTask(f"Apprentices of {employer}", len(rows), "/epa/mine")
    if may(actor, Permission.INTERVIEW):
        booked = service.interviews_waiting(session, by=actor)
        if booked:
            yield DeskTask("Interviews booked with you", booked, "/epa/?show=interview")
    if actor.has(Role.AWARDING_OFFICER):
        rows = service.records(session)
        waiting = sum(row.award is not None and not row.decided and not row.outdated for row in rows)
        anew = sum(row.outdated for row in rows)
        if anew:
            yield DeskTask("Awards to be signed anew after a re-award", anew, "/epa/?show=award", tone="warn")
        if waiting:
            yield DeskTask("Awards wait for the organisation's signature", waiting, "/epa/?show=award")


def register() -> None:
    desk.register(tasks)
    employers.register(service)
    criteria.register(service.grades_as_numbers)
