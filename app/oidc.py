"""Which member does an OpenID Connect token stand for?

The token names its tenant in a configured claim. A member is known by the token's subject, which
alone is stable (OpenID Connect Core 1.0 §5.7); the first token with the member's verified e-mail
address ties the subject to the member.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import jwt
from sqlalchemy import and_, or_, select, update

from app.auth import SignedIn
from app.config import Oidc
from app.database import Scope, db, enter
from app.models import Member, Tenant
from app.permissions import Role
from app.signing_keys import SigningKeys, fetch
from app.tenancy import Principal

LEEWAY = 30
LONGEST_TOKEN = 8192
LONGEST_SUBJECT = 255
REQUIRED = ["exp", "iss", "aud", "sub"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a genuine token says. `email` is None unless the issuer has verified it."""

    tenant_id: UUID
    subject: str
    email: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class TokenVerifier:
    """Verifies tokens of one issuer for one audience."""

    oidc: Oidc
    keys: SigningKeys = field(repr=False)

    def verify(self, token: str) -> Identity | None:
        """What the token says; None for whatever is not a valid token for us.

        The key decides the algorithm, never the token, so neither `none` nor a public key used
        as an HMAC secret can pass (RFC 8725 §3.1).
        """
        if len(token) > LONGEST_TOKEN or token.count(".") != 2:  # noqa: PLR2004 - RFC 7515 §7.1
            return None
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = self.keys.find(kid) if isinstance(kid, str) else None
            return None if key is None else self._identity(self._decode(token, key))
        except (jwt.PyJWTError, ValueError, OverflowError):
            return None

    def _decode(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        return jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            issuer=self.oidc.issuer,
            audience=self.oidc.audience,
            leeway=LEEWAY,
            options={"require": REQUIRED},
        )

    def _identity(self, claims: Mapping[str, Any]) -> Identity | None:
        tenant, subject = claims.get(self.oidc.tenant_claim), claims["sub"]
        if not isinstance(tenant, str) or not _is_plain(subject):
            return None
        email = claims.get("email") if claims.get("email_verified") is True else None
        return Identity(
            tenant_id=UUID(tenant),
            subject=subject,
            email=email if _is_plain(email) else None,
            seconds=int(claims["exp"]) + LEEWAY - time.time(),
        )


def _is_plain(text: object) -> bool:
    """Is it at most 255 printable ASCII characters, as a subject must be (OpenID Connect §2)?"""
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST_SUBJECT:
        return False
    return text.isascii() and text.isprintable()


def new_verifier(oidc: Oidc) -> TokenVerifier:
    """A verifier that has asked its issuer nothing yet."""
    return TokenVerifier(oidc, SigningKeys(lambda: fetch(oidc.issuer)))


def find_member(identity: Identity) -> SignedIn | None:
    """The member that the identity stands for, read under the identity's own tenant."""
    enter(Scope(identity.tenant_id))
    tied = Member.subject == identity.subject
    first = and_(Member.subject.is_(None), Member.email == identity.email)
    query = (
        select(Member.id, Member.role, Member.subject, Tenant.plan)
        .join(Tenant, Tenant.id == Member.tenant_id)
        .where(Member.tenant_id == identity.tenant_id, or_(tied, first))
        .order_by(Member.subject.is_(None))
        .limit(1)
    )
    row = db.session.execute(query).one_or_none()
    if row is None or (row.subject is None and not _tie(identity, row.id)):
        return None
    principal = Principal(
        tenant_id=identity.tenant_id,
        plan=row.plan,
        member_id=row.id,
        key_id=None,
        role=Role(row.role),
        scopes=None,
    )
    return SignedIn(principal, identity.seconds)


def _tie(identity: Identity, member_id: UUID) -> bool:
    """Tie the subject to the member, unless another token was faster."""
    tie = (
        update(Member)
        .where(Member.tenant_id == identity.tenant_id, Member.id == member_id)
        .where(Member.subject.is_(None))
        .values(subject=identity.subject)
    )
    tied = db.session.execute(tie, execution_options={"synchronize_session": False})
    db.session.commit()
    return bool(tied.rowcount == 1)  # type: ignore[attr-defined]
