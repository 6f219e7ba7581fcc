"""Files to model: a whole bank read at once, with every fault of every file and the line it stands on.

Works on a mapping of names to bytes, so that a bank in a folder, in an archive or in the database reads alike.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import hashlib
import io
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from sjt.authoring.finding import Finding, Severity
from sjt.authoring.model import Bank, BankSettings, Capability, FrontMatter, KeySet, Rubric, Scenario
from sjt.authoring.places import Places, find_places
from sjt.authoring.plan import Plan
from sjt.authoring.plan_faults import parse_plan
from sjt.authoring.standard import Standard, standard_faults
from sjt.errors import InputError, NotFound

FENCE = "+++"
KEY_HEADER = ("schema", "scenario", "status", "set_on")
NOT_ENEMIES = "likeness/not-enemies.csv"
"""Pairs that the rules find alike and somebody found to be no enemies, each with the reason."""
MAX_FILE_BYTES = 4_000_000
"""No hand-written file of a bank comes near this; a larger one was put there by mistake."""

_AT_LINE = re.compile(r"\(at line (\d+), column (\d+)\)")
T = TypeVar("T")


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


def version_of(scenario_bytes: bytes) -> str:
    """Return the hash that names this version of a scenario: SHA-256 of the bytes of scenario.md."""
    return hashlib.sha256(scenario_bytes).hexdigest()


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
    names = {name for name in earlier.files.keys() | files.keys() if earlier.files.get(name) != files.get(name)}
    if not all(name.startswith(LOOSE) for name in names):
        return None
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


def split_scenario(text: str) -> tuple[str, str, int] | None:
    """Return front matter, story and the line the story starts on; None when the fences are not there."""
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[0].rstrip() != FENCE:
        return None
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == FENCE:
            below = "\n".join(lines[number + 1 :])
            blank = len(below) - len(below.lstrip("\n"))
            return "\n".join(lines[1:number]) + "\n", below.strip("\n"), number + 2 + blank
    return None


def _scenario_folder(name: str, file: str) -> str | None:
    parts = PurePosixPath(name).parts
    return parts[1] if len(parts) == 3 and parts[0] == "scenarios" and parts[2] == file else None


class _Reader:
    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self.findings: list[Finding] = []
        self.places: dict[str, Places] = {}
        self.story_lines: dict[str, int] = {}
        self.key_files: dict[str, str] = {}

    def fault(self, rule: str, file: str, line: int, message: str, remedy: str, scenario: str = "") -> None:
        self.findings.append(Finding(file, line, rule, Severity.ERROR, message, remedy, scenario))

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

    def text(self, name: str, scenario: str = "") -> str | None:
        content = self.files.get(name)
        if content is None:
            self.fault("F01", name, 1, "The file is missing.", "Add it, or correct its name.", scenario)
            return None
        if content.startswith(codecs.BOM_UTF8):
            self.fault(
                "F02", name, 1, "The file begins with a byte order mark.", "Save it as UTF-8 without one.", scenario
            )
            return None
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            self.fault("F02", name, line, "This is not UTF-8 text.", "Save the file again as UTF-8.", scenario)
            return None

    def toml(self, name: str, text: str, first: int = 1, scenario: str = "") -> dict[str, Any] | None:
        try:
            values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            where = _AT_LINE.search(str(error))
            line = first - 1 + int(where.group(1)) if where else first + text.count("\n")
            what = _AT_LINE.sub("", str(error)).strip()
            self.fault("F02", name, line, f"This is not TOML: {what}.", _toml_remedy(what), scenario)
            return None
        self.places[name] = find_places(text.replace("\r\n", "\n"), first)
        return values

    def json(self, name: str) -> Any:
        text = self.text(name)
        if text is None:
            return None
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            self.fault("F02", name, error.lineno, f"This is not JSON: {error.msg}.", "Correct the line.")
            return None

    def typed(self, kind: TypeAdapter[T], values: Mapping[str, Any], name: str, scenario: str = "") -> T | None:
        try:
            return kind.validate_python(values)
        except ValidationError as error:
            for message, remedy, path in explain(error, values):
                inside = path[1:] if name.endswith("key.toml") and path[:1] == ("items",) else path
                line = self.places[name].line(*inside) if name in self.places else 1
                self.fault("F03", name, line, message, remedy, scenario)
            return None

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
            name for name in self.files if PurePosixPath(name).parent.as_posix() == folder and name.endswith(ending)
        ]

    def folders(self) -> Sequence[str]:
        return sorted(
            {
                PurePosixPath(n).parts[1]
                for n in self.files
                if len(PurePosixPath(n).parts) > 2 and n.startswith("scenarios/")
            }
        )

    def scenarios(self) -> Iterator[Scenario]:
        for folder in self.folders():
            name = scenario_file(folder)
            text = self.text(name)
            if text is None:
                continue
            parts = split_scenario(text)
            if parts is None:
                self.fault(
                    "F02", name, 1, f"The front matter does not stand between two lines of {FENCE}.",
                    f"Begin the file with a line {FENCE}, then the TOML, then a second line {FENCE}, then the story.",
                )  # fmt: skip
                continue
            front, story, story_line = parts
            self.story_lines[folder] = story_line
            values = self.toml(name, front, first=2)
            if values is None:
                continue
            scenario_id = values["id"] if isinstance(values.get("id"), str) else ""
            if self.typed(FRONT, values, name, scenario_id) is not None:
                yield SCENARIO.validate_python(
                    {**values, "story": story, "folder": folder, "sha256": version_of(self.files[name])}
                )

    def keys(self) -> Iterator[tuple[str, KeySet]]:
        seen = self.key_files
        for folder in self.folders():
            name = key_file(folder)
            text = self.text(name)
            values = None if text is None else self.toml(name, text)
            if values is None:
                continue
            header = {part: value for part, value in values.items() if part in KEY_HEADER}
            items = {part: value for part, value in values.items() if part not in KEY_HEADER}
            loose = [part for part, value in items.items() if not isinstance(value, dict)]
            for part in loose:
                line = self.places[name].line(part)
                self.fault("F03", name, line, f"The key {part} is not known here.", _did_you_mean(part, KEY_HEADER))
                items.pop(part)
            scenario_id = header["scenario"] if isinstance(header.get("scenario"), str) else ""
            keys = self.typed(KEYS, {**header, "items": items}, name, scenario_id)
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


SETTINGS = TypeAdapter(BankSettings)
STANDARD = TypeAdapter(Standard)
FRONT = TypeAdapter(FrontMatter)
SCENARIO = TypeAdapter(Scenario)
KEYS = TypeAdapter(KeySet)
RUBRIC = TypeAdapter(Rubric)


def explain(error: ValidationError, values: Any) -> Iterator[tuple[str, str, tuple[str | int, ...]]]:
    """Turn each fault of a validation into message, remedy and path inside the values given."""
    faults = error.errors()
    inner = {fault["loc"][:length] for fault in faults for length in range(1, len(fault["loc"]))}
    for fault in faults:
        if fault["type"] == "too_short" and fault["loc"] in inner:
            continue  # the list is short because its entries have faults, which are told
        path, holder = _follow(fault["loc"], values)
        name = ".".join(str(part) if isinstance(part, str) else f"[{part + 1}]" for part in path).replace(".[", "[")
        kind = fault["type"]
        if kind in ("unexpected_keyword_argument", "extra_forbidden"):
            yield f"The key {name} is not known here.", _did_you_mean(str(path[-1]), _known(error.title, path)), path
        elif kind in ("missing", "missing_argument"):
            yield f"The key {name} is missing.", "Add it.", path
        elif kind == "union_tag_not_found":
            yield f"{name} has no rule.", 'Add its rule, such as rule = "rank_distance@1".', path
        else:
            given = (
                ""
                if isinstance(holder, dict | list)
                else f" (it says {json.dumps(holder, default=str, ensure_ascii=False)})"
            )
            yield f"{name}{given}: {fault['msg']}.", "Correct the value.", path


def _follow(loc: tuple[str | int, ...], values: Any) -> tuple[tuple[str | int, ...], Any]:
    """Keep the parts of a location that exist in the values; the last part may be what is missing."""
    path: list[str | int] = []
    at = values
    for position, part in enumerate(loc):
        inside = (isinstance(at, dict) and part in at) or (
            isinstance(at, list | tuple) and isinstance(part, int) and part < len(at)
        )
        if inside:
            at = at[part]
            path.append(part)
        elif position == len(loc) - 1 and isinstance(at, dict):
            path.append(part)
    return tuple(path), at


_KNOWN_KEYS = sorted(
    {name for kind in (BankSettings, FrontMatter, KeySet, Rubric) for name in kind.__dataclass_fields__}
    | {"text", "pinned", "format", "ask", "minutes", "options", "choose", "scale", "max_words", "name", "role", "code"}
    | {"shows", "edition", "review_by", "rule", "order", "key", "why", "effectiveness", "matrix", "rubric", "look_for"}
    | {"exemplars", "level", "setting", "age", "relation", "pressure", "dilemma", "law", "points", "by_distance"}
)


def _known(title: str, path: tuple[str | int, ...]) -> Sequence[str]:
    return _KNOWN_KEYS


def _did_you_mean(name: str, known: Sequence[str]) -> str:
    close = [other for other in difflib.get_close_matches(name, known, n=2, cutoff=0.7) if other != name]
    return f"Remove it, or write {close[0]}." if close else "Remove it, or correct its name."


def _toml_remedy(what: str) -> str:
    if "overwrite" in what.lower() or "redefin" in what.lower() or "declare" in what.lower():
        return "The same key or table stands twice; keep one."
    if "Unescaped" in what or "Illegal character" in what or "Unterminated" in what:
        return 'Close the quotation marks; write \\" for a mark inside a text.'
    return "Correct the line; texts stand in quotation marks and list entries are parted by commas."


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
