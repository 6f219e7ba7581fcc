"""From component outcomes to an award: every combination of every shipped plan, against the plan's own words."""

from __future__ import annotations

import itertools
import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sjt import paths
from sjt.authoring.bank import load
from sjt.authoring.plan import Plan
from sjt.errors import InputError, MoveRefused
from sjt.grading import rules


def shipped() -> dict[str, Plan]:
    reading = load(paths.bank_dir())
    assert reading.bank is not None
    return dict(reading.bank.plans)


PLANS = shipped()
SJT_PLAN = PLANS["ap-sjt-portfolio-interview"]


def combinations(plan: Plan) -> list[dict[str, str | None]]:
    choices = [(None, *(component.outcomes or ())) for component in plan.components]
    return [dict(zip(plan.component_ids, outcomes)) for outcomes in itertools.product(*choices)]


def by_the_file(plan_id: str, outcomes: dict[str, str | None]) -> str | None:
    """Read the grade from the plan's JSON as it stands, independently of the code that awards."""
    (path,) = [p for p in paths.bank_dir().rglob("plans/*.json") if json.loads(p.read_text())["id"] == plan_id]
    table: dict[str, Any] | None = json.loads(path.read_text()).get("gradeCalculator")
    if table is None or None in outcomes.values():
        return None
    for row in table["rows"]:
        wanted = dict(row["when"])
        anywhere = wanted.pop("anyComponent", None)
        if all(outcomes[name] == value for name, value in wanted.items()) and (
            anywhere is None or anywhere in outcomes.values()
        ):
            return str(row["award"])
    return None


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_every_complete_combination_gives_what_the_plan_file_says(plan: Plan) -> None:
    complete = [outcomes for outcomes in combinations(plan) if None not in outcomes.values()]
    for outcomes in complete:
        assert rules.award(plan, outcomes) == (None if plan.why_no_award else by_the_file(plan.id, outcomes)), outcomes


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_failed_or_missing_is_never_a_pass(plan: Plan) -> None:
    for outcomes in combinations(plan):
        if None in outcomes.values() or "fail" in outcomes.values():
            assert rules.award(plan, outcomes) in (None, "fail"), outcomes


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_an_award_given_early_is_what_every_completion_gives(plan: Plan) -> None:
    for outcomes in combinations(plan):
        early = rules.award(plan, outcomes)
        if early is None:
            continue
        rest = [name for name, outcome in outcomes.items() if outcome is None]
        for chosen in itertools.product(*((plan.component(name).outcomes or ()) for name in rest)):
            assert rules.award(plan, outcomes | dict(zip(rest, chosen))) == early


@pytest.mark.parametrize(
    ("portfolio", "interview", "grade"),
    [
        ("distinction", "pass", "pass"),
        ("distinction", "distinction", "distinction"),
        ("pass", "distinction", "pass"),
        ("pass", "pass", "pass"),
    ],
)
def test_distinction_needs_portfolio_and_interview_at_distinction(portfolio: str, interview: str, grade: str) -> None:
    assert rules.award(SJT_PLAN, {"sjt": "pass", "portfolio": portfolio, "interview": interview}) == grade


def test_an_outcome_the_plan_does_not_know_is_refused() -> None:
    with pytest.raises(InputError, match="cannot have the outcome merit"):
        rules.award(SJT_PLAN, {"sjt": "merit", "portfolio": "pass", "interview": "pass"})
    with pytest.raises(MoveRefused, match="Choose one of"):
        rules.check_outcome(SJT_PLAN, "portfolio", "merit")


def test_a_plan_without_outcomes_says_what_it_lacks() -> None:
    lacking = [plan for plan in PLANS.values() if plan.why_no_award]
    for plan in lacking:
        assert plan.id in str(plan.why_no_award)
        component = next((one.id for one in plan.components if one.outcomes is None), None)
        if component is not None:
            with pytest.raises(MoveRefused, match="does not say how"):
                rules.check_outcome(plan, component, "pass")


@given(st.sampled_from([None, "fail", "pass"]), st.sampled_from([None, "fail", "pass", "distinction"]), st.booleans())
def test_the_interview_is_shut_unless_gateway_test_and_portfolio_allow_it(
    sjt: str | None, portfolio: str | None, gateway: bool
) -> None:
    missing = () if gateway else ("Level 2 mathematics",)
    outcomes = {"sjt": sjt, "portfolio": portfolio, "interview": None}
    blocks = rules.blocks_of(SJT_PLAN, "interview", outcomes, gateway_missing=missing)
    needs = SJT_PLAN.prerequisites("interview")
    open_ = (
        (gateway or "gateway" not in needs)
        and (sjt == "pass" or "sjt:pass" not in needs)
        and (portfolio is not None or "portfolio:marked" not in needs)
    )
    assert (not blocks) == open_
    assert all(SJT_PLAN.id in words for words in blocks), "each refusal cites the plan"
    assert "sjt:pass" in needs, "a failed judgement test keeps the interview shut"


@given(st.integers(-5, 60))
def test_a_portfolio_handed_in_late_blocks_by_the_plans_own_count(days: int) -> None:
    interview = date(2026, 4, 20)
    said = rules.hand_in_block(SJT_PLAN, interview - timedelta(days=days), interview)
    wanted = next(
        (
            component.submit_days_before["days"]
            for component in SJT_PLAN.components
            if isinstance(component.submit_days_before, dict)
            and component.submit_days_before.get("component") == "interview"
        ),
        None,
    )
    if wanted is None:
        assert said is None
    else:
        assert isinstance(wanted, int) and (said is None) == (days >= wanted)
        assert rules.hand_in_block(SJT_PLAN, None, interview) is not None
