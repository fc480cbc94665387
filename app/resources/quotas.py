"""What can be asked of usage and quotas?"""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.dialects.postgresql import insert

from app.database import db
from app.endpoint import endpoint
from app.errors import ProblemError
from app.models import Quota
from app.permissions import Permission
from app.quotas import CEILINGS, Resource, limits, usage
from app.schemas.quotas import QuotasChange, QuotasOut, UsageOut
from app.tenancy import principal

bp = APIBlueprint("quotas", __name__, tag="Quotas")


@endpoint(bp, "GET /v1/usage", access=Permission.USAGE_READ, reply=(200, UsageOut))
def read_usage() -> dict[str, Any]:
    """Tell how much the tenant has of what is limited."""
    used, most = usage(), limits()
    items = [{"resource": each, "used": used[each], "limit": most[each]} for each in Resource]
    return {"items": items}


@endpoint(bp, "GET /v1/quotas", access=Permission.QUOTA_UPDATE, reply=(200, QuotasOut))
def read_quotas() -> dict[str, Any]:
    """Tell what is limited to how much, and how far the limits can be raised."""
    return _shown()


@endpoint(
    bp,
    "PATCH /v1/quotas",
    access=Permission.QUOTA_UPDATE,
    body=QuotasChange,
    reply=(200, QuotasOut),
    errors={409},
)
def update_quotas(body: QuotasChange) -> dict[str, Any]:
    """Set limits at or below the plan's ceilings. One below what there is stops only new ones."""
    caller = principal()
    asked = {Resource(name): getattr(body, name) for name in sorted(body.model_fields_set)}
    for resource, most in asked.items():
        ceiling = CEILINGS[caller.plan][resource]
        if most > ceiling:
            detail = f"The plan {caller.plan} allows {ceiling} {resource} at most."
            raise ProblemError(409, "above-ceiling", detail)
    statement = insert(Quota)
    upsert = statement.on_conflict_do_update(
        index_elements=["tenant_id", "resource"], set_={"most": statement.excluded.most}
    )
    rows = [
        {"tenant_id": caller.tenant_id, "resource": resource, "most": most}
        for resource, most in asked.items()
    ]
    db.session.execute(upsert, rows)
    return _shown()


def _shown() -> dict[str, Any]:
    most, ceilings = limits(), CEILINGS[principal().plan]
    items = [
        {"resource": each, "limit": most[each], "ceiling": ceilings[each]} for each in Resource
    ]
    return {"items": items}
