"""An award as signed: which signatures it has, and whether the test's outcome is still the one they were given on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sjt.grading.rules import SignedAs
from sjt.grading.tables import AwardSignature

SJT = "sjt"


@dataclass(frozen=True, slots=True)
class Award:
    """One version of an award, with who signed it; decided once both have, on the outcomes that stand."""

    version: int
    grade: str
    plan: str
    signatures: tuple[AwardSignature, ...]
    is_outdated: bool = False
    """The judgement test was awarded again since, with another outcome: two people sign anew."""

    @property
    def is_signed(self) -> bool:
        return {row.signed_as for row in self.signatures} == set(SignedAs)

    @property
    def is_decided(self) -> bool:
        return self.is_signed and not self.is_outdated

    @property
    def test_outcome(self) -> str:
        """Give the judgement test's outcome that it was signed on."""
        return str(self.signatures[0].outcomes.get(SJT) or "")


def awards(rows: Sequence[AwardSignature], test_outcome: str | None) -> tuple[Award, ...]:
    """Give every version of an award, the newest last; ``test_outcome`` is the one that stands now."""
    found = []
    for version in sorted({row.award_version for row in rows}):
        own = tuple(row for row in rows if row.award_version == version)
        signed_on = own[0].outcomes.get(SJT)
        outdated = SJT in own[0].outcomes and signed_on != test_outcome
        found.append(Award(version, own[0].grade, own[0].plan, own, outdated))
    return tuple(found)


def newest(rows: Sequence[AwardSignature], test_outcome: str | None) -> Award | None:
    """Give the newest version; None while nobody has signed."""
    return next(iter(reversed(awards(rows, test_outcome))), None)
