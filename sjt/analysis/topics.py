"""The closer studies of a session or form: what each asks, and the fewest candidates it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Topic(StrEnum):
    """One closer study."""

    MODEL = "model"
    FAIRNESS = "fairness"
    DRIFT = "drift"
    EQUATING = "equating"
    SECURITY = "security"
    VALIDITY = "validity"
    FIRMNESS = "firmness"
    WHAT_IF = "what-if"


@dataclass(frozen=True, slots=True)
class About:
    """Words of one study."""

    title: str
    asks: str
    fewest: int


TOPICS: Final[dict[Topic, About]] = {
    Topic.MODEL: About("Response model", "How much each item and the test tell, and where; who answers oddly.", 50),
    Topic.FAIRNESS: About("Fairness between groups", "Items that work differently for people of equal standing.", 20),
    Topic.DRIFT: About("Drift", "Items that became easier or harder since earlier sessions.", 10),
    Topic.EQUATING: About("Equating", "What a mark on one form is worth on the other.", 10),
    Topic.SECURITY: About(
        "Times and likeness", "Answers too quick to be read; answers too much alike. Evidence only.", 10
    ),
    Topic.VALIDITY: About("Validity", "How marks go with portfolio, interview, experience and a second try.", 10),
    Topic.FIRMNESS: About(
        "Firm decisions",
        "How often each candidate near the pass mark would pass, had others been asked.",
        2,
    ),
    Topic.WHAT_IF: About("What if", "A change of key, rule or pass mark, before it is made.", 1),
}
STANDING: Final = tuple(topic for topic in Topic if topic is not Topic.WHAT_IF)
"""Studies that need no question."""

RULES: Final[Mapping[str, tuple[str, ...]]] = {
    "rank": ("rank_distance@1", "rank_total_distance@1"),
    "choose": ("choose_k@1", "choose_share@1"),
    "rate": ("rate_matrix@1",),
    "most_least": ("most_least_graded@1", "effectiveness_difference@1", "motowidlo@1"),
    "single": ("single_graded@1", "single_key@1"),
}
"""Rules that can read a format's key as the bank writes it."""
