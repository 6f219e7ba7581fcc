"""``sjt simulate``: a cohort that does not exist, with its truth beside it."""

from __future__ import annotations

import os
from pathlib import Path

import click


@click.command()
@click.option("--persons", type=click.IntRange(1, 1_000_000), required=True, metavar="N", help="Number of candidates.")
@click.option("--out", required=True, metavar="DIR", help="Folder for the files; made if it is not there.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--scenarios", type=click.IntRange(2, 500), default=25, show_default=True)
@click.option(
    "--forms", type=click.IntRange(1, 20), default=1, show_default=True, help="More than 1: each leaves a part out."
)
@click.option(
    "--plant",
    default="all",
    show_default=True,
    metavar="KINDS",
    help="Faults to plant: all, none, or a list such as miskey,dif=2,copy.",
)
def simulate(persons: int, out: str, seed: int, scenarios: int, forms: int, plant: str) -> None:
    """Simulate a cohort of N candidates with planted faults and write data and truth to DIR.

    Writes RESPONSES.csv, ITEMS.csv, RAW.csv, ANSWERS.jsonl, angoff.csv, panel.csv, markers.csv and truth.json.

    Example: sjt simulate --persons 120 --out cohort --seed 7
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from sjt.psychometrics import simulate_cohort as cohorts
    from sjt.psychometrics.simulate_files import write_files

    cohort = cohorts.simulate(
        persons, seed=seed, scenarios=scenarios, forms=forms, plants=_plants(plant, cohorts.PLANTS)
    )
    for path in write_files(cohort, Path(out)):
        click.echo(str(path))


def _plants(text: str, known: tuple[str, ...]) -> dict[str, int]:
    if text in ("all", "none"):
        return dict.fromkeys(known if text == "all" else (), 1)
    out: dict[str, int] = {}
    for part in text.split(","):
        kind, _, count = part.strip().partition("=")
        if kind not in known or (count and not count.isdigit()):
            raise click.BadParameter(f"{part!r} is not one of {', '.join(known)} with an optional =number.")
        out[kind] = int(count or 1)
    return out
