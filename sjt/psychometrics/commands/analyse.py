"""``sjt analyse``: item analysis of anybody's data, no database."""

from __future__ import annotations

import os
from pathlib import Path

import click

from sjt.errors import Fault, InputError
from sjt.psychometrics.commands._io import FINITE, input_file, json_option, write_json


@click.command()
@click.argument("responses", required=False, metavar="RESPONSES.csv")
@click.option("--items", "items_file", metavar="ITEMS.csv", help="Range, chance mark, testlet and format of the items.")
@click.option("--raw", "raw_file", metavar="RAW.csv", help="What each person chose, for option analysis.")
@click.option("--cut", type=FINITE, help="Pass mark in raw marks; pass if the total is at or above it.")
@click.option(
    "--irt",
    type=click.Choice(["gpcm", "grm", "pcm", "rasch", "none"]),
    default="none",
    show_default=True,
    help="Fit an item response model as well.",
)
@click.option("--attribute", multiple=True, metavar="COLUMN", help="A column that is not an item; may be repeated.")
@click.option("--group", "groups", multiple=True, metavar="COLUMN", help="Compare this attribute's groups; may repeat.")
@click.option("--window", metavar="COLUMN", help="Attribute that orders the sittings in time, for drift.")
@click.option(
    "--profile", metavar="NAME", help="Thresholds: judgement-test (default), knowledge-test, or a .toml file."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the person bootstrap.")
@json_option
@click.option("--html", "html_file", metavar="FILE", help="Write the report as one self-contained page.")
@click.option("--title", default="", help="Title of the report.")
def analyse(
    responses: str | None,
    items_file: str | None,
    raw_file: str | None,
    cut: float | None,
    irt: str,
    attribute: tuple[str, ...],
    groups: tuple[str, ...],
    window: str | None,
    profile: str | None,
    seed: int,
    json_to: str | None,
    html_file: str | None,
    title: str,
) -> None:
    """Analyse the marks in RESPONSES.csv: items, test, flags with their reasons.

    RESPONSES.csv has a column `person` and one column per item; an empty cell means not presented, `omitted`
    and `not_reached` count as 0. Columns with a leading @ are attributes.

    Example: sjt analyse marks.csv --items items.csv --cut 180 --html report.html
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from sjt.psychometrics import item_analysis, options
    from sjt.psychometrics import responses as reader
    from sjt.psychometrics.flags import Limits
    from sjt.psychometrics.profiles import load_profile

    path, json_to = input_file(responses, json_to)
    specs = reader.read_items(Path(items_file)) if items_file else None
    named = [*attribute, *groups, *([window] if window else [])]
    data = reader.read_responses(Path(path), specs, attributes=named)
    missing = [
        name.lstrip("@") for name in (*groups, *([window] if window else [])) if name.lstrip("@") not in data.attributes
    ]
    if missing:
        known = ", ".join(data.attributes) or "none"
        faults = [
            Fault(path, "row 1", name, "There is no such column.", f"Attributes here: {known}.") for name in missing
        ]
        raise InputError("The groups cannot be compared.", faults)
    limits = Limits.of(load_profile(profile)) if profile else Limits.of(load_profile())
    raw = options.analyse_options(data, options.read_raw(Path(raw_file), data), limits.rapid) if raw_file else None
    answer = item_analysis.analyse(
        data, raw=raw, cut=cut, irt=irt, limits=limits, seed=seed, groups=groups, window=window
    )
    if html_file is not None:
        from sjt.psychometrics import report

        texts = {item: spec.text for item, spec in data.specs.items() if spec.text}
        page = report.render(answer, title=title or f"Item analysis of {Path(path).stem}", texts=texts)
        try:
            Path(html_file).write_text(page, encoding="utf-8")
        except OSError as error:
            raise InputError(f"{html_file} cannot be written: {error.strerror}. Choose another place.") from error
    if json_to is not None or html_file is None:
        write_json(answer, json_to)
