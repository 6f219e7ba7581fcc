"""Editorial findings: every rule run over a bank, accepted warnings set apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sjt.authoring import (
    checks_bank,
    checks_content,
    checks_files,
    checks_key,
    checks_people,
    checks_story,
    checks_text,
    checks_time,
)
from sjt.authoring.bank import Reading
from sjt.authoring.checks_kept import findings_alone, is_alone
from sjt.authoring.desk import RULES, Desk
from sjt.authoring.finding import Finding, Severity
from sjt.authoring.model import Accepted

CHECK_MODULES = (
    checks_files,
    checks_key,
    checks_text,
    checks_time,
    checks_content,
    checks_people,
    checks_story,
    checks_bank,
)
"""Importing a module of checks registers its rules."""


@dataclass(frozen=True)
class Report:
    """What a check of a bank found."""

    findings: tuple[Finding, ...]
    accepted: tuple[tuple[Finding, str], ...]
    """Warnings somebody looked at, each with the reason given in bank.toml."""
    scenarios: int

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.is_error)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if not finding.is_error)

    def as_json(self) -> dict[str, object]:
        return {
            "findings": [finding.as_json() for finding in self.findings],
            "scenarios": self.scenarios,
            "accepted": [{**finding.as_json(), "reason": reason} for finding, reason in self.accepted],
        }


def check(reading: Reading, *, today: date, only: Iterable[str] | None = None) -> Report:
    """Run every rule; with ``only``, the rules about single scenarios on these alone (the editor's use)."""
    found = list(reading.findings)
    if reading.bank is not None:
        desk = Desk(reading.bank, reading, today, None if only is None else frozenset(only))
        if only is None:
            found += findings_alone(reading.bank, reading, RULES, today=today)
        for rule in RULES:
            if not is_alone(rule) if only is None else not rule.whole_bank:
                found += rule.check(desk)
        return _sort_out(found, reading.bank.settings.accepted, reading, whole=only is None)
    return Report(tuple(sorted(set(found))), (), reading.scenario_count)


def _sort_out(found: list[Finding], accepted: tuple[Accepted, ...], reading: Reading, *, whole: bool) -> Report:
    kept: list[Finding] = []
    let_stand: list[tuple[Finding, str]] = []
    used: set[int] = set()
    for finding in sorted(set(found)):
        matching = [
            number
            for number, entry in enumerate(accepted)
            if entry.rule == finding.rule
            and entry.scenario == finding.scenario
            and entry.item in ("", finding.item)
            and not finding.is_error
        ]
        if matching:
            used.update(matching)
            let_stand.append((finding, accepted[matching[0]].reason))
        else:
            kept.append(finding)
    if whole:
        for number, entry in enumerate(accepted):
            if number not in used:
                place = f" for {entry.scenario}" if entry.scenario else ""
                kept.append(
                    Finding(
                        "bank.toml",
                        reading.line("bank.toml", "accepted", number),
                        "F07",
                        Severity.WARNING,
                        f"There is no warning {entry.rule}{place} to accept.",
                        "Remove the entry; what it accepted is gone, or is an error, which cannot be accepted.",
                    )
                )
    return Report(tuple(sorted(kept)), tuple(let_stand), reading.scenario_count)
