"""From a built form to its frozen paper and secret; pure, so that the same bank and proof give the same bytes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

from pydantic import TypeAdapter

from sjt.authoring.banked import is_simulated
from sjt.authoring.blueprint import Blueprint
from sjt.authoring.form_bank import FormBank
from sjt.authoring.model import Bank, Item, Scenario
from sjt.authoring.snapshot import (
    Format,
    Paper,
    PaperItem,
    PaperOption,
    PaperScale,
    PaperScenario,
    ScalePoint,
    Secret,
    SecretItem,
)
from sjt.psychometrics import scoring
from sjt.psychometrics.scoring_base import mean_of

TEST_TITLE = "Situational judgement test"


@dataclass(frozen=True, slots=True)
class Frozen:
    """One form, both sides."""

    paper: Paper
    secret: Secret
    numbers: Mapping[str, Any]
    """What pages show side by side: facility sum, minutes, counts by format, class, outcome, option and area."""


def paper_item(bank: Bank, item: Item) -> PaperItem:
    """Give what a candidate may see of an item."""
    scale = None
    if item.scale is not None:
        points = bank.settings.scales[item.scale].points
        scale = PaperScale(item.scale, tuple(ScalePoint(n, label) for n, label in enumerate(points, start=1)))
    return PaperItem(
        id=item.id,
        format=item.format,
        ask=item.ask,
        options=tuple(PaperOption(option.id, option.text, option.pinned) for option in item.options),
        choose=item.choose,
        scale=scale,
        max_words=item.max_words,
    )


def paper_scenario(bank: Bank, scenario: Scenario, items: Sequence[Item]) -> PaperScenario:
    """Give what a candidate may see of a scenario with some of its items."""
    return PaperScenario(
        id=scenario.id,
        title=scenario.title,
        story=scenario.story,
        items=tuple(paper_item(bank, item) for item in items),
        content_note=scenario.content_note,
    )


def time_allowed(blueprint: Blueprint, built: Sequence[Mapping[str, Any]]) -> int:
    """Give the minutes every candidate of the set has: as long as the longest form may take."""
    return ceil(max(float(blueprint.minutes[1]), *(float(Fraction(form["minutes"])) for form in built)))


def freeze(
    source: FormBank,
    blueprint: Blueprint,
    form: Mapping[str, Any],
    *,
    form_id: str,
    minutes: int,
    mark_unit: Fraction,
    proof_sha256: str,
    key_versions: Mapping[str, str],
) -> Frozen:
    """Make both sides of a form of a proof; ``key_versions`` gives the sha256 of each scenario's key.toml.

    Scenarios stand in blocks of a format, the blocks in one order for every form, inside them in the order of their
    ids: a trial scenario cannot be told by its place, and its slot is the same in all forms of a set.
    """
    bank = source.bank
    wanted = {*form["items"], *form["trial"]}
    secrets: list[SecretItem] = []
    papers: list[PaperScenario] = []
    held = [
        (scenario, shown)
        for scenario in bank.scenarios
        if (shown := [item for item in scenario.items if item.id in wanted])
    ]
    blocks = list(Format)
    held.sort(key=lambda one: blocks.index(one[1][0].format))
    for scenario, shown in held:
        papers.append(paper_scenario(bank, scenario, shown))
        version = key_versions.get(scenario.id, "")
        secrets += [
            _secret_item(source, scenario, item, live=item.id in form["items"], key_version=version) for item in shown
        ]
    options = {option.id: option.title for option in bank.standard.options}
    paper = Paper(
        form_id=form_id,
        title=TEST_TITLE,
        subtitle=options.get(blueprint.option, blueprint.option),
        minutes=minutes,
        scenarios=tuple(papers),
        simulated=any(is_simulated(note) for note in source.notes),
    )
    statuses = {bank.keys[scenario.id].status for scenario in papers if scenario.id in bank.keys}
    secret = Secret(
        form_id=form_id,
        bank=bank.settings.id,
        blueprint=blueprint.id,
        option=blueprint.option,
        plan=bank.settings.plan,
        keys="panelled" if statuses == {"panelled"} else "illustrative",
        max_marks=sum((item.worth for item in secrets if item.live), Fraction(0)),
        mark_unit=mark_unit,
        items=tuple(secrets),
        rubrics={
            rubric.id: TypeAdapter(type(rubric)).dump_python(rubric, mode="json") for rubric in bank.rubrics.values()
        },
        cut=_cut(source, form),
        proof_sha256=proof_sha256,
    )
    return Frozen(paper, secret, _numbers(source, form))


def _numbers(source: FormBank, form: Mapping[str, Any]) -> dict[str, Any]:
    """Count what a form holds: items by format, scenarios by everything else."""
    positions = [source.position(item) for item in form["items"]]
    found: dict[str, Any] = {
        "facility": float(sum((source.assembly.numbers["facility"][i] for i in positions), Fraction(0))),
        "minutes": float(Fraction(form["minutes"])),
        "format": dict(Counter(value for i in positions for value in source.assembly.tags["format"][i])),
    }
    for tag in ("class", "outcome", "option", "area", "sensitive"):
        held: dict[int, frozenset[str]] = {}
        for i in positions:
            held[source.assembly.scenario_of[i]] = source.assembly.tags[tag][i]
        found[tag] = dict(Counter(value for values in held.values() for value in values))
    return found


def _cut(source: FormBank, form: Mapping[str, Any]) -> dict[str, Any] | None:
    cut = form.get("cut")
    if not cut or cut.get("exact") is None:
        return None
    panels = sorted({found.panel for found in source.judged if found is not None})
    return {
        "exact": str(Fraction(str(cut["exact"]))),
        "applied": str(Fraction(str(cut["applied"]))),
        "se": cut.get("se"),
        "source": ", ".join(panels),
    }


def _secret_item(source: FormBank, scenario: Scenario, item: Item, *, live: bool, key_version: str) -> SecretItem:
    position = source.position(item.id)
    made = source.form_item(position)
    key = source.bank.key_of(scenario, item)
    table: dict[str, Any] = TypeAdapter(type(key)).dump_python(key, mode="json")
    why = {str(option): str(reason) for option, reason in table.pop("why", {}).items()}
    judged = source.judged[position]
    worth = source.worth[position]
    settings: dict[str, Any] = {}
    if "matrix" in table:
        settings["matrices"] = {table["matrix"]: made.settings["matrices"][table["matrix"]]}
    if "rubric" in table:
        rubric = source.bank.rubrics[table["rubric"]]
        settings["rubrics"] = {rubric.id: TypeAdapter(type(rubric)).dump_python(rubric, mode="json")}
    if item.scale is not None:
        settings["scale_points"] = len(source.bank.settings.scales[item.scale].points)
    if item.choose is not None:
        settings["choose"] = item.choose
    panel = source.panels.get(judged.panel) if judged is not None else None
    return SecretItem(
        id=item.id,
        scenario=scenario.id,
        scenario_version=scenario.sha256,
        key_version=key_version,
        format=item.format,
        live=live,
        rule=made.rule,
        key=table,
        why=why,
        settings=settings,
        worth=worth,
        raw_max=scoring.raw_max(made.rule, table, item.option_ids, settings),
        chance=mean_of(source.chance(position)),
        ksbs=tuple({"code": tag.code, "role": tag.role, "shows": tag.shows} for tag in scenario.ksbs),
        outcomes=scenario.outcomes,
        angoff_mean=None if judged is None else judged.mean * worth,
        angoff_se=(
            None if panel is None else float(worth) * ((panel.var_judge + panel.var_residual) / panel.n_judges) ** 0.5
        ),
    )


def key_versions(files: Mapping[str, bytes], key_files: Mapping[str, str]) -> dict[str, str]:
    """Give the sha256 of each scenario's key.toml."""
    return {scenario: hashlib.sha256(files[name]).hexdigest() for scenario, name in key_files.items() if name in files}
