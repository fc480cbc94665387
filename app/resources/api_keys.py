"""What can be asked of API keys?"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint

from app import keys
from app.context import current
from app.cursors import page
from app.database import db
from app.endpoint import endpoint
from app.errors import conflict, forbidden, not_found
from app.models import ApiKey, Member
from app.permissions import Permission, Role
from app.resources.members import require_rank
from app.schemas.basics import PageQuery
from app.schemas.tenants import ApiKeyIn, ApiKeyOut, ApiKeyPage, NewApiKey
from app.tenancy import find, principal, scoped

bp = APIBlueprint("api_keys", __name__, tag="API keys")


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
    tenant_id = principal().tenant_id
    secret = keys.mint(tenant_id)
    row = ApiKey(
        tenant_id=tenant_id,
        member_id=_holder(body.member_id),
        name=body.name,
        prefix=secret.prefix,
        digest=secret.digest,
        scopes=_scopes(body.scopes),
    )
    db.session.add(row)
    db.session.flush()
    shown = ApiKeyOut.model_validate(row)
    return NewApiKey(**shown.model_dump(), secret=secret.text)


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
    row = find(ApiKey, key_id)
    if row.member_id != principal().member_id:
        if not _sees_all():
            raise not_found(ApiKey.noun)
        require_rank(Role(find(Member, row.member_id).role))
    db.session.delete(row)
    db.session.flush()
    current().keys.forget(row.tenant_id)


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


def _scopes(asked: list[Permission] | None) -> list[str] | None:
    """What the key will be cut down to: never more than the creating key allows."""
    if asked is None:
        own = principal().scopes
        return None if own is None else sorted(own)
    missing = set(asked) - principal().permissions
    if missing:
        raise forbidden(f"You may not hand out {', '.join(sorted(missing))}.")
    return sorted(set(asked))
