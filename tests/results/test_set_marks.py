"""Pass marks of all forms of a set in one deed: proposed together or not at all, signed by two, never on old words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from sjt import db
from sjt.access import Role
from sjt.authoring.states import FormUse
from sjt.errors import Forbidden, InputError, MoveRefused
from sjt.results import service, set_marks
from tests.builders.forms import NINE, OFFICER_A, OFFICER_B, PSYCHOMETRICIAN, put_form
from tests.builders.sittings import a_paper

Clients = Callable[..., Any]


def a_set(session: Session, *, judged: bool = True) -> UUID:
    """Publish three live forms and one for trial as one set."""
    first = put_form(session, "form-1", written=False)
    for place, name in enumerate(("form-2", "form-3"), start=2):
        form = put_form(session, name, paper=a_paper(name), written=False, judged=judged or place == 2)
        form.set_id, form.position = first.set_id, place
        session.add(form)
    trial = put_form(session, "form-4", paper=a_paper("form-4"), written=False, use=FormUse.TRIAL)
    trial.set_id, trial.position = first.set_id, 4
    session.add(trial)
    session.flush()
    return first.set_id


def test_all_forms_of_a_set_are_proposed_in_one_deed_and_stand_with_two_signatures(database: db.Database) -> None:
    with db.transaction() as session:
        made = a_set(session)
        with pytest.raises(Forbidden):
            set_marks.propose(session, made, by=OFFICER_A, now=NINE)
        assert set_marks.propose(session, made, by=PSYCHOMETRICIAN, now=NINE) == 3
        with pytest.raises(MoveRefused, match="Every form of this set has a pass mark"):
            set_marks.propose(session, made, by=PSYCHOMETRICIAN, now=NINE)
        seen = set_marks.mark_of(set_marks.of_set(session, made))
        assert set_marks.adopt(session, made, seen, by=OFFICER_A, now=NINE) == (3, 0)
        seen = set_marks.mark_of(set_marks.of_set(session, made))
        with pytest.raises(MoveRefused, match="waits for your signature"):
            set_marks.adopt(session, made, seen, by=OFFICER_A, now=NINE)
        assert set_marks.adopt(session, made, seen, by=OFFICER_B, now=NINE) == (3, 3)
    with db.session() as session:
        rows = set_marks.of_set(session, made)
        assert [row.form.form_id for row in rows] == ["form-1", "form-2", "form-3"], (
            "the form for trial decides nothing"
        )
        cuts = [row.standing for row in rows]
        assert all(
            cut is not None and (cut.adopted_by, cut.seconded_by) == (OFFICER_A.id, OFFICER_B.id) for cut in cuts
        )


def test_nothing_is_proposed_where_one_form_is_not_judged_whole(database: db.Database) -> None:
    with db.transaction() as session:
        made = a_set(session, judged=False)

    def propose() -> None:
        with db.transaction() as session:
            set_marks.propose(session, made, by=PSYCHOMETRICIAN, now=NINE)

    with pytest.raises(InputError, match="not every item of the set is judged") as caught:
        propose()
    assert {fault.where for fault in caught.value.faults} == {"form-3"}
    with db.session() as session:
        assert service.standing_cut(session, "form-1") is None


def test_who_signs_signs_what_the_page_showed(database: db.Database) -> None:
    with db.transaction() as session:
        made = a_set(session)
        set_marks.propose(session, made, by=PSYCHOMETRICIAN, now=NINE)
        seen = set_marks.mark_of(set_marks.of_set(session, made))
        service.propose(session, "form-2", by=PSYCHOMETRICIAN, now=NINE, reason="A second look.")
        with pytest.raises(MoveRefused, match="changed since you opened the page"):
            set_marks.adopt(session, made, seen, by=OFFICER_A, now=NINE)


def test_the_page_of_a_set_proposes_and_signs_for_whom_it_is(app: Any, client_as: Clients) -> None:
    with db.transaction() as session:
        made = a_set(session)
    lead, ann, ben = (
        client_as(role, login=login)
        for role, login in (
            (Role.PSYCHOMETRICIAN, "lead"),
            (Role.AWARDING_OFFICER, "ann"),
            (Role.AWARDING_OFFICER, "ben"),
        )
    )
    url = f"/results/pass-marks/sets/{made}"
    assert client_as(Role.WRITER).get(url).status_code == 403 and ann.post(f"{url}/propose").status_code == 403
    assert f'href="{url}"' in lead.get("/results/pass-marks").text
    assert "Propose for all 3 forms" in lead.get(url).text
    assert lead.post(f"{url}/propose").status_code == 303
    assert "Sign all" not in lead.get(url).text and lead.post(f"{url}/adopt").status_code == 403
    for officer, words in ((ann, "They stand with the second officer’s signature."), (ben, "3 of them stand now.")):
        page = officer.get(url).text
        found = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
        assert found is not None and "Sign all 3 pass marks" in page
        assert officer.post(f"{url}/adopt", {"seen": "0" * 64}).status_code == 409
        assert officer.post(f"{url}/adopt", {"seen": found.group(1)}).status_code == 303
        after = officer.get(url).text
        assert words in after and "Sign all" not in after
    assert after.count("Adopted, version 1") == 3
