"""The deeds of accounts: people, roles, links, passwords, log-ins."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor, Role
from sjt.accounts import passwords, store
from sjt.accounts.model import (
    LINK_LASTS,
    LOGIN_LASTS,
    LOGIN_SHAPE,
    LinkPurpose,
    check_login,
    check_password,
    check_person,
)
from sjt.accounts.tables import Login, OneTimeLink, Organisation, User
from sjt.audit import service as audit_service
from sjt.errors import Conflict, Fault, InputError, MoveRefused, NotFound


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def found_organisation(session: Session, name: str, *, simulated: bool, by: Actor, now: datetime) -> None:
    """Name the organisation of this installation, once."""
    if store.organisation(session) is not None:
        raise Conflict("This installation has its organisation already. Run `sjt db upgrade` to bring it up to date.")
    session.add(Organisation(name=name, simulated=simulated))
    audit_service.record(session, by=by, did="organisation.founded", on="organisation", at=now, body={"name": name})


def organisation(session: Session) -> Organisation | None:
    return store.organisation(session)


def add_person(
    session: Session, *, login: str, name: str, email: str, roles: frozenset[Role], by: Actor, now: datetime
) -> UUID:
    """Add somebody without a password; an invitation lets them set one."""
    folded = check_login(login)
    if Role.CANDIDATE in roles:
        raise InputError(
            "The person was not added.",
            [Fault("", "", "Roles", "names candidate.", "Candidates are loaded into a session and enter by code.")],
        )
    check_person(name, email)
    if store.user_by_login(session, folded) is not None:
        raise Conflict(f"There is somebody with the log-in name {folded} already. Choose another.")
    person = User(login=folded, name=name.strip(), email=email.strip(), created_at=now)
    session.add(person)
    session.flush()
    store.replace_roles(session, person.id, roles)
    body = {"login": folded, "name": person.name, "roles": sorted(roles)}
    audit_service.record(session, by=by, did="person.added", on=person.id, at=now, body=body)
    return person.id


def change_roles(session: Session, user_id: UUID, roles: frozenset[Role], *, by: Actor, now: datetime) -> None:
    person = _person(session, user_id)
    before = store.roles(session, user_id)
    if Role.CANDIDATE in roles:
        raise InputError(
            "The roles were not changed.",
            [Fault("", "", "Roles", "names candidate.", "Candidates are loaded into a session and enter by code.")],
        )
    if Role.ADMINISTRATOR not in roles:
        _require_another_administrator(session, person)
    store.replace_roles(session, user_id, roles)
    body = {"before": sorted(before), "after": sorted(roles)}
    audit_service.record(session, by=by, did="person.roles_changed", on=user_id, at=now, body=body)


def disable(session: Session, user_id: UUID, *, by: Actor, now: datetime) -> None:
    """Keep somebody out; what they did stays theirs."""
    person = _person(session, user_id)
    if by.id == str(user_id):
        raise MoveRefused("You cannot disable your own log-in. Ask another administrator.")
    _require_another_administrator(session, person)
    person.disabled_at = person.disabled_at or now
    session.add(person)
    _end_logins(session, user_id, now)
    _spend_links(session, user_id, now)
    audit_service.record(session, by=by, did="person.disabled", on=user_id, at=now)


def _require_another_administrator(session: Session, person: User) -> None:
    """Refuse to take away the last administrator who can sign in; the rows stay locked until the deed is done."""
    active = [
        user for user in store.users_with_role(session, Role.ADMINISTRATOR, lock=True) if user.disabled_at is None
    ]
    if [user.id for user in active] == [person.id]:
        raise MoveRefused(f"{person.name} is the last administrator. Make somebody else one first.")


def _end_logins(session: Session, user_id: UUID, now: datetime, *, but: str = "") -> None:
    for row in store.open_logins(session, user_id):
        if not but or row.token_sha256 != _sha256(but):
            row.ended_at = now
            session.add(row)


def _spend_links(session: Session, user_id: UUID, now: datetime) -> None:
    for row in store.open_links(session, user_id):
        row.used_at = now
        session.add(row)


def enable(session: Session, user_id: UUID, *, by: Actor, now: datetime) -> None:
    person = _person(session, user_id)
    person.disabled_at = None
    session.add(person)
    audit_service.record(session, by=by, did="person.enabled", on=user_id, at=now)


def make_link(session: Session, user_id: UUID, purpose: LinkPurpose, *, by: Actor, now: datetime) -> str:
    """Make a one-time link's token; links made before stop working."""
    person = _person(session, user_id)
    if person.disabled_at is not None:
        raise MoveRefused(f"The log-in of {person.name} is disabled. Enable it first.")
    _spend_links(session, user_id, now)
    token = secrets.token_urlsafe(24)
    link = OneTimeLink(
        user_id=user_id, purpose=purpose, token_sha256=_sha256(token), created_at=now, expires_at=now + LINK_LASTS
    )
    session.add(link)
    audit_service.record(session, by=by, did="person.link_made", on=user_id, at=now, body={"purpose": purpose.value})
    return token


def person_of_link(session: Session, token: str, *, at: datetime, lock: bool = False) -> User:
    """Give whose link this is; a used, old or unknown one is refused alike."""
    link = store.link(session, _sha256(token), lock=lock)
    if link is None or link.used_at is not None or link.expires_at <= at:
        raise NotFound("This link was used, has run out, or never was. Ask an administrator for a new one.")
    return _person(session, link.user_id)


def use_link(session: Session, token: str, password_hash: str, *, now: datetime) -> UUID:
    """Set the password through a link; the link is then spent and other log-ins end."""
    person = person_of_link(session, token, at=now, lock=True)
    link = store.link(session, _sha256(token))
    assert link is not None
    link.used_at = now
    person.password_hash = password_hash
    session.add_all([link, person])
    _end_logins(session, person.id, now)
    who = Actor(str(person.id), person.name, frozenset())
    body = {"purpose": link.purpose.value}
    audit_service.record(session, by=who, did="person.password_set", on=person.id, at=now, body=body)
    return person.id


def set_password_hash(
    session: Session, user_id: UUID, password_hash: str, *, by: Actor, now: datetime, keep: str = ""
) -> None:
    """Set the password; every log-in but the one that did it ends, and open links are spent."""
    person = _person(session, user_id)
    person.password_hash = password_hash
    session.add(person)
    _end_logins(session, user_id, now, but=keep)
    _spend_links(session, user_id, now)
    audit_service.record(session, by=by, did="person.password_set", on=user_id, at=now)


def check_new_password(person: User, password: str) -> str:
    """Check a new password and give its hash; call outside a transaction, it takes its time."""
    check_password(password, login=person.login, name=person.name)
    return passwords.hashed(password)


def open_login(session: Session, user_id: UUID, *, at: datetime) -> str:
    """Sign somebody in and give the token that their browser keeps."""
    token = secrets.token_urlsafe(24)
    session.add(Login(user_id=user_id, token_sha256=_sha256(token), opened_at=at))
    who = Actor(str(user_id), "", frozenset())
    audit_service.record(session, by=who, did="person.signed_in", on=user_id, at=at)
    return token


def close_login(session: Session, token: str, *, at: datetime) -> None:
    row = store.login(session, _sha256(token))
    if row is not None and row.ended_at is None:
        row.ended_at = at
        session.add(row)
        who = Actor(str(row.user_id), "", frozenset())
        audit_service.record(session, by=who, did="person.signed_out", on=row.user_id, at=at)


def actor_of_login(session: Session, token: str, *, at: datetime) -> Actor | None:
    """Give who holds this token, if it still counts."""
    row = store.login(session, _sha256(token))
    if row is None or row.ended_at is not None or row.opened_at + LOGIN_LASTS <= at:
        return None
    person = store.user(session, row.user_id)
    if person is None or person.disabled_at is not None:
        return None
    return Actor(str(person.id), person.name, store.roles(session, person.id))


def find_by_login(session: Session, login: str) -> User | None:
    folded = login.strip().lower()
    return store.user_by_login(session, folded) if LOGIN_SHAPE.match(folded) else None


def person(session: Session, user_id: UUID) -> User | None:
    return store.user(session, user_id)


def name_of(session: Session, actor_id: str) -> str:
    """Give the name behind an actor's id, for pages that show who did something."""
    try:
        found = store.user(session, UUID(actor_id))
    except ValueError:
        return {"system": "sjt"}.get(actor_id, actor_id)
    return found.name if found else actor_id


def actor_of(session: Session, actor_id: str) -> Actor | None:
    """Give somebody who can sign in, with their roles, by id."""
    try:
        found = store.user(session, UUID(actor_id))
    except ValueError:
        return None
    if found is None or found.disabled_at is not None:
        return None
    return Actor(actor_id, found.name, store.roles(session, found.id))


def password_matches(session: Session, by: Actor, password: str) -> bool:
    """Tell whether a signature holds: the person's own password; call outside a transaction, it takes its time."""
    found = store.user(session, UUID(by.id))
    return passwords.matches(password, found.password_hash if found is not None else None)


def people(session: Session) -> list[tuple[User, frozenset[Role]]]:
    held = store.all_roles(session)
    return [(user, held.get(user.id, frozenset())) for user in store.users(session)]


def people_with_role(session: Session, role: Role) -> Sequence[User]:
    return [user for user in store.users_with_role(session, role) if user.disabled_at is None]


def actor_for(session: Session, login: str, *, needs: Role | None = None) -> Actor:
    """Give the actor behind a log-in name, for commands that say ``--by``."""
    found = find_by_login(session, login)
    if found is None or found.disabled_at is not None:
        raise NotFound(f"Nobody signs in as {login}. `sjt user list` shows who does.")
    held = store.roles(session, found.id)
    if needs is not None and needs not in held:
        raise MoveRefused(f"{found.name} ({login}) is no {needs.value.replace('-', ' ')}. Name somebody who is.")
    return Actor(str(found.id), found.name, held)


def _person(session: Session, user_id: UUID) -> User:
    found = store.user(session, user_id)
    if found is None:
        raise NotFound("There is no such person.")
    return found
