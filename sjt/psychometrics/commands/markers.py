"""``sjt markers``: do the markers of written answers agree, and is one of them severe."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from sjt.psychometrics.commands._io import input_file, json_option, write_json


@click.command()
@click.argument("marks", required=False, metavar="MARKERS.csv")
@click.option("--scale", default="0,3", show_default=True, metavar="LO,HI", help="Lowest and highest level.")
@json_option
def markers(marks: str | None, scale: str, json_to: str | None) -> None:
    """Compare markers: columns person,item,marker,role,criterion,level, the file that `sjt simulate` writes too.

    Roles `first` and `second` are compared script by script; severity uses every mark. Weighted kappa has an interval,
    severities are shrunken, and a marker with fewer scripts than the profile asks for is named as uncertain.

    Example: sjt markers markers.csv --scale 0,3
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from sjt.psychometrics import markers as library
    from sjt.psychometrics.agreement import intraclass
    from sjt.psychometrics.csvtable import read_csv
    from sjt.psychometrics.profiles import load_profile

    path, json_to = input_file(marks, json_to)
    low, high = _scale(scale)
    table = read_csv(path, ("person", "item", "marker", "role", "criterion", "level"))
    table.unique("person", "item", "marker", "role", "criterion")
    names = {name: table.texts(name) for name in ("person", "item", "marker", "role", "criterion")}
    levels = table.numbers("level", low=low, high=high)
    for number, level, role in zip(table.numbered(), levels, names["role"]):
        if level == level and level != round(level):
            table.add(number, "level", f"{level:g} is not a whole level.", "Give the level of the rubric.")
        if role and role not in ("first", "second", "third", "seed"):
            table.add(number, "role", f"{role!r} is unknown.", "Use first, second, third or seed.")
    table.refuse_if_any("The markers cannot be compared.")
    given = {
        (person, item, marker, role, criterion): int(level)
        for person, item, marker, role, criterion, level in zip(*names.values(), levels)
    }
    profile = load_profile()
    least = int(profile.value("markers.scripts", "least"))
    criteria = list(dict.fromkeys(names["criterion"]))
    by_role: dict[str, dict[tuple[str, str], dict[str, int]]] = {"first": {}, "second": {}}
    totals: dict[tuple[str, str, str], int] = {}
    for (person, item, marker, role, criterion), level in given.items():
        script = f"{person} {item}"
        totals[script, marker, role] = totals.get((script, marker, role), 0) + level
        if role in by_role:
            by_role[role].setdefault((person, item), {})[criterion] = level
    both = [script for script in by_role["first"] if script in by_role["second"]]
    whole = [s for s in both if all(set(by_role[role][s]) == set(criteria) for role in by_role)]
    pairs: list[dict[str, Any]] = []
    for criterion in [*criteria, None]:
        first, second = (
            [sum(by_role[role][s].values()) if criterion is None else by_role[role][s][criterion] for s in whole]
            for role in ("first", "second")
        )
        top = (low * len(criteria), high * len(criteria)) if criterion is None else (low, high)
        row: dict[str, Any] = {"criterion": criterion or "total", "n": len(whole)}
        if whole:
            row |= _clean(asdict(library.pair_agreement(first, second, scale=top)))
            if len(whole) > 1:
                row["icc_2_1"] = _number(intraclass([first, second]).icc_2_1)
        else:
            row["undefined"] = "No script has a first and a second mark on every criterion."
        pairs.append(row)
    severity = [
        {**_clean(asdict(one)), "uncertain": one.n < least}
        for one in library.marker_severity(
            [script for script, _, _ in totals], [marker for _, marker, _ in totals], list(totals.values())
        )
    ]
    write_json(
        {
            "n_scripts": len({script for script, _, _ in totals}),
            "n_double": len(whole),
            "agreement": pairs,
            "severity": severity,
            "limits": {name: profile.tables[f"markers.{name}"] for name in ("weighted_kappa", "smd", "scripts")},
            "profile": profile.stamp,
            "notes": _notes(pairs[-1], least, severity),
        },
        json_to,
    )


def _scale(text: str) -> tuple[int, int]:
    try:
        low, high = (int(part) for part in text.split(","))
    except ValueError:
        low = high = 0
    if not low < high:
        raise click.UsageError(f"--scale {text} is not two whole numbers, the lower first, such as 0,3.")
    return low, high


def _number(value: float) -> float | None:
    return value if value == value else None


def _clean(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _number(value) if isinstance(value, float) else value for name, value in row.items()}


def _notes(total: dict[str, Any], least: int, severity: Sequence[dict[str, Any]]) -> list[str]:
    notes = ["Severity is in marks: above 0, the marker gives fewer than the others for the same script."]
    if total["n"] < 30:
        notes.append(f"{total['n']} scripts were marked twice: the interval of weighted kappa is rough under 30.")
    few = [str(row["marker"]) for row in severity if row["uncertain"]]
    if few:
        notes.append(f"Fewer than {least} scripts: {', '.join(few)}.")
    return notes
