"""The save path on real databases: what is acknowledged is stored once, in a chain that holds."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from sjt.delivery import folding, store
from sjt.delivery.ledger import Ledger
from sjt.delivery.model import ActKind, Code, EventKind, SittingState
from sjt.delivery.writing import Batch
from sjt.errors import Forbidden, MoveRefused, NotFound
from sjt.times import ManualClock
from tests.builders.sittings import a_sitting, minutes


def chain_breaks(ledger: Ledger, sitting_id: Any) -> list[Any]:
    with ledger.database.session() as session:
        return store.chain_breaks(session, sitting_id)


def entries(ledger: Ledger, sitting_id: Any) -> list[Any]:
    with ledger.database.session() as session:
        return store.entries(session, sitting_id)


def answers(ledger: Ledger, sitting_id: Any) -> dict[str, Any]:
    with ledger.database.session() as session:
        return {item: answer.response for item, answer in store.answers(session, sitting_id).items()}


def test_an_acknowledged_event_is_stored_and_the_chain_holds(running: Ledger) -> None:
    sat = a_sitting(running)
    one, two = sat.event("s3-a", "A"), sat.event("s1-b", ["A", "C"])
    reply = sat.save(one, two)
    assert set(reply.acked) == {str(one.id), str(two.id)}
    assert reply.refused == ()
    assert reply.state is SittingState.RUNNING
    assert reply.remaining_ms == 3_600_000
    assert answers(running, sat.id) == {"s3-a": "A", "s1-b": ["A", "C"]}
    assert [entry.kind for entry in entries(running, sat.id)] == [
        ActKind.OPENED,
        ActKind.CLAIMED,
        ActKind.STARTED,
        EventKind.ANSWER,
        EventKind.ANSWER,
    ]
    assert chain_breaks(running, sat.id) == []


def test_a_repeat_is_acknowledged_again_and_stored_once(running: Ledger) -> None:
    sat = a_sitting(running)
    event = sat.event()
    first = sat.save(event)
    again = sat.save(event, sat.event("s1-b", ["B"]))
    assert first.acked[0] in again.acked
    assert len(again.acked) == 2
    assert [entry.kind for entry in entries(running, sat.id)].count(EventKind.ANSWER) == 2


def test_the_same_id_or_number_with_other_content_is_refused(running: Ledger) -> None:
    sat = a_sitting(running)
    event = sat.event()
    sat.save(event)
    other = sat.save(replace(event, response="B"))
    assert [refusal.code for refusal in other.refused] == [Code.SEQ_REUSED]
    number = sat.save(replace(event, id=uuid4(), response="C"))
    assert [refusal.code for refusal in number.refused] == [Code.SEQ_REUSED]
    assert answers(running, sat.id) == {"s3-a": "A"}


def test_batching_order_and_repeats_change_neither_answers_nor_content_head(
    running: Ledger, manual: ManualClock
) -> None:
    chance = random.Random(7)
    heads, standing = set(), []
    events = None
    for _ in range(6):
        sat = a_sitting(running)
        if events is None:
            events = [sat.event(chance.choice(["s3-a", "s1-b"]), chance.choice([None, "A", "B"])) for _ in range(12)]
        sent = events + chance.sample(events, 5)
        chance.shuffle(sent)
        while sent:
            size = chance.randint(1, 5)
            reply = sat.save(*{event.id: event for event in sent[:size]}.values())
            assert reply.refused == ()
            sent = sent[size:]
        heads.add(reply.content_head)
        standing.append(answers(running, sat.id))
        assert chain_breaks(running, sat.id) == []
    assert heads == {folding.content_head((1, event) for event in events or [])}
    assert all(one == standing[0] for one in standing)


def test_nothing_is_taken_before_the_start(running: Ledger) -> None:
    sat = a_sitting(running, started=False)
    reply = sat.save(sat.event())
    assert [(refusal.code, refusal.kept) for refusal in reply.refused] == [(Code.NOT_STARTED, False)]
    assert answers(running, sat.id) == {}


def test_a_stale_device_is_told_so_and_its_answers_are_kept_aside(running: Ledger) -> None:
    sat = a_sitting(running)
    sat.save(sat.event("s3-a", "A"))
    assert sat.act(ActKind.RELEASED).lease == 2
    stale = sat.event("s3-a", "D")
    reply = sat.save(stale)
    assert [(refusal.code, refusal.kept) for refusal in reply.refused] == [(Code.STALE_LEASE, True)]
    assert sat.save(stale).refused == reply.refused
    assert answers(running, sat.id) == {"s3-a": "A"}
    with running.database.session() as session:
        (held,) = store.held(session, sat.id)
    assert sat.act(ActKind.ADMITTED, held=str(held.id), reason="typed before the move").changed
    assert not sat.act(ActKind.ADMITTED, held=str(held.id), reason="typed before the move").changed
    assert answers(running, sat.id) == {"s3-a": "D"}
    assert sat.save(stale).acked == (str(stale.id),)
    assert chain_breaks(running, sat.id) == []


def test_an_admitted_answer_never_overwrites_one_of_a_later_lease(running: Ledger) -> None:
    sat = a_sitting(running)
    sat.act(ActKind.RELEASED)
    sat.save(sat.event("s3-a", "D"))
    sat.save(sat.event("s3-a", "B"), lease=2)
    with running.database.session() as session:
        (held,) = store.held(session, sat.id)
    sat.act(ActKind.ADMITTED, held=str(held.id), reason="r")
    assert answers(running, sat.id) == {"s3-a": "B"}
    with running.database.session() as session:
        assert folding.fold(store.entries(session, sat.id))["s3-a"].response == "B"


def test_a_second_browser_on_one_code_is_refused(running: Ledger) -> None:
    sat = a_sitting(running)
    with pytest.raises(Forbidden, match="another device"):
        sat.act(ActKind.CLAIMED)


@pytest.mark.parametrize(("seconds", "taken"), [(-1, True), (0, True), (1, False)])
def test_the_end_is_exact_to_the_second(running: Ledger, manual: ManualClock, seconds: int, taken: bool) -> None:
    sat = a_sitting(running)
    event = sat.event()
    manual.advance(minutes(60 + seconds / 60))
    reply = sat.save(event)
    if taken:
        assert reply.acked == (str(event.id),)
    else:
        assert [(refusal.code, refusal.kept) for refusal in reply.refused] == [(Code.HELD, True)]
        assert reply.state is SittingState.CLOSED
        assert answers(running, sat.id) == {}


@pytest.mark.parametrize(("entered", "arrived", "taken"), [(-1, 2, True), (0, 5, True), (1, 3, False), (-1, 6, False)])
def test_inside_the_grace_an_answer_counts_if_it_was_entered_before_the_end(
    running: Ledger, manual: ManualClock, entered: int, arrived: int, taken: bool
) -> None:
    running.grace_ms = 5_000
    sat = a_sitting(running)
    sat.save(sat.event("s1-b", ["A"]))
    manual.advance(minutes(60 + entered / 60))
    event = sat.event("s3-a", "C")
    manual.advance(minutes((arrived - entered) / 60))
    if arrived > 1:
        assert sat.act(ActKind.CLOSED, cause="time").changed
    reply = sat.save(event)
    assert (reply.acked == (str(event.id),)) is taken
    assert answers(running, sat.id) == ({"s1-b": ["A"], "s3-a": "C"} if taken else {"s1-b": ["A"]})


def test_submitting_ends_the_sitting_once_with_one_receipt(running: Ledger) -> None:
    sat = a_sitting(running)
    submit = sat.event("s3-a", None, EventKind.SUBMIT)
    submit = replace(submit, item=None)
    first = sat.save(sat.event(), submit)
    assert first.state is SittingState.SUBMITTED
    assert first.receipt
    assert sat.save(submit).receipt == first.receipt
    second = replace(submit, id=uuid4(), seq=99)
    late = sat.save(second)
    assert late.receipt == first.receipt
    assert [refusal.code for refusal in late.refused] == [Code.CLOSED]
    assert sat.act(ActKind.SUBMITTED).receipt == first.receipt


def test_every_deed_is_safe_to_repeat(running: Ledger, manual: ManualClock) -> None:
    sat = a_sitting(running)
    assert not sat.act(ActKind.STARTED).changed
    assert sat.act(ActKind.PAUSED).changed
    manual.advance(minutes(5))
    assert not sat.act(ActKind.PAUSED).changed
    manual.advance(minutes(2))
    assert sat.act(ActKind.RESUMED).left_ms == 3_600_000
    assert not sat.act(ActKind.RESUMED).changed
    assert sat.act(ActKind.EXTENDED, minutes=5, key="k").left_ms == 3_900_000
    assert not sat.act(ActKind.EXTENDED, minutes=5, key="k").changed
    assert sat.act(ActKind.VOIDED).changed
    assert not sat.act(ActKind.VOIDED).changed
    with pytest.raises(MoveRefused, match="void"):
        sat.act(ActKind.REOPENED)


def test_a_sitting_reopens_with_its_answers_and_the_time_it_had(running: Ledger, manual: ManualClock) -> None:
    sat = a_sitting(running)
    sat.save(sat.event("s3-a", "A"))
    manual.advance(minutes(20))
    sat.act(ActKind.SUBMITTED)
    manual.advance(minutes(30))
    assert sat.act(ActKind.REOPENED, minutes=3, key="x").left_ms == 43 * 60_000
    assert sat.save(sat.event("s3-a", "B")).acked
    assert answers(running, sat.id) == {"s3-a": "B"}


def test_answers_typed_before_a_pause_are_taken_during_it(running: Ledger, manual: ManualClock) -> None:
    sat = a_sitting(running)
    manual.advance(minutes(10))
    sat.act(ActKind.PAUSED)
    manual.advance(minutes(7))
    reply = sat.save(sat.event())
    assert len(reply.acked) == 1
    assert reply.remaining_ms == 50 * 60_000
    assert reply.ends_at is None


def test_a_clock_stepped_by_ten_minutes_changes_no_time_left(running: Ledger, manual: ManualClock) -> None:
    for step in (10, -10):
        sat = a_sitting(running)
        manual.advance(minutes(20))
        manual.step(minutes(step))
        manual.advance(minutes(10))
        assert sat.save(sat.event()).remaining_ms == 30 * 60_000
        assert sat.act(ActKind.PAUSED).left_ms == 30 * 60_000


def test_an_unknown_sitting_is_not_found_and_spoils_no_neighbour(running: Ledger) -> None:
    sat = a_sitting(running)
    with pytest.raises(NotFound):
        running.save(Batch(uuid4(), 1, (sat.event(),), "x", running.now()))
    assert sat.save(sat.event()).acked


def test_the_ledger_refuses_to_wait_inside_a_transaction(running: Ledger) -> None:
    sat = a_sitting(running)
    with running.database.transaction(), pytest.raises(RuntimeError, match="transaction"):
        sat.save(sat.event())


def test_the_stored_answers_equal_the_fold_of_the_entries(running: Ledger) -> None:
    sat = a_sitting(running)
    chance = random.Random(3)
    for _ in range(30):
        item = chance.choice(["s3-a", "s1-b"])
        kind = chance.choice([EventKind.ANSWER, EventKind.FLAG, EventKind.VIEW])
        sat.save(
            sat.event(
                item, chance.choice([True, False]) if kind is EventKind.FLAG else chance.choice([None, "A", "B"]), kind
            )
        )
    with running.database.session() as session:
        for kind in folding.FOLDED_KINDS:
            assert store.answers(session, sat.id, kind) == folding.fold(store.entries(session, sat.id), kind)
