"""Read marks (RESPONSES.csv) and what is known of the items (ITEMS.csv), strictly, naming every fault.

One pass over the text turns each distinct cell into a small number; 100,000 × 60 cells hold a dozen distinct
texts, so nothing is parsed twice and the marks go straight into their compact form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sjt.errors import Fault, InputError
from sjt.psychometrics.gram import STEPS, FloatArray, IntArray, MarkTable
from sjt.psychometrics.sheet import Sheet, parse_number, read_sheet

OMITTED, NOT_REACHED = "omitted", "not_reached"
ATTRIBUTE_NAMES = frozenset(
    {
        *("group", "gender", "sex", "ethnicity", "disability", "language", "age"),
        *("form", "centre", "center", "session", "cohort", "employer", "minutes"),
    }
)
"""Columns of these names are attributes even without the leading @; a note says so."""
LISTED_FAULTS = 100


@dataclass(frozen=True)
class ItemSpec:
    """What ITEMS.csv says of one item; None where it says nothing."""

    item: str
    min: Fraction | None = None
    max: Fraction | None = None
    chance: Fraction | None = None
    testlet: str | None = None
    format: str | None = None
    key: str | None = None
    text: str | None = None
    ability: str | None = None


@dataclass(frozen=True)
class Responses:
    """Persons' marks with everything the file said beside them."""

    file: str
    persons: list[str]
    items: list[str]
    table: MarkTable
    omitted: IntArray
    not_reached: IntArray
    attributes: dict[str, list[str]]
    specs: dict[str, ItemSpec]
    row_numbers: IntArray
    sha256: str
    notes: list[str] = field(default_factory=list)

    def spec(self, item: str) -> ItemSpec:
        """What is known of an item."""
        return self.specs.get(item, ItemSpec(item))


def read_items(source: Path | bytes, file: str | None = None) -> dict[str, ItemSpec]:
    """Read ITEMS.csv: ``item,min,max,chance,testlet,format,key`` and, if given, ``text``.

    Raises
    ------
    InputError
        Every fault found: a missing ``item`` column, repeated items, a cell that is no number, an empty range.
    """
    sheet, faults = read_sheet(source, file)
    if "item" not in sheet.header:
        faults.append(Fault(sheet.file, "row 1", "item", "There is no column `item`.", "Add it."))
        raise InputError(f"{sheet.file} cannot be used.", faults)
    specs: dict[str, ItemSpec] = {}
    for number, row in zip(sheet.numbers, sheet.rows):
        cell = {column: value.strip() for column, value in zip(sheet.header, row)}
        item, where = cell["item"], f"row {number}"
        if not item:
            faults.append(Fault(sheet.file, where, "item", "The item has no name.", "Name it."))
            continue
        if item in specs:
            faults.append(Fault(sheet.file, where, "item", f"{item} is listed twice.", "Keep one row for each item."))
        numbers: dict[str, Fraction | None] = {}
        for column in ("min", "max", "chance"):
            text = cell.get(column, "")
            numbers[column] = parse_number(text, sheet.delimiter) if text else None
            if text and numbers[column] is None:
                faults.append(
                    Fault(sheet.file, where, column, f"`{text}` is not a number.", "Give a number or nothing.")
                )
        low, high, chance = numbers["min"] or Fraction(0), numbers["max"], numbers["chance"]
        if high is not None and low >= high:
            faults.append(Fault(sheet.file, where, "max", f"max {high} is not above min {low}.", "Correct the range."))
        elif chance is not None and (chance < low or (high is not None and chance > high)):
            faults.append(Fault(sheet.file, where, "chance", f"chance {chance} is outside the range.", "Correct it."))
        specs[item] = ItemSpec(
            item,
            numbers["min"],
            numbers["max"],
            numbers["chance"],
            cell.get("testlet") or None,
            cell.get("format") or None,
            cell.get("key") or None,
            cell.get("text") or None,
        )
    if faults:
        raise _refusal(sheet.file, faults)
    return specs


def _refusal(file: str, faults: list[Fault]) -> InputError:
    listed = faults[:LISTED_FAULTS]
    more = f" The first {len(listed)} are listed." if len(faults) > len(listed) else ""
    return InputError(f"{file} cannot be used: {len(faults)} fault{'s' * (len(faults) > 1)}.{more}", listed)


class _Cells(dict[str, int]):
    """Distinct cell texts to small numbers; parses a text the first time it is met."""

    def __init__(self, delimiter: str) -> None:
        super().__init__({"": 0})
        self.delimiter = delimiter
        self.numbers: list[Fraction | None] = [None, Fraction(0), Fraction(0)]  # empty, omitted, not reached
        self.bad: dict[int, str] = {}

    def __missing__(self, cell: str) -> int:
        text = cell.strip()
        if text in ("", OMITTED, NOT_REACHED):
            index = {"": 0, OMITTED: 1, NOT_REACHED: 2}[text]
        else:
            index = len(self.numbers)
            value = parse_number(text, self.delimiter)
            self.numbers.append(value)
            if value is None:
                self.bad[index] = text
        self[cell] = index
        return index


def read_responses(
    source: Path | bytes,
    items: Mapping[str, ItemSpec] | None = None,
    *,
    file: str | None = None,
    attributes: Sequence[str] = (),
) -> Responses:
    """Read RESPONSES.csv: ``person``, a column of marks for each item, attributes with a leading ``@``.

    Parameters
    ----------
    source : Path or bytes
        The file, or its content.
    items : mapping of ItemSpec, optional
        From `read_items`: then only listed columns are items, and marks are checked against min and max.
    file : str, optional
        Name used in faults.
    attributes : sequence of str
        Further columns that are attributes, not items.

    Returns
    -------
    Responses

    Raises
    ------
    InputError
        Every fault found, each with its row and column: ragged rows, repeated persons, cells that are not
        numbers, marks outside an item's range, no persons, no items.
    """
    sheet, faults = read_sheet(source, file)
    notes: list[str] = []
    header = sheet.header
    person_column = next((i for i, name in enumerate(header) if name.lower() == "person"), None)
    columns: list[tuple[str, ...]] = list(zip(*sheet.rows)) if sheet.rows else [() for _ in header]
    if person_column is None:
        persons = [str(number) for number in sheet.numbers]
        notes.append("There is no column `person`; persons are named by their row.")
    else:
        persons = [cell.strip() for cell in columns[person_column]]
        faults += _person_faults(sheet, persons, header[person_column])
    cells = _Cells(sheet.delimiter)
    named: list[str] = []
    coded: list[NDArray[np.int32]] = []
    said: dict[str, list[str]] = {}
    extra = {name.lstrip("@") for name in attributes}
    unlisted: list[str] = []
    by_name: list[str] = []
    words: list[str] = []
    for position, name in enumerate(header):
        if position == person_column:
            continue
        column = columns[position]
        if name.startswith("@") or name in extra:
            said[name.lstrip("@")] = [cell.strip() for cell in column]
            continue
        if items is not None and name not in items:
            said[name] = [cell.strip() for cell in column]
            unlisted.append(name)
            continue
        if items is None and name.lower() in ATTRIBUTE_NAMES:
            said[name] = [cell.strip() for cell in column]
            by_name.append(name)
            continue
        codes = np.fromiter(map(cells.__getitem__, column), dtype=np.int32, count=len(column))
        distinct = np.unique(codes)
        if items is None and cells.bad and distinct.size and _all_words(distinct, cells):
            said[name] = [cell.strip() for cell in column]
            words.append(name)
            continue
        if person_column is None and items is None and _all_names(codes, distinct, cells):
            faults.append(
                Fault(
                    sheet.file,
                    "row 1",
                    name,
                    "Every cell below it is a word of its own, as persons have them.",
                    "Call the column `person`.",
                )
            )
            continue
        named.append(name)
        coded.append(codes)
    if unlisted:
        notes.append(f"Not in the list of items, so not analysed: {', '.join(unlisted)}.")
    if by_name:
        notes.append(f"Taken as attributes by their name: {', '.join(by_name)}.")
    if words:
        notes.append(f"Taken as attributes since they hold words: {', '.join(words)}.")
    if not sheet.rows and not faults:
        faults.append(Fault(sheet.file, "", "", "There is no row below the header.", "Add a row for each person."))
    if not named and not faults:
        faults.append(Fault(sheet.file, "row 1", "", "There is no column of marks.", "Add a column for each item."))
    codes = np.column_stack(coded) if coded else np.zeros((len(sheet.rows), 0), dtype=np.int32)
    if items is not None:
        absent = [name for name in items if name not in header]
        if absent:
            notes.append(f"Listed as items but without a column of marks: {', '.join(absent)}.")
    faults += _cell_faults(sheet, named, codes, cells, items or {})
    if faults:
        raise _refusal(sheet.file, faults)
    return Responses(
        sheet.file,
        persons,
        named,
        _table(codes, cells),
        (codes == 1).sum(axis=0, dtype=np.int64),
        (codes == 2).sum(axis=0, dtype=np.int64),
        said,
        {name: items[name] for name in named} if items is not None else {},
        np.array(sheet.numbers, dtype=np.int64),
        sheet.sha256,
        notes,
    )


def _all_words(distinct: NDArray[np.int32], cells: _Cells) -> bool:
    filled = [index for index in distinct.tolist() if index > 2]
    odd = re.compile(r"[+-]?(nan|inf|infinity|na|n/a|null|none|-|\?|x|\.|#.*)", re.IGNORECASE)
    return bool(filled) and all(
        index in cells.bad and not odd.fullmatch(cells.bad[index]) and not any(map(str.isdigit, cells.bad[index]))
        for index in filled
    )


def _all_names(codes: NDArray[np.int32], distinct: NDArray[np.int32], cells: _Cells) -> bool:
    """Whether no two cells are alike and none is a number: names of persons under another heading."""
    return len(codes) > 1 and len(distinct) == len(codes) and all(index in cells.bad for index in distinct.tolist())


def _person_faults(sheet: Sheet, persons: Sequence[str], column: str) -> list[Fault]:
    faults = []
    first: dict[str, int] = {}
    for number, person in zip(sheet.numbers, persons):
        if not person:
            faults.append(Fault(sheet.file, f"row {number}", column, "The person has no name.", "Name every person."))
        elif person in first:
            faults.append(
                Fault(
                    sheet.file,
                    f"row {number}",
                    column,
                    f"{person} was already in row {first[person]}.",
                    "Keep one row for each person.",
                )
            )
        else:
            first[person] = number
    return faults


def _cell_faults(
    sheet: Sheet, named: Sequence[str], codes: NDArray[np.int32], cells: _Cells, items: Mapping[str, ItemSpec]
) -> list[Fault]:
    faults: list[Fault] = []
    if cells.bad:
        is_bad = np.zeros(len(cells.numbers), dtype=bool)
        is_bad[list(cells.bad)] = True
        for r, c in np.argwhere(is_bad[codes]):
            text = cells.bad[int(codes[r, c])]
            faults.append(
                Fault(
                    sheet.file,
                    f"row {sheet.numbers[r]}",
                    named[c],
                    f"`{text[:40]}` is not a finite number.",
                    "Give a number, `omitted`, `not_reached`, or nothing where the item was not presented.",
                )
            )
    for c, name in enumerate(named):
        spec = items.get(name)
        if spec is None:
            continue
        low, high = spec.min or Fraction(0), spec.max
        outside = np.array(
            [value is not None and (value < low or (high is not None and value > high)) for value in cells.numbers]
        )
        outside[1:3] = False
        if not outside.any():
            continue
        for r in np.flatnonzero(outside[codes[:, c]]):
            value = cells.numbers[int(codes[r, c])]
            top = "" if high is None else f" to {_plain(high)}"
            faults.append(
                Fault(
                    sheet.file,
                    f"row {sheet.numbers[r]}",
                    name,
                    f"The mark {_plain(value)} is outside {_plain(low)}{top}.",
                    "Correct the mark, or the item's min and max.",
                )
            )
    return faults


def _plain(value: Fraction | None) -> str:
    return "" if value is None else f"{float(value):g}"


def _table(codes: NDArray[np.int32], cells: _Cells) -> MarkTable:
    """Look the cells' numbers up in the smallest type that holds them exactly."""
    numbers = [value for value in cells.numbers if value is not None]
    per_unit = lcm(*(value.denominator for value in numbers)) if numbers else 1
    largest = max((abs(value * per_unit) for value in numbers), default=Fraction(0))
    if per_unit <= max(STEPS) and largest <= 32767:
        small = largest <= 127
        missing = -128 if small else -32768
        whole = [missing if value is None else int(value * per_unit) for value in cells.numbers]
        if small:
            return MarkTable(np.array(whole, dtype=np.int8)[codes], per_unit)
        return MarkTable(np.array(whole, dtype=np.int16)[codes], per_unit)
    floats = np.array([np.nan if value is None else float(value) for value in cells.numbers])
    return MarkTable(floats[codes], 1)


def item_limits(responses: Responses) -> tuple[FloatArray, FloatArray, list[str]]:
    """Smallest and largest mark of every item, declared or seen, and the notes that say which.

    Returns
    -------
    low, high : ndarray, shape (n_items,)
        ``high`` is NaN for an item that nobody was presented and for which no maximum is declared.
    notes : list of str
    """
    low = np.zeros(len(responses.items))
    high = np.full(len(responses.items), np.nan)
    guessed: list[str] = []
    negative: list[str] = []
    table = responses.table
    seen_low, seen_high = table.range()
    for i, item in enumerate(responses.items):
        spec = responses.spec(item)
        least, most = float(seen_low[i]), float(seen_high[i])
        if spec.min is not None:
            low[i] = float(spec.min)
        elif least < 0:
            low[i] = least
            negative.append(item)
        if spec.max is not None:
            high[i] = float(spec.max)
        else:
            high[i] = most
            guessed.append(item)
    notes = []
    if guessed:
        which = "every item" if len(guessed) == len(responses.items) else ", ".join(guessed)
        notes.append(f"No maximum is declared for {which}: the largest mark seen stands for it, and the minimum is 0.")
    if negative:
        notes.append(
            f"Negative marks without a declared minimum: the smallest mark seen stands for it ({', '.join(negative)})."
        )
    return low, high, notes
