"""``sjt panel``: agreement of a key panel."""

from __future__ import annotations

import click

from sjt.psychometrics.commands._io import input_file, json_option, write_json


def read_scale(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[float, float] | None:
    """Read ``lo,hi``."""
    if value is None:
        return None
    try:
        low, high = (float(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not two numbers such as 1,4.") from None
    if not low < high:
        raise click.BadParameter(f"{value!r}: the first must be below the second.")
    return low, high


@click.command()
@click.argument("ratings", required=False, metavar="RATINGS.csv")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["rank", "choose", "rate", "most_least", "single"]),
    help="Format of every item; otherwise a format column, or known from the responses.",
)
@click.option("--scale", callback=read_scale, metavar="LO,HI", help="Scale of ratings; else the file's range.")
@click.option("--profile", default="judgement-test", show_default=True, help="Thresholds: a name or a .toml file.")
@click.option("--seed", default=1, show_default=True, help="Seed of the bootstrap of raters.")
@click.option("--replications", default=2000, show_default=True, type=click.IntRange(100, 100_000))
@json_option
def panel(
    ratings: str | None,
    kind: str | None,
    scale: tuple[float, float] | None,
    profile: str,
    seed: int,
    replications: int,
    json_to: str | None,
) -> None:
    """Say for each item whether a panel agrees enough for a key, and print the key it points to as JSON.

    RATINGS.csv has the columns rater, item, option, response: the rank, the rating, 1 or 0 for a choice, most or
    least for picks (other options may be left out).

    Example: sjt panel ratings.csv --scale 1,4 --json panel.json
    """
    from sjt.psychometrics.panel import examine_all
    from sjt.psychometrics.panel_file import read_panel
    from sjt.psychometrics.profiles import load_profile

    path, json_to = input_file(ratings, json_to)
    items = read_panel(path, format=kind, scale=scale)
    answer = examine_all(items, profile=load_profile(profile), replications=replications, seed=seed)
    write_json(answer, json_to)
