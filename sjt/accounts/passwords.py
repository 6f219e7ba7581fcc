"""Passwords: argon2id on at most two threads, so that a morning of log-ins never starves the saves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's argon2id minimum (19 MiB, 2 passes, 1 lane): 23 ms here against 171 ms for the library's default.
_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_workers: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")
_DECOY: Final = _hasher.hash("a password that nobody has")


def hashed(password: str) -> str:
    return _workers.submit(_hasher.hash, password).result()


def matches(password: str, stored: str | None) -> bool:
    """Compare; without a stored hash the same time is spent, so that a name's existence does not show."""
    return _workers.submit(_matches, password, stored).result()


def _matches(password: str, stored: str | None) -> bool:
    try:
        _hasher.verify(stored or _DECOY, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def needs_rehash(stored: str) -> bool:
    return _hasher.check_needs_rehash(stored)
