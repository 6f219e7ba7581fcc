"""Words and sentences of candidates' text: Markdown marks taken off, nothing interpreted."""

from __future__ import annotations

import re
from functools import lru_cache

_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[*_`]+|^\s{0,3}(?:#{1,6}|>|[-+]|\d+[.)])\s+", re.MULTILINE)
_WORD = re.compile(r"[A-Za-zÀ-ɏ0-9]+(?:['’][A-Za-zÀ-ɏ]+)*(?:-[A-Za-zÀ-ɏ0-9]+)*")
_END = re.compile(r"""[.!?…]["'”’)\]]*(\s+)(?=["'“‘(\[]*[A-Z0-9])""")
_POSSESSIVE = re.compile(r"['’]s?$")
_SHORT = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|e\.g|i\.e|approx)\.$")

_STOP_WORDS = """
    whether a about after again all
    also am an and any are as at be because been before being both but by can cannot could
    did do does doing down during each few for from further get had has have having he her here hers herself him
    himself his how i if in into is it its itself just me more most my myself no nor not now of off on once one only
    or other our ours out over own same she should so some such than that the their theirs them themselves then
    there these they this those through to too two under until up us very was we were what when where which while
    who whom why will with would you your yours yourself
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


@lru_cache(maxsize=8192)
def plain(markdown: str) -> str:
    """Return the text a reader sees."""
    return _MARKS.sub("", _LINK.sub(r"\1", markdown))


def words(text: str) -> list[str]:
    """Return the words in order; a hyphenated word or one with an apostrophe is one word."""
    return _WORD.findall(plain(text))


def word_count(text: str) -> int:
    return len(words(text))


def sentences(text: str) -> list[str]:
    """Return the sentences; a paragraph, a list entry and a line of speech end one."""
    return list(_sentences(text))


@lru_cache(maxsize=8192)
def _sentences(text: str) -> tuple[str, ...]:
    found: list[str] = []
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*+]|\d+[.)])\s)", text):
        flat = " ".join(plain(block).split())
        held = ""
        for piece in _pieces(flat):
            held = f"{held} {piece}".strip()
            if not _SHORT.search(held):
                found.append(held)
                held = ""
        if held:
            found.append(held)
    return tuple(sentence for sentence in found if _WORD.search(sentence))


def _pieces(flat: str) -> list[str]:
    """Cut behind each end mark with its closing quotation marks."""
    cuts = [(match.start(1), match.end(1)) for match in _END.finditer(flat)]
    starts = [0, *(end for _, end in cuts)]
    ends = [*(start for start, _ in cuts), len(flat)]
    return [flat[start:end] for start, end in zip(starts, ends, strict=True)]


def content_words(text: str) -> list[str]:
    """Return the words that carry meaning, small letters, plural and past endings taken off roughly."""
    return [stem(word) for word in (w.lower() for w in words(text)) if word not in STOP_WORDS and len(word) > 1]


@lru_cache(maxsize=32768)
def stem(word: str) -> str:
    """Cut the commonest endings, so that "asks", "asked" and "asking" count as one word."""
    word = _POSSESSIVE.sub("", word)
    for ending in ("ing", "edly", "ies", "ied", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            root = word[: -len(ending)]
            if ending in ("ies", "ied"):
                return root + "y"
            if ending in ("ing", "ed") and len(root) > 3 and root[-1] == root[-2] and root[-1] not in "lsz":
                return root[:-1]
            return root.rstrip("e") if ending in ("ing", "ed", "es") else root
    return word.rstrip("e") if len(word) > 4 else word


def overlap(first: set[str], second: set[str]) -> float:
    """Return the overlap coefficient: shared words over the smaller set; 0 when one is empty."""
    smaller = min(len(first), len(second))
    return len(first & second) / smaller if smaller else 0.0
