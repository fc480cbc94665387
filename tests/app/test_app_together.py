"""Do parts that meet in one request keep their promises to each other?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg2
import pytest
from apiflask import APIFlask
from prometheus_client import REGISTRY
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class in lower case

from app import keys
from app.auth import look_up
from app.config import Config, Oidc
from app.factory import create_app
from app.invalidation import Invalidations
from app.read_cache import ReadCache
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema
from tests.app.callers import Caller, World, build_world
from tests.app.issuers import AUDIENCE, issuing

POINT: dict[str, Any] = {"metrics": [{"key": "late", "step": 1, "value": 0.5}]}


@pytest.fixture
def world(owner: Caller) -> World:
    return build_world(owner, "own")


def counted(name: str) -> float:
    return REGISTRY.get_sample_value(f"maestro_{name}") or 0.0


@pytest.mark.parametrize("deleted", ["run", "experiment", "project"])
def test_a_log_to_what_is_deleted_is_404_and_stores_nothing(
    owner: Caller, world: World, superuser: Cursor, deleted: str
) -> None:
    owner.ask("DELETE", f"/v1/deployments/{world.deployment_id}")
    place = f"/v1/{deleted}s/{getattr(world, f'{deleted}_id')}"
    assert owner.ask("DELETE", place).status_code == 204
    assert owner.ask("POST", f"/v1/runs/{world.run_id}/log", POINT).status_code == 404
    superuser.execute(
        "SELECT count(*) FROM metric_points WHERE run_id = %s AND key = 'late'", [world.run_id]
    )
    assert superuser.fetchone() == (0,)
    assert owner.ask("POST", f"{place}:restore").status_code == 200
    assert owner.ask("POST", f"/v1/runs/{world.run_id}/log", POINT).status_code == 200


def test_a_precondition_is_compared_with_the_database_and_not_with_the_cache(
    owner: Caller, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/v1/models/{world.model_id}"
    stale = owner.ask("GET", path).headers["ETag"]
    monkeypatch.setattr(ReadCache, "change", lambda *_: None)  # as if Redis were not told in time
    assert owner.ask("PATCH", path, {"description": "newer"}).status_code == 200
    lost = owner.ask("PATCH", path, {"description": "lost"}, headers={"If-Match": stale})
    assert lost.status_code == 412


def test_a_kept_model_has_the_tag_of_the_stored_one(owner: Caller, world: World) -> None:
    path = f"/v1/models/{world.model_id}"
    stored, kept = (owner.ask("GET", path) for _ in range(2))
    assert (kept.data, kept.headers["ETag"]) == (stored.data, stored.headers["ETag"])
    changed = owner.ask("PATCH", path, {"name": "x"}, headers={"If-Match": kept.headers["ETag"]})
    assert changed.status_code == 200


def test_a_compressed_tag_is_taken_by_a_change(owner: Caller, world: World) -> None:
    long = {"description": "words " * 300}
    path = f"/v1/models/{world.model_id}"
    owner.ask("PATCH", path, long)
    answer = owner.ask("GET", path, headers={"Accept-Encoding": "gzip"})
    tag = answer.headers["ETag"]
    assert (answer.headers["Content-Encoding"], tag[-6:]) == ("gzip", ':gzip"')
    asked = {"Accept-Encoding": "gzip", "If-None-Match": tag}
    assert owner.ask("GET", path, headers=asked).status_code == 304
    assert owner.ask("PATCH", path, {"name": "x"}, headers={"If-Match": tag}).status_code == 200
    assert owner.ask("PATCH", path, {"name": "y"}, headers={"If-Match": tag}).status_code == 412


def test_a_repeated_request_is_counted_once(owner: Caller, world: World) -> None:
    before = counted("experiments_created_total")
    path, once = f"/v1/projects/{world.project_id}/experiments", {"Idempotency-Key": "e"}
    for _ in range(3):
        assert owner.ask("POST", path, {"name": "once"}, headers=once).status_code == 201
    assert counted("experiments_created_total") - before == 1


@pytest.fixture
def holder(postgresql: PostgreSQL, schema: Schema) -> Iterator[Cursor]:
    connection = psycopg2.connect(postgresql.url_for(schema.database))
    with connection.cursor() as cursor:
        yield cursor
    connection.close()


def test_a_change_whose_event_cannot_be_kept_is_undone_and_counted(
    owner: Caller, world: World, holder: Cursor
) -> None:
    before = counted("audit_write_failures_total")
    holder.execute("SELECT 1 FROM audit_heads WHERE tenant_id = %s FOR UPDATE", [world.tenant_id])
    path = f"/v1/models/{world.model_id}"
    assert owner.ask("PATCH", path, {"description": "unheard"}).status_code == 503
    holder.connection.rollback()
    assert owner.read(path)["description"] != "unheard"
    assert counted("audit_write_failures_total") - before == 1


def test_what_a_token_does_is_done_once_and_audited_without_a_key(
    config: Config, owner: Caller
) -> None:
    owner.make("/v1/members", email="ada@example.org", role="admin")
    tenant = owner.read("/v1/me")["tenant_id"]
    with issuing() as issuer:
        issuer.add("ES256", "ES256")
        oidc = Oidc(issuer=issuer.url, audience=AUDIENCE, tenant_claim="tenant")
        claims = {"sub": "ada", "email": "ada@example.org", "email_verified": True}
        token = issuer.token("ES256", tenant=tenant, **claims)
        ada = Caller(create_app(replace(config, oidc=oidc)).test_client(), token)
        once = {"Idempotency-Key": "p"}
        made = [ada.ask("POST", "/v1/projects", {"name": "hers"}, headers=once) for _ in range(2)]
        me = ada.read("/v1/me")
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].data == made[1].data
    (event,) = owner.read("/v1/audit-events?action=create_project")["items"]
    assert (event["member_id"], event["key_id"]) == (me["member_id"], None)


@pytest.mark.parametrize("current", [True, False])
def test_a_key_is_trusted_no_longer_than_it_is_valid(
    service: APIFlask, owner: Caller, superuser: Cursor, current: bool
) -> None:
    made = owner.make("/v1/api-keys", name="k", expires_in_days=2)
    answer = owner.make(f"/v1/api-keys/{made['id']}:rotate", grace_seconds=3600)
    later = "UPDATE api_keys SET expires_at = now() + interval '2 hours' WHERE id = %s"
    superuser.execute(later, [made["id"]])
    key = keys.parse(answer["secret"] if current else made["secret"])
    assert key is not None
    with service.app_context():
        found = look_up(key)
    assert found is not None
    longest = 7200 if current else 3600
    assert longest - 600 < found.seconds <= longest


def test_noting_that_a_key_is_used_ends_nobodys_credential(
    owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = owner.make("/v1/api-keys", name="k")
    announced: list[object] = []
    monkeypatch.setattr(Invalidations, "announce", lambda *_: announced.append(_))
    assert Caller(owner.client, made["secret"]).read("/v1/me")["key_id"] == made["id"]
    used = owner.read("/v1/api-keys")["items"]
    assert [key["last_used_at"] is not None for key in used if key["id"] == made["id"]] == [True]
    assert announced == []
