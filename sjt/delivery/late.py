"""What arrives after the end, pure: whether its entry before the end is proven.

A page counts milliseconds of its own that no setting of the computer's clock moves. Whatever of the page the server has
timed (an event it acknowledged, the request that brings the late event) ties that count to the server's, and so gives
the latest moment at which a late event can have been entered. Its chain (`prev`) and the newest ``content_head`` that
the page had seen (`seen`) give the earliest. Only if all of this agrees, and the latest lies before the end, does the
event count by rule; otherwise a named person decides. See ``docs/late-answers.md``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

WALL_TOLERANCE_MS: Final = 2_000
"""How far a page's two clocks may part between two events; more means that the computer slept or was set."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A client's time beside the server's monotonic time at which the event that carried it arrived."""

    client_time: datetime
    server_mono_ms: int


@dataclass(frozen=True, slots=True)
class Sign:
    """A moment of a page beside the server's monotonic time by which it had surely happened."""

    page: str
    page_ms: int
    server_mono_ms: int
    wall: datetime | None = None
    """The computer's own clock at that moment, where it is known."""


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


def latest(
    page: str, page_ms: int, wall: datetime | None, before: Iterable[Sign], delivered: Sign | None
) -> int | None:
    """Give the latest moment, in the server's monotonic time, at which a page can have made an event.

    Parameters
    ----------
    page, page_ms, wall
        The page's life, its own milliseconds at the event, the computer's clock at the event.
    before
        Acknowledged events of the sitting. From one of the same page the time runs on by the page's count, unless the
        two clocks disagree about how long that was: a computer that slept counts too little.
    delivered
        The request that brings the event; the time runs back from its arrival by the page's count. Sleep in between
        only makes this bound later, never too early.
    """
    bounds = []
    if delivered is not None and delivered.page == page and delivered.page_ms >= page_ms:
        bounds.append(delivered.server_mono_ms - (delivered.page_ms - page_ms))
    for sign in before:
        if sign.page != page or sign.page_ms > page_ms or wall is None or sign.wall is None:
            continue
        passed = page_ms - sign.page_ms
        if abs(_ms(wall - sign.wall) - passed) <= WALL_TOLERANCE_MS:
            bounds.append(sign.server_mono_ms + passed)
    return min(bounds, default=None)


def proven(latest_ms: int | None, seen_ms: int | None, end_mono_ms: int) -> bool:
    """Tell whether an event was entered before the end: at the latest by then, and not before what it had seen."""
    return latest_ms is not None and latest_ms <= end_mono_ms and (seen_ms is None or seen_ms <= latest_ms)


def _ms(duration: timedelta) -> int:
    return round(duration / timedelta(milliseconds=1))
