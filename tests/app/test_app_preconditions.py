"""Does a tag name exactly one state of one tenant's object, and does a change heed it?"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from uuid import UUID

import psycopg2
import pytest
from apiflask import APIBlueprint, APIFlask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from app.conduct import NAME, Readers
from app.config import Config
from app.endpoint import endpoint
from app.factory import create_app, declarations
from app.models import Project
from app.permissions import Permission
from app.preconditions import tag_of
from app.schemas.basics import PageQuery
from app.schemas.projects import ProjectChange, ProjectOut
from app.tenancy import find
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema
from tests.app.callers import EMPTY_WORLD, NOBODY, Caller, World, build_world

CHANGES = {
    "/v1/projects/{project_id}": {"description": "new"},
    "/v1/experiments/{experiment_id}": {"description": "new"},
    "/v1/models/{model_id}": {"description": "new"},
    "/v1/runs/{run_id}": {"status": "finished"},
    "/v1/tenants/{tenant_id}": {"name": "new"},
}
DELETED = [path for path in CHANGES if "tenants" not in path]


@pytest.fixture
def world(owner: Caller) -> World:
    return build_world(owner, "own")


def tag(caller: Caller, path: str) -> str:
    return caller.ask("GET", path).headers["ETag"]


def change(caller: Caller, path: str, body: object, match: str) -> TestResponse:
    return caller.ask("PATCH", path, body, headers={"If-Match": match})


def test_every_get_of_one_object_has_a_strong_tag_and_answers_304(
    service: APIFlask, owner: Caller, world: World
) -> None:
    tagged = [declared for declared in declarations(service).values() if declared.tagged]
    assert len(tagged) >= 8
    for declared in tagged:
        path = world.url(declared.path)
        first = owner.ask("GET", path)
        held, weak = first.headers["ETag"], True
        assert first.get_etag() == (held.strip('"'), not weak)
        for sent in (held, f"W/{held}", f'"other", {held}', "*", f'{held[:-1]}:gzip"'):
            again = owner.ask("GET", path, headers={"If-None-Match": sent})
            assert (again.status_code, again.data) == (304, b""), sent
            assert again.headers["ETag"] == held
        for sent in ('"other"', "other", '""', ""):
            assert owner.ask("GET", path, headers={"If-None-Match": sent}).data == first.data


@pytest.mark.parametrize("path", CHANGES)
def test_a_change_answers_with_the_tag_that_the_next_get_has(
    owner: Caller, world: World, path: str
) -> None:
    answer = change(owner, world.fill(path), CHANGES[path], tag(owner, world.fill(path)))
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == tag(owner, world.fill(path))


def test_a_new_object_answers_with_the_tag_that_its_get_has(owner: Caller) -> None:
    tags = {"b": "1", "a": "2", "aa": "0"}
    made = owner.ask("POST", "/v1/projects", {"name": "p", "tags": tags})
    project = made.get_json()["id"]
    assert made.headers["ETag"] == tag(owner, f"/v1/projects/{project}")
    experiment = owner.make(f"/v1/projects/{project}/experiments", name="e")["id"]
    run = owner.ask("POST", f"/v1/experiments/{experiment}/runs", {"name": "r", "params": tags})
    assert run.headers["ETag"] == tag(owner, f"/v1/runs/{run.get_json()['id']}")


@pytest.mark.parametrize("path", CHANGES)
def test_a_change_of_something_else_than_what_was_seen_is_412(
    owner: Caller, world: World, path: str
) -> None:
    path, body = world.fill(path), CHANGES[path]
    seen = tag(owner, path)
    assert change(owner, path, body, seen).status_code == 200
    for stale in (seen, f"W/{tag(owner, path)}", '"x"', '""', ""):
        answer = change(owner, path, body, stale)
        assert (answer.status_code, answer.get_json()["code"]) == (412, "precondition-failed")
    assert change(owner, path, body, "*").status_code == 200
    assert change(owner, path, body, f'"x", {tag(owner, path)}').status_code == 200


@pytest.mark.parametrize("path", DELETED)
def test_a_deletion_heeds_the_tag(owner: Caller, world: World, path: str) -> None:
    owner.ask("DELETE", world.fill("/v1/deployments/{deployment_id}"))
    path = world.fill(path)
    stale = owner.ask("DELETE", path, headers={"If-Match": '"x"'})
    assert stale.status_code == 412
    assert owner.ask("DELETE", path, headers={"If-Match": tag(owner, path)}).status_code == 204


def test_a_tag_changes_with_what_is_logged_to_a_run(owner: Caller, world: World) -> None:
    path = world.fill("/v1/runs/{run_id}")
    for logged in (
        {"params": {"lr": "1"}},
        {"tags": {"who": "me"}},
        {"metrics": [{"key": "loss", "step": 9, "value": 1}]},
    ):
        seen = tag(owner, path)
        owner.make(f"{path}/log", **logged)
        assert change(owner, path, {"name": "x"}, seen).status_code == 412


def test_a_condition_on_what_is_not_there_is_404(owner: Caller) -> None:
    for path in DELETED:
        missing = EMPTY_WORLD.fill(path)
        assert change(owner, missing, {"name": "x"}, "*").status_code == 404


def test_a_condition_on_what_has_no_tag_is_refused_and_not_ignored(
    owner: Caller, world: World
) -> None:
    for method, path, body in (
        ("POST", "/v1/projects", {"name": "x"}),
        ("PATCH", "/v1/members/{member_id}", {"role": "admin"}),
        ("DELETE", "/v1/api-keys/{key_id}", None),
        ("POST", "/v1/runs/{run_id}/log", {"tags": {"a": "b"}}),
    ):
        for name in ("If-Match", "If-None-Match"):
            answer = owner.ask(method, world.fill(path), body, headers={name: "*"})
            assert answer.status_code == 422, (method, path)
            assert answer.get_json()["errors"][0]["location"] == f"header.{name}"


@pytest.mark.parametrize("round_number", range(3))
def test_of_many_who_change_what_they_have_seen_one_succeeds(
    owner: Caller, service: APIFlask, world: World, round_number: int
) -> None:
    path, start = world.fill("/v1/runs/{run_id}"), Barrier(4)
    seen = tag(owner, path)

    def one(number: int) -> int:
        start.wait()
        caller = Caller(service.test_client(), owner.key)
        return change(caller, path, {"name": f"{round_number} {number}"}, seen).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, range(4))) == [200, 412, 412, 412]


@pytest.mark.parametrize("round_number", range(3))
def test_a_path_without_ids_is_one_object_that_is_changed_once(
    owner: Caller, service: APIFlask, round_number: int
) -> None:
    start, seen = Barrier(4), tag(owner, "/v1/quotas")

    def one(number: int) -> int:
        start.wait()
        caller = Caller(service.test_client(), owner.key)
        body = {"projects": 1 + round_number + number}
        return change(caller, "/v1/quotas", body, seen).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, range(4))) == [200, 412, 412, 412]


def test_a_change_waits_for_a_log_that_has_begun_and_then_is_412(
    owner: Caller, service: APIFlask, world: World, postgresql: PostgreSQL, schema: Schema
) -> None:
    path = world.fill("/v1/runs/{run_id}")
    seen = tag(owner, path)
    admin = psycopg2.connect(postgresql.url_for(schema.database))
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with admin.cursor() as cursor, ThreadPoolExecutor(2) as pool:
        # A metric of the run is locked, so that the log holds its place and waits.
        cursor.execute("SELECT 1 FROM latest_metrics WHERE run_id = %s FOR UPDATE", [world.run_id])
        body = {"metrics": [{"key": "loss", "step": 2, "value": 2}]}
        callers = [Caller(service.test_client(), owner.key) for _ in range(2)]
        log = pool.submit(callers[0].ask, "POST", f"{path}/log", body)
        wait_for(admin, waiting, 1)
        late = pool.submit(change, callers[1], path, {"name": "late"}, seen)
        wait_for(admin, waiting, 2)
        admin.rollback()
        assert log.result().status_code == 200
        assert late.result().status_code == 412
    admin.close()


def wait_for(connection: psycopg2.extensions.connection, query: str, expected: int) -> None:
    with connection.cursor() as cursor:
        found = None
        while found != (expected,):
            cursor.execute(query)
            found = cursor.fetchone()


def test_a_demanded_condition_is_428_without_one_but_404_comes_first(
    config: Config, owner: Caller
) -> None:
    bp = APIBlueprint("strict", __name__)

    @endpoint(
        bp,
        "GET /v1/odd/{project_id}",
        access=Permission.PROJECTS_READ,
        query=PageQuery,
        reply=(200, ProjectOut),
    )
    def read_odd(project_id: UUID, query: PageQuery) -> Project:
        """Show it to those who ask for 50 of it."""
        assert query.limit == PageQuery().limit
        return find(Project, project_id)

    @endpoint(
        bp,
        "POST /v1/odd/{project_id}:rename",
        access=Permission.PROJECTS_UPDATE,
        body=ProjectChange,
        reply=(200, ProjectOut),
    )
    def rename_odd(project_id: UUID, body: ProjectChange) -> Project:
        """Change it by a verb."""
        return put_project(project_id, body)

    @endpoint(
        bp,
        "PUT /v1/projects/{project_id}",
        access=Permission.PROJECTS_UPDATE,
        body=ProjectChange,
        reply=(200, ProjectOut),
        demands_match=True,
    )
    def put_project(project_id: UUID, body: ProjectChange) -> Project:
        """Change it, with a condition only."""
        project = find(Project, project_id)
        body.apply(project)
        return project

    app = create_app(config)
    app.register_blueprint(bp)
    app.extensions[NAME] = Readers.among(declarations(app))
    caller = Caller(app.test_client(), owner.key)
    path = f"/v1/projects/{owner.make('/v1/projects', name='p')['id']}"
    body = {"description": "new"}
    answer = caller.ask("PUT", path, body)
    assert (answer.status_code, answer.get_json()["code"]) == (428, "precondition-required")
    assert caller.ask("PUT", path, body, headers={"If-Match": '"x"'}).status_code == 412
    assert caller.ask("PUT", path, body, headers={"If-None-Match": "*"}).status_code == 412
    sent = {"If-Match": tag(owner, path)}
    assert caller.ask("PUT", path, body, headers=sent).status_code == 200
    odd, sent = path.replace("projects", "odd"), {"If-Match": tag(owner, path)}
    assert caller.ask("POST", f"{odd}:rename", {"name": "q"}, headers=sent).status_code == 200
    assert caller.ask("POST", f"{odd}:rename", {"name": "r"}, headers=sent).status_code == 412
    # To create with PUT, nothing must be there: the condition holds, and the view decides.
    nowhere = f"/v1/projects/{NOBODY}"
    assert caller.ask("PUT", nowhere, body, headers={"If-None-Match": "*"}).status_code == 404
    assert caller.ask("PUT", nowhere, body, headers={"If-Match": "*"}).status_code == 412
    document = app.spec["paths"]["/v1/projects/{project_id}"]["put"]
    assert {"412", "428"} <= document["responses"].keys()


def test_a_conditional_change_needs_one_connection(config: Config, owner: Caller) -> None:
    app = create_app(replace(config, pool_size=1))
    caller = Caller(app.test_client(), owner.key)
    world = build_world(owner, "own")
    for template, body in CHANGES.items():
        path = world.fill(template)
        assert change(caller, path, body, tag(owner, path)).status_code == 200


def test_another_tenants_tag_is_worth_nothing(
    owner: Caller, world: World, new_owner: Callable[..., Caller]
) -> None:
    other = new_owner()
    path = world.fill("/v1/projects/{project_id}")
    assert change(other, path, {"name": "x"}, tag(owner, path)).status_code == 404


@given(body=st.binary(), tenants=st.lists(st.uuids(), min_size=2, max_size=2, unique=True))
def test_equal_objects_of_two_tenants_have_different_tags(body: bytes, tenants: list[UUID]) -> None:
    one, other = (tag_of(body, tenant) for tenant in tenants)
    assert one != other
    assert tag_of(body, tenants[0]) == one
    assert len({len(tag_of(body, None)), len(one)}) == 1


@given(bodies=st.lists(st.binary(max_size=40), min_size=2, max_size=2, unique=True))
def test_different_objects_have_different_tags(bodies: list[bytes]) -> None:
    assert len({tag_of(body, UUID(int=1)) for body in bodies}) == 2
