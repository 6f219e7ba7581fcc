"""The pages of judging, pass marks and results, by role, with the strict client."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from sjt import db
from sjt.access import SYSTEM, Role
from sjt.accounts import service as accounts
from sjt.marking import service as marking
from sjt.results import joining, service
from sjt.results.tables import Cut, JudgePanel
from tests.builders.forms import (
    GOOD,
    NINE,
    OFFICER_A,
    OFFICER_B,
    PSYCHOMETRICIAN,
    SatSession,
    a_sat_session,
    put_form,
    random_answers,
)

Clients = Callable[..., Any]


@pytest.fixture
def sat(app: Any, database: db.Database) -> SatSession:
    with database.transaction() as session:
        put_form(session, written=False)
        found = a_sat_session(session, random_answers(12))
        service.mark_session(session, found.id, by=SYSTEM, now=NINE)
    return found


@pytest.mark.parametrize("role", [Role.PSYCHOMETRICIAN, Role.AWARDING_OFFICER, Role.AUDITOR])
def test_who_may_see_results_sees_every_page(client_as: Clients, sat: SatSession, role: Role) -> None:
    client = client_as(role)
    for url in (
        "/results/",
        f"/results/sessions/{sat.id}",
        f"/results/sittings/{sat.sittings[0]}/marks",
        "/results/pass-marks",
        "/results/pass-marks/form-1",
    ):
        assert client.get(url).status_code == 200, url


@pytest.mark.parametrize("role", [Role.WRITER, Role.INVIGILATOR, Role.ASSESSOR, Role.EMPLOYER, Role.JUDGE])
def test_others_see_no_result(client_as: Clients, sat: SatSession, role: Role) -> None:
    client = client_as(role)
    for url in ("/results/", f"/results/sittings/{sat.sittings[0]}/marks", f"/results/sessions/{sat.id}/results.csv"):
        assert client.get(url).status_code == 403, url


def test_two_officers_adopt_and_release_on_pages(client_as: Clients, sat: SatSession) -> None:
    lead = client_as(Role.PSYCHOMETRICIAN)
    first, second = client_as(Role.AWARDING_OFFICER, login="ann"), client_as(Role.AWARDING_OFFICER, login="ben")
    page = lead.get("/results/pass-marks/form-1")
    assert "Propose" in page.text
    data = {"source": "bank", "reason": "As judged"}
    assert lead.post("/results/pass-marks/form-1/propose", data).status_code == 303
    with db.session() as session:
        cut = session.exec(select(Cut)).one()
    adopt = f"/results/pass-marks/form-1/cuts/{cut.id}/adopt"
    assert first.post(adopt).status_code == 303
    assert first.post(adopt).status_code == 409
    assert "A second awarding officer signs next" in first.get("/results/pass-marks/form-1").text
    assert second.post(adopt).status_code == 303
    assert first.post(f"/results/sessions/{sat.id}/release").status_code == 303
    shown = first.get(f"/results/sessions/{sat.id}")
    assert "You proposed this release" in shown.text
    form = second.get(f"/results/sessions/{sat.id}").soup.find("form", action=lambda a: a and a.endswith("/release"))
    assert first.post(form["action"]).status_code == 409
    assert second.post(form["action"]).status_code == 303
    done = second.get(f"/results/sessions/{sat.id}")
    assert "do not change any more" in done.text
    statement = second.get(f"/results/sittings/{sat.sittings[0]}/statement")
    assert "Statement of result" in statement.soup.h1.get_text() and "appeal" in statement.text


def test_a_page_says_what_a_release_waits_for(client_as: Clients, sat: SatSession) -> None:
    page = client_as(Role.AWARDING_OFFICER).get(f"/results/sessions/{sat.id}")
    assert "has no adopted pass mark" in page.text and "Propose the release" not in page.text


def test_no_statement_before_the_release(client_as: Clients, sat: SatSession) -> None:
    client = client_as(Role.AWARDING_OFFICER)
    assert client.get(f"/results/sittings/{sat.sittings[0]}/statement").status_code == 404


def test_a_judge_rates_and_is_told_the_chance_mark(client_as: Clients, sat: SatSession) -> None:
    lead, judge = client_as(Role.PSYCHOMETRICIAN), client_as(Role.JUDGE, login="jo")
    with db.session() as session:
        person = accounts.find_by_login(session, "jo")
    assert person is not None
    assert lead.post("/results/judging/new", {"title": "", "forms": "form-1"}).status_code == 422
    made = lead.post("/results/judging/new", {"title": "Spring", "forms": "form-1", "judges": str(person.id)})
    assert made.status_code == 303
    with db.session() as session:
        panel = session.exec(select(JudgePanel)).one()
    assert judge.get("/results/judging").status_code == 200
    onward = judge.get(f"/results/judging/{panel.id}/rate")
    assert onward.status_code == 303 and onward.location.endswith("/items/s1-a")
    page = judge.get(onward.location)
    assert "12 of 20" in page.text and "Why B stands" not in page.text
    low = judge.post(onward.location, {"rating": "11.5"})
    assert low.status_code == 422 and "below the chance mark 12 of 20" in low.text
    assert judge.post(onward.location, {"rating": "x"}).status_code == 422
    for item, rating in (("s1-a", "14.5"), ("s1-b", "8"), ("s2-a", "13"), ("s2-b", "5"), ("s3-a", "2.5")):
        assert judge.post(f"/results/judging/{panel.id}/items/{item}", {"rating": rating}).status_code == 303
    assert judge.get(f"/results/judging/{panel.id}/rate").location.endswith("/results/judging")
    assert "5 of 5" in lead.get(f"/results/judging/{panel.id}").text
    assert lead.post(f"/results/judging/{panel.id}/next-round").status_code == 303
    again = judge.get(f"/results/judging/{panel.id}/items/s1-a")
    assert "In the round before you said" in again.text
    assert lead.post(f"/results/judging/{panel.id}/close").status_code == 303
    shown = lead.get(f"/results/pass-marks/form-1?source={panel.id}")
    assert "Propose 43" in shown.text
    assert judge.get(f"/results/judging/{panel.id}").status_code == 403


def test_after_the_release_no_second_mark_can_be_asked_for(client_as: Clients, app: Any, database: db.Database) -> None:
    marker = client_as(Role.ASSESSOR)
    officers = OFFICER_A, OFFICER_B
    with database.transaction() as session:
        put_form(session)
        sat = a_sat_session(session, [{**GOOD, "s3-b": {"text": "I would tell the lead."}}])
        marking.open_queue(session, sat.id, by=SYSTEM, now=NINE)
    url = marker.post("/marking/next").location
    names = ("issue", "principle", "voice", "act")
    levels = {f"level_{name}": "3" for name in names}
    reasons = {f"reason_{name}": "It names the child’s wish and acts on it." for name in names}
    assert marker.post(url, {**levels, **reasons}).status_code == 303
    assert "Ask for a second mark" in marker.get(url).text
    with database.transaction() as session:
        cut = service.propose(session, "form-1", by=PSYCHOMETRICIAN, now=NINE)
        for officer in officers:
            service.adopt(session, cut, by=officer, now=NINE)
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        proposal = service.propose_release(session, sat.id, by=OFFICER_A, now=NINE)
        service.release(session, proposal, by=OFFICER_B, now=NINE)
    shown = marker.get(url)
    assert "Ask for a second mark" not in shown.text and "goes through an appeal" in shown.text
    refused = marker.post(f"{url}/second", {"reason_text": "I am not sure."})
    assert refused.status_code == 409 and "is released" in refused.soup.main.get_text()
    with database.session() as session:
        assert marking.is_complete(session, sat.sittings[0])


def test_a_release_is_refused_in_words_to_the_wrong_people(client_as: Clients, sat: SatSession) -> None:
    officer, lead = client_as(Role.AWARDING_OFFICER), client_as(Role.PSYCHOMETRICIAN)
    early = officer.post(f"/results/sessions/{sat.id}/release")
    assert early.status_code == 409 and "has no adopted pass mark" in early.soup.main.get_text()
    assert lead.post(f"/results/sessions/{sat.id}/release").status_code == 403
    assert officer.post("/results/pass-marks/form-1/propose", {"source": "bank"}).status_code == 403
    assert lead.post("/results/pass-marks/form-1/propose", {"source": "nobody"}).status_code == 422
    assert lead.post("/results/pass-marks/form-1/propose", {"source": "bank"}).status_code == 303
    with db.session() as session:
        cut = session.exec(select(Cut)).one()
    adopt = f"/results/pass-marks/form-1/cuts/{cut.id}/adopt"
    assert lead.post(adopt).status_code == 403
    assert officer.post(adopt).status_code == 303
    one = officer.post(f"/results/sessions/{sat.id}/release")
    assert one.status_code == 409, "one signature is not enough"


def test_a_changed_cut_leaves_released_results_as_they_were(client_as: Clients, sat: SatSession) -> None:
    tops = {"s1-a": 20, "s1-b": 12, "s2-a": 20, "s2-b": 8, "s3-a": 4}
    stricter = [{"item": name, "max": top, "mean": 0.95 * top, "n": 3} for name, top in tops.items()]
    found = {"method": "angoff", "cut": 60.8, "max": 64, "se_cut": 0.9, "rounds": [{"items": stricter}]}

    def sign(cut_id: UUID) -> None:
        for who in (OFFICER_A, OFFICER_B):
            service.adopt(session, cut_id, by=who, now=NINE)

    with db.transaction() as session:
        sign(service.propose(session, "form-1", by=PSYCHOMETRICIAN, now=NINE))
        proposal = service.propose_release(session, sat.id, by=OFFICER_A, now=NINE)
        service.release(session, proposal, by=OFFICER_B, now=NINE)
        before = [service.outcome_of_sitting(session, one) for one in sat.sittings]
    with db.transaction() as session:
        sign(service.propose_result(session, "form-1", found, source="a.json", by=SYSTEM, now=NINE))
    with db.session() as session:
        after = [service.outcome_of_sitting(session, one) for one in sat.sittings]
    assert after == before and {one.outcome.value for one in before if one} == {"pass", "fail"}
    officer = client_as(Role.AWARDING_OFFICER)
    assert "61 of 64" in officer.get("/results/pass-marks/form-1").soup.main.get_text()
    statement = officer.get(f"/results/sittings/{sat.sittings[0]}/statement").soup.main.get_text()
    # the centre's made-up name holds figures too
    assert re.search(r"Pass mark\s*43(?!\d)", statement) and not re.search(r"(?<!\w)61(?!\w)", statement)
    again = officer.post(f"/results/sessions/{sat.id}/release")
    assert again.status_code == 409, "what is released is not released again on another pass mark"


def test_csv_keeps_the_contracts_columns(client_as: Clients, sat: SatSession) -> None:
    client = client_as(Role.AUDITOR)
    long = client.get(f"/results/sessions/{sat.id}/results.csv").text.splitlines()
    assert long[0] == "session,form,candidate,attempt,item_version,format,rule,status,marks,max,key_version,label"
    assert len(long) == 1 + 12 * 5
    wide = client.get(f"/results/sessions/{sat.id}/results.csv?shape=wide").text.splitlines()
    assert wide == ["candidate,form,raw,max,cut,sem,outcome,released_at,label"]


def test_desks_show_what_waits(app: Any, sat: SatSession) -> None:
    with app.test_request_context("/"), db.session() as session:
        officer = {task.label: task.count for task in joining.tasks(session, OFFICER_A, NINE)}
    assert officer == {"Sessions with marks to release": 1}
