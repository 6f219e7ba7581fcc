"""Candidates from CSV: every faulty row is listed, none is half loaded."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from fractions import Fraction
from typing import Final

from sjt.delivery import ulns
from sjt.delivery.model import CandidateLine
from sjt.errors import Fault, InputError

COLUMNS: Final = (
    "uln",
    "given_name",
    "family_name",
    "date_of_birth",
    "employer",
    "provider",
    "option",
    "start_date",
    "extra_time_percent",
    "notes",
)
_NEEDED: Final = ("given_name", "family_name", "employer", "provider")
_OPTION: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,38}")
"""An option's id in its standard; whether a form of the session is for it is asked when it is booked."""
MAX_ROWS: Final = 5_000
_LONGEST: Final = {"notes": 1000}


def read_csv(
    text: str, file: str = "candidates.csv", *, today: date | None = None, options: Collection[str] | None = None
) -> list[CandidateLine]:
    """Read a candidates file; ``options`` are those that the session's forms are for, where that is known.

    Raises
    ------
    InputError
        With a fault for everything that is wrong anywhere in the file.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    rows = [(number, row) for number, row in enumerate(reader, start=1) if any(cell.strip() for cell in row)]
    if not rows:
        fault = Fault(file, "", "", "is empty.", f"Give a header row: {','.join(COLUMNS)}.")
        raise InputError(f"{file} holds no candidates.", [fault])
    faults = _header_faults([cell.strip() for cell in rows[0][1]], file)
    if faults:
        raise InputError(f"{file} cannot be read: its header row is wrong.", faults)
    if len(rows) - 1 > MAX_ROWS:
        fault = Fault(file, "", "", f"has {len(rows) - 1} rows; {MAX_ROWS} are the most.", "Split the file.")
        raise InputError(f"{file} is too long.", [fault])
    header = [cell.strip() for cell in rows[0][1]]
    lines: list[CandidateLine] = []
    seen: dict[str, int] = {}
    for number, row in rows[1:]:
        line = _line(number, header, row, file, faults, today, options)
        if line is None:
            continue
        if line.uln != ulns.NOT_YET_KNOWN and line.uln in seen:
            what = f"is {line.uln}, which row {seen[line.uln]} has already."
            faults.append(Fault(file, f"row {number}", "uln", what, "Leave one of the two rows out."))
        seen.setdefault(line.uln, number)
        lines.append(line)
    if not lines and not faults:
        faults.append(Fault(file, "", "", "has a header and no rows.", "Add a row for each candidate."))
    if faults:
        count = len({fault.where for fault in faults})
        raise InputError(f"{file} was not loaded: {count} row{'s' if count > 1 else ''} cannot be used.", faults)
    return lines


def _header_faults(header: list[str], file: str) -> list[Fault]:
    faults = [
        Fault(file, "row 1", name, "is missing from the header.", f"Columns: {','.join(COLUMNS)}.")
        for name in COLUMNS
        if name not in header
    ]
    faults += [
        Fault(file, "row 1", name or "(blank)", "is not a known column.", f"Columns: {','.join(COLUMNS)}.")
        for name in header
        if name not in COLUMNS
    ]
    faults += [
        Fault(file, "row 1", name, "stands twice in the header.", "Leave one out.")
        for name in sorted({name for name in header if header.count(name) > 1})
    ]
    return faults


def _line(
    number: int,
    header: list[str],
    row: list[str],
    file: str,
    faults: list[Fault],
    today: date | None,
    options: Collection[str] | None,
) -> CandidateLine | None:
    before = len(faults)

    def fault(field: str, what: str, remedy: str) -> None:
        faults.append(Fault(file, f"row {number}", field, what, remedy))

    if len(row) != len(header):
        fault("", f"has {len(row)} cells where the header has {len(header)}.", "Put a comma between all columns.")
        return None
    cells: Mapping[str, str] = {name: cell.strip() for name, cell in zip(header, row)}
    if (wrong := ulns.fault(cells["uln"])) is not None:
        remedy = f"Correct it, or use {ulns.NOT_YET_KNOWN} until it is known."
        fault("uln", wrong, remedy)
    for name in _NEEDED:
        if not cells[name]:
            fault(name, "is blank.", "Fill it in.")
    for name, cell in cells.items():
        longest = _LONGEST.get(name, 200)
        if len(cell) > longest:
            fault(name, f"has {len(cell)} characters; {longest} are the most.", "Shorten it.")
        if any(ord(sign) < 32 for sign in cell):
            fault(name, "holds a control character.", "Take it out.")
    born = _date(cells["date_of_birth"], "date_of_birth", fault)
    starts = _date(cells["start_date"], "start_date", fault)
    if born is not None and (born.year < 1900 or (today is not None and born >= today)):
        fault("date_of_birth", f"is {born}.", "Give the day the candidate was born.")
    if born is not None and starts is not None and starts <= born:
        fault("start_date", f"is {starts}, not after the date of birth.", "Give the day the apprenticeship began.")
    if not _OPTION.fullmatch(cells["option"]):
        fault("option", f"is {cells['option']!r}.", "Write the option's id in the standard, such as residential.")
    elif options and cells["option"] not in options:
        fault("option", f"is {cells['option']!r}.", f"Use one of: {', '.join(sorted(options))}.")
    percent = _percent(cells["extra_time_percent"], fault)
    if len(faults) > before or born is None or starts is None:
        return None
    return CandidateLine(
        uln=cells["uln"],
        given_name=cells["given_name"],
        family_name=cells["family_name"],
        date_of_birth=born,
        employer=cells["employer"],
        provider=cells["provider"],
        option=cells["option"],
        start_date=starts,
        extra_time_percent=percent,
        notes=cells["notes"],
        row=number,
    )


def _date(text: str, field: str, fault: Callable[[str, str, str], None]) -> date | None:
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        fault(field, f"is {text!r}, which is not a date.", "Write it as YYYY-MM-DD.")
        return None


def _percent(text: str, fault: Callable[[str, str, str], None]) -> Fraction:
    if not text:
        return Fraction(0)
    try:
        if len(text) > 8 or not set(text) <= set("0123456789."):
            raise ValueError
        percent = Fraction(text)
    except ValueError:
        fault(
            "extra_time_percent", f"is {text!r}, which is not a number.", "Write 25 or 33.3; leave it blank for none."
        )
        return Fraction(0)
    if percent > 200:
        fault("extra_time_percent", f"is {text}; 200 is the most.", "Check the number.")
    return percent
