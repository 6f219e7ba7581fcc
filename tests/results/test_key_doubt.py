"""Whom other keys would pass or fail: counted from the ledger's answers, by the rule they were marked by."""

from __future__ import annotations

from fractions import Fraction

from sjt import db
from sjt.access import SYSTEM
from sjt.authoring.model import Format
from sjt.panels.service import DrawnItem
from sjt.results import key_doubt, service
from sjt.results.forms import Shelf
from tests.builders.forms import NINE, OFFICER_A, OFFICER_B, PSYCHOMETRICIAN, a_sat_session, put_form, random_answers


def test_other_keys_move_just_those_who_stand_at_the_pass_mark(database: db.Database) -> None:
    with database.transaction() as session:
        put_form(session, written=False)
        sat = a_sat_session(session, random_answers(40))
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        cut_id = service.propose(session, "form-1", by=PSYCHOMETRICIAN, now=NINE)
        for officer in (OFFICER_A, OFFICER_B):
            service.adopt(session, cut_id, by=officer, now=NINE)
    with database.session() as session:
        shelf = Shelf(session)
        version = shelf["form-1"].secret.items[0].scenario_version
        own, other = [["B"], ["A"], ["C"], ["D"], ["E"]], [["E"], ["D"], ["C"], ["A"], ["B"]]
        tied = [["A", "B"], ["C"], ["D"], ["E"]]  # contradicts nothing: the form's own key stands for it
        draws = DrawnItem("s1-a", Format.RANK, version, [(own, 0.5), (other, 0.3), (tied, 0.2)], [0, 1, 2, 0])
        held = key_doubt.sittings(session, shelf, {"s1-a"})
        counted = key_doubt.counted_doubt({"s1-a": draws}, held, shelf)
        cut = service.standing_cut(session, "form-1")
        assert cut is not None
        rows = service.item_marks_of_form(session, "form-1")
    assert counted["sittings"] == 40 and counted["items"][0]["n"] == 40
    same, moved, loose = counted["items"][0]["keys"]
    assert (
        (same["passing"], same["failing"], same["moved"])
        == (0, 0, 0)
        == (
            loose["passing"],
            loose["failing"],
            loose["moved"],
        )
    )
    totals: dict[object, Fraction] = {}
    changed: dict[object, Fraction] = {}
    place = {option: n for n, group in enumerate(other, start=1) for option in group}
    for row in rows:
        marks = row.marks or Fraction(0)
        totals[row.sitting_id] = totals.get(row.sitting_id, Fraction(0)) + marks
        if row.item == "s1-a":
            raw = sum(4 - abs(given - place[option]) for option, given in row.response.items())
            changed[row.sitting_id] = Fraction(raw) * row.max / 20 - marks
    wanted = [(totals[one] >= cut.applied, totals[one] + changed[one] >= cut.applied) for one in totals]
    assert moved["failing"] == sum(before and not after for before, after in wanted) > 0
    assert moved["passing"] == sum(after and not before for before, after in wanted)
    every = moved["failing"] + moved["passing"]
    assert counted["panels"]["mean"] == every / 4 and counted["panels"]["high"] == every
    other_words = DrawnItem("s1-a", Format.RANK, "0" * 64, draws.keys, draws.drawn)
    assert key_doubt.counted_doubt({"s1-a": other_words}, held, shelf)["items"] == []
