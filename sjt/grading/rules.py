"""From component outcomes to an award, as the apprentice's own plan says; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sjt.authoring.plan import GATEWAY, Component, Plan
from sjt.errors import MoveRefused


class SignedAs(StrEnum):
    """Whose signature: the assessor's judgement, then the organisation's decision."""

    ASSESSOR = "assessor"
    AWARDING_OFFICER = "awarding-officer"


PASSING = frozenset({"pass", "credit", "merit", "distinction"})
"""Outcomes that count as passed where a rule asks for a pass."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One component of one apprentice: its outcome, or what it waits for."""

    component: Component
    outcome: str | None
    blocks: tuple[str, ...]
    """Why it cannot be opened now, each with the plan's rule; empty: it can."""

    @property
    def is_open(self) -> bool:
        return not self.blocks


def blocks_of(
    plan: Plan, component_id: str, outcomes: Mapping[str, str | None], *, gateway_missing: tuple[str, ...]
) -> tuple[str, ...]:
    """Say in words what keeps a component from being opened, rule by rule."""
    titles = {component.id: component.title for component in plan.components}
    here = titles[component_id]
    found: list[str] = []
    for need in plan.prerequisites(component_id):
        name, _, wanted = need.partition(":")
        if name == GATEWAY:
            if gateway_missing:
                found.append(f"{here} needs the gateway, which lacks: {'; '.join(gateway_missing)} ({plan.id}).")
            continue
        outcome = outcomes.get(name)
        title = titles.get(name, name)
        if wanted == "marked" and outcome is None:
            found.append(f"{here} needs {title.lower()} to be graded first; it is not yet ({plan.id}).")
        elif wanted == "pass" and outcome is None:
            found.append(f"{here} needs a pass in the {title.lower()}; its result is not released yet ({plan.id}).")
        elif wanted == "pass" and outcome not in PASSING:
            found.append(
                f"{here} needs a pass in the {title.lower()}; the result is {outcome}. "
                f"A resit comes first ({plan.id}: {title.lower()} must be passed before {here.lower()})."
            )
    return tuple(found)


def standings(
    plan: Plan, outcomes: Mapping[str, str | None], *, gateway_missing: tuple[str, ...]
) -> tuple[Standing, ...]:
    """Give each component's standing in the plan's order."""
    return tuple(
        Standing(
            component,
            outcomes.get(component.id),
            blocks_of(plan, component.id, outcomes, gateway_missing=gateway_missing),
        )
        for component in plan.components
    )


def check_outcome(plan: Plan, component_id: str, outcome: str) -> None:
    """Refuse an outcome that the plan does not know for this component."""
    allowed = plan.component(component_id).outcomes
    if allowed is None:
        raise MoveRefused(
            f"Plan {plan.id} does not say how {plan.component(component_id).title.lower()} is graded. "
            "An administrator adds its outcomes to the plan first."
        )
    if outcome not in allowed:
        raise MoveRefused(f"{outcome} is no outcome of this component. Choose one of: {', '.join(allowed)}.")


def hand_in_block(plan: Plan, handed_in: date | None, interview_on: date) -> str | None:
    """Say if what is handed in came too late before the interview, as the plan counts days."""
    for component in plan.components:
        rule = component.submit_days_before
        if isinstance(rule, dict) and rule.get("component") == plan.interview_id:
            days_value = rule.get("days")
            days = days_value if isinstance(days_value, int) else 0
            if handed_in is None:
                return f"{component.title} has no hand-in date. Record it: the plan wants it {days} days before."
            if interview_on - handed_in < timedelta(days=days):
                earliest = handed_in + timedelta(days=days)
                return (
                    f"{component.title} was handed in on {handed_in.isoformat()}; the plan wants {days} days "
                    f"before the interview, so {earliest.isoformat()} is the earliest day."
                )
    return None


def award(plan: Plan, outcomes: Mapping[str, str | None]) -> str | None:
    """Give the overall grade by the plan's table; None while it cannot be awarded, and never a pass by default."""
    return plan.award(outcomes)
