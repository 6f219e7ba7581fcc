"""What the checks say of a draft, each finding at the field it concerns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sjt.authoring import checks
from sjt.authoring.bank import Reading, key_file, read_pair, scenario_file
from sjt.authoring.draft import Fields, listed, option_list
from sjt.authoring.draft_files import Built
from sjt.authoring.finding import Finding, Severity
from sjt.authoring.places import Places
from sjt.authoring.story_marks import Spot, spot

MISSING = "F03"
TONES = ("error", "warning", "todo")
"""As a list of findings has them: what is wrong before what is not written yet."""


@dataclass(frozen=True, slots=True)
class FieldFinding:
    """One finding, and the name of the field it stands beside."""

    field: str
    severity: str
    rule: str
    message: str
    remedy: str
    spot: Spot | None = None
    """Inside the story: the words it is about."""

    @property
    def tone(self) -> str:
        """Give what it is to somebody at work: a part that is not written yet is no fault there, before it is sent."""
        return "todo" if self.rule == MISSING else self.severity

    @property
    def line(self) -> int | None:
        return self.spot.line if self.spot else None


def with_draft(held: Reading, built: Built) -> Reading:
    """Give the bank as it would be with the draft in it."""
    assert held.bank is not None
    scenario = built.scenario
    files = {scenario_file(scenario.folder): built.scenario_bytes, key_file(scenario.folder): built.key_bytes}
    own = read_pair(files)
    others = [one for one in held.bank.scenarios if one.id != scenario.id]
    bank = replace(
        held.bank,
        scenarios=tuple(sorted([*others, scenario], key=lambda one: (one.id, one.folder))),
        keys={**held.bank.keys, scenario.id: built.keys},
    )
    return Reading(
        {**held.files, **files},
        bank,
        own.findings,
        {**held.places, **own.places},
        {**held.story_lines, **own.story_lines},
        {**held.key_files, **own.key_files},
    )


def look(held: Reading, built: Built, fields: Fields, *, today: date, whole: bool = False) -> list[FieldFinding]:
    """Run the rules on a draft; with ``whole`` those about the whole bank too, as far as they name this scenario."""
    reading = with_draft(held, built)
    scenario = built.scenario
    report = checks.check(reading, today=today, only=None if whole else [scenario.id])
    empty = {lack.field for lack in built.missing}
    keyless = {field.split(".")[1] for field in empty if field.rpartition(".")[2] in ("place", "level", "rating")}
    reasonless = {field[:3] for field in empty if field.endswith(".why")}  # told at the response itself
    found = [
        FieldFinding(lack.field, Severity.ERROR.value, MISSING, lack.message, lack.remedy) for lack in built.missing
    ]
    for one in report.findings:
        if one.scenario != scenario.id:
            continue
        placed = _placed(one, reading, built, fields)
        unwritten = placed.field in empty and one.file != reading.key_files.get(scenario.id)
        about_key = one.item[-1:] in keyless and one.file == reading.key_files.get(scenario.id)
        told = one.rule == "L07" and placed.field == f"i.{one.item[-1:]}.key" and f"i.{one.item[-1:]}" in reasonless
        if not (unwritten or told or (about_key and ".why" not in placed.field)):
            found.append(placed)
    return sorted(found, key=lambda one: (TONES.index(one.tone), _place(one.field, fields), one.rule))


def _placed(one: Finding, reading: Reading, built: Built, fields: Fields) -> FieldFinding:
    scenario = built.scenario
    where = None
    if one.file == scenario_file(scenario.folder):
        if one.line >= reading.story_lines[scenario.folder]:
            field, where = "story", spot(fields.get("story", ""), one.message)
        else:
            field = _in_front(_path(reading.places[one.file], one.line), one, fields)
    elif one.file == reading.key_files.get(scenario.id):
        field = _in_key(_path(reading.places[one.file], one.line))
    else:
        field = f"i.{one.item[-1]}.ask" if one.item else ""
    message = one.message.removeprefix(f"{one.item}: ")  # beside its item the id says nothing
    return FieldFinding(field, one.severity.value, one.rule, message[:1].upper() + message[1:], one.remedy, where)


def _path(places: Places, line: int) -> Sequence[str | int]:
    """Give the shortest path that begins on a line: the entry, not the first of its parts."""
    here = [path for path, at in places.lines.items() if at == line]
    return min(here, key=len, default=())


def _in_front(path: Sequence[str | int], one: Finding, fields: Fields) -> str:
    if not path or path[0] in ("id", "schema"):
        return f"i.{one.item[-1]}.ask" if one.item else ""
    name = str(path[0])
    if name == "items":
        items = listed(fields, "items")
        letter = items[int(path[1])] if len(path) > 1 and int(path[1]) < len(items) else one.item[-1:]
        if len(path) > 3 and path[2] == "options":
            return f"i.{letter}.o.{listed(fields, option_list(letter))[int(path[3])]}.text"
        if len(path) == 3 and path[2] == "options":
            return f"i.{letter}.key"
        known = len(path) > 2 and path[2] in ("minutes", "choose", "scale", "max_words")
        return f"i.{letter}.{path[2]}" if known else f"i.{letter}.ask"
    rows = {"ksbs": ("ksbs", "ksb", "shows"), "people": ("people", "person", "name"), "law": ("laws", "law", "title")}
    if name in rows:
        entries, head, part = rows[name]
        row = listed(fields, entries)
        return f"{head}.{row[int(path[1])]}.{part}" if len(path) > 1 and int(path[1]) < len(row) else entries
    return name


def _in_key(path: Sequence[str | int]) -> str:
    if not path or "-" not in str(path[0]):
        return ""
    letter = str(path[0])[-1]
    if len(path) > 2 and path[1] == "why":
        return f"i.{letter}.o.{path[2]}.why"
    if len(path) > 2 and path[1] == "look_for":
        return f"i.{letter}.look.{path[2]}"
    if len(path) > 1 and path[1] == "exemplars":
        return f"i.{letter}.examples"
    return f"i.{letter}.key"


def _place(field: str, fields: Fields) -> tuple[int, str]:
    """Order findings as the page has them: story first, then items, then the rest."""
    return (0 if field in ("title", "story") else 1 if field.startswith("i.") else 2, field)


def by_field(found: Sequence[FieldFinding]) -> Mapping[str, list[FieldFinding]]:
    """Group findings under the names of their fields."""
    groups: dict[str, list[FieldFinding]] = {}
    for one in found:
        groups.setdefault(one.field, []).append(one)
    return groups
