"""Files to model: a whole bank read at once, with every fault of every file and the line it stands on.

Works on a mapping of names to bytes, so that a bank in a folder, in an archive or in the database reads alike.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import TypeAdapter

from sjt.authoring.finding import Finding
from sjt.authoring.model import Bank, BankSettings, Capability, KeySet, Rubric, Scenario
from sjt.authoring.places import Places
from sjt.authoring.plan import Plan
from sjt.authoring.plan_faults import parse_plan
from sjt.authoring.scenario_files import FileReader, ReadFile, read_key, read_scenario
from sjt.authoring.standard import Standard, standard_faults
from sjt.errors import InputError, NotFound

NOT_ENEMIES = "likeness/not-enemies.csv"
"""Pairs that the rules find alike and somebody found to be no enemies, each with the reason."""
MAX_FILE_BYTES = 4_000_000
"""No hand-written file of a bank comes near this; a larger one was put there by mistake."""


@dataclass(frozen=True)
class Reading:
    """A bank as far as it could be read; ``bank`` is None when its settings or its standard could not."""

    files: Mapping[str, bytes]
    bank: Bank | None
    findings: tuple[Finding, ...]
    places: Mapping[str, Places] = field(default_factory=dict)
    story_lines: Mapping[str, int] = field(default_factory=dict)
    key_files: Mapping[str, str] = field(default_factory=dict)
    """Which key.toml holds the key of a scenario; it names the scenario itself, so the folder need not."""

    @property
    def scenario_count(self) -> int:
        return sum(1 for name in self.files if _scenario_folder(name, "scenario.md"))

    def line(self, file: str, *path: str | int) -> int:
        places = self.places.get(file)
        return places.line(*path) if places else 1


def scenario_file(folder: str) -> str:
    return f"scenarios/{folder}/scenario.md"


def key_file(folder: str) -> str:
    return f"scenarios/{folder}/key.toml"


def read_files(directory: Path) -> dict[str, bytes]:
    """Return every file below a folder by its name inside it; hidden files and folders are left out."""
    if not directory.is_dir():
        raise NotFound(f"There is no bank at {directory}. Give the folder that holds bank.toml.")
    found: dict[str, bytes] = {}
    for path in sorted(directory.rglob("*")):
        inside = path.relative_to(directory)
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in inside.parts):
            found[inside.as_posix()] = path.read_bytes()
    return found


def write_files(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write files below a folder, bytes as they are; a name that leads out of the folder is refused."""
    for name in files:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise InputError(f"The file name {name} leads out of the bank. Correct it.")
    for name, content in files.items():
        place = directory / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def load(directory: Path) -> Reading:
    """Read the bank in a folder."""
    return load_files(read_files(directory))


def load_files(files: Mapping[str, bytes]) -> Reading:
    """Read a bank from names and bytes."""
    return _Reader(files).read()


LOOSE = ("blueprints/", "statistics/", "judgements/")
"""Folders whose files say nothing about a scenario, a key or a plan: the bank is the same with others in them."""


def reread(earlier: Reading, files: Mapping[str, bytes]) -> Reading | None:
    """Read a bank that differs from one read before in loose files alone; None where more has changed."""
    names: set[str] = set()
    for name in earlier.files.keys() | files.keys():
        if earlier.files.get(name) != files.get(name):
            if not name.startswith(LOOSE):
                return None
            names.add(name)
    reader = _Reader({name: files[name] for name in sorted(names & files.keys())})
    reader.sizes()
    reader.blueprints()
    kept = [finding for finding in earlier.findings if finding.file not in names]
    places = {name: place for name, place in earlier.places.items() if name not in names}
    return replace(
        earlier, files=files, findings=(*kept, *reader.findings), places={**places, **reader.places}
    )  # fmt: skip


def read_pair(files: Mapping[str, bytes]) -> Reading:
    """Read a scenario and its key by themselves: their places and faults, no bank around them."""
    reader = _Reader(files)
    scenarios = tuple(reader.scenarios())
    keys = dict(reader.keys())
    assert len(scenarios) <= 1 and len(keys) <= 1, "one scenario and its key"
    return Reading(files, None, tuple(reader.findings), reader.places, reader.story_lines, reader.key_files)


def load_pair(files: Mapping[str, bytes]) -> tuple[Scenario, KeySet | None]:
    """Give a scenario and its key from files that were sound when they came in."""
    reader = _Reader(files)
    scenario = next(reader.scenarios(), None)
    keys = dict(reader.keys()).get(scenario.id) if scenario else None
    if scenario is None:
        raise InputError("This version cannot be read any more: " + "; ".join(str(one) for one in reader.findings))
    return scenario, keys


def parts_of(name: str) -> tuple[str, ...]:
    """Split a file's name at its folders; a bank has thousands, and a path object for each takes its time."""
    return PurePosixPath(name).parts if "//" in name or "/." in name else tuple(name.split("/"))


def _scenario_folder(name: str, file: str) -> str | None:
    parts = parts_of(name)
    return parts[1] if len(parts) == 3 and parts[0] == "scenarios" and parts[2] == file else None


class _Reader(FileReader):
    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(files)
        self.story_lines: dict[str, int] = {}
        self.key_files: dict[str, str] = {}

    def sizes(self) -> None:
        for name, content in self.files.items():
            if len(content) > MAX_FILE_BYTES:
                megabytes = len(content) / 1e6
                self.fault("F01", name, 1, f"This file has {megabytes:.1f} MB.", "Keep files of a bank under 4 MB.")

    def read(self) -> Reading:
        self.sizes()
        settings = self.settings()
        standard = self.standard(settings.standard if settings else "standard.json")
        plans = dict(self.plans(standard))
        rubrics = dict(self.rubrics())
        scenarios = tuple(self.scenarios())
        keys = dict(self.keys())
        capabilities, levels = self.framework(settings.framework) if settings and settings.framework else ({}, {})
        self.blueprints()
        bank = None
        if settings is not None and standard is not None:
            bank = Bank(
                settings=settings,
                standard=standard,
                plans=plans,
                rubrics=rubrics,
                scenarios=tuple(sorted(scenarios, key=lambda scenario: (scenario.id, scenario.folder))),
                keys=keys,
                capabilities=capabilities,
                levels=levels,
                apart=self.apart({scenario.id for scenario in scenarios}),
            )
        return Reading(self.files, bank, tuple(self.findings), self.places, self.story_lines, self.key_files)

    def settings(self) -> BankSettings | None:
        text = self.text("bank.toml")
        values = None if text is None else self.toml("bank.toml", text)
        return None if values is None else self.typed(SETTINGS, values, "bank.toml")

    def standard(self, name: str) -> Standard | None:
        values = self.json(name)
        if values is None:
            return None
        standard = self.typed(STANDARD, values, name)
        if standard is not None:
            for what in standard_faults(standard):
                self.fault("F08", name, 1, f"The standard does not hold together: {what}.", "Correct the file.")
        return standard

    def framework(self, name: str) -> tuple[dict[str, Capability], dict[str, str]]:
        """Return the statements and the levels of the capability framework; what it says beside is passed over."""
        values = self.json(name)
        if not isinstance(values, dict):
            return {}, {}
        levels = [one for one in values.get("levels", ()) if isinstance(one, dict) and "level" in one]
        found = {one.id: one for one in _capabilities(values.get("domains", []), "", "")}
        return found, {str(one["level"]): str(one.get("title", "")) for one in levels}

    def apart(self, known: set[str]) -> frozenset[tuple[str, str]]:
        """Return the pairs that somebody found to be no enemies."""
        if NOT_ENEMIES not in self.files:
            return frozenset()
        text = self.text(NOT_ENEMIES)
        rows = csv.DictReader(io.StringIO(text or ""))
        if not {"first", "second", "reason"} <= set(rows.fieldnames or ()):
            self.fault("F02", NOT_ENEMIES, 1, "The columns first, second and reason are not all there.", "Add them.")
            return frozenset()
        found = set()
        for number, row in enumerate(rows, start=2):
            pair = (row["first"] or "", row["second"] or "")
            for one in pair:
                if one not in known:
                    self.fault("F04", NOT_ENEMIES, number, f"There is no scenario {one}.", "Take the row out.")
            if not (row["reason"] or "").strip():
                self.fault("F03", NOT_ENEMIES, number, "The reason is missing.", "Write why they may stand together.")
            found.add((min(pair), max(pair)))
        return frozenset(found)

    def plans(self, standard: Standard | None) -> Iterator[tuple[str, Plan]]:
        for name in self.named("plans", ".json"):
            text = self.text(name)
            if text is None:
                continue
            plan, faults = parse_plan(text, name, standard)
            for fault in faults:
                line = int(fault.where[5:]) if fault.where.startswith("line ") else 1
                self.fault("F08", name, line, f"{fault.where}: {fault.what}", fault.remedy)
            if plan is not None:
                yield plan.id, plan

    def rubrics(self) -> Iterator[tuple[str, Rubric]]:
        for name in self.named("rubrics", ".toml"):
            text = self.text(name)
            values = None if text is None else self.toml(name, text)
            rubric = None if values is None else self.typed(RUBRIC, values, name)
            if rubric is not None:
                yield rubric.id, rubric

    def blueprints(self) -> None:
        """Read blueprints for their grammar alone; what they ask for is checked where forms are built."""
        for name in self.named("blueprints", ".toml"):
            text = self.text(name)
            if text is not None:
                self.toml(name, text)

    def named(self, folder: str, ending: str) -> Sequence[str]:
        return [
            name
            for name in self.files
            if name.startswith(folder) and name.endswith(ending) and parts_of(name)[:-1] == (folder,)
        ]

    @cached_property
    def folders(self) -> Sequence[str]:
        parts = (parts_of(name) for name in self.files if name.startswith("scenarios/"))
        return sorted({own[1] for own in parts if len(own) > 2})

    def scenarios(self) -> Iterator[Scenario]:
        for folder in self.folders:
            name = scenario_file(folder)
            found = read_scenario(name, folder, self.files.get(name))
            self.took(name, found)
            if found.story_line:
                self.story_lines[folder] = found.story_line
            if found.scenario is not None:
                yield found.scenario

    def keys(self) -> Iterator[tuple[str, KeySet]]:
        seen = self.key_files
        for folder in self.folders:
            name = key_file(folder)
            found = read_key(name, folder, self.files.get(name))
            self.took(name, found)
            keys = found.keys
            if keys is None:
                continue
            if keys.scenario in seen:
                line = self.places[name].line("scenario")
                self.fault(
                    "F05", name, line, f"{seen[keys.scenario]} already holds the key of {keys.scenario}.",
                    "Name the scenario of this folder.", keys.scenario,
                )  # fmt: skip
                continue
            seen[keys.scenario] = name
            yield keys.scenario, keys

    def took(self, name: str, found: ReadFile) -> None:
        self.findings += found.findings
        if found.places is not None:
            self.places[name] = found.places


SETTINGS = TypeAdapter(BankSettings)
STANDARD = TypeAdapter(Standard)
RUBRIC = TypeAdapter(Rubric)


def _capabilities(node: Any, domain: str, title: str) -> Iterator[Capability]:
    """Yield the statements below domains and, where a domain has them, its sub-domains."""
    if isinstance(node, list):
        for value in node:
            yield from _capabilities(value, domain, title)
    elif isinstance(node, dict):
        if "code" in node:
            domain, title = str(node["code"]), str(node.get("title", ""))
        for name, value in node.items():
            if name == "capabilities" and isinstance(value, list):
                level = str(node.get("level", ""))
                for entry in value:
                    if isinstance(entry, dict) and "id" in entry:
                        yield Capability(str(entry["id"]), str(entry.get("text", "")), domain, title, level)
            else:
                yield from _capabilities(value, domain, title)
