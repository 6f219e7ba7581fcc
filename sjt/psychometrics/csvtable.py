"""Read a small CSV strictly: the delimiter is found, every fault is gathered with its row and column.

A row carries its line number in the file, so the header is row 1 as in a spreadsheet. A byte-order mark, semicolons or
tabs, and Windows line ends are accepted; anything that would need a guess is a fault.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sjt.errors import Fault, InputError

DELIMITERS = (",", ";", "\t")


@dataclass
class CsvTable:
    """A read table; ``faults`` grows while columns are read, and ``refuse_if_any`` ends with all of them."""

    file: str
    columns: tuple[str, ...]
    rows: list[tuple[int, tuple[str, ...]]]
    """(row number in the file, cells)."""
    delimiter: str = ","
    faults: list[Fault] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, row: int | None, column: str, what: str, remedy: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(self.file, "" if row is None else f"row {row}", column, what, remedy))

    def refuse_if_any(self, message: str = "The file cannot be used.") -> None:
        """Raise ``InputError`` with every fault noted so far."""
        if self.faults:
            raise InputError(message, self.faults)

    def require(self, *names: str) -> None:
        """Note the columns that are missing."""
        for name in names:
            if name not in self.columns:
                self.add(1, name, "the column is missing.", f"Columns here: {', '.join(self.columns)}. Add {name}.")

    def numbered(self) -> list[int]:
        """Row numbers in file order."""
        return [number for number, _ in self.rows]

    def texts(self, name: str, *, empty: bool = False) -> list[str]:
        """Cells of a column, trimmed; an empty cell is a fault unless allowed. All empty if the column is missing."""
        if name not in self.columns:
            return [""] * len(self.rows)
        at = self.columns.index(name)
        out = []
        for number, cells in self.rows:
            cell = cells[at]
            if not cell and not empty:
                self.add(number, name, "the cell is empty.", "Fill it in or take the row out.")
            out.append(cell)
        return out

    def numbers(
        self,
        name: str,
        *,
        low: float | None = None,
        high: float | None = None,
        empty: bool = False,
        words: Sequence[str] = (),
    ) -> list[float]:
        """Cells of a column as finite numbers in a range; NaN for an allowed empty cell or a word."""
        if name not in self.columns:
            return [math.nan] * len(self.rows)
        at = self.columns.index(name)
        return [
            self.number(number, name, cells[at], low=low, high=high, empty=empty, words=words)
            for number, cells in self.rows
        ]

    def number(
        self,
        row: int,
        name: str,
        cell: str,
        *,
        low: float | None = None,
        high: float | None = None,
        empty: bool = False,
        words: Sequence[str] = (),
    ) -> float:
        """One cell as a finite number, or NaN with a fault noted."""
        if (not cell and empty) or cell in words:
            return math.nan
        value = read_number(cell, self.delimiter)
        if value is None:
            what = "the cell is empty." if not cell else f"{cell!r} is not a finite number."
            self.add(row, name, what, "Write a number such as 2.5.")
            return math.nan
        if (low is not None and value < low) or (high is not None and value > high):
            limits = (
                f"{low:g} to {high:g}"
                if low is not None and high is not None
                else (f"at least {low:g}" if low is not None else f"at most {high:g}")
            )
            self.add(row, name, f"{cell} is outside its range.", f"It must be {limits}.")
            return math.nan
        return value

    def unique(self, *names: str) -> None:
        """Note rows that repeat the same values in these columns."""
        if any(name not in self.columns for name in names):
            return
        at = [self.columns.index(name) for name in names]
        first: dict[tuple[str, ...], int] = {}
        for number, cells in self.rows:
            mark = tuple(cells[i] for i in at)
            if mark in first:
                self.add(
                    number, ", ".join(names), f"{' / '.join(mark)} stands in row {first[mark]} already.", "Keep one."
                )
            else:
                first[mark] = number


def read_number(cell: str, delimiter: str = ",") -> float | None:
    """A finite number as people write it; a decimal comma only where the comma does not part the cells."""
    text = cell.strip()
    if delimiter != "," and text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    if not text or text[0] not in "+-.0123456789" or "_" in text:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def read_csv(path: str | Path, required: Iterable[str] = (), *, may_be_empty: bool = False) -> CsvTable:
    """Read a CSV file.

    Parameters
    ----------
    path : str or Path
    required : iterable of str
        Columns that must be there; missing ones are noted as faults, not raised yet.
    may_be_empty : bool
        Allow a file with a header and no rows.

    Returns
    -------
    CsvTable
        With the faults of its shape noted: ragged rows, repeated or empty column names, no rows.

    Raises
    ------
    InputError
        The file cannot be read, is not UTF-8, or has no header: nothing can be said about its cells then.
    """
    name = str(path)
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        fault = Fault(name, "", "", f"it cannot be read: {error.strerror}.", "Check the name.")
        raise InputError("Nothing was read.", [fault]) from error
    return parse_csv(raw, name, required, may_be_empty=may_be_empty)


def parse_csv(raw: bytes, name: str, required: Iterable[str] = (), *, may_be_empty: bool = False) -> CsvTable:
    """Read the bytes of a CSV file; see `read_csv`."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = raw[: error.start].count(b"\n") + 1
        fault = Fault(name, f"row {row}", "", "it is not UTF-8 text.", "Save the file as CSV UTF-8.")
        raise InputError("Nothing was read.", [fault]) from error
    if "\0" in text:
        row = text[: text.index("\0")].count("\n") + 1
        raise InputError(
            "Nothing was read.", [Fault(name, f"row {row}", "", "it holds a null byte.", "Save it as CSV.")]
        )
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise InputError("Nothing was read.", [Fault(name, "", "", "it is empty.", "Give a header row and rows.")])
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    table = CsvTable(name, (), [], delimiter)
    line = 0
    try:
        for cells in reader:
            line = reader.line_num
            trimmed = tuple(cell.strip() for cell in cells)
            if not any(trimmed):
                continue
            if not table.columns:
                table.columns = trimmed
            elif len(trimmed) != len(table.columns):
                what = f"{len(trimmed)} cells where the header has {len(table.columns)}."
                table.add(line, "", what, "Correct the row; put a cell with a comma in quotes.")
            else:
                table.rows.append((line, trimmed))
    except csv.Error as error:
        table.add(line + 1, "", f"the quoting is broken ({error}).", "Close the quotes.")
    for number, column in enumerate(table.columns, 1):
        if not column:
            table.add(1, f"column {number}", "it has no name.", "Name it or take it out.")
        elif table.columns.index(column) != number - 1:
            table.add(
                1,
                column,
                f"the column stands twice (columns {table.columns.index(column) + 1} and {number}).",
                "Keep one.",
            )
    table.require(*required)
    if not table.rows and not table.faults and not may_be_empty:
        table.add(None, "", "there are no rows below the header.", "Add rows.")
    return table


def first_seen(values: Iterable[str], wanted: Callable[[str], bool] = bool) -> list[str]:
    """Different values in the order they first appear."""
    return [value for value in dict.fromkeys(values) if wanted(value)]
