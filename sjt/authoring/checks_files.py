"""Checks of the files against one another: references that lead nowhere, ids that clash (F04-F06, F09)."""

from __future__ import annotations

from collections.abc import Iterator

from sjt.authoring.desk import ERROR, WARNING, Desk, rule
from sjt.authoring.finding import Finding
from sjt.authoring.model import Scenario
from sjt.authoring.standard import CORE

FILES = "CONTRACT, Files"
ENDINGS = {"plans": ".json", "rubrics": ".toml", "blueprints": ".toml"}


@rule("F04", "What a scenario names exists", source=FILES)
def references(desk: Desk) -> Iterator[Finding]:
    standard, settings = desk.bank.standard, desk.bank.settings
    options = (CORE, *standard.option_ids)
    known = {scenario.id for scenario in desk.bank.scenarios}
    for scenario in desk.scenarios:
        if scenario.option not in options:
            yield desk.on(
                "F04",
                ERROR,
                scenario,
                f"The standard has no option {scenario.option}.",
                f"Use {', '.join(options)}.",
                "option",
            )
        if not scenario.outcomes:
            yield desk.on("F04", ERROR, scenario, "No practice outcome is named.", "Name at least one.", "outcomes")
        yield from _each(desk, scenario, "outcomes", scenario.outcomes, standard.outcome_ids, "practice outcome")
        allowed = standard.areas_of(scenario.option)
        yield from _each(desk, scenario, "areas", scenario.areas, allowed, f"area of option {scenario.option}")
        if allowed and not scenario.areas:
            yield desk.on(
                "F04", ERROR, scenario, f"A {scenario.option} scenario names an area.",
                f"Add areas from {', '.join(allowed)}.",
                "option",
            )  # fmt: skip
        yield from _each(desk, scenario, "enemies", scenario.enemies, known - {scenario.id}, "other scenario")
        if desk.bank.capabilities:
            yield from _each(
                desk, scenario, "capabilities", scenario.capabilities, frozenset(desk.bank.capabilities), "capability"
            )
        if desk.bank.levels and scenario.demand not in desk.bank.levels:
            yield desk.on(
                "F04", ERROR, scenario, f"The framework has no level {scenario.demand}.",
                f"Use one of {', '.join(desk.bank.levels)}.", "demand",
            )  # fmt: skip
    if desk.only is None and settings.plan not in desk.bank.plans:
        yield desk.on_bank(
            "F04", ERROR, f"There is no plan {settings.plan}.", "Use the id of a file in plans/.", "plan"
        )


def _each(
    desk: Desk, scenario: Scenario, part: str, named: tuple[str, ...], known: object, what: str
) -> Iterator[Finding]:
    assert isinstance(known, tuple | set | frozenset)
    for number, name in enumerate(named):
        if name not in known:
            few = ", ".join(sorted(known)) if 0 < len(known) <= 10 else ""
            remedy = f"Use one of {few}." if few else "Remove it, or correct it."
            yield desk.on("F04", ERROR, scenario, f"{name} is no {what}.", remedy, part, number)


@rule("F05", "An id is used once", source=FILES)
def ids(desk: Desk) -> Iterator[Finding]:
    seen: dict[str, Scenario] = {}
    for scenario in desk.bank.scenarios:
        other = seen.setdefault(scenario.id, scenario)
        if other is not scenario:
            yield desk.on(
                "F05", ERROR, scenario, f"{scenario.id} is also the id of the scenario in {other.folder}.",
                "Give this one a new id; an id lasts and is never used again.", "id",
            )  # fmt: skip
    for scenario in desk.scenarios:
        items: set[str] = set()
        for item in scenario.items:
            if item.id in items:
                yield desk.on(
                    "F05", ERROR, scenario, f"Item {item.id} stands twice.", "Use the next letter.", "id", item=item
                )
            items.add(item.id)
            options: set[str] = set()
            for option in item.options:
                if option.id in options:
                    yield desk.on_option(
                        "F05",
                        ERROR,
                        scenario,
                        item,
                        option.id,
                        f"{item.id}: two options are {option.id}.",
                        "Use the next letter.",
                    )
                options.add(option.id)


@rule("F06", "Names of folders, items and keys follow the scenario", source=FILES)
def names(desk: Desk) -> Iterator[Finding]:
    for scenario in desk.scenarios:
        if not scenario.folder.startswith(scenario.id):
            yield desk.on(
                "F06", WARNING, scenario, f"The folder {scenario.folder} does not begin with {scenario.id}.",
                f"Call it {scenario.id}-<short-name>.", "id",
            )  # fmt: skip
        for item in scenario.items:
            if not item.id.startswith(f"{scenario.id}-"):
                yield desk.on(
                    "F06", ERROR, scenario, f"Item {item.id} does not begin with {scenario.id}.",
                    f"Call it {scenario.id}-a, -b, …", "id", item=item,
                )  # fmt: skip
    if desk.only is not None:
        return
    known = {scenario.id for scenario in desk.bank.scenarios}
    unread = {finding.file for finding in desk.reading.findings}
    for scenario_id, file in desk.reading.key_files.items():
        beside = file.replace("key.toml", "scenario.md")
        if scenario_id not in known and beside not in unread:
            yield Finding(
                file, desk.reading.line(file, "scenario"), "F06", ERROR, f"No scenario has the id {scenario_id}.",
                "Name the scenario this key belongs to.", scenario_id,
            )  # fmt: skip


@rule("F09", "Files that belong to a bank lie where they are read", source=FILES, whole_bank=True)
def strays(desk: Desk) -> Iterator[Finding]:
    """Name files that look like part of a bank and are never read; notes beside bank.toml are nobody's business."""
    for name in desk.reading.files:
        folder, _, rest = name.partition("/")
        if folder == "scenarios":
            belongs = name.endswith(("/scenario.md", "/key.toml")) and name.count("/") == 2
        elif folder in ENDINGS:
            belongs = rest.endswith(ENDINGS[folder])
        else:
            belongs = name.rpartition("/")[2] not in ("scenario.md", "key.toml")
        if not belongs:
            yield Finding(
                name, 1, "F09", WARNING, "This file is not read from here.", "Move it, or correct its name or ending."
            )
