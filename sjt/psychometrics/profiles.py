"""Thresholds: read a profile file, and look up a number together with where it comes from."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sjt.errors import Fault, InputError

FOLDER = Path(__file__).with_name("profiles")
DEFAULT = "judgement-test"
SCHEMA = "sjt.profile/1"


@dataclass(frozen=True)
class Profile:
    """Named thresholds of one kind of test.

    Attributes
    ----------
    id, title : str
    version : int
    tables : mapping
        ``"panel.kendall_w"`` → its numbers.
    sources : mapping
        The same names → where the numbers come from.
    """

    id: str
    title: str
    version: int
    tables: Mapping[str, Mapping[str, float]]
    sources: Mapping[str, str]

    @property
    def stamp(self) -> str:
        """Name and version, for reports."""
        return f"{self.id}@{self.version}"

    def value(self, name: str, level: str) -> float:
        """The number of a threshold, such as ``value("panel.kendall_w", "accept")``."""
        return self.tables[name][level]

    def source(self, name: str) -> str:
        """Where a threshold comes from."""
        return self.sources[name]

    def as_json(self) -> dict[str, Any]:
        """Everything, for a report's appendix."""
        tables = {name: {**self.tables[name], "source": self.sources[name]} for name in sorted(self.tables)}
        return {"id": self.id, "version": self.version, "title": self.title, "thresholds": tables}


def available() -> list[str]:
    """Names of the profiles that come with sjt."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@cache
def load_profile(name: str = DEFAULT) -> Profile:
    """Read a profile by its name, or from a file whose name ends in ``.toml``.

    Raises
    ------
    InputError
        No such profile, or a threshold that is not a number or has no source; lists every fault.
    """
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        fault = Fault(name, "", "", "there is no such profile.", f"Use {', '.join(available())} or a .toml file.")
        raise InputError("No thresholds were read.", [fault]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("No thresholds were read.", [Fault(name, "", "", f"{error}.", "Correct the file.")]) from error
    faults: list[Fault] = []
    if data.get("schema") != SCHEMA:
        faults.append(Fault(name, "", "schema", f"{data.get('schema')!r} is not {SCHEMA}.", "Correct it."))
    base = load_profile(str(data["base"])) if "base" in data else None
    tables: dict[str, Mapping[str, float]] = dict(base.tables) if base else {}
    sources: dict[str, str] = dict(base.sources) if base else {}
    for group, entries in data.items():
        if not isinstance(entries, Mapping):
            continue
        for entry, numbers in entries.items():
            where = f"{group}.{entry}"
            if not isinstance(numbers, Mapping) or not isinstance(numbers.get("source"), str):
                faults.append(Fault(name, where, "source", "the threshold has no source.", "Say where it comes from."))
                continue
            levels = {level: value for level, value in numbers.items() if level != "source"}
            for level, value in levels.items():
                if isinstance(value, bool) or not isinstance(value, int | float):
                    faults.append(Fault(name, where, level, f"{value!r} is not a number.", "Give a number."))
            tables[where] = levels
            sources[where] = str(numbers["source"])
    if faults:
        raise InputError("The profile cannot be used.", faults)
    return Profile(str(data["id"]), str(data["title"]), int(data["version"]), tables, sources)
