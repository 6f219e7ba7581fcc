"""The list of scenarios narrowed by what is known of them, the coverage map by standing, and pairs that are alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sjt import db
from sjt.access import Role
from sjt.authoring import drafting, likeness, service, store_drafts
from sjt.authoring.bank import NOT_ENEMIES, load_files
from sjt.authoring.coverage_page import Asked, coverage_view, of_bank, of_draft
from sjt.authoring.draft import Cell, new_draft
from sjt.authoring.listing import Facts, Filters, facts
from sjt.authoring.states import ScenarioState, Statistic

Clients = Callable[..., Any]


def test_a_range_asks_for_one_item_that_has_every_number_of_this_text(few: db.Database) -> None:
    with db.session() as session:
        scenario = service.bank(session).scenarios[0]
    a, b = (item.id for item in scenario.items[:2])

    def said(item: str, name: str, value: float, date: str = "2026-01-01", sha: str = scenario.sha256) -> Statistic:
        return Statistic(item, sha, name, value, None, 120, "test", date)

    rows = {
        a: [said(a, "facility", 0.4), said(a, "facility", 0.8, "2026-02-01"), said(a, "discrimination", 0.1)],
        b: [said(b, "facility", 0.4), said(b, "discrimination", 0.9, sha="0" * 64)],
    }
    known = facts(scenario, rows, {scenario.id: 30}, with_key=True)
    assert known.items == ({"facility": 0.8, "discrimination": 0.1}, {"facility": 0.4})
    ask = Filters.from_args
    assert known.within(ask({"facility_from": "0,7", "met_to": "30"}).ranges())
    assert not known.within(ask({"facility_to": "0.5", "discrimination_from": "0"}).ranges()), "no one item has both"
    assert not known.within(ask({"met_from": "31"}).ranges())
    assert Facts().within({}) and not Facts().within(ask({"facility_from": "0"}).ranges())
    assert facts(scenario, rows, {}, with_key=False).items == ()
    assert ask({"facility_from": "low", "met_to": "nan"}).unreadable() == [
        "Facility, from",
        "Candidates that met it, to",
    ]


def test_the_list_is_narrowed_by_author_tag_capability_and_numbers(few: db.Database, client_as: Clients) -> None:
    writer = client_as(Role.WRITER)

    def shown(query: str) -> set[str]:
        return {row.get_text() for row in writer.get(f"/bank/?{query}").soup.select("tbody th")}

    with db.session() as session:
        bank = service.bank(session)
    first = bank.scenarios[0]
    assert shown(f"tag={first.family}") == {one.id for one in bank.scenarios if one.family == first.family}
    assert shown(f"author={first.author}") == {one.id for one in bank.scenarios if one.author == first.author}
    domain = first.capabilities[0].rpartition("-")[0]
    fitting = {one.id for one in bank.scenarios if any(name.startswith(domain) for name in one.capabilities)}
    assert shown(f"capability={domain}") == fitting
    assert shown("met_from=1") == set() and len(shown("met_to=0")) == len(bank.scenarios)
    assert "passed over" in writer.get("/bank/?facility_from=much").soup.main.get_text()
    fair = client_as(Role.FAIRNESS).get("/bank/?facility_from=0").soup
    assert not fair.find(attrs={"name": "facility_from"}), "numbers of items are for those who see keys"


def test_each_cell_says_what_is_live_in_trial_and_in_draft(few: db.Database) -> None:
    with db.session() as session:
        bank = service.bank(session)
    states = {one.id: ScenarioState.LIVE for one in bank.scenarios}
    states[bank.scenarios[0].id], states[bank.scenarios[1].id] = ScenarioState.ON_TRIAL, ScenarioState.RETIRED
    cell = Cell(outcome=bank.scenarios[0].outcomes[0], format=bank.scenarios[0].items[0].format.value)
    draft = of_draft(new_draft(bank, cell, author="Ruth") | {"capabilities": bank.scenarios[0].capabilities[0]})
    view = coverage_view(bank, "residential", [*of_bank(bank, states), draft])
    outcome = next(row for row in view.rows if row[0] == cell.outcome)
    found = outcome[2][view.columns.index(cell.format)]
    assert found.trial >= 1 and found.draft == 1 and found.n == found.live + found.trial + found.draft
    retired = bank.scenarios[1]
    without = coverage_view(bank, "residential", of_bank(bank, states))
    whole = coverage_view(bank, "residential", of_bank(bank, states | {retired.id: ScenarioState.LIVE}))
    assert whole.sums[-1].n == without.sums[-1].n + len(retired.items)
    # every two of code, outcome and format cross, and the third narrows: one cell is the same number from all sides
    code, met = bank.scenarios[0].ksbs[0].code, of_bank(bank, states)
    seen = {
        (rows, columns): next(
            line[2][crossed.columns.index(asked[columns])] for line in crossed.rows if line[0] == asked[rows]
        ).n
        for asked in [{"code": code, "outcome": cell.outcome, "format": cell.format}]
        for rows, columns in (("outcome", "format"), ("code", "format"), ("code", "outcome"))
        for crossed in [
            coverage_view(bank, "residential", met, Asked.from_args({**asked, "rows": rows, "columns": columns}))
        ]
    }
    assert len(seen) == 3 and len(set(seen.values())) == 1 and min(seen.values()) >= 1
    capability = bank.capabilities[bank.scenarios[0].capabilities[0]]
    row = next(cells for code, _, cells in view.domains if code == capability.domain)
    assert row[list(bank.levels).index(capability.level)].draft == 1


def test_a_pair_is_made_enemies_in_a_draft_or_let_be_with_a_reason_that_stays(
    few: db.Database, client_as: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likeness, "CLOSE", 0.02)
    monkeypatch.setattr(likeness, "_found", {})
    writer = client_as(Role.WRITER)
    with db.session() as session:
        pairs = likeness.standing(session)
    foes, friends = pairs[0], pairs[1]
    assert foes.cosine >= friends.cosine >= 0.02
    place = writer.post("/bank/likeness/enemies", {"first": foes.second, "second": foes.first}).headers["Location"]
    assert place.endswith("?part=mapping#enemies")
    with db.session() as session:
        row = store_drafts.open_draft_of(session, foes.second)
        assert row is not None and drafting.fields_of(session, row)["enemies"].split() == [foes.first]
        assert {one.standing for one in likeness.standing(session, foes.second)} >= {"drafted"}
    let = {"first": friends.first, "second": friends.second}
    refused = writer.post("/bank/likeness/together", let | {"reason": "no"})
    assert refused.status_code == 422
    assert writer.post("/bank/likeness/together", let | {"reason": "Other place, other duty"}).status_code == 303
    page = writer.get("/bank/likeness?show=apart").soup.main
    assert "Other place, other duty" in page.get_text()
    with db.session() as session:
        files = service.bank_files(session)
        bank = service.bank(session)
    assert bank.are_apart(friends.second, friends.first) and NOT_ENEMIES in files
    torn = load_files(files | {NOT_ENEMIES: b"first,second,reason\nno-0001,no-0002,\n"})
    assert [one.rule for one in torn.findings] == ["F04", "F04", "F03"]
    assert client_as(Role.FAIRNESS).get("/bank/likeness").status_code == 403
