"""What can be asked of tenants, and who am I?"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from sqlalchemy import delete, select

from app import keys
from app.cursors import page_of
from app.database import Scope, db, enter
from app.endpoint import Audience, endpoint
from app.errors import not_found
from app.ids import new_id
from app.models import ApiKey, Member, Tenant
from app.permissions import Permission, Role
from app.resources.jobs import shown
from app.schemas.basics import PageQuery
from app.schemas.jobs import JobOut
from app.schemas.tenants import Me, NewTenant, TenantChange, TenantIn, TenantOut, TenantPage
from app.tenancy import principal
from app.work.starting import start_job
from app.work.tasks import DAY_SECONDS, RETENTION, enqueue

bp = APIBlueprint("tenants", __name__, tag="Tenants")


@endpoint(bp, "GET /v1/me", access=Audience.MEMBER, reply=(200, Me))
def read_me() -> dict[str, Any]:
    """Tell who the caller is and what the key allows."""
    me = principal()
    return {
        "tenant_id": me.tenant_id,
        "member_id": me.member_id,
        "key_id": me.key_id,
        "role": me.role,
        "plan": me.plan,
        "permissions": sorted(me.permissions),
    }


@endpoint(bp, "GET /v1/tenants", access=Audience.OPERATOR, query=PageQuery, reply=(200, TenantPage))
def list_tenants(query: PageQuery) -> dict[str, Any]:
    """List all tenants."""
    return page_of(select(Tenant), Tenant.id, query, owner="operator")


@endpoint(bp, "POST /v1/tenants", access=Audience.OPERATOR, body=TenantIn, reply=(201, NewTenant))
def create_tenant(body: TenantIn) -> dict[str, Any]:
    """Create a tenant with its first owner and the owner's first key."""
    tenant = Tenant(id=new_id(), name=body.name, plan=body.plan)
    enter(Scope(tenant.id, operator=True))
    owner = Member(id=new_id(), tenant_id=tenant.id, email=body.owner_email, role=Role.OWNER)
    key = keys.mint(tenant.id)
    for row in (tenant, owner, first_key(owner, key)):
        db.session.add(row)
        db.session.flush()
    db.session.execute(enqueue(RETENTION, tenant.id, [tenant.id], DAY_SECONDS))
    return {"tenant": tenant, "api_key": key.text}


def first_key(owner: Member, key: keys.Key) -> ApiKey:
    """The stored side of a new tenant's first key."""
    return ApiKey(
        tenant_id=owner.tenant_id,
        member_id=owner.id,
        name="first key",
        prefix=key.prefix,
        digest=key.digest,
    )


@endpoint(bp, "GET /v1/tenants/{tenant_id}", access=Permission.TENANT_READ, reply=(200, TenantOut))
def read_tenant(tenant_id: UUID) -> Tenant:
    """Read one's own tenant."""
    return _own(tenant_id)


@endpoint(
    bp,
    "PATCH /v1/tenants/{tenant_id}",
    access=Permission.TENANT_UPDATE,
    body=TenantChange,
    reply=(200, TenantOut),
)
def update_tenant(tenant_id: UUID, body: TenantChange) -> Tenant:
    """Rename one's own tenant."""
    tenant = _own(tenant_id, lock=True)
    body.apply(tenant)
    return tenant


@endpoint(
    bp,
    "DELETE /v1/tenants/{tenant_id}",
    access=Permission.TENANT_DELETE,
    reply=(202, JobOut),
    errors={409},
)
def delete_tenant(tenant_id: UUID) -> dict[str, Any]:
    """Delete one's own tenant with all its data. Nobody can sign in from this moment on."""
    tenant = _own(tenant_id, lock=True)
    job = start_job("tenant-deletion")
    answer = shown(job)
    # The members' keys go with them; the job removes the rest.
    db.session.execute(delete(Member).where(Member.tenant_id == tenant.id))
    return answer


def _own(tenant_id: UUID, *, lock: bool = False) -> Tenant:
    own = principal().tenant_id
    query = select(Tenant).where(Tenant.id == tenant_id, Tenant.id == own)
    tenant = db.session.scalar(query.with_for_update(key_share=True) if lock else query)
    if tenant is None:
        raise not_found("tenant")
    return tenant
