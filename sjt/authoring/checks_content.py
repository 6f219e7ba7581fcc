"""Checks of what a scenario says: terms, law, sensitive topics, stigma, idiom, cues, people, access
(L11-L13, L16, L17, L20, L29, L31).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from sjt.authoring.desk import ERROR, WARNING, Desk, best, rule
from sjt.authoring.finding import Finding, Severity
from sjt.authoring.model import Scenario
from sjt.authoring.prose import content_words, overlap, plain
from sjt.authoring.word_lists import (
    BRANDS,
    DATED_LAW,
    GENDERED_JOBS,
    IDIOMS,
    PLAIN_ACRONYMS,
    REAL_ORGANISATIONS,
    REAL_PLACES,
    STIGMA,
    TOPIC_WORDS,
)

MOST_PEOPLE = 4
CUE_GAP = 0.3


def candidate_text(desk: Desk, scenario: Scenario) -> Iterator[tuple[str, Finding]]:
    """Yield each text a candidate reads with a finding that points at it; rules fill in what they saw."""
    yield scenario.title, desk.on("", WARNING, scenario, "", "", "title")
    yield scenario.story, desk.on_story("", WARNING, scenario, "", "")
    if scenario.content_note:
        yield scenario.content_note, desk.on("", WARNING, scenario, "", "", "content_note")
    for item in scenario.items:
        yield item.ask, desk.on("", WARNING, scenario, "", "", "ask", item=item)
        for option in item.options:
            yield option.text, desk.on_option("", WARNING, scenario, item, option.id, "", "")


def said(
    desk: Desk,
    scenario: Scenario,
    where: Finding,
    rule_id: str,
    severity: Severity,
    found: str,
    message: str,
    remedy: str,
) -> Finding:
    """Fill in a finding of ``candidate_text``; in the story it moves to the line that holds the words."""
    if where.line == desk.on_story("", WARNING, scenario, "", "").line and not where.item:
        story = desk.on_story(rule_id, severity, scenario, message, remedy, near=found)
        if found in scenario.story:
            return story
    return Finding(where.file, where.line, rule_id, severity, message, remedy, where.scenario, where.item)


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])", re.IGNORECASE)


_ACRONYM = re.compile(r"(?<![\w-])[A-Z](?:[A-Z]|&[A-Z])+s?(?![\w-])")
_BRANDS = _whole("|".join(re.escape(name) for name in BRANDS))
_ORGANISATIONS = _whole("|".join(re.escape(name) for name in REAL_ORGANISATIONS))
_PLACES = re.compile(rf"(?<![\w-])(?:{'|'.join(re.escape(name.title()) for name in REAL_PLACES)})(?![\w-])")


@rule("L11", "No undefined abbreviation, trade name, real organisation or place")
def terms(desk: Desk) -> Iterator[Finding]:
    for scenario in desk.scenarios:
        everything = " ".join(text for text, _ in candidate_text(desk, scenario))
        names = {person.name for person in scenario.people}
        for text, where in candidate_text(desk, scenario):
            for found in _ACRONYM.findall(_without_stress(text)):
                word = found[:-1] if found.endswith("s") else found
                explained = f"({word})" in everything or word in desk.bank.settings.acronyms
                if word not in PLAIN_ACRONYMS and not explained:
                    yield said(
                        desk, scenario, where, "L11", WARNING, found, f"{found} is not explained.",
                        "Write it out, or add it to [acronyms] in bank.toml.",
                    )  # fmt: skip
            for found in _BRANDS.findall(text):
                yield said(
                    desk, scenario, where, "L11", WARNING, found, f"{found} is a trade name.",
                    f"Write what it is: {BRANDS[found.lower()]}.",
                )  # fmt: skip
            for found in _ORGANISATIONS.findall(text):
                yield said(
                    desk, scenario, where, "L11", ERROR, found, f"{found} is a real organisation.",
                    "Say what it does: the inspectorate, a helpline, a charity.",
                )  # fmt: skip
            for found in _PLACES.findall(text):
                if found not in names:
                    yield said(
                        desk, scenario, where, "L11", ERROR, found, f"{found} is a real place.",
                        "Leave the place out, or say what kind it is.",
                    )  # fmt: skip


def _without_stress(text: str) -> str:
    return re.sub(r"\b(?:NOT|EXCEPT|LEAST|NEVER|MOST)\b", "", text)


_LAW = [(re.compile(pattern, re.IGNORECASE), re.compile(title, re.IGNORECASE)) for pattern, title in DATED_LAW.items()]


@rule("L12", "Law and guidance stand with edition and review date")
def law(desk: Desk) -> Iterator[Finding]:
    for scenario in desk.scenarios:
        titles = " | ".join(entry.title for entry in scenario.law)
        told: set[str] = set()
        for text, where in [*candidate_text(desk, scenario), *_reasons(desk, scenario)]:
            for mention, title in _LAW:
                found = mention.search(text)
                if found and not title.search(titles) and title.pattern not in told:
                    told.add(title.pattern)
                    yield said(
                        desk, scenario, where, "L12", ERROR, found.group(),
                        f"“{found.group()}” is law or guidance that changes, and law does not list it.",
                        "Add {title = …, edition = …, review_by = …} to law, or write around it.",
                    )  # fmt: skip
        for number, entry in enumerate(scenario.law):
            if entry.review_by < desk.today:
                yield desk.on(
                    "L12", WARNING, scenario, f"{entry.title} was to be read again by {entry.review_by.isoformat()}.",
                    "Read the present edition, correct the scenario and set a new review_by.", "law", number,
                )  # fmt: skip


def _reasons(desk: Desk, scenario: Scenario) -> Iterator[tuple[str, Finding]]:
    for item in scenario.items:
        key = desk.bank.key_of(scenario, item)
        for option, why in getattr(key, "why", {}).items():
            yield why, desk.on_key("", WARNING, scenario, "", "", item.id, "why", option, item=item.id)


_TOPICS = {topic: _whole(pattern) for topic, pattern in TOPIC_WORDS.items()}


@rule("L13", "A sensitive topic has a content note")
def sensitive(desk: Desk) -> Iterator[Finding]:
    for scenario in desk.scenarios:
        tagged = [topic for topic in scenario.topics if topic in desk.bank.settings.sensitive_topics]
        if tagged and not scenario.content_note.strip():
            yield desk.on(
                "L13", ERROR, scenario, f"The topic {', '.join(tagged)} is sensitive and there is no content_note.",
                "Say in one plain sentence what the reader will meet.", "topics",
            )  # fmt: skip
        if tagged:
            continue
        for topic, pattern in _TOPICS.items():
            found = pattern.search(scenario.story)
            if found and topic in desk.bank.settings.sensitive_topics:
                yield desk.on_story(
                    "L13", WARNING, scenario, f"“{found.group()}” suggests the topic {topic}, which is not tagged.",
                    "Add it to topics with a content_note, or choose other words.", near=found.group(),
                )  # fmt: skip


_ANY_STIGMA = _whole("|".join(STIGMA))
_STIGMA = [(_whole(pattern), instead) for pattern, instead in STIGMA.items()]


@rule("L16", "No word that stigmatises")
def stigma(desk: Desk) -> Iterator[Finding]:
    for scenario in desk.scenarios:
        for text, where in candidate_text(desk, scenario):
            for pattern, instead in _STIGMA if _ANY_STIGMA.search(plain(text)) else ():
                for found in pattern.finditer(plain(text)):
                    yield said(
                        desk, scenario, where, "L16", ERROR, found.group(),
                        f"The wording “{found.group()}” stigmatises.",
                        f"Write instead: {instead}.",
                    )  # fmt: skip


_ANY_JOB = _whole("|".join(GENDERED_JOBS))
_JOBS = [(_whole(pattern), instead) for pattern, instead in GENDERED_JOBS.items()]
_IDIOMS = _whole("|".join(IDIOMS))


@rule("L17", "No gendered job word, no idiom")
def plain_english(desk: Desk) -> Iterator[Finding]:
    for scenario in desk.scenarios:
        for text, where in candidate_text(desk, scenario):
            for pattern, instead in _JOBS if _ANY_JOB.search(plain(text)) else ():
                for found in pattern.finditer(plain(text)):
                    yield said(
                        desk, scenario, where, "L17", WARNING, found.group(), f"“{found.group()}” assumes a gender.",
                        f"Write: {instead}.",
                    )  # fmt: skip
            for found in _IDIOMS.finditer(plain(text)):
                yield said(
                    desk, scenario, where, "L17", WARNING, found.group(), f"“{found.group()}” is an idiom.",
                    "Say it plainly; not every candidate grew up with it.",
                )  # fmt: skip


@rule("L20", "Story and best option share no more words than story and other options")
def cue_words(desk: Desk) -> Iterator[Finding]:
    for scenario, item, key in desk.option_keys():
        values = desk.effectiveness(item, key)
        top = [option for option in best(values) if option in item.option_ids]
        if not top or len(top) == len(item.options):
            continue
        story = set(content_words(scenario.story))
        shared = {option.id: overlap(set(content_words(option.text)), story) for option in item.options}
        gap = min(shared[option] for option in top) - max(shared[o] for o in item.option_ids if o not in top)
        if gap > CUE_GAP:
            common = sorted(set(content_words(item.option(top[0]).text)) & story)
            yield desk.on_option(
                "L20", WARNING, scenario, item, top[0],
                f"{item.id}: the best option {top[0]} repeats the story's words ({', '.join(common)}) "
                "and no other does.",
                "Reword it, or let other options use them too.",
            )  # fmt: skip


@rule("L29", "At most four people, no two with the same first letter")
def people(desk: Desk) -> Iterator[Finding]:
    for scenario in desk.scenarios:
        if len(scenario.people) > MOST_PEOPLE:
            yield desk.on(
                "L29",
                WARNING,
                scenario,
                f"{len(scenario.people)} people are named.",
                f"Keep {MOST_PEOPLE} or fewer.",
                "people",
            )
        initials: dict[str, list[str]] = defaultdict(list)
        for person in scenario.people:
            initials[person.name[:1].upper()].append(person.name)
        for letter, same in initials.items():
            if len(same) > 1:
                yield desk.on(
                    "L29", WARNING, scenario, f"{' and '.join(same)} both begin with {letter}.", "Rename one.", "people"
                )
        text = " ".join(text for text, _ in candidate_text(desk, scenario))
        for number, person in enumerate(scenario.people):
            if not re.search(rf"\b{re.escape(person.name)}\b", text):
                yield desk.on(
                    "L29", WARNING, scenario, f"{person.name} is listed and never named.",
                    "Remove the entry, or correct the name.", "people", number,
                )  # fmt: skip


_IMAGE = re.compile(r"!\[[^\]]*\]")
_HTML = re.compile(r"<[a-zA-Z/][^>]*>")
_COLOUR = re.compile(
    r"\b(?:in|marked|shown|highlighted|printed) (?:in )?(?:red|green|blue|yellow|orange|amber|purple)\b"
    r"|\bthe (?:red|green|blue|yellow|orange|amber) (?:text|box|line|row|option|words?|part|section|cell)\b",
    re.IGNORECASE,
)


@rule("L31", "Nothing is said by picture, colour or layout alone")
def accessible(desk: Desk) -> Iterator[Finding]:
    for scenario in desk.scenarios:
        for text, where in candidate_text(desk, scenario):
            faults = [
                (_IMAGE, "A picture cannot be read aloud.", "Say in words what it shows."),
                (_HTML, "HTML is shown as text.", "Use plain Markdown."),
                (_COLOUR, "Something is told by colour alone.", "Name it by what it is, not by its colour."),
            ]
            for pattern, message, remedy in faults:
                found = pattern.search(text)
                if found:
                    yield said(desk, scenario, where, "L31", ERROR, found.group(), message, remedy)
            headless = _headless_table(text)
            if headless:
                yield said(
                    desk, scenario, where, "L31", ERROR, headless, "A table has no header row.",
                    "Give it a first row of headings and a line of dashes, or write sentences.",
                )  # fmt: skip


def _headless_table(text: str) -> str:
    """Return the first row of a table without a header, or nothing."""
    rows = [line.strip() for line in text.split("\n")]
    for number, row in enumerate(rows):
        if row.startswith("|") and row.count("|") > 2 and (number == 0 or not rows[number - 1].startswith("|")):
            following = rows[number + 1] if number + 1 < len(rows) else ""
            empty_head = not row.replace("|", "").strip()
            if empty_head or not re.fullmatch(r"\|?(?:\s*:?-{2,}:?\s*\|)+(?:\s*:?-{2,}:?\s*)?", following):
                return row
    return ""
