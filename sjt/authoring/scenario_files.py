"""The files of one scenario, each read by itself and kept by its content: what has not changed is not read again."""

from __future__ import annotations

import codecs
import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from sjt.authoring.file_faults import did_you_mean, explain, toml_remedy
from sjt.authoring.finding import Finding, Severity
from sjt.authoring.model import FrontMatter, KeySet, Scenario
from sjt.authoring.places import Places, find_places

FENCE: Final = "+++"
KEY_HEADER: Final = ("schema", "scenario", "status", "set_on")
KEPT: Final = 24_000
"""Files: two for each scenario of a bank of 5,000, and as many again of what they were before and of other banks."""
FRONT = TypeAdapter(FrontMatter)
SCENARIO = TypeAdapter(Scenario)
KEYS = TypeAdapter(KeySet)

_AT_LINE = re.compile(r"\(at line (\d+), column (\d+)\)")
T = TypeVar("T")


def version_of(scenario_bytes: bytes) -> str:
    """Return the hash that names this version of a scenario: SHA-256 of the bytes of scenario.md."""
    return hashlib.sha256(scenario_bytes).hexdigest()


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


class FileReader:
    """Reads files and keeps the faults, and where each value stands."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self.findings: list[Finding] = []
        self.places: dict[str, Places] = {}

    def fault(self, rule: str, file: str, line: int, message: str, remedy: str, scenario: str = "") -> None:
        self.findings.append(Finding(file, line, rule, Severity.ERROR, message, remedy, scenario))

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
            self.fault("F02", name, line, f"This is not TOML: {what}.", toml_remedy(what), scenario)
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


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What one file of a scenario says, with its faults."""

    scenario: Scenario | None
    keys: KeySet | None
    findings: tuple[Finding, ...]
    places: Places | None
    story_line: int


_kept: dict[tuple[str, str, bytes], ReadFile] = {}


def read_scenario(name: str, folder: str, content: bytes | None) -> ReadFile:
    """Read a scenario.md; the same name and bytes are read once."""
    return _once(name, folder, content, _scenario)


def read_key(name: str, folder: str, content: bytes | None) -> ReadFile:
    """Read a key.toml; the same name and bytes are read once."""
    return _once(name, folder, content, _keys)


def _once(
    name: str, folder: str, content: bytes | None, read: Callable[[str, str, Mapping[str, bytes]], ReadFile]
) -> ReadFile:
    if content is None:
        return read(name, folder, {})
    place = (name, folder, content)
    found = _kept.get(place)
    if found is None:
        found = read(name, folder, {name: content})
        while len(_kept) >= KEPT:  # the oldest go; what is still asked for comes back by being read
            _kept.pop(next(iter(_kept)))
        _kept[place] = found
    return found


def _scenario(name: str, folder: str, files: Mapping[str, bytes]) -> ReadFile:
    reader = FileReader(files)
    scenario, story_line = None, 0
    text = reader.text(name)
    parts = None if text is None else split_scenario(text)
    if text is not None and parts is None:
        reader.fault(
            "F02", name, 1, f"The front matter does not stand between two lines of {FENCE}.",
            f"Begin the file with a line {FENCE}, then the TOML, then a second line {FENCE}, then the story.",
        )  # fmt: skip
    if parts is not None:
        front, story, story_line = parts
        values = reader.toml(name, front, first=2)
        if values is not None:
            scenario_id = values["id"] if isinstance(values.get("id"), str) else ""
            if reader.typed(FRONT, values, name, scenario_id) is not None:
                scenario = SCENARIO.validate_python(
                    {**values, "story": story, "folder": folder, "sha256": version_of(files[name])}
                )
    return ReadFile(scenario, None, tuple(reader.findings), reader.places.get(name), story_line)


def _keys(name: str, folder: str, files: Mapping[str, bytes]) -> ReadFile:
    reader = FileReader(files)
    keys = None
    text = reader.text(name)
    values = None if text is None else reader.toml(name, text)
    if values is not None:
        header = {part: value for part, value in values.items() if part in KEY_HEADER}
        items = {part: value for part, value in values.items() if part not in KEY_HEADER}
        for part in [part for part, value in items.items() if not isinstance(value, dict)]:
            line = reader.places[name].line(part)
            reader.fault("F03", name, line, f"The key {part} is not known here.", did_you_mean(part, KEY_HEADER))
            items.pop(part)
        scenario_id = header["scenario"] if isinstance(header.get("scenario"), str) else ""
        keys = reader.typed(KEYS, {**header, "items": items}, name, scenario_id)
    return ReadFile(None, keys, tuple(reader.findings), reader.places.get(name), 0)
