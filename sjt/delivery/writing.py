"""What one request does to a sitting inside the batch's transaction: a browser's events, a deed of staff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from sjt.db import new_id
from sjt.delivery import late_evidence, sitting, timing
from sjt.delivery.folding import content_sha256
from sjt.delivery.late_evidence import Evidence
from sjt.delivery.model import (
    ENDED_STATES,
    OPEN_STATES,
    ActKind,
    ClientEvent,
    Code,
    EventKind,
    Instant,
    PageClock,
    Refused,
    Reply,
    SittingState,
)
from sjt.delivery.row import Hand, Row, time_entries
from sjt.errors import Conflict, Forbidden, MoveRefused, NotFound

_KEPT_KINDS: Final = frozenset({EventKind.ANSWER, EventKind.FLAG})
MAX_HELD: Final = 2_000
"""Events kept aside for one sitting; a page cannot make more in good faith."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A browser's events for one sitting, shapes already checked."""

    sitting_id: UUID
    lease: int
    events: tuple[ClientEvent, ...]
    by: str
    at: Instant
    unsaved: int | None = None
    sent: PageClock | None = None
    """The page's own time at which it sent this request."""
    via: str = ""
    """How the events came, if not from the browser: an emergency file names its hash."""


@dataclass(frozen=True, slots=True)
class Act:
    """A deed of staff, or of sjt itself, on one sitting."""

    sitting_id: UUID
    kind: ActKind
    by: str
    at: Instant
    body: Mapping[str, Any]
    lease_hmac: str | None = None
    """With CLAIMED: of the token that the new browser holds; not part of the body."""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What an act led to; ``changed`` False: it had been done before."""

    changed: bool
    state: SittingState
    lease: int
    left_ms: int
    receipt: str | None


_KNOWN: Final = "SELECT content_sha256, counts FROM ledger_body WHERE sitting_id = ? AND event_id = ?"


def save(hand: Hand, batch: Batch, grace_ms: int = 0) -> Reply:
    """Take a browser's events: store each once, refuse what may not count, keep aside what somebody must judge."""
    row = Row(hand, batch.sitting_id)
    left = row.remaining_ms(batch.at)
    in_time = row.state in OPEN_STATES and left >= 0
    acked: list[str] = []
    refused: list[Refused] = []
    ended = False
    evidence = Evidence(row, batch.lease, batch.at, left, batch.sent)
    for event in sorted(batch.events, key=lambda one: one.seq):
        content = content_sha256(event, batch.lease)
        known = hand.run(_KNOWN, row.key, hand.uuid(event.id)).fetchone()
        if known is not None:
            again = _again(row, event, same=known[0] == content, counts=bool(known[1]))
            if again is None:
                acked.append(str(event.id))
            else:
                refused.append(again)
        elif not in_time or ended or batch.lease != row.lease:
            outcome = _not_now(row, batch, event, content, evidence, grace_ms)
            if outcome is None:
                acked.append(str(event.id))
            else:
                refused.append(outcome)
        elif row.clash(batch.lease, event.seq):
            message = f"Number {event.seq} of this lease belongs to another event."
            refused.append(Refused(str(event.id), Code.SEQ_REUSED, message))
        else:
            entry_hash = _take(row, batch, event, content)
            acked.append(str(event.id))
            if event.kind is EventKind.SUBMIT:
                row.end(event.kind, entry_hash, batch.at)
                ended = True
    if ended:
        row.put_all()
    row.put_head(batch.at, batch.unsaved)
    return _reply(row, batch.at, tuple(acked), tuple(refused))


def _again(row: Row, event: ClientEvent, *, same: bool, counts: bool) -> Refused | None:
    """Answer a repeated id: as before if it says the same, refused if it says something else."""
    name = str(event.id)
    if not same:
        return Refused(name, Code.SEQ_REUSED, "This id belongs to an event that says something else.")
    if counts:
        return None
    found = row.hand.run(
        "SELECT code, decision FROM held_event WHERE sitting_id = ? AND event_id = ?",
        row.key,
        row.hand.uuid(event.id),
    ).fetchone()
    if found[1] == "admitted":
        return None
    return _kept(name, Code(found[0]))


def _kept(name: str, code: Code) -> Refused:
    words = "Another device holds the sitting now" if code is Code.STALE_LEASE else "It came after the end"
    return Refused(name, code, f"{words}; it is kept aside for a decision.", kept=True)


def _take(row: Row, batch: Batch, event: ClientEvent, content: str, late: str = "") -> str:
    """Store an event that counts, and give its entry's hash."""
    body: dict[str, Any] = {"event": event.content(batch.lease)}
    if late:
        body["late"] = late
    if batch.via:
        body["via"] = batch.via
    entry_hash = row.append(event.kind, batch.at, batch.by, body, event=event, lease=batch.lease, content=content)
    row.take(event, batch.lease, content, batch.at)
    return entry_hash


def _not_now(
    row: Row, batch: Batch, event: ClientEvent, content: str, evidence: Evidence, grace_ms: int
) -> Refused | None:
    """Decide on a new event that may not simply count; None: it counts all the same."""
    name = str(event.id)
    if row.state is SittingState.WAITING:
        return Refused(name, Code.NOT_STARTED, "The sitting has not started.")
    if row.state is SittingState.VOID:
        return Refused(name, Code.CLOSED, "The sitting was voided.")
    if batch.lease > row.lease:
        return Refused(name, Code.STALE_LEASE, "This device does not hold the sitting.")
    stale = batch.lease < row.lease
    if not stale and event.kind is not EventKind.SUBMIT and not row.clash(batch.lease, event.seq):
        if evidence.proves(event):
            _take(row, batch, event, content, late_evidence.PROVEN)
            return None
        if event.kind in _KEPT_KINDS and evidence.inside_grace(event, grace_ms):
            _take(row, batch, event, content, late_evidence.GRACE)
            return None
    code = Code.STALE_LEASE if stale else Code.HELD
    if event.kind not in _KEPT_KINDS:
        words = "Another device holds the sitting now." if stale else "The sitting has ended."
        return Refused(name, Code.STALE_LEASE if stale else Code.CLOSED, words)
    held = row.hand.run("SELECT count(*) FROM held_event WHERE sitting_id = ?", row.key).fetchone()[0]
    if held >= MAX_HELD:
        return Refused(name, code if stale else Code.CLOSED, "Too many late answers were kept already.")
    body = {"event": event.content(batch.lease), "code": code.value, "counts": False}
    if batch.via:
        body["via"] = batch.via
    row.append(ActKind.HELD, batch.at, batch.by, body, event=event, lease=batch.lease, content=content, counts=False)
    hand = row.hand
    hand.run(
        "INSERT INTO held_event (id, sitting_id, event_id, n, code, item, arrived_at, reason) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, '')",
        hand.uuid(new_id()),
        row.key,
        hand.uuid(event.id),
        row.head_n,
        code.value,
        event.item,
        hand.time(batch.at.at),
    )
    return _kept(name, code)


def _reply(row: Row, at: Instant, acked: tuple[str, ...], refused: tuple[Refused, ...]) -> Reply:
    left = row.remaining_ms(at)
    overdue = left < 0 and row.state in (SittingState.RUNNING, SittingState.BREAK)
    state = SittingState.CLOSED if overdue else row.state
    return Reply(
        acked=acked,
        refused=refused,
        remaining_ms=None if state in ENDED_STATES else max(0, left),
        ends_at=after(at.at, left) if state is SittingState.RUNNING else None,
        server_time=at.at,
        state=state,
        content_head=row.content_head,
        receipt=row.receipt if state in ENDED_STATES else None,
    )


def after(at: datetime, ms: int) -> datetime:
    return at + timedelta(milliseconds=ms)


def act(hand: Hand, deed: Act) -> Done:
    """Do a deed of staff, once; a repeat changes nothing."""
    row = Row(hand, deed.sitting_id)
    before = row.head_n
    changed = _do(row, deed)
    if row.head_n != before:
        row.put_all()
    return Done(changed, row.state, row.lease, max(0, row.remaining_ms(deed.at)), row.receipt)


def _do(row: Row, deed: Act) -> bool:
    left = row.remaining_ms(deed.at)
    clock_runs = row.state in (SittingState.RUNNING, SittingState.BREAK)
    overdue = clock_runs and left < 0 and deed.kind is not ActKind.OUTAGE
    if deed.kind is ActKind.CLOSED and deed.body.get("cause") == "time" and not overdue:
        return False
    # everything that can refuse comes before the first write
    next_state = sitting.move(SittingState.CLOSED if overdue else row.state, deed.kind)
    if deed.kind is ActKind.CLAIMED and row.lease_hmac is not None:
        raise Forbidden("This code is in use on another device. Ask the invigilator to move the sitting here.")
    if deed.kind is not ActKind.OPENED and not row.head_n:
        raise MoveRefused("The sitting was never opened. The candidate enters the code first.")
    if overdue:
        row.close_for_time(deed.at, -left)
    if deed.kind is ActKind.CLOSED and overdue:
        return True
    if next_state is None or _repeated(row, deed):
        return False
    body = dict(deed.body)
    if deed.kind in (ActKind.ADMITTED, ActKind.DISCARDED):
        return _decide(row, deed, body)
    if deed.kind is ActKind.RELEASED:
        row.lease, row.lease_hmac, row.device = row.lease + 1, None, ""
        body["lease"] = row.lease
    elif deed.kind is ActKind.CLAIMED:
        row.lease_hmac, row.device = deed.lease_hmac, deed.device
        body["lease"] = row.lease
    elif deed.kind is ActKind.REDEALT:
        row.redeal(body)
    elif deed.kind is ActKind.KEYED:
        return _key(row, deed, body)
    entry_hash = row.append(deed.kind, deed.at, deed.by, body)
    if deed.kind is ActKind.SAT:
        row.end(ActKind.SAT, entry_hash, deed.at)
        row.started_at = datetime.fromisoformat(body["started"])
        row.finished_at = datetime.fromisoformat(body["ended"])
    elif deed.kind in (ActKind.SUBMITTED, ActKind.CLOSED, ActKind.VOIDED):
        row.end(deed.kind, entry_hash, deed.at)
    elif deed.kind in timing.TIME_KINDS:
        row.renew_clock(deed.at)
        if deed.kind is ActKind.STARTED:
            row.started_at = deed.at.at
        elif deed.kind is ActKind.REOPENED:
            row.finished_at = row.receipt = None
    return True


def _key(row: Row, deed: Act, body: dict[str, Any]) -> bool:
    """Write the agreed answers of the sheets, each an entry of its own, over what was answered on a screen before."""
    answers: Mapping[str, Any] = body.pop("answers")
    lease = row.lease + 1
    if row.clash(lease, 0):
        return False
    for seq, item in enumerate(sorted(answers)):
        event = ClientEvent(new_id(), seq, EventKind.ANSWER, item, answers[item])
        content = content_sha256(event, lease)
        said = {**body, "event": event.content(lease)}
        row.append(deed.kind, deed.at, deed.by, said, event=event, lease=lease, content=content)
        row.take(event, lease, content, deed.at)
    if not answers:
        row.append(deed.kind, deed.at, deed.by, body)
    return True


def _repeated(row: Row, deed: Act) -> bool:
    """Tell whether a deed that adds (extra time, an outage) was done before under the same key."""
    if deed.kind is ActKind.OPENED:
        return row.head_n > 0
    key = deed.body.get("key")
    if key is None and deed.kind is ActKind.RELEASED:
        return row.lease_hmac is None
    if key is None:
        return False
    return any(entry.kind is deed.kind and entry.body.get("key") == key for entry in time_entries(row.hand, row.id))


def _decide(row: Row, deed: Act, body: dict[str, Any]) -> bool:
    """Admit or discard an event that was kept aside; admitted, it counts under its own lease and number."""
    hand = row.hand
    held = hand.run(
        "SELECT h.event_id, h.n, h.decision, b.body, b.content_sha256 FROM held_event h "
        "JOIN ledger_body b ON b.sitting_id = h.sitting_id AND b.n = h.n WHERE h.id = ? AND h.sitting_id = ?",
        hand.uuid(UUID(body["held"])),
        row.key,
    ).fetchone()
    if held is None:
        raise NotFound("There is no such late answer.")
    decision = deed.kind.value
    if held[2] is not None:
        if held[2] == decision:
            return False
        raise Conflict(f"This late answer was {held[2]} already.")
    kept = orjson.loads(held[3])["event"]
    body["entry"] = held[1]
    if deed.kind is ActKind.ADMITTED:
        lease, event = kept["lease"], ClientEvent.from_content(kept)
        if row.clash(lease, event.seq):
            raise Conflict("Another answer already counts under the same number; this one can only be discarded.")
        body["event"] = event.content(lease)
        row.append(deed.kind, deed.at, deed.by, body, event=event, lease=lease, content=held[4], own_id=False)
        row.take(event, lease, held[4], deed.at)
    else:
        row.append(deed.kind, deed.at, deed.by, body)
    hand.run(
        "UPDATE held_event SET decision = ?, decided_by = ?, decided_at = ?, reason = ? WHERE id = ?",
        decision,
        deed.by,
        hand.time(deed.at.at),
        str(body.get("reason", "")),
        hand.uuid(UUID(body["held"])),
    )
    return True
