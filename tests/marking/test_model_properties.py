"""Which mark counts, whose round it is, and who may not mark: for all sequences of marks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sjt.errors import InputError
from sjt.marking.allocation import About, Ties, conflict, folded, round_open_to
from sjt.marking.model import TOLERANCE, FinalMark, MarkGiven, Round, ScriptState, final_mark, state_after
from sjt.marking.rubric import MIN_REASON, check_mark, rubric_for
from tests.builders.forms import RUBRIC

NOW = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
NAMES = ("issue", "principle", "voice", "act")
LEVELS = st.fixed_dictionaries({name: st.integers(0, 3) for name in NAMES})


def mark(
    round_: Round, levels: dict[str, int], marker: str = "", *, aside: bool = False, unsafe: str = ""
) -> MarkGiven:
    who = marker or f"marker-{round_.value}"
    return MarkGiven(round_, who, levels, dict.fromkeys(levels, "because it says so"), unsafe, NOW, aside)


def total(levels: dict[str, int]) -> int:
    return sum(levels.values())


def final(marks: list[MarkGiven], *, second_asked: bool) -> FinalMark:
    found = final_mark(marks, second_asked=second_asked)
    assert found is not None
    return found


@given(LEVELS)
def test_one_mark_counts_unless_a_second_is_asked_for(levels: dict[str, int]) -> None:
    first = [mark(Round.FIRST, levels)]
    assert final(first, second_asked=False).levels == levels
    assert final_mark(first, second_asked=True) is None
    assert state_after(first, second_asked=True) is ScriptState.SECOND_ASKED


@given(LEVELS, LEVELS)
def test_two_marks_near_each_other_keep_the_first_and_apart_go_to_a_third(
    first: dict[str, int], second: dict[str, int]
) -> None:
    marks = [mark(Round.FIRST, first), mark(Round.SECOND, second)]
    if abs(total(first) - total(second)) < TOLERANCE:
        assert final(marks, second_asked=True).levels == first
        assert str(total(second)) in final(marks, second_asked=True).why
    else:
        assert state_after(marks, second_asked=True) is ScriptState.ADJUDICATE
        assert final_mark(marks, second_asked=True) is None


@given(LEVELS, LEVELS, LEVELS)
def test_a_third_mark_replaces_both_and_nothing_is_averaged(
    first: dict[str, int], second: dict[str, int], third: dict[str, int]
) -> None:
    marks = [mark(Round.FIRST, first), mark(Round.SECOND, second), mark(Round.THIRD, third)]
    assert final(marks, second_asked=True).levels == third


@given(st.lists(st.tuples(st.sampled_from(list(Round)), LEVELS, st.booleans()), max_size=6), st.booleans())
def test_done_and_a_final_mark_are_the_same_thing(
    given_: list[tuple[Round, dict[str, int], bool]], second_asked: bool
) -> None:
    marks = [mark(round_, levels, f"m{n}", aside=aside) for n, (round_, levels, aside) in enumerate(given_)]
    done = state_after(marks, second_asked=second_asked) is ScriptState.DONE
    counted = final_mark(marks, second_asked=second_asked)
    assert done == (counted is not None)
    if counted is not None:
        assert counted.marker in {found.marker for found in marks if not found.set_aside}


@given(LEVELS, LEVELS, st.booleans())
def test_a_mark_set_aside_is_as_if_it_had_not_been_given(
    conflicted: dict[str, int], again: dict[str, int], second_asked: bool
) -> None:
    aside = mark(Round.FIRST, conflicted, "former colleague", aside=True, unsafe="left alone")
    assert state_after([aside], second_asked=second_asked) is ScriptState.OPEN
    new = mark(Round.FIRST, again, "somebody else")
    assert state_after([aside, new], second_asked=second_asked) is state_after([new], second_asked=second_asked)
    assert final_mark([aside, new], second_asked=second_asked) == final_mark([new], second_asked=second_asked)


@given(LEVELS, LEVELS)
def test_a_second_mark_set_aside_is_asked_for_again(first: dict[str, int], second: dict[str, int]) -> None:
    marks = [mark(Round.FIRST, first), mark(Round.SECOND, second, aside=True)]
    assert state_after(marks, second_asked=True) is ScriptState.SECOND_ASKED


@given(st.sampled_from(list(ScriptState)), st.lists(st.sampled_from("abc"), max_size=3))
def test_nobody_marks_one_answer_twice(state: ScriptState, markers: list[str]) -> None:
    marks = [mark(Round(n + 1), dict.fromkeys(NAMES, 1), marker) for n, marker in enumerate(markers)]
    opened = round_open_to("a", state, marks)
    assert (opened is None) == ("a" in markers or state is ScriptState.DONE)


@given(st.text(min_size=1, max_size=20))
def test_a_tie_holds_whatever_the_case_and_spaces_of_the_name(name: str) -> None:
    if not folded(name):
        return
    held = Ties(employers=frozenset({folded(name)}))
    assert conflict(held, About("1", f"  {name} ", "")) is not None
    assert conflict(held, About("1", "", name)) is None
    assert conflict(Ties(), About("1", name, name)) is None
    assert conflict(Ties(providers=frozenset({folded(name)})), About("1", "", name)) is not None
    assert conflict(Ties(candidates=frozenset({"1"})), About("1", "", "")) is not None


def test_a_refusal_under_a_tie_does_not_say_whose_answer_it_is() -> None:
    words = conflict(Ties(employers=frozenset({"beechhouse"})), About("1", "Beech House", "")) or ""
    assert "Beech" not in words


@given(
    st.dictionaries(st.sampled_from([*NAMES, "style"]), st.one_of(st.none(), st.integers(-2, 5)), max_size=5),
    st.dictionaries(st.sampled_from(NAMES), st.text(max_size=30), max_size=4),
)
def test_a_mark_is_taken_whole_or_every_fault_is_told(levels: dict[str, int | None], reasons: dict[str, str]) -> None:
    rubric = rubric_for(RUBRIC, {})
    wrong = {name for name in NAMES if levels.get(name) is None or not 0 <= (levels[name] or 0) <= 3}
    unsaid = {name for name in NAMES if len(reasons.get(name, "").strip()) < MIN_REASON}
    expected = len(wrong) + len(unsaid) + len(set(levels) - set(NAMES))
    if not expected:
        check_mark(rubric, levels, reasons)
        return
    with pytest.raises(InputError) as caught:
        check_mark(rubric, levels, reasons)
    assert len(caught.value.faults) == expected
