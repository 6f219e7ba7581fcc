"""How alike texts are: cosine of TF-IDF vectors, in plain Python and fast enough for a bank of thousands."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from sjt.authoring.prose import content_words

Vector = Mapping[str, float]
KEPT: Final = 120_000
"""Texts whose words are remembered: the stories, options and sentences of 5,000 scenarios."""
SLACK = 1e-9
"""Sums of squares are rounded; a pair at the very limit is looked at rather than missed."""


def tfidf(texts: Sequence[str]) -> list[Vector]:
    """Return one unit vector a text: raw counts of content words times ln((1 + n) / (1 + df)) + 1."""
    counts = [_counted(text) for text in texts]
    in_texts = Counter(word for count in counts for word, _ in count)
    weight = {word: math.log((1 + len(texts)) / (1 + found)) + 1 for word, found in in_texts.items()}
    return [_unit({word: n * weight[word] for word, n in count}) for count in counts]


@lru_cache(maxsize=KEPT)
def _counted(text: str) -> tuple[tuple[str, int], ...]:
    """Count the words of a text; one change to a bank makes every weight another, but no other text's words."""
    return tuple(Counter(content_words(text)).items())


def _unit(vector: dict[str, float]) -> Vector:
    length = math.sqrt(sum(value * value for value in vector.values()))
    return {word: value / length for word, value in vector.items()} if length else {}


def cosine(first: Vector, second: Vector) -> float:
    """Return the cosine of two unit vectors, 0 to 1."""
    if len(first) > len(second):
        first, second = second, first
    return min(1.0, sum(value * second[word] for word, value in first.items() if word in second))


def alike(vectors: Sequence[Vector], least: float) -> Iterator[tuple[int, int, float]]:
    """Yield every pair (i < j) whose cosine is at least ``least``.

    Words are ranked from rare to common. Of two texts as alike as that, the rarest word they share stands among the
    words of either before its remaining words weigh less than ``least`` (Cauchy-Schwarz); so only these are indexed.
    """
    in_texts = Counter(word for vector in vectors for word in vector)
    index: dict[str, list[int]] = defaultdict(list)
    for j, vector in enumerate(vectors):
        candidates: set[int] = set()
        left = 1.0
        for word in sorted(vector, key=lambda word: (in_texts[word], word)):
            if left < least * least - SLACK:
                break
            candidates.update(index[word])
            index[word].append(j)
            left -= vector[word] ** 2
        for i in sorted(candidates):
            value = cosine(vectors[i], vector)
            if value >= least:
                yield i, j, value
