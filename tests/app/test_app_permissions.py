"""Is the matrix of roles and permissions the one that was decided?"""

from __future__ import annotations

from itertools import pairwise

import pytest
from apiflask import APIFlask

from app.endpoint import Audience, Declaration
from app.factory import declarations
from app.permissions import Permission, Role
from tests.app.callers import EMPTY_WORLD, OPERATOR_KEY, Caller, arguments

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
# Operations that check for what they show or remove as well, on top of their own permission.
NEEDS_MORE = {"create_export", "create_purge", "read_job_result"}
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


def routes_of(service: APIFlask, permission: Permission) -> list[Declaration]:
    return [each for each in declarations(service).values() if each.access is permission]


@pytest.fixture(scope="module")
def boss(service: APIFlask) -> Caller:
    """The owner of a tenant for this whole module."""
    operator = Caller(service.test_client(), OPERATOR_KEY)
    made = operator.make(
        "/v1/tenants", name="matrix", plan="enterprise", owner_email="owner@example.org"
    )
    return Caller(operator.client, made["api_key"])


@pytest.fixture(scope="module")
def callers(boss: Caller) -> dict[Role, Caller]:
    """A member of each role."""
    return {role: boss.key_for(role) for role in Role}


def refused(caller: Caller, declared: Declaration) -> bool:
    """Does the route say 403 to the caller, who names an object that does not exist?"""
    path = EMPTY_WORLD.fill(declared.path)
    answer = caller.ask(declared.method, path, {} if declared.body else None)
    return answer.status_code == 403


@pytest.mark.parametrize("permission", Permission)
def test_every_permission_is_needed_by_a_route(service: APIFlask, permission: Permission) -> None:
    assert routes_of(service, permission)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_a_permissions_routes_admit_exactly_the_roles_that_hold_it(
    service: APIFlask, callers: dict[Role, Caller], permission: Permission, role: Role
) -> None:
    holds = role.rank >= NEEDED[permission].rank
    wrong = [
        each.operation
        for each in routes_of(service, permission)
        if refused(callers[role], each) is holds
    ]
    assert wrong == []


@pytest.mark.parametrize("permission", Permission)
def test_a_key_cut_down_to_a_permission_opens_its_routes_and_no_others(
    service: APIFlask, owner: Caller, permission: Permission
) -> None:
    rest = sorted(set(Permission) - {permission})
    only, without = (
        Caller(owner.client, owner.make("/v1/api-keys", name="k", scopes=scopes)["secret"])
        for scopes in ([permission], rest)
    )
    for declared in declarations(service).values():
        if isinstance(declared.access, Permission):
            mine = declared.access is permission
            needs_more = declared.operation in NEEDS_MORE
            assert refused(only, declared) is (not mine or needs_more), declared.operation
            if mine:
                assert refused(without, declared), declared.operation


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
