"""Balance over the whole bank: places, lengths, cues and people (L09, L14, L15, L18, L19, L21), as figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from math import sqrt

from sjt.authoring.checks_bank import (
    ABSOLUTE_LEAST,
    ABSOLUTE_P,
    CUE_ITEMS,
    CUE_MEAN,
    EXPECTED_LEAST,
    POSITION_P,
    REPORT_ITEMS,
    REPORT_SHARE,
)
from sjt.authoring.checks_people import ANTAGONIST_P, CHARACTERISTICS, DEVIATIONS, PEOPLE_LEAST
from sjt.authoring.health_facts import ItemFacts, ScenarioFacts
from sjt.authoring.health_figures import CANNOT_TELL, Facts, Figure, Part, figure, flag
from sjt.authoring.model import Bank, Person
from sjt.authoring.small_statistics import binomial_two_sided, binomial_upper, chi_square_upper


def _items(facts: Facts) -> Iterator[tuple[ScenarioFacts, ItemFacts]]:
    for one in facts:
        for item in one.items:
            if item.keyed:
                yield one, item


def positions(facts: Facts) -> Part:
    """Rule L18: where the best option stands, by format and number of options."""
    groups: dict[tuple[str, int], list[tuple[str, ItemFacts]]] = defaultdict(list)
    for one, item in _items(facts):
        groups[item.format, item.options].append((one.id, item))
    figures, tests, flagged = [], [], False
    for (kind, size), members in sorted(groups.items()):
        counts = [0] * size
        words = f"{kind.replace('_', ' and ').capitalize()}, {size} options"
        ids: list[list[str]] = [[] for _ in range(size)]
        for scenario_id, item in members:
            for place in item.best_places:
                counts[place] += 1
                ids[place].append(scenario_id)
        expected = sum(counts) / size
        for place, n in enumerate(counts):
            label = f"{words}: {chr(65 + place)}"
            behind = tuple(dict.fromkeys(ids[place]))
            said = f"{expected:.1f} expected"
            figures.append(Figure(f"place.{kind}.{size}.{place}", label, n, behind, sum(counts), said))
        if expected < EXPECTED_LEAST:
            tests.append(f"{words}: {CANNOT_TELL}")
        else:
            p = chi_square_upper(sum((n - expected) ** 2 / expected for n in counts), size - 1)
            flagged |= p < POSITION_P
            tests.append(f"{words}: {'uneven' if p < POSITION_P else 'even enough'} (chi-square, p = {p:.3f})")
    lead = "Candidates should learn nothing from where an option stands (L18)."
    return Part("positions", "Place of the best option", lead, tuple(figures), tuple(tests), "Items", flagged, True)


def lengths(facts: Facts) -> Part:
    """Rule L19: whether longer options are better."""
    known = [(one.id, item.length_r) for one, item in _items(facts) if item.length_r is not None]
    bounds = (
        (-1.01, -0.3, "Shorter is better (under −.30)"),
        (-0.3, 0.3, "Neither (−.30 to .30)"),
        (0.3, 0.999999, "Longer is better (.30 and over)"),
        (0.999999, 2.0, "The longer, the better, without exception"),
    )
    figures = []
    for number, (low, high, label) in enumerate(bounds):
        ids = [i for i, r in known if low <= r < high]
        found = Figure(f"length.{number}", label, len(ids), tuple(dict.fromkeys(ids)), len(known))
        figures.append(flag(found, number == 3 and bool(ids)))
    mean = sum(r for _, r in known) / len(known) if known else 0.0
    enough = len(known) >= CUE_ITEMS
    verdict = "gives answers away" if mean > CUE_MEAN else "gives nothing away"
    tests = (
        f"Mean correlation {mean:.2f}".replace("-", "−") + f" over {len(known)} items: length {verdict}."
        if enough
        else CANNOT_TELL,
    )
    flagged = (enough and mean > CUE_MEAN) or any(one.is_flagged for one in figures)
    lead = "Correlation (Spearman) of an option's words with its quality, item by item (L19)."
    return Part("lengths", "Length of options", lead, tuple(figures), tests, "Items", flagged)


def cues(facts: Facts) -> Part:
    """Rules L09 and L21: absolute words in weak options, and passing it on as the best answer."""
    weak = [(one.id, item) for one, item in _items(facts) if item.absolute_weak]
    fine = [(one.id, item) for one, item in _items(facts) if item.absolute > item.absolute_weak]
    with_word = sum(item.absolute for _, item in _items(facts))
    low_with_word = sum(item.absolute_weak for _, item in _items(facts))
    every = sum(item.options for _, item in _items(facts))
    low = sum(item.weak for _, item in _items(facts))
    one_best = [(one.id, item) for one, item in _items(facts) if item.one_best]
    reports = [i for i, item in one_best if item.reports]
    share = len(reports) / len(one_best) if one_best else 0.0
    too_many = len(one_best) >= REPORT_ITEMS and share > REPORT_SHARE
    tests = []
    marked = False
    if with_word >= ABSOLUTE_LEAST:
        p = binomial_upper(low_with_word, with_word, low / every)
        marked = p < ABSOLUTE_P
        tests.append(
            f"{low_with_word} of {with_word} options with an absolute word are keyed low, of all options "
            f"{low / every:.0%}: {'more than chance' if marked else 'as chance has it'} (p = {p:.3f})."
        )
    else:
        tests.append(f"Absolute words: {CANNOT_TELL}")
    tests.append(
        f"Passing it on is best in {share:.0%} of {len(one_best)} items; a quarter is the most."
        if len(one_best) >= REPORT_ITEMS
        else f"Passing it on: {CANNOT_TELL}"
    )
    figures = (
        flag(figure("cue.weak", "With an absolute word in a weak option (L09)", [i for i, _ in weak]), marked),
        figure("cue.fine", "With an absolute word in a good option", [i for i, _ in fine]),
        Figure(
            "cue.report",
            "Best: tell somebody senior (L21)",
            len(reports),
            tuple(dict.fromkeys(reports)),
            len(one_best),
            "",
            too_many,
        ),
    )
    lead = "Words and habits by which a cunning candidate could do well."
    return Part("cues", "Test-wise cues", lead, figures, tuple(tests), flagged=marked or too_many)


Told = tuple[str, Person]


def _everybody(bank: Bank) -> list[Told]:
    return [(scenario.id, person) for scenario in bank.scenarios for person in scenario.people]


def _has(person: Person, name: str) -> bool | None:
    if name == "female":
        return None if not person.gender else person.gender == "female"
    return bool(getattr(person, name))


def _share(people: Collection[Told], name: str) -> tuple[list[str], int]:
    told = [(i, has) for i, person in people if (has := _has(person, name)) is not None]
    return [i for i, has in told if has], len(told)


def roles(bank: Bank) -> Part:
    """Rule L14: how roles are shared out."""
    everybody = _everybody(bank)
    roles = sorted({person.role for _, person in everybody} - {"antagonist"})
    return _people(
        "roles",
        "Roles and characteristics",
        "Who is in the stories, by role (L14): each against the whole bank.",
        everybody,
        [(role, [one for one in everybody if one[1].role == role]) for role in roles],
        _deviates,
    )


def antagonists(bank: Bank) -> Part:
    """Rule L15: whether those at fault are of one kind."""
    everybody = _everybody(bank)
    at_fault = [one for one in everybody if one[1].role == "antagonist"]
    return _people(
        "antagonists",
        "Those at fault",
        "Nobody at fault is a stereotype (L15): each against the whole bank.",
        everybody,
        [("at fault", at_fault)],
        _unlikely,
    )


def _deviates(k: int, n: int, share: float) -> tuple[bool, str]:
    width = DEVIATIONS * sqrt(n * share * (1 - share))
    low, high = max(0, round(n * share - width)), min(n, round(n * share + width))
    return abs(k - n * share) > width, f"{low} to {high} expected"


def _unlikely(k: int, n: int, share: float) -> tuple[bool, str]:
    p = binomial_two_sided(k, n, share)
    return p < ANTAGONIST_P, f"{n * share:.1f} expected (exact binomial, p = {p:.3f})"


def _people(
    name: str,
    title: str,
    lead: str,
    everybody: list[Told],
    groups: Sequence[tuple[str, list[Told]]],
    test: Callable[[int, int, float], tuple[bool, str]],
) -> Part:
    figures = []
    small = False
    for role, people in groups:
        for one in ("female", *CHARACTERISTICS):
            ids, n = _share(people, one)
            all_ids, of_all = _share(everybody, one)
            share = len(all_ids) / of_all if of_all else 0.0
            words = {"female": "women and girls", "heritage": "heritage told", "disability": "disability told"}
            label = f"{role.capitalize()}: {words.get(one, f'{one} told')}"
            flagged, said = False, ""
            if n < PEOPLE_LEAST:
                small, said = True, "too few for a test"
            elif 0 < share < 1:
                flagged, said = test(len(ids), n, share)
            figures.append(Figure(f"{name}.{role}.{one}", label, len(ids), tuple(dict.fromkeys(ids)), n, said, flagged))
    tests = (f"Fewer than {PEOPLE_LEAST} people of a role are counted only.",) if small else ()
    return Part(name, title, lead, tuple(figures), tests, "People", any(one.is_flagged for one in figures), True)
