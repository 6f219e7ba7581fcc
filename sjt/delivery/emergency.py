"""Emergency files: a candidate's answers in a file that only this installation can read and only the lease's browser
can have made. The format, byte by byte: ``docs/emergency-file.md``. Pure, but for the random numbers of a new key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sjt.delivery.folding import canonical
from sjt.errors import InputError

FORMAT: Final = "sjt-emergency/1"
MAX_FILE_BYTES: Final = 8 * 1024 * 1024
"""More than 2,000 events of the longest written answers never reach."""
_KEY_BYTES, _NONCE_BYTES, _POINT_BYTES = 32, 12, 65
_FIELDS: Final = frozenset({"format", "session", "sitting", "lease", "saved_at", "epk", "nonce", "data", "signature"})


class FileRefused(InputError):
    """The file is not one of this room's, or not as the browser wrote it; nothing was taken from it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A file's outside: whose it says it is, and what is sealed in it."""

    session_id: UUID
    sitting_id: UUID
    lease: int
    saved_at: str
    epk: bytes
    nonce: bytes
    data: bytes
    signature: bytes

    def header(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "session": str(self.session_id),
            "sitting": str(self.sitting_id),
            "lease": self.lease,
            "saved_at": self.saved_at,
            "epk": _text(self.epk),
            "nonce": _text(self.nonce),
        }

    def signed(self) -> bytes:
        return canonical({**self.header(), "data": _text(self.data)})

    def to_bytes(self) -> bytes:
        return canonical({**self.header(), "data": _text(self.data), "signature": _text(self.signature)})


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def text_of(raw: bytes) -> str:
    """Write bytes as the page reads them: base64url without padding."""
    return _text(raw)


def _bytes(value: Any, length: int | None = None) -> bytes:
    if not isinstance(value, str):
        raise FileRefused(_NOT_ONE)
    try:
        raw = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise FileRefused(_NOT_ONE) from error
    if length is not None and len(raw) != length:
        raise FileRefused(_NOT_ONE)
    return raw


_NOT_ONE: Final = "This is not an answer file of sjt, or it was changed after it was saved. Nothing was taken from it."
_CHANGED: Final = (
    "The file was changed after it was saved, or was not made by the computer that held this test. "
    "Nothing was taken from it."
)


def read(raw: bytes) -> Envelope:
    """Read a file's outside; what is not byte for byte as the page writes it is refused."""
    if len(raw) > MAX_FILE_BYTES:
        raise FileRefused(f"The file is larger than {MAX_FILE_BYTES // 1024 // 1024} MB, so it is no answer file.")
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise FileRefused(_NOT_ONE) from error
    if not isinstance(data, dict):
        raise FileRefused(_NOT_ONE)
    version = data.get("format")
    if isinstance(version, str) and version.startswith("sjt-emergency/") and version != FORMAT:
        raise FileRefused(f"The file is of the format {version[:40]}; this version of sjt reads {FORMAT}.")
    lease, saved_at = data.get("lease"), data.get("saved_at")
    if set(data) != _FIELDS or version != FORMAT or type(lease) is not int or not isinstance(saved_at, str):
        raise FileRefused(_NOT_ONE)
    if not 1 <= lease <= 1_000_000 or len(saved_at) > 40:
        raise FileRefused(_NOT_ONE)
    try:
        session_id, sitting_id = UUID(str(data["session"])), UUID(str(data["sitting"]))
    except ValueError as error:
        raise FileRefused(_NOT_ONE) from error
    envelope = Envelope(
        session_id,
        sitting_id,
        lease,
        saved_at,
        _bytes(data["epk"], _POINT_BYTES),
        _bytes(data["nonce"], _NONCE_BYTES),
        _bytes(data["data"]),
        _bytes(data["signature"], hashlib.sha256().digest_size),
    )
    if envelope.to_bytes() != raw:
        raise FileRefused(_NOT_ONE)
    return envelope


def lease_key(secret_key: str, sitting_id: UUID, lease: int) -> bytes:
    """Give what the browser with this lease signs with; no other browser is ever told it."""
    parts = "\x1f".join(("emergency file", str(sitting_id), str(lease)))
    return hmac.new(secret_key.encode(), parts.encode(), hashlib.sha256).digest()


def opened(envelope: Envelope, private: bytes, key: bytes) -> dict[str, Any]:
    """Check the signature and open the seal; give what the browser wrote."""
    if not hmac.compare_digest(hmac.new(key, envelope.signed(), hashlib.sha256).digest(), envelope.signature):
        raise FileRefused(_CHANGED)
    try:
        peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), envelope.epk)
        shared = _private_key(private).exchange(ec.ECDH(), peer)
        secret = _file_key(shared, key)
        plain = AESGCM(secret).decrypt(envelope.nonce, envelope.data, canonical(envelope.header()))
        data = orjson.loads(plain)
    except (ValueError, InvalidTag, orjson.JSONDecodeError) as error:
        raise FileRefused(_CHANGED) from error
    if not isinstance(data, dict) or not isinstance(data.get("events"), list):
        raise FileRefused(_CHANGED)
    return data


def sealed(
    content: dict[str, Any], *, session_id: UUID, sitting_id: UUID, lease: int, saved_at: str, public: bytes, key: bytes
) -> bytes:
    """Write a file as the page does; sjt itself never needs to, tests and other programs may."""
    mine = ec.generate_private_key(ec.SECP256R1())
    epk = mine.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    shared = mine.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public))
    bare = Envelope(session_id, sitting_id, lease, saved_at, epk, os.urandom(_NONCE_BYTES), b"", b"")
    data = AESGCM(_file_key(shared, key)).encrypt(bare.nonce, canonical(content), canonical(bare.header()))
    whole = Envelope(session_id, sitting_id, lease, saved_at, epk, bare.nonce, data, b"")
    signature = hmac.new(key, whole.signed(), hashlib.sha256).digest()
    return Envelope(session_id, sitting_id, lease, saved_at, epk, bare.nonce, data, signature).to_bytes()


def _file_key(shared: bytes, key: bytes) -> bytes:
    return HKDF(hashes.SHA256(), _KEY_BYTES, salt=key, info=FORMAT.encode()).derive(shared)


# -- the session's pair --


def new_pair(secret_key: str, session_id: UUID) -> tuple[bytes, bytes]:
    """Make a session's key pair: the public point, and the private half sealed with the installation's secret."""
    made = ec.generate_private_key(ec.SECP256R1())
    public = made.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    private = made.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    nonce = os.urandom(_NONCE_BYTES)
    return public, nonce + AESGCM(_wrapping_key(secret_key)).encrypt(nonce, private, session_id.bytes)


def unsealed(secret_key: str, session_id: UUID, sealed_key: bytes) -> bytes:
    nonce, rest = sealed_key[:_NONCE_BYTES], sealed_key[_NONCE_BYTES:]
    try:
        return AESGCM(_wrapping_key(secret_key)).decrypt(nonce, rest, session_id.bytes)
    except InvalidTag as error:
        raise FileRefused(
            "The session's key was sealed with another secret key than this installation has now. "
            "Start sjt with the key that it had when the session was scheduled, then import the file again."
        ) from error


def _wrapping_key(secret_key: str) -> bytes:
    return HKDF(hashes.SHA256(), _KEY_BYTES, salt=b"", info=b"sjt session key").derive(secret_key.encode())


def _private_key(private: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_der_private_key(private, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey), "the pair was made here"
    return key
