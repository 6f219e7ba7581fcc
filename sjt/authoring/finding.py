"""A finding: what a check saw in a bank, where, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Severity(StrEnum):
    """An error keeps a bank from being imported; a warning wants a look."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing seen; ``rule`` is L01-L32 of the lint, F01-F09 of files, B01-B09 of the bank, S01-S02 of stories."""

    file: str
    line: int
    rule: str
    severity: Severity
    message: str
    remedy: str
    scenario: str = ""
    item: str = ""

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def at(self, file: str, line: int) -> Finding:
        return replace(self, file=file, line=line)

    def as_json(self) -> dict[str, str | int]:
        return {
            "rule": self.rule,
            "severity": self.severity.value,
            "file": self.file,
            "line": self.line,
            "message": self.message,
            "remedy": self.remedy,
            "scenario": self.scenario,
            "item": self.item,
        }

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.severity.value} {self.rule}: {self.message} {self.remedy}"
