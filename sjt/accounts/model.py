"""What a person, a link and a task on a desk are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from sjt.errors import Fault, InputError

LINK_LASTS: Final = timedelta(days=7)
LOGIN_LASTS: Final = timedelta(hours=12)
"""A working day; a sitting's own session is delivery's, and lasts as long as the sitting."""
MIN_PASSWORD: Final = 12
MAX_PASSWORD: Final = 200
LOGIN_SHAPE: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,79}\Z")
EMAIL_SHAPE: Final = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[^\s@,;<>\"]+\Z")


class LinkPurpose(StrEnum):
    INVITATION = "invitation"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class DeskTask:
    """Something that waits for a person: a sentence, a count, and where to go."""

    label: str
    count: int
    url: str
    detail: str = ""
    tone: str = "neutral"


def check_login(login: str) -> str:
    """Give the log-in name in its stored form."""
    folded = login.strip().lower()
    if not LOGIN_SHAPE.match(folded):
        remedy = "Use 2 to 80 of: a to z, 0 to 9, full stop, hyphen, underscore; begin with a letter or figure."
        raise InputError("The log-in name cannot be used.", [Fault("", "", "log-in name", f"is {login!r}.", remedy)])
    return folded


def check_person(name: str, email: str) -> None:
    """Refuse a name or an address that cannot be stored or written to."""
    faults: list[Fault] = []
    if not name.strip():
        faults.append(Fault("", "", "Name", "is empty.", "Enter the full name."))
    if len(name.strip()) > 200 or not name.strip().isprintable():
        faults.append(Fault("", "", "Name", "is too long or holds signs that do not print.", "Use at most 200 signs."))
    if email.strip() and (len(email.strip()) > 200 or not EMAIL_SHAPE.match(email.strip())):
        faults.append(
            Fault("", "", "E-mail", f"is {email.strip()[:60]!r}.", "Enter an address as in name@example.org.")
        )
    if faults:
        raise InputError("The person was not added.", faults)


def check_password(password: str, *, login: str, name: str) -> None:
    """Refuse what is quickly guessed; length is what counts."""
    faults: list[Fault] = []
    if len(password) < MIN_PASSWORD:
        what = f"has {len(password)} characters."
        faults.append(Fault("", "", "Password", what, f"Use at least {MIN_PASSWORD}; three or four words do well."))
    if len(password) > MAX_PASSWORD:
        faults.append(Fault("", "", "Password", "is too long.", f"Use at most {MAX_PASSWORD} characters."))
    folded = password.casefold()
    own = [part for part in (login, *name.casefold().split()) if len(part) > 3]
    if any(part in folded for part in own) and len(password) < 2 * MIN_PASSWORD:
        faults.append(Fault("", "", "Password", "holds your name or log-in name.", "Use words that are not yours."))
    if len(set(folded)) < 5:
        faults.append(Fault("", "", "Password", "repeats the same few characters.", "Use three or four words."))
    if faults:
        raise InputError("The password was not set.", faults)
