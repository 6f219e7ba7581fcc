"""``sjt equate``: put a new form's scores on an old form's scale."""

from __future__ import annotations

import os
from pathlib import Path

import click

from sjt.psychometrics.commands._io import FINITE, json_option, write_json


@click.command()
@click.argument("old", metavar="OLD.csv")
@click.argument("new", metavar="NEW.csv")
@click.option("--anchors", default="", metavar="A,B,C", help="Items both forms have; none for equivalent groups.")
@click.option(
    "--anchor",
    type=click.Choice(["internal", "external"]),
    default="internal",
    show_default=True,
    help="Whether the totals include the anchors.",
)
@click.option("--cut", type=FINITE, help="Pass mark on the old form, in its marks.")
@click.option("--weight", type=FINITE, help="Weight of the new form's group; its share of all persons if left out.")
@click.option("--items", "items_file", metavar="ITEMS.csv", help="Range of the items of both forms.")
@click.option("--keep-drifted", is_flag=True, help="Keep anchors that drifted.")
@click.option("--degree", type=click.IntRange(1, 10), default=4, show_default=True, help="Moments smoothing keeps.")
@click.option(
    "--irt",
    type=click.Choice(["gpcm", "grm", "pcm", "rasch", "none"]),
    default="gpcm",
    show_default=True,
    help="Model of the IRT methods.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the bootstrap errors.")
@json_option
def equate(
    old: str,
    new: str,
    anchors: str,
    anchor: str,
    cut: float | None,
    weight: float | None,
    items_file: str | None,
    keep_drifted: bool,
    degree: int,
    irt: str,
    seed: int,
    json_to: str | None,
) -> None:
    """Equate the form in NEW.csv to the one in OLD.csv by every method, and say which to use.

    Both files have a column `person` and one column of marks for each item. Anchors that drifted are left out.

    Example: sjt equate spring.csv autumn.csv --anchors q1,q4,q7 --cut 186
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from sjt.psychometrics import equating
    from sjt.psychometrics import responses as reader

    data = []
    for path in (old, new):
        specs = reader.read_items(Path(items_file)) if items_file else None
        data.append(reader.read_responses(Path(path), specs))
    named = [name.strip() for name in anchors.split(",") if name.strip()]
    answer = equating.equate(
        data[0],
        data[1],
        named,
        internal=anchor == "internal",
        cut=cut,
        weight=weight,
        keep_drifted=keep_drifted,
        degree=degree,
        irt=irt,
        seed=seed,
    )
    write_json(answer, json_to)
