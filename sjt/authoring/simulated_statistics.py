"""Judgements and trial statistics of people who do not exist, so that a bank nobody has sat yet can be built from.

``sjt bank simulate-statistics DIR --seed 1`` writes them: an Angoff panel in two rounds, a concordance panel that
answers every keyed item as able people would, and a trial. The same bank and seed give the same bytes. Every file says
``simulated`` in its name, and every judge, expert and statistic again in its row; forms that rest on them say so too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter

from sjt.authoring import banked
from sjt.authoring.model import Bank
from sjt.authoring.states import Statistic
from sjt.psychometrics.simulate import SimItem, from_key
from sjt.psychometrics.simulate_judges import angoff_rows, panel_rows, trial_statistics

JUDGEMENTS_FILE = f"{banked.JUDGEMENTS}/angoff-simulated.csv"
STATISTICS_FILE = f"{banked.FOLDER}/simulated.csv"
CONCORDANCE_FILE = f"{banked.PANELS}/concordance-simulated.csv"
JUDGES = 10
EXPERTS = 12
CANDIDATES = 150
DATED = "2026-01-15"
"""The day the simulated trial is said to have been: fixed, so that files repeat."""


def simulated_items(bank: Bank, *, seed: int) -> Iterator[tuple[SimItem, str]]:
    """Yield every keyed item as one with a known difficulty, with its scenario's version."""
    settings: dict[str, Any] = {
        "matrices": {name: {"by_distance": list(m.by_distance)} for name, m in bank.settings.matrices.items()},
        "rubrics": {name: TypeAdapter(type(r)).dump_python(r) for name, r in bank.rubrics.items()},
    }
    for scenario in bank.scenarios:
        for item in scenario.items:
            key = bank.key_of(scenario, item)
            if key is None:
                continue
            points = len(bank.settings.scales[item.scale].points) if item.scale else 4
            made = from_key(
                item.id,
                TypeAdapter(type(key)).dump_python(key),
                format=item.format.value,
                options=item.option_ids,
                scenario=scenario.id,
                choose=item.choose or 3,
                points=points,
                settings=settings,
                minutes=item.minutes,
                seed=seed,
            )
            yield made, scenario.sha256


def simulated_files(
    bank: Bank, *, seed: int = 1, judges: int = JUDGES, experts: int = EXPERTS, candidates: int = CANDIDATES
) -> dict[str, bytes]:
    """Make the three files for a bank, by name."""
    pairs = list(simulated_items(bank, seed=seed))
    items, versions = [item for item, _ in pairs], {item.id: version for item, version in pairs}
    ratings = [
        {**row, "judge": f"simulated-{row['judge'].removeprefix('J')}"}
        for row in angoff_rows(items, judges=judges, seed=seed)
    ]
    answers = [
        {**row, "rater": f"simulated-{row['rater'].removeprefix('E')}"}
        for row in panel_rows(items, raters=experts, seed=seed)
    ]
    source = f"simulated trial of {candidates}, seed {seed}"
    rows = [
        Statistic(
            item=row["item"],
            scenario_sha256=versions[row["item"]],
            name=row["name"],
            value=row["value"],
            se=row["se"],
            n=row["n"],
            source=row["source"],
            date=row["date"],
        )
        for row in trial_statistics(items, n=candidates, seed=seed, source=source, date=DATED)
    ]
    return {
        JUDGEMENTS_FILE: banked.judgements_text(ratings).encode(),
        CONCORDANCE_FILE: banked.panel_text(answers).encode(),
        STATISTICS_FILE: banked.statistics_text(rows).encode(),
    }
