"""People, links and log-ins as deeds, on both databases."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from sjt import db
from sjt.access import SYSTEM, Actor, Role
from sjt.accounts import passwords, service
from sjt.accounts.model import LINK_LASTS, LOGIN_LASTS, LinkPurpose
from sjt.errors import Conflict, InputError, MoveRefused, NotFound

NOW = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
ADMIN = frozenset({Role.ADMINISTRATOR})
WRITER = frozenset({Role.WRITER})


def add(database: db.Database, login: str, roles: frozenset[Role] = WRITER) -> UUID:
    with database.transaction() as session:
        return service.add_person(session, login=login, name=login.title(), email="", roles=roles, by=SYSTEM, now=NOW)


def link(database: db.Database, user_id: UUID, at: datetime = NOW) -> str:
    with database.transaction() as session:
        return service.make_link(session, user_id, LinkPurpose.INVITATION, by=SYSTEM, now=at)


def sign_in(database: db.Database, user_id: UUID, at: datetime = NOW) -> str:
    with database.transaction() as session:
        return service.open_login(session, user_id, at=at)


def who(database: db.Database, token: str, at: datetime = NOW) -> Actor | None:
    with database.session() as session:
        return service.actor_of_login(session, token, at=at)


def test_a_log_in_name_is_taken_once_whatever_its_case(either: db.Database) -> None:
    add(either, "priya")
    with pytest.raises(Conflict, match="priya already"):
        add(either, " Priya ")


@pytest.mark.parametrize("login", ["", "a", "-ab", "pri ya", "priya\n", "pri\x00ya", "ä" * 3, "a" * 81])
def test_a_log_in_name_that_cannot_be_typed_is_refused(database: db.Database, login: str) -> None:
    if login.strip() == "priya":  # white space around a name is taken off, not kept
        assert add(database, login)
        return
    with pytest.raises(InputError, match="log-in name"):
        add(database, login)


def test_every_fault_of_a_person_is_told_at_once(database: db.Database) -> None:
    with pytest.raises(InputError) as caught, database.transaction() as session:
        service.add_person(session, login="priya", name="Pri\x00ya", email="no", roles=WRITER, by=SYSTEM, now=NOW)
    assert [fault.field for fault in caught.value.faults] == ["Name", "E-mail"]


def test_staff_are_never_candidates(database: db.Database) -> None:
    with pytest.raises(InputError, match="Candidates are loaded"):
        add(database, "ade", frozenset({Role.CANDIDATE}))
    ade = add(database, "ade")
    with pytest.raises(InputError, match="Candidates are loaded"), database.transaction() as session:
        service.change_roles(session, ade, frozenset({Role.CANDIDATE}), by=SYSTEM, now=NOW)


def test_the_last_administrator_keeps_the_role_and_the_log_in(either: db.Database) -> None:
    kim, lee = add(either, "kim", ADMIN), add(either, "lee", ADMIN)
    with either.transaction() as session:
        service.disable(session, lee, by=Actor(str(kim), "Kim", ADMIN), now=NOW)
    with pytest.raises(MoveRefused, match="last administrator"), either.transaction() as session:
        service.change_roles(session, kim, WRITER, by=SYSTEM, now=NOW)
    with pytest.raises(MoveRefused, match="last administrator"), either.transaction() as session:
        service.disable(session, kim, by=SYSTEM, now=NOW)
    with either.transaction() as session:  # a disabled administrator is not the last one who can sign in
        service.change_roles(session, lee, WRITER, by=SYSTEM, now=NOW)


def test_two_administrators_cannot_put_each_other_out_at_once(either: db.Database) -> None:
    kim, lee = add(either, "kim", ADMIN), add(either, "lee", ADMIN)
    refused: list[str] = []
    start = threading.Barrier(2)

    def put_out(mine: UUID, other: UUID) -> None:
        start.wait()
        try:
            with either.transaction() as session:
                service.disable(session, other, by=Actor(str(mine), "", ADMIN), now=NOW)
        except MoveRefused as error:
            refused.append(error.message)

    threads = [threading.Thread(target=put_out, args=pair) for pair in ((kim, lee), (lee, kim))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(refused) == 1
    with either.session() as session:
        assert len(service.people_with_role(session, Role.ADMINISTRATOR)) == 1


def test_nobody_disables_themselves(database: db.Database) -> None:
    kim = add(database, "kim", ADMIN)
    add(database, "lee", ADMIN)
    with pytest.raises(MoveRefused, match="your own"), database.transaction() as session:
        service.disable(session, kim, by=Actor(str(kim), "Kim", ADMIN), now=NOW)


def test_a_link_works_once(either: db.Database) -> None:
    user = add(either, "priya")
    token = link(either, user)
    hashed = passwords.hashed("three calm otters")
    with either.transaction() as session:
        assert service.use_link(session, token, hashed, now=NOW) == user
    with pytest.raises(NotFound, match="was used"), either.transaction() as session:
        service.use_link(session, token, hashed, now=NOW)


@pytest.mark.postgresql
def test_a_link_used_twice_at_once_sets_one_password(postgresql_database: db.Database) -> None:
    token = link(postgresql_database, add(postgresql_database, "priya"))
    done: list[str] = []
    start = threading.Barrier(2)

    def use(password_hash: str) -> None:
        start.wait()
        try:
            with postgresql_database.transaction() as session:
                service.use_link(session, token, password_hash, now=NOW)
            done.append("set")
        except NotFound:
            done.append("refused")

    threads = [threading.Thread(target=use, args=(f"hash {n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(done) == ["refused", "set"]


def test_a_link_runs_out_after_seven_days(database: db.Database) -> None:
    token = link(database, add(database, "priya"))
    with database.session() as session:
        assert service.person_of_link(session, token, at=NOW + LINK_LASTS - timedelta(seconds=1)).login == "priya"
        with pytest.raises(NotFound):
            service.person_of_link(session, token, at=NOW + LINK_LASTS)


def test_a_new_link_spends_the_one_before(database: db.Database) -> None:
    user = add(database, "priya")
    first, second = link(database, user), link(database, user)
    with database.session() as session:
        with pytest.raises(NotFound):
            service.person_of_link(session, first, at=NOW)
        assert service.person_of_link(session, second, at=NOW).id == user


def test_only_the_hash_of_a_link_or_log_in_is_kept(database: db.Database) -> None:
    user = add(database, "priya")
    kept = (link(database, user), sign_in(database, user))
    with database.session() as session:
        driver: Any = session.connection().connection.driver_connection
        dump = "\n".join(driver.iterdump())
    assert str(user).replace("-", "") in dump and not any(token in dump for token in kept)


def test_disabling_ends_log_ins_and_spends_links(either: db.Database) -> None:
    user = add(either, "priya")
    token, login = link(either, user), sign_in(either, user)
    assert who(either, login) is not None
    with either.transaction() as session:
        service.disable(session, user, by=SYSTEM, now=NOW)
    assert who(either, login) is None
    with either.session() as session, pytest.raises(NotFound):
        service.person_of_link(session, token, at=NOW)
    with pytest.raises(MoveRefused, match="Enable it first"):
        link(either, user)
    with either.transaction() as session:
        service.enable(session, user, by=SYSTEM, now=NOW)
    assert who(either, login) is None, "an old log-in stays ended"


def test_a_log_in_lasts_a_working_day(database: db.Database) -> None:
    token = sign_in(database, add(database, "priya"))
    assert who(database, token, NOW + LOGIN_LASTS - timedelta(seconds=1)) is not None
    assert who(database, token, NOW + LOGIN_LASTS) is None


def test_changed_roles_count_from_the_next_request(database: db.Database) -> None:
    user = add(database, "priya")
    token = sign_in(database, user)
    with database.transaction() as session:
        service.change_roles(session, user, frozenset({Role.AUDITOR}), by=SYSTEM, now=NOW)
    found = who(database, token)
    assert found is not None and found.roles == {Role.AUDITOR}


def test_a_reset_ends_every_other_log_in(database: db.Database) -> None:
    user = add(database, "priya")
    old = sign_in(database, user)
    token = link(database, user)
    with database.transaction() as session:
        service.use_link(session, token, "a hash", now=NOW)
    assert who(database, old) is None


def test_a_changed_password_keeps_the_log_in_that_changed_it_alone(database: db.Database) -> None:
    user = add(database, "priya")
    here, elsewhere = sign_in(database, user), sign_in(database, user)
    token = link(database, user)
    with database.transaction() as session:
        service.set_password_hash(session, user, "a hash", by=Actor(str(user), "Priya", WRITER), now=NOW, keep=here)
    assert who(database, here) is not None and who(database, elsewhere) is None
    with database.session() as session, pytest.raises(NotFound):
        service.person_of_link(session, token, at=NOW)


def test_an_actor_for_a_command_must_hold_the_role(database: db.Database) -> None:
    add(database, "priya")
    with database.session() as session:
        with pytest.raises(NotFound, match="Nobody signs in as"):
            service.actor_for(session, "nobody")
        with pytest.raises(MoveRefused, match="is no awarding officer"):
            service.actor_for(session, "priya", needs=Role.AWARDING_OFFICER)


def test_an_installation_has_one_organisation(either: db.Database) -> None:
    with either.transaction() as session:
        service.found_organisation(session, "Northern EPA", simulated=False, by=SYSTEM, now=NOW)
    with pytest.raises(Conflict, match="already"), either.transaction() as session:
        service.found_organisation(session, "Another", simulated=False, by=SYSTEM, now=NOW)
