"""Rows of a workbook into the values of one scenario and its key, each fault at its cell."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from pydantic import ValidationError

from sjt.authoring.bank import key_file, scenario_file
from sjt.authoring.file_faults import explain
from sjt.authoring.model import RULE_OF_FORMAT, Format, KeySet, Scenario
from sjt.authoring.scenario_files import FRONT, KEYS, SCENARIO
from sjt.authoring.workbook_tables import (
    EXEMPLAR,
    FEATURE,
    LOOK_FOR,
    PERSON_COLUMNS,
    SHEETS,
    YES,
    Column,
    Lists,
    Row,
    parted,
)
from sjt.authoring.writer import key_text, scenario_text
from sjt.errors import Fault

Cell = tuple[str, int, str]
"""Sheet, row, column."""
Path = tuple[str | int, ...]
NO_KEY: Final = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A row with the number it has in its sheet."""

    number: int
    cells: Row


Tables = Mapping[str, Sequence[Placed]]


@dataclass(frozen=True, slots=True)
class BuiltScenario:
    front: Scenario
    keys: KeySet | None
    files: dict[str, bytes]
    mark: str


def slug(title: str) -> str:
    """Give a title as part of a folder's name."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")


class Builder:
    """Rows to values, one scenario after the other; every fault is kept with its cell."""

    def __init__(self, tables: Tables, lists: Lists, name: str, folders: Mapping[str, str]) -> None:
        self.tables = tables
        self.lists = lists
        self.name = name
        self.folders = folders
        self.faults: list[Fault] = []
        self.cells: dict[str, dict[Path, Cell]] = {}
        self.columns: dict[str, dict[str, Column]] = {s: {c.name: c for c in columns} for s, columns in SHEETS.items()}
        self.by_scenario = {s: self._grouped(s, "scenario") for s in ("ksbs", "people", "law", "items")}
        self.by_item = {s: self._grouped(s, "item") for s in ("options", "written")}

    def _grouped(self, sheet: str, column: str) -> dict[str, list[Placed]]:
        found: dict[str, list[Placed]] = defaultdict(list)
        for row in self.tables.get(sheet, ()):
            found[row.cells.get(column, "").strip()].append(row)
        return found

    def fault(self, cell: Cell, what: str, remedy: str) -> Fault:
        sheet, number, column = cell
        return Fault(self.name, f"sheet {sheet}, row {number}", column, what, remedy)

    def references(self) -> None:
        """Find rows that belong to nothing, and ids that stand twice."""
        ids = self._unique("scenarios", "id")
        items = self._unique("items", "item")
        for sheet in self.by_scenario:
            self._known(sheet, "scenario", ids)
        for sheet in self.by_item:
            self._known(sheet, "item", items)

    def _unique(self, sheet: str, column: str) -> set[str]:
        seen: dict[str, int] = {}
        for row in self.tables.get(sheet, ()):
            value = row.cells.get(column, "").strip()
            if value in seen:
                what = f"{value} stands in row {seen[value]} too."
                self.faults.append(self.fault((sheet, row.number, column), what, "Give each its own."))
            elif value:
                seen[value] = row.number
        return set(seen)

    def _known(self, sheet: str, column: str, known: set[str]) -> None:
        home = "scenarios" if column == "scenario" else "items"
        for row in self.tables.get(sheet, ()):
            value = row.cells.get(column, "").strip()
            if value not in known:
                what = f"{value or 'An empty cell'} is not on the sheet {home}."
                remedy = f"Choose an id of the sheet {home}, or take the row out."
                self.faults.append(self.fault((sheet, row.number, column), what, remedy))

    def scenario(self, row: Placed) -> BuiltScenario | None:
        """Make the values of one row of the sheet scenarios, with all that hangs on it."""
        scenario_id = row.cells.get("id", "").strip()
        cells = self.cells.setdefault(scenario_id, {})
        before = len(self.faults)
        front = self._front(scenario_id, row, cells)
        keys = self._keys(scenario_id, row, cells)
        values = {name: value for name, value in front.items() if value is not None}
        folder = row.cells.get("folder", "").strip() or self.folders.get(scenario_id, "")
        folder = folder or "-".join(part for part in (scenario_id, slug(row.cells.get("title", ""))) if part)
        found = self._typed(FRONT, values, cells, row)
        held = self._typed(KEYS, keys, cells, row, ("key",)) if keys is not None else None
        if re.search(r"[/\\\x00]|^\.", folder):
            self.faults.append(self.fault(("scenarios", row.number, "folder"), f"{folder} is no name.", "Empty it."))
        if found is None or len(self.faults) > before:
            return None
        story = row.cells.get("story", "").replace("\r\n", "\n").strip("\n")
        scenario = SCENARIO.validate_python({**values, "story": story, "folder": folder, "sha256": ""})
        files = {scenario_file(folder): scenario_text(scenario).encode()}
        if held is not None:
            files[key_file(folder)] = key_text(held).encode()
        digest = hashlib.sha256(b"\x00".join(content for _, content in sorted(files.items()))).hexdigest()[:40]
        return BuiltScenario(scenario, held, files, digest)

    def _typed(self, kind: Any, values: Mapping[str, Any], cells: Mapping[Path, Cell], row: Placed, *head: Path) -> Any:
        try:
            return kind.validate_python(values)
        except ValidationError as error:
            for message, remedy, path in explain(error, values, by_cell=True):
                full = (*head[0], *(path[1:] if path[:1] == ("items",) else path)) if head else path
                place = next((cells[full[:n]] for n in range(len(full), 0, -1) if full[:n] in cells), None)
                place = place or ("scenarios", row.number, "id")
                found = self.fault(place, message, remedy)
                told = any((one.where, one.field) == (found.where, found.field) for one in self.faults)
                if not (told and message.endswith(" is missing.")):  # its value was not read, and that is told
                    self.faults.append(found)
            return None

    def _front(self, scenario_id: str, row: Placed, cells: dict[Path, Cell]) -> dict[str, Any]:
        def at(column: str, *path: str | int) -> str:
            cells[path or (column,)] = ("scenarios", row.number, column)
            return self._text("scenarios", column, row)

        values: dict[str, Any] = {"id": scenario_id}
        cells["id",] = ("scenarios", row.number, "id")
        values |= {name: at(name) for name in ("title", "option", "demand", "content_note", "family")}
        values |= {name: at(name) for name in ("author", "source", "reskin_of")}
        at("story")
        for name in ("outcomes", "areas", "topics", "enemies", "capabilities"):
            values[name] = [self._choice("scenarios", name, one) for one in parted(at(name))]
        features = {n.removeprefix(FEATURE): at(n, "features") for n in self.columns["scenarios"] if FEATURE in n}
        values["features"] = features
        values["ksbs"] = self._list(cells, "ksbs", scenario_id, ("code", "role", "shows"))
        values["people"] = self._list(cells, "people", scenario_id, PERSON_COLUMNS)
        values["law"] = self._list(cells, "law", scenario_id, ("title", "edition", "review_by"))
        values["items"] = []
        for number, item in enumerate(self.by_scenario["items"].get(scenario_id, ())):
            values["items"].append(self._item(cells, ("items", number), item))
        return values

    def _list(self, cells: dict[Path, Cell], sheet: str, owner: str, names: Iterable[str]) -> list[dict[str, Any]]:
        found = []
        for number, row in enumerate(self.by_scenario[sheet].get(owner, ())):
            cells.setdefault((sheet,), (sheet, row.number, "scenario"))
            cells[sheet, number] = (sheet, row.number, next(reversed(list(names))))
            values: dict[str, Any] = {}
            for name in names:
                cells[sheet, number, name] = (sheet, row.number, name)
                value = self._day(row, name) if name == "review_by" else self._text(sheet, name, row)
                if value is not None:
                    values[name] = value
            found.append(values)
        return found

    def _item(self, cells: dict[Path, Cell], path: Path, row: Placed) -> dict[str, Any]:
        values: dict[str, Any] = {"id": row.cells.get("item", "").strip()}
        cells[path] = cells[*path, "id"] = ("items", row.number, "item")
        for name in ("format", "ask", "scale"):
            cells[*path, name] = ("items", row.number, name)
            values[name] = self._text("items", name, row) or None if name == "scale" else self._text("items", name, row)
        for name in ("choose", "max_words"):
            cells[*path, name] = ("items", row.number, name)
            values[name] = self._whole("items", name, row)
        cells[*path, "minutes"] = ("items", row.number, "minutes")
        values["minutes"] = self._number("items", "minutes", row)
        options = []
        for number, option in enumerate(self.by_item["options"].get(values["id"], ())):
            cells.setdefault((*path, "options"), ("options", option.number, "text"))
            cells[*path, "options", number] = ("options", option.number, "text")
            for name, column in (("id", "option"), ("text", "text"), ("pinned", "pinned")):
                cells[*path, "options", number, name] = ("options", option.number, column)
            made = {"id": option.cells.get("option", "").strip(), "text": self._text("options", "text", option)}
            options.append(made | ({"pinned": True} if self._yes("options", "pinned", option) else {}))
        values["options"] = options
        return {name: value for name, value in values.items() if value is not None}

    def _keys(self, scenario_id: str, row: Placed, cells: dict[Path, Cell]) -> dict[str, Any] | None:
        items = {}
        cells["key", "status"] = ("scenarios", row.number, "key status")
        cells["key", "set_on"] = cells["key", "scenario"] = ("scenarios", row.number, "id")
        for item in self.by_scenario["items"].get(scenario_id, ()):
            item_id = item.cells.get("item", "").strip()
            key = self._key(item_id, item, cells)
            if key is not None:
                items[item_id] = key
        status = self._text("scenarios", "key status", row)
        if not items and not status:
            return None
        set_on = row.cells.get("key set on", "").strip()
        return {"scenario": scenario_id, "status": status or "illustrative", "set_on": set_on, "items": items}

    def _key(self, item_id: str, item: Placed, cells: dict[Path, Cell]) -> dict[str, Any] | None:
        kind = item.cells.get("format", "").strip()
        if kind not in {one.value for one in Format}:
            return None  # told by the front matter
        cells["key", item_id] = ("items", item.number, "format")
        rule = RULE_OF_FORMAT[Format(kind)]
        rows = self.by_item["options"].get(item_id, [])
        if kind == Format.WRITTEN:
            return self._rubric_key(item_id, item, rule, cells)
        values: dict[str, Any] = {"rule": rule}
        for name in ("effectiveness", "place", "chosen", "rating", "why"):
            part = {"place": "order", "chosen": "key", "rating": "key"}.get(name, name)
            if rows and not ((name == "chosen" and kind == "rate") or (name == "rating" and kind == "choose")):
                cells["key", item_id, part] = ("options", rows[0].number, name)
        levels = {
            o: n for row in rows if (o := self._letter(row)) and (n := self._level(row, cells, item_id)) != NO_KEY
        }
        whys = {o: text for row in rows if (o := self._letter(row)) and (text := self._text("options", "why", row))}
        for row in rows:
            cells["key", item_id, "why", self._letter(row)] = ("options", row.number, "why")
        places = {self._letter(row): self._whole("options", "place", row) for row in rows}
        ratings = {self._letter(row): self._whole("options", "rating", row) for row in rows}
        chosen = [self._letter(row) for row in rows if self._yes("options", "chosen", row)]
        if not (levels or whys or chosen or any(v is not None for v in [*places.values(), *ratings.values()])):
            return None
        values |= {"effectiveness": levels, "why": whys}
        if kind == Format.RANK:
            order = sorted({place for place in places.values() if place is not None})
            values["order"] = [[o for o, place in places.items() if place == one] for one in order]
        elif kind == Format.CHOOSE:
            values["key"] = chosen
        elif kind == Format.RATE:
            cells["key", item_id, "matrix"] = ("items", item.number, "matrix")
            values["matrix"] = self._text("items", "matrix", item)
            values["key"] = {o: rating for o, rating in ratings.items() if rating is not None}
        return values

    def _letter(self, row: Placed) -> str:
        return row.cells.get("option", "").strip()

    def _level(self, row: Placed, cells: dict[Path, Cell], item_id: str) -> int | str:
        cells["key", item_id, "effectiveness", self._letter(row)] = ("options", row.number, "effectiveness")
        found = self._whole("options", "effectiveness", row)
        return NO_KEY if found is None else found

    def _rubric_key(self, item_id: str, item: Placed, rule: str, cells: dict[Path, Cell]) -> dict[str, Any] | None:
        rows = self.by_item["written"].get(item_id, [])
        rubric = self._text("items", "rubric", item)
        cells["key", item_id, "rubric"] = ("items", item.number, "rubric")
        if not rows and not rubric:
            return None
        look_for: dict[str, str] = {}
        exemplars: list[dict[str, Any]] = []
        for row in rows:
            what = row.cells.get("what", "").strip()
            place = ("written", row.number, "text")
            if what == LOOK_FOR:
                cells.setdefault(("key", item_id, "look_for"), place)
                cells["key", item_id, "look_for", row.cells.get("criterion", "").strip()] = place
                look_for[row.cells.get("criterion", "").strip()] = self._text("written", "text", row)
            elif what == EXEMPLAR:
                cells.setdefault(("key", item_id, "exemplars"), place)
                cells["key", item_id, "exemplars", len(exemplars)] = place
                values = {"level": self._whole("written", "level", row), "text": self._text("written", "text", row)}
                exemplars.append({name: value for name, value in values.items() if value is not None})
            else:
                remedy = f"Write {LOOK_FOR} or {EXEMPLAR}."
                self.faults.append(
                    self.fault(("written", row.number, "what"), f"{what or 'Nothing'} is unknown.", remedy)
                )
        return {"rule": rule, "rubric": rubric, "look_for": look_for, "exemplars": exemplars}

    def _choice(self, sheet: str, column: str, text: str) -> str:
        return self.lists.value(self.columns[sheet][column].choices, text)

    def _text(self, sheet: str, column: str, row: Placed) -> str:
        text = row.cells.get(column, "")
        if self.columns[sheet][column].choices and self.columns[sheet][column].kind == "text":
            return self._choice(sheet, column, text.strip()) if text.strip() else ""
        return text.replace("\r\n", "\n") if text.strip() else ""

    def _whole(self, sheet: str, column: str, row: Placed) -> int | None:
        text = row.cells.get(column, "").strip()
        if not text:
            return None
        if re.fullmatch(r"-?[0-9]{1,6}", text):
            return int(text)
        self.faults.append(self.fault((sheet, row.number, column), f"{text} is no whole number.", "Correct the cell."))
        return None

    def _number(self, sheet: str, column: str, row: Placed) -> float | None:
        text = row.cells.get(column, "").strip()
        if not text:
            return None
        if re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?", text):
            return float(text)
        self.faults.append(self.fault((sheet, row.number, column), f"{text} is no number.", "Write it as 2.2."))
        return None

    def _yes(self, sheet: str, column: str, row: Placed) -> bool:
        text = row.cells.get(column, "").strip().lower()
        if text in (YES, "y", "true", "1", "x"):
            return True
        if text not in ("", "no", "n", "false", "0"):
            place = (sheet, row.number, column)
            self.faults.append(self.fault(place, f"{text} is neither yes nor empty.", "Write yes, or empty the cell."))
        return False

    def _day(self, row: Placed, column: str) -> date | None:
        text = row.cells.get(column, "").strip()
        if not text:
            return None
        try:
            return date.fromisoformat(text[:10])
        except ValueError:
            place = ("law", row.number, column)
            self.faults.append(self.fault(place, f"{text} is no date.", "Write it as 2027-06-01."))
            return None
