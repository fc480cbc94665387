"""Who vouches for this evidence, in forms that plain ssh-keygen and openssl verify?

An ed25519 key signs SHA256SUMS as `ssh-keygen -Y sign` does (OpenSSH, PROTOCOL.sshsig), and the
statements of `gate.attestation` in DSSE envelopes (secure-systems-lab/dsse, protocol 1.0).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
    load_ssh_private_key,
    load_ssh_public_key,
)
from pydantic import BaseModel, ConfigDict, ValidationError

from gate.errors import IntegrityError, UsageError

NAMESPACE = "maestro-evidence"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
KEY_TYPE, HASH = b"ssh-ed25519", b"sha512"
MAGIC = b"SSHSIG"
BEGIN, END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
PUBLIC_LINE = re.compile(r"(?:[^\s#]\S*\s+)?(ssh-ed25519\s+[A-Za-z0-9+/=]+)(?:\s.*)?")
VARIABLE = "MAESTRO_SIGNING_KEY"


class Signature(BaseModel):
    """One signature of an envelope."""

    model_config = ConfigDict(extra="forbid", strict=True)

    keyid: str
    sig: str


class Envelope(BaseModel):
    """A DSSE envelope; base64 (RFC 4648) in `payload` and `sig`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    payload: str
    payloadType: str  # noqa: N815 - the protocol's name
    signatures: list[Signature]


def find_key(file: Path | None, environment: Mapping[str, str]) -> Ed25519PrivateKey | None:
    """The signing key of a file, else of MAESTRO_SIGNING_KEY; None when neither is given.

    PEM (PKCS #8) or OpenSSH, without a passphrase; UsageError says what is wrong, never the key.
    """
    if file is not None:
        try:
            return read_key(file.read_bytes(), str(file))
        except OSError as error:
            raise UsageError(f"The key {file} cannot be read: {error.strerror}.") from error
    text = environment.get(VARIABLE, "")
    return read_key(text.encode(), VARIABLE) if text.strip() else None


def read_key(text: bytes, source: str) -> Ed25519PrivateKey:
    """A private ed25519 key from its text."""
    text = text.strip() + b"\n"
    load = load_ssh_private_key if b"OPENSSH PRIVATE KEY" in text else load_pem_private_key
    try:
        key = load(text, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UsageError(
            f"{source} holds no private key in PEM or OpenSSH form, or one with a passphrase."
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{source} holds a key that is not ed25519.")
    return key


def read_public_keys(file: Path) -> tuple[Ed25519PublicKey, ...]:
    """The trusted keys of a file: PEM, OpenSSH lines, or allowed_signers lines without options."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The public key {file} cannot be read: {error}.") from error
    if "-----BEGIN" in text:
        return (public_key_of(text.encode(), file, pem=True),)
    lines = [line.strip() for line in text.splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    found = [PUBLIC_LINE.fullmatch(line) for line in keys]
    if not found:
        raise UsageError(f"{file} holds no public key.")
    return tuple(
        public_key_of(match[1].encode() if match else b"", file, pem=False) for match in found
    )


def public_key_of(text: bytes, file: Path, *, pem: bool) -> Ed25519PublicKey:
    """One public ed25519 key."""
    try:
        key = load_pem_public_key(text) if pem else load_ssh_public_key(text)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{file} holds something that is not a public ed25519 key.")
    return key


def blob(key: Ed25519PublicKey) -> bytes:
    """The key as SSH writes it (RFC 8709, section 4)."""
    return base64.b64decode(key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1])


def fingerprint(key: Ed25519PublicKey) -> str:
    """`SHA256:…`, as `ssh-keygen -l` prints it."""
    digest = hashlib.sha256(blob(key)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def ssh_sign(message: bytes, key: Ed25519PrivateKey, namespace: str = NAMESPACE) -> str:
    """What `ssh-keygen -Y sign -n <namespace>` writes for this message."""
    signature = string(KEY_TYPE) + string(key.sign(signed_part(message, namespace)))
    return armour(
        MAGIC
        + (1).to_bytes(4, "big")
        + string(blob(key.public_key()))
        + string(namespace.encode())
        + string(b"")
        + string(HASH)
        + string(signature)
    )


def signed_part(message: bytes, namespace: str) -> bytes:
    """The bytes that the key really signs."""
    hashed = hashlib.sha512(message).digest()
    return MAGIC + string(namespace.encode()) + string(b"") + string(HASH) + string(hashed)


def string(data: bytes) -> bytes:
    """A string in the SSH wire format (RFC 4251, section 5)."""
    return len(data).to_bytes(4, "big") + data


def armour(data: bytes) -> str:
    """Base64 in lines of 70 between two markers."""
    lines = textwrap.wrap(base64.b64encode(data).decode(), 70)
    return "\n".join([BEGIN, *lines, END, ""])


def ssh_verify(message: bytes, signature: str, namespace: str = NAMESPACE) -> Ed25519PublicKey:
    """The key that signed; IntegrityError unless the signature is right and in its one form."""
    try:
        lines = signature.split("\n")
        data = base64.b64decode("".join(lines[1:-2]), validate=True)
        parts = strings(data[len(MAGIC) + 4 :])
        key = Ed25519PublicKey.from_public_bytes(strings(parts[0])[1])
        key.verify(strings(parts[4])[1], signed_part(message, namespace))
    except (InvalidSignature, binascii.Error, ValueError, IndexError):
        raise IntegrityError("The signature over SHA256SUMS is not valid.") from None
    again = [blob(key), namespace.encode(), b"", HASH, string(KEY_TYPE) + parts[4][-68:]]
    if armour(MAGIC + (1).to_bytes(4, "big") + b"".join(map(string, again))) != signature:
        raise IntegrityError("The signature over SHA256SUMS is not in the form it is made in.")
    return key


def strings(data: bytes) -> list[bytes]:
    """The strings that follow each other in the SSH wire format; ValueError when cut short."""
    found = []
    while data:
        length = int.from_bytes(data[:4], "big")
        part, data = data[4 : 4 + length], data[4 + length :]
        if len(part) < length:
            raise ValueError("cut short")
        found.append(part)
    return found


def pae(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """DSSE's pre-authentication encoding: what is signed, so that no type is taken for another."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def enclose(payload: bytes, key: Ed25519PrivateKey) -> str:
    """A signed DSSE envelope as JSON text."""
    signature = Signature(keyid=fingerprint(key.public_key()), sig=encoded(key.sign(pae(payload))))
    made = Envelope(payload=encoded(payload), payloadType=PAYLOAD_TYPE, signatures=[signature])
    return made.model_dump_json() + "\n"


def encoded(data: bytes) -> str:
    """Base64."""
    return base64.b64encode(data).decode()


def disclose(text: str, key: Ed25519PublicKey, name: str) -> bytes:
    """The payload of an envelope that this key signed; IntegrityError names the file otherwise."""
    try:
        envelope = Envelope.model_validate_json(text)
        payload = base64.b64decode(envelope.payload, validate=True)
        (signature,) = envelope.signatures
        raw = base64.b64decode(signature.sig, validate=True)
        key.verify(raw, pae(payload, envelope.payloadType))
    except (InvalidSignature, ValidationError, binascii.Error, ValueError):
        raise IntegrityError(f"The signature in {name} is not valid.") from None
    exact = Envelope(
        payload=encoded(payload),
        payloadType=PAYLOAD_TYPE,
        signatures=[Signature(keyid=fingerprint(key), sig=encoded(raw))],
    )
    if exact.model_dump_json() + "\n" != text:
        raise IntegrityError(f"{name} is not in the form it is made in.")
    return payload


def is_trusted(key: Ed25519PublicKey, trusted: Sequence[Ed25519PublicKey]) -> bool:
    """Is it one of these keys?"""
    return blob(key) in {blob(each) for each in trusted}
