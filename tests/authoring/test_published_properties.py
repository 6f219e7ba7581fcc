"""Whatever is published, by the real deed, keeps every constraint: by the verifier, and by counting anew right here."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sjt import db
from sjt.access import SYSTEM
from sjt.authoring import blueprints, service
from sjt.authoring.bank import read_files
from sjt.authoring.forms_job import build_now, verify_now
from sjt.authoring.model import Bank
from sjt.authoring.states import SetState
from sjt.errors import MoveRefused
from tests.builders.banks import WORTH, blueprint_text, unchecked, write_bank

NOW = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """Give a small generated bank, with enemies, in a database of its own."""
    folder = tmp_path_factory.mktemp("published")
    shutil.copyfile(sqlite_template, folder / "house.sqlite")
    database = db.bind(db.Database(f"sqlite:///{folder / 'house.sqlite'}"))
    bank = write_bank(folder / "bank", core=22, residential=8, seed=4, enemies=7).folder
    with db.transaction() as session:
        service.import_prepared(session, unchecked(read_files(bank)), by=SYSTEM, now=NOW)
    with db.session() as session:
        yield service.bank(session)
    database.dispose()


@settings(max_examples=3, deadline=None)
@given(
    formats=st.fixed_dictionaries({"rank": st.integers(3, 4), "choose": st.integers(2, 3), "rate": st.integers(3, 4)}),
    forms=st.sampled_from([2, 1]),
    overlap=st.integers(2, 6),
    trial=st.integers(0, 1),
    seed=st.integers(1, 99),
    least=st.integers(4, 7),
    without=st.sets(st.integers(1, 22), max_size=3),
)
def test_no_published_form_ever_breaks_a_constraint(
    house: Bank,
    formats: dict[str, int],
    forms: int,
    overlap: int,
    trial: int,
    seed: int,
    least: int,
    without: set[int],
) -> None:
    n = sum(formats.values())
    low, high = 2.6 * n, 3.3 * n
    core = min(least, n - 1)
    text = blueprint_text(
        name="drawn", scenarios=n, formats=formats, overlap=overlap, exposure=None, minutes=(low, high),
        extra=f"trial = {trial}\n",
    ).replace("[maximise]", f"[counts.option]\ncore = [{core}, {core + 2}]\n[maximise]")  # fmt: skip
    seen = sorted(f"cypf-{k:04d}" for k in without)
    with db.transaction() as session:
        blueprints.import_file(session, text.encode(), "drawn.toml", by=SYSTEM, now=NOW)
    with db.transaction() as session:
        asked = service.put_set(
            session, "blueprints/drawn.toml", forms=forms, seed=seed, by=SYSTEM, now=NOW, without=seen
        )
        made = asked.id
    built = build_now(made, seconds=90)
    with db.session() as session:
        row = service.form_set(session, made)
    if not built:
        assert row.state is SetState.INFEASIBLE and row.shortfall and row.shortfall["rows"]
        with pytest.raises(MoveRefused), db.transaction() as session:
            service.publish_set(session, made, use="live", by=SYSTEM, now=NOW)
        return
    with db.transaction() as session:
        lines = service.publish_set(session, made, use="live", by=SYSTEM, now=NOW, reason="a test of what is published")
    assert verify_now(made) == []
    assert len(lines) == forms
    of = {one.id: one for one in house.scenarios}
    foes = {frozenset((one.id, foe)) for one in house.scenarios for foe in one.enemies}
    shut = {other for pair in foes if pair & set(seen) for other in pair} | set(seen)
    held: list[set[str]] = []
    with db.session() as session:
        papers = [service.paper(session, line.form_id) for line in lines]
        secrets = [service.secret(session, line.form_id) for line in lines]
    for paper, secret in zip(papers, secrets, strict=True):
        live = {item.scenario for item in secret.live_items()}
        every = {one.id for one in paper.scenarios}
        held.append(live)
        assert len(live) == n and len(every) == n + trial
        assert Counter(item.format.value for item in secret.live_items()) == formats
        assert low <= sum(item.minutes for name in live for item in of[name].items) <= high
        assert core <= sum(of[name].option == "core" for name in live) <= core + 2
        assert all(of[name].option in ("core", "residential") for name in every)
        assert not any(pair <= every for pair in foes), "two enemies in one form"
        assert not every & shut, "something that was left out, or an enemy of it"
        assert {f"PO{k}" for k in range(1, 9)} <= {outcome for name in live for outcome in of[name].outcomes}
        assert secret.max_marks == sum(WORTH[kind] * many for kind, many in formats.items())
        assert secret.cut is not None
        assert Fraction(secret.cut["exact"]) == sum(
            (item.angoff_mean for item in secret.live_items() if item.angoff_mean is not None), Fraction(0)
        )
    assert all(len(a & b) <= overlap for a, b in combinations(held, 2))
    assert len({Fraction(one.cut["applied"]) for one in secrets if one.cut}) == 1, "one pass mark for all"
    tried = {item.scenario for secret in secrets for item in secret.items if not item.live}
    assert not tried & set().union(*held)
