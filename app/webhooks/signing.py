"""How does a receiver know that a delivery is ours?

As Standard Webhooks (standardwebhooks.com) has it: HMAC-SHA256 over id, time and body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for one webhook, with a secret that is derived and stored nowhere.

    A copy of the database, or a backup, forges no signature; the service's own secret does.
    """

    key: bytes = field(repr=False)

    @classmethod
    def of(cls, master: str, tenant_id: UUID, webhook_id: UUID) -> Signer:
        """The signer of this webhook, the same as long as the service's secret is."""
        context = b"maestro webhook\0" + tenant_id.bytes + webhook_id.bytes
        return cls(hmac.digest(master.encode(), context, hashlib.sha256))

    @property
    def secret(self) -> str:
        """What the receiver is told once."""
        return f"whsec_{base64.b64encode(self.key).decode()}"

    def headers(self, delivery_id: str, timestamp: int, body: bytes) -> dict[str, str]:
        """The headers of one attempt; `timestamp` is in seconds and lets old copies be refused."""
        signed = f"{delivery_id}.{timestamp}.".encode() + body
        digest = base64.b64encode(hmac.digest(self.key, signed, hashlib.sha256)).decode()
        return {
            "webhook-id": delivery_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": f"v1,{digest}",
        }
