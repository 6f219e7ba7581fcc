"""Pass marks and releases: what forbids them, in words, and that two different people sign."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from sjt import db
from sjt.access import SYSTEM, Actor, Role
from sjt.accounts import service as accounts
from sjt.authoring.states import FormUse
from sjt.delivery.model import IncidentCategory, SessionState
from sjt.delivery.tables import Incident
from sjt.errors import Forbidden, InputError, MoveRefused
from sjt.marking import service as marking
from sjt.psychometrics.standard_setting import angoff
from sjt.results import judging, service, store
from sjt.results.model import CutState, OutcomeState, Verdict
from sjt.results.sem import spread
from sjt.results.tables import Cut
from tests.builders.forms import (
    GOOD,
    NINE,
    OFFICER_A,
    OFFICER_B,
    PSYCHOMETRICIAN,
    SatSession,
    a_sat_session,
    a_secret,
    put_form,
    random_answers,
)
from tests.builders.sittings import a_paper


def adopted(session: Session, form_id: str = "form-1") -> UUID:
    cut_id = service.propose(session, form_id, by=PSYCHOMETRICIAN, now=NINE)
    service.adopt(session, cut_id, by=OFFICER_A, now=NINE)
    service.adopt(session, cut_id, by=OFFICER_B, now=NINE)
    return cut_id


def ready(session: Session, people: int = 12) -> SatSession:
    put_form(session, written=False)
    sat = a_sat_session(session, random_answers(people))
    adopted(session)
    service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
    return sat


def codes(session: Session, session_id: UUID) -> set[str]:
    return {block.code for block in service.blocks(session, session_id)}


def test_a_release_by_two_officers_freezes_every_outcome(either: db.Database) -> None:
    with either.transaction() as session:
        sat = ready(session)
        proposal = service.propose_release(session, sat.id, by=OFFICER_A, now=NINE)
        with pytest.raises(MoveRefused, match="second awarding officer"):
            service.release(session, proposal, by=OFFICER_A, now=NINE)
        assert service.release(session, proposal, by=OFFICER_B, now=NINE) == 12
        outcome = service.outcome_of(session, sat.candidates[0])
        assert outcome is not None and outcome.cut == 43 and outcome.max == 64 and outcome.sem_n == 12
        assert outcome.outcome is (Verdict.PASS if outcome.raw >= 43 else Verdict.FAIL)
        with pytest.raises(MoveRefused, match="are released"):
            service.propose_release(session, sat.id, by=OFFICER_A, now=NINE)
        adopted(session)  # a new version of the pass mark moves no released result
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        assert service.outcome_of(session, sat.candidates[0]) == outcome
        assert {row.state for row in store.last_outcomes(session, session_id=sat.id).values()} == {
            OutcomeState.RELEASED
        }


def test_nothing_is_told_before_the_release(database: db.Database) -> None:
    with database.transaction() as session:
        sat = ready(session, 2)
        assert service.outcome_of(session, sat.candidates[0]) is None
        assert service.wide_csv(session, sat.id).count("\n") == 1


def test_an_open_session_blocks(database: db.Database) -> None:
    with database.transaction() as session:
        put_form(session, written=False)
        sat = a_sat_session(session, [GOOD], state=SessionState.RUNNING)
        assert "not_closed" in codes(session, sat.id)


def test_no_adopted_pass_mark_blocks_and_one_signature_is_not_enough(database: db.Database) -> None:
    with database.transaction() as session:
        put_form(session, written=False)
        sat = a_sat_session(session, [GOOD])
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        assert codes(session, sat.id) == {"no_cut"}
        cut_id = service.propose(session, "form-1", by=PSYCHOMETRICIAN, now=NINE)
        assert service.adopt(session, cut_id, by=OFFICER_A, now=NINE) is CutState.PROPOSED
        assert codes(session, sat.id) == {"no_cut"}
        with pytest.raises(MoveRefused, match="no adopted pass mark"):
            service.propose_release(session, sat.id, by=OFFICER_A, now=NINE)


def test_unmarked_written_answers_block(either: db.Database) -> None:
    with either.transaction() as session:
        put_form(session)
        sat = a_sat_session(session, [{**GOOD, "s3-b": {"text": "I would tell the lead."}}])
        adopted(session)
        marking.open_queue(session, sat.id, by=SYSTEM, now=NINE)
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        found = {block.code: block.words for block in service.blocks(session, sat.id)}
        assert found["awaiting_marking"].startswith("Awaiting marking: 1 written answer")


def test_written_answers_without_scripts_block_too(database: db.Database) -> None:
    with database.transaction() as session:
        put_form(session)
        sat = a_sat_session(session, [{**GOOD, "s3-b": {"text": "I would tell the lead."}}])
        adopted(session)
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        assert codes(session, sat.id) == {"unscored"}


def test_an_open_incident_blocks_until_it_is_resolved(either: db.Database) -> None:
    with either.transaction() as session:
        sat = ready(session, 1)
        incident = Incident(session_id=sat.id, category=IncidentCategory.TECHNICAL, text="Power cut", at=NINE, by="i")
        session.add(incident)
        session.flush()
        assert [block.words for block in service.blocks(session, sat.id)] == ["Incident not resolved: Power cut."]
        incident.resolved_at = NINE
        session.add(incident)
        session.flush()
        assert service.blocks(session, sat.id) == []


def test_unmarked_sittings_block(database: db.Database) -> None:
    with database.transaction() as session:
        put_form(session, written=False)
        sat = a_sat_session(session, [GOOD, GOOD])
        adopted(session)
        found = {block.code: block.words for block in service.blocks(session, sat.id)}
        assert found == {"not_marked": "2 of 2 sittings are not marked on their final answers."}


def test_illustrative_keys_block_outside_the_demonstration(database: db.Database) -> None:
    with database.transaction() as session:
        put_form(session, written=False, keys="illustrative")
        sat = a_sat_session(session, [GOOD])
        adopted(session)
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        assert codes(session, sat.id) == {"illustrative"}
        accounts.found_organisation(session, "Demo", simulated=True, by=SYSTEM, now=NINE)
        session.flush()
        assert codes(session, sat.id) == set()


def test_a_trial_form_decides_nothing(database: db.Database) -> None:
    with database.transaction() as session:
        put_form(session, written=False, use=FormUse.TRIAL)
        sat = a_sat_session(session, [GOOD])
        adopted(session)
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        assert codes(session, sat.id) == {"trial"}


def test_a_session_nobody_sat_blocks(database: db.Database) -> None:
    with database.transaction() as session:
        put_form(session, written=False)
        sat = a_sat_session(session, [])
        assert codes(session, sat.id) == {"nobody"}


def test_a_release_refuses_marks_that_moved_since_the_proposal(either: db.Database) -> None:
    with either.transaction() as session:
        sat = ready(session, 3)
        proposal = service.propose_release(session, sat.id, by=OFFICER_A, now=NINE)
        adopted(session)
        with pytest.raises(MoveRefused, match="have changed since"):
            service.release(session, proposal, by=OFFICER_B, now=NINE)
        service.take_back(session, proposal, by=OFFICER_A, now=NINE)
        assert service.propose_release(session, sat.id, by=OFFICER_A, now=NINE) != proposal


def test_only_the_right_people_propose_adopt_and_release(database: db.Database) -> None:
    judge = Actor("judge", "J", frozenset({Role.JUDGE}))
    with database.transaction() as session:
        sat = ready(session, 1)
        with pytest.raises(Forbidden):
            service.propose(session, "form-1", by=judge, now=NINE)
        with pytest.raises(Forbidden):
            service.propose_release(session, sat.id, by=PSYCHOMETRICIAN, now=NINE)
        with pytest.raises(Forbidden):
            service.adopt(session, store.cuts_of_form(session, "form-1")[0].id, by=judge, now=NINE)


def test_the_same_person_never_signs_a_pass_mark_twice(either: db.Database) -> None:
    both = Actor("both", "B", frozenset({Role.AWARDING_OFFICER, Role.PSYCHOMETRICIAN}))
    with either.transaction() as session:
        put_form(session, written=False)
        own = service.propose(session, "form-1", by=both, now=NINE)
        with pytest.raises(MoveRefused, match="You proposed"):
            service.adopt(session, own, by=both, now=NINE)
        cut_id = service.propose(session, "form-1", by=PSYCHOMETRICIAN, now=NINE)
        service.adopt(session, cut_id, by=both, now=NINE)
        with pytest.raises(MoveRefused, match="You have signed"):
            service.adopt(session, cut_id, by=both, now=NINE)
        assert service.cut(session, own).state is CutState.SUPERSEDED


def test_the_database_itself_refuses_one_person_twice_and_a_changed_cut(either: db.Database) -> None:
    with either.transaction() as session:
        put_form(session, written=False)
        cut_id = adopted(session)
    for statement in ("UPDATE cut SET seconded_by = adopted_by", "UPDATE cut SET applied = '1'", "DELETE FROM cut"):
        with pytest.raises(sa.exc.DatabaseError), either.transaction() as session:
            session.execute(sa.text(statement))
    with either.session() as session:
        found = session.get(Cut, cut_id)
        assert found is not None and found.applied == 43


def test_a_cut_is_the_exact_sum_of_its_own_items_rounded_up_to_the_unit(database: db.Database) -> None:
    with database.transaction() as session:
        put_form(session, written=False)
        made = service.compose(session, "form-1")
        assert (made.exact, made.applied, made.max) == (Fraction(128, 3), 43, 64)
        assert made.simulated and made.se == 1.2


def test_a_form_with_an_unjudged_item_has_no_cut(database: db.Database) -> None:
    paper = a_paper()
    secret = a_secret(paper)
    secret = dataclasses.replace(
        secret, items=tuple(dataclasses.replace(i, angoff_mean=None) if i.id == "s1-a" else i for i in secret.items)
    )
    with database.transaction() as session:
        put_form(session, secret=secret)
        with pytest.raises(InputError, match="1 of its items are not judged"):
            service.compose(session, "form-1")


JUDGES = tuple(Actor(f"judge-{n}", f"Judge {n}", frozenset({Role.JUDGE})) for n in range(3))
RATINGS = {"s1-a": "14 15 16.5", "s1-b": "7 8 9", "s2-a": "12 13 14", "s2-b": "5 5.5 6", "s3-a": "2 2.5 3"}


def panel_of(session: Session) -> UUID:
    panel_id = service.create_panel(
        session, "Spring", ["form-1"], [judge.id for judge in JUDGES], by=PSYCHOMETRICIAN, now=NINE
    )
    for item, values in RATINGS.items():
        for judge, value in zip(JUDGES, values.split(), strict=True):
            service.rate(session, panel_id, item, Fraction(value), by=judge, now=NINE)
    return panel_id


def test_a_panels_cut_and_its_error_equal_the_library(either: db.Database) -> None:
    with either.transaction() as session:
        put_form(session, written=False)
        panel_id = panel_of(session)
        with pytest.raises(MoveRefused, match="still open"):
            service.propose(session, "form-1", by=PSYCHOMETRICIAN, now=NINE, panel_id=panel_id)
        service.close_panel(session, panel_id, by=PSYCHOMETRICIAN, now=NINE)
        made = service.compose(session, "form-1", panel_id)
    table = [[float(values.split()[j]) for values in RATINGS.values()] for j in range(3)]
    expected = angoff(table, [20, 12, 20, 8, 4])
    assert float(made.exact) == pytest.approx(expected.cut, abs=1e-12)
    assert made.se == pytest.approx(expected.se_judges, abs=1e-12)
    assert "3 judges" in made.notes[0]


@pytest.mark.parametrize(
    ("item", "rating", "words"),
    [
        ("s1-a", Fraction(23, 2), "below the chance mark 12 of 20"),
        ("s1-b", Fraction(4), "below the chance mark 4.5 of 12"),
        ("s1-a", Fraction(41, 2), "outside 0 to 20"),
        ("s1-a", Fraction(53, 4), "not a multiple of 0.5"),
    ],
)
def test_a_rating_that_makes_no_sense_is_refused(
    database: db.Database, item: str, rating: Fraction, words: str
) -> None:
    with database.transaction() as session:
        put_form(session, written=False)
        panel_id = service.create_panel(session, "P", ["form-1"], [JUDGES[0].id], by=PSYCHOMETRICIAN, now=NINE)
        with pytest.raises(InputError, match=words):
            service.rate(session, panel_id, item, rating, by=JUDGES[0], now=NINE)


def test_a_written_item_has_no_chance_floor(database: db.Database) -> None:
    with database.transaction() as session:
        put_form(session)
        panel_id = service.create_panel(session, "P", ["form-1"], [JUDGES[0].id], by=PSYCHOMETRICIAN, now=NINE)
        service.rate(session, panel_id, "s3-b", Fraction(0), by=JUDGES[0], now=NINE)


def test_a_changed_mind_is_a_new_version_and_round_two_keeps_what_is_not_changed(either: db.Database) -> None:
    with either.transaction() as session:
        put_form(session, written=False)
        panel_id = panel_of(session)
        service.rate(session, panel_id, "s1-a", Fraction(13), by=JUDGES[0], now=NINE)
        service.next_round(session, panel_id, by=PSYCHOMETRICIAN, now=NINE)
        service.rate(session, panel_id, "s1-b", Fraction(9), by=JUDGES[0], now=NINE)
        said = judging.standing(session, service.panel(session, panel_id))
        assert said["s1-a"]["judge-0"] == 13 and said["s1-b"]["judge-0"] == 9 and said["s3-a"]["judge-0"] == 2
        assert store.ratings(session, panel_id, 1)[("judge-0", 1, "s1-a")].version == 2


def test_a_round_opens_only_when_everybody_has_rated(database: db.Database) -> None:
    with database.transaction() as session:
        put_form(session, written=False)
        panel_id = service.create_panel(session, "P", ["form-1"], [JUDGES[0].id], by=PSYCHOMETRICIAN, now=NINE)
        with pytest.raises(MoveRefused, match="5 ratings to give"):
            service.next_round(session, panel_id, by=PSYCHOMETRICIAN, now=NINE)
        with pytest.raises(Forbidden):
            service.rate(session, panel_id, "s1-a", Fraction(14), by=JUDGES[1], now=NINE)


def test_a_result_of_sjt_passmark_counts_the_forms_own_items(database: db.Database) -> None:
    items = [
        {"item": name, "max": top, "mean": 2 * top / 3, "n": 3}
        for name, top in (("s1-a", 20), ("s1-b", 12), ("s2-a", 20), ("s2-b", 8), ("s3-a", 4), ("other", 20))
    ]
    found = {"method": "angoff", "cut": 56.0, "max": 84, "se_cut": 0.9, "rounds": [{"items": items}]}
    with database.transaction() as session:
        put_form(session, written=False)
        cut_id = service.propose_result(session, "form-1", found, source="a.json", by=SYSTEM, now=NINE)
        cut = service.cut(session, cut_id)
        assert (cut.exact, cut.applied, cut.se) == (Fraction(128, 3), 43, 0.9)
        with pytest.raises(InputError, match="84"):
            service.propose_result(
                session, "form-1", {"method": "hofstee", "cut": 50, "max": 84}, source="h.json", by=SYSTEM, now=NINE
            )


def test_sem_in_plain_python_equals_the_library(database: db.Database) -> None:
    import numpy as np

    from sjt.psychometrics import reliability

    with database.transaction() as session:
        put_form(session, written=False)
        sat = a_sat_session(session, random_answers(30))
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        known = service.sem_of(session, "form-1")
        rows = service.item_marks(session, sat.id)
    by: dict[UUID, list[float]] = {}
    for row in rows:
        by.setdefault(row.sitting_id, []).append(float(row.marks or 0))
    marks = np.array(list(by.values()))
    cov = np.cov(marks.T)
    alpha = reliability.alpha(cov)
    assert known.alpha == pytest.approx(alpha, abs=1e-12)
    assert known.sem == pytest.approx(float(marks.sum(axis=1).std(ddof=1)) * (1 - alpha) ** 0.5, abs=1e-9)


def test_fewer_than_ten_candidates_have_no_sem() -> None:
    known = spread([[Fraction(1), Fraction(2)]] * 9)
    assert known.sem is None and "Fewer than 10" in known.reason


@pytest.mark.parametrize("wide", [False, True])
def test_a_simulated_session_is_labelled_in_name_and_rows(either: db.Database, wide: bool) -> None:
    with either.transaction() as session:
        put_form(session, written=False)
        sat = a_sat_session(session, [GOOD], simulated=True)
        adopted(session)
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        proposal = service.propose_release(session, sat.id, by=OFFICER_A, now=NINE)
        service.release(session, proposal, by=OFFICER_B, now=NINE)
        text = service.wide_csv(session, sat.id) if wide else service.long_csv(session, sat.id)
        assert service.file_name(session, sat.id, wide=wide).endswith("-simulated.csv")
    lines = text.splitlines()
    assert lines[0].endswith(",label") and all(line.endswith(",simulated") for line in lines[1:]) and len(lines) > 1
