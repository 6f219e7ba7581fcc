"""A sitting's row and chain inside the batch's transaction: hand-written SQL for both databases.

Lease, deadline, state and head are read here, with the sitting's row locked, and never kept between requests.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

import orjson
from sqlalchemy import Dialect

from sjt.audit.chain import SALT_BYTES
from sjt.db import UtcDateTime
from sjt.delivery import timing
from sjt.delivery.folding import FOLDED_KINDS, canonical, head_of, next_head
from sjt.delivery.model import ActKind, ClientEvent, EventKind, Instant, SittingState
from sjt.errors import NotFound
from sjt.times import iso

_RECEIPT_SIGNS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class Cursor(Protocol):
    def fetchone(self) -> Any: ...
    def fetchall(self) -> Sequence[Any]: ...


class Hand:
    """One open transaction of either driver, and how values bind through the column types."""

    def __init__(self, execute: Callable[..., Cursor], dialect: Dialect) -> None:
        self.execute = execute
        self.is_sqlite = dialect.name == "sqlite"
        self.lock = "" if self.is_sqlite else " FOR UPDATE"
        self.select_row = self.sql(_ROW) + self.lock
        self._bind_time = UtcDateTime().bind_processor(dialect)

    def sql(self, text: str) -> str:
        return text if self.is_sqlite else text.replace("?", "%s")

    def run(self, text: str, *values: Any) -> Cursor:
        return self.execute(text if self.is_sqlite else text.replace("?", "%s"), values)

    def row_of(self, key: Any) -> Any:
        """Give a sitting's row, locked."""
        return self.run(self.select_row, key).fetchone()

    def entries_of(self, key: Any) -> Sequence[tuple[str, str, str]]:
        """Give when, what and body of a sitting's entries that move its clock, in order."""
        marks = ", ".join("?" * len(TIME_DEEDS))
        text = f"{_TIMES} e.sitting_id = ? AND e.did IN ({marks}) ORDER BY e.n"
        return self.run(text, key, *TIME_DEEDS).fetchall()

    def uuid(self, value: UUID) -> Any:
        return value.hex if self.is_sqlite else value

    def time(self, value: datetime | None) -> Any:
        return self._bind_time(value) if self._bind_time is not None else value

    def read_time(self, value: Any) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value
        return datetime.fromisoformat(value).replace(tzinfo=UTC)

    def flag(self, value: bool) -> Any:
        return int(value) if self.is_sqlite else value


TIME_DEEDS: Final = tuple(f"sitting.{kind}" for kind in sorted(timing.TIME_KINDS))
_BOTH: Final = "ledger_entry e JOIN ledger_body b ON b.sitting_id = e.sitting_id AND b.n = e.n"
_TIMES: Final = f"SELECT e.at, e.did, b.body FROM {_BOTH} WHERE"
_EVENT_NAMES: Final = frozenset(EventKind)
_ROW: Final = (
    "SELECT state, lease, head_n, head_hash, content_head, content_lease, content_seq, total_ms, left_ms, ends_boot, "
    "ends_mono_ms, ends_at, started_at, finished_at, receipt, lease_hmac, device FROM sitting WHERE id = ?"
)
_PUT_HEAD: Final = (
    "UPDATE sitting SET head_n = ?, head_hash = ?, content_head = ?, content_lease = ?, content_seq = ?, "
    "last_event_at = ?, unsaved = coalesce(?, unsaved) WHERE id = ?"
)
_PUT_ALL: Final = (
    "UPDATE sitting SET state = ?, lease = ?, lease_hmac = ?, device = ?, head_n = ?, head_hash = ?, content_head = ?, "
    "content_lease = ?, content_seq = ?, total_ms = ?, left_ms = ?, ends_boot = ?, ends_mono_ms = ?, ends_at = ?, "
    "started_at = ?, finished_at = ?, receipt = ? WHERE id = ?"
)
_ENTRY: Final = (
    "INSERT INTO ledger_entry (sitting_id, n, at, by, did, body_sha256, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_BODY: Final = (
    "INSERT INTO ledger_body (sitting_id, n, salt, body, event_id, lease, seq, content_sha256, counts) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_KEPT_BACK: Final = (_ENTRY, _BODY, _PUT_ALL)
_ANSWER: Final = (
    "INSERT INTO answer (sitting_id, item, kind, response, lease, seq, first_at, last_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sitting_id, item, kind) DO UPDATE SET response = excluded.response, "
    "lease = excluded.lease, seq = excluded.seq, last_at = excluded.last_at "
    "WHERE (excluded.lease, excluded.seq) > (answer.lease, answer.seq)"
)


class Gathered(Hand):
    """The hand of one PostgreSQL transaction with deeds on many sittings: a few statements for all of them.

    Rows (locked, in one order) and the entries of their clocks are read beforehand; what is written is kept back until
    something else must be asked, or the end. A deed costs a statement's share, where it cost five round trips.
    """

    def __init__(self, connection: Any, dialect: Dialect, sitting_ids: Sequence[UUID]) -> None:
        super().__init__(connection.execute, dialect)
        self._cursor = connection.cursor
        self._held: dict[str, list[tuple[Any, ...]]] = {}
        wanted = list(sitting_ids)
        text = _ROW.replace("SELECT ", "SELECT id, ").replace("id = ?", "id = ANY(%s) ORDER BY id") + self.lock
        self._rows = {row[0]: row[1:] for row in connection.execute(text, (wanted,)).fetchall()}
        self._entries: dict[Any, list[tuple[str, str, str]]] = {one: [] for one in wanted}
        times = _TIMES.replace("SELECT ", "SELECT e.sitting_id, ")
        text = f"{times} e.sitting_id = ANY(%s) AND e.did = ANY(%s) ORDER BY e.n"
        for one, *entry in connection.execute(text, (wanted, list(TIME_DEEDS))).fetchall():
            self._entries[one].append(tuple(entry))

    def row_of(self, key: Any) -> Any:
        return self._rows.pop(key) if key in self._rows else super().row_of(key)

    def entries_of(self, key: Any) -> Sequence[tuple[str, str, str]]:
        if key not in self._entries:
            return super().entries_of(key)
        bodies = {values[1]: values[3] for values in self._held.get(_BODY, ()) if values[0] == key}
        new = [
            (values[2], values[4], bodies[values[1]])
            for values in self._held.get(_ENTRY, ())
            if values[0] == key and values[4] in TIME_DEEDS
        ]
        return [*self._entries[key], *new]

    def run(self, text: str, *values: Any) -> Cursor:
        if text in _KEPT_BACK:
            self._held.setdefault(text, []).append(values)
            return _Nothing()
        self.flush()
        return super().run(text, *values)

    def flush(self) -> None:
        """Write what was kept back, each kind in one go."""
        held, self._held = self._held, {}
        if held:
            self._entries.clear()  # what was written is no longer here: it is read again
        for text in _KEPT_BACK:  # an entry before its body
            if rows := held.get(text):
                with self._cursor() as cursor:
                    cursor.executemany(self.sql(text), rows)


class _Nothing:
    """What a statement that was kept back answers."""

    def fetchone(self) -> Any:
        raise AssertionError("nothing is read from a statement that writes")

    def fetchall(self) -> Sequence[Any]:
        raise AssertionError("nothing is read from a statement that writes")


class Row:
    """A sitting's row inside the transaction."""

    __slots__ = (
        "_ends_at",
        "_finished_at",
        "_started_at",
        "content_head",
        "content_lease",
        "content_seq",
        "device",
        "ends_boot",
        "ends_mono_ms",
        "hand",
        "head_hash",
        "head_n",
        "id",
        "key",
        "lease",
        "lease_hmac",
        "left_ms",
        "receipt",
        "state",
        "total_ms",
    )

    def __init__(self, hand: Hand, sitting_id: UUID) -> None:
        key = hand.uuid(sitting_id)
        found = hand.row_of(key)
        if found is None:
            raise NotFound("There is no such sitting.")
        self.hand, self.id, self.key = hand, sitting_id, key
        self.state = SittingState(found[0])
        self.lease: int = found[1]
        self.head_n: int = found[2]
        self.head_hash: str = found[3]
        self.content_head: str = found[4]
        self.content_lease: int = found[5]
        self.content_seq: int = found[6]
        self.total_ms: int = found[7]
        self.left_ms: int = found[8]
        self.ends_boot: str | None = found[9]
        self.ends_mono_ms: int | None = found[10]
        self._ends_at: Any = found[11]
        self._started_at: Any = found[12]
        self._finished_at: Any = found[13]
        self.receipt: str | None = found[14]
        self.lease_hmac: str | None = found[15]
        self.device: str = found[16]

    # Times are read only when somebody asks: the common save asks for none.

    @property
    def ends_at(self) -> datetime | None:
        return self.hand.read_time(self._ends_at)

    @ends_at.setter
    def ends_at(self, value: datetime | None) -> None:
        self._ends_at = value

    @property
    def started_at(self) -> datetime | None:
        return self.hand.read_time(self._started_at)

    @started_at.setter
    def started_at(self, value: datetime | None) -> None:
        self._started_at = value

    @property
    def finished_at(self) -> datetime | None:
        return self.hand.read_time(self._finished_at)

    @finished_at.setter
    def finished_at(self, value: datetime | None) -> None:
        self._finished_at = value

    def remaining_ms(self, at: Instant) -> int:
        """Give the time left; below zero when the end has passed and nobody has closed yet."""
        if self.state is SittingState.BREAK and self._ends_at is not None:
            # beyond what was granted a break takes the test's time; nothing changes before
            return min(self.left_ms, remaining(at, self.ends_boot, self.ends_mono_ms, self.ends_at))
        if self.state is not SittingState.RUNNING:
            return self.left_ms
        if self.ends_boot == at.boot and self.ends_mono_ms is not None:
            return self.ends_mono_ms - at.mono_ms
        return remaining(at, self.ends_boot, self.ends_mono_ms, self.ends_at)

    def append(
        self,
        kind: EventKind | ActKind,
        at: Instant,
        by: str,
        body: dict[str, Any],
        *,
        event: ClientEvent | None = None,
        lease: int | None = None,
        content: str | None = None,
        counts: bool = True,
        own_id: bool = True,
    ) -> str:
        """Add one entry to the chain and give its hash; the row's head moves, its write is the caller's."""
        stored = {**body, "boot": at.boot, "mono": at.mono_ms}
        text = canonical(stored)
        salt = os.urandom(SALT_BYTES)
        body_hash = hashlib.sha256(salt + text).hexdigest()
        n, moment, did = self.head_n + 1, iso(at.at), f"sitting.{kind.value}"
        link = {
            "chain": f"sitting:{self.id}",
            "n": n,
            "at": moment,
            "by": by,
            "did": did,
            "body_sha256": body_hash,
            "prev": self.head_hash,
        }
        entry_hash = hashlib.sha256(canonical(link)).hexdigest()
        key = self.key
        self.hand.run(_ENTRY, key, n, moment, by, did, body_hash, self.head_hash, entry_hash)
        event_id = self.hand.uuid(event.id) if event is not None and own_id else None
        seq = event.seq if event is not None else None
        self.hand.run(_BODY, key, n, salt, text.decode(), event_id, lease, seq, content, self.hand.flag(counts))
        self.head_n, self.head_hash = n, entry_hash
        return entry_hash

    def take(self, event: ClientEvent, lease: int, content: str, at: Instant) -> None:
        """Let a stored event count: in the answers and in ``content_head``."""
        if (lease, event.seq) > (self.content_lease, self.content_seq):
            self.content_head = next_head(self.content_head, content)
            self.content_lease, self.content_seq = lease, event.seq
        else:
            rows = self.hand.run(
                "SELECT content_sha256 FROM ledger_body WHERE sitting_id = ? AND content_sha256 IS NOT NULL AND counts "
                "ORDER BY lease, seq",
                self.key,
            ).fetchall()
            self.content_head = head_of(row[0] for row in rows)
        if event.kind in FOLDED_KINDS and event.item is not None:
            response = None if event.response is None else canonical(event.response).decode()
            moment = iso(at.at)
            key = self.key
            self.hand.run(_ANSWER, key, event.item, event.kind.value, response, lease, event.seq, moment, moment)

    def clash(self, lease: int, seq: int) -> bool:
        """Tell whether another event already counts under this lease and number."""
        if (lease, seq) > (self.content_lease, self.content_seq):
            return False
        found = self.hand.run(
            "SELECT 1 FROM ledger_body WHERE sitting_id = ? AND lease = ? AND seq = ? AND counts",
            self.key,
            lease,
            seq,
        )
        return found.fetchone() is not None

    def put_head(self, at: Instant, unsaved: int | None) -> None:
        hand = self.hand
        values = (self.head_n, self.head_hash, self.content_head, self.content_lease, self.content_seq)
        hand.run(_PUT_HEAD, *values, hand.time(at.at), unsaved, self.key)

    def put_all(self) -> None:
        hand = self.hand
        hand.run(
            _PUT_ALL,
            self.state.value,
            self.lease,
            self.lease_hmac,
            self.device,
            self.head_n,
            self.head_hash,
            self.content_head,
            self.content_lease,
            self.content_seq,
            self.total_ms,
            self.left_ms,
            self.ends_boot,
            self.ends_mono_ms,
            hand.time(self.ends_at),
            hand.time(self.started_at),
            hand.time(self.finished_at),
            self.receipt,
            self.key,
        )

    def redeal(self, body: Mapping[str, Any]) -> None:
        """Put another form and order under the sitting; only one that has not begun is ever dealt again."""
        self.hand.run(
            "UPDATE sitting SET form_id = ?, snapshot_sha256 = ?, deal_seed = ?, deal = ? WHERE id = ?",
            body["form"],
            body["snapshot_sha256"],
            body["deal"]["seed"],
            canonical(body["deal"]).decode(),
            self.key,
        )

    def renew_clock(self, at: Instant) -> None:
        """Fold the sitting's time entries afresh and write down what they say."""
        entries = time_entries(self.hand, self.id)
        left = timing.time_left(entries, at)
        self.state, self.total_ms, self.left_ms = left.state, left.total_ms, left.left_ms
        ends_in = left.left_ms if left.runs else timing.break_ends_in_ms(entries, at)
        if ends_in is not None:
            self.ends_boot, self.ends_mono_ms = at.boot, at.mono_ms + ends_in
            self.ends_at = at.at + timedelta(milliseconds=ends_in)
        else:
            self.ends_boot = self.ends_mono_ms = self.ends_at = None

    def end(self, kind: EventKind | ActKind, entry_hash: str, at: Instant, overdue_ms: int = 0) -> None:
        """Write down how a sitting ended; its finish is the end of its time, not the task's run."""
        end = (self.ends_boot, self.ends_mono_ms, self.ends_at)
        self.renew_clock(at)
        self.finished_at = at.at - timedelta(milliseconds=overdue_ms)
        self.receipt = None if kind is ActKind.VOIDED else receipt_of(entry_hash)
        if overdue_ms or kind is ActKind.CLOSED:
            self.ends_boot, self.ends_mono_ms, self.ends_at = end  # what arrives late is measured against it

    def close_for_time(self, at: Instant, overdue_ms: int) -> None:
        entry_hash = self.append(ActKind.CLOSED, at, "system", {"cause": "time", "overdue_ms": overdue_ms})
        self.end(ActKind.CLOSED, entry_hash, at, overdue_ms)


def remaining(at: Instant, ends_boot: str | None, ends_mono_ms: int | None, ends_at: datetime | None) -> int:
    """Give the milliseconds to a running sitting's end: by monotonic time on the same boot, else by the wall."""
    if ends_boot == at.boot and ends_mono_ms is not None:
        return ends_mono_ms - at.mono_ms
    assert ends_at is not None, "a running sitting has an end"
    return round((ends_at - at.at) / timedelta(milliseconds=1))


def receipt_of(entry_hash: str) -> str:
    """Make the receipt: ten signs without look-alikes, drawn from the hash of the entry that ended the sitting."""
    value, signs = int(entry_hash[:24], 16), []
    for _ in range(10):
        value, index = divmod(value, len(_RECEIPT_SIGNS))
        signs.append(_RECEIPT_SIGNS[index])
    return f"{''.join(signs[:5])}-{''.join(signs[5:])}"


def time_entries(hand: Hand, sitting_id: UUID) -> list[timing.TimeEntry]:
    rows = hand.entries_of(hand.uuid(sitting_id))
    found = []
    for moment, did, text in rows:
        body = orjson.loads(text)
        at = Instant(datetime.fromisoformat(moment), body["boot"], body["mono"])
        found.append(timing.TimeEntry(kind_of(did), at, body))
    return found


def kind_of(did: str) -> EventKind | ActKind:
    name = did.removeprefix("sitting.")
    return EventKind(name) if name in _EVENT_NAMES else ActKind(name)
