"""Signatures as the plain tools see them: openssl and ssh-keygen are the judges here."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import assume, given
from hypothesis import strategies as st

from gate.errors import IntegrityError, UsageError
from gate.signing import (
    VARIABLE,
    blob,
    disclose,
    enclose,
    find_key,
    fingerprint,
    pae,
    read_public_keys,
    ssh_sign,
    ssh_verify,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
MESSAGE = b"0" * 64 + b"  verdict.json\n"


def pem(key: Ed25519PrivateKey = KEY) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_line(key: Ed25519PrivateKey = KEY) -> str:
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def ssh_keygen_says(folder: Path, signature: str, key: Ed25519PrivateKey, namespace: str) -> bool:
    (folder / "allowed").write_text(f"release {public_line(key)}\n")
    (folder / "sig").write_text(signature)
    command = ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "release", "-n", namespace]
    done = subprocess.run(
        [*command, "-s", "sig"], cwd=folder, input=MESSAGE, capture_output=True, check=False
    )
    return done.returncode == 0


def openssl_says(folder: Path, envelope: str, key: Ed25519PrivateKey) -> bool:
    """Rebuild the signed bytes from the envelope alone, as docs/EVIDENCE.md tells."""
    read = json.loads(envelope)
    kind, payload = read["payloadType"].encode(), base64.b64decode(read["payload"])
    encoded = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    (folder / "pae.bin").write_bytes(encoded)
    (folder / "sig.bin").write_bytes(base64.b64decode(read["signatures"][0]["sig"]))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "key.pem").write_bytes(public)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin"]
    done = subprocess.run(
        [*command, "-in", "pae.bin", "-sigfile", "sig.bin"],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def test_ssh_keygen_verifies_our_signature_and_refuses_key_and_namespace(tmp_path: Path) -> None:
    signature = ssh_sign(MESSAGE, KEY)
    assert ssh_keygen_says(tmp_path, signature, KEY, "maestro-evidence")
    assert not ssh_keygen_says(tmp_path, signature, OTHER, "maestro-evidence")
    assert not ssh_keygen_says(tmp_path, signature, KEY, "git")
    assert not ssh_keygen_says(tmp_path, ssh_sign(MESSAGE + b" ", KEY), KEY, "maestro-evidence")


def test_our_signature_is_ssh_keygen_s_to_the_byte(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(
        KEY.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    )
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "message").write_bytes(MESSAGE)
    command = ["ssh-keygen", "-Y", "sign", "-f", "key", "-n", "maestro-evidence", "message"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    assert (tmp_path / "message.sig").read_text() == ssh_sign(MESSAGE, KEY)


def test_openssl_verifies_our_envelope_and_refuses_another_key_or_payload(tmp_path: Path) -> None:
    envelope = enclose(b'{"passed":true}', KEY)
    assert openssl_says(tmp_path, envelope, KEY)
    assert not openssl_says(tmp_path, envelope, OTHER)
    tampered = json.loads(envelope)
    tampered["payload"] = base64.b64encode(b'{"passed":True}').decode()
    assert not openssl_says(tmp_path, json.dumps(tampered), KEY)


def test_the_pre_authentication_encoding_is_the_specification_s() -> None:
    # protocol.md of secure-systems-lab/dsse, test vector "hello world".
    expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert pae(b"hello world", "http://example.com/HelloWorld") == expected


def test_a_signature_names_its_key_and_a_wrong_one_is_refused() -> None:
    signature = ssh_sign(MESSAGE, KEY)
    assert blob(ssh_verify(MESSAGE, signature)) == blob(KEY.public_key())
    for message, text in (
        (MESSAGE + b"x", signature),
        (MESSAGE, ssh_sign(MESSAGE, KEY, "git")),
        (MESSAGE, ""),
        (MESSAGE, signature.replace("SIGNATURE", "MESSAGE")),
        (MESSAGE, signature + "\n"),
    ):
        with pytest.raises(IntegrityError):
            ssh_verify(message, text)


@given(st.data())
def test_any_changed_character_of_a_signature_is_refused(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(("ssh", "dsse")))
    text = ssh_sign(MESSAGE, KEY) if kind == "ssh" else enclose(MESSAGE, KEY)
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(max_codepoint=255))
    changed = text[:place] + letter + text[place + 1 :]
    assume(changed != text)
    with pytest.raises(IntegrityError):
        read_back(kind, changed)


def read_back(kind: str, text: str) -> None:
    if kind == "ssh":
        ssh_verify(MESSAGE, text)
    else:
        disclose(text, KEY.public_key(), "it")


def test_an_envelope_gives_its_payload_to_the_right_key_only() -> None:
    envelope = enclose(b"{}", KEY)
    assert disclose(envelope, KEY.public_key(), "vsa") == b"{}"
    with pytest.raises(IntegrityError, match="signature in vsa is not valid"):
        disclose(envelope, OTHER.public_key(), "vsa")


def test_an_envelope_without_signatures_is_refused() -> None:
    empty = json.dumps({**json.loads(enclose(b"{}", KEY)), "signatures": []})
    with pytest.raises(IntegrityError):
        disclose(empty, KEY.public_key(), "vsa")


def test_a_key_comes_from_a_file_else_from_the_environment_else_there_is_none(
    tmp_path: Path,
) -> None:
    (tmp_path / "key").write_text(pem())
    from_file = find_key(tmp_path / "key", {VARIABLE: pem(OTHER)})
    from_variable = find_key(None, {VARIABLE: pem(OTHER)})
    assert from_file is not None
    assert from_variable is not None
    assert blob(from_file.public_key()) == blob(KEY.public_key())
    assert blob(from_variable.public_key()) == blob(OTHER.public_key())
    assert find_key(None, {VARIABLE: "  "}) is None


def test_an_openssh_key_is_read_too(tmp_path: Path) -> None:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")]
    subprocess.run(command, check=True)
    key = find_key(tmp_path / "key", {})
    assert key is not None
    (trusted,) = read_public_keys(tmp_path / "key.pub")
    assert blob(trusted) == blob(key.public_key())
    listed = subprocess.run(
        ["ssh-keygen", "-l", "-f", tmp_path / "key.pub"], capture_output=True, text=True, check=True
    )
    assert fingerprint(trusted) in listed.stdout


@pytest.mark.parametrize(
    "text",
    [
        b"canary-not-a-key",
        KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"canary")),
        generate_private_key(65537, 2048).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ),
    ],
)
def test_a_key_that_cannot_sign_is_wrong_usage_and_never_printed(
    text: bytes, tmp_path: Path
) -> None:
    (tmp_path / "key").write_bytes(text)
    with pytest.raises(UsageError) as caught:
        find_key(tmp_path / "key", {})
    assert "canary" not in str(caught.value)
    assert text.decode().splitlines()[-1] not in str(caught.value)


def test_a_missing_key_file_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        find_key(tmp_path / "none", {})
    with pytest.raises(UsageError, match="cannot be read"):
        read_public_keys(tmp_path / "none")


def test_public_keys_are_read_from_pem_lines_and_allowed_signers(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for text, count in (
        (public.decode(), 1),
        (public_line() + " comment\n", 1),
        (f"# ours\nada@example.com {public_line()}\ngrace@example.com {public_line(OTHER)}\n", 2),
    ):
        path.write_text(text)
        keys = read_public_keys(path)
        assert len(keys) == count
        assert blob(keys[0]) == blob(KEY.public_key())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nobody\n",
        "hello\n",
        f'ada namespaces="git" {public_line()}\n',
        f"ada cert-authority {public_line()}\n",
        "ssh-ed25519 AAAA\n",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    ],
)
def test_what_restricts_a_key_or_is_none_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(text)
    with pytest.raises(UsageError):
        read_public_keys(tmp_path / "keys")
