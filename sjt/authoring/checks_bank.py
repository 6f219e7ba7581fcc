"""Checks that only a whole bank can answer: balance, cues over many items, likeness (L09, L18, L19, L21-L23, B01)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from sjt.authoring.desk import ERROR, WARNING, Desk, best, rule
from sjt.authoring.finding import Finding
from sjt.authoring.model import ChooseKey, Format, Item, Scenario
from sjt.authoring.prose import plain, sentences, word_count
from sjt.authoring.similarity import alike, cosine, tfidf
from sjt.authoring.small_statistics import binomial_upper, chi_square_upper, spearman

POSITION_P = 0.01
EXPECTED_LEAST = 5
"""The chi-square test wants at least five expected in each cell; below, counts are shown and nothing is claimed."""
CUE_MEAN = 0.30
CUE_ITEMS = 8
ENEMY = 0.60
SAME = 0.85
GIVEN_AWAY = 0.70
ABSOLUTE_P = 0.05
ABSOLUTE_LEAST = 10
REPORT_SHARE = 0.25
REPORT_ITEMS = 8


@rule("B01", "No option text stands twice in a bank", source="issue 2, The bank", whole_bank=True)
def option_twice(desk: Desk) -> Iterator[Finding]:
    seen: dict[str, tuple[Scenario, Item, str]] = {}
    for scenario in desk.bank.scenarios:
        for item in scenario.items:
            for option in item.options:
                text = re.sub(r"\W+", " ", plain(option.text).lower()).strip()
                first = seen.setdefault(text, (scenario, item, option.id))
                if first != (scenario, item, option.id):
                    yield desk.on_option(
                        "B01", ERROR, scenario, item, option.id,
                        f"{item.id}: option {option.id} has the same words as {first[1].id} {first[2]}.",
                        "Reword one of them.",
                    )  # fmt: skip


def best_places(desk: Desk) -> dict[tuple[Format, int], list[int]]:
    """Count, by format and number of options, how often the best option stands in each place."""
    counts: dict[tuple[Format, int], list[int]] = {}
    for _, item, key in desk.option_keys(whole_bank=True):
        size = len(item.options)
        places = counts.setdefault((item.format, size), [0] * size)
        good = list(key.key) if isinstance(key, ChooseKey) else best(desk.effectiveness(item, key))
        if isinstance(key, ChooseKey) or len(good) == 1:
            for option in good:
                if option in item.option_ids:
                    places[item.option_ids.index(option)] += 1
    return counts


@rule("L18", "The best option stands in every place about as often", whole_bank=True)
def positions(desk: Desk) -> Iterator[Finding]:
    for (format_, size), places in best_places(desk).items():
        expected = sum(places) / size
        if expected < EXPECTED_LEAST:
            continue
        p = chi_square_upper(sum((n - expected) ** 2 / expected for n in places), size - 1)
        if p < POSITION_P:
            spread = ", ".join(f"{chr(65 + place)} {n}" for place, n in enumerate(places))
            yield desk.on_bank(
                "L18", WARNING, f"In {format_} items the best option stands at {spread} (p = {p:.3f}).",
                "Move options about until each place is best about as often.",
            )  # fmt: skip


@rule("L19", "The length of an option gives nothing away")
def length_cue(desk: Desk) -> Iterator[Finding]:
    found: list[float] = []
    for scenario, item, key in desk.option_keys():
        values = desk.effectiveness(item, key)
        options = [option for option in item.options if option.id in values]
        r = spearman([float(word_count(option.text)) for option in options], [values[option.id] for option in options])
        if r is None:
            continue
        found.append(r)
        if r > 1 - 1e-9:
            yield desk.on(
                "L19", WARNING, scenario, f"{item.id}: the longer an option, the better it is.",
                "Shorten the best or lengthen a weak one.", "options", item=item,
            )  # fmt: skip
    if desk.only is None and len(found) >= CUE_ITEMS:
        mean = sum(found) / len(found)
        if mean > CUE_MEAN:
            yield desk.on_bank(
                "L19", WARNING,
                f"Over {len(found)} items, length and quality of options correlate {mean:.2f} on average.",
                f"Shorten good options and lengthen weak ones until it is {CUE_MEAN:.2f} or less.",
            )  # fmt: skip


def whole_text(scenario: Scenario) -> str:
    """Return what makes a scenario this one: its story and options, without the questions, which repeat."""
    return "\n\n".join([scenario.story, *(option.text for item in scenario.items for option in item.options)])


@rule("L22", "No two scenarios are nearly the same", whole_bank=True)
def near_duplicates(desk: Desk) -> Iterator[Finding]:
    scenarios = desk.bank.scenarios
    most = min(SAME, desk.bank.settings.limits.alike)
    for i, j, value in alike(tfidf([whole_text(scenario) for scenario in scenarios]), min(ENEMY, most)):
        first, second = scenarios[i], scenarios[j]
        # one made from the other is meant to be alike, and no form holds both
        limit = SAME if first.id == second.reskin_of or second.id == first.reskin_of else most
        if value >= limit:
            yield desk.on_story(
                "L22", ERROR, second,
                f"{second.id} and {first.id} are nearly the same (cosine {value:.2f}, limit {limit:.2f}).",
                "Write another incident, or retire one of the two.",
            )  # fmt: skip
        elif first.id not in second.enemies and second.id not in first.enemies:
            yield desk.on(
                "L22", WARNING, second, f"{second.id} and {first.id} are alike (cosine {value:.2f}).",
                f"Make them enemies: add \"{first.id}\" to enemies.", "enemies",
            )  # fmt: skip


@rule("L23", "No scenario gives another's answer away", whole_bank=True)
def give_aways(desk: Desk) -> Iterator[Finding]:
    options = [(s, item, option) for s in desk.bank.scenarios for item in s.items for option in item.options]
    told = [(s, sentence) for s in desk.bank.scenarios for sentence in sentences(s.story)]
    vectors = tfidf([option.text for _, _, option in options] + [sentence for _, sentence in told])
    index: dict[str, set[int]] = defaultdict(set)
    for number, vector in enumerate(vectors[len(options) :]):
        for word in vector:
            index[word].add(number)
    for (scenario, item, option), vector in zip(options, vectors, strict=False):
        # A cosine of .70 needs a shared word among those that carry half of the option's squared length.
        held, rare = 0.0, set()
        for word, value in sorted(vector.items(), key=lambda pair: -pair[1]):
            rare |= index.get(word, set())
            held += value * value
            if held > 1 - GIVEN_AWAY**2:
                break
        for number in sorted(rare):
            other, sentence = told[number]
            value = cosine(vector, vectors[len(options) + number])
            if other.id != scenario.id and value >= GIVEN_AWAY and not _enemies(scenario, other):
                yield desk.on_option(
                    "L23", WARNING, scenario, item, option.id,
                    f"{item.id}: option {option.id} is told in the story of {other.id} (“{sentence}”).",
                    f"Reword it, or make them enemies: add \"{other.id}\" to enemies.",
                )  # fmt: skip


def _enemies(first: Scenario, second: Scenario) -> bool:
    return second.id in first.enemies or first.id in second.enemies


_ABSOLUTE = re.compile(r"\b(always|never|all|only|immediately|must)\b", re.IGNORECASE)


@rule("L09", "Absolute words do not mark the weak options", whole_bank=True)
def absolute_words(desk: Desk) -> Iterator[Finding]:
    with_word = low_with_word = every = low = 0
    for _, item, key in desk.option_keys(whole_bank=True):
        values = desk.effectiveness(item, key)
        for option in item.options:
            weak = values.get(option.id, 2.0) <= 1
            every += 1
            low += weak
            if _ABSOLUTE.search(option.text):
                with_word += 1
                low_with_word += weak
    if with_word >= ABSOLUTE_LEAST:
        p = binomial_upper(low_with_word, with_word, low / every)
        if p < ABSOLUTE_P:
            yield desk.on_bank(
                "L09", WARNING,
                f"Of {with_word} options with always, never, all, only, immediately or must, "
                f"{low_with_word} are keyed low "
                f"(of all options {low / every:.0%}; p = {p:.3f}).",
                "Take these words out of weak options, or use them in good ones.",
            )  # fmt: skip


_REPORT = re.compile(
    r"^(?:\W*)(?:tell|report|inform|ring|call|phone|contact|alert|notify|refer|pass|email|speak to|talk to|hand)\b"
    r".{0,60}?"
    r"\b(?:manager|safeguarding lead|designated|team leader|senior|supervisor|duty|social worker|police)\b",
    re.IGNORECASE,
)


def passed_on(desk: Desk, words: re.Pattern[str] = _REPORT) -> tuple[int, int]:
    """Count the items whose one best option tells somebody senior, and all items with one best option."""
    items = reports = 0
    for _, item, key in desk.option_keys(whole_bank=True):
        good = best(desk.effectiveness(item, key))
        if isinstance(key, ChooseKey) or len(good) != 1 or good[0] not in item.option_ids:
            continue
        items += 1
        reports += bool(words.search(item.option(good[0]).text))
    return reports, items


@rule("L21", "Passing it on is the best answer to a quarter of items at most", whole_bank=True)
def report_first(desk: Desk) -> Iterator[Finding]:
    reports, items = passed_on(desk)
    if items >= REPORT_ITEMS and reports / items > REPORT_SHARE:
        yield desk.on_bank(
            "L21", WARNING,
                f"In {reports} of {items} items the best option is to tell the manager, the lead or another agency.",
            "Write items in which something else comes first; a quarter is the most.",
        )  # fmt: skip
