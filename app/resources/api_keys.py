"""What can be asked of API keys?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint

from app import keys
from app.cursors import page
from app.database import db
from app.endpoint import endpoint
from app.errors import conflict, forbidden, not_found
from app.models import ApiKey, Member
from app.models.base import now
from app.permissions import Permission, Role
from app.resources.members import require_rank
from app.schemas.basics import PageQuery
from app.schemas.tenants import ApiKeyIn, ApiKeyOut, ApiKeyPage, NewApiKey, Rotation
from app.tenancy import find, principal, scoped

bp = APIBlueprint("api_keys", __name__, tag="API keys")
# An answer that is lost on its way must not lock the key's holder out.
OWN_GRACE_SECONDS = 3600


@endpoint(
    bp,
    "GET /v1/api-keys",
    access=Permission.APIKEYS_READ,
    query=PageQuery,
    reply=(200, ApiKeyPage),
)
def list_api_keys(query: PageQuery) -> dict[str, Any]:
    """List one's own keys, or, from admin up, everybody's."""
    rows = scoped(ApiKey)
    if not _sees_all():
        rows = rows.where(ApiKey.member_id == principal().member_id)
    return page(rows, ApiKey, query)


@endpoint(
    bp,
    "POST /v1/api-keys",
    access=Permission.APIKEYS_CREATE,
    body=ApiKeyIn,
    reply=(201, NewApiKey),
    errors={404},
    fail_closed=True,
)
def create_api_key(body: ApiKeyIn) -> NewApiKey:
    """Create a key. Its secret is in this answer only."""
    tenant_id, holder = principal().tenant_id, _holder(body.member_id)
    secret = keys.mint(tenant_id)
    row = ApiKey(
        tenant_id=tenant_id,
        member_id=holder,
        name=body.name,
        prefix=secret.prefix,
        digest=secret.digest,
        scopes=_scopes(body.scopes, holder),
        expires_at=_expiry(body.expires_in_days),
    )
    db.session.add(row)
    db.session.flush()
    return _with_secret(row, secret)


@endpoint(
    bp,
    "POST /v1/api-keys/{key_id}:rotate",
    access=Permission.APIKEYS_CREATE,
    body=Rotation,
    reply=(200, NewApiKey),
    errors={409},
    fail_closed=True,
)
def rotate_api_key(key_id: UUID, body: Rotation) -> NewApiKey:
    """Give a key a new secret, which is in this answer only."""
    if key_id == principal().key_id and body.grace_seconds < OWN_GRACE_SECONDS:
        detail = f"A key that rotates itself needs a grace of {OWN_GRACE_SECONDS} seconds or more."
        raise conflict("key-in-use", detail)
    row = _reachable(key_id)
    _require_within(row)
    secret = keys.mint(row.tenant_id)
    row.previous_digest = row.digest
    row.previous_until = now() + timedelta(seconds=body.grace_seconds)
    row.digest, row.prefix = secret.digest, secret.prefix
    db.session.flush()
    return _with_secret(row, secret)


@endpoint(
    bp,
    "DELETE /v1/api-keys/{key_id}",
    access=Permission.APIKEYS_REVOKE,
    reply=(204, None),
    errors={409},
)
def delete_api_key(key_id: UUID) -> None:
    """Revoke a key, everywhere within seconds."""
    if key_id == principal().key_id:
        raise conflict("key-in-use", "A key cannot revoke itself: use another one.")
    row = _reachable(key_id)
    db.session.delete(row)
    db.session.flush()


def _reachable(key_id: UUID) -> ApiKey:
    """One's own key, or from admin up that of a member not above oneself; locked."""
    row = find(ApiKey, key_id, lock=True)
    if row.member_id != principal().member_id:
        if not _sees_all():
            raise not_found(ApiKey.noun)
        require_rank(Role(find(Member, row.member_id).role))
    return row


def _require_within(row: ApiKey) -> None:
    """Give a key that is cut down no secret of one that may do more, or may once."""
    own = principal().scopes
    if own is not None and not own.issuperset(Permission if row.scopes is None else row.scopes):
        raise forbidden("That key may do more than yours: use one that may do as much.")


def _with_secret(row: ApiKey, secret: keys.Key) -> NewApiKey:
    shown = ApiKeyOut.model_validate(row)
    return NewApiKey(**shown.model_dump(), secret=secret.text)


def _expiry(days: int | None) -> datetime | None:
    return None if days is None else now() + timedelta(days=days)


def _sees_all() -> bool:
    return principal().role.rank >= Role.ADMIN.rank


def _holder(member_id: UUID | None) -> UUID:
    """Whose key it will be: one's own, or from admin up a member's not above oneself."""
    own = principal().member_id
    if member_id is None or member_id == own:
        return own
    if not _sees_all():
        raise forbidden("Keys for other members are made by admins.")
    require_rank(Role(find(Member, member_id).role))
    return member_id


def _scopes(asked: list[Permission] | None, holder: UUID) -> list[str] | None:
    """What the key will be cut down to: never more than the creating key allows.

    Only one's own key may grow with its member's role; else its maker would grow as well.
    """
    own = principal()
    if asked is None and own.scopes is None and holder == own.member_id:
        return None
    wanted = own.permissions if asked is None else set(asked)
    missing = wanted - own.permissions
    if missing:
        raise forbidden(f"You may not hand out {', '.join(sorted(missing))}.")
    return sorted(wanted)
