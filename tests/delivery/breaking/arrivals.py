"""Any batching, repeats, order and overlap of a candidate's events, through the real save path."""

from __future__ import annotations

import random
import time
from uuid import UUID

from sjt import db
from sjt.delivery import folding, store
from sjt.delivery.ledger import Ledger
from sjt.delivery.model import ClientEvent, EventKind
from sjt.delivery.writing import Batch
from tests.delivery.breaking.cohort import a_cohort
from tests.delivery.breaking.judging import judge
from tests.delivery.breaking.outcome import Outcome
from tests.delivery.breaking.pages import ITEMS

AT_ONCE = 250
"""Sittings whose batches go to the ledger together, mixed with one another."""
KINDS = (EventKind.ANSWER, EventKind.ANSWER, EventKind.ANSWER, EventKind.FLAG, EventKind.VIEW, EventKind.BLUR)


def some_events(chance: random.Random) -> list[ClientEvent]:
    """Make what one candidate does, with numbers that may have gaps."""
    found = []
    seq = 0
    for _ in range(chance.randint(1, 16)):
        seq += chance.choice((1, 1, 1, 2, 5))
        kind, item = chance.choice(KINDS), chance.choice(list(ITEMS))
        response = None
        if kind is EventKind.ANSWER and chance.random() < 0.9:
            response = ITEMS[item](chance)
        elif kind is EventKind.FLAG:
            response = chance.random() < 0.5
        found.append(ClientEvent(UUID(int=chance.getrandbits(128), version=4), seq, kind, item, response))
    return found


def some_batches(chance: random.Random, events: list[ClientEvent]) -> list[list[ClientEvent]]:
    """Cut the events into batches that overlap, repeat and come in any order; each event is in one at least."""
    batches = []
    at = 0
    while at < len(events):
        size = chance.randint(1, 6)
        batches.append(events[max(0, at - chance.randint(0, 2)) : at + size])
        at += size
    batches += [chance.sample(events, chance.randint(1, len(events))) for _ in range(chance.randint(0, 3))]
    for batch in batches:
        if chance.random() < 0.3:
            chance.shuffle(batch)
        if chance.random() < 0.1:
            batch.append(chance.choice(batch))
    if chance.random() < 0.7:
        chance.shuffle(batches)
    return batches


def arrivals(database: db.Database, *, cases: int, seed: int = 1) -> Outcome:
    """Send each candidate's events in some arrival; answers, head and chain are those of the plain order."""
    began = time.monotonic()
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    case = "events batched, repeated, reordered and overlapped at random"
    outcome = Outcome(case, kind, f"{cases:,} arrivals", "All answers saved")
    chance = random.Random(seed)
    keeper = Ledger(db.bind(database)).start()
    told: dict[str, set[str]] = {}
    heads: dict[UUID, str] = {}
    events_sent = batches_sent = 0
    for begin in range(0, cases, AT_ONCE):
        cohort = a_cohort(keeper, min(AT_ONCE, cases - begin))
        sending: list[Batch] = []
        for sitting_id in cohort.sitting_ids:
            events = some_events(chance)
            told[str(sitting_id)] = {str(event.id) for event in events}
            heads[sitting_id] = folding.content_head((1, event) for event in events)
            batches = some_batches(chance, events)
            sending += [Batch(sitting_id, 1, tuple(batch), "candidate", keeper.now()) for batch in batches]
            events_sent += len(events)
        chance.shuffle(sending)  # of all candidates together
        batches_sent += len(sending)
        for batch, reply in zip(sending, keeper.save_all(sending)):
            if set(reply.acked) != {str(event.id) for event in batch.events} or reply.refused:
                outcome.troubles.append(f"{batch.sitting_id}: {reply.refused[:1]}")
    keeper.stop()
    verdict = judge(database, told)  # its own hashing: chain, content_head, answers, each event once
    outcome.take(verdict)
    outcome.told = verdict.events
    with database.session() as session:
        wrong = [one for one, head in heads.items() if store.sitting(session, one).content_head != head]
    outcome.troubles += [f"{one}: another content_head than in plain order" for one in wrong[:5]]
    outcome.notes.append(f"{events_sent:,} events in {batches_sent:,} batches")
    outcome.seconds = time.monotonic() - began
    return outcome
