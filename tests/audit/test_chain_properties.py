"""An entry is hashed by hand for speed; the hand writes what the canonical form writes, whatever the words."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sjt.audit import chain

ROOT = Path(__file__).resolve().parents[2]
WORDS = st.text(st.characters(codec="utf-8"), max_size=40)


def outside_checker() -> Any:
    spec = importlib.util.spec_from_file_location("verify_audit", ROOT / "tools" / "verify_audit.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CHECKER = outside_checker()


@given(name=WORDS, n=st.integers(1, 10**12), at=WORDS, by=WORDS, did=WORDS, body=WORDS, prev=WORDS)
def test_both_fast_hashes_are_those_of_the_canonical_line(
    name: str, n: int, at: str, by: str, did: str, body: str, prev: str
) -> None:
    line = {"chain": name, "n": n, "at": at, "by": by, "did": did, "body_sha256": body, "prev": prev}
    expected = hashlib.sha256(chain.canonical(line)).hexdigest()
    assert chain.entry_hash(name, n, at, by, did, body, prev) == expected
    assert CHECKER.entry_digest({**line, "hash": expected}) == expected


def test_a_row_whose_values_lost_their_types_is_still_told_from_the_one_that_was_hashed() -> None:
    sound = chain.link("a", 1, "t", "b", "d", "0" * 64, chain.GENESIS)
    row = {name: getattr(sound, name) for name in chain.Entry.__slots__}
    assert CHECKER.check_chain("a", [row]) == []
    for field, value in (("by", None), ("by", 7), ("at", ["t"]), ("did", {"d": 1})):
        assert CHECKER.check_chain("a", [{**row, field: value}])
