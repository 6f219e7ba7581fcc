"""Syllables and readability against published examples and dictionary counts."""

from __future__ import annotations

import pytest

from sjt.authoring.prose import content_words, sentences, stem, word_count
from sjt.authoring.readability import measure, syllables

# Published with the formulas in the encyclopaedia article "Flesch-Kincaid readability tests": ease 116 and 69 and 37.5.
PUBLISHED = [
    ("The cat sat on the mat.", 6, 6, 116.145, -1.45),
    ("This sentence, taken as a reading passage unto itself, is being used to prove a point.", 16, 23, 68.9825, 7.6125),
    (
        "The Australian platypus is seemingly a hybrid of a mammal and reptilian creature.",
        13,
        24,
        206.835 - 1.015 * 13 - 84.6 * 24 / 13,
        0.39 * 13 + 11.8 * 24 / 13 - 15.59,
    ),
]

DICTIONARY = {
    1: "child home asked helped eyes school friend called trained moved text phone stayed hurt clothes cared",
    2: "worker bedroom wanted needed sister table little people placement mother upset houses safely Monday agreed",
    3: "manager family important hospital residential:4 telephone decision behaviour visited:3 suddenly animal",
    4: "community supervision appropriate:4 information emergency anxiety situation",
    5: "opportunity responsibility:6 university immediately confidentiality:7",
}


@pytest.mark.parametrize(("text", "words", "count", "ease", "grade"), PUBLISHED)
def test_published_examples(text: str, words: int, count: int, ease: float, grade: float) -> None:
    found = measure(text)
    assert found is not None
    assert (found.words, found.sentences, found.syllables) == (words, 1, count)
    assert found.ease == pytest.approx(ease, abs=1e-9)
    assert found.grade == pytest.approx(grade, abs=1e-9)
    assert found.reading_age == pytest.approx(grade + 5)


@pytest.mark.parametrize(
    ("word", "count"),
    [
        (entry.partition(":")[0], int(entry.partition(":")[2] or usual))
        for usual, entries in DICTIONARY.items()
        for entry in entries.split()
    ],
)
def test_syllables_as_in_the_dictionary(word: str, count: int) -> None:
    assert syllables(word) == count


def test_nothing_to_read_has_no_readability() -> None:
    assert measure("") is None
    assert measure("…") is None
    assert measure([]) is None


def test_sentences_end_where_a_reader_stops() -> None:
    text = (
        'Mr. Hall rang at 9.30 p.m. today. "I can\'t," she says. "Not now." You wait!\n\n'
        "- Ask **her**\n- Tell him\n\nIs it e.g. late? Yes"
    )
    assert sentences(text) == [
        "Mr. Hall rang at 9.30 p.m. today.",
        '"I can\'t," she says.',
        '"Not now."',
        "You wait!",
        "Ask her",
        "Tell him",
        "Is it e.g. late?",
        "Yes",
    ]


def test_words_are_counted_as_people_count_them() -> None:
    assert word_count("Amara's half-term isn't **over** at 9.30 [here](x)") == 8
    assert word_count("") == 0


def test_content_words_ignore_endings_and_small_words() -> None:
    assert content_words("She was asking about the worries of her families") == content_words("asked worry family")
    assert stem("stopped") == stem("stopping") == stem("stops") == stem("stop")
