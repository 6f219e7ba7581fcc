"""Forms and the life of what they hold: what runs keeps its version, what is out of use goes into nothing new."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from sjt import db
from sjt.access import SYSTEM, Actor, Role
from sjt.authoring import drafting, editor_page, gates, lifecycle, service, store, suspending
from sjt.authoring.states import ReviewKind, ScenarioState, Statistic
from sjt.authoring.suspending import Sought
from sjt.errors import MoveRefused
from tests.authoring.conftest import NOW

WRITER = Actor("w1", "Wanda Price", frozenset({Role.WRITER}))
DEVELOPER = Actor("d1", "Dina Marsh", frozenset({Role.TEST_DEVELOPER}))
READERS = [Actor(f"r{n}", f"Reader {n}", frozenset({Role.REVIEWER})) for n in (1, 2)]
FAIRNESS = Actor("f1", "Femi Adeyemi", frozenset({Role.FAIRNESS}))
A, B = "residential-14-s1-a", "residential-14-s1-b"


def _publish(form: str, use: str) -> None:
    with db.transaction() as session:
        service.publish_form(session, form, use=use, by=DEVELOPER, now=NOW)


def _edited(scenario_id: str, title: str) -> int:
    """Put a new version of a scenario into the bank by the writer's desk."""
    with db.transaction() as session:
        draft_id = drafting.edit(session, scenario_id, by=WRITER, now=NOW)
        fields = drafting.version_fields(session, scenario_id) | {"title": title}
        saved = drafting.save(session, draft_id, 1, fields, by=WRITER, now=NOW)
    with db.session() as session:
        row = drafting.draft(session, draft_id)
        built = editor_page.built_of(session, row, drafting.fields_of(session, row), service.bank(session))
    with db.transaction() as session:
        return drafting.put(session, draft_id, saved.revision, built, [], by=WRITER, now=NOW)


def test_an_edit_of_what_is_live_moves_no_form_and_goes_into_no_new_one_before_its_gates(built_set: UUID) -> None:
    _publish(A, "live")
    with db.session() as session:
        before = service.paper(session, A), service.secret(session, A)
        scenario_id = before[0].scenarios[0].id
        assert service.scenario_line(session, scenario_id).state is ScenarioState.LIVE, "an illustration"
        bank_id = service.bank(session).settings.id
    n = _edited(scenario_id, "Another title altogether")
    with db.session() as session:
        assert (service.paper(session, A), service.secret(session, A)) == before
        pinned = {one: version for one, version, _ in service.form_uses(session)[0].scenarios}
        assert pinned[scenario_id] == store.version(session, scenario_id, n - 1).scenario_sha256  # type: ignore[union-attr]  # it is there
        assert service.scenario_line(session, scenario_id).state is ScenarioState.DRAFT
        assert lifecycle.barred(session, bank_id) == {scenario_id}
        refused = lifecycle.refused_for_form(session, {scenario_id: True})
        assert "nobody has approved it for trial" in refused[0] or "has not made it live" in refused[0]
    with db.transaction() as session:
        lifecycle.move(session, scenario_id, "send", by=WRITER, now=NOW)
        for reader in READERS:
            lifecycle.review(session, scenario_id, n, ReviewKind.REVIEW, approves=True, words="", by=reader, now=NOW)
        lifecycle.review(session, scenario_id, n, ReviewKind.FAIRNESS, approves=True, words="", by=FAIRNESS, now=NOW)
        lifecycle.move(session, scenario_id, "approve", by=DEVELOPER, now=NOW)
        assert lifecycle.refused_for_form(session, {scenario_id: False}) == []
        lifecycle.published(session, [scenario_id], by=DEVELOPER, now=NOW)
        assert lifecycle.row_of(session, scenario_id).state is ScenarioState.ON_TRIAL, "a trial form puts it on trial"
        for item in service.scenario(session, scenario_id).items:
            rows = [(item.id, "facility", 0.66), (item.id, "discrimination", 0.21)]
            service.record_statistics(
                session,
                [Statistic(item, "", name, value, 0.05, 140, "trial 2026", "") for item, name, value in rows],
                by=SYSTEM, now=NOW,
            )  # fmt: skip
        gates.record_panel_verdict(session, scenario_id, n, passed=True, detail="", by=SYSTEM, now=NOW)
        lifecycle.move(session, scenario_id, "live", by=DEVELOPER, now=NOW)
        assert lifecycle.refused_for_form(session, {scenario_id: True}) == []
    with db.session() as session:
        assert (service.paper(session, A), service.secret(session, A)) == before, "and still no form has moved"


def test_what_is_suspended_is_refused_for_new_forms_and_forms_in_use_are_named(built_set: UUID) -> None:
    _publish(A, "trial")
    with db.session() as session:
        secret = service.held_form(session, B).secret
        both = {one.scenario for one in service.secret(session, A).items} & {one.scenario for one in secret.items}
        chosen = min(both or {secret.items[0].scenario})
        code = service.scenario(session, chosen).ksbs[0].code
        found = suspending.affected(session, Sought(code=code, all_states="yes"))
        line = next(one for one in found if one.id == chosen)
        assert (A in line.forms) is bool(both)
        assert {one.id for one in found} == {
            one.id for one in service.bank(session).scenarios if code in {tag.code for tag in one.ksbs}
        }
    with db.transaction() as session:
        act = suspending.suspend(
            session, [chosen], {"code": code}, "The code was withdrawn.", by=DEVELOPER, now=NOW + timedelta(hours=1)
        )
    with pytest.raises(MoveRefused, match=f"{chosen} is suspended"):
        _publish(B, "trial")
    with db.session() as session:
        assert suspending.act(session, act).forms == ((A,) if both else ())
        assert service.form_line(session, A).published_at is not None, "what runs goes on with what it was frozen with"
    with pytest.raises(MoveRefused, match="nothing was suspended"), db.transaction() as session:
        suspending.suspend(session, [chosen], {}, "Once more the same.", by=DEVELOPER, now=NOW)
