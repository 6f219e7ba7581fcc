"""What the ledger knows that bears on a late event, read once per request and only when one is late."""

from __future__ import annotations

import bisect
from datetime import datetime
from typing import Any, Final

import orjson

from sjt.audit.chain import GENESIS
from sjt.delivery import late, row
from sjt.delivery.folding import head_of, next_head
from sjt.delivery.model import ClientEvent, Instant, PageClock, SessionState, SittingState

GRACE: Final = "inside the grace"
PROVEN: Final = "entered before the end"
"""How the ledger's body says why a late event counts."""


class Evidence:
    """The sitting's end, its chain and the moments that tie a page's count to the server's."""

    def __init__(self, of: row.Row, lease: int, at: Instant, left_ms: int, sent: PageClock | None) -> None:
        self._row, self._lease, self._at, self._sent = of, lease, at, sent
        self.overdue_ms = self._overdue(left_ms)
        self._signs: list[late.Sign] | None = None
        self._heads: dict[str, Instant | None] = {}

    def _overdue(self, left_ms: int) -> int:
        """Tell how long ago the time ran out; not above zero when it did not end by running out."""
        of = self._row
        if of.state is SittingState.RUNNING:
            return -left_ms
        if of.state is SittingState.CLOSED and of.ends_boot is not None:
            return -row.remaining(self._at, of.ends_boot, of.ends_mono_ms, of.ends_at)
        return 0

    def proves(self, event: ClientEvent) -> bool:
        """Tell whether the event was surely entered before the end: its chain, its page's count, what it had seen."""
        clock = event.clock
        if self.overdue_ms <= 0 or clock is None or clock.seen is None or event.prev is None:
            return False
        if self._session_is_closed() or not self._follows(event, clock):
            return False
        if clock.seen not in self._known_heads():
            return False
        seen = self._heads[clock.seen]
        at = self._at
        delivered = None if self._sent is None else late.Sign(self._sent.page, self._sent.ms, at.mono_ms)
        latest = late.latest(clock.page, clock.ms, _time(event.client_time), self._known_signs(), delivered)
        seen_ms = seen.mono_ms if seen is not None and seen.boot == at.boot else None
        return late.proven(latest, seen_ms, at.mono_ms - self.overdue_ms)

    def inside_grace(self, event: ClientEvent, grace_ms: int) -> bool:
        """Judge an event of a page without a count of its own by the computer's clock, inside the grace alone."""
        if not grace_ms or event.clock is not None or event.client_time is None:
            return False
        if self._row.ends_boot != self._at.boot:
            return False
        anchors = [late.Anchor(one.wall, one.server_mono_ms) for one in self._known_signs() if one.wall is not None]
        entered = late.entered_at(datetime.fromisoformat(event.client_time), anchors)
        return late.counts(self.overdue_ms, grace_ms, entered, self._at.mono_ms - self.overdue_ms)

    def _session_is_closed(self) -> bool:
        found = self._row.hand.run(
            "SELECT t.state FROM test_session t JOIN sitting s ON s.session_id = t.id WHERE s.id = ?", self._row.key
        ).fetchone()
        return bool(found[0] == SessionState.CLOSED.value)

    def _follows(self, event: ClientEvent, clock: PageClock) -> bool:
        """Tell whether ``prev`` names an event of this lease that counts and came before."""
        found = self._row.hand.run(
            "SELECT seq, body FROM ledger_body WHERE sitting_id = ? AND lease = ? AND content_sha256 = ? AND counts",
            self._row.key,
            self._lease,
            event.prev,
        ).fetchone()
        if found is None or found[0] >= event.seq:
            return False
        before = orjson.loads(found[1]).get("event", {}).get("clock")
        return before is None or before["page"] != clock.page or before["ms"] <= clock.ms

    def _known_signs(self) -> list[late.Sign]:
        if self._signs is None:
            self._signs = []
            for text in self._bodies():
                body = orjson.loads(text)
                event = body.get("event", {})
                wall = _time(event.get("client_time"))
                if body.get("boot") != self._at.boot or "late" in body or "via" in body or wall is None:
                    continue
                clock: dict[str, Any] = event.get("clock") or {"page": "", "ms": 0}
                self._signs.append(late.Sign(clock["page"], clock["ms"], body["mono"], wall))
        return self._signs

    def _bodies(self) -> list[str]:
        rows = self._row.hand.run(
            "SELECT body FROM ledger_body WHERE sitting_id = ? AND lease = ? AND counts AND seq IS NOT NULL ORDER BY n",
            self._row.key,
            self._lease,
        ).fetchall()
        return [text for (text,) in rows]

    def _known_heads(self) -> dict[str, Instant | None]:
        """Give every ``content_head`` that the sitting ever had, and when it came about."""
        if not self._heads:
            self._heads[GENESIS] = None
            placed: list[tuple[int, int, str]] = []
            head = GENESIS
            rows = self._row.hand.run(
                "SELECT b.lease, b.seq, b.content_sha256, b.body, e.at FROM ledger_body b JOIN ledger_entry e "
                "ON e.sitting_id = b.sitting_id AND e.n = b.n "
                "WHERE b.sitting_id = ? AND b.content_sha256 IS NOT NULL AND b.counts ORDER BY b.n",
                self._row.key,
            ).fetchall()
            for lease, seq, content, text, moment in rows:
                place = (lease, seq, content)
                if not placed or place > placed[-1]:
                    placed.append(place)
                    head = next_head(head, content)
                else:
                    bisect.insort(placed, place)
                    head = head_of(one for _, _, one in placed)
                body = orjson.loads(text)
                self._heads.setdefault(head, Instant(datetime.fromisoformat(moment), body["boot"], body["mono"]))
        return self._heads


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
