"""What the rules about one scenario found of it, kept by what they looked at: the scenario, its key, the settings."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Final

from sjt.authoring.bank import Reading, key_file
from sjt.authoring.desk import Desk, Rule
from sjt.authoring.finding import Finding
from sjt.authoring.model import Bank

ACROSS: Final = frozenset({"F04", "F05", "F06", "L14", "L19"})
"""Rules that go through scenarios one by one and look at others beside, so that a scenario alone does not decide."""
KEPT: Final = 12_000
_Place = tuple[str, date, str, str, str, bytes]
_kept: dict[_Place, tuple[Finding, ...]] = {}


def is_alone(rule: Rule) -> bool:
    """Tell whether a scenario, its key and the bank's settings decide what a rule finds of it."""
    return not rule.whole_bank and rule.id not in ACROSS


def findings_alone(bank: Bank, reading: Reading, rules: Iterable[Rule], *, today: date) -> list[Finding]:
    """Run the rules that look at one scenario on every scenario that has changed, and remember the rest."""
    mine = [rule for rule in rules if is_alone(rule)]
    around = _around(reading)
    twice = {name for name, n in Counter(one.id for one in bank.scenarios).items() if n > 1}
    found: list[Finding] = []
    fresh: dict[str, _Place] = {}
    for scenario in bank.scenarios:
        name = reading.key_files.get(scenario.id, key_file(scenario.folder))
        place = (around, today, scenario.sha256, scenario.folder, name, reading.files.get(name, b""))
        known = None if scenario.id in twice else _kept.get(place)
        if known is None:
            fresh[scenario.id] = place
        else:
            found += known
    if not fresh:
        return found
    made: dict[str, list[Finding]] = defaultdict(list)
    desk = Desk(bank, reading, today, frozenset(fresh))
    for rule in mine:
        for one in rule.check(desk):
            made[one.scenario].append(one)
    if len(_kept) + len(fresh) > KEPT:
        _kept.clear()
    for scenario_id, place in fresh.items():
        if scenario_id not in twice:
            _kept[place] = tuple(made[scenario_id])
    return found + [one for group in made.values() for one in group]


def _around(reading: Reading) -> str:
    """Hash what stands around the scenarios: settings, standard, plans, rubrics, framework."""
    digest = hashlib.sha256()
    for name, content in sorted(reading.files.items()):
        if not name.startswith("scenarios/"):
            digest.update(f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode())
    return digest.hexdigest()
