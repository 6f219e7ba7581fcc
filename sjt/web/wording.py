"""Names for what programs call otherwise: a browser's own string, a scoring rule, a writer's mark."""

from __future__ import annotations

import re
from typing import Final

# Order matters: a browser built on another names both.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("SEB", "Safe Exam Browser"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("HeadlessChrome", "Chromium"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Version", "Safari"),
)
_SYSTEMS: Final = (
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Macintosh", "macOS"),
    ("Android", "Android"),
    ("Linux", "Linux"),
)
_RULES: Final = {
    "rank_distance": "distance from the keyed places",
    "rank_total_distance": "total distance from the keyed order",
    "rate_matrix": "rating against the keyed rating",
    "choose_k": "keyed responses chosen",
    "choose_share": "share of the keyed responses",
    "single_graded": "grade of the chosen response",
    "single_key": "the keyed response",
    "most_least_graded": "grades of the two picks",
    "rubric": "rubric",
}


def device_words(agent: str) -> str:
    """Name a browser and its system: ``Chromium 140 on Linux``; what is not known is left as it came."""
    if not agent:
        return ""
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    for mark, name in _BROWSERS:
        found = re.search(rf"\b{mark}/(\d+)", agent)
        if found and (name != "Safari" or "Safari/" in agent):
            return f"{name} {found[1]} on {system}" if system else f"{name} {found[1]}"
    return agent if len(agent) <= 60 else f"{agent[:57]}…"


def rule_words(rule: str) -> str:
    """Name a scoring rule: ``rank_distance@1`` → ``distance from the keyed places``."""
    name = rule.partition("@")[0]
    return _RULES.get(name, name.replace("_", " "))


def writer_words(author: str) -> str:
    """Write a bank's mark for a writer as words: ``writer-03`` → ``Writer 3``."""
    found = re.fullmatch(r"([a-z]+)-0*(\d+)", author)
    return f"{found[1].capitalize()} {found[2]}" if found else author
