"""Is what was deleted gone everywhere, and whole again when it is restored?"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
from apiflask import APIFlask
from sqlalchemy import event

from app.database import db
from app.factory import declarations
from app.lifetimes import dead, living
from app.models import Base, Removable
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema
from tests.app.callers import Caller, World, arguments, build_world

# What hangs below what, by the path of each object.
TREE = {
    "/v1/projects/{project_id}": ["experiment_id", "run_id", "upload_id", "model_id", "project_id"],
    "/v1/experiments/{experiment_id}": ["experiment_id", "run_id", "upload_id"],
    "/v1/runs/{run_id}": ["run_id", "upload_id"],
    "/v1/models/{model_id}": ["model_id"],
}
LISTS = {
    "/v1/projects/{project_id}": "/v1/projects",
    "/v1/experiments/{experiment_id}": "/v1/projects/{project_id}/experiments",
    "/v1/runs/{run_id}": "/v1/experiments/{experiment_id}/runs",
    "/v1/models/{model_id}": "/v1/projects/{project_id}/models",
}
BODIES = {
    "log_to_run": {"tags": {"a": "b"}},
    "create_version": {},
    "update_run": {"status": "failed"},
    "update_version": {"description": "x"},
    "set_alias": {"version": 1},
}


@pytest.fixture
def world(owner: Caller) -> World:
    """Without a deployment, which keeps its model and its project from being deleted."""
    found = build_world(owner, "own")
    answer = owner.ask("DELETE", found.fill("/v1/deployments/{deployment_id}"))
    assert answer.status_code == 204
    return found


def reached(service: APIFlask, owner: Caller, world: World, names: list[str]) -> list[str]:
    """The operations on one of these objects, or below, that are not answered 404."""
    found = []
    for declared in declarations(service).values():
        if any(f"{{{name}}}" in declared.path for name in names) and ":" not in declared.path:
            body = BODIES.get(declared.operation, {"name": "x"})
            sent = arguments(declared, body)
            answer = owner.ask(declared.method, world.fill(declared.path), **sent)
            if answer.status_code != 404:
                found.append(f"{declared.operation} {answer.status_code}")
    return found


@pytest.mark.parametrize("path", TREE)
def test_the_deleted_and_all_below_answer_404_everywhere_and_come_back_whole(
    service: APIFlask, owner: Caller, world: World, path: str
) -> None:
    shown = [world.fill(each) for each in (*TREE, "/v1/models/{model_id}/versions/1")]
    before = {each: owner.read(each) for each in shown}
    assert owner.ask("DELETE", world.fill(path)).status_code == 204
    assert reached(service, owner, world, TREE[path]) == []
    answer = owner.ask("POST", world.fill(f"{path}:restore"))
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == owner.ask("GET", world.fill(path)).headers["ETag"]
    for each in shown:
        found = owner.read(each)
        assert found | {"updated_at": 0} == before[each] | {"updated_at": 0}


@pytest.mark.parametrize("path", TREE)
def test_deleted_objects_are_listed_apart_and_only_to_those_who_may_delete(
    owner: Caller, world: World, path: str
) -> None:
    where = world.fill(LISTS[path])
    (item,) = owner.read(where)["items"]
    assert owner.read(f"{where}?state=deleted")["items"] == []
    owner.ask("DELETE", world.fill(path))
    assert owner.read(where)["items"] == []
    (gone,) = owner.read(f"{where}?state=deleted")["items"]
    assert gone | {"updated_at": 0} == item | {"updated_at": 0}
    viewer = owner.key_for("viewer")
    assert viewer.ask("GET", f"{where}?state=deleted").status_code == 403
    assert viewer.ask("GET", where).status_code == 200


@pytest.mark.parametrize("path", TREE)
def test_another_tenant_neither_sees_nor_restores_what_was_deleted(
    owner: Caller, world: World, new_owner: Callable[..., Caller], path: str
) -> None:
    stranger = new_owner()
    for _ in range(2):
        assert stranger.ask("POST", world.fill(f"{path}:restore")).status_code == 404
        owner.ask("DELETE", world.fill(path))
    assert stranger.read("/v1/projects?state=deleted")["items"] == []


def test_restoring_what_is_there_changes_nothing(owner: Caller, world: World) -> None:
    for path in TREE:
        before = owner.read(world.fill(path))
        assert owner.make(world.fill(f"{path}:restore")) == before


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        ("/v1/experiments/{experiment_id}", "/v1/projects/{project_id}"),
        ("/v1/models/{model_id}", "/v1/projects/{project_id}"),
        ("/v1/runs/{run_id}", "/v1/experiments/{experiment_id}"),
        ("/v1/runs/{run_id}", "/v1/projects/{project_id}"),
    ],
)
def test_nothing_is_restored_below_a_deleted_parent(
    owner: Caller, world: World, child: str, parent: str
) -> None:
    for path in (child, parent):
        assert owner.ask("DELETE", world.fill(path)).status_code == 204
    answer = owner.ask("POST", world.fill(f"{child}:restore"))
    assert (answer.status_code, answer.get_json()["code"]) == (409, "parent-deleted")
    assert owner.ask("POST", world.fill(f"{parent}:restore")).status_code == 200
    # What was deleted by itself stays deleted until it is restored by itself.
    assert owner.ask("GET", world.fill(child)).status_code == 404
    assert owner.ask("POST", world.fill(f"{child}:restore")).status_code == 200


@pytest.mark.parametrize("path", [path for path in TREE if "runs" not in path])
def test_a_deleted_objects_name_is_free_and_then_in_the_way(
    owner: Caller, world: World, path: str
) -> None:
    where, body = world.fill(LISTS[path]), {"name": "own"}
    assert owner.ask("POST", where, body).status_code == 409
    owner.ask("DELETE", world.fill(path))
    assert owner.ask("POST", where, body).status_code == 201
    answer = owner.ask("POST", world.fill(f"{path}:restore"))
    assert (answer.status_code, answer.get_json()["code"]) == (409, "already-exists")


def test_a_deletion_is_done_once(owner: Caller, world: World) -> None:
    path = world.fill("/v1/runs/{run_id}")
    assert [owner.ask("DELETE", path).status_code for _ in range(2)] == [204, 404]


def test_every_table_below_one_that_can_be_deleted_knows_it() -> None:
    """Derived from the schema, so that a new table cannot forget it."""
    removable = {mapper.class_ for mapper in Base.registry.mappers} & set(
        Removable.__subclasses__()
    )
    assert {model.__tablename__ for model in removable} == {
        "projects",
        "experiments",
        "runs",
        "models",
    }
    depth = {mapper.class_.__tablename__: len(living(mapper.class_)) for mapper in mappers()}
    assert {table for table, conditions in depth.items() if conditions == 0} >= {"members"}
    assert {"runs": 2, "projects": 1, "models": 2, "model_versions": 1}.items() <= depth.items()
    below = ("model_aliases", "deployments", "deployment_revisions", "uploads")
    assert {table: depth[table] for table in below} == dict.fromkeys(below, 1)
    assert all(len(dead(model)) == len(living(model)) for model in removable)


def mappers() -> list[object]:
    return list(Base.registry.mappers)


@pytest.mark.parametrize(
    ("path", "expected"), [("/v1/runs/{run_id}", 1), ("/v1/projects/{project_id}", 1)]
)
def test_a_hot_read_is_one_round_trip(
    service: APIFlask, owner: Caller, world: World, path: str, expected: int
) -> None:
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    with service.app_context():
        engine = db.engine
    owner.read(world.fill(path))
    event.listen(engine, "before_cursor_execute", note)
    try:
        owner.read(world.fill(path))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(statements) == expected


def test_a_change_of_what_goes_for_good_meanwhile_is_404(
    owner: Caller, service: APIFlask, postgresql: PostgreSQL, schema: Schema
) -> None:
    world = build_world(owner, "own")
    path = f"/v1/experiments/{world.experiment_id}"
    holder = psycopg2.connect(postgresql.url_for(schema.database))
    with ThreadPoolExecutor(1) as pool, holder.cursor() as cursor:
        cursor.execute("DELETE FROM experiments WHERE id = %s", [world.experiment_id])
        caller = Caller(service.test_client(), owner.key)
        changed = pool.submit(caller.ask, "PATCH", path, {"description": "late"})
        while True:
            cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() == (1,):
                break
        holder.commit()
    holder.close()
    assert (changed.result().status_code, owner.ask("GET", path).status_code) == (404, 404)
