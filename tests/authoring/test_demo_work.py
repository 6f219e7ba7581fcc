"""The work under way that the demonstration shows, on a bank with a published form."""

from __future__ import annotations

from uuid import UUID

from sjt import db
from sjt.access import SYSTEM, Actor, Role
from sjt.accounts import service as accounts
from sjt.authoring import service, store
from sjt.authoring.states import ScenarioState, TaskKind
from sjt.demo.desk_work import SIMULATED, build_desk_work
from sjt.demo.people import STAFF
from tests.authoring.conftest import NOW


def test_the_demonstration_shows_a_review_a_comment_a_late_task_and_a_suspension_and_changes_no_word(
    built_set: UUID,
) -> None:
    with db.transaction() as session:
        staff = {
            one.login: Actor(
                str(
                    accounts.add_person(
                        session, login=one.login, name=one.name, email="", roles=one.roles, by=SYSTEM, now=NOW
                    )
                ),
                one.name,
                one.roles,
            )
            for one in STAFF
        }
        service.publish_form(session, "residential-14-s1-a", use="live", by=staff["developer"], now=NOW)
        held = {one.scenario for one in service.secret(session, "residential-14-s1-a").items}
        before = service.bank_files(session)
    build_desk_work(staff, NOW)
    with db.session() as session:
        assert service.bank_files(session) == before
        stands = {one.id: one.state for one in service.scenarios(session) if one.state is not ScenarioState.LIVE}
        assert sorted(state.value for state in stands.values()) == ["review", "suspended"] and not held & set(stands)
        (read,) = (one for one, state in stands.items() if state is ScenarioState.REVIEW)
        assert [one.resolved_at for one in store.threads(session, read)] == [None]
        late = [one for one in store.tasks(session) if one.due < NOW.date()]
        assert [one.kind for one in late] == [TaskKind.LAW]
        assert all(one.words.startswith(SIMULATED) for one in store.tasks(session))
        assert {Role.FAIRNESS} <= staff["fairness"].roles
