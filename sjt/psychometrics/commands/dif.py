"""``sjt dif``: does an item treat two groups of equal ability differently."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import click

from sjt.psychometrics.commands._io import input_file, json_option, write_json


@click.command()
@click.argument("responses", required=False, metavar="RESPONSES.csv")
@click.option("--group", required=True, metavar="COLUMN", help="Attribute that holds the group, with or without its @.")
@click.option("--reference", metavar="VALUE", help="Reference group; the larger one if left out.")
@click.option("--focal", metavar="VALUE", help="Focal group where the column holds more than two.")
@click.option(
    "--match",
    type=click.Choice(["total", "rest"]),
    default="total",
    show_default=True,
    help="Match on the total with the studied item, or on the rest.",
)
@click.option("--purify", is_flag=True, help="Take significant items out of the matching score.")
@click.option("--irt-lr", is_flag=True, help="Also compare response models with and without parameters of its own.")
@click.option("--bands", type=click.IntRange(2, 50), help="Match on so many equal bands; 5 for fewer than 200 persons.")
@click.option("--within", metavar="COLUMN", help="Match only inside this attribute, to pool years or centres.")
@click.option("--items", "items_file", metavar="ITEMS.csv", help="Range of the items; columns not listed are left out.")
@json_option
def dif(
    responses: str | None,
    group: str,
    reference: str | None,
    focal: str | None,
    match: Literal["total", "rest"],
    purify: bool,
    irt_lr: bool,
    bands: int | None,
    within: str | None,
    items_file: str | None,
    json_to: str | None,
) -> None:
    """Compare two groups of equal ability on every item of RESPONSES.csv.

    Mantel–Haenszel, Mantel, standardised mean difference, Liu–Agresti and logistic regression, with ETS classes and
    the probability of each class. Negative values: harder for the focal group. With --irt-lr also likelihood ratios of
    response models for uniform and non-uniform DIF; with --purify their anchor leaves suspect items out.

    Example: sjt dif marks.csv --group gender --purify
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from sjt.psychometrics import responses as reader
    from sjt.psychometrics.dif_analysis import analyse_dif, choose_groups
    from sjt.psychometrics.dif_ratios import add_ratios

    path, json_to = input_file(responses, json_to)
    specs = reader.read_items(Path(items_file)) if items_file else None
    columns = [group, *([within] if within else [])]
    data = reader.read_responses(Path(path), specs, attributes=columns)
    answer = analyse_dif(
        data, group, reference=reference, focal=focal, match=match, purify=purify, bands=bands, within=within
    )
    if irt_lr:
        groups, _ = choose_groups(data, group, reference, focal)
        add_ratios(answer, data, groups, purify=purify)
    write_json(answer, json_to)
