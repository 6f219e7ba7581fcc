"""Tables to files: the rows of a workbook as the scenario.md and key.toml they mean, and where each line came from.

A file's bytes are kept as they were when the rows still say what they said at the export: comments, order and line
ends survive a journey through a workbook. What was changed is written by the canonical writer, and its key is set on
the new text; a key that a panel set is illustrative again, since the panel did not see what now stands there.
"""

from __future__ import annotations

import base64
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sjt.authoring.bank import Reading, key_file, scenario_file
from sjt.authoring.finding import Finding
from sjt.authoring.model import Bank
from sjt.authoring.places import find_places
from sjt.authoring.scenario_files import version_of
from sjt.authoring.workbook_builder import Builder, BuiltScenario, Cell, Path, Placed, Tables
from sjt.authoring.workbook_tables import (
    SHEETS,
    Lists,
    Row,
    cell_text,
    lists_of,
    rows_of,
)
from sjt.authoring.writer import key_text
from sjt.errors import Fault

CHUNK: Final = 24_000
"""Signs of a file kept in one cell; a cell of Excel holds 32,767."""
CODED: Final = "base64:"
_BARE: Final = re.compile(r"[^\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]*")


@dataclass
class Made:
    """The files that a workbook means, and where in it each line of them stands."""

    files: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    """Scenarios whose rows say something else than at the export, and new ones."""
    voided: list[str] = field(default_factory=list)
    """Of these, scenarios whose key was a panel's and is illustrative again."""
    cells: dict[str, dict[int, Cell]] = field(default_factory=dict)
    """For each file, the cell behind a line."""
    heads: dict[str, Cell] = field(default_factory=dict)
    """For each file, the row of its scenario."""

    def place(self, finding: Finding) -> Cell | None:
        """Give the cell a finding is about; None if it is about a file that is no table here."""
        return self.cells.get(finding.file, {}).get(finding.line) or self.heads.get(finding.file)


def tables_of(bank: Bank, files: Mapping[str, bytes], states: Mapping[str, str]) -> dict[str, list[Row]]:
    """Give every sheet's rows of a bank, with the marks that tell an import what was changed since."""
    lists = lists_of(bank)
    sheets: dict[str, list[Row]] = {name: [] for name in SHEETS}
    made: set[str] = set()
    for scenario in bank.scenarios:
        own: dict[str, list[Row]] = {name: [] for name in SHEETS}
        for sheet, row in rows_of(scenario, bank.keys.get(scenario.id), lists):
            own[sheet].append({column: cell_text(text) for column, text in row.items()})
        placed = {sheet: [Placed(0, row) for row in rows] for sheet, rows in own.items()}
        builder = Builder(placed, lists, "", {})
        built = builder.scenario(placed["scenarios"][0])
        if built is not None:
            own["scenarios"][0]["as exported"] = f"{built.mark}:{states.get(scenario.id, '')}"
            for name, content in built.files.items():
                if files.get(name) == content:
                    made.add(name)
        own["scenarios"][0]["state"] = states.get(scenario.id, "")
        for sheet, rows in own.items():
            sheets[sheet] += rows
    sheets["files"] = [row for name in sorted(files) if name not in made for row in _file_rows(name, files[name])]
    return sheets


def _file_rows(name: str, content: bytes) -> Iterator[Row]:
    """Carry a file: its lines as they are, many to a cell; what a cell cannot hold as text, coded."""
    held: list[str] = []
    for line in content.split(b"\n"):
        text = line.decode("utf-8", "replace")
        plain = text.encode() == line and _BARE.fullmatch(text) and not text.startswith(CODED)
        plain = plain and len(text) <= CHUNK and "x005F_" not in text  # openpyxl reads these signs as an escape
        if held and (not plain or sum(map(len, held)) + len(held) + len(text) > CHUNK):
            yield {"path": name, "text": "\n".join(held)}
            held = []
        if plain:
            held.append(text)
            continue
        coded = base64.b64encode(line).decode()
        for start in range(0, len(coded), CHUNK):
            yield {"path": name, "part": "on" if start else "", "text": CODED + coded[start : start + CHUNK]}
    if held:
        yield {"path": name, "text": "\n".join(held)}


def files_of(rows: Sequence[Placed], name: str) -> tuple[dict[str, bytes], list[Fault]]:
    """Put the files together again that a workbook carries."""
    lines: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        held = lines[row.cells.get("path", "")]
        text = row.cells.get("text", "")
        if row.cells.get("part") == "on" and held:
            held[-1] += text.removeprefix(CODED)
        else:
            held.append(text)
    found, faults = {}, []
    for path, parts in lines.items():
        try:
            found[path] = b"\n".join(
                base64.b64decode(part.removeprefix(CODED), validate=True) if part.startswith(CODED) else part.encode()
                for part in parts
            )
        except ValueError:
            faults.append(Fault(name, "sheet files", path, "It was changed by hand.", "Export the workbook again."))
    return found, faults


def built_files(tables: Tables, reading: Reading | None, lists: Lists, name: str) -> Made:
    """Make the files of every scenario in a workbook; ``reading`` is the bank it comes into, if there is one."""
    held = {} if reading is None or reading.bank is None else {one.id: one.folder for one in reading.bank.scenarios}
    builder = Builder(tables, lists, name, held)
    made = Made(faults=builder.faults)
    builder.references()
    carried, faults = files_of(tables.get("files", ()), name)
    made.faults += faults
    made.files |= {path: content for path, content in carried.items() if not _of_scenario(path)}
    base = reading.files if reading is not None else {}
    folders: dict[str, str] = {}
    for row in tables["scenarios"]:
        built = builder.scenario(row)
        if built is None:
            continue
        folder = built.front.folder
        if folder in folders:
            what = f"{folder} is the folder of {folders[folder]} too."
            made.faults.append(builder.fault(("scenarios", row.number, "folder"), what, "Leave it empty."))
            continue
        folders[folder] = built.front.id
        files = _as_they_were(built, row.cells.get("as exported", ""), carried or base)
        if files is None:
            made.changed.append(built.front.id)
            files, voided = _set_anew(built)
            if voided:
                made.voided.append(built.front.id)
        made.files |= files
        for file in files:
            made.heads[file] = ("scenarios", row.number, "id")
            made.cells[file] = _lines(file, files[file], builder.cells[built.front.id])
    return made


def _of_scenario(path: str) -> bool:
    return path.startswith("scenarios/") and path.endswith(("/scenario.md", "/key.toml"))


def _as_they_were(built: BuiltScenario, mark: str, before: Mapping[str, bytes]) -> dict[str, bytes] | None:
    """Give the files of a scenario whose rows still say what they said; None if they say something else."""
    if mark.partition(":")[0] != built.mark:
        return None
    return {name: before.get(name, content) for name, content in built.files.items()}


def _set_anew(built: BuiltScenario) -> tuple[dict[str, bytes], bool]:
    """Give the files of a changed scenario: the key is the writer's own, set on the text as it now stands."""
    folder = built.front.folder
    text = built.files[scenario_file(folder)]
    if built.keys is None:
        return dict(built.files), False
    keys = replace(built.keys, status="illustrative", set_on=f"sha256:{version_of(text)}")
    voided = built.keys.status == "panelled"
    return {scenario_file(folder): text, key_file(folder): key_text(keys).encode()}, voided


def _lines(file: str, content: bytes, cells: Mapping[Path, Cell]) -> dict[int, Cell]:
    """Tell for each line of a file which cell it came from, by the shortest path that begins on it."""
    text = content.decode("utf-8", "replace").replace("\r\n", "\n")
    is_key = file.endswith("key.toml")
    found: dict[int, tuple[int, Cell]] = {}
    body, first = text, 1
    if not is_key:
        front, _, story = text.removeprefix("+++\n").partition("\n+++\n")
        body, first = front + "\n", 2
        start = front.count("\n") + 4
        for line in range(start, start + story.count("\n") + 1):
            if ("story",) in cells:
                found[line] = (0, cells["story",])
    for path, line in find_places(body, first).lines.items():
        place = cells.get(("key", *path) if is_key else path)
        if place is not None and (line not in found or len(path) < found[line][0]):
            found[line] = (len(path), place)
    return {line: place for line, (_, place) in found.items()}
