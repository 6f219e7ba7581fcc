"""The clock's rules for any story: time is only ever moved by what is said to move it."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from sjt.delivery.model import ActKind, Instant, SittingState
from sjt.delivery.timing import TimeEntry, granted_ms, time_left
from tests.delivery.test_timing import Story

steps = st.lists(
    st.tuples(
        st.sampled_from(["wait", "pause", "resume", "break", "back", "extend", "room", "step", "look"]),
        st.integers(0, 600),
    ),
    max_size=25,
)


@settings(max_examples=400, deadline=None)
@given(steps, st.integers(10, 120), st.sampled_from(["0", "10", "25", "33.3", "50", "100"]))
def test_time_left_is_what_was_granted_less_what_was_worked(
    told: list[tuple[str, int]], minutes: int, percent: str
) -> None:
    """An independent second-by-second account agrees with the fold, whatever is pressed in whatever order."""
    story = Story(minutes=minutes, extra_percent=percent).does(ActKind.STARTED)
    state, worked, base, flat = SittingState.RUNNING, 0, Fraction(minutes), Fraction(0)
    acts = {
        "pause": ActKind.PAUSED,
        "resume": ActKind.RESUMED,
        "break": ActKind.BREAK_STARTED,
        "back": ActKind.BREAK_ENDED,
    }
    after = {
        "pause": SittingState.PAUSED,
        "resume": SittingState.RUNNING,
        "break": SittingState.BREAK,
        "back": SittingState.RUNNING,
    }
    for what, n in told:
        if what == "wait":
            story.waits(n / 60)
            worked += n * 1000 if state is SittingState.RUNNING else 0
        elif what in acts:
            story.does(acts[what])
            state = after[what]
        elif what == "extend":
            story.does(ActKind.EXTENDED, minutes=n % 20)
            flat += n % 20
        elif what == "room":
            story.does(ActKind.EXTENDED, minutes=n % 20, room=True)
            base += n % 20
        elif what == "step":
            story.clock.step(story.clock.now() - story.clock.now().replace(minute=n % 60))
        total = granted_ms(base, Fraction(percent), flat)
        left = time_left(story.entries, story.now())
        assert left.total_ms == total
        assert abs(left.left_ms - max(0, total - worked)) <= len(told)  # waits are floats of minutes
        assert left.state is state


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 3000))
def test_a_pause_of_any_length_moves_the_end_by_that_length(before: int, length: int, later: int) -> None:
    plain = Story().does(ActKind.STARTED).waits(before / 60).waits(later / 60)
    paused = Story().does(ActKind.STARTED).waits(before / 60).does(ActKind.PAUSED).waits(length / 60)
    paused.does(ActKind.RESUMED).waits(later / 60)
    assert abs(plain.left() - paused.left()) < 1 / 60_000 * 3


@settings(max_examples=200, deadline=None)
@given(st.permutations(["e1", "e2", "e3"]), st.integers(0, 50))
def test_looking_never_changes_the_clock(order: list[str], wait: int) -> None:
    story = Story().does(ActKind.STARTED).waits(wait)
    first = time_left(story.entries, story.now())
    for _ in order:
        time_left(story.entries, story.now())
    assert time_left(story.entries, story.now()) == first
    entry = TimeEntry(ActKind.RESUMED, story.now(), {})
    assert time_left([*story.entries, entry], Instant.of(story.clock)).left_ms == first.left_ms
