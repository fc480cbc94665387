"""What can roles and permissions be asked?"""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from app.endpoint import Audience, endpoint
from app.permissions import Permission, Role
from app.schemas.roles import PermissionsOut, RolesOut

bp = APIBlueprint("roles", __name__, tag="Roles")


@endpoint(bp, "GET /v1/roles", access=Audience.MEMBER, reply=(200, RolesOut))
def list_roles() -> dict[str, Any]:
    """List the roles from the weakest to the strongest, with what each allows."""
    return {
        "items": [{"name": role, "permissions": sorted(role.permissions)} for role in Role],
    }


@endpoint(bp, "GET /v1/permissions", access=Audience.MEMBER, reply=(200, PermissionsOut))
def list_permissions() -> dict[str, Any]:
    """List the permissions, each with the weakest role that holds it."""
    weakest = {permission: role for role in reversed(Role) for permission in role.permissions}
    return {"items": [{"name": each, "lowest_role": weakest[each]} for each in Permission]}
