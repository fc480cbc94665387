"""What do roles and permissions look like?"""

from __future__ import annotations

from app.permissions import Permission, Role
from app.schemas.basics import Output


class RoleOut(Output):
    """A role with everything that it allows."""

    name: Role
    permissions: list[Permission]


class RolesOut(Output):
    """All roles."""

    items: list[RoleOut]


class PermissionOut(Output):
    """A permission with the weakest role that holds it."""

    name: Permission
    lowest_role: Role


class PermissionsOut(Output):
    """All permissions."""

    items: list[PermissionOut]
