"""The exposure report counts what candidates met, where and when, beside cap and rest."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from sjt import db
from sjt.access import Role
from sjt.authoring import service as authoring
from sjt.authoring.uses import FormUses, KeyChange
from sjt.config import Settings
from sjt.delivery import changed_keys, exposure, ledger, service
from sjt.times import ManualClock, in_local_zone
from tests.builders.clients import strict_client
from tests.builders.rooms import INVIGILATOR, a_room, delivery_app, entered

A, B, C = ("s01", "a" * 64, "A call at night"), ("s02", "b" * 64, "The visit"), ("s03", "c" * 64, "Never met")


def uses(form_id: str, *scenarios: tuple[str, str, str], **more: Any) -> FormUses:
    facts: dict[str, Any] = {"option": "residential", "set_number": 1, "set_forms": 4, "is_reserve": False}
    facts |= {"is_withdrawn": False, "exposure_max": 0.25, "rest_days": 60, **more}
    return FormUses(form_id, scenarios=scenarios, **facts)


def test_each_scenario_is_counted_where_it_was_met_beside_its_cap_and_rest(
    settings: Settings,
    database: db.Database,
    clock: ManualClock,
    keeper: ledger.Ledger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forms = [
        uses("form-1", A, B),
        uses("form-2", A, is_withdrawn=True),
        uses("form-3", B, ("s01", "d" * 64, "A call at night"), set_number=2, set_forms=3, rest_days=0),
        uses("form-4", C, is_reserve=True),
    ]
    monkeypatch.setattr(authoring, "form_uses", lambda session: forms)
    room = a_room(settings.secret_key, candidates=2, now=clock.now())
    for seat in (1, 2):
        entered(room, seat, settings.secret_key, clock.now())
    service.start_room(room.id, by=INVIGILATOR)
    with db.session() as session:
        found = {(one.scenario, one.version[0]): one for one in exposure.exposures(session)}
    a, b, other, never = found["s01", "a"], found["s02", "b"], found["s01", "d"], found["s03", "c"]
    assert (a.dealt, a.forms, a.centres) == (2, ("form-1", "form-2"), (("Leeds, Wellington Street", 2),))
    assert a.is_over and a.share == Fraction(1, 2), "two of four forms, where a quarter is allowed"
    assert a.last == clock.now() and a.rests_until == clock.now() + timedelta(days=60)
    assert b.dealt == 2 and b.share == Fraction(1, 3) and not b.is_over, "of three forms no cap speaks"
    assert other.dealt == 0 and other.last is None, "a changed scenario is a version of its own"
    assert never.share == 0 and not never.is_over, "a reserve form is in no share"

    client = strict_client(delivery_app(settings, database, clock), {Role.TEST_DEVELOPER})
    page = client.get("/exposure/")
    rows = [row.get_text(" ", strip=True) for row in page.soup.select("tbody tr")]
    assert len(rows) == 4 and "over the cap of 25 %" in rows[0] and "Leeds, Wellington Street (2)" in rows[0]
    assert f"{in_local_zone(clock.now() + timedelta(days=60)):%Y}" in rows[0] and "never" in rows[-1]
    assert [
        len(client.get(f"/exposure/?show={one}").soup.select("tbody tr")) for one in ("met", "over", "resting")
    ] == [
        2,
        1,
        2,
    ]
    change = KeyChange("s01", "A call at night", "a" * 64, "e" * 64, clock.now(), ("s01-a",), ("form-1", "form-2"))
    monkeypatch.setattr(authoring, "changed_keys", lambda session: [change])
    with db.session() as session:
        (line,) = changed_keys.changed_keys(session)
    assert [one.form_id for one in line.affected] == ["form-1", "form-1"]
    officer = strict_client(delivery_app(settings, database, clock), {Role.AWARDING_OFFICER})
    names = [one.candidate for one in line.affected]
    assert all(name in officer.get("/exposure/keys").get_data(as_text=True) for name in names)
    blind = client.get("/exposure/keys").soup.main.get_text(" ", strip=True)
    assert "Candidates affected 2" in blind and not any(name in blind for name in names)
    refused = strict_client(delivery_app(settings, database, clock), {Role.INVIGILATOR}).get("/exposure/")
    assert refused.status_code == 403
