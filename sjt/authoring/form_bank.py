"""A loaded bank as assembly sees it: candidate items with their worth, judgements and statistics.

Judgements come from ``judgements/*.csv`` (one panel per file, its last round counts), statistics from
``statistics/*.csv``. A statistic counts only for the version of the scenario that it was taken on. What is missing is
replaced by a stated assumption, and ``notes`` lists them; the proof carries the notes.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite
from typing import Any

from pydantic import TypeAdapter

from sjt.authoring.assembly import AssemblyBank
from sjt.authoring.blueprint import Blueprint
from sjt.authoring.model import Bank, Item, Scenario
from sjt.errors import Fault, InputError
from sjt.psychometrics.chance import FormItem
from sjt.psychometrics.cuts import PanelErrors
from sjt.psychometrics.scoring_base import Distribution

PRIOR_DISCRIMINATION = Fraction(1, 5)
"""Item-rest correlation assumed of an item nobody has answered: the middle of what live SJTs report."""
TYPICAL_SPREAD = Fraction(11, 50)
"""Standard deviation of an item's marks as a share of them, where none is banked."""
ENOUGH_ANSWERS = 20
"""Answers from which on an item's banked borderline mean balances forms (sjt-science 0b.4)."""
STATISTICS = ("facility", "discrimination", "sd", "borderline_mean", "borderline_sd", "minutes")


@dataclass(frozen=True, slots=True)
class Judged:
    """The banked judgement of one item: mean share of its marks, and the panel."""

    mean: Fraction
    panel: str


@dataclass(frozen=True, slots=True)
class Measured:
    """One banked statistic."""

    value: Fraction
    se: float | None
    n: int


@dataclass(frozen=True)
class FormBank:
    """Everything that building and verifying forms needs of a bank."""

    bank: Bank
    assembly: AssemblyBank
    items: tuple[tuple[Scenario, Item], ...]
    worth: tuple[Fraction, ...]
    judged: tuple[Judged | None, ...]
    measured: tuple[Mapping[str, Measured], ...]
    panels: Mapping[str, PanelErrors]
    files: Mapping[str, str]
    """File name → sha256, everything a form may rest on."""
    enemies: tuple[tuple[int, int], ...]
    families: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...] = ()
    _distributions: dict[int, Distribution] = field(default_factory=dict, compare=False)

    @property
    def is_judged(self) -> bool:
        """Every candidate item has a judgement, so that any form has a cut."""
        return all(found is not None for found in self.judged)

    def sha256(self) -> str:
        return files_sha256(self.files)

    def form_item(self, position: int) -> FormItem:
        """An item with its key, as the chance of random and scripted candidates is computed from."""
        scenario, item = self.items[position]
        key = self.bank.key_of(scenario, item)
        if key is None:
            raise InputError(f"Item {item.id} has no key. Add it to key.toml, or take the scenario out of the bank.")
        table: dict[str, Any] = TypeAdapter(type(key)).dump_python(key, mode="python")
        settings: dict[str, Any] = {
            "matrices": {name: {"by_distance": list(m.by_distance)} for name, m in self.bank.settings.matrices.items()},
            "scales": {name: {"points": list(s.points)} for name, s in self.bank.settings.scales.items()},
            "rubrics": {name: TypeAdapter(type(r)).dump_python(r) for name, r in self.bank.rubrics.items()},
        }
        if item.choose is not None:
            settings["choose"] = item.choose
        return FormItem(
            id=item.id,
            rule=key.rule,
            key=table,
            options=item.option_ids,
            worth=self.worth[position],
            settings=settings,
            texts={option.id: option.text for option in item.options},
        )

    def chance(self, position: int) -> Distribution:
        """Marks of random answering, on the form's scale."""
        if position not in self._distributions:
            made = self.form_item(position)
            bound = made.bound()
            scale = self.worth[position] / bound.max
            self._distributions[position] = {mark * scale: p for mark, p in bound.chance().items()}
        return self._distributions[position]

    def position(self, item_id: str) -> int:
        return self.assembly.items.index(item_id)


def files_sha256(files: Mapping[str, str]) -> str:
    """One hash over names and hashes of files."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def form_bank(bank: Bank, files: Mapping[str, bytes], blueprint: Blueprint) -> FormBank:
    """Join a bank with its judgements and statistics for one blueprint; every fault at once."""
    faults: list[Fault] = []
    counted = {name for name, n in blueprint.formats().items() if n}
    worths = {kind.value: Fraction(worth) for kind, worth in blueprint.marks.items()}
    scenarios: list[Scenario] = []
    items: list[tuple[Scenario, Item]] = []
    owner: list[int] = []
    for scenario in bank.for_option(blueprint.option):
        own = [item for item in scenario.items if item.format.value in counted]
        if own:
            items.extend((scenario, item) for item in own)
            owner.extend([len(scenarios)] * len(own))
            scenarios.append(scenario)
    if blueprint.bank != bank.settings.id:
        faults.append(
            Fault(
                blueprint.id,
                "",
                "bank",
                f"It is for bank {blueprint.bank}, and this is {bank.settings.id}.",
                "Give the other bank.",
            )
        )
    ids = [scenario.id for scenario in scenarios]
    for name in blueprint.use.anchors:
        if name not in ids:
            faults.append(Fault(blueprint.id, "use.anchors", name, "No such scenario for this option.", "Correct it."))
    judged, panels, notes = _judgements(files, faults)
    measured = _statistics(files, {scenario.id: scenario.sha256 for scenario in bank.scenarios}, faults, notes)
    if faults:
        raise InputError("The forms cannot be built from this bank.", faults)
    worth = tuple(worths[item.format.value] for _, item in items)
    marks = tuple(judged.get(item.id) for _, item in items)
    known = tuple(measured.get(item.id, {}) for _, item in items)
    assembly = AssemblyBank(
        items=tuple(item.id for _, item in items),
        scenarios=tuple(ids),
        scenario_of=tuple(owner),
        numbers=_numbers(items, worth, marks, known, notes),
        tags=_tags(bank, items),
    )
    position = {name: n for n, name in enumerate(ids)}
    enemies = {
        tuple(sorted((position[s.id], position[other])))
        for s in scenarios
        for other in s.enemies
        if other in position and other != s.id
    }
    families: dict[str, list[int]] = {}
    for n, scenario in enumerate(scenarios):
        if scenario.family:
            families.setdefault(scenario.family, []).append(n)
    hashes = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in files.items()
        if name.split("/")[0]
        in {"scenarios", "judgements", "statistics", "plans", "rubrics", "bank.toml", "standard.json"}
    }
    return FormBank(
        bank, assembly, tuple(items), worth, marks, known, panels, hashes,
        tuple(sorted((a, b) for a, b in enemies)),
        tuple(tuple(group) for _, group in sorted(families.items()) if len(group) > 1), tuple(notes),
    )  # fmt: skip


def _tags(bank: Bank, items: Iterable[tuple[Scenario, Item]]) -> dict[str, tuple[frozenset[str], ...]]:
    """What each item carries; everything but the format is its scenario's."""
    letters = {statement.code: statement.letter for statement in bank.standard.statements}
    sensitive = set(bank.settings.sensitive_topics)
    tags: dict[str, list[frozenset[str]]] = {
        name: []
        for name in ("format", "class", "outcome", "option", "area", "demand", "code", "behaviour", "sensitive")
    }
    for scenario, item in items:
        codes = scenario.primary_codes()
        tags["format"].append(frozenset([item.format.value]))
        tags["class"].append(frozenset(letters.get(code, code[:1]) for code in codes))
        tags["outcome"].append(frozenset(scenario.outcomes))
        tags["option"].append(frozenset([scenario.option]))
        tags["area"].append(frozenset(scenario.areas))
        tags["demand"].append(frozenset([scenario.demand]))
        tags["code"].append(frozenset(codes))
        # Behaviours run through scenarios rather than being their subject: a secondary tag shows one, too.
        tags["behaviour"].append(frozenset(tag.code for tag in scenario.ksbs if letters.get(tag.code) == "B"))
        tags["sensitive"].append(frozenset(["yes"]) if sensitive & set(scenario.topics) else frozenset())
    return {name: tuple(values) for name, values in tags.items()}


def _numbers(
    items: list[tuple[Scenario, Item]],
    worth: tuple[Fraction, ...],
    judged: tuple[Judged | None, ...],
    measured: tuple[Mapping[str, Measured], ...],
    notes: list[str],
) -> dict[str, tuple[Fraction, ...]]:
    angoff = [Fraction(0) if j is None else j.mean * w for j, w in zip(judged, worth, strict=True)]
    shares = [found.mean for found in judged if found is not None]
    middle = sum(shares, Fraction(0)) / len(shares) if shares else Fraction(13, 20)
    facility, discrimination, minutes = [], [], []
    without = {"facility": 0, "discrimination": 0}
    for (_, item), judge, known in zip(items, judged, measured, strict=True):
        if "facility" in known:
            facility.append(known["facility"].value)
        else:
            facility.append(judge.mean if judge is not None else middle)
            without["facility"] += 1
        if "discrimination" in known:
            discrimination.append(known["discrimination"].value)
        else:
            discrimination.append(PRIOR_DISCRIMINATION)
            without["discrimination"] += 1
        # How long people took, once enough have answered; the writer's figure until then.
        taken = known.get("minutes")
        minutes.append(taken.value if taken is not None and taken.n >= 50 else Fraction(repr(item.minutes)))
    if without["facility"]:
        notes.append(f"{without['facility']} of {len(items)} items have no facility: the judged share stands in.")
    if without["discrimination"]:
        prior = float(PRIOR_DISCRIMINATION)
        notes.append(
            f"{without['discrimination']} of {len(items)} items have no discrimination: {prior:.2f} is assumed."
        )
    if any(found is None for found in judged):
        missing = sum(found is None for found in judged)
        notes.append(f"{missing} of {len(items)} items have no pass-mark judgement: forms have no cut, for trial only.")
    banked = {}
    if all("borderline_mean" in known and known["borderline_mean"].n >= ENOUGH_ANSWERS for known in measured):
        # Marks of the borderline candidate from answers: forms are balanced on them beside the judgements.
        banked["borderline"] = tuple(known["borderline_mean"].value for known in measured)
    spreads = [
        known["sd"].value if "sd" in known else TYPICAL_SPREAD * top for known, top in zip(measured, worth, strict=True)
    ]
    return {
        **banked,
        # What a form's curve of passing follows: its mean mark, and how steeply marks rise with ability.
        "marks": tuple(share * top for share, top in zip(facility, worth, strict=True)),
        "rise": tuple(rest * spread for rest, spread in zip(discrimination, spreads, strict=True)),
        "angoff": tuple(angoff),
        "facility": tuple(facility),
        "discrimination": tuple(discrimination),
        "minutes": tuple(minutes),
    }


def _rows(
    files: Mapping[str, bytes], folder: str, needs: tuple[str, ...], faults: list[Fault]
) -> Iterable[tuple[str, int, dict[str, str]]]:
    for name in sorted(n for n in files if n.startswith(f"{folder}/") and n.endswith(".csv")):
        try:
            text = files[name].decode("utf-8-sig")
        except UnicodeDecodeError:
            faults.append(Fault(name, "", "", "The file is not UTF-8.", "Save it as UTF-8."))
            continue
        reader = csv.DictReader(io.StringIO(text))
        missing = [column for column in needs if column not in (reader.fieldnames or [])]
        if missing:
            faults.append(Fault(name, "row 1", ", ".join(missing), "The column is missing.", "Add it."))
            continue
        for number, row in enumerate(reader, start=2):
            yield name, number, {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)}


def _exact(text: str, where: tuple[str, int, str], faults: list[Fault]) -> Fraction | None:
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        faults.append(Fault(where[0], f"row {where[1]}", where[2], f"{text!r} is not a number.", "Write a number."))
        return None
    return value


def _judgements(
    files: Mapping[str, bytes], faults: list[Fault]
) -> tuple[dict[str, Judged], dict[str, PanelErrors], list[str]]:
    """Mean share of each item by its last panel, and each panel's variance components."""
    ratings: dict[str, dict[int, dict[tuple[str, str], Fraction]]] = {}
    for name, number, row in _rows(files, "judgements", ("judge", "item", "max", "rating"), faults):
        top = _exact(row["max"], (name, number, "max"), faults)
        rating = _exact(row["rating"], (name, number, "rating"), faults)
        if top is None or rating is None:
            continue
        if top <= 0 or not 0 <= rating <= top:
            faults.append(Fault(name, f"row {number}", "rating", "It lies outside 0 to max.", "Correct it."))
            continue
        turn = row.get("round") or "1"
        if not turn.isdigit():
            faults.append(Fault(name, f"row {number}", "round", f"{turn!r} is not a whole number.", "Write 1, 2 …"))
            continue
        ratings.setdefault(name, {}).setdefault(int(turn), {})[row["judge"], row["item"]] = rating / top
    judged: dict[str, Judged] = {}
    panels: dict[str, PanelErrors] = {}
    notes: list[str] = []
    for name, rounds in sorted(ratings.items()):
        last = rounds[max(rounds)]
        by_item: dict[str, list[Fraction]] = {}
        for (_, item), share in sorted(last.items()):
            by_item.setdefault(item, []).append(share)
        for item, shares in by_item.items():
            judged[item] = Judged(sum(shares, Fraction(0)) / len(shares), name)
        errors = _variances(last)
        if errors is None:
            notes.append(f"{name}: not every judge rated every item, so its standard error is not known.")
        else:
            panels[name] = errors
        if "simulated" in name:
            notes.append(f"{name}: simulated judgements.")
    return judged, panels, notes


def _variances(ratings: Mapping[tuple[str, str], Fraction]) -> PanelErrors | None:
    """Judge and residual variance of a complete judge × item table, by mean squares."""
    judges = sorted({judge for judge, _ in ratings})
    items = sorted({item for _, item in ratings})
    if len(judges) < 2 or len(items) < 2 or len(ratings) != len(judges) * len(items):
        return None
    value = {place: float(share) for place, share in ratings.items()}
    mean = sum(value.values()) / len(value)
    of_judge = {j: sum(value[j, i] for i in items) / len(items) for j in judges}
    of_item = {i: sum(value[j, i] for j in judges) / len(judges) for i in items}
    between = len(items) * sum((m - mean) ** 2 for m in of_judge.values()) / (len(judges) - 1)
    residual = sum((value[j, i] - of_judge[j] - of_item[i] + mean) ** 2 for j in judges for i in items)
    residual /= (len(judges) - 1) * (len(items) - 1)
    return PanelErrors(len(judges), max(0.0, (between - residual) / len(items)), residual)


def _statistics(
    files: Mapping[str, bytes], versions: Mapping[str, str], faults: list[Fault], notes: list[str]
) -> dict[str, dict[str, Measured]]:
    found: dict[str, dict[str, Measured]] = {}
    stale = 0
    for name, number, row in _rows(files, "statistics", ("item", "scenario_sha256", "name", "value"), faults):
        value = _exact(row["value"], (name, number, "value"), faults)
        if value is None:
            continue
        if row["name"] not in STATISTICS:
            continue
        if row["scenario_sha256"].removeprefix("sha256:") != versions.get(row["item"].rpartition("-")[0]):
            stale += 1
            continue
        se, n = row.get("se", ""), row.get("n", "")
        try:
            error = float(se) if se else None
            answers = int(float(n)) if n else 0
        except ValueError:
            faults.append(Fault(name, f"row {number}", "se, n", "Not a number.", "Write numbers or leave them empty."))
            continue
        if error is not None and not isfinite(error):
            error = None
        found.setdefault(row["item"], {})[row["name"]] = Measured(value, error, answers)
    if stale:
        notes.append(f"{stale} statistics were taken on other versions of their scenarios and are not used.")
    return found
