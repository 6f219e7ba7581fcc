"""Names for what programs call otherwise: a browser's own string, a scoring rule, a form's id, a deed."""

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
    "credit": "full marks for everybody",
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


def form_words(form_id: str) -> str:
    """Name a form: ``residential-14-s1-a`` → ``Residential 14, set 1, form A``; any other id stays as it is."""
    if own := re.fullmatch(r"(.+)-p(\d+)-(\d+)", form_id):
        return f"{capital(own[1].replace('-', ' ').replace('_', ' '))}, pool {own[2]}, form {own[3]}"
    found = re.fullmatch(r"(.+)-s(\d+)-([a-z]+)", form_id)
    if not found:
        return form_id
    return f"{capital(found[1].replace('-', ' ').replace('_', ' '))}, set {found[2]}, form {found[3].upper()}"


def title_words(title: str) -> str:
    """Begin a title as sentences do, with the hyphen of a blueprint's id taken out: ``Residential 14, set 1, …``."""
    return capital(re.sub(r"\b([a-z]+)-(\d+)(?=,)", r"\1 \2", title))


def deed_words(did: str) -> str:
    """Name a deed of the audit record: ``form.published`` → ``Form published``."""
    return capital(re.sub(r"[._-]+", " ", did))


def capital(words: str) -> str:
    """Write the first letter large and leave the rest, names and initials above all, as they stand."""
    return words[:1].upper() + words[1:]


def tied_words(words: str | None) -> str:
    """Keep each number with its unit on one line: ``extra time 25 %`` never parts before the sign."""
    return re.sub(r"(?<=\d) (?=%|min\b|s\b|marks?\b)", "\N{NO-BREAK SPACE}", words or "")
