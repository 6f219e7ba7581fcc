"""A stored analysis as a table that other programs read."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any, Final

COLUMNS: Final = (
    *("part", "item", "title", "format", "n", "omitted", "not_reached", "max", "mean", "sd", "facility"),
    *("facility_low", "facility_high", "facility_corrected", "item_rest", "item_rest_low", "item_rest_high"),
    *("item_rest_outside_testlet", "item_rest_shrunken", "alpha_if_deleted", "d27", "flags"),
)


def items_csv(said: Mapping[str, Any], *, simulated: bool) -> str:
    """Write every item of every part, undefined cells empty; the last column labels simulated data."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*COLUMNS, "label"))
    for part, found in said["parts"].items():
        for row in found["items"]:
            low, high = row["facility_ci"] or (None, None)
            r_low, r_high = row["item_rest_ci"] or (None, None)
            values = {
                **row,
                "part": part,
                "title": said["titles"].get(row["item"], ""),
                "facility_low": low,
                "facility_high": high,
                "item_rest_low": r_low,
                "item_rest_high": r_high,
                "flags": " ".join(row["flags"]),
            }
            cells = ["" if values[name] is None else values[name] for name in COLUMNS]
            writer.writerow((*cells, "simulated" if simulated else ""))
    return out.getvalue()
