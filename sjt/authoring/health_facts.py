"""What the health of a bank needs of each scenario, measured once for each version and remembered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from sjt.authoring.bank import Reading
from sjt.authoring.checks_bank import ABSOLUTE, REPORT
from sjt.authoring.checks_time import minutes_needed
from sjt.authoring.desk import Desk, best
from sjt.authoring.model import Bank, ChooseKey, Item, KeySet, RubricKey, Scenario
from sjt.authoring.prose import word_count
from sjt.authoring.readability import measure
from sjt.authoring.small_statistics import spearman

KEPT: Final = 20_000
_known: dict[tuple[str, int, int], ScenarioFacts] = {}


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """One item: places of its best options, and what of its options could give them away."""

    id: str
    format: str
    options: int
    minutes: float
    needed: float
    keyed: bool = False
    one_best: bool = False
    best_places: tuple[int, ...] = ()
    length_r: float | None = None
    weak: int = 0
    absolute: int = 0
    absolute_weak: int = 0
    reports: bool = False


@dataclass(frozen=True, slots=True)
class ScenarioFacts:
    id: str
    sha256: str
    words: int
    grade: float | None
    review_by: tuple[date, ...]
    is_panelled: bool
    items: tuple[ItemFacts, ...]


def facts_of(bank: Bank, reading: Reading) -> list[ScenarioFacts]:
    """Measure every scenario; what has not changed since the last time is not measured again."""
    desk = Desk(bank, reading, date.min)
    settings = hash((tuple(bank.settings.scales), bank.settings.id))
    if len(_known) > KEPT:
        _known.clear()
    found = []
    for scenario in bank.scenarios:
        keys = bank.keys.get(scenario.id)
        mark = (scenario.sha256, hash(reading.files.get(reading.key_files.get(scenario.id, ""))), settings)
        facts = _known.get(mark)
        if facts is None or facts.id != scenario.id:
            facts = _known[mark] = _measured(desk, scenario, keys)
        found.append(facts)
    return found


def _measured(desk: Desk, scenario: Scenario, keys: KeySet | None) -> ScenarioFacts:
    story = measure(scenario.story)
    return ScenarioFacts(
        id=scenario.id,
        sha256=scenario.sha256,
        words=word_count(scenario.story),
        grade=story.grade if story is not None and story.words >= 20 else None,
        review_by=tuple(law.review_by for law in scenario.law),
        is_panelled=keys is not None and keys.status == "panelled",
        items=tuple(_item(desk, scenario, item) for item in scenario.items),
    )


def _item(desk: Desk, scenario: Scenario, item: Item) -> ItemFacts:
    key = desk.bank.key_of(scenario, item)
    needed = minutes_needed(scenario, item)
    if key is None or isinstance(key, RubricKey) or not item.options:
        return ItemFacts(item.id, item.format.value, len(item.options), item.minutes, needed)
    values = desk.effectiveness(item, key)
    top = best(values)
    choose = isinstance(key, ChooseKey)
    good = list(key.key) if isinstance(key, ChooseKey) else top
    told = good if choose or len(good) == 1 else []
    keyed = [option for option in item.options if option.id in values]
    weak = {option.id for option in item.options if values.get(option.id, 2.0) <= 1}
    absolute = [option.id for option in item.options if ABSOLUTE.search(option.text)]
    one_best = not choose and len(top) == 1 and top[0] in item.option_ids
    return ItemFacts(
        id=item.id,
        format=item.format.value,
        options=len(item.options),
        minutes=item.minutes,
        needed=needed,
        keyed=True,
        one_best=one_best,
        best_places=tuple(item.option_ids.index(option) for option in told if option in item.option_ids),
        length_r=spearman([float(word_count(one.text)) for one in keyed], [values[one.id] for one in keyed]),
        weak=len(weak),
        absolute=len(absolute),
        absolute_weak=len(weak.intersection(absolute)),
        reports=one_best and bool(REPORT.search(item.option(top[0]).text)),
    )
