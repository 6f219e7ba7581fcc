"""Checks of who is in the stories, and of the people who make them (L14, L15, L30)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from math import sqrt

from sjt.authoring.checks_content import candidate_text, said
from sjt.authoring.desk import WARNING, Desk, rule
from sjt.authoring.finding import Finding, Severity
from sjt.authoring.model import Person
from sjt.authoring.small_statistics import binomial_two_sided

PEOPLE_LEAST = 10
"""With fewer people of a role no count can be told from chance at these limits; nothing is claimed."""
DEVIATIONS = 2.0
ANTAGONIST_P = 0.05

_MENTION = re.compile(
    r"(?<![\w-])(?:muslim|christian|jewish|sikh|hindu|buddhist|mosque|synagogue|gurdwara|hijab|turban|ramadan|eid|"
    r"black|asian|african|caribbean|somali|polish|romanian|roma|traveller|pakistani|indian|bangladeshi|chinese|kurdish|"
    r"syrian|afghan|eritrean|albanian|nigerian|ghanaian|refugee|asylum|mixed heritage|dual heritage|"
    r"autistic|autism|adhd|dyslexi\w+|deaf|blind|wheelchair|learning disabilit\w+|down['’]?s syndrome|epilep\w+|"
    r"gay|lesbian|bisexual|trans|transgender|non-binary|pregnan\w+)(?![\w-])",
    re.IGNORECASE,
)
_NOT_PEOPLE = re.compile(
    r"(?<![\w-])(?:black|blind|indian|chinese)\s+(?:and white|bag|bags|bin|coat|shoes?|jacket|trousers|tea|"
    r"coffee|mould|"
    r"pen|ink|ice|spots?|takeaway|food|restaurant|eye|hair|trainers|hoodie|suit|tie|box|car|van|phone|hole|cab)",
    re.IGNORECASE,
)

CHARACTERISTICS = ("heritage", "disability", "faith")


@rule("L14", "A protected characteristic is there for a reason, and roles are shared out", source="sjt-science 2.4")
def characteristics(desk: Desk) -> Iterator[Finding]:
    for scenario in desk.scenarios:
        reasons = any(person.relevant_because.strip() for person in scenario.people)
        for number, person in enumerate(scenario.people):
            given = [name for name in CHARACTERISTICS if getattr(person, name)]
            if given and not person.relevant_because.strip():
                yield desk.on(
                    "L14", WARNING, scenario, f"{person.name} has {', '.join(given)} and no relevant_because.",
                    "Say why the decision is another one without it, or that it simply reflects who lives here.",
                    "people", number,
                )  # fmt: skip
        if reasons:
            continue
        for text, where in candidate_text(desk, scenario):
            found = _MENTION.search(_NOT_PEOPLE.sub("", text))
            if found:
                yield said(
                    desk, scenario, where, "L14", WARNING, found.group(),
                    f"“{found.group()}” names a protected characteristic, and no person has relevant_because.",
                    "Add relevant_because to the person it concerns, or leave it out.",
                )  # fmt: skip
    if desk.only is None:
        yield from _roles(desk)


def _everybody(desk: Desk) -> list[Person]:
    return [person for scenario in desk.bank.scenarios for person in scenario.people]


def _has(person: Person, name: str) -> bool | None:
    """Tell whether somebody has a characteristic; None when nothing is said of their gender."""
    if name == "female":
        return None if not person.gender else person.gender == "female"
    return bool(getattr(person, name))


def _counts(people: list[Person], name: str) -> tuple[int, int]:
    told = [value for person in people if (value := _has(person, name)) is not None]
    return sum(told), len(told)


def _roles(desk: Desk) -> Iterator[Finding]:
    everybody = _everybody(desk)
    for name in ("female", *CHARACTERISTICS):
        share = _share(everybody, name)
        for role in ("child", "client", "family", "colleague", "manager"):
            k, n = _counts([person for person in everybody if person.role == role], name)
            if n < PEOPLE_LEAST or share is None:
                continue
            width = DEVIATIONS * sqrt(n * share * (1 - share))
            if abs(k - n * share) > width:
                low, high = max(0, round(n * share - width)), min(n, round(n * share + width))
                yield desk.on_bank(
                    "L14", WARNING,
                    f"{k} of {n} people in the role {role} are marked {name}; {low} to {high} is expected.",
                    "Give the role to others in the next scenarios, or change names where nothing hangs on them.",
                )  # fmt: skip


def _share(everybody: list[Person], name: str) -> float | None:
    k, n = _counts(everybody, name)
    return k / n if 0 < k < n else None


@rule("L15", "Those at fault are nobody's stereotype", source="sjt-science 2.4", whole_bank=True)
def antagonists(desk: Desk) -> Iterator[Finding]:
    everybody = _everybody(desk)
    at_fault = [person for person in everybody if person.role == "antagonist"]
    for name in ("female", *CHARACTERISTICS):
        share = _share(everybody, name)
        k, n = _counts(at_fault, name)
        if n < PEOPLE_LEAST or share is None:
            continue
        p = binomial_two_sided(k, n, share)
        if p < ANTAGONIST_P:
            yield desk.on_bank(
                "L15", WARNING,
                f"{k} of {n} people at fault are marked {name}, of everybody {share:.0%} (p = {p:.3f}).",
                "Let others be at fault in the next scenarios.",
            )  # fmt: skip


def review_findings(
    scenario: str, author: str, reviewers: Collection[str], judges: Collection[str] = (), *, file: str = ""
) -> list[Finding]:
    """Return L30 for the people who reviewed and judged a scenario; the files do not know them, the record does."""

    def fault(message: str, remedy: str) -> Finding:
        return Finding(file, 1, "L30", Severity.ERROR, message, remedy, scenario)

    found = []
    if reviewers and set(reviewers) <= {author}:
        found.append(fault(f"{author} wrote {scenario} and is its only reviewer.", "Ask somebody else to review it."))
    if author in judges:
        found.append(
            fault(f"{author} wrote {scenario} and judges it on the pass-mark panel.", "Leave these judgements out.")
        )
    return found
