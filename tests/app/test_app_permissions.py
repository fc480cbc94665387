"""Is the matrix of roles and permissions the one that was decided?"""

from __future__ import annotations

from itertools import pairwise

import pytest
from apiflask import APIFlask

from app.endpoint import Audience, Declaration
from app.factory import declarations
from app.permissions import Permission, Role
from tests.app.callers import EMPTY_WORLD, Caller, arguments

LOWEST = {
    "viewer": "tenant:read members:read projects:read experiments:read runs:read artifacts:read "
    "models:read deployments:read usage:read",
    "contributor": "experiments:write runs:write artifacts:write models:write apikeys:read "
    "apikeys:create apikeys:revoke",
    "maintainer": "projects:create projects:update experiments:delete runs:delete "
    "artifacts:delete models:promote models:delete deployments:write deployments:promote "
    "webhooks:manage jobs:manage",
    "admin": "tenant:update members:invite members:update members:remove projects:delete "
    "audit:read",
    "owner": "tenant:delete quota:update",
}
NEEDED = {permission: Role(role) for role, names in LOWEST.items() for permission in names.split()}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_a_role_holds_a_permission_from_its_lowest_role_up(
    role: Role, permission: Permission
) -> None:
    assert (permission in role.permissions) == (role.rank >= NEEDED[permission].rank)


def test_roles_grow_and_have_the_decided_sizes() -> None:
    assert len(Permission) == 35
    assert [len(role.permissions) for role in Role] == [9, 16, 27, 33, 35]
    assert all(lower.permissions < higher.permissions for lower, higher in pairwise(Role))


def allowed(declared: Declaration, role: Role) -> bool:
    if isinstance(declared.access, Permission):
        return declared.access in role.permissions
    return declared.access is not Audience.OPERATOR


def test_every_route_admits_exactly_the_roles_that_hold_its_permission(
    service: APIFlask, owner: Caller
) -> None:
    callers = {role: owner.key_for(role) for role in Role}
    wrong = []
    for declared in declarations(service).values():
        path = EMPTY_WORLD.fill(declared.path)
        for role, caller in callers.items():
            status = caller.ask(declared.method, path, **arguments(declared, {})).status_code
            if (status == 403) == allowed(declared, role):
                wrong.append((declared.operation, role, status))
    assert wrong == []


def test_every_route_but_the_public_ones_asks_for_a_key(
    service: APIFlask, operator: Caller
) -> None:
    stranger = Caller(operator.client, "")
    open_to_all = {
        declared.operation
        for declared in declarations(service).values()
        if stranger.ask(declared.method, EMPTY_WORLD.fill(declared.path)).status_code != 401
    }
    docs = {"read_docs", "read_docs_start", "read_docs_script", "read_docs_style"}
    system = {"read_health", "read_readiness", "read_metrics", "read_document"}
    assert open_to_all == system | docs


def test_the_operator_reaches_no_tenant_route(service: APIFlask, operator: Caller) -> None:
    reached = {
        declared.operation
        for declared in declarations(service).values()
        if declared.access is not Audience.PUBLIC
        and operator.ask(declared.method, EMPTY_WORLD.fill(declared.path)).status_code != 403
    }
    assert reached == {"list_tenants", "create_tenant"}
