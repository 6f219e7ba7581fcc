"""What the page of a set says: its forms side by side, each with what the proof computed for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sjt.authoring.model import Bank
from sjt.authoring.snapshot import Paper, Secret
from sjt.authoring.states import FormLine

STRATEGIES: Mapping[str, str] = {
    "spot_the_worst": "Spots only the worst",
    "report_first": "Reports to a manager first",
    "childs_wish_first": "Follows the child’s wish first",
    "longest_option": "Takes the longest response",
    "middle_of_the_scale": "Rates everything in the middle",
}
CLASSES: Mapping[str, str] = {"K": "Knowledge", "S": "Skills", "B": "Behaviours"}


@dataclass(frozen=True, slots=True)
class Row:
    """One fact of all forms, as words."""

    label: str
    values: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class ConstraintRow:
    """One thing every form had to be."""

    name: str
    words: str
    low: str
    high: str
    values: tuple[str, ...]
    is_met: bool


@dataclass(frozen=True, slots=True)
class Length:
    """Reliability at one length."""

    scenarios: int
    reliability: float
    false_fails: float
    is_here: bool


@dataclass(frozen=True, slots=True)
class SetView:
    """Everything the page shows of a built set."""

    groups: tuple[Group, ...]
    constraints: tuple[ConstraintRow, ...]
    between: tuple[ConstraintRow, ...]
    lengths: tuple[Length, ...]
    overlap: Mapping[str, Any]
    spread_points: float | None
    borderline: tuple[tuple[float, tuple[float, float] | None] | None, ...]
    assumptions: tuple[str, ...]
    notes: tuple[str, ...]
    solver: Mapping[str, Any]
    limit_random: float
    limit_strategy: float


def _marks(value: Any) -> str:
    if value is None:
        return "–"
    text = f"{float(Fraction(str(value))):.2f}".rstrip("0").rstrip(".")
    return text.replace("-", "−") or "0"


def chance_words(p: float | None) -> str:
    """Write a small chance so that it never reads as none: ``under 0.01 %``."""
    if p is None:
        return "–"
    if p < 0.0001:
        return "under 0.01 %"
    return f"{100 * p:.2f} %" if p < 0.01 else f"{100 * p:.1f} %"


def set_view(
    bank: Bank, proof: Mapping[str, Any], lines: Sequence[FormLine], numbers: Sequence[Mapping[str, Any]]
) -> SetView:
    """Put the forms of a built set side by side."""
    built = proof["forms"]
    blueprint = proof["blueprint"]
    groups = [
        _size(lines, numbers, built),
        _cut(lines, built),
        _guessing(built, blueprint),
        Group("Items by format", tuple(_counts(numbers, "format", _format_words))),
        Group("Scenarios by option", tuple(_counts(numbers, "option", str.capitalize))),
        Group("Scenarios by class of primary code", tuple(_counts(numbers, "class", lambda v: CLASSES.get(v, v)))),
        Group("Scenarios by practice outcome", tuple(_counts(numbers, "outcome", str, bank.standard.outcome_ids))),
    ]
    here = int(blueprint["scenarios"])
    fairness = proof["fairness"]
    intervals = fairness.get("interval") or [None] * len(built)
    return SetView(
        groups=tuple(group for group in groups if group.rows),
        constraints=tuple(_constraints([form["constraints"] for form in built])),
        between=tuple(_constraints([proof["constraints"]])),
        lengths=tuple(
            Length(int(row["scenarios"]), row["reliability"], row["false_fails_per_100"], int(row["scenarios"]) == here)
            for row in proof.get("by_length", ())
        ),
        overlap=proof["overlap"],
        spread_points=fairness.get("spread_points"),
        borderline=tuple(
            None if p is None else (p, (pair[0], pair[1]) if pair else None)
            for p, pair in zip(fairness["p_pass_borderline"], intervals, strict=True)
        ),
        assumptions=tuple(fairness.get("assumptions", ())),
        notes=tuple(proof.get("notes", ())),
        solver=proof["solver"],
        limit_random=float(blueprint["max_random_pass"]),
        limit_strategy=float(blueprint["max_strategy_pass"]),
    )


def _size(lines: Sequence[FormLine], numbers: Sequence[Mapping[str, Any]], built: Sequence[Mapping[str, Any]]) -> Group:
    return Group(
        "Size",
        (
            Row("Scenarios", tuple(str(line.scenarios) for line in lines)),
            Row("Items that count", tuple(str(line.live_items) for line in lines)),
            Row("Trial items", tuple(str(len(form["trial"])) for form in built), "Not marked, not told apart."),
            Row("Marks in all", tuple(_marks(line.max_marks) for line in lines)),
            Row("Minutes expected", tuple(f"{held['minutes']:.1f}" for held in numbers)),
            Row("Minutes allowed", tuple(str(line.minutes) for line in lines), "The same for every form of the set."),
            Row(
                "Facility sum",
                tuple(f"{held['facility']:.2f}" for held in numbers),
                "Sum of the items’ facilities; a tenth is one tenth of an item.",
            ),
        ),
    )


def _cut(lines: Sequence[FormLine], built: Sequence[Mapping[str, Any]]) -> Group:
    cuts = [form.get("cut") or {} for form in built]
    if not any(cuts):
        return Group("Pass mark", (Row("Pass mark", tuple("none" for _ in lines), "No judgements: for trial only."),))
    return Group(
        "Pass mark",
        (
            Row("Exact", tuple(_marks(cut.get("exact")) for cut in cuts), "Sum of the judges’ mean marks."),
            Row("Applied", tuple(_marks(cut.get("applied")) for cut in cuts), "The next mark at or above it."),
            Row("Standard error", tuple(f"{cut['se']:.2f}" if cut.get("se") is not None else "–" for cut in cuts)),
            Row(
                "Reliability expected",
                tuple(f"{form['reliability']:.2f}" if form.get("reliability") is not None else "–" for form in built),
                "From item statistics; alpha of a real sitting may differ.",
            ),
        ),
    )


def _guessing(built: Sequence[Mapping[str, Any]], blueprint: Mapping[str, Any]) -> Group:
    if all(form.get("p_random_pass") is None for form in built):
        return Group("Passing without knowing", ())
    limit, ceiling = float(blueprint["max_random_pass"]), float(blueprint["max_strategy_pass"])
    rows = [
        Row(
            "Answers at random",
            tuple(chance_words(form["p_random_pass"]) for form in built),
            f"At most {100 * limit:g} % allowed.",
        )
    ]
    for name, words in STRATEGIES.items():
        chances = [(form.get("p_strategy_pass") or {}).get(name) for form in built]
        above = any(p is not None and p > ceiling for p in chances)
        note = f"Above {100 * ceiling:g} %: needs a signed reason." if above else ""
        rows.append(Row(words, tuple(chance_words(p) for p in chances), note))
    return Group("Chance of passing without knowing the work", tuple(rows))


def _format_words(value: str) -> str:
    return value.replace("_", " and ").capitalize()


def _counts(
    numbers: Sequence[Mapping[str, Any]], name: str, words: Any, order: Sequence[str] | None = None
) -> Iterable[Row]:
    held = [form.get(name, {}) for form in numbers]
    values = order if order is not None else sorted({value for counts in held for value in counts})
    for value in values:
        yield Row(words(value), tuple(str(counts.get(value, 0)) for counts in held))


def _constraints(columns: Sequence[Sequence[Mapping[str, Any]]]) -> Iterable[ConstraintRow]:
    names = [row["name"] for row in columns[0]]
    by_name = [{row["name"]: row for row in column} for column in columns]
    for name in names:
        # A reserve form holds no anchors, so that row of the others is not one of its own.
        rows = [column[name] for column in by_name if name in column]
        if len(rows) < len(columns):
            continue
        first = rows[0]
        values = [Fraction(str(row["value"])) for row in rows]
        low = None if first["low"] is None else Fraction(str(first["low"]))
        high = None if first["high"] is None else Fraction(str(first["high"]))
        met = all((low is None or value >= low) and (high is None or value <= high) for value in values)
        yield ConstraintRow(
            first["name"],
            constraint_words(first["name"]),
            _marks(low) if low is not None else "–",
            _marks(high) if high is not None else "–",
            tuple(_marks(value) for value in values),
            met,
        )


_PLAIN = {
    "scenarios": "Scenarios",
    "repeats": "Scenarios that stand twice",
    "minutes": "Minutes",
    "enemies": "Pairs that must not meet",
    "groups": "Pairs of one family",
    "sensitive=yes": "Scenarios with a sensitive topic",
    "facility": "Facility sum",
    "forms:minutes": "Difference in minutes between forms",
    "forms:facility": "Difference in facility sum between forms",
    "forms:borderline": "Difference in the borderline candidate’s mean mark between forms",
    "forms:angoff": "Difference in exact pass mark between forms",
    "forms:angoff_applied": "Difference in applied pass mark between forms",
}


def constraint_words(name: str) -> str:
    """Say in words what a constraint asks."""
    if name in _PLAIN:
        return _PLAIN[name]
    if name.endswith(":apart"):
        return f"Scenarios, enemies and relatives shared by forms {name[4:-6].replace('-', ' and ')} (reserve)"
    if name.endswith(":use"):
        return f"Scenarios shared by forms {name[4:-4].replace('-', ' and ')}"
    kind, found, value = name.partition("=")
    if found:
        unit = "Items of format" if kind == "format" else f"Scenarios of {kind}"
        return f"{unit} {value.replace('_', ' ')}"
    return name.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class FormScenario:
    """One scenario of a form, in order."""

    position: int
    id: str
    title: str
    items: tuple[tuple[str, str, str, str], ...]
    """Item, format, marks, whether it counts."""


def form_scenarios(paper: Paper, secret: Secret) -> tuple[FormScenario, ...]:
    """List a form's scenarios in order, without its keys."""
    found = []
    for position, scenario in enumerate(paper.scenarios, start=1):
        rows = []
        for item in scenario.items:
            held = secret.item(item.id)
            if held is not None:
                state = "counts" if held.live else "on trial, not marked"
                rows.append((item.id, item.format.value, _marks(held.worth) if held.live else "–", state))
        found.append(FormScenario(position, scenario.id, scenario.title, tuple(rows)))
    return tuple(found)
