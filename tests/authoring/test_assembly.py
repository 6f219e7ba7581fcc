"""Assembly of the shared instances: exact checks of what comes back, bounds, and repeats."""

from __future__ import annotations

import copy
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from sjt.authoring.assembly import broken, check
from sjt.authoring.assembly_instance import read_instance
from sjt.authoring.assembly_solve import Effort, solve
from sjt.authoring.forms_commands import assemble
from sjt.errors import InputError

REFERENCE = Path(__file__).parent / "reference" / "ata"
SMALL = Effort(nodes=40, walks=2, steps=150, rounds=2, round_nodes=10)


def instance(name: str) -> Any:
    return json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))


def independent_faults(data: Any, forms: list[list[str]]) -> list[str]:
    """Check forms from the raw file with nothing of sjt's own."""
    spec, bank = data["spec"], {row["id"]: row for row in data["bank"]}
    order = [row["id"] for row in data["bank"]]
    anchors = {order[a] for a in spec["anchors"]}
    faults = []
    uses: dict[str, int] = {}
    for f, form in enumerate(forms):
        rows = [bank[i] for i in form]
        if len(set(form)) != spec["n"] or form != sorted(form, key=order.index):
            faults.append(f"{f} n")
        if not spec["minutes"][0] - 1e-9 <= sum(r["minutes"] for r in rows) <= spec["minutes"][1] + 1e-9:
            faults.append(f"{f} minutes")
        for attr, cells in spec["blueprint"].items():
            for value, (low, high) in cells.items():
                if not low <= sum(r[attr] == value for r in rows) <= high:
                    faults.append(f"{f} {attr}={value}")
        for target in spec["targets"]:
            if abs(sum(r[target["attr"]] for r in rows) - target["value"]) > spec["delta"] + 1e-9:
                faults.append(f"{f} {target['attr']}")
        faults += [f"{f} enemies" for a, b in spec["enemies"] if order[a] in form and order[b] in form]
        if not anchors <= set(form):
            faults.append(f"{f} anchors")
        for name in set(form) - anchors:
            uses[name] = uses.get(name, 0) + 1
    if max(uses.values(), default=0) > spec["max_use"]:
        faults.append("use")
    return faults


def test_eatata_minimal_pool_has_its_published_optimum() -> None:
    data = instance("eatata_mini")
    bank, spec = read_instance(data)
    found = solve(bank, spec)
    assert found.status == "optimal"
    assert found.objective == pytest.approx(6.729573876, abs=1e-8)
    assert [i + 1 for i in found.forms[0]] == data["published"]["solution"]


def test_two_forms_of_25_from_80_are_proved_optimal() -> None:
    data = instance("sjt_2x25_from80")
    bank, spec = read_instance(data)
    found = solve(bank, spec, seconds=300)
    assert found.status == "optimal"
    assert found.stopped_by == "gap"
    assert found.objective == pytest.approx(7.852, abs=1e-3)
    assert independent_faults(data, [[bank.items[i] for i in form] for form in found.forms]) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sjt_2x20_from50", "sjt_3x20_from100", "sjt_4x25_from160"])
def test_every_shared_instance_reaches_its_accepted_value(name: str) -> None:
    data = instance(name)
    bank, spec = read_instance(data)
    found = solve(bank, spec, seconds=120)  # nodes stop it first; the 25 s asked are measured by benchmarks/assembly.py
    assert independent_faults(data, [[bank.items[i] for i in form] for form in found.forms]) == []
    assert found.objective is not None
    assert found.bound is not None
    assert data["best_known"]["accept_B"] <= found.objective <= found.bound + 1e-6


def test_the_same_seed_gives_the_same_forms_when_nodes_stop_it() -> None:
    bank, spec = read_instance(instance("sjt_2x20_from50"))
    first, second = (solve(bank, spec, seconds=60, seed=4, effort=SMALL) for _ in range(2))
    assert first == second
    assert first.stopped_by == "nodes"


def test_problem_a_stops_at_its_tolerance() -> None:
    data = instance("sjt_2x25_from80")
    bank, spec = read_instance(data)
    found = solve(bank, spec, problem="A", tolerance=0.02, effort=SMALL, seconds=90)
    assert found.objective is not None
    assert found.objective <= 0.02
    assert found.status == "optimal"


def test_the_check_agrees_with_the_file_on_published_forms() -> None:
    data = instance("sjt_4x25_from160")
    bank, spec = read_instance(data)
    forms = [[bank.items.index(name) for name in form["items"]] for form in data["B"]["forms"]]
    checks = check(bank, spec, forms)
    assert broken(checks) == []
    values = {c.name: c.value for c in checks}
    assert values["form1:angoff"] == Fraction("16.089")
    assert values["form1-2:use"] == 0
    assert values["form3:minutes"] == Fraction("55.8")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_swapped_item_is_found_wherever_it_breaks_something(data: st.DataObject) -> None:
    raw = instance("sjt_2x20_from50")
    bank, spec = read_instance(raw)
    forms = [[bank.items.index(name) for name in form["items"]] for form in raw["B"]["forms"]]
    which = data.draw(st.integers(0, 1))
    out = data.draw(st.sampled_from(forms[which]))
    new = data.draw(st.sampled_from([i for i in range(50) if i not in forms[which]]))
    forms[which] = sorted([i for i in forms[which] if i != out] + [new])
    named = [[bank.items[i] for i in form] for form in forms]
    assert bool(broken(check(bank, spec, forms))) == bool(independent_faults(raw, named))


@pytest.mark.parametrize(
    ("change", "constraint", "need", "have", "short"),
    [
        ({"forms": 4}, "area=A1", 12, 10, 2),
        ({"minutes": [10, 20]}, "minutes", 20, None, None),
    ],
)
def test_an_impossible_blueprint_names_what_is_short(
    change: dict[str, Any], constraint: str, need: float, have: float | None, short: float | None, tmp_path: Path
) -> None:
    data = instance("sjt_2x20_from50")
    data["spec"] |= change
    file = tmp_path / "instance.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    result = CliRunner().invoke(assemble, [str(file), "--seconds", "60"])
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert answer["status"] == "infeasible"
    assert answer["forms"] == []
    first = answer["shortfall"][0]
    assert first["constraint"] == constraint
    assert first["need"] == need
    if have is not None:
        assert (first["have"], first["short"]) == (have, short)
    assert first["message"] in result.stderr


def test_a_cell_short_in_one_form_counts_the_items_to_write() -> None:
    data = instance("eatata_mini")
    data["spec"]["blueprint"] = {"format": {"order": [12, 14]}}
    data["spec"]["n"], data["spec"]["minutes"] = 14, [300, 900]
    bank, spec = read_instance(data)
    assert solve(bank, spec).status == "infeasible"
    from sjt.authoring.shortfall import explain

    reason = explain(bank, spec)
    assert reason is not None
    assert reason.proved
    first = reason.as_json()[0]
    assert (first["constraint"], first["need"], first["have"], first["short"]) == ("format=order", 12, 10, 2)
    assert first["or"]


def test_a_faulty_instance_lists_every_fault() -> None:
    data = copy.deepcopy(instance("eatata_mini"))
    del data["spec"]["n"]
    data["spec"]["anchors"] = [99]
    data["spec"]["enemies"] = [[0]]
    data["bank"][3].pop("minutes")
    data["bank"][4]["disc"] = "high"
    data["bank"][5]["id"] = "i01"
    with pytest.raises(InputError) as caught:
        read_instance(data, "x.json")
    assert {fault.field for fault in caught.value.faults} >= {"n", "minutes", "disc", "id"}
    assert len(caught.value.faults) == 6
