"""Settings files of Safe Exam Browser: reading them, and the Config Key that follows from them. Pure.

The rule is the one that Safe Exam Browser publishes (developer documentation, Config Key): the settings as a
JSON-like text without white space or escapes, members sorted without regard to case, hashed with SHA-256. What the
browser shows with a request is the hash of the page's address and that key.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import math
import plistlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from xml.parsers.expat import ExpatError

from sjt.errors import Fault, InputError

MOST_BYTES: Final = 4 * 1024 * 1024
"""Of a settings file, packed or not."""
_PACKED: Final = b"\x1f\x8b"
_PLAIN: Final = b"plnd"
_SEALED: Final = {
    b"pswd": "with a password",
    b"pwcc": "with a password",
    b"pkhs": "for a certificate",
    b"phsk": "for a certificate",
}
_LEFT_OUT: Final = "originatorVersion"


def read(data: bytes, file: str = "") -> dict[str, Any]:
    """Read a settings file: a property list in XML or binary form, plain or packed.

    Raises
    ------
    InputError
        It is sealed, too large, or no settings.
    """
    plain = _unpacked(data, file)
    for prefix, how in _SEALED.items():
        if plain.startswith(prefix):
            remedy = "Save it in the configuration tool without encryption, or give its Config Key instead."
            raise _refused(file, f"is sealed {how}, so that its settings cannot be read.", remedy)
    if plain.startswith(_PLAIN):
        plain = _unpacked(plain[len(_PLAIN) :], file)
    try:
        found = plistlib.loads(plain)
    except (plistlib.InvalidFileException, ExpatError, ValueError, TypeError, OverflowError, RecursionError) as error:
        remedy = "Give the .seb file as the configuration tool saved it."
        raise _refused(file, f"holds no settings that can be read ({type(error).__name__}).", remedy) from error
    if not isinstance(found, dict):
        raise _refused(file, "holds no dictionary of settings.", "Give the .seb file as it was saved.")
    return found


def _refused(file: str, what: str, remedy: str) -> InputError:
    return InputError("The settings file was not taken.", [Fault(file, "", "", what, remedy)])


def _unpacked(data: bytes, file: str) -> bytes:
    if len(data) > MOST_BYTES:
        raise _refused(file, f"is larger than {MOST_BYTES >> 20} MB.", "Leave out what is embedded in it.")
    if not data.startswith(_PACKED):
        return data
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(data, MOST_BYTES)
    except zlib.error as error:
        raise _refused(file, "is packed, and damaged.", "Copy it again from where it was made.") from error
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise _refused(file, "is cut off, or unpacks to far more than settings are.", "Copy it again.")
    return plain


def seb_json(settings: Mapping[str, Any]) -> str:
    """Write settings as the text that the Config Key hashes."""
    return _dictionary({name: value for name, value in settings.items() if name != _LEFT_OUT})


def _dictionary(members: Mapping[str, Any]) -> str:
    # without regard to case; where two differ in case only, the lower-case letter goes first
    names = sorted(members, key=lambda name: (name.lower(), name.swapcase()))
    kept = [f'"{name}":{_text(members[name])}' for name in names if members[name] != {}]
    return "{" + ",".join(kept) + "}"


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return _dictionary(value)
    if isinstance(value, list):
        return "[" + ",".join(_text(one) for one in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _real(value)
    if isinstance(value, bytes):
        return f'"{base64.b64encode(value).decode("ascii")}"'
    if isinstance(value, dt.datetime):
        return f'"{value.replace(tzinfo=dt.UTC).isoformat()}"'
    if isinstance(value, str):
        return f'"{value}"'
    raise InputError(f"A settings file holds no value of the kind {type(value).__name__}.")


def _real(value: float) -> str:
    if not math.isfinite(value):
        raise InputError("A settings file holds no number without end.")
    return "0" if value == 0 else f"{value:.15g}".upper()


def config_key(settings: Mapping[str, Any]) -> str:
    """Give the Config Key of settings: 64 hexadecimal digits in lower case."""
    return hashlib.sha256(seb_json(settings).encode()).hexdigest()


def doubts(settings: Mapping[str, Any]) -> list[str]:
    """Name the values on which the programs that compute this key are known to differ; none in files we write."""
    return list(_doubts(settings, ""))


def _doubts(value: Any, where: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        lower: dict[str, str] = {}
        for name, member in value.items():
            here = f"{where}.{name}" if where else str(name)
            if (twin := lower.setdefault(name.lower(), name)) != name:
                yield f"{here} differs from {twin} in case only"
            yield from _doubts(member, here)
    elif isinstance(value, list):
        for n, one in enumerate(value):
            yield from _doubts(one, f"{where}[{n}]")
    elif isinstance(value, dt.datetime):
        yield f"{where} is a date"
    elif isinstance(value, float) and value != int(value):
        yield f"{where} is a number with a fraction"
    elif isinstance(value, str) and ('"' in value or "\\" in value):
        yield f"{where} holds a quotation mark or a backslash"


def shown_hash(url: str, key: str) -> str:
    """Give what the browser shows on a page: the hash of its address without the fragment, and the key."""
    return hashlib.sha256((url.split("#", 1)[0] + key).encode()).hexdigest()


def holds(shown: str, url: str, keys: Iterable[str]) -> bool:
    """Tell whether what was shown belongs to one of the keys; in constant time, whichever it is."""
    found = False
    for key in keys:
        found |= hmac.compare_digest(shown.strip().lower().encode("utf-8", "replace"), shown_hash(url, key).encode())
    return found


def is_key(text: str) -> bool:
    return len(text) == 64 and all(sign in "0123456789abcdef" for sign in text)
