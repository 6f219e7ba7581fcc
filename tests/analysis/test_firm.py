"""Firm decisions: panels and judges drawn anew, with answers that are known beforehand."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sjt import db
from sjt.access import Role
from sjt.analysis import store, studies, study_firm
from sjt.analysis.topics import Topic
from sjt.authoring.model import Format
from sjt.errors import ShapeError
from sjt.panels import service as panels
from sjt.panels.service import DrawnItem
from sjt.psychometrics import rescore
from sjt.results import service as results
from tests.builders.forms import SatSession, a_sat_session, put_form, random_answers

Clients = Callable[..., Any]
OWN = [["B"], ["A"], ["C"], ["D"], ["E"]]
TURNED = [["E"], ["D"], ["C"], ["A"], ["B"]]
CUT = 51.0


@pytest.fixture
def sat(app: Any, database: db.Database, context: Any) -> SatSession:
    from sjt.results.jobs import mark_waiting

    with database.transaction() as session:
        put_form(session, written=False)
        found = a_sat_session(session, random_answers(30), simulated=True)
    mark_waiting(found.id, context, reason="marked for a study")
    return found


def drawn(sat: SatSession, context: Any, monkeypatch: Any, share: float, judges: Any) -> dict[str, Any]:
    """The study when so large a share of drawn panels turns the key of s1-a, and judges said so of each of 5 items."""
    turned = round(10 * share)
    item = DrawnItem(
        "s1-a", Format.RANK, "s1" * 32, [(OWN, 1 - share), (TURNED, share)], [1] * turned + [0] * (10 - turned)
    )
    monkeypatch.setattr(panels, "computed_key_panels", lambda session: [SimpleNamespace(id=0, simulated=True)])
    monkeypatch.setattr(panels, "drawn_keys", lambda session, panel_id: [item])
    monkeypatch.setattr(study_firm, "_ratings", lambda session, form, items: np.array(judges, dtype=float))
    studies.run_study({"session": str(sat.id), "topics": ["firmness"]}, context)
    with db.session() as session:
        found: dict[str, Any] = json.loads(store.studies(session, session_id=sat.id)[Topic.FIRMNESS.value].result)
    return found


def share_of(cell: str) -> float:
    return float(cell.split()[0]) / 100


def test_each_candidate_passes_as_often_as_the_panels_drawn_would_pass_them(
    client_as: Clients, sat: SatSession, context: Any, monkeypatch: Any
) -> None:
    with db.session() as session:
        rows = results.item_marks(session, sat.id)
    totals: dict[str, Fraction] = {}
    other: dict[str, Fraction] = {}
    place = {option: n for n, (option,) in enumerate(TURNED, start=1)}
    for row in rows:
        marks, key = row.marks or Fraction(0), str(row.sitting_id)[-8:]
        totals[key] = totals.get(key, Fraction(0)) + marks
        raw = sum(4 - abs(given - place[option]) for option, given in row.response.items()) if row.item == "s1-a" else 0
        other[key] = other.get(key, Fraction(0)) + (Fraction(raw) if row.item == "s1-a" else marks)
    # four judges, two of each mind, drawn with replacement: the mark is 35 to 51 by the binomial of a half
    chances = {35: 1 / 16, 39: 4 / 16, 43: 6 / 16, 47: 4 / 16, 51: 1 / 16}
    found = drawn(sat, context, monkeypatch, 0.3, [[7.0] * 5] * 2 + [[10.2] * 5] * 2)
    persons = {row[0]: row for row in found["sections"][1]["rows"]}
    cut = CUT
    turning = 0
    for key, total in totals.items():
        by_judges = sum(p for mark, p in chances.items() if total >= mark)
        by_keys = 0.7 * (total >= cut) + 0.3 * (other[key] >= cut)
        both = sum(p * (0.7 * (total >= mark) + 0.3 * (other[key] >= mark)) for mark, p in chances.items())
        turned = 1 - both if total >= cut else both
        if key not in persons:
            assert turned < 0.03
            continue
        turning += 0.05 < turned < 0.95
        assert [share_of(cell) for cell in persons[key][4:7]] == pytest.approx([by_judges, by_keys, both], abs=0.06)
    assert turning >= 5
    page = client_as(Role.PSYCHOMETRICIAN).get(f"/analysis/sessions/{sat.id}/studies/firmness").soup.get_text()
    assert "The 4 judges are drawn anew 1,000 times" in page and "answered 1 of 5 items" in page
    assert "Candidates near the pass mark" in page
    # experts and judges of one mind change nothing
    found = drawn(sat, context, monkeypatch, 0.0, [[CUT / 5] * 5] * 4)
    summary, persons = found["sections"]
    assert "no decisions of 30" in found["verdict"][0] and "0.0 % of all" in found["verdict"][0]
    assert [row[0] for row in summary["rows"]] == ["Other judges", "Other experts", "Both"]
    assert {tuple(row[3:]) for row in summary["rows"]} == {("0.0 %", "0")}
    for row in persons["rows"]:
        assert row[4:] == ["100 %" if row[3] == "Pass" else "0 %"] * 3 + ["Holds"]


def test_panels_are_drawn_apart_and_each_as_a_whole() -> None:
    totals = np.array([10.0, 10.0])
    one, two = [[0.0, 2.0], [2.0, 0.0]], [[0.0, 0.0], [2.0, 2.0]]
    found = rescore.firmness(totals, 12.0, rescore.keys_drawn(totals, [one, two], 12.0), replications=4000)
    assert found.p_pass == pytest.approx([0.75, 0.75], abs=0.03) and not (found.cuts - 12).any()
    # of two candidates drawn with replacement as many pass as the draws would have it
    assert found.rates.mean() == pytest.approx(0.75, abs=0.02)
    still = rescore.firmness(totals, 12.0, rescore.keys_drawn(totals, [], 12.0), replications=5)
    assert still.flips == 0 and not still.unsure.size
    with pytest.raises(ShapeError):
        rescore.keys_drawn(totals, [np.zeros((3, 5))], 12.0)
