"""One line of the fault table: what was broken how often, and what came of it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from tests.delivery.breaking.judging import Verdict


@dataclass
class Outcome:
    """A case and what was counted in it."""

    case: str
    database: str
    runs: str
    """How often, with its unit: "1,000 kills"."""
    saw: str
    """What the candidate saw, in words; checked against what the replies said."""
    told: int = 0
    """Events that the server had acknowledged."""
    lost: int = 0
    doubled: int = 0
    troubles: list[str] = field(default_factory=list)
    """Exceptions in servers' logs, replies that should not be, broken chains."""
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def held(self) -> bool:
        return not (self.lost or self.doubled or self.troubles)

    def take(self, verdict: Verdict) -> None:
        """Add a judgement; one made later on the same pages counts their events anew, not twice."""
        self.lost += verdict.lost
        self.doubled += verdict.doubled
        self.troubles += verdict.broken

    def check_words(self, seen: Counter[str], *allowed: str) -> None:
        """Count every answer that a page got which this case does not allow."""
        for words, count in seen.items():
            if words != "saved" and not any(re.search(one, words) for one in allowed):
                self.troubles.append(f"{count} times a page was told: {words[:200]}")
