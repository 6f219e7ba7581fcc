"""A reply put together from parts that were compressed beforehand, for a browser that takes ``deflate``.

The questions of a sitting are kept compressed. A zlib stream (RFC 1950) may be joined from blocks that were compressed
apart, since none of them looks back beyond its own beginning, and its checksum follows from theirs; so a page leaves
the server as it is kept, a fifth of its size, and nothing is unpacked for it. What differs from page to page, secrets
among it, goes in as it stands: compressed beside text that others may shape, its length would tell of it (BREACH).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

HEADER: Final = b"\x78\x01"
HEADERS: Final = (("Content-Encoding", "deflate"), ("Vary", "Accept-Encoding"))
_END: Final = b"\x03\x00"
"""The last block, with nothing in it."""
_MODULUS: Final = 65521
_MOST_STORED: Final = 65535


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes as blocks that end on a whole byte and need nothing before them; ``adler`` is of the bytes."""

    blocks: bytes
    adler: int
    length: int

    def whole(self) -> bytes:
        return zlib.decompressobj(-15).decompress(self.blocks)


def pack(data: bytes, level: int = 1) -> Piece:
    """Compress some bytes."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return Piece(packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH), zlib.adler32(data), len(data))


def as_it_stands(data: bytes) -> Piece:
    """Wrap some bytes without compressing them."""
    blocks = b"".join(
        b"\x00" + len(part).to_bytes(2, "little") + (len(part) ^ 0xFFFF).to_bytes(2, "little") + part
        for part in (data[at : at + _MOST_STORED] for at in range(0, len(data), _MOST_STORED))
    )
    return Piece(blocks, zlib.adler32(data), len(data))


def join(pieces: Iterable[Piece]) -> bytes:
    """Give one zlib stream of all the bytes."""
    out, low, high = [HEADER], 1, 0
    for piece in pieces:
        out.append(piece.blocks)
        # Adler-32 of two runs of bytes from theirs: the second's sums began at 1, not at the first's
        high = (high + (piece.adler >> 16) + piece.length * (low - 1)) % _MODULUS
        low = (low + (piece.adler & 0xFFFF) - 1) % _MODULUS
    out += (_END, (high << 16 | low).to_bytes(4, "big"))
    return b"".join(out)


def accepted(said: str) -> bool:
    """Tell whether an ``Accept-Encoding`` names ``deflate`` without forbidding it."""
    for part in said.lower().split(","):
        name, _, quality = part.partition(";")
        if name.strip() == "deflate":
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
