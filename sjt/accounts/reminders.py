"""Who was reminded by mail and when: a row for each person and day, so that nobody is mailed twice on one."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from sjt.accounts import store
from sjt.accounts.tables import MailReminder


def address_of(session: Session, person: str) -> tuple[str, str] | None:
    """Give name and mail address of somebody who can sign in; None where there is no address."""
    try:
        found = store.user(session, UUID(person))
    except ValueError:
        return None
    return None if found is None or found.disabled_at is not None or not found.email else (found.name, found.email)


def last(session: Session, person: str) -> date | None:
    """Give the day of the last reminder."""
    return store.last_reminded(session, UUID(person))


def note(session: Session, person: str, day: date, *, now: datetime) -> bool:
    """Write down that somebody is reminded on a day; False when that was done already."""
    if session.get(MailReminder, (UUID(person), day)) is not None:
        return False
    session.add(MailReminder(user_id=UUID(person), day=day, at=now))
    session.flush()
    return True


def forget(session: Session, person: str, day: date) -> None:
    """Take that back: the mail was not taken."""
    held = session.get(MailReminder, (UUID(person), day))
    if held is not None:
        session.delete(held)
        session.flush()
