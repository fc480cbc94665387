"""Was this very request done before, and what was answered?

The IETF draft `idempotency-key-header`. An answer is kept in the same transaction as the effect it
reports: both are there or neither, whenever the worker dies. Errors have no effect, so they are not
kept, and the same key may be used again after one.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Request, Response
from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from app.database import db
from app.errors import RETRY_SECONDS, ProblemError, invalid
from app.models import KeptAnswer
from app.models.base import now

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
PATTERN = r"^[!-~]{1,255}$"
LIFETIME = timedelta(hours=24)
NONCE = 12
MOST_FORGOTTEN = 100
# The status of a row that is no answer yet; far longer than a store may take to begin an upload.
IN_FLIGHT, LONGEST_FLIGHT = 0, timedelta(seconds=60)
OWN = {"content-length"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to do one request once. What the caller sent as key is neither stored nor shown.

    `tenant_id` and `member_id` are None for the platform's operator. `secret` encrypts the answer:
    it is made from the service's secret and the caller's key, and the database holds neither. So
    an answer that shows a secret (a new API key) is as safe as the digests beside it.
    """

    tenant_id: UUID | None
    digest: bytes
    request_hash: bytes
    secret: bytes = field(repr=False)

    @property
    def lock(self) -> int:
        """The number of the advisory lock that marks the request as being done."""
        return int.from_bytes(self.digest[:8], signed=True)


def claim(
    request: Request, operation: str, *, owner: tuple[UUID, UUID, UUID | None] | None, secret: str
) -> Claim | None:
    """What the request claims with its key, or None without one; 422 for a malformed key.

    `owner` is (tenant, member, API key). A key means nothing to another of them, nor to another
    operation or path: a kept answer may hold what a narrower credential must not see.
    """
    sent = request.headers.get(HEADER)
    if sent is None:
        return None
    if not re.fullmatch(PATTERN, sent):
        raise invalid(f"header.{HEADER}", "Send 1 to 255 visible ASCII characters.")
    place = f"{owner} {operation} {request.path} {sent}".encode()
    return Claim(
        tenant_id=owner[0] if owner else None,
        digest=_derive(secret, b"claim", place),
        request_hash=hashlib.sha256(request.query_string + b"\n" + request.get_data()).digest(),
        secret=_derive(secret, b"answer", place),
    )


def _derive(secret: str, use: bytes, place: bytes) -> bytes:
    return hmac.digest(secret.encode(), b"idempotency " + use + b" " + place, "sha256")


def replay(claimed: Claim) -> Response | None:
    """The kept answer, or None when the request is to be done now, by this transaction only.

    409 while another request does it, 422 when it was another request.
    """
    # Two statements: the second must see what was committed before the lock was free.
    if not db.session.scalar(select(func.pg_try_advisory_xact_lock(claimed.lock))):
        raise _in_flight()
    row = db.session.scalar(_kept(claimed))
    if row is None:
        return None
    if row.status == IN_FLIGHT:
        if row.created_at >= now() - LONGEST_FLIGHT:
            raise _in_flight()
        return None
    if not hmac.compare_digest(row.request_hash, claimed.request_hash):
        raise invalid(f"header.{HEADER}", "This key came with another request before.")
    response = Response(_decrypt(claimed, row.body), row.status, row.headers)
    response.headers[REPLAYED] = "true"
    return response


def _in_flight() -> ProblemError:
    headers = {"Retry-After": RETRY_SECONDS}
    detail = "The request with this key is being done: ask again."
    return ProblemError(409, "request-in-flight", detail, headers=headers)


def mark(claimed: Claim, tenant_id: UUID) -> None:
    """Say in a row that the request is being done, before the transaction with the lock ends.

    A worker that dies leaves the row, which counts for a minute only.
    """
    _write(claimed, tenant_id, status=IN_FLIGHT, headers={}, body=b"")


def unmark(claimed: Claim) -> None:
    """The request failed: the same key may try again."""
    mine = (KeptAnswer.tenant_id == claimed.tenant_id, KeptAnswer.claim == claimed.digest)
    db.session.execute(delete(KeptAnswer).where(*mine, KeptAnswer.status == IN_FLIGHT))


def keep(claimed: Claim, response: Response, tenant_id: UUID) -> None:
    """Keep the answer for a day in the tenant that it is about, and forget some old ones."""
    headers = {name: text for name, text in response.headers if name.lower() not in OWN}
    body = _encrypt(claimed, response.get_data())
    _write(claimed, tenant_id, status=response.status_code, headers=headers, body=body)
    _forget(tenant_id)


def _write(
    claimed: Claim, tenant_id: UUID, *, status: int, headers: dict[str, str], body: bytes
) -> None:
    row = {
        "tenant_id": tenant_id,
        "claim": claimed.digest,
        "by_operator": claimed.tenant_id is None,
        "request_hash": claimed.request_hash,
        "status": status,
        "headers": headers,
        "body": body,
        "created_at": now(),
    }
    added = insert(KeptAnswer).values(row)
    db.session.execute(added.on_conflict_do_update(index_elements=["tenant_id", "claim"], set_=row))


def _forget(tenant_id: UUID) -> None:
    """Remove some of the tenant's expired answers, unless somebody else is at it."""
    old = select(KeptAnswer.claim).where(
        KeptAnswer.tenant_id == tenant_id, KeptAnswer.created_at < now() - LIFETIME
    )
    some = old.limit(MOST_FORGOTTEN).with_for_update(skip_locked=True)
    db.session.execute(
        delete(KeptAnswer).where(KeptAnswer.tenant_id == tenant_id, KeptAnswer.claim.in_(some))
    )


def _kept(claimed: Claim) -> Select[tuple[KeptAnswer]]:
    fresh = (KeptAnswer.claim == claimed.digest, KeptAnswer.created_at >= now() - LIFETIME)
    if claimed.tenant_id is None:
        return select(KeptAnswer).where(KeptAnswer.by_operator, *fresh)
    return select(KeptAnswer).where(KeptAnswer.tenant_id == claimed.tenant_id, *fresh)


def _encrypt(claimed: Claim, body: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(claimed.secret).encrypt(nonce, body, claimed.request_hash)


def _decrypt(claimed: Claim, kept: bytes) -> bytes:
    return AESGCM(claimed.secret).decrypt(kept[:NONCE], kept[NONCE:], claimed.request_hash)
