"""Which codes, outcomes, areas and formats the scenarios of an option carry, and what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sjt.authoring.model import Bank, Scenario
from sjt.authoring.snapshot import Format
from sjt.authoring.standard import CORE
from sjt.errors import InputError


@dataclass(frozen=True, slots=True)
class Gap:
    """A cell that too few scenarios fill."""

    kind: str
    id: str
    have: int
    need: int
    message: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """Counts of scenarios by code and outcome, of items by format, for one option."""

    option: str
    scenarios: int
    codes: dict[str, dict[str, int]]
    outcomes: dict[str, int]
    areas: dict[str, int]
    formats: dict[str, int]
    gaps: tuple[Gap, ...]

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def coverage(bank: Bank, option: str, scenarios: Iterable[Scenario] | None = None) -> Coverage:
    """Count what a candidate of this option can meet.

    Knowledge and skills are covered by a primary tag, behaviours by any, since they show in how a thing is done;
    formats are needed over the whole bank. A code that the plan leaves to other components is no gap.
    """
    standard = bank.standard
    if option not in standard.option_ids:
        raise InputError(f"The standard has no option {option}. Its options are {', '.join(standard.option_ids)}.")
    pool = bank.scenarios if scenarios is None else tuple(scenarios)
    chosen = [scenario for scenario in pool if scenario.option in (CORE, option)]
    tags = Counter([(tag.role == "primary", tag.code) for scenario in chosen for tag in scenario.ksbs])
    primary = Counter({code: n for (is_primary, code), n in tags.items() if is_primary})
    secondary = Counter({code: n for (is_primary, code), n in tags.items() if not is_primary})
    outcomes = Counter(outcome for scenario in chosen for outcome in scenario.outcomes)
    areas = Counter(area for scenario in chosen for area in scenario.areas)
    formats = Counter(item.format.value for scenario in chosen for item in scenario.items)
    gaps: list[Gap] = []
    plan = bank.plans.get(bank.settings.plan)
    for code in standard.required_by_option[option]:
        if plan is not None and not plan.is_tested(code):
            continue
        statement = standard.codes[code]
        if statement.kind == "behaviour":
            if not primary[code] + secondary[code]:
                gaps.append(Gap("code", code, 0, 1, f"No scenario is tagged {code} ({statement.text})."))
        elif not primary[code]:
            gaps.append(Gap("code", code, 0, 1, f"No scenario has {code} as a primary code ({statement.text})."))
    for outcome in standard.practice_outcomes:
        if not outcomes[outcome.id]:
            gaps.append(Gap("outcome", outcome.id, 0, 1, f"No scenario serves {outcome.id} ({outcome.statement})."))
    for area in standard.areas_of(option):
        if not areas[area]:
            gaps.append(Gap("area", area, 0, 1, f"No scenario serves area {area}."))
    everywhere = Counter(item.format for scenario in pool for item in scenario.items)
    least = bank.settings.limits.items_of_format
    for format_ in Format:
        have = everywhere[format_]
        if have < least:
            message = f"The bank has {have} {format_.value} items; {least} are needed."
            gaps.append(Gap("format", format_.value, have, least, message))
    return Coverage(
        option=option,
        scenarios=len(chosen),
        codes={c: {"primary": primary[c], "secondary": secondary[c]} for c in standard.required_by_option[option]},
        outcomes={outcome: outcomes[outcome] for outcome in standard.outcome_ids},
        areas={area: areas[area] for area in standard.areas_of(option)},
        formats={format_.value: formats[format_.value] for format_ in Format},
        gaps=tuple(gaps),
    )
