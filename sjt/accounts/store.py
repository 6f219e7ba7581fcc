"""Every question asked of the accounts' tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, delete, select

from sjt.access import Role
from sjt.accounts.tables import Login, MailReminder, OneTimeLink, Organisation, User, UserRole


def organisation(session: Session) -> Organisation | None:
    return session.get(Organisation, 1)


def user(session: Session, user_id: UUID) -> User | None:
    return session.get(User, user_id)


def user_by_login(session: Session, login: str) -> User | None:
    return session.exec(select(User).where(col(User.login) == login)).first()


def users(session: Session) -> Sequence[User]:
    return session.exec(select(User).order_by(col(User.name))).all()


def roles(session: Session, user_id: UUID) -> frozenset[Role]:
    return frozenset(row.role for row in session.exec(select(UserRole).where(col(UserRole.user_id) == user_id)))


def all_roles(session: Session) -> dict[UUID, frozenset[Role]]:
    held: dict[UUID, set[Role]] = defaultdict(set)
    for row in session.exec(select(UserRole)):
        held[row.user_id].add(row.role)
    return {user_id: frozenset(found) for user_id, found in held.items()}


def users_with_role(session: Session, role: Role, *, lock: bool = False) -> Sequence[User]:
    query = select(User).join(UserRole, col(UserRole.user_id) == col(User.id)).where(col(UserRole.role) == role)
    query = query.order_by(col(User.name), col(User.id))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.exec(query).all()


def replace_roles(session: Session, user_id: UUID, wanted: frozenset[Role]) -> None:
    session.exec(delete(UserRole).where(col(UserRole.user_id) == user_id))
    session.add_all(UserRole(user_id=user_id, role=role) for role in sorted(wanted))
    session.flush()


def link(session: Session, token_sha256: str, *, lock: bool = False) -> OneTimeLink | None:
    query = select(OneTimeLink).where(col(OneTimeLink.token_sha256) == token_sha256)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.exec(query).first()


def open_links(session: Session, user_id: UUID) -> Sequence[OneTimeLink]:
    query = select(OneTimeLink).where(col(OneTimeLink.user_id) == user_id, col(OneTimeLink.used_at).is_(None))
    return session.exec(query).all()


def login(session: Session, token_sha256: str) -> Login | None:
    return session.exec(select(Login).where(col(Login.token_sha256) == token_sha256)).first()


def open_logins(session: Session, user_id: UUID) -> Sequence[Login]:
    return session.exec(select(Login).where(col(Login.user_id) == user_id, col(Login.ended_at).is_(None))).all()


def last_reminded(session: Session, user_id: UUID) -> date | None:
    """Give the last day on which somebody was reminded by mail."""
    return session.exec(select(sa.func.max(col(MailReminder.day))).where(MailReminder.user_id == user_id)).first()
