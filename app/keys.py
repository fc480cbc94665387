"""How is an API key made, recognised and stored?"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from uuid import UUID

SHAPE = re.compile(r"mml_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")
SHOWN = 8


@dataclass(frozen=True, slots=True)
class Key:
    """A presented or new key. Only `prefix` and `digest` are ever stored."""

    text: str = field(repr=False)
    tenant_id: UUID
    prefix: str

    @property
    def digest(self) -> bytes:
        """SHA-256 of the key: enough for 256 random bits, where a slow hash adds only load."""
        return hashlib.sha256(self.text.encode()).digest()


def mint(tenant_id: UUID) -> Key:
    """A new key with 256 random bits, bound to its tenant so that a lookup runs under RLS."""
    secret = secrets.token_urlsafe(32)
    return Key(f"mml_{tenant_id.hex}_{secret}", tenant_id, secret[:SHOWN])


def parse(text: str) -> Key | None:
    """The key in a credential, or None when the text has not a key's shape."""
    match = SHAPE.fullmatch(text)
    return Key(text, UUID(match[1]), match[2][:SHOWN]) if match else None


def is_operator(text: str, expected_sha256: str | None) -> bool:
    """Is this the platform operator's key? Compared in constant time."""
    if expected_sha256 is None or not text.startswith("mmo_"):
        return False
    digest = hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
    return hmac.compare_digest(digest, expected_sha256)
