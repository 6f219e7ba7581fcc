"""Checks of wording: length, readability, one act per option, plain questions (L01-L04, L08, L10, L24, L28)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sjt.authoring.desk import ERROR, WARNING, Desk, rule
from sjt.authoring.finding import Finding
from sjt.authoring.model import Format, Item, Scenario
from sjt.authoring.prose import plain, sentences, word_count, words
from sjt.authoring.readability import measure
from sjt.authoring.word_lists import NOUN_TOO, VERBS

STORY_WORDS = (40, 120)
STORY_WORDS_MOST = 160
OPTION_WORDS = (5, 30)
OPTION_RATIO = 2.0
GRADE = 9.0
GRADE_MOST = 11.0
EASE = 55.0
SENTENCE_WORDS = 25


_OBJECT = (
    r"(?:(?:the|a|an|her|him|them|it|your|his|their|this|that|these|what|why|how|who|when|where|with|to|for|on|if|"
    r"whether)\b|[A-Z][a-z])"
)
_SECOND_ACT = re.compile(rf"(?:,|\band\b|\bthen\b)\s+(?:then\s+)?([a-z]+)\b(?:\s+({_OBJECT}))?")
_DOUBLE = re.compile(r"\band then\b|;|\bas well as\b", re.IGNORECASE)
_SPEECH = re.compile(r"[\"“][^\"”]*[\"”]")


@rule("L01", "A story has 40 to 120 words")
def story_length(desk: Desk) -> Iterator[Finding]:
    low, high = STORY_WORDS
    for scenario in desk.scenarios:
        count = word_count(scenario.story)
        if count > STORY_WORDS_MOST:
            yield desk.on_story(
                "L01",
                ERROR,
                scenario,
                f"The story has {count} words.",
                f"Cut it to {high} or fewer; {STORY_WORDS_MOST} is the most.",
            )
        elif not count:
            yield desk.on_story("L01", ERROR, scenario, "There is no story.", "Write it below the second +++ line.")
        elif not low <= count <= high:
            do = "Add the facts the decision needs" if count < low else "Keep only the facts the decision needs"
            yield desk.on_story(
                "L01", WARNING, scenario, f"The story has {count} words.", f"{do}: {low} to {high} words."
            )


@rule("L02", "Options have 5 to 30 words and like lengths")
def option_length(desk: Desk) -> Iterator[Finding]:
    low, high = OPTION_WORDS
    for scenario, item in desk.items():
        counts = {option.id: word_count(option.text) for option in item.options}
        for option, count in counts.items():
            if not low <= count <= high:
                yield desk.on_option(
                    "L02", WARNING, scenario, item, option,
                    f"{item.id}: option {option} has {count} words.", f"Use {low} to {high}.",
                )  # fmt: skip
        if not counts or not min(counts.values()):
            continue
        longest, shortest = max(counts, key=lambda o: counts[o]), min(counts, key=lambda o: counts[o])
        if counts[longest] / counts[shortest] > OPTION_RATIO:
            yield desk.on_option(
                "L02", WARNING, scenario, item, longest,
                f"{item.id}: option {longest} has {counts[longest]} words and {shortest} has {counts[shortest]}.",
                "Bring them closer: the longest may have twice the words of the shortest.",
            )  # fmt: skip


@rule(
    "L03",
    "The text can be read at grade 9",
    source="Kincaid et al. 1975; Flesch 1948; thresholds sjt-science 2.4",
)
def readability(desk: Desk) -> Iterator[Finding]:
    for scenario in desk.scenarios:
        story = measure(scenario.story)
        if story is not None and story.words >= 20:
            what = f"The story reads at grade {story.grade:.1f} (age {story.reading_age:.0f}), ease {story.ease:.0f}"
            remedy = f"Use shorter sentences and words: grade {GRADE:g} or less, ease {EASE:g} or more."
            if story.grade > GRADE_MOST:
                yield desk.on_story("L03", ERROR, scenario, f"{what}.", remedy)
            elif story.grade > GRADE or story.ease < EASE:
                yield desk.on_story("L03", WARNING, scenario, f"{what}.", remedy)
        for item in scenario.items:
            options = measure([option.text for option in item.options])
            if options is None:
                continue
            what = f"{item.id}: the options read at grade {options.grade:.1f} (age {options.reading_age:.0f})"
            remedy = f"Use plainer words: grade {GRADE:g} or less."
            if options.grade > GRADE:
                severity = ERROR if options.grade > GRADE_MOST else WARNING
                yield desk.on("L03", severity, scenario, f"{what}.", remedy, "options", item=item)


@rule("L04", "No sentence has more than 25 words")
def sentence_length(desk: Desk) -> Iterator[Finding]:
    for scenario in desk.scenarios:
        for sentence in sentences(scenario.story):
            count = word_count(sentence)
            if count > SENTENCE_WORDS:
                start = " ".join(sentence.split()[:5])
                yield desk.on_story(
                    "L04", WARNING, scenario, f"The sentence beginning “{start}” has {count} words.",
                    f"Split it: {SENTENCE_WORDS} or fewer.", near=sentence.split()[0],
                )  # fmt: skip
        for item in scenario.items:
            for option in item.options:
                longest = max((word_count(sentence) for sentence in sentences(option.text)), default=0)
                if longest > SENTENCE_WORDS:
                    yield desk.on_option(
                        "L04", WARNING, scenario, item, option.id,
                        f"{item.id}: option {option.id} has a sentence of {longest} words.",
                        f"Cut it to {SENTENCE_WORDS} or fewer.",
                    )  # fmt: skip


@rule("L08", "An option is one act")
def double_option(desk: Desk) -> Iterator[Finding]:
    for scenario, item in desk.items():
        for option in item.options:
            found = second_act(option.text)
            if found:
                yield desk.on_option(
                    "L08", WARNING, scenario, item, option.id,
                    f"{item.id}: option {option.id} holds two acts (“{found}”).",
                    "Keep one; a candidate who agrees with half of it cannot answer.",
                )  # fmt: skip


def second_act(text: str) -> str:
    """Return the words that begin a second act, or nothing. Words in quotation marks are speech, not acts."""
    acts = _SPEECH.sub("…", plain(text))
    double = _DOUBLE.search(acts)
    if double:
        return double.group()
    first = words(acts)[:1]
    if not first or first[0].lower() not in VERBS | NOUN_TOO:
        return ""  # not an instruction: "His mother should be told and asked" is judged by people
    for match in _SECOND_ACT.finditer(acts):
        verb, target = match.group(1), match.group(2)
        if verb in VERBS | NOUN_TOO and (verb not in NOUN_TOO or target):
            return match.group().strip()
    return ""


_NEGATIVE = re.compile(r"\b(not|except|least|never|isn't|aren't|shouldn't|don't)\b", re.IGNORECASE)
_STRONG = re.compile(r"(\*\*|__|\*|_)(?:not|except|least|never)\1|\b(?:NOT|EXCEPT|LEAST|NEVER)\b")


@rule("L10", "A negative question is stressed")
def negative_question(desk: Desk) -> Iterator[Finding]:
    for scenario, item in desk.items():
        asked = _SPEECH.sub("", sentences(item.ask)[-1] if sentences(item.ask) else "")
        found = _NEGATIVE.search(asked)
        if found is None or _STRONG.search(item.ask):
            continue
        if found.group().lower() == "least" and item.format in (Format.RANK, Format.MOST_LEAST):
            continue  # the format itself asks for the least appropriate
        yield desk.on(
            "L10", WARNING, scenario, f"{item.id} asks a negative question (“{found.group()}”).",
            f"Ask it the positive way, or stress the word: **{found.group().lower()}**.", "ask", item=item,
        )  # fmt: skip


_ABOVE_ROLE = re.compile(
    r"\b(diagnos\w+|prescrib\w+|arrest\w*|sedat\w+"
    r"|remov\w+ (?:the|this|that|her|his|their) (?:child|children|baby|siblings)"
    r"|(?:change|increase|reduce|stop|double) (?:the|her|his|their) (?:dose|medication|prescription))",
    re.IGNORECASE,
)


@rule("L24", "The candidate acts within the job")
def outside_role(desk: Desk) -> Iterator[Finding]:
    for scenario, item in desk.items():
        for option in item.options:
            found = _ABOVE_ROLE.search(_SPEECH.sub("", option.text))
            if found:
                yield desk.on_option(
                    "L24", WARNING, scenario, item, option.id,
                    f"{item.id}: option {option.id} has the candidate “{found.group()}”, "
                    "which is not this job's to do.",
                    "Write an act the candidate could really choose on the shift.",
                )  # fmt: skip


ASKS = {
    Format.RANK: (re.compile(r"\brank\b", re.IGNORECASE), "Rank these actions from most to least appropriate."),
    Format.CHOOSE: (
        re.compile(r"\b(?:choose|select|pick)\b.*\b(?:three|3|two|2)\b", re.IGNORECASE | re.DOTALL),
        "Choose the three actions that together …",
    ),
    Format.RATE: (
        re.compile(r"\brate\b|\bhow (?:very )?(?:in)?appropriate\b", re.IGNORECASE),
        "Rate how appropriate each of these actions is.",
    ),
    Format.MOST_LEAST: (
        re.compile(r"\bmost\b.*\bleast\b", re.IGNORECASE | re.DOTALL),
        "Choose the most and the least appropriate of these actions.",
    ),
    Format.SINGLE: (
        re.compile(r"\b(?:choose|select|pick|which|what)\b", re.IGNORECASE),
        "Which of these should you do first?",
    ),
    Format.WRITTEN: (
        re.compile(r"\b(?:what|why|how|explain|describe|say|write|give|decide|set out)\b", re.IGNORECASE),
        "What would you do now, and why?",
    ),
}


@rule("L28", "The story speaks to the reader and the question fits the format")
def second_person(desk: Desk) -> Iterator[Finding]:
    for scenario in desk.scenarios:
        spoken = _SPEECH.sub("", scenario.story)
        if scenario.story.strip() and not re.search(r"\byou(?:r|rs)?\b", spoken, re.IGNORECASE):
            yield desk.on_story(
                "L28", WARNING, scenario, "The story never says “you”.",
                "Name the reader's role and setting: “You are key worker to …”.",
            )  # fmt: skip
        for item in scenario.items:
            yield from _ask(desk, scenario, item)


def _ask(desk: Desk, scenario: Scenario, item: Item) -> Iterator[Finding]:
    pattern, example = ASKS[item.format]
    if not pattern.search(plain(item.ask)):
        yield desk.on(
            "L28", WARNING, scenario, f"{item.id} is {item.format} and does not ask for it.",
            f"Ask as in: {example}", "ask", item=item,
        )  # fmt: skip
