"""The end-point record as its people walk it: gateway, portfolio, interview, evidence pack, award, by its plan."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import select

from sjt import db
from sjt.access import SYSTEM, Actor, Role
from sjt.authoring import service as authoring
from sjt.authoring.plan import GradeRow, Plan
from sjt.delivery.tables import Candidate, GatewayEvidence
from sjt.errors import MoveRefused
from sjt.grading import service
from sjt.grading.rules import SignedAs
from sjt.grading.tables import AwardSignature, ComponentResult, Interview
from sjt.results import service as results
from sjt.results.model import CorrectionKind
from sjt.times import ManualClock
from tests.builders.clients import StrictClient
from tests.builders.forms import GOOD, NINE, OFFICER_A, OFFICER_B, PSYCHOMETRICIAN, a_sat_session, put_form
from tests.builders.published import Published
from tests.builders.rooms import EVIDENCE, PLAN, papers_from

Clients = Callable[..., StrictClient]
WHY = "Three cases show sound judgement and the voice of the child throughout."
LATER = "ap-sjt-portfolio-interview-2027"
INTERVIEW_DAY = date(2026, 3, 14)
"""The clock of these tests stands on this day; a portfolio of 21 days before is just in time."""
IN_TIME = INTERVIEW_DAY - timedelta(days=21)


@dataclass(frozen=True)
class Apprentices:
    passed: UUID
    failed: UUID
    no_maths: UUID
    under_the_later_plan: UUID


@pytest.fixture
def people(app: Any, database: db.Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Apprentices]:
    """Release a judgement test of four apprentices: one failed, one lacks maths, one is bound by a later plan."""
    source = Published()
    older = source.bank.plans[PLAN]
    assert older.grade_calculator is not None
    # the later plan wants both graded parts at distinction for a pass: the same outcomes give another award
    strict = dataclasses.replace(
        older.grade_calculator,
        rows=(
            GradeRow(when={"sjt": "pass", "portfolio": "distinction", "interview": "distinction"}, award="pass"),
            GradeRow(when={"anyComponent": "fail"}, award="fail"),
            GradeRow(when={"sjt": "pass"}, award="fail"),
        ),
    )
    plans: dict[str, Plan] = {
        PLAN: older,
        LATER: dataclasses.replace(older, id=LATER, title="The plan of 2027", grade_calculator=strict),
    }
    source.bank = dataclasses.replace(source.bank, plans=plans)
    monkeypatch.setattr(authoring, "plan", lambda session, plan_id: plans[plan_id])
    monkeypatch.setattr(authoring, "plans", lambda session: plans)
    monkeypatch.setattr(authoring, "bank_exists", lambda session: True)
    monkeypatch.setattr(authoring, "standard", lambda session: source.bank.standard)
    with db.transaction() as session:
        put_form(session, written=False)
        sat = a_sat_session(session, [GOOD, {"s3-a": "A"}, GOOD, GOOD])
        cut = results.propose(session, "form-1", by=PSYCHOMETRICIAN, now=NINE)
        for officer in (OFFICER_A, OFFICER_B):
            results.adopt(session, cut, by=officer, now=NINE)
        results.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        results.release(
            session,
            results.propose_release(session, sat.id, by=OFFICER_A, now=NINE),
            by=OFFICER_B,
            now=NINE,
        )
        for n, candidate_id in enumerate(sat.candidates):
            row = session.get_one(Candidate, candidate_id)
            row.plan = LATER if n == 3 else PLAN
            session.add(row)
            session.add_all(
                GatewayEvidence(candidate_id=candidate_id, evidence=one, recorded_by="admin", recorded_at=NINE)
                for one in EVIDENCE
                if not (n == 2 and one == "G6")
            )
    with papers_from(source):
        yield Apprentices(*sat.candidates)


@pytest.fixture
def ann(client_as: Clients) -> StrictClient:
    return client_as(Role.ASSESSOR, login="ann")


@pytest.fixture
def olga(client_as: Clients) -> StrictClient:
    return client_as(Role.AWARDING_OFFICER, login="olga")


def hand_in(client: StrictClient, who: UUID, day: date = IN_TIME) -> Any:
    return client.post(f"/epa/{who}/hand-in", {"hand_in-day": day.isoformat()})


def grade(client: StrictClient, who: UUID, component: str, outcome: str, reason: str = WHY) -> Any:
    fields = {f"{component}-outcome": outcome, f"{component}-reason": reason}
    return client.post(f"/epa/{who}/grade/{component}", fields)


def book(client: StrictClient, who: UUID, day: date = INTERVIEW_DAY) -> Any:
    return client.post(f"/epa/{who}/interview", {"book-day": day.isoformat()})


def sign(client: StrictClient, who: UUID, signed_as: str, award: str) -> Any:
    return client.post(f"/epa/{who}/award", {"signed_as": signed_as, "grade": award})


def up_to_the_interview(client: StrictClient, who: UUID, portfolio: str) -> None:
    for answer in (
        hand_in(client, who),
        grade(client, who, "portfolio", portfolio),
        book(client, who),
        client.post(f"/epa/{who}/interview/open"),
    ):
        assert answer.status_code == 303, answer.soup.main.get_text()


def stored(table: Any) -> int:
    with db.session() as session:
        return len(session.exec(select(table)).all())


def test_the_record_names_the_plan_and_what_stands_in_the_way(ann: StrictClient, people: Apprentices) -> None:
    page = ann.get(f"/epa/{people.passed}").soup
    assert PLAN in page.main.get_text() and "Nothing" in page.main.get_text()
    lacking = ann.get(f"/epa/{people.no_maths}").soup.main.get_text()
    assert "maths at level 2" in lacking and "Incomplete" in lacking
    assert LATER in ann.get(f"/epa/{people.under_the_later_plan}").soup.main.get_text()


def test_a_failed_test_blocks_the_interview_and_cites_the_rule(ann: StrictClient, people: Apprentices) -> None:
    hand_in(ann, people.failed)
    page = ann.get(f"/epa/{people.failed}").soup.main.get_text()
    assert "The interview cannot be opened" in page and "the result is fail" in page
    refused = book(ann, people.failed)
    assert refused.status_code == 409
    assert "must be passed before" in refused.soup.main.get_text() and PLAN in refused.soup.main.get_text()
    assert ann.post(f"/epa/{people.failed}/interview/open").status_code == 409
    assert stored(Interview) == 0


def test_an_incomplete_gateway_blocks_portfolio_and_interview(ann: StrictClient, people: Apprentices) -> None:
    hand_in(ann, people.no_maths)
    for refused in (grade(ann, people.no_maths, "portfolio", "pass"), book(ann, people.no_maths)):
        assert refused.status_code == 409 and "maths at level 2" in refused.soup.main.get_text()
    assert stored(ComponentResult) == stored(Interview) == 0


def test_the_portfolio_is_graded_first_and_handed_in_in_time(ann: StrictClient, people: Apprentices) -> None:
    late = book(ann, people.passed)
    assert late.status_code == 409 and "no hand-in date" in late.soup.main.get_text()
    assert hand_in(ann, people.passed, IN_TIME + timedelta(days=1)).status_code == 303
    late = book(ann, people.passed)
    assert late.status_code == 409 and "2026-03-15 is the earliest day" in late.soup.main.get_text()
    assert hand_in(ann, people.passed).status_code == 303 and book(ann, people.passed).status_code == 303
    early = ann.post(f"/epa/{people.passed}/interview/open")
    assert early.status_code == 409 and "graded first" in early.soup.main.get_text()
    assert "Open interview" not in ann.get(f"/epa/{people.passed}").soup.main.get_text()
    assert grade(ann, people.passed, "portfolio", "pass").status_code == 303
    assert "Open interview" in ann.get(f"/epa/{people.passed}").soup.main.get_text()


def test_a_grade_needs_an_outcome_of_the_plan_and_a_reason(ann: StrictClient, people: Apprentices) -> None:
    url = f"/epa/{people.passed}/grade/portfolio"
    empty = ann.post(url, {"portfolio-outcome": "", "portfolio-reason": ""})
    assert empty.status_code == 422 and len(empty.soup.select(".error-summary a")) == 2
    assert grade(ann, people.passed, "portfolio", "merit").status_code == 422
    short = grade(ann, people.passed, "portfolio", "pass", "good work")
    assert short.status_code == 422 and "says too little" in short.soup.main.get_text()
    assert ann.post(f"/epa/{people.passed}/grade/sjt", {"sjt-outcome": "pass"}).status_code == 404
    ahead = hand_in(ann, people.passed, INTERVIEW_DAY + timedelta(days=1))
    assert ahead.status_code == 422 and stored(ComponentResult) == 0


def test_the_pack_opens_with_the_interview_to_its_assessor_alone(
    ann: StrictClient, client_as: Clients, people: Apprentices
) -> None:
    bob = client_as(Role.ASSESSOR, login="bob")
    pack = f"/epa/{people.passed}/interview"
    assert ann.get(pack).status_code == 409
    up_to_the_interview(ann, people.passed, "pass")
    page = ann.get(pack)
    text = page.soup.main.get_text()
    assert page.status_code == 200 and len(page.soup.select(".pack-item")) == 5
    assert "Why B stands" in text and page.soup.select(".prompts li"), "what the key says, and what to ask"
    assert bob.get(pack).status_code == 403
    assert bob.post(f"{pack}/notes", {"notes": "mine"}).status_code == 403
    assert grade(bob, people.passed, "interview", "pass").status_code == 403
    assert ann.post(f"{pack}/notes", {"notes": "She spoke of <b>thresholds</b>."}).status_code == 303
    assert "She spoke of <b>thresholds</b>." in ann.get(pack).soup.textarea.get_text()
    assert book(bob, people.passed).status_code == 409, "an opened interview is not taken over"


def test_who_worked_with_the_employer_assesses_nothing(ann: StrictClient, people: Apprentices) -> None:
    assert ann.post("/marking/ties", {"kind": "employer", "name": "a HOME"}).status_code == 303
    for refused in (grade(ann, people.passed, "portfolio", "pass"), book(ann, people.passed)):
        assert refused.status_code == 403 and "another assessor" in refused.soup.main.get_text()


@pytest.mark.parametrize(
    ("portfolio", "interview", "award"),
    [
        ("distinction", "pass", "pass"),
        ("distinction", "distinction", "distinction"),
        ("pass", "distinction", "pass"),
        ("pass", "fail", "fail"),
    ],
)
def test_the_award_follows_the_plans_table_with_two_signatures(
    ann: StrictClient, olga: StrictClient, people: Apprentices, portfolio: str, interview: str, award: str
) -> None:
    who = people.passed
    up_to_the_interview(ann, who, portfolio)
    early = sign(ann, who, "assessor", award)
    assert early.status_code == 409 and "competence interview" in early.soup.main.get_text()
    assert "Not yet awardable" in ann.get(f"/epa/{who}").soup.main.get_text()
    assert grade(ann, who, "interview", interview).status_code == 303
    assert f"Sign: {award} (as assessor)" in ann.get(f"/epa/{who}").soup.main.get_text()
    other = "pass" if award != "pass" else "distinction"
    assert sign(ann, who, "assessor", other).status_code == 409, "nobody signs what the table does not give"
    assert sign(olga, who, "awarding-officer", award).status_code == 409, "the assessor signs first"
    assert sign(ann, who, "awarding-officer", award).status_code == 403
    assert sign(ann, who, "assessor", award).status_code == 303
    assert sign(ann, who, "assessor", award).status_code == 409
    assert f"Awarded: {award}" not in ann.get(f"/epa/{who}").soup.get_text()
    assert sign(olga, who, "awarding-officer", award).status_code == 303
    page = olga.get(f"/epa/{who}").soup
    assert f"Awarded: {award}" in page.get_text() and page.main.get_text().count(PLAN) >= 3
    for late in (grade(ann, who, "interview", "pass"), sign(olga, who, "awarding-officer", award)):
        assert late.status_code == 409, "a signed award stands"


def test_nothing_missing_is_ever_a_pass(ann: StrictClient, olga: StrictClient, people: Apprentices) -> None:
    up_to_the_interview(ann, people.passed, "distinction")
    for client, signed_as in ((ann, "assessor"), (olga, "awarding-officer")):
        for award in ("pass", "distinction", "fail"):
            assert sign(client, people.passed, signed_as, award).status_code == 409
    assert stored(AwardSignature) == 0


def test_one_person_with_both_roles_signs_once(client_as: Clients, people: Apprentices) -> None:
    both = client_as(Role.ASSESSOR, Role.AWARDING_OFFICER, login="bo")
    up_to_the_interview(both, people.passed, "pass")
    assert grade(both, people.passed, "interview", "pass").status_code == 303
    assert sign(both, people.passed, "assessor", "pass").status_code == 303
    again = sign(both, people.passed, "awarding-officer", "pass")
    assert again.status_code == 409 and "another person signs" in again.soup.main.get_text()
    with db.session() as session:
        held = session.exec(select(AwardSignature)).one().model_dump(exclude={"id"})
    with pytest.raises(sa.exc.IntegrityError), db.transaction() as session:
        session.add(AwardSignature(**held))


def test_each_apprentice_is_awarded_by_the_plan_they_began_under(
    ann: StrictClient, olga: StrictClient, people: Apprentices
) -> None:
    for who, award, plan in ((people.passed, "pass", PLAN), (people.under_the_later_plan, "fail", LATER)):
        up_to_the_interview(ann, who, "distinction")
        assert grade(ann, who, "interview", "pass").status_code == 303
        assert sign(ann, who, "assessor", award).status_code == 303
        assert sign(olga, who, "awarding-officer", award).status_code == 303
        with db.session() as session:
            signed = session.exec(select(AwardSignature).where(AwardSignature.candidate_id == who)).all()
        assert {row.plan for row in signed} == {plan} and {row.grade for row in signed} == {award}


def test_a_changed_grade_makes_the_first_signature_void(
    ann: StrictClient, olga: StrictClient, people: Apprentices
) -> None:
    up_to_the_interview(ann, people.passed, "distinction")
    grade(ann, people.passed, "interview", "pass")
    sign(ann, people.passed, "assessor", "pass")
    grade(ann, people.passed, "interview", "distinction")
    assert sign(olga, people.passed, "awarding-officer", "distinction").status_code == 409
    assert sign(ann, people.passed, "assessor", "distinction").status_code == 303
    assert sign(olga, people.passed, "awarding-officer", "distinction").status_code == 303
    assert "Awarded: distinction" in olga.get(f"/epa/{people.passed}").soup.get_text()
    assert "version 2" in olga.get(f"/epa/{people.passed}").soup.main.get_text(), "the grade before stays in sight"


def test_a_re_award_opens_a_signed_award_and_the_interview_gate_follows(
    ann: StrictClient, olga: StrictClient, people: Apprentices
) -> None:
    who = people.passed
    up_to_the_interview(ann, who, "pass")
    grade(ann, who, "interview", "pass")
    sign(ann, who, "assessor", "pass")
    assert sign(olga, who, "awarding-officer", "pass").status_code == 303
    with db.transaction() as session:
        sat = results.outcome_of(session, who)
        assert sat is not None
        for item, key, letters in (
            ("s1-a", {"order": [["E"], ["D"], ["C"], ["A"], ["B"]]}, "ABCDE"),
            ("s1-b", {"key": ["A", "C", "D"]}, "ABCDEFGH"),
        ):
            why = dict.fromkeys(letters, "It weighs one danger against what the person wants and leaves room to think.")
            wanted = results.prepare_correction(
                session, item, "s1" * 32, CorrectionKind.KEY, key, why, today=NINE.date()
            )
            made = results.propose_correction(session, wanted, WHY, by=PSYCHOMETRICIAN, now=NINE)
            for officer in (OFFICER_A, OFFICER_B):
                results.sign_correction(session, made, by=officer, now=NINE)
        results.mark_session(session, sat.session_id, by=SYSTEM, now=NINE)
    assert "Awarded: pass" in olga.get(f"/epa/{who}").soup.get_text(), "marking touches no result that is out"
    with db.transaction() as session:
        proposal = results.propose_reaward(session, sat.session_id, WHY, spare=False, by=OFFICER_A, now=NINE)
        assert results.release(session, proposal, by=OFFICER_B, now=NINE) == 3
    page = ann.get(f"/epa/{who}").soup.get_text(" ", strip=True)
    assert "To be signed anew" in page and "Awarded: pass" not in page and "in place of the result of" in page
    assert "to be signed anew" in olga.get("/epa/?show=award").soup.main.get_text()
    refused = book(ann, people.under_the_later_plan)
    assert refused.status_code == 409 and "the result is fail" in refused.soup.main.get_text()
    assert sign(olga, who, "awarding-officer", "fail").status_code == 409, "the assessor signs first, anew"
    assert sign(ann, who, "assessor", "fail").status_code == 303
    assert sign(olga, who, "awarding-officer", "fail").status_code == 303
    page = olga.get(f"/epa/{who}").soup.get_text(" ", strip=True)
    assert "Awarded: fail" in page and "Version 1: pass" in page and stored(AwardSignature) == 4


@pytest.mark.parametrize("role", [Role.WRITER, Role.INVIGILATOR, Role.JUDGE, Role.EMPLOYER])
def test_others_see_no_record(client_as: Clients, people: Apprentices, role: Role) -> None:
    client = client_as(role)
    for url in ("/epa/", f"/epa/{people.passed}", f"/epa/{people.passed}/interview"):
        assert client.get(url).status_code == 403, url
    assert grade(client, people.passed, "portfolio", "pass").status_code == 403


def test_an_employer_sees_where_its_own_apprentices_stand_and_no_grade_before_the_award(
    client_as: Clients, ann: StrictClient, people: Apprentices, clock: ManualClock
) -> None:
    contact, admin = client_as(Role.EMPLOYER, login="emma"), client_as(Role.ADMINISTRATOR)
    assert "No apprentices yet" in contact.get("/epa/mine").soup.main.get_text()
    with db.transaction() as session:
        stranger = session.get_one(Candidate, people.failed)
        stranger.employer = "Another home"
        session.add(stranger)
    person = next(a["href"] for a in admin.get("/people").soup.select("th a") if "emma" in a.find_parent("tr").text)
    assert "A home" in admin.get(person).soup.main.get_text(), "the employers there are stand on the page"
    assert admin.post(f"{person}/employer", {"employer": ""}).status_code == 422
    assert admin.post(f"{person}/employer", {"employer": "a  HOME"}).status_code == 303
    up_to_the_interview(ann, people.passed, "distinction")
    page = contact.get("/epa/mine").soup.main.get_text()
    assert "3 apprentices" in page and "Given2" not in page
    for hidden in ("istinction", "64", WHY):
        assert hidden not in page


def test_only_contacts_have_an_employer(client_as: Clients, people: Apprentices) -> None:
    admin = client_as(Role.ADMINISTRATOR)
    client_as(Role.WRITER, login="wanda")
    person = next(a["href"] for a in admin.get("/people").soup.select("th a") if "wanda" in a.find_parent("tr").text)
    refused = admin.post(f"{person}/employer", {"employer": "A home"})
    assert refused.status_code == 409 and "Give the role first" in refused.soup.main.get_text()
    fields = {"name": "E", "login": "eva", "roles": "writer", "employer": "A home"}
    assert admin.post("/people/new", fields).status_code == 422
    assert admin.post("/people/new", {**fields, "roles": "employer"}).status_code == 200
    person = next(a["href"] for a in admin.get("/people").soup.select("th a") if "eva" in a.find_parent("tr").text)
    assert admin.get(person).soup.select_one("input[name=employer]")["value"] == "A home"


def test_a_plan_that_left_the_bank_takes_neither_list_nor_desk_down(
    ann: StrictClient, olga: StrictClient, people: Apprentices
) -> None:
    with db.transaction() as session:
        row = session.get_one(Candidate, people.passed)
        row.plan = "plan-of-1999"
        session.add(row)
    shown = olga.get("/epa/")
    assert shown.status_code == 200 and "plan-of-1999" in shown.soup.main.get_text()
    assert olga.get("/desk").status_code == 200


def test_the_service_refuses_what_the_pages_refuse(people: Apprentices) -> None:
    ann = Actor("ann", "Ann", frozenset({Role.ASSESSOR}))
    with db.transaction() as session, pytest.raises(MoveRefused, match="outcome comes from its release"):
        service.grade_component(session, people.passed, "sjt", "pass", WHY, by=ann, now=NINE)
    with db.transaction() as session, pytest.raises(MoveRefused, match="not opened"):
        service.grade_component(session, people.passed, "interview", "pass", WHY, by=ann, now=NINE)
    with db.transaction() as session, pytest.raises(MoveRefused, match="No grade can be awarded"):
        service.sign_award(session, people.passed, SignedAs.ASSESSOR, "pass", by=ann, now=NINE)
