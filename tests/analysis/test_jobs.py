"""The analysis of a session as the worker does it: what it finds, what it does not claim, what it stores."""

from __future__ import annotations

import dataclasses
import json
import random
from typing import Any

import numpy as np
import pytest
from sqlmodel import select

from sjt import db
from sjt.access import SYSTEM
from sjt.analysis import jobs, service, views
from sjt.analysis.tables import AnalysisPicture, AnalysisRun
from sjt.errors import InputError, NotFound
from sjt.psychometrics import reliability
from sjt.results import service as results
from tests.builders.forms import NINE, PSYCHOMETRICIAN, SatSession, a_sat_session, a_secret, put_form, random_answers
from tests.builders.sittings import a_paper


def miskeyed(people: list[dict[str, Any]], seed: int = 4) -> list[dict[str, Any]]:
    """Let who does well elsewhere choose D on s3-a, whose key is C."""
    draw = random.Random(seed)
    for person in people:
        strong = person["s1-a"]["B"] == 1 and person["s2-b"]["most"] == "B"
        person["s3-a"] = draw.choice("DDDC") if strong else draw.choice("CCBAC")
    return people


def a_cohort(database: db.Database, people: list[dict[str, Any]], **form: Any) -> SatSession:
    with database.transaction() as session:
        put_form(session, written=False, **form)
        return a_sat_session(session, people, simulated=True)


def analysed(sat: SatSession, context: Any) -> dict[str, Any]:
    jobs.run_analysis({"session": str(sat.id)}, context)
    with db.session() as session:
        run = views.newest(session, views.subject_of_session(session, sat.id))
        assert run is not None and run.simulated
        return service.result(run)


def test_a_planted_wrong_key_is_found_and_named_in_words(database: db.Database, context: Any) -> None:
    found = analysed(a_cohort(database, miskeyed(random_answers(118))), context)
    part = found["parts"]["form-1"]
    row = next(one for one in part["items"] if one["item"] == "s3-a")
    assert "key_check" in row["flags"]
    assert part["verdict"][0].startswith("Look at the key of s3-a first.")
    assert (row["raw"]["choices"]["gap"]["key"], row["raw"]["choices"]["gap"]["rival"]) == ("C", "D")
    others = [flag for one in part["items"] if one["item"] != "s3-a" for flag in one["flags"]]
    assert "key_check" not in others


def test_the_stored_numbers_are_those_of_the_marks(database: db.Database, context: Any) -> None:
    sat = a_cohort(database, random_answers(40))
    part = analysed(sat, context)["parts"]["form-1"]
    with db.session() as session:
        rows = results.item_marks(session, sat.id)
    items = [row["item"] for row in part["items"]]
    people = sorted({row.sitting_id for row in rows}, key=str)
    marks = np.zeros((len(people), len(items)))
    for row in rows:
        marks[people.index(row.sitting_id), items.index(row.item)] = float(row.marks or 0)
    assert part["test"]["alpha"] == pytest.approx(reliability.alpha(np.cov(marks.T)), abs=1e-12)
    assert part["test"]["mean"] == pytest.approx(marks.sum(axis=1).mean())
    top = {row.item: float(row.max) for row in rows}
    for c, one in enumerate(part["items"]):
        assert one["facility"] == pytest.approx(marks[:, c].mean() / top[one["item"]])
        rest = np.delete(marks, c, axis=1).sum(axis=1)
        assert one["item_rest"] == pytest.approx(np.corrcoef(marks[:, c], rest)[0, 1])
    shares = {o["option"]: o["count"] for o in part["items"][-1]["raw"]["choices"]["sections"][0]["options"]}
    assert sum(shares.values()) == 40


def test_the_same_data_give_the_same_result_and_the_same_pictures(database: db.Database, context: Any) -> None:
    sat = a_cohort(database, random_answers(30))
    assert analysed(sat, context) == analysed(sat, context)
    with db.session() as session:
        drawn: dict[str, set[str]] = {}
        for picture in session.exec(select(AnalysisPicture)):
            drawn.setdefault(picture.name, set()).add(picture.svg)
            assert "<text" not in picture.svg and "style=" in picture.svg  # text is paths; served as an image
        assert len({run.data_sha256 for run in session.exec(select(AnalysisRun))}) == 1
    assert "totals-form-1" in drawn and all(len(versions) == 1 for versions in drawn.values())


def test_under_ten_candidates_only_counts_are_said(database: db.Database, context: Any) -> None:
    part = analysed(a_cohort(database, random_answers(6)), context)["parts"]["form-1"]
    assert part["verdict"] == ["6 candidates: fewer than 10, so only counts are shown."]
    with db.session() as session:
        assert session.exec(select(AnalysisPicture)).all() == []


def test_ten_to_twenty_nine_candidates_give_no_verdict_on_items(database: db.Database, context: Any) -> None:
    part = analysed(a_cohort(database, miskeyed(random_answers(20))), context)["parts"]["form-1"]
    assert "no verdict on any item" in part["verdict"][0]
    assert all(set(row["flags"]) <= {"small_n", "constant"} for row in part["items"])
    assert all(row["raw"]["choices"]["gap"] is None for row in part["items"])


def test_trial_items_stand_apart_from_the_test(database: db.Database, context: Any) -> None:
    paper = a_paper()
    with database.transaction() as session:
        put_form(session, secret=a_secret(paper, trial=["s2-a", "s3-b"]))
        sat = a_sat_session(session, random_answers(35), simulated=True)
    part = analysed(sat, context)["parts"]["form-1"]
    assert {row["item"] for row in part["items"]} == {"s1-a", "s1-b", "s2-b", "s3-a"}
    trial = {row["item"]: row for row in part["trial"]}
    assert trial["s2-a"]["n"] == 35 and trial["s2-a"]["item_rest"] is not None
    assert part["test"]["max"] == 44


def test_two_forms_of_a_session_are_analysed_apart_and_together(database: db.Database, context: Any) -> None:
    with database.transaction() as session:
        put_form(session, written=False)
        paper = dataclasses.replace(a_paper("form-2"), scenarios=a_paper().scenarios[:2])
        put_form(session, "form-2", paper=paper, secret=a_secret(paper))
        put_form(session, "form-3", paper=(own := dataclasses.replace(paper, form_id="form-3")), secret=a_secret(own))
        sat = a_sat_session(session, random_answers(30), simulated=True)
        other = a_sat_session(session, random_answers(30, seed=2), form_id="form-2", simulated=True)
        alone = a_sat_session(session, random_answers(1, seed=3), form_id="form-3", simulated=True)
        from sjt.delivery.tables import Sitting

        for sitting_id in (*other.sittings, *alone.sittings):
            sitting = session.get(Sitting, sitting_id)
            assert sitting is not None
            sitting.session_id = sat.id
            session.add(sitting)
    found = analysed(sat, context)
    assert set(found["parts"]) == {"all", "form-1", "form-2"}
    shared = next(row for row in found["parts"]["all"]["items"] if row["item"] == "s1-a")
    assert "1 of 61 candidates sat a form of their own" in found["parts"]["all"]["verdict"][-1]
    assert shared["n"] == 61 and found["parts"]["form-2"]["n_persons"] == 30
    assert {row["item"] for row in found["parts"]["form-2"]["items"]} == {"s1-a", "s1-b", "s2-a", "s2-b"}


def test_statistics_go_to_the_bank_as_shares_with_their_errors(database: db.Database, context: Any) -> None:
    found = analysed(a_cohort(database, random_answers(40)), context)
    rows = service.statistics(found, source="simulated", date="2026-03-14")
    assert {row.name for row in rows} == {"facility", "sd", "discrimination"}
    assert all(0 <= row.value <= 1 and row.se and row.n == 40 for row in rows if row.name == "facility")
    assert all(len(row.scenario_sha256) == 64 for row in rows)


def test_an_unknown_session_says_so(database: db.Database, context: Any) -> None:
    with pytest.raises(InputError):
        jobs.run_analysis({}, context)
    with pytest.raises(NotFound):
        jobs.run_analysis({"form": "form-9"}, context)


def test_a_decision_needs_a_reason_and_is_kept(database: db.Database, context: Any) -> None:
    sat = a_cohort(database, random_answers(12))
    analysed(sat, context)
    with database.transaction() as session:
        run = views.newest(session, views.subject_of_session(session, sat.id))
        assert run is not None
        with pytest.raises(InputError):
            service.decide(session, run.id, "s3-a", service.Decision.KEEP, " ", by=PSYCHOMETRICIAN, now=NINE)
        service.decide(session, run.id, "s3-a", service.Decision.KEY_PANEL, "Doubt", by=PSYCHOMETRICIAN, now=NINE)
        page = views.item_page(session, views.subject_of_session(session, sat.id), "s3-a", "")
    assert [(one.decision.value, one.by_name) for one in page.decisions] == [("key_panel", "Dr S. Lindqvist")]


def test_asking_for_an_analysis_makes_a_job_that_the_registry_knows(database: db.Database) -> None:
    from sjt.jobs import registry

    sat = a_cohort(database, random_answers(2))
    with database.transaction() as session:
        service.ask(session, session_id=sat.id, by=SYSTEM, now=NINE)
    assert registry.handler("analysis.run") is jobs.run_analysis
    assert json.dumps(registry.HANDLERS)
