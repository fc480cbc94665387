"""Does a tenant keep an owner, whoever leaves at the same moment, and does it know its roles?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from apiflask import APIFlask

from app.permissions import Permission, Role
from tests.app.callers import Caller


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_two_owners_cannot_remove_each_other(service: APIFlask, owner: Caller, method: str) -> None:
    body = {"role": "viewer"} if method == "PATCH" else None
    for _ in range(5):
        first, second = owner.key_for("owner"), owner.key_for("owner")
        ids = [each.read("/v1/me")["member_id"] for each in (first, second)]
        for member in owner.read("/v1/members?limit=200")["items"]:
            if member["role"] == "owner" and member["id"] not in ids:
                first.ask("PATCH", f"/v1/members/{member['id']}", {"role": "admin"})
        together = Barrier(2)

        def leave(key: str, other: str, together: Barrier = together) -> int:
            caller = Caller(service.test_client(), key)
            together.wait()
            return caller.ask(method, f"/v1/members/{other}", body).status_code

        with ThreadPoolExecutor(2) as pool:
            attempts = [
                pool.submit(leave, first.key, ids[1]), pool.submit(leave, second.key, ids[0]),
            ]  # fmt: skip
            found = sorted(attempt.result() for attempt in attempts)
        assert found[0] in {200, 204}
        assert found[1] in {401, 403, 409}, found
        left = first if first.ask("GET", "/v1/me").status_code == 200 else second
        members = left.read("/v1/members?limit=200")["items"]
        assert [member["role"] for member in members].count("owner") == 1
        owner = next(
            each for each in (first, second) if each.ask("GET", "/v1/quotas").status_code == 200
        )


def test_every_member_can_read_what_roles_and_permissions_there_are(owner: Caller) -> None:
    viewer = owner.key_for("viewer")
    roles = viewer.read("/v1/roles")["items"]
    assert [role["name"] for role in roles] == list(Role)
    assert {role["name"]: set(role["permissions"]) for role in roles} == {
        role: set(role.permissions) for role in Role
    }
    permissions = viewer.read("/v1/permissions")["items"]
    assert [each["name"] for each in permissions] == list(Permission)
    for each in permissions:
        lowest = Role(each["lowest_role"])
        holders = [role for role in Role if each["name"] in role.permissions]
        assert holders[0] is lowest
