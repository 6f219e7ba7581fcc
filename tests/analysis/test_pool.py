"""Fairness over years: who is pooled, who is left out, and what stays hidden."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sjt import db
from sjt.access import Role
from sjt.analysis import store, studies, study_data, study_pool
from sjt.analysis.topics import Topic
from sjt.delivery.tables import Candidate, Sitting, TestSession
from sjt.results import service as results
from tests.builders.forms import NINE, SatSession, a_sat_session, put_form, random_answers

Clients = Callable[..., Any]


def at_centre(
    database: db.Database, context: Any, colleges: list[str], years_ago: int, form: str = "form-1"
) -> SatSession:
    """A session so many years ago: those of North College miss the key of s3-a whatever they know."""
    from sjt.results.jobs import mark_waiting

    draw = random.Random(years_ago)
    people = random_answers(len(colleges), seed=years_ago + 1)
    for person, college in zip(people, colleges):
        if college == "North" and draw.random() < 0.8:
            person["s3-a"] = "A"
    with database.transaction() as session:
        sat = a_sat_session(session, people, form_id=form, simulated=True)
        begins = NINE - timedelta(days=365 * years_ago)
        row = session.get(TestSession, sat.id)
        assert row is not None
        row.starts = begins
        for candidate_id, sitting_id, college in zip(sat.candidates, sat.sittings, colleges):
            candidate, sitting = session.get(Candidate, candidate_id), session.get(Sitting, sitting_id)
            assert candidate is not None and sitting is not None
            candidate.provider, sitting.started_at = college, begins
            candidate.start_date = date(begins.year - 1, 1, 1)
    mark_waiting(sat.id, context, reason="marked for a study")
    return sat


def fairness(sat: SatSession, context: Any) -> dict[str, Any]:
    studies.run_study({"session": str(sat.id), "topics": ["fairness"]}, context)
    with db.session() as session:
        found: dict[str, Any] = json.loads(store.studies(session, session_id=sat.id)[Topic.FAIRNESS.value].result)
    return found


def section_of(found: dict[str, Any], title: str) -> dict[str, Any]:
    (part,) = (one for one in found["sections"] if one["title"].startswith(title))
    return part  # type: ignore[no-any-return]  # what JSON holds


def test_years_are_pooled_beside_the_session_and_small_groups_stay_hidden(
    app: Any, client_as: Clients, database: db.Database, context: Any
) -> None:
    with database.transaction() as session:
        put_form(session, written=False)
    now = at_centre(database, context, ["South"] * 16 + ["North"] * 12, 0)
    alone = fairness(now, context)
    assert section_of(alone, "Sessions pooled")["rows"] == []
    row = {one[0]: one for one in section_of(alone, "Items by provider")["rows"]}["s3-a"]
    here = row[5]
    at_centre(database, context, ["South"] * 30 + ["North"] * 9, 1)
    near = fairness(now, context)  # the nine must not be had by taking one table from the other
    assert "Class, pooled" not in section_of(near, "Items by provider")["heads"]
    assert any("fewer than 10 of a group" in note for note in near["notes"])
    at_centre(database, context, ["South"] * 60 + ["North"] * 60 + ["West"] * 3, 2)
    found = fairness(now, context)
    pooled = section_of(found, "Items by provider")
    row = {one[0]: dict(zip(pooled["heads"], one)) for one in pooled["rows"]}["s3-a"]
    assert row["Class here (P large)"].split()[0] == here and row["n, pooled"] == "187"
    assert row["Class, pooled"] == "CC" and row["What we can say"] == "Probably differs"
    assert pooled["rows"][0][0] == "s3-a"  # the largest difference first
    assert any("187 candidates of 2024 to 2026 pooled" in words for words in found["verdict"])
    assert [one[1:4] for one in section_of(found, "Sessions pooled")["rows"]] == [
        ["2024", "123", "5"],
        ["2025", "39", "5"],
    ]
    assert "West" not in json.dumps(found["sections"]) and any("not shown" in note for note in found["notes"])
    page = client_as(Role.PSYCHOMETRICIAN).get(f"/analysis/sessions/{now.id}/studies/fairness").soup.get_text()
    assert "Sessions pooled" in page and "matched within each year" in page


def test_only_the_same_version_under_the_same_key_is_pooled_and_nobody_twice(
    database: db.Database, context: Any, monkeypatch: Any
) -> None:
    with database.transaction() as session:
        put_form(session, written=False)
    now, then = (at_centre(database, context, ["South"] * 3 + ["North"] * 3, years) for years in (0, 1))
    with database.transaction() as session:  # the first of the earlier session sits again now
        again = session.get(Sitting, then.sittings[0])
        assert again is not None
        again.candidate_id = now.candidates[0]
    with database.session() as session:
        data = study_data.read(session, {"session": str(now.id)})
        (source,) = study_pool.read(session, data).sources
        assert (source.n, source.items, source.why) == (5, 5, "1 left out: counted already")
        rows = results.item_marks(session, then.id)
        changed = {"s1-a": "key_version", "s2-a": "scenario_version", "s3-a": "key_version"}
        later = [replace(row, **{changed[row.item]: "9" * 64}) if row.item in changed else row for row in rows]
        monkeypatch.setattr(results, "item_marks", lambda session, session_id: later)
        pool = study_pool.read(session, data)
    (source,) = pool.sources
    with database.transaction() as session:
        row = session.get(TestSession, then.id)
        assert row is not None
        row.simulated = False
    with database.session() as session:
        assert study_pool.read(session, data).sources == []  # what is simulated stands by nothing real
    assert source.n == 0 and "fewer than 3 of the items" in source.why and pool.n == 6 and not pool.taken
