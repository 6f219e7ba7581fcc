"""PROOF.json: each constraint of each form with its value, and the check of all of it with no solver.

The file is canonical: sorted keys, fractions as text, floats to twelve digits, no times of day; its own hash stands
in it. ``verify`` starts from the blueprint in the file and the bank on disk and computes everything again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations
from typing import Any

from sjt.authoring.assembly import AssemblySpec, Checked, check, kin_of
from sjt.authoring.blueprint import Blueprint, parse_data
from sjt.authoring.form_bank import FormBank, files_sha256
from sjt.authoring.forms import BuiltSet, mark_unit, spec_of
from sjt.authoring.lengths import LENGTHS, by_length, spearman_brown
from sjt.authoring.parallel import ASSUMPTIONS, ItemOutlook, outlook, reliability_of_one
from sjt.authoring.snapshot import canonical
from sjt.errors import Fault, InputError
from sjt.psychometrics.chance import item_distribution, total_distribution
from sjt.psychometrics.cuts import BankedItem, ComposedCut, form_cut
from sjt.psychometrics.scoring_base import Distribution
from sjt.psychometrics.strategies import STRATEGIES

SCHEMA = "sjt.proof/1"
CLOSE = 1e-9
"""Two floats computed from the same bank agree to this; another architecture may differ in the last digits."""


def form_id(blueprint: Blueprint, number: int) -> str:
    return f"{blueprint.id}-{number:02d}"


def _exact(value: Fraction) -> int | str:
    """A whole number as a number, another fraction as text."""
    return int(value) if value.denominator == 1 else str(value)


def _float(value: float) -> float:
    return float(f"{value:.12g}")


@dataclass
class _Memory:
    """What several forms share, computed once."""

    outlooks: dict[int, ItemOutlook] = field(default_factory=dict)
    random: dict[int, Distribution] = field(default_factory=dict)
    scripted: dict[tuple[str, int], Distribution] = field(default_factory=dict)


def compose(bank: FormBank, blueprint: Blueprint, form: Sequence[int], unit: Fraction) -> ComposedCut | None:
    """Compose a form's cut from its own items' judgements; None where one is not judged."""
    items = []
    for i in form:
        judged = bank.judged[i]
        if judged is None:
            return None
        items.append(BankedItem(bank.assembly.items[i], bank.worth[i], judged.mean * bank.worth[i], judged.panel))
    return form_cut(items, errors=bank.panels, unit=unit)


def make_proof(
    bank: FormBank,
    blueprint: Blueprint,
    built: BuiltSet,
    seed: int,
    excluded: Iterable[str] = (),
    tell: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """Write down everything about a set of forms that ``verify`` will compute again; ``tell`` hears of each form."""
    banned = sorted(set(excluded))
    names = [form_id(blueprint, n + 1) for n in range(len(built.forms))]
    body = _computed(bank, blueprint, built.spec, built.forms, built.trial, names, tell)
    proof: dict[str, Any] = {
        "schema": SCHEMA,
        "seed": seed,
        "bank": bank.bank.settings.id,
        "keys": bank.bank.settings.keys,
        "bank_sha256": bank.sha256(),
        "bank_files": dict(sorted(bank.files.items())),
        "blueprint": blueprint.as_json(),
        "blueprint_sha256": blueprint.sha256(),
        "excluded": banned,
        "solver": dict(built.solver),
        **body,
    }
    proof["sha256"] = proof_sha256(proof)
    return proof


def proof_sha256(proof: Mapping[str, Any]) -> str:
    """Hash a proof without the hash it carries."""
    return hashlib.sha256(canonical({k: v for k, v in proof.items() if k != "sha256"}).encode()).hexdigest()


def proof_bytes(proof: Mapping[str, Any]) -> bytes:
    return (canonical(proof) + "\n").encode()


def _computed(
    bank: FormBank,
    blueprint: Blueprint,
    spec: AssemblySpec,
    forms: Sequence[Sequence[int]],
    trial: Sequence[Sequence[int]],
    names: Sequence[str],
    tell: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    memory, unit = _Memory(), mark_unit(bank, blueprint)
    checks = check(bank.assembly, spec, forms)
    entries: list[dict[str, Any]] = []
    borderline: list[float | None] = []
    intervals: list[list[float] | None] = []
    tenths: list[list[float] | None] = []
    for n, form in enumerate(forms):
        entry, chances = _form_entry(bank, blueprint, form, trial[n], names[n], unit, memory)
        mark = f"form{n + 1}:"
        entry["constraints"] = [_row(c, c.name.removeprefix(mark)) for c in checks if c.name.startswith(mark)]
        if n >= len(forms) - spec.reserve:
            entry["role"] = "reserve"
        entries.append(entry)
        borderline.append(chances[0])
        intervals.append(chances[1])
        tenths.append(chances[2])
        tell(n + 1)
    known = [p for p in borderline if p is not None]
    shared = [
        len({bank.assembly.scenario_of[i] for i in a} & {bank.assembly.scenario_of[i] for i in b})
        for a, b in combinations(forms, 2)
    ]
    uses: dict[str, int] = {}
    for form in forms:
        for scenario in sorted({bank.assembly.scenario_of[i] for i in form}):
            name = bank.assembly.scenarios[scenario]
            uses[name] = uses.get(name, 0) + 1
    one = reliability_of_one(bank)
    return {
        "mark_unit": str(unit),
        "forms": entries,
        "constraints": [
            _row(c, c.name)
            for c in checks
            if not c.name.startswith("form") or "-" in c.name.split(":")[0] or c.name.startswith("forms:")
        ],
        "overlap": {"max": max(shared, default=0), "mean": _float(sum(shared) / len(shared)) if shared else 0.0},
        "exposure": [{"scenario": name, "forms": n} for name, n in sorted(uses.items())],
        "fairness": {
            "p_pass_borderline": borderline,
            "interval": intervals,
            "spread_points": _float(100 * (max(known) - min(known))) if known else None,
            "by_tenth": tenths,
            "assumptions": list(ASSUMPTIONS),
        },
        "by_length": [{k: _float(v) for k, v in row.items()} for row in by_length(one, LENGTHS)],
        "notes": list(bank.notes),
    }


def _form_entry(
    bank: FormBank,
    blueprint: Blueprint,
    form: Sequence[int],
    trial: Sequence[int],
    name: str,
    unit: Fraction,
    memory: _Memory,
) -> tuple[dict[str, Any], tuple[float | None, list[float] | None, list[float] | None]]:
    composed = compose(bank, blueprint, form, unit)
    scenarios = [bank.assembly.scenarios[s] for s in sorted({bank.assembly.scenario_of[i] for i in form})]
    entry: dict[str, Any] = {
        "id": name,
        "scenarios": scenarios,
        "items": [bank.assembly.items[i] for i in form],
        "trial": [bank.assembly.items[i] for i in trial],
        "max": _exact(sum((bank.worth[i] for i in form), Fraction(0))),
        "minutes": _float(float(sum((bank.assembly.numbers["minutes"][i] for i in form), Fraction(0)))),
        "reliability": _float(_form_reliability(bank, form)),
    }
    if composed is None:
        entry |= {"cut": None, "p_random_pass": None, "p_strategy_pass": {}}
        return entry, (None, None, None)
    entry["cut"] = {
        "exact": str(composed.exact),
        "applied": _exact(composed.applied),
        "se": None if composed.se is None else _float(composed.se),
    }
    for i in form:
        if i not in memory.random:
            memory.random[i] = item_distribution(bank.form_item(i))
            for key, strategy in STRATEGIES.items():
                memory.scripted[key, i] = item_distribution(bank.form_item(i), strategy)
    random = total_distribution(memory.random[i] for i in form)
    entry["p_random_pass"] = _float(_at_least(random, composed.applied))
    entry["p_strategy_pass"] = {
        key: _float(_at_least(total_distribution(memory.scripted[key, i] for i in form), composed.applied))
        for key in sorted(STRATEGIES)
    }
    seen = outlook(bank, form, composed.applied, unit, memory.outlooks)
    ends = [_float(end) for end in seen.interval]
    return entry, (_float(seen.p_borderline), ends, [_float(p) for p in seen.by_tenth])


def _form_reliability(bank: FormBank, form: Sequence[int]) -> float:
    scenarios = len({bank.assembly.scenario_of[i] for i in form})
    return spearman_brown(reliability_of_one(bank, form), scenarios)


def _at_least(distribution: Distribution, cut: Fraction) -> float:
    return float(sum((p for mark, p in distribution.items() if mark >= cut), Fraction(0)))


def _row(checked: Checked, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "low": None if checked.low is None else _exact(checked.low),
        "high": None if checked.high is None else _exact(checked.high),
        "value": _exact(checked.value),
    }


def refusals(proof: Mapping[str, Any]) -> list[Fault]:
    """Why forms of a proof may not be published as they are: guessing above the limit, or no cut."""
    blueprint = proof["blueprint"]
    faults = []
    for form in proof["forms"]:
        limit = blueprint["max_random_pass"]
        if form["p_random_pass"] is not None and form["p_random_pass"] > limit:
            what = f"A candidate who guesses passes with probability {form['p_random_pass']:.4f}, limit {limit:g}."
            faults.append(
                Fault("PROOF.json", form["id"], "p_random_pass", what, "Use fewer rank items, or a higher cut.")
            )
    return faults


def reasons_needed(proof: Mapping[str, Any]) -> list[Fault]:
    """What may be published only with a signed reason: a strategy that passes too often."""
    limit = proof["blueprint"]["max_strategy_pass"]
    return [
        Fault(
            "PROOF.json",
            form["id"],
            name,
            f"This strategy passes with probability {p:.4f}, limit {limit:g}.",
            "Sign a reason, or change the form.",
        )
        for form in proof["forms"]
        for name, p in form["p_strategy_pass"].items()
        if p > limit
    ]


def verify(proof: Any, bank_of: Any, file: str = "PROOF.json") -> list[Fault]:
    """Compute a proof again from its blueprint and a bank; return every difference by form and constraint.

    ``bank_of`` is called with the blueprint and gives the FormBank.
    """
    if not isinstance(proof, Mapping) or proof.get("schema") != SCHEMA or not isinstance(proof.get("forms"), list):
        return [Fault(file, "", "schema", f"This is no {SCHEMA} file.", "Give the PROOF.json of `sjt forms build`.")]
    faults: list[Fault] = []
    if proof.get("sha256") != proof_sha256(proof):
        faults.append(Fault(file, "", "sha256", "The file was changed after it was written.", "Build the forms again."))
    try:
        blueprint = parse_data(proof.get("blueprint"), f"{file}, blueprint")
    except InputError as error:
        return [*faults, *error.faults]
    if proof.get("blueprint_sha256") != blueprint.sha256():
        faults.append(
            Fault(
                file,
                "",
                "blueprint_sha256",
                "The blueprint in the file is not the one it was built from.",
                "Build the forms again.",
            )
        )
    bank = bank_of(blueprint)
    faults += _changed_files(proof, bank, file)
    forms, trial, names = [], [], []
    for n, entry in enumerate(proof["forms"]):
        where = str(entry.get("id", f"form {n + 1}")) if isinstance(entry, Mapping) else f"form {n + 1}"
        unknown = [i for i in [*entry.get("items", []), *entry.get("trial", [])] if i not in bank.assembly.items]
        for item in unknown:
            faults.append(
                Fault(file, where, "items", f"{item} is not in this bank for this blueprint.", "Build again.")
            )
        if unknown:
            return faults
        forms.append([bank.position(i) for i in entry["items"]])
        trial.append([bank.position(i) for i in entry["trial"]])
        names.append(where)
    spec = spec_of(bank, blueprint, len(forms), banned=proof.get("excluded", []))
    for broken in (c for c in check(bank.assembly, spec, forms) if not c.is_met):
        which, _, name = broken.name.partition(":")
        where = names[int(which[4:]) - 1] if which[4:].isdigit() else which
        bounds = f"{_bound(broken.low)} to {_bound(broken.high)}"
        faults.append(
            Fault(file, where, name, f"The value is {_bound(broken.value)}, allowed is {bounds}.", "Build again.")
        )
    faults += _trial_faults(bank, forms, trial, names, file, frozenset(proof.get("excluded", [])))
    faults += _slot_faults(bank, spec, forms, trial, names, file)
    again = _computed(bank, blueprint, spec, forms, trial, names)
    for key, value in again.items():
        _compare(value, proof.get(key), [key], file, faults, names)
    return faults


def _bound(value: Fraction | None) -> str:
    return "any" if value is None else f"{float(value):g}"


def _changed_files(proof: Mapping[str, Any], bank: FormBank, file: str) -> list[Fault]:
    if proof.get("bank_sha256") == bank.sha256():
        return []
    recorded = proof.get("bank_files") or {}
    faults = [Fault(file, "", "bank_sha256", "The bank is not the one the forms were built from.", "Build again.")]
    for name in sorted(set(recorded) | set(bank.files)):
        if recorded.get(name) != bank.files.get(name):
            what = "changed" if name in recorded and name in bank.files else "new" if name in bank.files else "missing"
            faults.append(
                Fault(name, "", "", f"The file is {what} since the forms were built.", "Build the forms again.")
            )
    if isinstance(recorded, Mapping) and files_sha256(dict(recorded)) != proof.get("bank_sha256"):
        faults.append(Fault(file, "", "bank_files", "The list of files does not give bank_sha256.", "Build again."))
    return faults


def _trial_faults(
    bank: FormBank,
    forms: list[list[int]],
    trial: list[list[int]],
    names: list[str],
    file: str,
    excluded: frozenset[str],
) -> list[Fault]:
    owner = bank.assembly.scenario_of
    live = {owner[i] for form in forms for i in form}
    faults = []
    for name, extra in zip(names, trial, strict=True):
        for item in extra:
            if owner[item] in live:
                what = f"{bank.assembly.items[item]} is a trial item and its scenario counts in a form."
                faults.append(Fault(file, name, "trial", what, "Build again."))
            if bank.assembly.scenarios[owner[item]] in excluded:
                what = f"{bank.assembly.items[item]} is a trial item and its scenario was left out of these forms."
                faults.append(Fault(file, name, "trial", what, "Build again."))
    return faults


def _slot_faults(
    bank: FormBank,
    spec: AssemblySpec,
    forms: list[list[int]],
    trial: list[list[int]],
    names: list[str],
    file: str,
) -> list[Fault]:
    """Find trial items that are not matched across forms, and those that a reserve form shares with another."""
    kind, owner = bank.assembly.tags["format"], bank.assembly.scenario_of
    slots = [sorted(",".join(sorted(kind[i])) for i in extra) for extra in trial]
    faults = [
        Fault(file, name, "trial", f"Its slots are {', '.join(own)}; {names[0]} has {', '.join(slots[0])}.", "Rebuild.")
        for name, own in zip(names, slots, strict=True)
        if own != slots[0]
    ]
    shown = [{owner[i] for i in (*form, *extra)} for form, extra in zip(forms, trial, strict=True)]
    for b in range(len(forms) - spec.reserve, len(forms)):
        for a in range(b):
            if shown[b] & kin_of(spec, shown[a]):
                what = f"It shares a trial scenario, or an enemy or relative of one, with {names[a]}."
                faults.append(Fault(file, names[b], "trial", what, "Build again."))
    return faults


def _compare(now: Any, then: Any, path: list[str], file: str, faults: list[Fault], names: Sequence[str]) -> None:
    """Add a fault for each recorded value that is not what the bank gives."""
    if isinstance(now, Mapping) and isinstance(then, Mapping):
        for key in sorted(set(now) | set(then)):
            _compare(now.get(key), then.get(key), [*path, str(key)], file, faults, names)
        return
    if isinstance(now, list) and isinstance(then, list) and len(now) == len(then):
        for n, (one, other) in enumerate(zip(now, then, strict=True)):
            label = str(n)
            if isinstance(one, Mapping):
                label = str(one.get("id") or one.get("name") or one.get("scenario") or n)
            _compare(one, other, [*path, label], file, faults, names)
        return
    if isinstance(now, float) and isinstance(then, (int, float)) and not isinstance(then, bool):
        if abs(now - then) <= CLOSE * max(1.0, abs(now)):
            return
    elif now == then:
        return
    where = path[1] if path[0] == "forms" and len(path) > 1 else path[0]
    name = ".".join(path[2:]) if path[0] == "forms" else ".".join(path[1:])
    what = f"The file says {_short(then)}, the bank gives {_short(now)}."
    faults.append(Fault(file, where, name, what, "Build the forms again."))


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"
