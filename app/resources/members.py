"""What can be asked of a tenant's members?"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint

from app.cursors import page
from app.database import db
from app.endpoint import endpoint
from app.errors import conflict, forbidden
from app.models import Member
from app.permissions import Permission, Role
from app.schemas.basics import PageQuery
from app.schemas.tenants import MemberChange, MemberIn, MemberOut, MemberPage
from app.tenancy import find, principal, scoped

bp = APIBlueprint("members", __name__, tag="Members")


@endpoint(
    bp,
    "GET /v1/members",
    access=Permission.MEMBERS_READ,
    query=PageQuery,
    reply=(200, MemberPage),
)
def list_members(query: PageQuery) -> dict[str, Any]:
    """List the tenant's members."""
    return page(scoped(Member), Member, query)


@endpoint(
    bp,
    "POST /v1/members",
    access=Permission.MEMBERS_INVITE,
    body=MemberIn,
    reply=(201, MemberOut),
    errors={409},
)
def create_member(body: MemberIn) -> Member:
    """Add a member, with a role not above one's own."""
    _require_grant(body.role)
    member = Member(tenant_id=principal().tenant_id, email=body.email, role=body.role)
    db.session.add(member)
    db.session.flush()
    return member


@endpoint(
    bp,
    "PATCH /v1/members/{member_id}",
    access=Permission.MEMBERS_UPDATE,
    body=MemberChange,
    reply=(200, MemberOut),
    errors={409},
)
def update_member(member_id: UUID, body: MemberChange) -> Member:
    """Change a member's role; neither the old nor the new one may be above one's own."""
    require_rank(body.role)
    owners = _lock_owners()
    member = _reachable(member_id)
    if body.role.rank > Role(member.role).rank:
        _require_grant(body.role)
    if body.role is not Role.OWNER:
        _keep_an_owner(owners, member)
    member.role = body.role
    db.session.flush()
    return member


@endpoint(
    bp,
    "DELETE /v1/members/{member_id}",
    access=Permission.MEMBERS_REMOVE,
    reply=(204, None),
    errors={409},
)
def delete_member(member_id: UUID) -> None:
    """Remove a member, whose keys end with the membership."""
    if member_id == principal().member_id:
        raise conflict("own-membership", "Another member must remove this one.")
    owners = _lock_owners()
    member = _reachable(member_id)
    _keep_an_owner(owners, member)
    db.session.delete(member)
    db.session.flush()


def require_rank(role: Role) -> None:
    """Refuse to give, change or use a role above the caller's own."""
    if role.rank > principal().role.rank:
        raise forbidden(f"The role {role} is above your own.")


def _require_grant(role: Role) -> None:
    """Refuse to give a role above one's own, or one that allows more than the key itself."""
    require_rank(role)
    own = principal()
    if own.scopes is not None and role.permissions - own.permissions:
        raise forbidden(f"The role {role} allows more than this key.")


def _reachable(member_id: UUID) -> Member:
    member = find(Member, member_id, lock=True)
    require_rank(Role(member.role))
    return member


def _lock_owners() -> set[UUID]:
    """The owners, locked in one order and before anybody else, so that two cannot leave at once.

    And so that changes of members wait for each other instead of running into a deadlock.
    """
    owners = scoped(Member).where(Member.role == Role.OWNER).order_by(Member.id)
    return {owner.id for owner in db.session.scalars(owners.with_for_update())}


def _keep_an_owner(owners: set[UUID], member: Member) -> None:
    """Refuse to take the last owner away."""
    if not owners - {member.id}:
        raise conflict("last-owner", "A tenant keeps at least one owner.")
