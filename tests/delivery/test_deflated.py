"""A page joined from parts compressed beforehand is, unpacked, the page."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sjt.delivery import deflated


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=3000), st.integers(1, 80), st.booleans()), max_size=8))
def test_any_parts_joined_are_one_stream_of_all_their_bytes(parts: list[tuple[bytes, int, bool]]) -> None:
    wholes = [data * times for data, times, _ in parts]
    pieces = [
        deflated.pack(whole) if packed else deflated.as_it_stands(whole)
        for whole, (_, _, packed) in zip(wholes, parts, strict=True)
    ]
    # decompress() compares the checksum, and refuses what is left over or missing
    assert zlib.decompress(deflated.join(pieces)) == b"".join(wholes)
    assert all(piece.whole() == whole for piece, whole in zip(pieces, wholes, strict=True))


def test_what_is_not_compressed_stands_in_the_stream_as_it_is() -> None:
    secret = b"a-token" * 3
    assert secret in deflated.join([deflated.pack(secret * 9), deflated.as_it_stands(secret)])
    assert secret not in deflated.join([deflated.pack(secret * 9)])


@pytest.mark.parametrize(
    ("said", "takes"),
    [
        ("gzip, deflate, br", True),
        ("deflate;q=0.5", True),
        ("gzip, deflate; q=0", False),
        ("gzip", False),
        ("", False),
        ("DEFLATE", True),
    ],
)
def test_only_a_browser_that_takes_it_is_sent_it(said: str, takes: bool) -> None:
    assert deflated.accepted(said) is takes
