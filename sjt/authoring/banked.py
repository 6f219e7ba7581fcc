"""Statistics of items as rows of a CSV file: the bank's own ``statistics/*.csv`` and what other rooms hand over."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from sjt.authoring.states import Statistic
from sjt.errors import Fault, InputError

COLUMNS = ("item", "scenario_sha256", "name", "value", "se", "n", "source", "date")
FOLDER = "statistics"
JUDGEMENTS = "judgements"
PANELS = "panels"
"""Key panels' answers, as ``sjt panel`` reads them."""
CONTENT_COLUMNS = ("rater", "scenario", "relevance", "code")
PANEL_COLUMNS = ("rater", "item", "option", "response", "format")
JUDGEMENT_COLUMNS = ("judge", "round", "item", "max", "rating")
RECORDED = f"{FOLDER}/recorded.csv"
"""Where an export puts what other rooms recorded since the import."""


def read_statistics(text: str, file: str) -> list[Statistic]:
    """Read a statistics file; every faulty row is named at once. The same file is read once."""
    return list(_read_statistics(text, file))


@lru_cache(maxsize=8)
def _read_statistics(text: str, file: str) -> tuple[Statistic, ...]:
    rows = csv.DictReader(io.StringIO(text))
    missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
    faults = [Fault(file, "row 1", column, "the column is missing.", "Add it.") for column in missing]
    found: list[Statistic] = []
    for number, row in enumerate(rows if not missing else (), start=2):
        try:
            found.append(
                Statistic(
                    item=row["item"],
                    scenario_sha256=row["scenario_sha256"].removeprefix("sha256:"),
                    name=row["name"],
                    value=float(row["value"]),
                    se=float(row["se"]) if row["se"] else None,
                    n=int(row["n"]),
                    source=row["source"],
                    date=row["date"],
                )
            )
        except (TypeError, ValueError):
            faults.append(
                Fault(file, f"row {number}", "value, se, n", "one of them is not a number.", "Correct the row.")
            )
    if faults:
        raise InputError(f"{file} cannot be read.", faults)
    return tuple(found)


def statistics_text(rows: Iterable[Statistic]) -> str:
    """Write statistics as a CSV file, in the order given."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        se = "" if row.se is None else repr(row.se)
        writer.writerow([row.item, row.scenario_sha256, row.name, repr(row.value), se, row.n, row.source, row.date])
    return out.getvalue()


def judgements_text(rows: Iterable[Mapping[str, object]]) -> str:
    """Write a panel's judgements in the columns of CONTRACT."""
    return _table(JUDGEMENT_COLUMNS, rows)


def panel_text(rows: Iterable[Mapping[str, object]]) -> str:
    """Write a key panel's answers in the columns of CONTRACT."""
    return _table(PANEL_COLUMNS, rows)


def content_text(rows: Iterable[Mapping[str, object]]) -> str:
    """Write what raters say of scenarios' content."""
    return _table(CONTENT_COLUMNS, rows)


def _table(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def in_folder(files: Mapping[str, bytes], folder: str) -> dict[str, str]:
    """Give the CSV files of one folder of a bank, as text."""
    return {
        name: content.decode()
        for name, content in files.items()
        if name.startswith(folder) and name.endswith(".csv") and PurePosixPath(name).parent.as_posix() == folder
    }


def is_simulated(source: str) -> bool:
    """Tell whether a source says that its numbers are simulated."""
    return "simulated" in source.lower()
