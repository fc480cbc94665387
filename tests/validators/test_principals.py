"""Does a run spare its own principals, and say so when it has lost one all the same?"""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path
from unittest.mock import patch

import pytest

from gate.model import Doubt
from tests.targets.heldout_serving import heldout
from validators.channels import credentials
from validators.document.operations import Operation
from validators.estates.ledger import Ledger
from validators.estates.principals import Principals
from validators.estates.things import Thing
from validators.messages.calls import Call

ROLE = {"type": "object", "required": ["role"], "properties": {"role": {"type": "string"}}}
PROFILE = {"properties": {"displayName": {"type": "string"}, "email": {"type": "string"}}}


def member(user: str, **fields: str) -> Thing:
    return Thing(resource="member", fields={"id": f"seat-{user}", "userId": user, **fields})


def weighed(method: str, path: str, schema: dict[str, object] | None = None) -> Principals:
    found = Principals(names={"me-1", "me@x.example"})
    found.weigh(Operation(method=method, path=path), schema or {})  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(
    ("method", "path", "schema"),
    [
        ("PATCH", "/members/{userId}", ROLE),
        ("DELETE", "/members/{memberId}", None),
        ("PUT", "/users/{id}/role", None),
        ("POST", "/users/{id}:suspend", None),
        ("POST", "/teams/{team}/members/{userId}/promote", None),
    ],
)
def test_what_would_unseat_somebody_is_not_done_to_a_principal(
    method: str, path: str, schema: dict[str, object] | None
) -> None:
    principals, operation = weighed(method, path, schema), Operation(method=method, path=path)
    mine, others = member("me-1"), member("other-2")
    assert principals.spares(operation.label, mine.resource, mine.fields)
    assert principals.spares(operation.label, "user", {"id": 7, "email": "me@x.example"})
    assert not principals.spares(operation.label, others.resource, others.fields)


def test_what_hangs_on_somebody_or_is_no_person_may_be_done() -> None:
    for method, path in (("POST", "/users/{id}/orders"), ("PUT", "/users/{id}/avatar")):
        assert not weighed(method, path).grave
    assert not weighed("DELETE", "/members/{id}").spares(
        "DELETE /members/{id}", "invoice", {"id": "me-1"}
    )


def test_a_profile_is_changed_but_for_what_its_holder_signs_in_with() -> None:
    principals = weighed("PATCH", "/users/{id}", PROFILE)  # type: ignore[arg-type]
    assert principals.left_out("PATCH /users/{id}", ("me-1",)) == ("email",)
    assert principals.left_out("PATCH /users/{id}", ("other-2",)) == ()


def test_another_member_is_taken_in_the_place_of_a_principal() -> None:
    operation = Operation(method="PATCH", path="/members/{userId}")
    ledger = Ledger(principals=weighed("PATCH", "/members/{userId}", ROLE))
    made = Call(operation=Operation(method="POST", path="/members"))
    for each in (Thing(resource="member", fields={"userId": "me-1"}, origin=made), member("o-2")):
        ledger.take(each)
    assert [*ledger.fill(operation)] == [("o-2",)]
    assert len([*ledger.fill(Operation(method="GET", path="/members/{userId}"))]) > 1


def test_a_principal_is_known_by_what_a_service_or_a_credential_says() -> None:
    claims = urlsafe_b64encode(json.dumps({"sub": "u-9"}).encode()).decode().rstrip("=")
    found = Principals()
    found.learn({"data": {"user": {"id": 5, "email": "a@x.example"}, "workspace": {"id": "w"}}})
    found.recognise({"Authorization": f"Bearer e30.{claims}.sig"})
    found.recognise({"Authorization": f"Basic {b64encode(b'bob:secret').decode()}"})
    found.recognise({"X-User": "carol"})
    assert {"5", "a@x.example", "u-9", "bob", "carol"} <= found.names
    assert "w" not in found.names


def doubts(folder: Path) -> list[Doubt]:
    with heldout("board", "", folder) as testbed:
        seen = [*credentials.CHECK.probe(testbed)]
    return [each for each in credentials.CHECK.judge(seen) if isinstance(each, Doubt)]


def test_a_run_keeps_its_own_owner(tmp_path: Path) -> None:
    assert not [each for each in doubts(tmp_path) if "with this right is needed" in each.reason]


def test_a_lost_principal_is_told_with_the_operation_that_took_it(tmp_path: Path) -> None:
    with patch.object(Principals, "spares", lambda *_: False):
        found = [each for each in doubts(tmp_path) if "has lost its principal" in each.reason]
    assert found
    assert all(each.subject == "north" for each in found)
    assert all("PATCH /w/{workspace}/members/{userId}" in each.reason for each in found)
