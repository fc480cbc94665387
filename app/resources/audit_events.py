"""What can be asked of the audit log?"""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy import Select

from app.cursors import page_of
from app.endpoint import endpoint
from app.models import AuditEvent
from app.permissions import Permission
from app.schemas.audit import AuditEventPage, AuditQuery
from app.tenancy import principal, scoped

bp = APIBlueprint("audit_events", __name__, tag="Audit events")


@endpoint(
    bp,
    "GET /v1/audit-events",
    access=Permission.AUDIT_READ,
    query=AuditQuery,
    reply=(200, AuditEventPage),
)
def list_audit_events(query: AuditQuery) -> dict[str, Any]:
    """List who changed what, newest first."""
    rows = _matching(scoped(AuditEvent), query)
    return page_of(rows, AuditEvent.seq, query, owner=str(principal().tenant_id))


def _matching(rows: Select[tuple[AuditEvent]], query: AuditQuery) -> Select[tuple[AuditEvent]]:
    for name in ("action", "member_id", "object_id"):
        wanted = getattr(query, name)
        if wanted is not None:
            rows = rows.where(getattr(AuditEvent, name) == wanted)
    if query.since is not None:
        rows = rows.where(AuditEvent.created_at >= query.since)
    if query.until is not None:
        rows = rows.where(AuditEvent.created_at < query.until)
    return rows
