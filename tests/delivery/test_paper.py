"""A sitting on paper: own form and order on the sheets, keyed twice by two, settled by a third look, in the ledger."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from sjt import db
from sjt.access import Actor, Role
from sjt.audit.tables import AuditEntry
from sjt.delivery import after, fitting, ledger, paper, paper_sheets, service, store
from sjt.delivery.model import ActKind, SittingState
from sjt.delivery.paper_sheets import Wrong
from sjt.errors import Conflict, Forbidden, InputError, MoveRefused
from sjt.times import ManualClock
from tests.builders.sittings import a_paper
from tests.delivery.test_reserve import House, Shelf, a_room
from tests.delivery.test_service import ADMIN, INVIGILATOR

ONE = Actor("keyer-1", "Keyer One", frozenset({Role.CENTRE_ADMIN}))
TWO = Actor("keyer-2", "Keyer Two", frozenset({Role.INVIGILATOR}))
OFFICER = Actor("officer", "Officer", frozenset({Role.AWARDING_OFFICER}))
WHY = "Large print arranged"


@pytest.fixture
def shelf(running: ledger.Ledger) -> Iterator[Shelf]:
    from sjt.delivery import sources

    fitting._scenarios.clear()
    found = Shelf()
    found.put("a", "s01", "s02", "s03")
    sources.use(found)
    yield found
    sources.use(None)


@pytest.fixture
def house(shelf: Shelf, manual: ManualClock) -> House:
    return a_room(manual, 2, forms=("a",), reserve=())


def put(house: House, n: int = 0) -> UUID:
    with db.transaction() as session:
        service.check_in(session, house.bookings[n], by=INVIGILATOR, now=house.clock.now())
    return paper.declare(house.bookings[n], WHY, by=ADMIN, now=house.clock.now())


def printed(sitting_id: UUID, house: House, *, large: bool = False) -> paper.Sheets:
    with db.transaction() as session:
        return paper.record_print(session, sitting_id, large=large, by=ADMIN, now=house.clock.now())


def signs(sheets: paper.Sheets, **other: str) -> dict[str, str]:
    """Fill a sheet in: the first option first, and so on."""
    found = {
        "s1-a": "12345", "s1-b": "ABC", "s2-a": "4321-", "s2-b": "AB", "s3-a": "C", "s3-b": "I would ask Ade first.",
    }  # fmt: skip
    return {**found, **{name.replace("_", "-"): value for name, value in other.items()}}


def keyed(sitting_id: UUID, by: Actor, typed: dict[str, str], house: House, mark: str = "") -> paper.Standing:
    with db.transaction() as session:
        own = mark or paper.sheets(session, sitting_id).mark
        return paper.key(session, sitting_id, own, typed, by=by, now=house.clock.now())


def sat(house: House, sitting_id: UUID) -> None:
    service.start_room(house.id, by=INVIGILATOR)
    house.clock.advance(timedelta(minutes=50))
    service.force_submit(sitting_id, by=INVIGILATOR, reason="Paper handed in")


def test_the_sheets_are_the_candidates_own_form_in_their_own_order_and_name_nobody(house: House) -> None:
    one, other = put(house, 0), put(house, 1)
    first, second = printed(one, house), printed(other, house)
    with db.session() as session:
        sitting = store.sitting(session, one)
        deal = json.loads(sitting.deal)
    assert [scenario.id for scenario in first.paper.scenarios] == deal["scenarios"]
    for question in first.questions:
        if question.item.options:
            assert list(question.item.option_ids()) == deal["options"][question.item.id]
    assert first.mark != second.mark and re.fullmatch(r"[2-9A-Z]{3}-[2-9A-Z]{3}", first.mark)
    assert first.number == house.bookings[0].hex[-8:].upper()
    assert "Given" not in repr(first) and "O'Neil" not in repr(first)


def test_each_print_is_in_the_record_with_who_and_how(house: House) -> None:
    one = put(house)
    printed(one, house)
    printed(one, house, large=True)
    with db.session() as session:
        query = select(AuditEntry).where(AuditEntry.chain == f"booking:{house.bookings[0]}")
        entries = [(entry.did, entry.by) for entry in session.exec(query)]
    assert entries.count(("booking.paper_printed", ADMIN.id)) == 2


def test_no_computer_opens_a_test_on_paper(house: House) -> None:
    put(house)
    with pytest.raises(Forbidden, match="on paper"):
        house.enter(0)


def test_a_computer_that_held_the_test_lets_go_and_its_answers_stay_where_the_sheet_is_blank(house: House) -> None:
    one = house.enter(0)
    service.start_room(house.id, by=INVIGILATOR)
    raw = [{"id": str(UUID(int=7)), "seq": 1, "kind": "answer", "item": "s3-a", "response": "A"}]
    assert service.save_events(one, 1, raw, by="candidate:x").acked
    paper.declare(house.bookings[0], "Computer has failed", by=INVIGILATOR, now=house.clock.now())
    with db.session() as session:
        assert store.sitting(session, one).lease == 2
    sheets = printed(one, house)
    house.clock.advance(timedelta(minutes=10))
    service.force_submit(one, by=INVIGILATOR, reason="Paper handed in")
    typed = signs(sheets, s3_a="-")
    keyed(one, ONE, typed, house)
    keyed(one, TWO, typed, house)
    assert paper.write_in(one, by=TWO, now=house.clock.now())
    with db.session() as session:
        answers = store.answers(session, one)
    assert answers["s3-a"].response == "A"
    assert len(answers) == 6


def test_two_keyings_that_agree_become_the_sittings_answers(house: House) -> None:
    one = put(house)
    sheets = printed(one, house)
    sat(house, one)
    keyed(one, ONE, signs(sheets), house)
    assert keyed(one, TWO, signs(sheets, s3_b="I would  ask\nAde first."), house).step == "write"
    assert paper.write_in(one, by=TWO, now=house.clock.now())
    assert paper.write_in(one, by=TWO, now=house.clock.now())
    orders = {q.item.id: q.item.option_ids() for q in sheets.questions}
    with db.session() as session:
        (found,) = service.responses(session, sitting_id=one)
        assert found.state is SittingState.SUBMITTED
        answers = {item: answer.response for item, answer in found.answers.items()}
        assert answers["s1-a"] == {option: n for n, option in enumerate(orders["s1-a"], start=1)}
        assert answers["s1-b"] == sorted(orders["s1-b"][:3])
        assert answers["s2-a"] == {option: 4 - n for n, option in enumerate(orders["s2-a"][:4])}
        assert answers["s2-b"] == {"most": orders["s2-b"][0], "least": orders["s2-b"][1]}
        assert answers["s3-a"] == orders["s3-a"][2]
        assert answers["s3-b"] == {"text": "I would ask Ade first."}
        entries = service.entries(session, one)
        written = [entry for entry in entries if entry.kind is ActKind.KEYED]
        assert len(written) == 6
        assert all(e.body["origin"] == "paper" and e.body["keyed_by"] == ["keyer-1", "keyer-2"] for e in written)
        assert store.chain_breaks(session, one) == []
        from sjt.delivery.folding import fold

        assert {item: a.response for item, a in fold(entries).items()} == answers
        assert service.open_questions(session, house.id) == []


def test_results_wait_for_a_paper_that_was_sat(house: House) -> None:
    one = put(house)
    printed(one, house)
    sat(house, one)
    with db.session() as session:
        assert service.open_questions(session, house.id) == ["paper of seat 1 is not in the record"]


def test_nobody_keys_the_same_paper_twice(house: House) -> None:
    one = put(house)
    sheets = printed(one, house)
    sat(house, one)
    keyed(one, ONE, signs(sheets), house)
    with pytest.raises(Forbidden, match="Somebody else"):
        keyed(one, ONE, signs(sheets), house)
    keyed(one, TWO, signs(sheets), house)
    with pytest.raises(MoveRefused, match="twice"):
        keyed(one, OFFICER, signs(sheets), house)


def test_a_keyer_needs_the_check_mark_of_the_very_sheets(house: House) -> None:
    one, other = put(house, 0), put(house, 1)
    sheets, wrong = printed(one, house), printed(other, house)
    sat(house, one)
    with pytest.raises(InputError) as caught:
        keyed(one, ONE, signs(sheets, s3_a=""), house, mark=wrong.mark)
    assert {fault.field for fault in caught.value.faults} == {"mark", "s3-a"}
    keyed(one, ONE, signs(sheets), house, mark=sheets.mark.lower().replace("-", " "))


def test_what_differs_is_settled_by_an_officer_with_a_keyer_both_by_name(house: House) -> None:
    one = put(house)
    sheets = printed(one, house)
    sat(house, one)
    keyed(one, ONE, signs(sheets), house)
    at = keyed(one, TWO, signs(sheets, s1_a="21345", s3_a="-"), house)
    assert at.step == "settle" and {d.question.item.id for d in at.differences} == {"s1-a", "s3-a"}
    assert not paper.write_in(one, by=OFFICER, now=house.clock.now())
    now = house.clock.now()
    with db.transaction() as session:
        with pytest.raises(Forbidden, match="third look"):
            paper.settle(session, one, "s1-a", "21345", "keyer-2", by=ONE, now=now)
        with pytest.raises(InputError, match="Name the keyer"):
            paper.settle(session, one, "s1-a", "21345", "somebody", by=OFFICER, now=now)
        paper.settle(session, one, "s1-a", "21345", "keyer-2", by=OFFICER, now=now)
        paper.settle(session, one, "s3-a", "C", "keyer-1", by=OFFICER, now=now)
    assert paper.write_in(one, by=OFFICER, now=now)
    order = next(q.item.option_ids() for q in sheets.questions if q.item.id == "s1-a")
    with db.session() as session:
        answers = store.answers(session, one)
        assert answers["s1-a"].response == {order[0]: 2, order[1]: 1, order[2]: 3, order[3]: 4, order[4]: 5}
        last = service.entries(session, one)[-1]
        assert last.body["settled_by"] == ["officer"]


def test_nothing_is_keyed_before_the_end_nor_after_the_release(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    one = put(house)
    sheets = printed(one, house)
    with pytest.raises(MoveRefused, match="when it has ended"):
        keyed(one, ONE, signs(sheets), house)
    sat(house, one)
    monkeypatch.setattr(after, "_seals", [lambda session, session_id: session_id == house.id])
    with pytest.raises(Conflict, match="released"):
        keyed(one, ONE, signs(sheets), house)


def test_the_rooms_clock_runs_for_paper_too(house: House) -> None:
    one = put(house)
    printed(one, house)
    assert service.start_room(house.id, by=INVIGILATOR) == [one]
    house.clock.advance(timedelta(minutes=7))
    service.pause_room(house.id, by=INVIGILATOR, reason="Fire")
    house.clock.advance(timedelta(minutes=30))
    service.resume_room(house.id, by=INVIGILATOR, reason="Over")
    with db.session() as session:
        assert service.clock_now(session, one, at=ledger.current().now()).left_ms == 53 * 60_000


def test_times_by_the_clock_on_the_wall_are_recorded_by_hand(house: House) -> None:
    one = put(house)
    printed(one, house)
    began = house.clock.now()
    house.clock.advance(timedelta(minutes=75))
    ended = began + timedelta(minutes=72)
    for start, end, why in ((ended, began, "x"), (began, ended + timedelta(hours=9), "x"), (began, ended, " ")):
        with pytest.raises(InputError):
            paper.record_sat(one, start, end, why, by=INVIGILATOR, now=house.clock.now())
    paper.record_sat(one, began, ended, "Power cut", by=INVIGILATOR, now=house.clock.now())
    with db.session() as session:
        sitting = store.sitting(session, one)
        assert (sitting.state, sitting.started_at, sitting.finished_at) == (SittingState.CLOSED, began, ended)
        assert "12 minutes longer" in service.open_questions(session, house.id)[-1]
    with pytest.raises(MoveRefused, match="already"):
        paper.record_sat(one, began, ended, "Power cut", by=INVIGILATOR, now=house.clock.now())


def test_a_paper_that_comes_in_after_the_session_closed_still_reaches_the_markers(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[UUID] = []
    monkeypatch.setattr(after, "_handlers", [lambda session, session_id, by, at: calls.append(session_id)])
    one = put(house)
    sheets = printed(one, house)
    sat(house, one)
    service.close_session(house.id, by=INVIGILATOR)
    keyed(one, ONE, signs(sheets), house)
    keyed(one, TWO, signs(sheets), house)
    assert paper.write_in(one, by=TWO, now=house.clock.now())
    assert calls == [house.id, house.id]


# -- what is typed, pure --

ITEMS = {item.id: item for item in a_paper().items()}


@given(st.permutations(range(1, 6)), st.sets(st.integers(0, 4)))
def test_a_ranking_is_read_by_its_printed_boxes(ranks: list[int], empty: set[int]) -> None:
    typed = "".join("-" if n in empty else str(rank) for n, rank in enumerate(ranks))
    found = paper_sheets.read(ITEMS["s1-a"], typed)
    if len(empty) == 5:
        assert found == {}
    else:
        assert found == {
            option: rank for n, (option, rank) in enumerate(zip("ABCDE", ranks, strict=True)) if n not in empty
        }


@pytest.mark.parametrize(
    ("item", "typed", "said"),
    [
        ("s1-a", "-", None),
        ("s1-a", "11345", {"A": 1, "B": 1, "C": 3, "D": 4, "E": 5}),
        ("s1-b", "hgb a", ["A", "B", "G", "H"]),
        ("s1-b", "-", None),
        ("s2-a", "4 3 2 1 1", {"A": 4, "B": 3, "C": 2, "D": 1, "E": 1}),
        ("s2-b", "B-", {"most": "B", "least": None}),
        ("s2-b", "-b", {"most": None, "least": "B"}),
        ("s3-a", "d", "D"),
        ("s3-b", "  Two\r\nlines ", {"text": "  Two\nlines "}),
    ],
)
def test_what_the_sheet_says_is_taken_as_written(item: str, typed: str, said: Any) -> None:
    assert paper_sheets.read(ITEMS[item], typed) == said


@pytest.mark.parametrize(
    ("item", "typed", "words"),
    [
        ("s1-a", "", "Nothing was keyed"),
        ("s1-a", "1234", "there are 5 boxes"),
        ("s1-a", "1234x", "X is no number"),
        ("s1-a", "12349", "from 1 to 5"),
        ("s1-b", "ABZ", "Z is no letter"),
        ("s1-b", "AAB", "twice"),
        ("s2-a", "51111", "1 to 4"),
        ("s2-b", "A", "Two letters"),
        ("s3-a", "AB", "One letter"),
        ("s1-a", "１２３４５", "is no number"),
    ],
)
def test_what_no_sheet_can_say_is_refused_in_words(item: str, typed: str, words: str) -> None:
    found = paper_sheets.read(ITEMS[item], typed)
    assert isinstance(found, Wrong) and words in found.message
