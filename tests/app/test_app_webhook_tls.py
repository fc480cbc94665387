"""Is the certificate checked against the name, when the connection goes to a checked address?"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.webhooks.sender import Answer, Pinned, send
from gate.testbed.ports import LOOPBACK, reserve

NAME = "hooks.test"
BODY = b"{}"
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass(slots=True)
class TlsReceiver:
    """Where it listens, whom its clients trust, and which names they asked for."""

    port: int
    trust: ssl.SSLContext
    asked: list[str | None] = field(default_factory=list)


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for `hooks.test`, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form, encoding = serialization.PrivateFormat.PKCS8, serialization.Encoding.PEM
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(encoding))
    paths[1].write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))
    return paths


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[TlsReceiver]:
    public, private = certificate(tmp_path)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(public, private)
    trust = ssl.create_default_context(cafile=str(public))
    with reserve() as port, socket.create_server((LOOPBACK, port)) as server:
        receiver = TlsReceiver(port, trust)
        served.sni_callback = lambda _socket, name, _context: receiver.asked.append(name)
        thread = Thread(target=answer_once, args=(server, served))
        thread.start()
        yield receiver
        thread.join()


def answer_once(server: socket.socket, served: ssl.SSLContext) -> None:
    connection, _ = server.accept()
    try:
        with served.wrap_socket(connection, server_side=True) as secure:
            received = b""
            while not received.endswith(BODY):
                received += secure.recv(1000)
            secure.sendall(ANSWER)
    except (ssl.SSLError, ConnectionError):
        connection.close()


def test_the_named_host_is_asked_for_at_the_pinned_address(receiver: TlsReceiver) -> None:
    with closing(Pinned(NAME, receiver.port, LOOPBACK, receiver.trust)) as connection:
        connection.request("POST", "/", BODY)
        assert connection.getresponse().status == 204
    assert receiver.asked == [NAME]


def test_a_certificate_for_another_name_is_refused(receiver: TlsReceiver) -> None:
    with (
        closing(Pinned("other", receiver.port, LOOPBACK, receiver.trust)) as connection,
        pytest.raises(ssl.SSLCertVerificationError, match="not valid for 'other'"),
    ):
        connection.request("POST", "/", BODY)


def test_a_certificate_that_nobody_trusts_is_refused(receiver: TlsReceiver) -> None:
    url = f"https://{LOOPBACK}:{receiver.port}/"
    allowed = [ip_network("127.0.0.0/8")]
    assert send(url, {}, BODY, allowed) == Answer(None, "tls-failed")
