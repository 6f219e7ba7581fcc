"""A bank as an Excel workbook and back: lists to choose from on the way out, every fault by its cell on the way in."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sjt.authoring import import_export
from sjt.authoring.bank import Reading, load_files
from sjt.authoring.import_export import Prepared
from sjt.authoring.model import Bank
from sjt.authoring.office import open_parts, openpyxl
from sjt.authoring.states import ScenarioState
from sjt.authoring.workbook_builder import Placed
from sjt.authoring.workbook_files import Made, built_files, tables_of
from sjt.authoring.workbook_tables import OPTIONAL, SHEETS, YES, Column, Lists, Row, cell_text, lists_of
from sjt.errors import Fault, InputError

READ_ME: Final = "read me"
LISTS: Final = "lists"
FILES: Final = "files"
WHOLE: Final = "whole bank"
SOME: Final = "some scenarios"
FILE_COLUMNS: Final = (Column("path", 40, ""), Column("part", 6, ""), Column("text", 120, ""))
CELL_MOST: Final = 32_767
ROWS_MOST: Final = 400_000
EMPTY_ROWS: Final = 2_000
"""How far down the lists of choices reach below what is filled in."""
_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t")

HOW_TO: Final = (
    "Each sheet is one table. The order of its rows is the order in the bank.",
    "Rows of ksbs, people, law and items name their scenario; rows of options and written name their item.",
    "Cells with an arrow offer the values that the bank knows. Several values in one cell are parted by semicolons.",
    "Columns in bold must be filled in. Empty rows are passed over. Formulas are not read: paste values.",
    "To add a scenario write its rows under an id that nothing else has. To change one, change its cells.",
    "A key whose text or key changed is illustrative again until a panel has set it.",
    "Import checks the whole workbook: one error, and nothing is changed. Faults are named by sheet, row and column.",
)


@dataclass(frozen=True, slots=True)
class Workbook:
    """What a workbook holds: its tables with row numbers, and what its first sheet says of it."""

    name: str
    tables: Mapping[str, Sequence[Placed]]
    bank_id: str
    holds: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A workbook that can be imported."""

    prepared: Prepared
    changed: tuple[str, ...]
    voided: tuple[str, ...]


def bank_workbook(bank: Bank, files: Mapping[str, bytes], states: Mapping[str, str]) -> bytes:
    """Write a whole bank; what tables cannot say is carried on a hidden sheet, so that nothing is lost on the way."""
    return _written(bank, tables_of(bank, files, states), WHOLE)


def template(bank: Bank, *, next_id: str = "") -> bytes:
    """Write an empty workbook for a bank: its lists, no scenario."""
    return _written(bank, {name: [] for name in SHEETS}, SOME, next_id=next_id)


def _written(bank: Bank, tables: Mapping[str, Sequence[Row]], holds: str, *, next_id: str = "") -> bytes:
    made = openpyxl()
    book = made.Workbook()
    book.remove(book.active)
    lists = lists_of(bank)
    _read_me(book, bank, holds, next_id)
    ranges = _list_ranges(lists)
    for name, columns in SHEETS.items():
        _sheet(book, name, columns, tables[name], ranges)
    _lists(book, lists)
    if holds == WHOLE:
        sheet = _sheet(book, FILES, FILE_COLUMNS, tables[FILES], {})
        sheet.sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _read_me(book: Any, bank: Bank, holds: str, next_id: str) -> None:
    sheet = book.create_sheet(READ_ME)
    styles = _styles()
    rows: list[tuple[str, str]] = [
        ("bank", bank.settings.id),
        ("holds", holds),
        ("title", bank.settings.title),
        ("standard", bank.standard.title),
    ]
    if next_id:
        rows.append(("next free id", next_id))
    rows += [("", text) for text in HOW_TO]
    rows.append(("sheets", ", ".join(SHEETS)))
    for number, (head, text) in enumerate(rows, start=1):
        sheet.cell(number, 1, head).font = styles["bold"]
        _put(sheet.cell(number, 2), text, "text")
        sheet.cell(number, 2).alignment = styles["wrap"]
    start = len(rows) + 2
    for offset, title in enumerate(("sheet", "column", "what it holds")):
        sheet.cell(start, 1 + offset, title).font = styles["bold"]
    at = start
    for name, columns in SHEETS.items():
        for column in columns:
            if not column.hidden:
                at += 1
                for offset, text in enumerate((name, column.name, column.help)):
                    _put(sheet.cell(at, 1 + offset), text, "text")
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 16, 90
    sheet.column_dimensions["C"].width = 70


def _styles() -> Mapping[str, Any]:
    styles = openpyxl().styles
    return {
        "bold": styles.Font(bold=True),
        "plain": styles.Font(bold=False, color="FF555555"),
        "head": styles.PatternFill("solid", fgColor="FFE4ECEA"),
        "wrap": styles.Alignment(wrap_text=True, vertical="top"),
        "top": styles.Alignment(vertical="top"),
    }


def _list_ranges(lists: Lists) -> dict[str, str]:
    """Name the range of each list on its sheet."""
    letter = openpyxl().utils.get_column_letter
    ranges = {
        name: f"{LISTS}!${letter(at)}$2:${letter(at)}${1 + len(entries)}"
        for at, (name, entries) in enumerate(lists.entries.items(), start=1)
        if entries
    }
    return ranges | {"scenario": "scenarios!$A$2:$A$20000", "item": "items!$B$2:$B$40000"}


def _lists(book: Any, lists: Lists) -> None:
    sheet = book.create_sheet(LISTS)
    for at, (name, entries) in enumerate(lists.entries.items(), start=1):
        sheet.cell(1, at, name).font = _styles()["bold"]
        for number, (_, shown) in enumerate(entries, start=2):
            _put(sheet.cell(number, at), shown, "text")
    sheet.freeze_panes = "A2"


def _sheet(book: Any, name: str, columns: Sequence[Column], rows: Sequence[Row], ranges: Mapping[str, str]) -> Any:
    package = openpyxl()
    sheet = book.create_sheet(name)
    letter = package.utils.get_column_letter
    styles = _styles()
    for at, column in enumerate(columns, start=1):
        head = sheet.cell(1, at, column.name)
        head.font = styles["bold"] if column.needed else styles["plain"]
        head.fill = styles["head"]
        dimension = sheet.column_dimensions[letter(at)]
        dimension.width, dimension.hidden = column.width, column.hidden
        last = len(rows) + 1 + EMPTY_ROWS
        if column.choices in ranges:
            several = column.kind == "list"
            rule = package.worksheet.datavalidation.DataValidation(
                type="list", formula1=ranges[column.choices], allow_blank=True, showErrorMessage=not several
            )
            rule.errorTitle, rule.error = "Not in the list", f"Choose a value of the list. {column.help}"[:220]
            rule.promptTitle, rule.prompt = column.name, column.help[:220]
            rule.add(f"{letter(at)}2:{letter(at)}{last}")
            sheet.add_data_validation(rule)
    looks = {column.name: _look(sheet, column, styles) for column in columns}
    for number, row in enumerate(rows, start=2):
        for at, column in enumerate(columns, start=1):
            text = row.get(column.name, "")
            if text:
                cell = sheet.cell(number, at)
                cell._style = looks[column.name]
                _put(cell, text, column.kind, where=f"sheet {name}, row {number}, {column.name}")
    sheet.freeze_panes = "B2" if name != FILES else "A2"
    if columns is not FILE_COLUMNS:
        sheet.auto_filter.ref = f"A1:{letter(len(columns))}{len(rows) + 1}"
    return sheet


def _look(sheet: Any, column: Column, styles: Mapping[str, Any]) -> Any:
    """Give the look of a column's cells, made once: openpyxl takes long over each."""
    cell = openpyxl().cell.Cell(sheet, 1, 1)
    cell.alignment = styles["wrap"] if column.width >= 40 else styles["top"]
    cell.number_format = {"date": "yyyy-mm-dd", "whole": "0", "number": "General"}.get(column.kind, "@")
    return cell._style


def _put(cell: Any, text: str, kind: str, *, where: str = "") -> None:
    """Write a cell: numbers and dates as such, every text as text, whatever it begins with."""
    if kind == "whole" and re.fullmatch(r"-?[0-9]{1,6}", text):
        cell.value = int(text)
    elif kind == "number" and re.fullmatch(r"[0-9.]+", text) and float(f"{float(text):.15g}") == float(text):
        cell.value = float(text)
    elif kind == "date":
        cell._value, cell.data_type = date.fromisoformat(text), "d"  # setting .value would change the look
    else:
        if len(text) > CELL_MOST:
            raise InputError(f"{where} has {len(text)} signs; a cell of Excel holds {CELL_MOST}. Export files instead.")
        cell._value, cell.data_type = cell_text(text), "s"  # never a formula, whatever it begins with
        if text.startswith(_STARTS_A_FORMULA):
            cell._style = copy(cell._style)
            cell.quotePrefix = True  # stays text when somebody edits the cell


def read_workbook(data: bytes, name: str) -> Workbook:
    """Read the tables of a workbook, or refuse it with every fault of its shape."""
    open_parts(data, name).close()
    package = openpyxl()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions of other programs that are not read
            book = package.load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
            return _tables(book, name)
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, SyntaxError, OSError) as error:
        raise InputError(f"{name} cannot be read as a workbook. Save it again as .xlsx.") from error


def _tables(book: Any, name: str) -> Workbook:
    facts: dict[str, str] = {}
    if READ_ME in book.sheetnames:
        for row in book[READ_ME].iter_rows(min_row=1, max_row=20, max_col=2, values_only=True):
            if row and row[0]:
                facts[str(row[0]).strip()] = str(row[1] or "").strip() if len(row) > 1 else ""
    faults = [
        Fault(name, f"sheet {sheet}", "", "The sheet is missing.", "Add it; the template has its columns.")
        for sheet in SHEETS
        if sheet not in book.sheetnames and sheet not in OPTIONAL
    ]
    tables: dict[str, list[Placed]] = {}
    for sheet, columns in [*SHEETS.items(), (FILES, FILE_COLUMNS)]:
        tables[sheet] = list(_rows(book[sheet], sheet, columns, name, faults)) if sheet in book.sheetnames else []
    if not faults and not tables["scenarios"]:
        faults.append(Fault(name, "sheet scenarios", "", "It has no row.", "Write one row for each scenario."))
    if faults:
        raise InputError(f"{name} cannot be read: nothing was changed.", faults)
    return Workbook(name, tables, facts.get("bank", ""), facts.get("holds", SOME))


def _rows(sheet: Any, title: str, columns: Sequence[Column], name: str, faults: list[Fault]) -> Iterator[Placed]:
    sheet.reset_dimensions()  # what a file says of its own size is not believed
    rows = sheet.iter_rows(max_col=200)
    head = [_words(cell) for cell in next(rows, ())]
    while head and not head[-1]:
        head.pop()
    known = {column.name: column for column in columns}
    for number, text in enumerate(head, start=1):
        if text and text not in known:
            faults.append(Fault(name, f"sheet {title}, row 1", text, "The column is unknown.", "Take it out."))
        if text and text in head[: number - 1]:
            faults.append(Fault(name, f"sheet {title}, row 1", text, "The column stands twice.", "Keep one."))
    faults.extend(
        Fault(name, f"sheet {title}, row 1", column.name, "The column is missing.", "Add it.")
        for column in columns
        if column.name not in head and (column.needed or columns is FILE_COLUMNS)
    )
    for number, row in enumerate(rows, start=2):
        if number > ROWS_MOST:
            faults.append(Fault(name, f"sheet {title}", "", f"It has over {ROWS_MOST:,} rows.", "Split the workbook."))
            return
        cells: Row = {}
        for column, cell in zip(head, row, strict=False):
            if cell.value is None or column not in known:
                continue
            if cell.data_type in ("f", "e"):
                what = "holds a formula" if cell.data_type == "f" else "holds an error"
                faults.append(Fault(name, f"sheet {title}, row {number}", column, f"It {what}.", "Paste its value."))
            text = _words(cell) if title != FILES else str(cell.value)
            if text:
                cells[column] = text
        if any(text.strip() for text in cells.values()) or (title == FILES and cells):
            yield Placed(number, cells)


def _words(cell: Any) -> str:
    """Give what a cell says: numbers without a needless point, days as dates, truth as yes."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return YES if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def made_of(book: Workbook, reading: Reading | None) -> Made:
    """Give the files a workbook means: the whole bank, or the bank of ``reading`` with its scenarios put in."""
    whole = book.holds == WHOLE
    if whole:
        carried = built_files({**{s: [] for s in SHEETS}, FILES: book.tables[FILES]}, None, Lists({}), book.name)
        frame = load_files(carried.files).bank
        if carried.faults or frame is None:
            what = "What it carries beside its tables is missing or changed."
            remedy = f"Export it again, or write {SOME} beside holds on the sheet {READ_ME}."
            raise InputError(f"{book.name} was not read.", [*carried.faults, Fault(book.name, FILES, "", what, remedy)])
        return built_files(book.tables, None, lists_of(frame), book.name)
    if reading is None or reading.bank is None:
        raise InputError(f"{book.name} adds to a bank, and there is none yet. Import a whole bank first.")
    if book.bank_id and book.bank_id != reading.bank.settings.id:
        raise InputError(f"{book.name} was made for bank {book.bank_id}; this is {reading.bank.settings.id}.")
    tables = {name: rows for name, rows in book.tables.items() if name != FILES}
    made = built_files(tables, reading, lists_of(reading.bank), book.name)
    ids = {
        path for one in reading.bank.scenarios if one.id in _ids(book) for path in _paths(reading, one.folder, one.id)
    }
    made.files = {path: content for path, content in reading.files.items() if path not in ids} | made.files
    return made


def _ids(book: Workbook) -> set[str]:
    return {row.cells.get("id", "").strip() for row in book.tables["scenarios"]}


def _paths(reading: Reading, folder: str, scenario_id: str) -> Iterator[str]:
    yield f"scenarios/{folder}/scenario.md"
    if scenario_id in reading.key_files:
        yield reading.key_files[scenario_id]


def check_workbook(book: Workbook, reading: Reading | None, *, today: date) -> Checked:
    """Check what a workbook means, whole: what would be imported, or InputError with every fault by its cell."""
    name = book.name
    made = made_of(book, reading)
    faults = list(made.faults)
    faults += [fault for row in book.tables["scenarios"] for fault in _moved(name, row)]
    if faults:
        raise InputError(f"{name} was not imported: {_errors(faults)}. Nothing was changed.", faults)
    ready = import_export.prepare(dict(sorted(made.files.items())), today=today)
    if ready.report.errors:
        faults = [_by_cell(name, made, finding) for finding in ready.report.errors]
        raise InputError(f"{name} was not imported: {_errors(faults)}. Nothing was changed.", faults)
    return Checked(ready, tuple(made.changed), tuple(made.voided))


def _moved(name: str, row: Placed) -> Iterator[Fault]:
    """Find a state that was changed in the workbook: scenarios are moved on their pages, by those who may."""
    said = row.cells.get("state", "").strip()
    _, known, before = row.cells.get("as exported", "").partition(":")
    if said and said != (before if known else ScenarioState.DRAFT.value):
        what = f"It says {said}" + (f" and said {before}." if before else "; a new scenario begins as a draft.")
        yield Fault(name, f"sheet scenarios, row {row.number}", "state", what, "Move it on its page in sjt.")


def _errors(faults: Sequence[Fault]) -> str:
    return f"it has {len(faults)} error" + ("" if len(faults) == 1 else "s")


def _by_cell(name: str, made: Made, finding: Any) -> Fault:
    place = made.place(finding)
    if place is None:
        return Fault(finding.file, f"line {finding.line}", finding.rule, finding.message, finding.remedy)
    sheet, row, column = place
    return Fault(name, f"sheet {sheet}, row {row}", column, f"{finding.rule}: {finding.message}", finding.remedy)
