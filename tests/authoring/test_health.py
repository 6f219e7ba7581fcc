"""The bank's health: every figure counts what the rules count, leads to its scenarios, and claims nothing of a few."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from sjt import db
from sjt.access import TABLE, Permission, Role
from sjt.authoring import checks_bank, health_page
from sjt.authoring.bank import Reading, load
from sjt.authoring.checks_time import minutes_needed
from sjt.authoring.desk import Desk
from sjt.authoring.health import Health, Seen, health
from sjt.authoring.health_facts import facts_of
from sjt.authoring.model import Law
from sjt.authoring.readability import measure
from sjt.authoring.states import ScenarioState, Statistic

BANKS = Path(__file__).parents[1] / "banks"
TODAY = date(2026, 3, 1)
NOW = datetime(2026, 2, 1, tzinfo=UTC)


def measured(reading: Reading, *, statistics: Any = None, seen: dict[str, Seen] | None = None) -> Health:
    assert reading.bank is not None
    known = {one.id: Seen(ScenarioState.DRAFT, NOW) for one in reading.bank.scenarios} | (seen or {})
    return health(reading.bank, facts_of(reading.bank, reading), known, statistics or {}, today=TODAY)


@pytest.fixture(scope="module")
def shipped() -> tuple[Reading, Health]:
    from sjt.paths import bank_dir

    reading = load(bank_dir())
    return reading, measured(reading)


def test_figures_count_what_the_rules_count(shipped: tuple[Reading, Health]) -> None:
    reading, found = shipped
    assert reading.bank is not None
    desk = Desk(reading.bank, reading, TODAY)
    for (kind, size), places in checks_bank.best_places(desk).items():
        for place, n in enumerate(places):
            held = found.one(f"place.{kind}.{size}.{place}")
            assert held is not None and held[1].n == n
    reports, items = checks_bank.passed_on(desk)
    held = found.one("cue.report")
    assert held is not None and (held[1].n, held[1].of) == (reports, items)
    grades = [one.grade for s in reading.bank.scenarios if (one := measure(s.story)) is not None]
    assert sum(g < 4 for g in grades) == found.one("grade.0")[1].n  # type: ignore[index]  # the figure is there
    tight = sum(minutes_needed(s, i) > 1.1 * i.minutes for s in reading.bank.scenarios for i in s.items)
    assert found.one("minutes.tight")[1].n == tight  # type: ignore[index]  # the figure is there
    assert len({one.key for part in found.parts for one in part.figures}) == sum(len(p.figures) for p in found.parts)


@pytest.mark.parametrize(
    ("bank", "part"),
    [
        ("L18-first-is-best", "positions"),
        ("L19-longest-is-best", "lengths"),
        ("L21-report-first", "cues"),
        ("L09-absolute-words", "cues"),
        ("L15-at-fault", "antagonists"),
        ("L14-role", "roles"),
        ("L25-too-short", "minutes"),
    ],
)
def test_a_bank_out_of_balance_is_flagged_where_its_rule_is(bank: str, part: str) -> None:
    balance = {"positions", "lengths", "cues", "antagonists", "roles", "minutes"}
    found = measured(load(BANKS / bank))
    assert {one.id for one in found.parts if one.flagged} & balance == {part}


def test_of_a_few_nothing_is_claimed() -> None:
    found = {part.id: part for part in measured(load(BANKS / "sound")).parts}
    for name in ("positions", "lengths", "cues", "roles", "antagonists"):
        assert not found[name].flagged
        assert (
            any("too few" in words or "counted only" in words for words in found[name].tests) or not found[name].figures
        )


def test_ages_dates_exposure_and_statistics_fall_where_they_belong() -> None:
    reading = load(BANKS / "sound")
    assert reading.bank is not None
    (one,) = reading.bank.scenarios
    law = Law(title="A law", edition="2020", review_by=date(2026, 3, 20))
    changed = replace(reading, bank=replace(reading.bank, scenarios=(replace(one, law=(law,), sha256="a" * 64),)))
    item = one.items[0].id

    def row(name: str, value: float, day: str, sha: str = "a" * 64, n: int = 40) -> Statistic:
        return Statistic(item, sha, name, value, None, n, "trial, simulated", day)

    statistics = {
        item: [row("facility", 0.6, "2026-01-01"), row("facility", 0.95, "2026-02-01"),
               row("facility", 0.1, "2026-02-02", sha="b" * 64), row("discrimination", -0.2, "2026-01-01")]
    }  # fmt: skip
    seen = {one.id: Seen(ScenarioState.LIVE, datetime(2023, 1, 1, tzinfo=UTC), forms=3, met=120)}
    found = measured(changed, statistics=statistics, seen=seen)
    for key in ("state.live", "age.1095", "due.30", "forms.2", "met.50", "facility.4", "discrimination.0"):
        held = found.one(key)
        assert held is not None and held[1].ids == (one.id,), key
    leads = {part.id: part.lead for part in found.parts}
    assert "1 of them rest on fewer than 100" in leads["facility"] and "Simulated" in leads["facility"]


def test_every_number_leads_to_its_scenarios_and_the_file_has_them_all(
    few: db.Database, client_as: Callable[..., Any]
) -> None:
    head = client_as(Role.TEST_DEVELOPER)
    page = head.get("/bank/health/")
    assert page.status_code == 200
    links = page.soup.main.select("a[href*='/bank/health/behind/']")
    with db.session() as session:
        found = health_page.bank_health(session, today=date(2026, 3, 14))
    assert len(links) == sum(bool(one.ids) for part in found.parts for one in part.figures)
    for part in found.parts:  # one of each section, the fullest
        figure = max(part.figures, key=lambda one: len(one.ids))
        if figure.ids:
            rows = head.get(f"/bank/health/behind/{figure.key}").soup.main.select("tbody tr")
            assert [row.th.get_text() for row in rows] == list(figure.ids[:100])
    assert head.get("/bank/health/behind/nothing").status_code == 404
    rows = list(csv.DictReader(io.StringIO(head.get("/bank/health/health.csv").get_data(as_text=True))))
    figures = [one for part in found.parts for one in part.figures]
    assert [(row["figure"], int(row["count"]), row["scenarios"].split()) for row in rows] == [
        (one.label, one.n, list(one.ids)) for one in figures
    ]
    for role in (Role.FAIRNESS, Role.EXPERT, Role.INVIGILATOR):  # a list of where keys stand tells keys
        assert role not in TABLE[Permission.SEE_KEY]
        assert client_as(role).get("/bank/health/").status_code == 403
