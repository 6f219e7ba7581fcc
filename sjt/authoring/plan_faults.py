"""Reading a plan file with every fault at once: unknown names, impossible orders, a grade table with holes."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from sjt.authoring.plan import ANY_COMPONENT, GATEWAY, Component, Plan
from sjt.authoring.standard import Standard
from sjt.errors import Fault

Report = Callable[[str, str, str], None]

PLAN = TypeAdapter(Plan)


def parse_plan(text: str, file: str, standard: Standard | None = None) -> tuple[Plan | None, list[Fault]]:
    """Read a plan file and return it with every fault found; None when its shape is wrong."""
    try:
        raw: Any = json.loads(text)
    except json.JSONDecodeError as error:
        fault = Fault(file, f"line {error.lineno}", "", f"This is not JSON: {error.msg}.", "Correct the line.")
        return None, [fault]
    try:
        plan = PLAN.validate_python(raw)
    except ValidationError as error:
        return None, [
            Fault(file, ".".join(str(part) for part in fault["loc"]), "", f"{fault['msg']}.", "Correct or remove it.")
            for fault in error.errors()
        ]
    return plan, plan_faults(plan, file, standard)


def plan_faults(plan: Plan, file: str, standard: Standard | None = None) -> list[Fault]:
    """Return everything in a plan that does not hold together."""
    faults: list[Fault] = []

    def fault(where: str, what: str, remedy: str) -> None:
        faults.append(Fault(file, where, "", what, remedy))

    known = set(plan.component_ids)
    for twice in _twice(plan.component_ids):
        fault("components", f"Component {twice} stands twice.", "Give each component its own id.")
    for twice in _twice(evidence.id for evidence in plan.gateway.evidence):
        fault("gateway.evidence", f"Evidence {twice} stands twice.", "Give each piece of evidence its own id.")
    for component in plan.components:
        _check_needs(plan, component, known, fault)
    _check_groups(plan, known, fault)
    _check_table(plan, fault)
    if plan.assessed_by is not None:
        named = [("default", plan.assessed_by.default), *plan.assessed_by.by_code.items()]
        for place, components in named:
            for unknown in sorted(set(components) - known):
                fault(f"assessedBy.{place}", f"{unknown} is no component of this plan.", "Name one of its components.")
            if not components:
                fault(f"assessedBy.{place}", "No component may assess this.", "Name at least one component.")
        if standard is not None:
            for code in plan.assessed_by.by_code:
                if code not in standard.codes:
                    fault(f"assessedBy.byCode.{code}", "The standard has no such code.", "Use a code of standard.json.")
    if standard is not None:
        for evidence in plan.gateway.evidence:
            for option in sorted(set(evidence.by_option) - set(standard.option_ids)):
                fault(
                    f"gateway.evidence.{evidence.id}.byOption",
                    f"{option} is no option of the standard.",
                    f"Use one of {', '.join(standard.option_ids)}.",
                )
    return faults


def _twice(names: Iterable[str]) -> list[str]:
    seen = list(names)
    return sorted({name for name in seen if seen.count(name) > 1})


def _check_needs(plan: Plan, component: Component, known: set[str], fault: Report) -> None:
    where = f"components.{component.id}"
    for need in component.prerequisites:
        first, _, state = need.partition(":")
        if first == GATEWAY and not state:
            continue
        if first not in known:
            fault(
                f"{where}.prerequisites",
                f"{need} names no component.",
                "Write gateway, <component>:pass or <component>:marked.",
            )
        elif first == component.id:
            fault(f"{where}.prerequisites", f"{component.id} waits for itself.", "Name another component.")
        elif state != "marked" and state not in (plan.component(first).outcomes or ()):
            allowed = ", ".join([*(plan.component(first).outcomes or ()), "marked"])
            fault(
                f"{where}.prerequisites",
                f"{first} never has the outcome {state or '(none)'}.",
                f"Use one of {allowed}.",
            )
    for later in component.must_pass_before:
        if later not in known:
            fault(f"{where}.mustPassBefore", f"{later} is no component of this plan.", "Name one of its components.")
        elif f"{component.id}:pass" not in plan.component(later).prerequisites:
            fault(
                f"{where}.mustPassBefore",
                f"{component.id} must be passed before {later}, but {later} does not list {component.id}:pass.",
                f"Add {component.id}:pass to the prerequisites of {later}.",
            )
    if _waits_for_itself(plan, component.id):
        fault(
            f"{where}.prerequisites", f"{component.id} waits for itself through other components.", "Break the circle."
        )
    if component.outcomes is not None and not component.outcomes:
        fault(f"{where}.outcomes", "The list is empty.", "List the outcomes, or write null until they are known.")


def _waits_for_itself(plan: Plan, start: str) -> bool:
    needs = {c.id: {need.partition(":")[0] for need in c.prerequisites} for c in plan.components}
    seen: set[str] = set()
    queue = [need for need in needs[start] if need != start]
    while queue:
        name = queue.pop()
        if name == start:
            return True
        if name not in seen:
            seen.add(name)
            queue += needs.get(name, ())
    return False


def _check_groups(plan: Plan, known: set[str], fault: Report) -> None:
    if plan.weight_groups is None:
        return
    for group in plan.weight_groups:
        for unknown in sorted(set(group.components) - known):
            fault(f"weightGroups.{group.id}", f"{unknown} is no component of this plan.", "Name one of its components.")
    total = sum(group.weight_percent for group in plan.weight_groups)
    if total != 100:
        fault("weightGroups", f"The weights add up to {total:g}.", "Make them add up to 100.")
    grouped = [component for group in plan.weight_groups for component in group.components]
    for twice in _twice(grouped):
        fault("weightGroups", f"{twice} stands in two groups.", "Leave it in one.")
    for missing in sorted(known - set(grouped)):
        fault("weightGroups", f"{missing} stands in no group.", "Put it in one.")


def _check_table(plan: Plan, fault: Report) -> None:
    table = plan.grade_calculator
    if table is None:
        if not plan.gaps:
            fault(
                "gradeCalculator",
                "There is no grade table and no gap is named.",
                "Add the rows, or say under gaps what is missing.",
            )
        return
    if table.rule != "first matching row":
        fault("gradeCalculator.rule", f"The rule {table.rule} is not known.", "Write: first matching row.")
    if table.weights_used_in_award:
        fault(
            "gradeCalculator.weightsUsedInAward",
            "An award by weights is not supported.",
            "Write the rows of the table.",
        )
    sound = True
    for number, row in enumerate(table.rows, start=1):
        where = f"gradeCalculator.rows[{number}]"
        if row.award not in plan.overall_grades:
            fault(where, f"{row.award} is no overall grade.", f"Use one of {', '.join(plan.overall_grades)}.")
        for name, outcome in row.when.items():
            if name == ANY_COMPONENT:
                continue
            component = next((c for c in plan.components if c.id == name), None)
            if component is None:
                sound = False
                fault(where, f"{name} is no component of this plan.", f"Use one of {', '.join(plan.component_ids)}.")
            elif outcome not in (component.outcomes or ()):
                sound = False
                allowed = ", ".join(component.outcomes or ()) or "nothing yet"
                fault(where, f"{name} never has the outcome {outcome}.", f"It can have {allowed}.")
    if not sound or plan.why_no_award is not None:
        return
    used: set[int] = set()
    for chosen in itertools.product(*(component.outcomes or () for component in plan.components)):
        outcomes = dict(zip(plan.component_ids, chosen, strict=True))
        first = next((n for n, row in enumerate(table.rows) if _row_holds(row.when, outcomes)), None)
        if first is None:
            combination = ", ".join(f"{name} {outcome}" for name, outcome in outcomes.items())
            fault("gradeCalculator.rows", f"No row says what {combination} gives.", "Add a row for it.")
        else:
            used.add(first)
    for number in sorted(set(range(len(table.rows))) - used):
        fault(f"gradeCalculator.rows[{number + 1}]", "This row is never reached.", "Remove it, or move it up.")


def _row_holds(when: Mapping[str, str], outcomes: Mapping[str, str]) -> bool:
    return all(
        wanted in outcomes.values() if name == ANY_COMPONENT else outcomes[name] == wanted
        for name, wanted in when.items()
    )
