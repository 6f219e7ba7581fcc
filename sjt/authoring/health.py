"""How a bank does: coverage, ages, dates due, exposure, statistics, balance and readability, each with what is behind.

Pure: a figure is a count with the scenarios it counts, so that a page can lead from any number to its scenarios. Where
the bank is too small for a test nothing is claimed, and the counts say so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median
from typing import Final

from sjt.authoring import health_balance
from sjt.authoring.checks_text import GRADE, GRADE_MOST
from sjt.authoring.coverage import coverage
from sjt.authoring.health_facts import ScenarioFacts
from sjt.authoring.health_figures import Facts, Figure, Part, figure, flag
from sjt.authoring.life import BY_FORM, WAY_WORDS
from sjt.authoring.model import Bank
from sjt.authoring.states import ScenarioState, Statistic

SOON: Final = (30, 90, 180)
"""Days ahead at which a date to look again at law or a key is named."""
REPANEL: Final = timedelta(days=3 * 365)
"""Keys are set again every three years (sjt-science 2.1)."""
FACILITY: Final = (
    (0.0, 0.3, "under .30: hard"),
    (0.3, 0.5, ".30 to .50"),
    (0.5, 0.7, ".50 to .70"),
    (0.7, 0.9, ".70 to .90"),
    (0.9, 1.01, ".90 and over: easy"),
)
DISCRIMINATION: Final = (
    (-1.01, 0.0, "under 0: look at the key"),
    (0.0, 0.1, "0 to .10: weak"),
    (0.1, 0.2, ".10 to .20"),
    (0.2, 0.3, ".20 to .30"),
    (0.3, 1.01, ".30 and over"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the database knows of a scenario beside its files."""

    state: ScenarioState
    changed_at: datetime
    forms: int = 0
    """Published forms that hold it."""
    met: int = 0
    """Candidates who began a form with it."""
    way: str = ""
    """The move that made it live, if it is live."""


@dataclass(frozen=True)
class Health:
    """Everything the page shows."""

    as_of: date
    scenarios: int
    items: int
    parts: tuple[Part, ...]
    titles: Mapping[str, str] = field(default_factory=dict)

    def one(self, key: str) -> tuple[Part, Figure] | None:
        return next(((part, one) for part in self.parts for one in part.figures if one.key == key), None)


def health(
    bank: Bank,
    facts: Facts,
    seen: Mapping[str, Seen],
    statistics: Mapping[str, Sequence[Statistic]],
    *,
    today: date,
) -> Health:
    """Measure a bank as it stands today."""
    parts = (
        _coverage(bank),
        _states(facts, seen),
        _ages(facts, seen, today),
        _dates(facts, today),
        _exposure(facts, seen),
        *_statistics(facts, statistics),
        health_balance.positions(facts),
        health_balance.lengths(facts),
        health_balance.cues(facts),
        health_balance.roles(bank),
        health_balance.antagonists(bank),
        _reading(facts),
        _minutes(facts),
    )
    titles = {one.id: one.title for one in bank.scenarios}
    return Health(today, len(facts), sum(len(one.items) for one in facts), parts, titles)


def _coverage(bank: Bank) -> Part:
    figures = []
    for option in bank.standard.option_ids:
        found = coverage(bank, option)
        words = option.replace("-", " ").capitalize()
        met = tuple(one.id for one in bank.for_option(option))
        figures.append(Figure(f"coverage.{option}", f"{words}: scenarios its candidates can meet", len(met), met))
        thin = [code for code, counts in found.codes.items() if counts["primary"] + counts["secondary"] == 1]
        ids = [s.id for s in bank.for_option(option) if {tag.code for tag in s.ksbs} & set(thin)]
        label = f"{words}: codes that one scenario alone carries"
        figures.append(Figure(f"coverage.{option}.thin", label, len(thin), tuple(ids), said=", ".join(thin)))
        lacking = "; ".join(gap.message for gap in found.gaps[:4]) or "none is missing"
        label = f"{words}: codes, outcomes, areas and formats missing"
        figures.append(Figure(f"coverage.{option}.gaps", label, len(found.gaps), (), None, lacking, bool(found.gaps)))
    flagged = any(figure.is_flagged for figure in figures)
    lead = "What candidates of each option can meet, against what the plan asks of the test."
    return Part("coverage", "Coverage", lead, tuple(figures), flagged=flagged)


def _grouped(facts: Facts, name: Callable[[ScenarioFacts], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for one in facts:
        found[name(one)].append(one.id)
    return found


def _states(facts: Facts, seen: Mapping[str, Seen]) -> Part:
    groups = _grouped(facts, lambda one: seen[one.id].state.value)
    figures = tuple(
        figure(f"state.{state.value}", state.value.replace("_", " ").capitalize(), groups.get(state.value, ()))
        for state in ScenarioState
    )
    live = [one.id for one in facts if seen[one.id].state is ScenarioState.LIVE]
    by_gates = [one for one in live if seen[one].way not in WAY_WORDS]
    if live:
        figures += (figure("way.gates", "Live through the gates of this bank", by_gates, of=len(live)),)
    for did, words in WAY_WORDS.items():
        ids = [one for one in live if seen[one].way == did]
        if ids:
            figures += (flag(figure(f"way.{did}", words, ids, of=len(live)), did == BY_FORM),)
    panelled = [one.id for one in facts if one.is_panelled]
    figures += (
        figure("key.panelled", "Key set by a panel", panelled, of=len(facts)),
        figure("key.illustrative", "Key illustrative", [one.id for one in facts if not one.is_panelled], of=len(facts)),
    )
    return Part("states", "States and keys", "Where scenarios stand in their life, and whose key they have.", figures)


def _ages(facts: Facts, seen: Mapping[str, Seen], today: date) -> Part:
    days = {one.id: (today - seen[one.id].changed_at.date()).days for one in facts}
    bounds = (
        (0, 183, "Under six months"),
        (183, 365, "Six months to a year"),
        (365, 730, "One to two years"),
        (730, REPANEL.days, "Two to three years"),
        (REPANEL.days, 10**6, "Three years and over: panel again"),
    )
    figures = tuple(
        figure(f"age.{low}", label, [i for i, n in days.items() if max(0, low) <= max(0, n) < high])
        for low, high, label in bounds
    )
    old = figures[-1].n > 0
    figures = (*figures[:-1], flag(figures[-1], old))
    lead = f"Age of the current version. The median is {median(days.values()):.0f} days." if days else "No scenario."
    return Part("ages", "Ages", lead, figures, flagged=old)


def _dates(facts: Facts, today: date) -> Part:
    due: dict[str, date] = {one.id: min(one.review_by) for one in facts if one.review_by}
    figures = [figure("due.over", "Past its date", [i for i, day in due.items() if day <= today])]
    before = today
    for days in SOON:
        until = today + timedelta(days=days)
        ids = [i for i, day in due.items() if before < day <= until]
        figures.append(figure(f"due.{days}", f"Within {days} days", ids))
        before = until
    figures.append(figure("due.later", "Later", [i for i, day in due.items() if day > before]))
    figures.append(figure("due.none", "Leans on no law or guidance", [one.id for one in facts if not one.review_by]))
    figures[0] = flag(figures[0], figures[0].n > 0)
    next_up = sorted((day, i) for i, day in due.items())[:5]
    tests = tuple(f"Next: {i}, by {day.day} {day:%B %Y}." for day, i in next_up)
    lead = "The day on which law or guidance behind a scenario is to be looked at again."
    return Part("dates", "Review dates", lead, tuple(figures), tests, flagged=figures[0].n > 0)


def _exposure(facts: Facts, seen: Mapping[str, Seen]) -> Part:
    forms = (
        (0, 1, "In no published form"),
        (1, 2, "In one form"),
        (2, 4, "In two or three forms"),
        (4, 10**9, "In four or more"),
    )
    met = (
        (0, 1, "Met by nobody"),
        (1, 50, "Met by 1 to 49 candidates"),
        (50, 200, "Met by 50 to 199"),
        (200, 10**9, "Met by 200 and more"),
    )
    figures = [
        figure(f"forms.{low}", label, [one.id for one in facts if low <= seen[one.id].forms < high])
        for low, high, label in forms
    ]
    figures += [
        figure(f"met.{low}", label, [one.id for one in facts if low <= seen[one.id].met < high])
        for low, high, label in met
    ]
    lead = "How often the bank is used. Scenarios that serve in nothing cost upkeep; those met by many leak."
    return Part("exposure", "Exposure", lead, tuple(figures))


def _statistics(facts: Facts, statistics: Mapping[str, Sequence[Statistic]]) -> Iterator[Part]:
    """Spread facilities and discriminations over bins; of each item the latest value of the version in the bank."""
    scenario_of = {item.id: one for one in facts for item in one.items if item.keyed or item.format == "written"}
    for name, title, bins, bad in (
        ("facility", "Facility", FACILITY, {0, 4}),
        ("discrimination", "Discrimination", DISCRIMINATION, {0, 1}),
    ):
        values: dict[str, Statistic] = {}
        for item, rows in statistics.items():
            if item in scenario_of:
                own = [r for r in rows if r.name == name and r.scenario_sha256 in ("", scenario_of[item].sha256)]
                if own:
                    values[item] = max(enumerate(own), key=lambda pair: (pair[1].date, pair[0]))[1]
        figures = []
        for number, (low, high, label) in enumerate(bins):
            items = [item for item, row in values.items() if low <= row.value < high]
            ids = tuple(dict.fromkeys(scenario_of[item].id for item in items))
            flagged = number in bad and bool(items)
            figures.append(Figure(f"{name}.{number}", label, len(items), ids, len(values), is_flagged=flagged))
        none = [item for item in scenario_of if item not in values]
        ids = tuple(dict.fromkeys(scenario_of[item].id for item in none))
        figures.append(Figure(f"{name}.none", "Not known", len(none), ids))
        lead = "Nobody has been measured on this bank yet."
        if values:
            small = sum(1 for row in values.values() if row.n < 100)
            middle = median(row.value for row in values.values())
            lead = f"{len(values)} items, median {middle:.2f}; {small} of them rest on fewer than 100 answers."
            if any("simulated" in row.source.lower() for row in values.values()):
                lead += " Simulated values are among them."
        flagged = any(one.is_flagged for one in figures)
        yield Part(name, title, lead, tuple(figures), counts="Items", flagged=flagged)


def _reading(facts: Facts) -> Part:
    grades = [(one.id, one.grade) for one in facts if one.grade is not None]
    bounds = (
        (-99.0, 4.0, "Grade under 4 (age 9)"),
        (4.0, 6.0, "Grade 4 to 6"),
        (6.0, GRADE, f"Grade 6 to {GRADE:g}"),
        (GRADE, GRADE_MOST, f"Grade {GRADE:g} to {GRADE_MOST:g}: warned of"),
        (GRADE_MOST, 99.0, f"Grade {GRADE_MOST:g} and over"),
    )
    figures = [
        figure(f"grade.{n}", label, [i for i, g in grades if low <= g < high])
        for n, (low, high, label) in enumerate(bounds)
    ]
    figures[3:] = [flag(one, one.n > 0) for one in figures[3:]]
    words = [one.words for one in facts]
    figures.append(figure("words.short", "Story under 40 words", [one.id for one in facts if one.words < 40]))
    figures.append(figure("words.long", "Story over 120 words", [one.id for one in facts if one.words > 120]))
    middle = (
        f"Median grade {median(g for _, g in grades):.1f}, median story {median(words):.0f} words." if grades else ""
    )
    lead = f"Flesch-Kincaid grade of the stories. {middle}".strip()
    return Part("reading", "Readability", lead, tuple(figures), flagged=any(one.is_flagged for one in figures))


def _minutes(facts: Facts) -> Part:
    given = [(one.id, item.minutes, item.needed) for one in facts for item in one.items]
    tight = [i for i, has, needs in given if needs > has * 1.1]
    loose = [i for i, has, needs in given if has > needs * 2.5]
    fits = len(given) - len(tight) - len(loose)
    told = sum(has for _, has, _ in given)
    needed = sum(needs for _, _, needs in given)
    ids = tuple(dict.fromkeys(i for i, has, needs in given if needs <= has * 1.1 and has <= needs * 2.5))
    figures = (
        Figure("minutes.fits", "Given about what reading and deciding need", fits, ids, len(given)),
        Figure(
            "minutes.tight", "Given too little", len(tight), tuple(dict.fromkeys(tight)), len(given), "", bool(tight)
        ),
        Figure("minutes.loose", "Given far more", len(loose), tuple(dict.fromkeys(loose)), len(given)),
    )
    lead = f"All items together are given {told:.0f} minutes and need about {needed:.0f} (L25)."
    return Part("minutes", "Minutes", lead, figures, counts="Items", flagged=bool(tight))
