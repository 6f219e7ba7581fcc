"""What arrives after the end, pure: whether its entry before the end is proven."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Anchor:
    """A client's time beside the server's monotonic time at which the event that carried it arrived."""

    client_time: datetime
    server_mono_ms: int


def entered_at(client_time: datetime, anchors: Iterable[Anchor]) -> int | None:
    """Translate a client's time into the server's monotonic time, or None when nothing ties the two.

    An event takes some time to arrive, so each anchor gives an upper bound of the offset between the clocks; the
    smallest is nearest. A client's time that lies before one already acknowledged proves nothing.
    """
    known = list(anchors)
    if not known or client_time < max(anchor.client_time for anchor in known):
        return None
    first = known[0].client_time
    offset = min(anchor.server_mono_ms - _ms(anchor.client_time - first) for anchor in known)
    return offset + _ms(client_time - first)


def counts(arrived_late_ms: int, grace_ms: int, entered_mono_ms: int | None, end_mono_ms: int) -> bool:
    """Tell whether a late event counts: inside the grace, and entered no later than the end."""
    return 0 < arrived_late_ms <= grace_ms and entered_mono_ms is not None and entered_mono_ms <= end_mono_ms


def _ms(duration: timedelta) -> int:
    return round(duration / timedelta(milliseconds=1))
