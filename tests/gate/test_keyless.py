"""Keyless signatures as far as they go without Sigstore's services, which no test here reaches."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID, ObjectIdentifier
from sigstore.errors import VerificationError

from gate import cli, keyless
from gate.errors import IntegrityError, UsageError
from tests.gate.test_bundle import make_bundle

WHO = "https://github.com/acme/api/.github/workflows/release.yml@refs/heads/main"
ISSUER = "https://token.actions.githubusercontent.com"
EXPECTED = keyless.Expected(identity=WHO, issuer=ISSUER)
ISSUER_ID = ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
"""Fulcio's certificate extension for the issuer, as bare text."""

NO_CERTIFICATE = (
    '{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": '
    '{"certificate": {"rawBytes": "AAAA"}, "tlogEntries": []}, "messageSignature": '
    '{"signature": "AAAA"}}'
)


def certificate(identity: str, issuer: str) -> x509.Certificate:
    """What Fulcio would put into a certificate for this identity."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime(2026, 3, 16, tzinfo=UTC)
    subject = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(minutes=10))
        .add_extension(subject, critical=True)
        .add_extension(x509.UnrecognizedExtension(ISSUER_ID, issuer.encode()), critical=False)
        .sign(key, SHA256())
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_bundle(tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without the extra."""
    loaded = [name for name in sys.modules if name.partition(".")[0] == "sigstore"]
    for name in ("sigstore", *loaded):
        monkeypatch.setitem(sys.modules, name, None)


def test_only_the_expected_identity_of_the_expected_issuer_is_accepted() -> None:
    EXPECTED.policy().verify(certificate(WHO, ISSUER))
    for identity, issuer in (
        (WHO, "https://accounts.example"),
        (WHO.replace("main", "fork"), ISSUER),
        (f"{WHO}x", ISSUER),
    ):
        with pytest.raises(VerificationError):
            EXPECTED.policy().verify(certificate(identity, issuer))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json"}',
        NO_CERTIFICATE,
    ],
)
def test_what_is_no_keyless_signature_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(IntegrityError, match=r"^The keyless signature is refused: [^\n]+$"):
        keyless.verify(b"sums", text, EXPECTED)


@pytest.mark.usefixtures("bare")
def test_without_the_extra_one_sentence_says_what_to_install() -> None:
    with pytest.raises(UsageError, match=r"\.\[sigstore\]"):
        keyless.sign(b"sums")
    with pytest.raises(UsageError, match=r"\.\[sigstore\]"):
        keyless.verify(b"sums", "{}", EXPECTED)


def test_a_job_without_an_identity_cannot_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="id-token: write"):
        keyless.sign(b"sums")


def test_verify_asks_for_identity_and_issuer_together(folder: Path) -> None:
    assert cli.attempt(["verify", str(folder), "--identity", WHO]) == 64


def test_an_expected_keyless_signature_must_be_there_and_right(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["verify", str(folder), "--identity", WHO, "--issuer", ISSUER]
    assert cli.attempt(command) == 12
    assert "nobody signed keylessly" in capsys.readouterr().err
    (folder / "SHA256SUMS.sigstore.json").write_text("{}")
    assert cli.attempt(command) == 12
    assert "keyless signature is refused" in capsys.readouterr().err
