"""Is a POST with an Idempotency-Key done exactly once, whatever happens meanwhile?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import psycopg2
import pytest
from apiflask import APIFlask
from hypothesis import given
from hypothesis import strategies as st
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class in lower case
from werkzeug.test import EnvironBuilder, TestResponse
from werkzeug.wrappers import Request

from app.errors import ProblemError
from app.factory import declarations
from app.idempotency import claim
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema
from tests.app.callers import Caller, build_world

TENANT, MEMBER = UUID(int=1), UUID(int=2)


@pytest.fixture
def admin(postgresql: PostgreSQL, schema: Schema) -> Iterator[Connection]:
    """The database's superuser, who sees all rows and can hold any lock."""
    connection = psycopg2.connect(postgresql.url_for(schema.database))
    yield connection
    connection.close()


def post(caller: Caller, path: str, body: Any, key: str) -> TestResponse:
    return caller.ask("POST", path, body, headers={"Idempotency-Key": key})


def names(caller: Caller) -> list[str]:
    return [project["name"] for project in caller.read("/v1/projects?limit=200")["items"]]


def block_projects(admin: Connection, owner: Caller) -> None:
    """Let no project of the tenant be made until `admin` ends its transaction."""
    tenant = owner.read("/v1/me")["tenant_id"]
    admin.cursor().execute("SELECT 1 FROM tenants WHERE id = %s FOR UPDATE", [tenant])


def wait_until_blocked(admin: Connection) -> int:
    """The process that waits for what `admin` holds."""
    with admin.cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity "
                "WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            found = cursor.fetchone()
            if found is not None:
                return int(found[0])


def test_the_same_request_gets_the_same_answer_and_has_one_effect(owner: Caller) -> None:
    body, key = {"name": "once"}, uuid4().hex
    first, second = (post(owner, "/v1/projects", body, key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    assert first.headers["ETag"] == second.headers["ETag"]
    assert first.content_type == second.content_type
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert names(owner) == ["once"]


def test_the_same_key_with_another_request_is_422(owner: Caller) -> None:
    key = uuid4().hex
    post(owner, "/v1/projects", {"name": "one"}, key)
    answer = post(owner, "/v1/projects", {"name": "two"}, key)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["location"] == "header.Idempotency-Key"
    assert names(owner) == ["one"]


def test_a_key_means_nothing_to_another_tenant_member_operation_or_path(
    owner: Caller, new_owner: Callable[..., Caller]
) -> None:
    key, body = uuid4().hex, {"name": "same"}
    first = post(owner, "/v1/projects", body, key).get_json()
    second = owner.make("/v1/projects", name="second")["id"]
    others = [
        post(new_owner(), "/v1/projects", body, key),
        post(owner, f"/v1/projects/{first['id']}/models", body, key),
        post(owner, f"/v1/projects/{first['id']}/experiments", body, key),
        post(owner, f"/v1/projects/{second}/experiments", body, key),
    ]
    assert [answer.status_code for answer in others] == [201] * 4
    assert not any("Idempotent-Replayed" in answer.headers for answer in others)
    # Another member is refused the name and not shown the first member's answer.
    assert post(owner.key_for("admin"), "/v1/projects", body, key).status_code == 409


def test_an_error_is_not_kept(owner: Caller) -> None:
    taken, key = owner.make("/v1/projects", name="taken")["id"], uuid4().hex
    assert post(owner, "/v1/projects", {"name": "taken"}, key).status_code == 409
    owner.ask("DELETE", f"/v1/projects/{taken}")
    answer = post(owner, "/v1/projects", {"name": "taken"}, key)
    assert (answer.status_code, "Idempotent-Replayed" in answer.headers) == (201, False)


def test_a_repetition_needs_the_permission_again(owner: Caller) -> None:
    admin, key = owner.key_for("admin"), uuid4().hex
    member = admin.read("/v1/me")["member_id"]
    assert post(admin, "/v1/projects", {"name": "x"}, key).status_code == 201
    owner.ask("PATCH", f"/v1/members/{member}", {"role": "viewer"})
    assert post(admin, "/v1/projects", {"name": "x"}, key).status_code == 403


def test_a_narrower_key_of_the_same_member_gets_no_kept_secret(owner: Caller) -> None:
    key, body = uuid4().hex, {"name": "k"}
    made = post(owner, "/v1/api-keys", body, key).get_json()
    scopes = ["apikeys:create"]
    narrow = Caller(owner.client, owner.make("/v1/api-keys", name="n", scopes=scopes)["secret"])
    answer = post(narrow, "/v1/api-keys", body, key)
    assert "Idempotent-Replayed" not in answer.headers
    assert (answer.get_json()["scopes"], answer.get_json()["id"] == made["id"]) == (scopes, False)


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "\u00fc"])
def test_a_malformed_key_is_422(owner: Caller, key: str) -> None:
    assert post(owner, "/v1/projects", {"name": "x"}, key).status_code == 422
    assert names(owner) == []


def test_while_the_first_is_being_done_the_second_is_409_and_later_repeated(
    admin: Connection, owner: Caller, service: APIFlask
) -> None:
    key, body = uuid4().hex, {"name": "slow"}
    block_projects(admin, owner)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(
            post, Caller(service.test_client(), owner.key), "/v1/projects", body, key
        )
        wait_until_blocked(admin)
        second = post(owner, "/v1/projects", body, key)
        admin.rollback()
        assert first.result().status_code == 201
    assert (second.status_code, second.get_json()["code"]) == (409, "request-in-flight")
    assert int(second.headers["Retry-After"]) >= 1
    third = post(owner, "/v1/projects", body, key)
    assert (third.data, third.headers["Idempotent-Replayed"]) == (first.result().data, "true")
    assert names(owner) == ["slow"]


def test_when_the_worker_dies_midway_neither_effect_nor_answer_is_there(
    admin: Connection, owner: Caller, service: APIFlask
) -> None:
    key, body = uuid4().hex, {"name": "lost"}
    block_projects(admin, owner)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(
            post, Caller(service.test_client(), owner.key), "/v1/projects", body, key
        )
        admin.cursor().execute("SELECT pg_terminate_backend(%s)", [wait_until_blocked(admin)])
        assert first.result().status_code == 503
    admin.rollback()
    assert names(owner) == []
    again = post(owner, "/v1/projects", body, key)
    assert (again.status_code, "Idempotent-Replayed" in again.headers) == (201, False)


def test_many_at_once_have_exactly_one_effect(owner: Caller, service: APIFlask) -> None:
    key, start = uuid4().hex, Barrier(4)

    def one() -> TestResponse:
        start.wait()
        return post(Caller(service.test_client(), owner.key), "/v1/projects", {"name": "x"}, key)

    with ThreadPoolExecutor(4) as pool:
        asked: list[Future[TestResponse]] = [pool.submit(one) for _ in range(4)]
    answers = [future.result() for future in asked]
    assert {answer.status_code for answer in answers} <= {201, 409}
    done = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.data for answer in done}) == 1
    assert len([answer for answer in done if "Idempotent-Replayed" not in answer.headers]) == 1
    assert names(owner) == ["x"]


def test_a_kept_secret_is_repeated_and_not_readable_in_the_database(
    admin: Connection, owner: Caller
) -> None:
    key = uuid4().hex
    first, second = (post(owner, "/v1/api-keys", {"name": "k"}, key) for _ in range(2))
    secret = first.get_json()["secret"]
    assert second.get_json()["secret"] == secret
    with admin.cursor() as cursor:
        cursor.execute("SELECT body, k::text FROM kept_answers k")
        rows = cursor.fetchall()
    assert rows
    for body, text in rows:
        assert secret.encode() not in bytes(body)
        assert secret not in text
        assert secret.encode().hex() not in text
        assert key not in text
        assert key.encode().hex() not in text


def test_the_operators_tenant_is_made_once(operator: Caller, admin: Connection) -> None:
    key, body = uuid4().hex, {"name": uuid4().hex, "plan": "team", "owner_email": "a@example.org"}
    first, second = (post(operator, "/v1/tenants", body, key) for _ in range(2))
    assert (first.status_code, first.data) == (201, second.data)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert post(operator, "/v1/tenants", body | {"plan": "free"}, key).status_code == 422
    with admin.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenants WHERE name = %s", [body["name"]])
        assert cursor.fetchone() == (1,)


def test_a_kept_answer_is_forgotten_after_a_day(admin: Connection, owner: Caller) -> None:
    keys = [uuid4().hex for _ in range(2)]
    for number, key in enumerate(keys):
        post(owner, "/v1/projects", {"name": f"p{number}"}, key)
    tenant = owner.read("/v1/me")["tenant_id"]
    with admin, admin.cursor() as cursor:
        age = "UPDATE kept_answers SET created_at = created_at - interval '24 hours'"
        cursor.execute(f"{age} WHERE tenant_id = %s", [tenant])
    answer = post(owner, "/v1/projects", {"name": "other"}, keys[0])
    assert (answer.status_code, "Idempotent-Replayed" in answer.headers) == (201, False)
    with admin.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kept_answers WHERE tenant_id = %s", [tenant])
        assert cursor.fetchone() == (1,)


def test_without_the_header_nothing_is_kept(admin: Connection, owner: Caller) -> None:
    build_world(owner, "own")
    with admin.cursor() as cursor:
        tenant = owner.read("/v1/me")["tenant_id"]
        cursor.execute("SELECT count(*) FROM kept_answers WHERE tenant_id = %s", [tenant])
        assert cursor.fetchone() == (0,)


def test_every_post_that_changes_something_heeds_the_key(
    service: APIFlask, owner: Caller, operator: Caller
) -> None:
    world = build_world(owner, "own")
    unheeding = []
    for declared in declarations(service).values():
        if declared.method == "POST" and declared.changes:
            caller = operator if declared.access == "operator" else owner
            answer = post(caller, world.fill(declared.path), {} if declared.body else None, "a b")
            if "header.Idempotency-Key" not in answer.text and declared.body is None:
                unheeding.append(declared.operation)
    assert unheeding == []


@given(sent=st.text(max_size=300), path=st.sampled_from(["/a", "/b"]), owned=st.booleans())
def test_a_claim_depends_on_everything_and_shows_nothing(sent: str, path: str, owned: bool) -> None:
    builder = EnvironBuilder(path, method="POST", data=b"{}")
    request = Request(builder.get_environ() | {"HTTP_IDEMPOTENCY_KEY": sent})
    owner = (TENANT, MEMBER, None) if owned else None
    if not re.fullmatch("[!-~]{1,255}", sent):
        with pytest.raises(ProblemError):
            claim(request, "operation", owner=owner, secret="s" * 16)
        return
    made = claim(request, "operation", owner=owner, secret="s" * 16)
    assert made is not None
    assert len(sent) < 6 or sent not in repr(made)
    others = [
        claim(request, "operation", owner=owner, secret="t" * 16),
        claim(request, "other", owner=owner, secret="s" * 16),
        claim(request, "operation", owner=(MEMBER, TENANT, None), secret="s" * 16),
        claim(request, "operation", owner=(TENANT, MEMBER, MEMBER), secret="s" * 16),
    ]
    digests = {made.digest, *(other.digest for other in others if other)}
    secrets = {made.secret, *(other.secret for other in others if other)}
    assert (len(digests), len(secrets)) == (5, 5)
