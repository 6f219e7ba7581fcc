"""The clock's rules, case by case: epa.md d8-d17 and delivery.md D10-D15."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from sjt.delivery.model import ActKind, EventKind, Instant, SittingState
from sjt.delivery.timing import Reckoning, TimeEntry, granted_ms, instant_to_json, time_left
from sjt.times import ManualClock

MINUTE = 60_000


class Story:
    """A sitting told as what happened when."""

    def __init__(self, start: datetime = datetime(2026, 3, 14, 9, 0, tzinfo=UTC), **opened: Any) -> None:
        self.clock = ManualClock(start)
        self.entries: list[TimeEntry] = []
        self.does(ActKind.OPENED, **{"minutes": 60, **opened})

    def now(self) -> Instant:
        return Instant.of(self.clock)

    def does(self, kind: ActKind | EventKind, **body: Any) -> Story:
        self.entries.append(TimeEntry(kind, self.now(), body))
        return self

    def waits(self, minutes: float) -> Story:
        self.clock.advance(timedelta(minutes=minutes))
        return self

    def left(self) -> float:
        return time_left(self.entries, self.now()).left_ms / MINUTE


def test_the_clock_does_not_run_before_the_start() -> None:
    assert Story().waits(90).left() == 60


def test_pause_extends_deadline_by_its_length() -> None:
    story = Story().does(ActKind.STARTED).waits(10).does(ActKind.PAUSED).waits(7).does(ActKind.RESUMED).waits(5)
    assert story.left() == 45


def test_a_double_press_counts_once() -> None:
    story = Story().does(ActKind.STARTED).waits(10).does(ActKind.PAUSED).waits(3).does(ActKind.PAUSED).waits(4)
    story.does(ActKind.RESUMED).waits(1).does(ActKind.RESUMED).waits(4)
    assert story.left() == 45


def test_sixty_minutes_with_a_quarter_more_and_twelve_of_break_end_at_eighty_seven() -> None:
    story = Story(extra_percent="25", rest_break_minutes=15).does(ActKind.STARTED).waits(30)
    story.does(ActKind.BREAK_STARTED).waits(12).does(ActKind.BREAK_ENDED)
    left = time_left(story.entries, story.now())
    assert left.left_ms == 45 * MINUTE
    assert left.break_left_ms == 3 * MINUTE
    assert left.ends_at(story.clock.now()) == datetime(2026, 3, 14, 10, 27, tzinfo=UTC)


@pytest.mark.parametrize(("overrun", "left"), [("free", 50), ("counted", 45)])
def test_a_break_beyond_its_budget_is_free_or_counted(overrun: str, left: int) -> None:
    story = Story(rest_break_minutes=10, rest_break_overrun=overrun).does(ActKind.STARTED).waits(10)
    assert story.does(ActKind.BREAK_STARTED).waits(15).does(ActKind.BREAK_ENDED).left() == left


def test_a_third_more_of_fifty_minutes_never_gives_less_than_granted() -> None:
    assert granted_ms(50, Fraction("33.3")) == (66 * 60 + 39) * 1000
    for percent in ("0.1", "12.34", "33.333", "66.7"):
        granted = granted_ms(47, Fraction(percent))
        exact = Fraction(47 * 60_000) * (100 + Fraction(percent)) / 100
        assert exact <= granted < exact + 1000


def test_a_room_s_extension_keeps_each_percentage() -> None:
    plain = Story().does(ActKind.STARTED).does(ActKind.EXTENDED, minutes=10, room=True)
    quarter = Story(extra_percent="25").does(ActKind.STARTED).does(ActKind.EXTENDED, minutes=10, room=True)
    assert (plain.left(), quarter.left()) == (70, 87.5)


def test_one_candidate_s_minutes_are_given_as_they_stand() -> None:
    story = Story(extra_percent="25", extra_minutes=3).does(ActKind.STARTED).does(ActKind.EXTENDED, minutes=10)
    assert story.left() == 75 + 13


def test_extra_time_in_percent_after_an_incident_adds_to_what_was_planned() -> None:
    assert Story(extra_percent="25").does(ActKind.STARTED).does(ActKind.EXTENDED, percent="25").left() == 90


@pytest.mark.parametrize("step", [-10, 10, 60])
def test_a_server_clock_that_is_stepped_changes_nothing(step: int) -> None:
    story = Story().does(ActKind.STARTED).waits(10)
    story.clock.step(timedelta(minutes=step))
    story.waits(5).does(ActKind.PAUSED).waits(5)
    story.clock.step(timedelta(minutes=-2 * step))
    assert story.does(ActKind.RESUMED).waits(5).left() == 40


def test_a_credited_outage_with_a_reboot_takes_no_time_even_with_a_wrong_wall_clock() -> None:
    story = Story().does(ActKind.STARTED).waits(10)
    last = story.now()
    story.clock.advance(timedelta(minutes=30))
    story.clock.step(timedelta(minutes=-25))
    story.clock.reboot("second")
    first = story.now()
    story.waits(0.05)
    story.does(ActKind.OUTAGE, **{"from": instant_to_json(last), "to": instant_to_json(first), "credited": True})
    story.waits(9.95)
    assert story.left() == 40


def test_an_outage_that_is_not_credited_runs_on() -> None:
    story = Story().does(ActKind.STARTED).waits(10)
    last = story.now()
    story.waits(4)
    story.does(ActKind.OUTAGE, **{"from": instant_to_json(last), "to": instant_to_json(story.now()), "credited": False})
    assert story.left() == 46


def test_an_outage_inside_a_pause_is_not_given_twice() -> None:
    story = Story().does(ActKind.STARTED).waits(10).does(ActKind.PAUSED).waits(2)
    last = story.now()
    story.waits(6)
    outage = {"from": instant_to_json(last), "to": instant_to_json(story.now()), "credited": True}
    story.does(ActKind.OUTAGE, **outage).waits(2).does(ActKind.RESUMED)
    assert story.left() == 50
    assert story.does(ActKind.OUTAGE, **outage).left() == 50


def test_daylight_saving_ends_in_mid_sitting_and_changes_nothing() -> None:
    story = Story(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)).does(ActKind.STARTED).waits(45)
    assert story.left() == 15


def test_a_reopened_sitting_has_the_time_it_had_and_no_more_is_lost_to_a_late_closing() -> None:
    story = Story().does(ActKind.STARTED).waits(60.08).does(ActKind.CLOSED).waits(20)
    assert story.left() == 0
    assert story.does(ActKind.REOPENED, minutes=5).left() == 5


def test_the_state_follows_the_entries() -> None:
    reckoning = Reckoning(Story().does(ActKind.STARTED).does(EventKind.SUBMIT).entries)
    assert reckoning.state is SittingState.SUBMITTED


def test_time_is_over_only_after_the_last_millisecond() -> None:
    story = Story().does(ActKind.STARTED).waits(60)
    assert not time_left(story.entries, story.now()).is_overdue
    story.clock.advance(timedelta(milliseconds=1))
    assert time_left(story.entries, story.now()).is_overdue
