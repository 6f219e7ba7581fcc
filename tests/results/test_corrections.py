"""A key corrected after the test: two others sign, marking follows, a released result moves by a re-award alone."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from sjt import db
from sjt.access import SYSTEM, Actor, Role
from sjt.errors import Forbidden, InputError, MoveRefused, NotFound
from sjt.results import corrections, keying, marking_run, reaward, service, store
from sjt.results.forms import Correction, Frozen, Shelf
from sjt.results.model import CorrectionKind, CorrectionState, OutcomeState, Verdict
from sjt.results.tables import KeyCorrection
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

VERSION = "s1" * 32
WHY = dict.fromkeys("ABCDE", "It looks at what the person wants, weighs one danger, and leaves room to think again.")
REASON = "Two experts showed that the key had the first two places the wrong way round."
TURNED = {"order": [["E"], ["D"], ["C"], ["A"], ["B"]]}


def adopted(session: Session, form_id: str = "form-1") -> UUID:
    cut_id = service.propose(session, form_id, by=PSYCHOMETRICIAN, now=NINE)
    for officer in (OFFICER_A, OFFICER_B):
        service.adopt(session, cut_id, by=officer, now=NINE)
    return cut_id


def proposed(session: Session, key: dict[str, Any] | None = None, *, item: str = "s1-a", **said: Any) -> UUID:
    kind = CorrectionKind.KEY if key is not None else CorrectionKind.CREDIT
    wanted = service.prepare_correction(session, item, VERSION, kind, key, WHY, today=NINE.date(), **said)
    return service.propose_correction(session, wanted, REASON, by=PSYCHOMETRICIAN, now=NINE)


def corrected(session: Session, key: dict[str, Any] | None = None, *, item: str = "s1-a") -> UUID:
    row_id = proposed(session, key, item=item)
    assert service.sign_correction(session, row_id, by=OFFICER_A, now=NINE) is CorrectionState.PROPOSED
    assert service.sign_correction(session, row_id, by=OFFICER_B, now=NINE) is CorrectionState.ADOPTED
    return row_id


def released(session: Session, people: int = 5) -> SatSession:
    """Give a session whose results are out."""
    put_form(session, written=False)
    sat = a_sat_session(session, random_answers(people))
    adopted(session)
    service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
    service.release(session, service.propose_release(session, sat.id, by=OFFICER_A, now=NINE), by=OFFICER_B, now=NINE)
    return sat


def test_a_corrected_key_marks_anew_and_every_earlier_mark_stays_and_is_proved(either: db.Database) -> None:
    with either.transaction() as session:
        sat = released(session)
        put_form(session, "form-2", written=False)
        other = a_sat_session(session, [GOOD], form_id="form-2")
        service.mark_session(session, other.id, by=SYSTEM, now=NINE)
        form = Shelf(session)["form-1"]
        before = {row.sitting_id: row for row in service.item_marks(session, sat.id) if row.item == "s1-a"}
        out = [service.outcome_of_sitting(session, one) for one in sat.sittings]
        digests = {one: run.input_sha256 for one, run in store.runs_of_session(session, sat.id).items()}
        row = corrections.get(session, proposed(session, TURNED))
        assert service.stale(session, sat.id) == [], "a proposal moves nothing"
        assert row.counted["all"]["sittings"] == 6 and {one["session"] for one in row.counted["sessions"]} == {
            str(sat.id),
            str(other.id),
        }
        for officer in (OFFICER_A, OFFICER_B):
            service.sign_correction(session, row.id, by=officer, now=NINE)
        assert set(service.stale(session, sat.id)) == set(sat.sittings) == set(service.waiting(session, sat.id).keys)
        assert {block.code for block in service.blocks(session, sat.id)} == {"keys_corrected"}
        now = Shelf(session)["form-1"]
        assert now.secret == form.secret and now.line.snapshot_sha256 == form.line.snapshot_sha256
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        assert service.stale(session, sat.id) == []
        after = {row.sitting_id: row for row in service.item_marks(session, sat.id) if row.item == "s1-a"}
        assert {one.key_version for one in after.values()} == {row.key_version} != {VERSION}
        place = {option: n for n, group in enumerate(TURNED["order"], start=1) for option in group}
        for one in after.values():
            raw = sum(4 - abs(given - place[option]) for option, given in one.response.items())
            assert one.marks == Fraction(raw) and one.run == 2
        every = [old for one in sat.sittings for old in service_rows(session, one)]
        assert all(service.mark_again(now, one) == one.marks for one in every) and len(every) == 2 * 5 * 5
        assert {one.sitting_id: one for one in every if one.run == 1 and one.item == "s1-a"} == before
        first = {run.sitting_id: run for one in sat.sittings for run in store.runs_of_sitting(session, one)[:1]}
        assert {one: run.input_sha256 for one, run in first.items()} == digests
        assert [service.outcome_of_sitting(session, one) for one in sat.sittings] == out, "what is out stays out"
        explained = {one.item: one for one in service.evidence(session, sat.sittings[0])}
        assert explained["s1-a"].key_version == VERSION and not explained["s1-a"].corrected
        newest = service.explained_run(session, sat.sittings[0], 2)
        again = {one.item: one for one in service.evidence(session, sat.sittings[0], newest)}
        assert again["s1-a"].key_version == row.key_version and "corrected on 14 March 2026" in again["s1-a"].corrected
        assert again["s1-a"].why["A"] == WHY["A"] and again["s1-b"].key_version == VERSION
        assert row.key_version[:12] in service.long_csv(session, sat.id)


def service_rows(session: Session, sitting_id: UUID) -> list[Any]:
    runs = store.runs_of_sitting(session, sitting_id)
    return [row for run in runs for row in service.item_marks_of_sitting(session, sitting_id, run)]


def test_what_it_would_do_is_counted_at_the_proposal_and_comes_true(database: db.Database) -> None:
    with database.transaction() as session:
        sat = released(session, 12)
        cut = service.standing_cut(session, "form-1")
        assert cut is not None
        then = {one: run.raw for one, run in store.runs_of_session(session, sat.id).items()}
        counted = corrections.get(session, corrected(session, TURNED)).counted["all"]
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        now = {one: run.raw for one, run in store.runs_of_session(session, sat.id).items()}
    turned = [(then[one] >= cut.applied, now[one] >= cut.applied) for one in then]
    assert counted["moved"] == sum(then[one] != now[one] for one in then) > 0
    assert counted["pass_fail"] == sum(a and not b for a, b in turned) > 0
    assert counted["fail_pass"] == sum(b and not a for a, b in turned)
    assert counted["mean"] == pytest.approx(float(sum(now.values()) - sum(then.values())) / 12)


def test_credit_gives_everybody_full_marks_and_can_be_taken_back_by_the_key(database: db.Database) -> None:
    with database.transaction() as session:
        put_form(session, written=False)
        answers = {**GOOD, "s1-a": {"A": 5, "B": 4, "C": 3, "D": 2, "E": 1}}
        sat = a_sat_session(session, [answers, {name: one for name, one in GOOD.items() if name != "s1-a"}])
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        corrected(session)
        with pytest.raises(InputError) as refused:
            proposed(session)
        assert "full marks for it already" in refused.value.faults[0].what
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        rows = [row for row in service.item_marks(session, sat.id) if row.item == "s1-a"]
        assert [(row.marks, row.rule, row.status) for row in rows] == [(Fraction(20), "credit@1", "credited")] * 2
        said = next(one for one in service.evidence(session, sat.sittings[0]) if one.item == "s1-a")
        assert said.explain[0].startswith("Everybody who met this item gets its 20 marks") and said.key == {}
        back = corrections.get(session, corrected(session, {"order": [["B"], ["A"], ["C"], ["D"], ["E"]]}))
        assert back.key_version == VERSION, "a key that says what the published one says is the published one"
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        runs = store.runs_of_sitting(session, sat.sittings[0])
        assert [run.raw for run in runs] == [runs[0].raw, 64, runs[0].raw]
        assert runs[2].input_sha256 == runs[0].input_sha256
        states = [row.state for row in store.corrections_of_key(session, "s1-a", VERSION)]
        assert sorted(states) == [CorrectionState.ADOPTED, CorrectionState.SUPERSEDED]


def test_every_fault_of_a_key_is_told_at_once(database: db.Database) -> None:
    with database.transaction() as session:
        put_form(session)
        bad = {"order": [["B"], ["A"], ["C", "C"], ["Z"]], "effectiveness": {"A": 4}}
        with pytest.raises(InputError) as refused:
            service.prepare_correction(
                session, "s1-a", VERSION, CorrectionKind.KEY, bad, {**WHY, "A": "Short."}, today=NINE.date()
            )
        told = " ".join(f"{fault.field}: {fault.what}" for fault in refused.value.faults)
        for part in (
            "Order names C twice",
            "Z, which is no option",
            "leaves out D, E",
            "reasons: The reason for A has 1",
        ):
            assert part in told
        assert {fault.where for fault in refused.value.faults} == {"s1-a"}
        published = {"order": [["B"], ["A"], ["C"], ["D"], ["E"]]}
        with pytest.raises(InputError, match="not proposed") as same:
            service.prepare_correction(session, "s1-a", VERSION, CorrectionKind.KEY, published, WHY, today=NINE.date())
        assert same.value.faults[0].what == "This is the key that stands."
        table = {"order": "B", "fine": 1}
        with pytest.raises(InputError) as shape:
            service.prepare_correction(session, "s1-a", VERSION, CorrectionKind.KEY, table, WHY, today=NINE.date())
        assert len(shape.value.faults) == 2
        with pytest.raises(InputError) as written:
            service.prepare_correction(
                session, "s3-b", "s3" * 32, CorrectionKind.KEY, {"rubric": "x"}, {}, today=NINE.date()
            )
        assert "no key decides" in written.value.faults[0].what
        with pytest.raises(NotFound):
            proposed(session, TURNED, item="s9-a")


def test_two_other_officers_sign_and_the_database_itself_refuses_anything_else(either: db.Database) -> None:
    both = Actor("psychometrician", "B", frozenset({Role.AWARDING_OFFICER, Role.PSYCHOMETRICIAN}))
    with either.transaction() as session:
        put_form(session, written=False)
        a_sat_session(session, [GOOD])
        row_id = proposed(session, TURNED)
        with pytest.raises(MoveRefused, match="proposed already"):
            proposed(session)
        with pytest.raises(Forbidden):
            service.sign_correction(session, row_id, by=PSYCHOMETRICIAN, now=NINE)
        with pytest.raises(MoveRefused, match="You proposed"):
            service.sign_correction(session, row_id, by=both, now=NINE)
        service.sign_correction(session, row_id, by=OFFICER_A, now=NINE)
        with pytest.raises(MoveRefused, match="You have signed"):
            service.sign_correction(session, row_id, by=OFFICER_A, now=NINE)
    for change in (
        "seconded_by = adopted_by",
        "seconded_by = proposed_by",
        "state = 'adopted'",
        "key = '{}'",
        "reason = 'x'",
        "proposed_by = 'x'",
    ):
        with pytest.raises(sa.exc.DatabaseError), either.transaction() as session:
            session.execute(sa.text(f"UPDATE key_correction SET {change}"))
    with pytest.raises(sa.exc.DatabaseError), either.transaction() as session:
        session.execute(sa.text("DELETE FROM key_correction"))
    with either.transaction() as session:
        service.take_back_correction(session, row_id, by=PSYCHOMETRICIAN, now=NINE)
        assert corrections.get(session, row_id).state is CorrectionState.TAKEN_BACK
        with pytest.raises(MoveRefused, match="taken back"):
            service.sign_correction(session, row_id, by=OFFICER_B, now=NINE)
        found = session.get(KeyCorrection, proposed(session, TURNED))
        assert found is not None and found.counted["all"]["sittings"] == 0


def test_a_re_award_gives_new_versions_to_those_affected_and_lets_passes_stand(database: db.Database) -> None:
    with database.transaction() as session:
        sat = released(session, 12)
        assert service.affected_by_reaward(session, sat.id) == []
        with pytest.raises(MoveRefused, match="nothing is to be done"):
            service.propose_reaward(session, sat.id, REASON, spare=True, by=OFFICER_A, now=NINE)
        corrected(session, TURNED)
        with pytest.raises(MoveRefused, match="Mark the session first"):
            service.propose_reaward(session, sat.id, REASON, spare=True, by=OFFICER_A, now=NINE)
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        out = {one: service.outcome_of_sitting(session, one) for one in sat.sittings}
        lines = service.affected_by_reaward(session, sat.id)
        numbers = reaward.counted(lines)
        assert numbers["stand"] == numbers["pass_fail"] > 0 and numbers["affected"] == numbers["marks"]
        with pytest.raises(InputError, match="not proposed"):
            service.propose_reaward(session, sat.id, "Because.", spare=True, by=OFFICER_A, now=NINE)
        with pytest.raises(Forbidden):
            service.propose_reaward(session, sat.id, REASON, spare=True, by=PSYCHOMETRICIAN, now=NINE)
        proposal = service.propose_reaward(session, sat.id, REASON, spare=True, by=OFFICER_A, now=NINE)
        with pytest.raises(MoveRefused, match="second awarding officer"):
            service.release(session, proposal, by=OFFICER_A, now=NINE)
        assert service.release(session, proposal, by=OFFICER_B, now=NINE) == numbers["affected"] - numbers["stand"]
        stand = {one.sitting_id for one in lines if one.stands}
        moved = {one.sitting_id: one for one in lines if not one.stands}
        for sitting, then in out.items():
            now = service.outcome_of_sitting(session, sitting)
            assert then is not None and now is not None
            if sitting in moved:
                assert (now.version, now.raw, now.outcome) == (then.version + 1, moved[sitting].raw[1], now.outcome)
                assert now.replaces == then.released_at and now.reason == REASON
                kept = store.outcome_versions(session, sitting)[-2]
                assert (kept.raw, kept.outcome, kept.version) == (then.raw, then.outcome, then.version)
                assert service.evidence(session, sitting)[0].key_version != VERSION
            else:
                assert now == then
        assert all(service.outcome_of_sitting(session, one).outcome is Verdict.PASS for one in stand)  # type: ignore[union-attr]
        assert service.affected_by_reaward(session, sat.id) == [], "what was let stand is not asked for again"
        one = next(iter(moved))
        statement = service.statement(session, one)
        assert statement.outcome.replaces is not None and "Key version" in statement.keys[0]
        with pytest.raises(MoveRefused, match="are released"):
            service.propose_release(session, sat.id, by=OFFICER_A, now=NINE)


def test_all_outcomes_follow_where_the_officers_say_so_and_a_moved_list_is_refused(database: db.Database) -> None:
    with database.transaction() as session:
        sat = released(session, 12)
        corrected(session, TURNED)
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        proposal = service.propose_reaward(session, sat.id, REASON, spare=False, by=OFFICER_A, now=NINE)
        with pytest.raises(MoveRefused, match="re-award of this session is proposed"):
            service.propose_release(session, sat.id, by=OFFICER_A, now=NINE)
        corrected(session)
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        with pytest.raises(MoveRefused, match="have changed since"):
            service.release(session, proposal, by=OFFICER_B, now=NINE)
        service.take_back(session, proposal, by=OFFICER_A, now=NINE)
        corrected(session, TURNED)
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        lines = service.affected_by_reaward(session, sat.id, spare=False)
        proposal = service.propose_reaward(session, sat.id, REASON, spare=False, by=OFFICER_A, now=NINE)
        assert service.release(session, proposal, by=OFFICER_B, now=NINE) == len(lines)
        for sitting, run in store.runs_of_session(session, sat.id).items():
            found = service.outcome_of_sitting(session, sitting)
            assert found is not None and found.raw == run.raw
            assert found.outcome is (Verdict.PASS if run.raw >= found.cut else Verdict.FAIL)


def test_a_changed_pass_mark_moves_results_by_a_re_award_alone(database: db.Database) -> None:
    tops = {"s1-a": 20, "s1-b": 12, "s2-a": 20, "s2-b": 8, "s3-a": 4}
    lower = [{"item": name, "max": top, "mean": 0.5 * top, "n": 2} for name, top in tops.items()]
    found = {"method": "angoff", "cut": 32, "max": 64, "se_cut": 0.9, "rounds": [{"items": lower}]}
    with database.transaction() as session:
        sat = released(session, 12)
        cut_id = service.propose_result(session, "form-1", found, source="a.json", by=SYSTEM, now=NINE)
        for officer in (OFFICER_A, OFFICER_B):
            service.adopt(session, cut_id, by=officer, now=NINE)
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        lines = service.affected_by_reaward(session, sat.id)
        assert len(lines) == 12 and {one.cut for one in lines} == {(Fraction(43), Fraction(32))}
        assert {one.raw[0] - one.raw[1] for one in lines} == {0} and any(one.turns for one in lines)
        proposal = service.propose_reaward(session, sat.id, REASON, spare=True, by=OFFICER_A, now=NINE)
        assert service.release(session, proposal, by=OFFICER_B, now=NINE) == 12
        rows = store.last_outcomes(session, session_id=sat.id).values()
        assert {row.state for row in rows} == {OutcomeState.RELEASED} and {row.cut_id for row in rows} == {cut_id}


def a_form(corrections: tuple[Correction, ...] = ()) -> Frozen:
    paper = a_paper()
    line: Any = SimpleNamespace(form_id="form-1", snapshot_sha256="0" * 64)
    return Frozen(line, paper, a_secret(paper), corrections)


FORM = a_form()


def a_correction(item: str, key: dict[str, Any], version: str, *, stands: bool) -> Correction:
    held = FORM.secret.item(item)
    assert held is not None
    return Correction(uuid4(), item, held.key_version, CorrectionKind.KEY, key, WHY, version, NINE, stands)


@settings(max_examples=40, deadline=None)
@given(order=st.permutations("ABCDE"), given_places=st.permutations(range(1, 6)))
def test_correcting_a_key_and_correcting_it_back_gives_the_original_marks(
    order: list[str], given_places: list[int]
) -> None:
    item = FORM.secret.items[0]
    response = dict(zip("ABCDE", given_places, strict=True))
    first = marking_run.mark_item(FORM, item, response)
    there = a_correction("s1-a", {"order": [[one] for one in order]}, "1" * 64, stands=False)
    back = a_correction("s1-a", item.key, item.key_version, stands=True)
    changed, restored = a_form((dataclasses.replace(there, stands=True),)), a_form((there, back))
    assert restored.corrected == FORM.secret and restored.corrected_keys == {}
    assert marking_run.mark_item(restored, restored.corrected.items[0], response).marks == first.marks
    keyed = changed.corrected.items[0]
    assert changed.corrected_keys == {"s1-a": "1" * 64} and keyed.worth == item.worth
    once = marking_run.mark_item(changed, keyed, response)
    assert restored.keyed("s1-a", "1" * 64) == keyed, "what was marked by it can be proved for ever"
    assert once.marks == first.marks or [[one] for one in order] != item.key["order"]


@settings(max_examples=40, deadline=None)
@given(order=st.permutations("ABCDE"), levels=st.permutations([0, 1, 2, 3, 4]))
def test_a_key_is_written_as_it_is_read(order: list[str], levels: list[int]) -> None:
    ranked = FORM.secret.items[0]
    table = keying.table_of(ranked, " > ".join(order))
    assert table["order"] == [[one] for one in order]
    assert keying.key_text(ranked.format, table) == " > ".join(order)
    graded = next(one for one in FORM.secret.items if one.id == "s2-b")
    text = " ".join(f"{letter}{level}" for letter, level in zip("ABCD", levels, strict=False))
    assert keying.key_text(graded.format, keying.table_of(graded, text)) == text
    held = dataclasses.replace(
        ranked, key={**ranked.key, "effectiveness": dict(zip("BACDE", (4, 3, 2, 1, 0), strict=True))}
    )
    dealt = keying.table_of(held, " > ".join(order))["effectiveness"]
    assert [dealt[one] for one in order] == [4, 3, 2, 1, 0]
