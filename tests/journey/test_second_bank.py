"""Another standard, level, option, plan, scale, matrix and rubric: from files to an award, nothing is welded to one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from sjt import db
from sjt.access import Role
from sjt.authoring import checks, service
from sjt.authoring.bank import load, read_files
from sjt.authoring.coverage import coverage
from sjt.config import Settings
from sjt.delivery.serving import Running
from sjt.demo import building, sittings
from sjt.demo.people import apprentices
from sjt.grading import service as grading
from sjt.joining import register_rooms
from sjt.marking import service as marking
from sjt.paths import resource_root
from sjt.results import service as results
from sjt.times import ManualClock

BANK = resource_root() / "scenario_bank" / "acw"
PLAN = "acw-test-and-talk"
TODAY = date(2026, 3, 1)


def test_it_is_sound_and_covers_what_its_plan_gives_the_test() -> None:
    reading = load(BANK)
    assert checks.check(reading, today=TODAY).findings == ()
    assert reading.bank is not None
    found = coverage(reading.bank, "home-care")
    assert found.gaps == ()
    assert "AS2" in found.codes  # the plan leaves it to the interview, so that no primary tag is missed
    assert "illustrative" in reading.bank.settings.title
    assert not any(statement.code_official for statement in reading.bank.standard.statements)


def test_from_its_files_to_an_award(
    database: db.Database, client_as: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_rooms()
    monkeypatch.setattr(sittings, "PLAN", PLAN)
    staff = building._staff()
    clock = ManualClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC), boot_id="simulated")
    with db.transaction() as session:
        service.import_bank(session, BANK, by=staff["writer"], now=clock.now())
        made = service.put_set(
            session, "blueprints/home-care-4.toml", forms=1, seed=1, by=staff["developer"], now=clock.now()
        )
    from sjt.authoring.forms_job import build_now

    assert build_now(made.id, by=staff["developer"])
    with db.transaction() as session:
        (line,) = service.forms_of_set(session, made.id)
        service.publish_form(
            session, line.form_id, use="live", by=staff["developer"], now=clock.now(), reason="Illustrative keys."
        )
        assert (line.max_marks, line.scenarios, line.option) == (Fraction(47), 4, "home-care")
        assert service.bank_files(session) == read_files(BANK)

    writer = client_as(Role.WRITER, Role.TEST_DEVELOPER)
    for url in (
        "/bank/",
        "/bank/coverage",
        "/bank/findings",
        "/bank/scenarios/acw-0002",
        "/forms/",
        "/bank/drafts/new",
    ):
        page = writer.get(url)
        assert page.status_code == 200, url
        assert not re.search(r"cypf|residential|community|\bPO\d|RC-1", page.soup.main.get_text(" ")), url

    settings = Settings(database.url.render_as_string(), tmp_path, "x" * 40, tmp_path / "anchor.pem", testing=True)
    running = Running(database, clock=clock).start(keep=False)
    people = list(apprentices(1, "home-care", 3, today=clock.now().date()))
    try:
        session_id = sittings.hold_session(
            running=running, clock=clock, settings=settings, centre="Hull", room="Room 1",
            starts=clock.now() + timedelta(hours=1), forms=[line.form_id], people=people, absent=0,
            answers=building._answers(1), seed=1, administrator=staff["centre"], invigilator=staff["invigilator"],
        )  # fmt: skip
    finally:
        running.stop()
    later = clock.now() + timedelta(days=1)
    with db.transaction() as session:
        script = marking.claim_next(session, by=staff["assessor"], now=later)
        assert script is not None
        view = marking.view(session, script, by=staff["assessor"], now=later)
        assert [(one.id, one.top) for one in view.rubric.criteria] == [("person", 2), ("safety", 2), ("tell", 2)]
    building._mark(staff, 1, later)
    with db.transaction() as session:
        results.mark_session(session, session_id, by=staff["assessor"], now=later)
        rows = results.item_marks(session, session_id)
        cut_id = results.propose(session, line.form_id, by=staff["psychometrician"], now=later)
    assert {(row.format, row.max) for row in rows} == {
        ("rank", Fraction(20)), ("choose", Fraction(6)), ("rate", Fraction(15)), ("written", Fraction(6)),
    }  # fmt: skip
    for officer in ("officer", "officer2"):
        with db.transaction() as session:
            results.adopt(session, cut_id, by=staff[officer], now=later)
    with db.transaction() as session:
        release = results.propose_release(session, session_id, by=staff["officer"], now=later)
    with db.transaction() as session:
        results.release(session, release, by=staff["officer2"], now=later)
    with db.session() as session:
        (first, *_), plan = grading.records(session), service.plan(session, PLAN)
        assert first.sjt in ("pass", "fail")
        record = grading.record(session, first.candidate_id)
    # its components have names of their own; what they are, their methods say
    assert [one.component.id for one in record.standings] == ["judgement", "discussion"]
    assert (plan.test_id, plan.interview_id, plan.graded_ids) == ("judgement", "discussion", ())
    assert record.outcome("judgement") == first.sjt and first.graded == ()
    assessor, who = client_as(Role.ASSESSOR, login="assessor"), f"/epa/{record.candidate_id}"
    shown = assessor.get(who).soup.main.get_text(" ", strip=True)
    assert "Professional discussion" in shown and "Portfolio" not in shown
    assert assessor.post(f"{who}/grade/interview", {}).status_code == 404, "no component has that name here"
    assert assessor.post(f"{who}/grade/discussion", {"discussion-outcome": ""}).status_code == 422
    assert plan.award({"judgement": "pass", "discussion": "merit"}) == "merit"
    assert [group.weight_percent for group in plan.weight_groups] == [60, 40]
