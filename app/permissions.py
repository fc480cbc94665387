"""Who may do what inside a tenant?"""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """One thing that a member may do. Every route names exactly one, or says who else may call."""

    TENANT_READ = "tenant:read"
    TENANT_UPDATE = "tenant:update"
    TENANT_DELETE = "tenant:delete"
    MEMBERS_READ = "members:read"
    MEMBERS_INVITE = "members:invite"
    MEMBERS_UPDATE = "members:update"
    MEMBERS_REMOVE = "members:remove"
    APIKEYS_READ = "apikeys:read"
    APIKEYS_CREATE = "apikeys:create"
    APIKEYS_REVOKE = "apikeys:revoke"
    PROJECTS_READ = "projects:read"
    PROJECTS_CREATE = "projects:create"
    PROJECTS_UPDATE = "projects:update"
    PROJECTS_DELETE = "projects:delete"
    EXPERIMENTS_READ = "experiments:read"
    EXPERIMENTS_WRITE = "experiments:write"
    EXPERIMENTS_DELETE = "experiments:delete"
    RUNS_READ = "runs:read"
    RUNS_WRITE = "runs:write"
    RUNS_DELETE = "runs:delete"
    ARTIFACTS_READ = "artifacts:read"
    ARTIFACTS_WRITE = "artifacts:write"
    ARTIFACTS_DELETE = "artifacts:delete"
    MODELS_READ = "models:read"
    MODELS_WRITE = "models:write"
    MODELS_PROMOTE = "models:promote"
    MODELS_DELETE = "models:delete"
    DEPLOYMENTS_READ = "deployments:read"
    DEPLOYMENTS_WRITE = "deployments:write"
    DEPLOYMENTS_PROMOTE = "deployments:promote"
    WEBHOOKS_MANAGE = "webhooks:manage"
    JOBS_MANAGE = "jobs:manage"
    USAGE_READ = "usage:read"
    AUDIT_READ = "audit:read"
    QUOTA_UPDATE = "quota:update"


class Role(StrEnum):
    """A member's place in the tenant. Roles are nested: each holds what the one before holds."""

    VIEWER = "viewer"
    CONTRIBUTOR = "contributor"
    MAINTAINER = "maintainer"
    ADMIN = "admin"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        """Position from the weakest role, 0, to the strongest, 4."""
        return RANKS[self]

    @property
    def permissions(self) -> frozenset[Permission]:
        """Everything that the role allows."""
        return GRANTS[self]


P = Permission
ADDED: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset(
        {
            P.TENANT_READ,
            P.MEMBERS_READ,
            P.PROJECTS_READ,
            P.EXPERIMENTS_READ,
            P.RUNS_READ,
            P.ARTIFACTS_READ,
            P.MODELS_READ,
            P.DEPLOYMENTS_READ,
            P.USAGE_READ,
        }
    ),
    Role.CONTRIBUTOR: frozenset(
        {
            P.EXPERIMENTS_WRITE,
            P.RUNS_WRITE,
            P.ARTIFACTS_WRITE,
            P.MODELS_WRITE,
            P.APIKEYS_READ,
            P.APIKEYS_CREATE,
            P.APIKEYS_REVOKE,
        }
    ),
    Role.MAINTAINER: frozenset(
        {
            P.PROJECTS_CREATE,
            P.PROJECTS_UPDATE,
            P.EXPERIMENTS_DELETE,
            P.RUNS_DELETE,
            P.ARTIFACTS_DELETE,
            P.MODELS_PROMOTE,
            P.MODELS_DELETE,
            P.DEPLOYMENTS_WRITE,
            P.DEPLOYMENTS_PROMOTE,
            P.WEBHOOKS_MANAGE,
            P.JOBS_MANAGE,
        }
    ),
    Role.ADMIN: frozenset(
        {
            P.TENANT_UPDATE,
            P.MEMBERS_INVITE,
            P.MEMBERS_UPDATE,
            P.MEMBERS_REMOVE,
            P.PROJECTS_DELETE,
            P.AUDIT_READ,
        }
    ),
    Role.OWNER: frozenset({P.TENANT_DELETE, P.QUOTA_UPDATE}),
}
RANKS: dict[Role, int] = {role: rank for rank, role in enumerate(Role)}
GRANTS: dict[Role, frozenset[Permission]] = {
    role: frozenset().union(*(ADDED[lower] for lower in Role if RANKS[lower] <= RANKS[role]))
    for role in Role
}
