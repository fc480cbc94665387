"""Do deployments go forward, come back and remember?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg2
import pytest
from apiflask import APIFlask
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class in lower case

from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema
from tests.app.callers import Caller, World, build_world


@pytest.fixture
def world(owner: Caller) -> World:
    """With version 1 deployed, and versions 2 and 3 that are not."""
    made = build_world(owner, "own")
    for _ in range(2):
        owner.make(f"/v1/models/{made.model_id}/versions")
    return made


def path_of(world: World) -> str:
    return f"/v1/deployments/{world.deployment_id}"


def test_a_deployment_is_of_a_version_or_of_what_an_alias_names_now(
    owner: Caller, world: World
) -> None:
    wanted = {"environment": "staging", "model_id": world.model_id}
    by_number = owner.make("/v1/deployments", name="a", version=2, **wanted)
    by_alias = owner.make("/v1/deployments", name="b", version="champion", **wanted)
    assert (by_number["version"], by_alias["version"]) == (2, 1)
    assert (by_number["revision"], by_number["desired_state"]) == (1, "running")
    assert (by_number["observed_state"], by_number["observed_revision"]) == ("pending", None)
    owner.ask("PUT", f"/v1/models/{world.model_id}/aliases/champion", {"version": 3})
    assert owner.read(f"/v1/deployments/{by_alias['id']}")["version"] == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"version": 9}, 404),
        ({"version": "nobody"}, 404),
        ({"version": "No Alias"}, 422),
        ({"version": 0}, 422),
        ({"version": True}, 422),
        ({"environment": "Pro duction"}, 422),
        ({"name": "own"}, 409),
    ],
)
def test_a_wrong_deployment_is_refused(
    owner: Caller, world: World, change: dict[str, object], status: int
) -> None:
    body = {"name": "a", "environment": "production", "model_id": world.model_id, "version": 1}
    assert owner.ask("POST", "/v1/deployments", body | change).status_code == status


def test_a_promotion_goes_to_a_newer_version_and_a_rollback_comes_back(
    owner: Caller, world: World
) -> None:
    path = path_of(world)
    assert owner.make(f"{path}:promote", version=3)["version"] == 3
    back = owner.make(f"{path}:rollback")
    assert (back["version"], back["revision"]) == (1, 3)
    assert owner.make(f"{path}:promote", version=2)["version"] == 2
    assert owner.make(f"{path}:rollback", revision=2)["version"] == 3
    history = [
        (each["revision"], each["action"], each["version"], each["alias"])
        for each in owner.read(path)["history"]
    ]
    assert history == [
        (5, "rollback", 3, None),
        (4, "promote", 2, None),
        (3, "rollback", 1, "champion"),
        (2, "promote", 3, None),
        (1, "create", 1, "champion"),
    ]


def test_an_older_version_is_no_promotion(owner: Caller, world: World) -> None:
    path = path_of(world)
    owner.make(f"{path}:promote", version=2)
    for version in (1, 2, "champion"):
        answer = owner.ask("POST", f"{path}:promote", {"version": version})
        assert (answer.status_code, answer.get_json()["code"]) == (409, "not-newer")


@pytest.mark.parametrize("body", [{}, {"revision": 1}, {"revision": 7}])
def test_there_is_no_way_back_from_the_first_revision(
    owner: Caller, world: World, body: dict[str, int]
) -> None:
    answer = owner.ask("POST", f"{path_of(world)}:rollback", body)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "no-such-revision")


def test_there_is_no_way_back_to_a_deleted_version(owner: Caller, world: World) -> None:
    path = path_of(world)
    owner.make(f"{path}:promote", version=2)
    assert owner.ask("DELETE", f"/v1/models/{world.model_id}/versions/1").status_code == 204
    answer = owner.ask("POST", f"{path}:rollback", {})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "version-gone")
    first = owner.read(path)["history"][-1]
    assert (first["version"], first["version_id"]) == (1, None)


def test_what_is_seen_is_reported_and_begins_anew_with_a_revision(
    owner: Caller, world: World
) -> None:
    path = path_of(world)
    seen = {"observed_state": "running", "observed_revision": 1, "desired_state": "stopped"}
    assert owner.ask("PATCH", path, seen).get_json().items() >= seen.items()
    promoted = owner.make(f"{path}:promote", version=2)
    assert (promoted["observed_state"], promoted["observed_revision"]) == ("pending", 1)
    late = owner.ask("PATCH", path, {"observed_revision": 3})
    assert (late.status_code, late.get_json()["code"]) == (409, "no-such-revision")


def test_two_promotions_at_once_are_two_revisions(
    service: APIFlask, owner: Caller, world: World
) -> None:
    barrier = Barrier(2)

    def promote(version: int) -> int:
        barrier.wait()
        caller = Caller(service.test_client(), owner.key)
        return caller.ask("POST", f"{path_of(world)}:promote", {"version": version}).status_code

    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(promote, (2, 3)))
    found = owner.read(path_of(world))
    assert found["version"] == 3
    assert statuses[1] == 200
    assert statuses[0] in {200, 409}
    numbers = [each["revision"] for each in found["history"]]
    assert numbers == list(range(found["revision"], 0, -1))
    assert found["revision"] == 1 + statuses.count(200)


def test_a_list_can_be_kept_to_an_environment(owner: Caller, world: World) -> None:
    wanted = {"model_id": world.model_id, "version": 1}
    other = owner.make("/v1/deployments", name="a", environment="staging", **wanted)
    assert owner.read("/v1/deployments?environment=staging")["items"] == [other]
    assert len(owner.read("/v1/deployments")["items"]) == 2


def test_the_database_alone_keeps_a_deployed_version(
    owner: Caller, world: World, schema: Schema
) -> None:
    connection = psycopg2.connect(schema.app_url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant_id', %s, false)", [world.tenant_id])
        cursor.execute("DELETE FROM model_versions WHERE model_id = %s", [world.model_id])
    with pytest.raises(psycopg2.errors.ForeignKeyViolation):
        connection.commit()
    connection.close()
    assert owner.read(path_of(world))["version"] == 1


def test_a_foreign_model_cannot_be_deployed(
    owner: Caller, new_owner: Callable[..., Caller]
) -> None:
    foreign = build_world(new_owner(), "victim")
    body = {"name": "a", "environment": "e", "model_id": foreign.model_id, "version": 1}
    assert owner.ask("POST", "/v1/deployments", body).status_code == 404


@pytest.fixture
def admin(postgresql: PostgreSQL, schema: Schema) -> Iterator[Connection]:
    """The database's superuser, who can hold any lock."""
    connection = psycopg2.connect(postgresql.url_for(schema.database))
    yield connection
    connection.close()


def wait_for_blocked(admin: Connection, number: int) -> None:
    """Until so many wait for `admin`, or for each other."""
    with admin.cursor() as cursor:
        while True:
            cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() == (number,):
                return


def deploying(world: World, version: int = 2) -> dict[str, object]:
    return {"name": "x", "environment": "staging", "model_id": world.model_id, "version": version}


def test_no_project_is_deleted_under_a_deployment_that_is_just_being_made(
    owner: Caller, world: World, service: APIFlask, admin: Connection
) -> None:
    owner.ask("DELETE", path_of(world))
    # Both queue for the end of the audit log: the deployment has been checked, and so is deletion.
    admin.cursor().execute(
        "SELECT 1 FROM audit_heads WHERE tenant_id = %s FOR UPDATE", [world.tenant_id]
    )
    first, second = (Caller(service.test_client(), owner.key) for _ in range(2))
    with ThreadPoolExecutor(2) as pool:
        made = pool.submit(first.ask, "POST", "/v1/deployments", deploying(world))
        wait_for_blocked(admin, 1)
        deleted = pool.submit(second.ask, "DELETE", f"/v1/projects/{world.project_id}")
        wait_for_blocked(admin, 2)
        admin.rollback()
    assert (made.result().status_code, deleted.result().status_code) == (201, 409)
    assert deleted.result().get_json()["code"] == "deployed"


def test_a_deployment_and_a_move_of_the_same_version_do_not_stop_each_other(
    owner: Caller, world: World, service: APIFlask, admin: Connection
) -> None:
    admin.cursor().execute(
        "SELECT 1 FROM model_versions WHERE model_id = %s AND version = 2 FOR UPDATE",
        [world.model_id],
    )
    first, second = (Caller(service.test_client(), owner.key) for _ in range(2))
    alias = f"/v1/models/{world.model_id}/aliases/next"
    with ThreadPoolExecutor(2) as pool:
        made = pool.submit(first.ask, "POST", "/v1/deployments", deploying(world))
        wait_for_blocked(admin, 1)
        moved = pool.submit(second.ask, "PUT", alias, {"version": 2})
        wait_for_blocked(admin, 2)
        admin.rollback()
    assert (made.result().status_code, moved.result().status_code) == (201, 200)
