"""``sjt passmark METHOD``: pass marks from judgements and from scores."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import click

from sjt.psychometrics.commands._io import FINITE, input_file, json_option, write_json


def read_unit(context: click.Context, parameter: click.Parameter, value: str) -> Fraction:
    """Read the mark unit exactly."""
    try:
        unit = Fraction(value)
    except (ValueError, ZeroDivisionError):
        raise click.BadParameter(f"{value!r} is not a number.") from None
    if unit <= 0:
        raise click.BadParameter("The mark unit is above zero.")
    return unit


def common(command: Callable[..., None]) -> Callable[..., None]:
    """Options every method has."""
    for option in (
        json_option,
        click.option("--unit", default="1", show_default=True, callback=read_unit, help="Mark unit of the form."),
        click.argument("file", required=False, metavar="FILE.csv"),
    ):
        command = option(command)
    return command


def from_scores(command: Callable[..., None]) -> Callable[..., None]:
    """Options of the methods that use candidates' scores."""
    for option in (
        click.option("--seed", default=1, show_default=True, help="Seed of the bootstrap."),
        click.option("--max", "maximum", type=FINITE, help="Maximum of the test, for the percentage."),
    ):
        command = option(command)
    return command


scores_option = click.option("--scores", required=True, metavar="SCORES.csv", help="Columns person, score.")
profile_option = click.option("--profile", default="judgement-test", show_default=True, help="A name or a .toml file.")
items_option = click.option(
    "--items", metavar="ITEMS.csv", help="Columns item, chance (marks), facility: ratings below chance are refused."
)


def _angoff(
    file: str | None, json_to: str | None, unit: Fraction, items: str | None, profile: str, method: str, **how: bool
) -> None:
    from sjt.psychometrics.passmark import angoff_answer
    from sjt.psychometrics.passmark_file import NOTHING_KNOWN, read_item_facts, read_judgements
    from sjt.psychometrics.profiles import load_profile

    path, json_to = input_file(file, json_to)
    facts = read_item_facts(items) if items else NOTHING_KNOWN
    rounds = read_judgements(path, facts=facts, **how)
    write_json(angoff_answer(rounds, method=method, profile=load_profile(profile), facts=facts, unit=unit), json_to)


@click.command()
@common
@items_option
@profile_option
@click.option("--percent", is_flag=True, help="Ratings are percentages of the item's maximum.")
def angoff(
    file: str | None, json_to: str | None, unit: Fraction, items: str | None, profile: str, percent: bool
) -> None:
    """Extended Angoff: the mark each judge expects of the borderline candidate, item by item.

    FILE.csv has the columns judge, round, item, max, rating. With columns response and key a judge may order the
    options as that candidate would (B>A>C) and leave the rating empty. A panel column joins several panels.

    Example: sjt passmark angoff judgements.csv --items items.csv --json cut.json
    """
    _angoff(file, json_to, unit, items, profile, "angoff", percent=percent)


@click.command("angoff-yesno")
@common
@items_option
@profile_option
def angoff_yesno(file: str | None, json_to: str | None, unit: Fraction, items: str | None, profile: str) -> None:
    """Yes/no Angoff: would the borderline candidate get this item right?

    FILE.csv has the columns judge, round, item, max, rating, with rating yes or no (or 1 or 0).

    Example: sjt passmark angoff-yesno judgements.csv
    """
    _angoff(file, json_to, unit, items, profile, "angoff-yesno", yes_no=True)


@click.command()
@common
def ebel(file: str | None, json_to: str | None, unit: Fraction) -> None:
    """Ebel: judges sort the marks by relevance and difficulty and say which share a borderline candidate gets.

    FILE.csv has the columns judge, relevance, difficulty, weight (0 to 1), marks.

    Example: sjt passmark ebel cells.csv
    """
    from sjt.psychometrics.passmark import answer
    from sjt.psychometrics.passmark_ebel import read_ebel

    path, json_to = input_file(file, json_to)
    exact, maximum, judges, found = read_ebel(path)
    write_json(answer("ebel", judges, maximum, found, unit=unit, exact=exact), json_to)


@click.command()
@common
@from_scores
@scores_option
def hofstee(
    file: str | None, json_to: str | None, unit: Fraction, scores: str, maximum: float | None, seed: int
) -> None:
    """Hofstee: where the fail curve meets the judges' line between acceptable cuts and fail rates.

    FILE.csv has the columns judge, cut_min, cut_max, fail_min, fail_max (fail rates in percent).

    Example: sjt passmark hofstee limits.csv --scores scores.csv
    """
    import numpy as np

    from sjt.psychometrics.passmark import answer
    from sjt.psychometrics.passmark_file import read_columns, read_scores
    from sjt.psychometrics.standard_setting import hofstee as compute

    path, json_to = input_file(file, json_to)
    percent = (0.0, 100.0)
    names = {"cut_min": (None, None), "cut_max": (None, None), "fail_min": percent, "fail_max": percent}
    table = read_columns(path, ("judge",), **names)
    table.unique("judge")
    columns = {name: _again(table, name) for name in names}
    for row, low, high, few, many in zip(table.numbered(), *columns.values(), strict=True):
        if low > high:
            table.add(row, "cut_min", f"{low:g} is above cut_max {high:g}.", "Swap or correct them.")
        if few > many:
            table.add(row, "fail_min", f"{few:g} is above fail_max {many:g}.", "Swap or correct them.")
    table.refuse_if_any()
    values = read_scores(scores)
    found = compute(np.column_stack(list(columns.values())), values, seed=seed)
    out = answer("hofstee", int(values.size), maximum, found, unit=unit)
    write_json({**out, "n_judges": len(table)}, json_to)


@click.command()
@common
@from_scores
@scores_option
def beuk(file: str | None, json_to: str | None, unit: Fraction, scores: str, maximum: float | None, seed: int) -> None:
    """Beuk: a compromise between the judges' cuts and the pass rates they expect.

    FILE.csv has the columns judge, cut, pass_percent.

    Example: sjt passmark beuk limits.csv --scores scores.csv
    """
    from sjt.psychometrics.passmark import answer
    from sjt.psychometrics.passmark_file import read_columns, read_scores
    from sjt.psychometrics.standard_setting import beuk as compute

    path, json_to = input_file(file, json_to)
    table = read_columns(path, ("judge",), cut=(None, None), pass_percent=(0.0, 100.0))
    table.unique("judge")
    table.refuse_if_any()
    values = read_scores(scores)
    found = compute(table.numbers("cut"), table.numbers("pass_percent"), values, seed=seed)
    out = answer("beuk", int(values.size), maximum, found, unit=unit)
    write_json({**out, "n_judges": len(table)}, json_to)


@click.command("borderline-regression")
@common
@click.option("--max", "maximum", type=FINITE, help="Maximum of the test, for the percentage.")
@click.option("--border", required=True, type=FINITE, help="The borderline grade.")
def borderline_regression(
    file: str | None, json_to: str | None, unit: Fraction, maximum: float | None, border: float
) -> None:
    """Borderline regression: scores on an outside grade; the cut is the line at the borderline grade.

    FILE.csv has the columns person, score, grade.

    Example: sjt passmark borderline-regression grades.csv --border 3
    """
    from sjt.psychometrics.passmark import answer
    from sjt.psychometrics.passmark_file import read_columns
    from sjt.psychometrics.standard_setting import borderline_regression as compute

    path, json_to = input_file(file, json_to)
    table = read_columns(path, ("person",), score=(None, None), grade=(None, None))
    table.unique("person")
    table.refuse_if_any()
    found = compute(table.numbers("score"), table.numbers("grade"), border)
    out = answer("borderline-regression", len(table), maximum, found, unit=unit)
    write_json({**out, "border": border}, json_to)


@click.command("contrasting-groups")
@common
@from_scores
def contrasting_groups(file: str | None, json_to: str | None, unit: Fraction, maximum: float | None, seed: int) -> None:
    """Contrasting groups: the cut that best parts people judged competent from the others.

    FILE.csv has the columns person, score, group (competent or not).

    Example: sjt passmark contrasting-groups groups.csv
    """
    from sjt.psychometrics.passmark import answer
    from sjt.psychometrics.passmark_file import read_columns
    from sjt.psychometrics.standard_setting import contrasting_groups as compute

    path, json_to = input_file(file, json_to)
    table = read_columns(path, ("person", "group"), score=(None, None))
    table.unique("person")
    groups = [cell.casefold() for cell in table.texts("group", empty=True)]
    for row, group in zip(table.numbered(), groups, strict=True):
        if group and group not in ("competent", "not"):
            table.add(row, "group", f"{group!r} is not a group.", "Write competent or not.")
    table.refuse_if_any()
    found = compute(table.numbers("score"), [group == "competent" for group in groups], unit=float(unit), seed=seed)
    write_json(answer("contrasting-groups", len(table), maximum, found, unit=unit), json_to)


@click.command()
@common
@from_scores
@click.option("--chance", type=FINITE, default=0.0, show_default=True, help="Mean mark of random answers.")
@click.option("--mult", default=0.6, show_default=True, type=click.FloatRange(0, 1))
@click.option("--percentile", default=95.0, show_default=True, type=click.FloatRange(0, 100))
def cohen(
    file: str | None,
    json_to: str | None,
    unit: Fraction,
    maximum: float | None,
    seed: int,
    chance: float,
    mult: float,
    percentile: float,
) -> None:
    """Cohen: a share of the way from chance to the score at a percentile; a sanity band, not a pass mark.

    FILE.csv has the columns person, score.

    Example: sjt passmark cohen scores.csv --chance 30
    """
    from sjt.psychometrics.passmark import answer
    from sjt.psychometrics.passmark_file import read_scores
    from sjt.psychometrics.standard_setting import cohen as compute

    path, json_to = input_file(file, json_to)
    values = read_scores(path)
    found = compute(values, chance=chance, mult=mult, percentile=percentile, seed=seed)
    write_json(answer("cohen", int(values.size), maximum, found, unit=unit), json_to)


def _again(table: Any, name: str) -> list[float]:
    # The column was checked when the file was read; unreadable cells are NaN and their faults are noted once.
    faults = list(table.faults)
    values: list[float] = table.numbers(name)
    table.faults = faults
    return values
