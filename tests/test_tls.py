"""A local authority and its certificate: a client that trusts the one accepts the other, by name and by address."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509

from sjt.tls import CERTIFICATE_LASTS, make_authority, make_certificate


def hand_shake(folder: Path, host: str) -> None:
    """Let a strict TLS client speak to a server with the made certificate."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.pem", folder / "server.key")
    client = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            with server.wrap_socket(theirs, server_side=True) as speaking:
                speaking.recv(1)
        except (ssl.SSLError, OSError):
            theirs.close()  # the client refused: its side of the test says why

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(ours, server_hostname=host) as speaking:
            speaking.send(b"x")
    finally:
        ours.close()
        thread.join(timeout=60)


def test_a_client_that_trusts_the_authority_accepts_name_and_address(tmp_path: Path) -> None:
    make_certificate(tmp_path, make_authority(tmp_path), ["exam.local", "192.168.1.10"])
    hand_shake(tmp_path, "exam.local")
    hand_shake(tmp_path, "192.168.1.10")
    with pytest.raises(ssl.SSLCertVerificationError):
        hand_shake(tmp_path, "elsewhere.local")


def test_the_authority_is_made_once_and_its_key_is_its_owners_alone(tmp_path: Path) -> None:
    first = make_authority(tmp_path)
    again = make_authority(tmp_path)
    assert first.certificate == again.certificate
    assert (tmp_path / "ca.key").stat().st_mode & 0o077 == 0
    make_certificate(tmp_path, again, ["exam.local"])
    assert (tmp_path / "server.key").stat().st_mode & 0o077 == 0
    made = x509.load_pem_x509_certificate((tmp_path / "server.pem").read_bytes())
    assert made.not_valid_after_utc - made.not_valid_before_utc <= CERTIFICATE_LASTS * 1.01
