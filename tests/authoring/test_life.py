"""The table of moves: who may make which, what must stand before, and that nobody approves their own work."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sjt.access import Actor, Role
from sjt.authoring import life, trial_gate
from sjt.authoring.life import MOVES, WAIVABLE, Facts, Gate, Seen
from sjt.authoring.states import ReviewKind, ScenarioState
from sjt.authoring.trial_gate import Evidence, Measured, TrialVerdict

S = ScenarioState
DEVELOPER = Actor("dev", "Dina Marsh", frozenset({Role.TEST_DEVELOPER}))
READERS = (
    Seen("r1", "Rashid Khan", ReviewKind.REVIEW, True),
    Seen("r2", "Ruth Bell", ReviewKind.REVIEW, True),
    Seen("f1", "Femi Adeyemi", ReviewKind.FAIRNESS, True),
)
READY = Facts(
    state=S.ON_TRIAL,
    writers=frozenset({"w1"}),
    author="Wanda Price",
    seen=READERS,
    panel=True,
    statistics=TrialVerdict(()),
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
    ("measured", "evidence", "words"),
    [
        (Measured("a", 140, 0.6, 0.25, 0.02), Evidence.PASS, "140 candidates"),
        (Measured("a", 140, 0.6, 0.12, 0.02), Evidence.NOT_ENOUGH, "cannot be told from none"),
        (Measured("a", 400, 0.6, -0.05, 0.01), Evidence.FAIL, "lies wholly under 0.10"),
        (Measured("a", 60, 0.6, -0.3, 0.02), Evidence.NOT_ENOUGH, "under 100 candidates that is advice"),
        (Measured("a", 60, 0.6, 0.4, 0.02), Evidence.PASS, "60 candidates"),
        (Measured("a", 140, 0.97, 0.25, 0.01), Evidence.FAIL, "lies wholly outside 0.40 to 0.92"),
        (Measured("a", 140, 0.91, 0.25, 0.01), Evidence.NOT_ENOUGH, "reaches over the limits"),
        (Measured("a", 12, 0.97, 0.9, 0.01), Evidence.FAIL, "lies wholly outside"),
        (Measured("a", 20, 0.6, 0.7, 0.03), Evidence.NOT_ENOUGH, "30 are needed"),
        (Measured("a", 8, 0.6, 0.9, 0.03), Evidence.NOT_ENOUGH, "under 10 nothing but the count"),
        (Measured("a", 120, 0.6, None), Evidence.NOT_ENOUGH, "no facility or no discrimination"),
    ],
)
def test_the_statistics_gate_passes_fails_or_says_that_the_evidence_is_not_enough(
    measured: Measured, evidence: Evidence, words: str
) -> None:
    found = trial_gate.verdict([Measured("b", 140, 0.6, 0.25, 0.02), measured])
    assert found is not None and found.evidence is evidence and words in found.items[1].words
    assert found.items[0].evidence is Evidence.PASS and "b:" not in found.because()
    lack = life.gate_lacks(Gate.STATISTICS, replace(READY, statistics=found))
    assert (lack is None) is (evidence is Evidence.PASS)
    assert lack is None or evidence.value.removesuffix("s") in lack.what
    assert trial_gate.verdict([Measured("a", 0, None, None)]) is None


def test_intervals_of_the_gate_are_those_of_the_tables() -> None:
    # Student's .975 quantiles 2.262 (9) and 2.045 (29); Fisher's interval of r .5 at n 28 by hand: tanh(.5493 -+ .392)
    assert trial_gate.facility_interval(0.5, 0.01, 10)[1] == pytest.approx(0.52262, abs=1e-4)
    assert trial_gate.facility_interval(0.5, 0.01, 30)[0] == pytest.approx(0.47955, abs=1e-5)
    assert trial_gate.discrimination_interval(0.5, 28) == pytest.approx((0.15603, 0.73582), abs=1e-5)
    widest = trial_gate.facility_interval(0.5, None, 100)
    assert widest[1] - widest[0] == pytest.approx(2 * 1.9842 * 0.05, abs=1e-4)
