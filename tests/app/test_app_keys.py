"""Is a key worth exactly what its member may do, and nothing once it is revoked?"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import psycopg2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import keys
from app.config import Config
from app.factory import create_app
from app.ids import new_id
from app.permissions import Role
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema
from tests.app.callers import Caller


@given(st.uuids())
def test_a_key_names_its_tenant_and_hides_its_secret(tenant_id: UUID) -> None:
    key = keys.mint(tenant_id)
    parsed = keys.parse(key.text)
    assert parsed == key
    assert key.text not in repr(key)
    assert len({keys.mint(tenant_id).digest for _ in range(8)}) == 8


@given(st.text())
def test_any_text_is_a_key_or_not_and_never_an_error(text: str) -> None:
    assert keys.parse(text) is None
    assert not keys.is_operator(text, "0" * 64)
    assert not keys.is_operator(text, None)


def test_ids_are_uuid7_and_never_repeat() -> None:
    made = [new_id() for _ in range(1000)]
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    assert len(set(made)) == 1000
    stamps = [one.int >> 80 for one in made]
    assert stamps == sorted(stamps)


def test_only_a_digest_of_a_key_is_stored(
    postgresql: PostgreSQL, schema: Schema, owner: Caller
) -> None:
    connection = psycopg2.connect(postgresql.url_for(schema.database))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM api_keys k WHERE k::text LIKE %s", [f"%{owner.key}%"])
        assert cursor.fetchone() == (0,)
        cursor.execute(
            "SELECT count(*) FROM api_keys WHERE digest = sha256(%s)", [owner.key.encode()]
        )
        assert cursor.fetchone() == (1,)
    connection.close()


def test_a_revoked_key_ends_at_once_here_and_after_the_cache_elsewhere(
    config: Config, owner: Caller
) -> None:
    made = owner.make("/v1/api-keys", name="short")
    elsewhere = create_app(replace(config, auth_seconds=0.0))
    here, there = (
        Caller(client, made["secret"]) for client in (owner.client, elsewhere.test_client())
    )
    assert [caller.ask("GET", "/v1/me").status_code for caller in (here, there)] == [200, 200]
    assert owner.ask("DELETE", f"/v1/api-keys/{made['id']}").status_code == 204
    assert [caller.ask("GET", "/v1/me").status_code for caller in (here, there)] == [401, 401]


def test_a_demotion_cuts_the_keys_made_before(owner: Caller) -> None:
    admin = owner.key_for("admin")
    member = admin.read("/v1/me")["member_id"]
    owner.ask("PATCH", f"/v1/members/{member}", {"role": "viewer"})
    assert admin.ask("POST", "/v1/projects", {"name": "x"}).status_code == 403


def test_a_scoped_key_allows_its_scopes_only(owner: Caller) -> None:
    reader = owner.key_for("admin", scopes=["projects:read"])
    assert reader.ask("GET", "/v1/projects").status_code == 200
    assert reader.ask("GET", "/v1/members").status_code == 403


def test_scopes_beyond_the_members_role_allow_nothing_more(owner: Caller) -> None:
    viewer = owner.key_for("viewer", scopes=["projects:read", "projects:create"])
    assert viewer.ask("POST", "/v1/projects", {"name": "x"}).status_code == 403


def test_a_scoped_key_cannot_make_a_wider_one(owner: Caller) -> None:
    narrow = owner.make("/v1/api-keys", name="n", scopes=["apikeys:create", "projects:read"])
    maker = Caller(owner.client, narrow["secret"])
    wider = maker.ask("POST", "/v1/api-keys", {"name": "w", "scopes": ["projects:create"]})
    assert wider.status_code == 403
    assert maker.make("/v1/api-keys", name="same")["scopes"] == narrow["scopes"]


def test_a_key_made_for_somebody_else_stays_within_what_its_maker_may(owner: Caller) -> None:
    """Else whoever made it would be an owner on the day that its holder becomes one."""
    admin = owner.key_for("admin")
    member = admin.make("/v1/members", email="rising@example.org", role="viewer")["id"]
    made = admin.make("/v1/api-keys", name="k", member_id=member)
    assert owner.ask("PATCH", f"/v1/members/{member}", {"role": "owner"}).status_code == 200
    kept = Caller(owner.client, made["secret"])
    assert set(kept.read("/v1/me")["permissions"]) == Role.ADMIN.permissions
    assert kept.ask("GET", "/v1/quotas").status_code == 403


def test_a_scoped_key_gives_no_role_that_allows_more_than_itself(owner: Caller) -> None:
    member = owner.make("/v1/members", email="a@example.org", role="contributor")["id"]
    scopes = ["members:invite", "members:update", *Role.VIEWER.permissions]
    narrow = Caller(owner.client, owner.make("/v1/api-keys", name="n", scopes=scopes)["secret"])
    wider = {"email": "b@example.org", "role": "owner"}
    assert narrow.ask("POST", "/v1/members", wider).status_code == 403
    assert narrow.ask("PATCH", f"/v1/members/{member}", {"role": "owner"}).status_code == 403
    assert narrow.ask("POST", "/v1/members", wider | {"role": "viewer"}).status_code == 201
    assert narrow.ask("PATCH", f"/v1/members/{member}", {"role": "viewer"}).status_code == 200


@pytest.mark.parametrize(("role", "above"), [("admin", "owner")])
def test_nobody_gives_changes_or_uses_a_role_above_their_own(
    owner: Caller, role: str, above: str
) -> None:
    caller = owner.key_for(role)
    boss = owner.read("/v1/me")
    attempts = [
        caller.ask("POST", "/v1/members", {"email": "x@example.org", "role": above}),
        caller.ask("PATCH", f"/v1/members/{boss['member_id']}", {"role": "viewer"}),
        caller.ask("DELETE", f"/v1/members/{boss['member_id']}"),
        caller.ask("POST", "/v1/api-keys", {"name": "x", "member_id": boss["member_id"]}),
        caller.ask("DELETE", f"/v1/api-keys/{boss['key_id']}"),
    ]
    assert [answer.status_code for answer in attempts] == [403] * 5


def test_a_contributor_sees_and_revokes_own_keys_only(owner: Caller) -> None:
    caller = owner.key_for("contributor")
    me = caller.read("/v1/me")
    assert [key["id"] for key in caller.read("/v1/api-keys")["items"]] == [me["key_id"]]
    foreign = owner.read("/v1/me")["key_id"]
    assert caller.ask("DELETE", f"/v1/api-keys/{foreign}").status_code == 404
    body = {"name": "x", "member_id": owner.read("/v1/me")["member_id"]}
    assert caller.ask("POST", "/v1/api-keys", body).status_code == 403


def test_the_last_owner_stays(owner: Caller) -> None:
    me = owner.read("/v1/me")["member_id"]
    assert owner.ask("PATCH", f"/v1/members/{me}", {"role": "admin"}).status_code == 409
    second = owner.key_for("owner")
    assert owner.ask("PATCH", f"/v1/members/{me}", {"role": "admin"}).status_code == 200
    left = second.read("/v1/me")["member_id"]
    assert second.ask("PATCH", f"/v1/members/{left}", {"role": "viewer"}).status_code == 409


def test_a_removed_members_keys_end(owner: Caller) -> None:
    gone = owner.key_for("viewer")
    member = gone.read("/v1/me")["member_id"]
    assert owner.ask("DELETE", f"/v1/members/{member}").status_code == 204
    assert gone.ask("GET", "/v1/me").status_code == 401
