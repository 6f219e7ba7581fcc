"""Signed anchors: what a key outside the database vouches for."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sjt.audit.chain import canonical
from sjt.errors import ConfigError, Fault

Head = tuple[str, int, str]
"""Chain, length, hash of its last entry."""


def anchor_sha256(anchor: int, at: str, heads: Sequence[Head], prev: str) -> str:
    body: dict[str, Any] = {"anchor": anchor, "at": at, "heads": [list(head) for head in heads], "prev": prev}
    return hashlib.sha256(canonical(body)).hexdigest()


def load_or_make_key(path: Path) -> Ed25519PrivateKey:
    """Read the signing key; the first use makes it, readable by its owner alone."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another process was first
            return load_or_make_key(path)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
        return key
    loaded = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(loaded, Ed25519PrivateKey):
        fault = Fault(
            str(path), "", "SJT_ANCHOR_KEY", "holds no Ed25519 key.", "Name another file, or remove this one."
        )
        raise ConfigError("The anchor key cannot be used.", [fault])
    return loaded


def public_hex(key: Ed25519PrivateKey) -> str:
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return raw.hex()


def sign(key: Ed25519PrivateKey, sha256: str) -> str:
    return key.sign(bytes.fromhex(sha256)).hex()


def signature_holds(public_key_hex: str, sha256: str, signature: str) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key_hex)).verify(
            bytes.fromhex(signature), bytes.fromhex(sha256)
        )
    except (InvalidSignature, ValueError):
        return False
    return True
