"""The table of moves: who may make which, what must stand before, and that nobody approves their own work."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sjt.access import Actor, Role
from sjt.authoring import life
from sjt.authoring.life import MOVES, WAIVABLE, Facts, Gate, Measured, Seen
from sjt.authoring.states import ReviewKind, ScenarioState

S = ScenarioState
DEVELOPER = Actor("dev", "Dina Marsh", frozenset({Role.TEST_DEVELOPER}))
READERS = (
    Seen("r1", "Rashid Khan", ReviewKind.REVIEW, True),
    Seen("r2", "Ruth Bell", ReviewKind.REVIEW, True),
    Seen("f1", "Femi Adeyemi", ReviewKind.FAIRNESS, True),
)
READY = Facts(
    state=S.ON_TRIAL, writers=frozenset({"w1"}), author="Wanda Price", seen=READERS, panel=True, statistics=()
)


def test_a_scenario_goes_from_draft_to_live_to_retired_and_out_of_every_state() -> None:
    path = [S.DRAFT]
    for name in ("send", "approve", "try", "live", "suspend", "lift", "retire", "revive"):
        facts = replace(READY, state=path[-1], before=S.LIVE)
        assert path[-1] in MOVES[name].froms, name
        path.append(life.target(MOVES[name], facts))
    assert path == [
        S.DRAFT, S.REVIEW, S.APPROVED_FOR_TRIAL, S.ON_TRIAL, S.LIVE, S.SUSPENDED, S.LIVE, S.RETIRED, S.DRAFT,
    ]  # fmt: skip
    assert all(any(state in move.froms for move in MOVES.values()) for state in S)
    assert MOVES["live"].froms == {S.APPROVED_FOR_TRIAL, S.ON_TRIAL}, "nothing goes live past review"


def test_live_needs_every_gate_and_says_what_is_missing_and_who_can_supply_it() -> None:
    assert life.lacks(MOVES["live"], READY, DEVELOPER) == []
    cases = {
        Gate.REVIEWS: replace(READY, seen=READERS[1:], suppliers={Gate.REVIEWS: ("Rashid Khan",)}),
        Gate.FAIRNESS: replace(READY, seen=READERS[:2]),
        Gate.PANEL: replace(READY, panel=False, panel_detail="Single-rater ICC 0.31."),
        Gate.STATISTICS: replace(READY, statistics=None),
    }
    for gate, facts in cases.items():
        (lack,) = life.lacks(MOVES["live"], facts, DEVELOPER)
        assert lack.gate is gate and lack.what and lack.who
        passed = life.lacks(MOVES["live"], facts, DEVELOPER, waived=tuple(Gate))
        assert (passed == []) is (gate in WAIVABLE), "readers and the fairness reviewer are never passed over"
    assert "Rashid Khan" in str(life.gate_lacks(Gate.REVIEWS, cases[Gate.REVIEWS]))
    assert "ICC 0.31" in str(life.gate_lacks(Gate.PANEL, cases[Gate.PANEL]))


def test_one_fairness_reviewer_who_says_no_holds_it_back_whatever_another_says() -> None:
    seen = (*READERS, Seen("f2", "Faith Cole", ReviewKind.FAIRNESS, False))
    (lack,) = life.lacks(MOVES["approve"], replace(READY, state=S.REVIEW, seen=seen), DEVELOPER)
    assert "Faith Cole" in lack.what


@given(
    move=st.sampled_from([one for one in MOVES.values() if not one.own]),
    state=st.sampled_from(list(S)),
    by_name=st.booleans(),
)
def test_nobody_makes_a_move_that_approves_their_own_work(move: life.Move, state: S, by_name: bool) -> None:
    every = frozenset(Role) - {Role.CANDIDATE}
    person = Actor("x" if by_name else "w1", "Wanda Price" if by_name else "Somebody", every)
    facts = replace(READY, state=state)
    assert any("own work" in one.what for one in life.lacks(move, facts, person))
    assert move not in life.moves_for(facts, person)
    for kind in ReviewKind:
        assert any("own work" in one.what for one in life.review_lacks(kind, facts, person))


def test_a_review_by_somebody_who_wrote_in_it_later_counts_no_more() -> None:
    facts = replace(READY, writers=frozenset({"w1", "r1"}))
    (lack,) = life.lacks(MOVES["live"], facts, DEVELOPER)
    assert lack.what == "1 review of this version is missing."


@pytest.mark.parametrize(
    ("measured", "words"),
    [
        (Measured("a", 120, 0.6, 0.2), ()),
        (Measured("a", 12, 0.6, 0.2), ("met by 12 candidates",)),
        (Measured("a", 120, 0.95, 0.2), ("facility 0.95",)),
        (Measured("a", 120, 0.6, 0.04), ("discrimination 0.04",)),
        (Measured("a", 120, 0.6, None), ("no facility or no discrimination",)),
    ],
)
def test_the_statistics_gate_names_the_item_and_the_limit(measured: Measured, words: tuple[str, ...]) -> None:
    found = life.under_the_gate([measured, Measured("b", 120, 0.6, 0.2)])
    assert found is not None and len(found) == len(words)
    assert all(word in said for word, said in zip(words, found, strict=True))
    assert life.under_the_gate([Measured("a", 0, None, None)]) is None
