"""Marks are rows: what made them stands beside them, nothing is overwritten, each can be made again."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from sjt import db
from sjt.access import SYSTEM
from sjt.authoring.snapshot import Format
from sjt.delivery.model import SittingState
from sjt.delivery.tables import AnswerRow
from sjt.errors import MoveRefused
from sjt.marking.model import FinalMark, Round
from sjt.results import marking_run, service, store
from sjt.results.forms import Frozen
from sjt.results.model import OutcomeState
from tests.builders.forms import GOOD, NINE, a_sat_session, a_secret, put_form, random_answers
from tests.builders.sittings import a_paper


def test_full_marks_are_the_worth_of_every_item(either: db.Database) -> None:
    with either.transaction() as session:
        put_form(session, written=False)
        sat = a_sat_session(session, [GOOD])
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
    with either.session() as session:
        rows = service.item_marks(session, sat.id)
    assert {row.item: row.marks for row in rows} == {row.item: row.max for row in rows}
    assert sum(row.max for row in rows) == 64
    assert {row.rule for row in rows if row.format == "rank"} == {"rank_distance@1"}
    assert all(row.key_version and len(row.response_sha256) == 64 for row in rows)


def test_marking_again_with_the_same_answers_makes_no_new_run(either: db.Database) -> None:
    with either.transaction() as session:
        put_form(session, written=False)
        sat = a_sat_session(session, [GOOD])
        first = service.mark_sitting(session, sat.sittings[0], by=SYSTEM, now=NINE)
        assert service.mark_sitting(session, sat.sittings[0], by=SYSTEM, now=NINE) == first
        assert len(store.runs_of_sitting(session, sat.sittings[0])) == 1
        assert len(store.outcome_versions(session, sat.sittings[0])) == 1


def test_a_changed_answer_makes_a_new_run_and_keeps_the_old(either: db.Database) -> None:
    with either.transaction() as session:
        put_form(session, written=False)
        sat = a_sat_session(session, [GOOD])
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        assert service.stale(session, sat.id) == []
        row = session.get(AnswerRow, (sat.sittings[0], "s3-a", "answer"))
        assert row is not None
        row.response = '"A"'
        session.add(row)
        session.flush()
        assert service.stale(session, sat.id) == [sat.sittings[0]]
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        runs = store.runs_of_sitting(session, sat.sittings[0])
    assert [(run.n, run.raw) for run in runs] == [(1, 64), (2, 60)]


def test_rows_of_marks_refuse_change_and_deletion(either: db.Database) -> None:
    with either.transaction() as session:
        put_form(session, written=False)
        sat = a_sat_session(session, [GOOD])
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
    for statement in ("UPDATE item_mark SET marks = '0'", "DELETE FROM mark_run", "UPDATE outcome SET version = 9"):
        with pytest.raises(sa.exc.DatabaseError, match="only ever added to"), either.transaction() as session:
            session.execute(sa.text(statement))


def test_written_answers_leave_the_outcome_awaiting_marking(
    either: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {**GOOD, "s3-b": {"text": "I would tell the lead."}}
    with either.transaction() as session:
        put_form(session)
        sat = a_sat_session(session, [answers])
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        outcome = store.last_outcomes(session, session_id=sat.id)[sat.sittings[0]]
        assert (outcome.state, outcome.raw, outcome.max) == (OutcomeState.AWAITING_MARKING, 64, 76)
        _levels_are(monkeypatch, {"issue": 3, "principle": 2, "voice": 1, "act": 3})
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        outcome = store.last_outcomes(session, session_id=sat.id)[sat.sittings[0]]
        assert (outcome.state, outcome.raw, outcome.version) == (OutcomeState.PROVISIONAL, 73, 2)
        written = next(row for row in service.item_marks(session, sat.id) if row.item == "s3-b")
        assert written.response["criteria"]["voice"] == 1 and written.run == 2


def _levels_are(monkeypatch: pytest.MonkeyPatch, levels: dict[str, int]) -> None:
    mark = FinalMark(levels, "", "marker", Round.FIRST, "Marked once.")
    monkeypatch.setattr(marking_run.marking, "final_marks", lambda session, sitting: {"s3-b": mark})


def test_an_empty_answer_gets_no_marks_and_needs_no_marker(either: db.Database) -> None:
    with either.transaction() as session:
        put_form(session)
        sat = a_sat_session(session, [{"s3-b": {"text": "  "}}])
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        rows = service.item_marks(session, sat.id)
    assert {row.status for row in rows} == {"omitted"} and sum(row.marks or 0 for row in rows) == 0


def test_trial_items_are_marked_but_do_not_count(either: db.Database) -> None:
    paper = a_paper()
    with either.transaction() as session:
        put_form(session, secret=a_secret(paper, trial=["s2-a", "s3-b"]))
        sat = a_sat_session(session, [GOOD])
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        run = store.runs_of_session(session, sat.id)[sat.sittings[0]]
    assert (run.raw, run.max, run.complete) == (44, 44, True)


@pytest.mark.parametrize("state", [SittingState.VOID, SittingState.RUNNING])
def test_a_void_or_running_sitting_is_not_marked(either: db.Database, state: SittingState) -> None:
    with either.transaction() as session:
        put_form(session, written=False)
        sat = a_sat_session(session, [GOOD], sitting_state=state)
        assert service.mark_session(session, sat.id, by=SYSTEM, now=NINE) == []
        with pytest.raises(MoveRefused, match="never begun, is void, or still runs"):
            service.mark_sitting(session, sat.sittings[0], by=SYSTEM, now=NINE)


def test_explained_marks_say_response_key_rule_and_mark(either: db.Database) -> None:
    with either.transaction() as session:
        put_form(session, written=False)
        sat = a_sat_session(session, [{**GOOD, "s3-a": "D"}])
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        found = {one.item: one for one in service.evidence(session, sat.sittings[0])}
    single = found["s3-a"]
    assert single.marks == 2 and single.response == "D" and single.why["D"]
    assert single.explain[-1].startswith("Total: 2 of 4")


def frozen_form() -> Frozen:
    paper = a_paper()
    line: Any = SimpleNamespace(form_id="form-1", snapshot_sha256="0" * 64)
    return Frozen(line, paper, a_secret(paper))


FORM = frozen_form()


def responses(format_: Format, options: tuple[str, ...]) -> st.SearchStrategy[Any]:
    if format_ is Format.RANK:
        return st.permutations(options).map(lambda order: {o: n for n, o in enumerate(order, 1)}) | st.none()
    if format_ is Format.CHOOSE:
        return st.lists(st.sampled_from(options), unique=True, max_size=3).map(sorted)
    if format_ is Format.RATE:
        return st.dictionaries(st.sampled_from(options), st.integers(1, 4))
    if format_ is Format.MOST_LEAST:
        pick = st.none() | st.sampled_from(options)
        return (
            st.tuples(pick, pick)
            .filter(lambda p: p[0] is None or p[0] != p[1])
            .map(lambda p: {"most": p[0], "least": p[1]})
        )
    if format_ is Format.SINGLE:
        return st.none() | st.sampled_from(options)
    levels = st.fixed_dictionaries(dict.fromkeys(("issue", "principle", "voice", "act"), st.integers(0, 3)))
    return levels.map(lambda criteria: {"text": "An answer.", "criteria": criteria})


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_mark_made_again_from_its_row_is_the_same_fraction(data: st.DataObject) -> None:
    item = data.draw(st.sampled_from(FORM.secret.items))
    response = data.draw(responses(item.format, FORM.options(item.id)))
    once = marking_run.mark_item(FORM, item, response)
    row = marking_run._row(SYSTEM, SYSTEM, once)  # type: ignore[arg-type]  # ids do not matter here
    assert isinstance(row.response, str)
    again = marking_run._mark_row(
        SimpleNamespace(sitting_id=None, form_id="form-1", n=1),
        row,  # type: ignore[arg-type]
    )
    assert service.mark_again(FORM, again) == once.marks
    assert once.marks is None or 0 <= once.marks <= item.worth
    assert isinstance(once.marks, Fraction)


def test_every_stored_mark_of_a_cohort_is_made_again_exactly(database: db.Database) -> None:
    with database.transaction() as session:
        put_form(session, written=False)
        sat = a_sat_session(session, random_answers(12))
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        check_again(session, sat.id)


def check_again(session: Session, session_id: Any) -> None:
    from sjt.results.forms import Shelf

    shelf = Shelf(session)
    rows = service.item_marks(session, session_id)
    assert rows and all(service.mark_again(shelf[row.form_id], row) == row.marks for row in rows)
