"""Does a rotated key's old secret end when it should, and does an expired key?"""

from __future__ import annotations

import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class in lower case

from app.config import Config
from app.factory import create_app
from tests.app.callers import Caller


def status(config: Config, secret: str) -> int:
    """What a worker that has not seen this secret before answers."""
    return Caller(create_app(config).test_client(), secret).ask("GET", "/v1/me").status_code


def test_a_rotated_keys_old_secret_ends_at_once(owner: Caller, config: Config) -> None:
    old = owner.make("/v1/api-keys", name="k", scopes=["projects:read"])
    assert Caller(owner.client, old["secret"]).ask("GET", "/v1/me").status_code == 200
    new = owner.make(f"/v1/api-keys/{old['id']}:rotate")
    assert (new["id"], new["scopes"]) == (old["id"], old["scopes"])
    assert new["prefix"] != old["prefix"]
    assert [status(config, each["secret"]) for each in (old, new)] == [401, 200]
    assert Caller(owner.client, old["secret"]).ask("GET", "/v1/me").status_code == 401


def test_a_grace_keeps_the_old_secret_for_that_long(
    owner: Caller, config: Config, superuser: Cursor
) -> None:
    old = owner.make("/v1/api-keys", name="k")
    new = owner.make(f"/v1/api-keys/{old['id']}:rotate", grace_seconds=60)
    assert [status(config, each["secret"]) for each in (old, new)] == [200, 200]
    superuser.execute(
        "UPDATE api_keys SET previous_until = now() - interval '1 second' WHERE id = %s",
        [old["id"]],
    )
    assert [status(config, each["secret"]) for each in (old, new)] == [401, 200]


def test_a_grace_is_at_most_a_day(owner: Caller) -> None:
    key = owner.make("/v1/api-keys", name="k")["id"]
    answer = owner.ask("POST", f"/v1/api-keys/{key}:rotate", {"grace_seconds": 86401})
    assert answer.status_code == 422


def test_a_second_rotation_ends_the_first_secret(owner: Caller, config: Config) -> None:
    first = owner.make("/v1/api-keys", name="k")
    second = owner.make(f"/v1/api-keys/{first['id']}:rotate", grace_seconds=60)
    third = owner.make(f"/v1/api-keys/{first['id']}:rotate", grace_seconds=60)
    secrets = [each["secret"] for each in (first, second, third)]
    assert [status(config, secret) for secret in secrets] == [401, 200, 200]


def test_a_key_rotates_itself_only_with_a_grace_of_an_hour(owner: Caller, config: Config) -> None:
    key = owner.read("/v1/me")["key_id"]
    refused = owner.ask("POST", f"/v1/api-keys/{key}:rotate", {"grace_seconds": 3599})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "key-in-use")
    new = owner.make(f"/v1/api-keys/{key}:rotate", grace_seconds=3600)
    assert [status(config, secret) for secret in (owner.key, new["secret"])] == [200, 200]


@pytest.mark.parametrize(("role", "expected"), [("contributor", 404), ("admin", 403)])
def test_nobody_rotates_a_key_that_they_could_not_revoke(
    owner: Caller, role: str, expected: int
) -> None:
    foreign = owner.read("/v1/me")["key_id"]
    answer = owner.key_for(role).ask("POST", f"/v1/api-keys/{foreign}:rotate", {})
    assert answer.status_code == expected


def test_a_key_with_scopes_does_not_get_at_a_wider_one_by_rotating_it(owner: Caller) -> None:
    """The answer holds the new secret, so it would be worth more than the key that asked for it."""
    scopes = ["apikeys:create", "projects:read"]
    narrow = Caller(owner.client, owner.make("/v1/api-keys", name="n", scopes=scopes)["secret"])
    wide = [
        owner.read("/v1/me")["key_id"],
        owner.make("/v1/api-keys", name="w", scopes=[*scopes, "projects:delete"])["id"],
        owner.key_for("viewer").read("/v1/me")["key_id"],
    ]
    for key in wide:
        answer = narrow.ask("POST", f"/v1/api-keys/{key}:rotate", {"grace_seconds": 3600})
        assert answer.status_code == 403, answer.text
    like = owner.make("/v1/api-keys", name="l", scopes=scopes[:1])["id"]
    assert narrow.make(f"/v1/api-keys/{like}:rotate")["scopes"] == scopes[:1]


def test_a_key_ends_when_it_expires(owner: Caller, config: Config, superuser: Cursor) -> None:
    made = owner.make("/v1/api-keys", name="k", expires_in_days=1)
    assert made["expires_at"] is not None
    assert status(config, made["secret"]) == 200
    superuser.execute(
        "UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = %s", [made["id"]]
    )
    assert status(config, made["secret"]) == 401


def test_the_last_use_is_noted_once_an_hour(
    owner: Caller, config: Config, superuser: Cursor
) -> None:
    made = owner.make("/v1/api-keys", name="k")
    assert made["last_used_at"] is None

    def noted() -> object:
        superuser.execute("SELECT last_used_at FROM api_keys WHERE id = %s", [made["id"]])
        return superuser.fetchone()

    status(config, made["secret"])
    first = noted()
    assert first != (None,)
    status(config, made["secret"])
    assert noted() == first
    superuser.execute(
        "UPDATE api_keys SET last_used_at = now() - interval '2 hours' WHERE id = %s", [made["id"]]
    )
    status(config, made["secret"])
    assert noted() > first  # type: ignore[operator]
