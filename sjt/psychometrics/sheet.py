"""A CSV file as cells, whatever wrote it: delimiter, encoding and line ends are found, ragged rows are faults."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path

from sjt.errors import Fault, InputError

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")


@dataclass(frozen=True)
class Sheet:
    """A CSV file as text cells: header, records, and each record's row number as a spreadsheet counts."""

    file: str
    header: list[str]
    rows: list[list[str]]
    numbers: list[int]
    delimiter: str
    sha256: str


def read_sheet(source: Path | bytes, file: str | None = None) -> tuple[Sheet, list[Fault]]:
    """Read a CSV file's cells; comma, semicolon or tab, with or without a byte-order mark, any line ends.

    Parameters
    ----------
    source : Path or bytes
        The file, or its content.
    file : str, optional
        Name used in faults.

    Returns
    -------
    Sheet
    list of Fault
        Ragged rows and header faults; the sheet holds the rows that have the right width.

    Raises
    ------
    InputError
        The file cannot be read as CSV at all.
    """
    name = file or (source.name if isinstance(source, Path) else "input")
    try:
        data = source.read_bytes() if isinstance(source, Path) else source
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror}.") from error
    digest = hashlib.sha256(data).hexdigest()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{name} is not UTF-8 text.",
            [Fault(name, f"line {line}", "", "A byte there is not UTF-8.", "Save the file as CSV UTF-8.")],
        ) from error
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise InputError(
            f"{name} is not a CSV file.",
            [Fault(name, f"line {line}", "", "It holds a NUL character.", "Export the table as CSV UTF-8.")],
        )
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=lambda mark: (_outside_quotes(first, mark), -",;\t".index(mark)))
    records: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        records.extend(reader)
    except csv.Error as error:
        raise InputError(
            f"{name} is not a well-formed CSV file.",
            [Fault(name, f"line {reader.line_num}", "", f"{str(error).capitalize()}.", "Mend the quotes there.")],
        ) from error
    start = next((i for i, record in enumerate(records) if any(cell.strip() for cell in record)), None)
    if start is None:
        raise InputError(f"{name} is empty. It needs a header row and a row for each person.")
    header = [cell.strip() for cell in records[start]]
    while header and not header[-1] and all(not r or len(r) < len(header) or not r[-1] for r in records[start + 1 :]):
        header.pop()  # a trailing delimiter on every row makes an empty column
        records = [r[: len(header)] if len(r) == len(header) + 1 else r for r in records]
    faults = _header_faults(name, header, start + 1)
    width = len(header)
    rows: list[list[str]] = []
    numbers: list[int] = []
    for number, record in enumerate(records[start + 1 :], start=start + 2):
        if len(record) == width:
            rows.append(record)
            numbers.append(number)
        elif any(cell.strip() for cell in record):
            faults.append(
                Fault(
                    name,
                    f"row {number}",
                    "",
                    f"It has {len(record)} cells where the header has {width}.",
                    "Give every row one cell for each column.",
                )
            )
    return Sheet(name, header, rows, numbers, delimiter, digest), faults


def _outside_quotes(line: str, mark: str) -> int:
    return sum(part.count(mark) for part in line.split('"')[::2])


def _header_faults(name: str, header: Sequence[str], number: int) -> list[Fault]:
    faults = []
    seen: dict[str, int] = {}
    for position, column in enumerate(header, start=1):
        if not column:
            faults.append(Fault(name, f"row {number}", f"column {position}", "The column has no name.", "Name it."))
        elif column in seen:
            faults.append(
                Fault(
                    name,
                    f"row {number}",
                    column,
                    f"Columns {seen[column]} and {position} have the same name.",
                    "Give each item its own name.",
                )
            )
        else:
            seen[column] = position
    return faults


def parse_number(cell: str, delimiter: str = ",") -> Fraction | None:
    """Read a finite number exactly; with semicolons between cells a decimal comma is understood. None if none."""
    text = cell.strip().replace("−", "-")
    if delimiter == ";" and text.count(",") == 1:
        text = text.replace(",", ".")
    if not NUMBER.fullmatch(text):
        return None
    try:
        return Fraction(Decimal(text))
    except (InvalidOperation, ValueError, OverflowError):
        return None
