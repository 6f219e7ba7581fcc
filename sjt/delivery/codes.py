"""Access codes, room PINs and lease tokens: made at random, kept as HMAC, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final
from uuid import UUID

SIGNS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without 0, 1, I, L, O and U: none is taken for another, and no word comes out."""
LENGTH: Final = 8
PIN_DIGITS: Final = 6


def new_code() -> str:
    return "".join(secrets.choice(SIGNS) for _ in range(LENGTH))


def new_pin() -> str:
    return "".join(secrets.choice("0123456789") for _ in range(PIN_DIGITS))


def shown(code: str) -> str:
    """Write a code as people read it: ABCD-EFGH."""
    return f"{code[:4]}-{code[4:]}"


def read(text: str) -> str | None:
    """Read a code as typed: case, blanks and dashes do not matter; None if it cannot be one."""
    code = "".join(text.split()).replace("-", "").upper()
    return code if len(code) == LENGTH and set(code) <= set(SIGNS) else None


def read_pin(text: str) -> str | None:
    pin = "".join(text.split())
    return pin if len(pin) == PIN_DIGITS and pin.isascii() and pin.isdigit() else None


def _seal(secret_key: str, *parts: str) -> str:
    return hmac.new(secret_key.encode(), "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()


def code_hmac(secret_key: str, session_id: UUID, code: str) -> str:
    return _seal(secret_key, "code", str(session_id), code)


def pin_hmac(secret_key: str, pin: str) -> str:
    return _seal(secret_key, "pin", pin)


def lease_token(secret_key: str, sitting_id: UUID, lease: int) -> str:
    """Give the token of the browser that holds a lease; an old one still proves who held it then."""
    return _seal(secret_key, "lease", str(sitting_id), str(lease))


def lease_hmac(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def token_holds(secret_key: str, sitting_id: UUID, lease: int, token: str) -> bool:
    return hmac.compare_digest(lease_token(secret_key, sitting_id, lease), token)
