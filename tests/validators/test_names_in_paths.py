"""Objects that paths call by a name, or by two, though each has a number as its id as well."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from gate.model import Json
from tests.targets.heldout_serving import heldout
from tests.validators.scripted import owner
from validators.crossing.excuses import OPEN, PUBLISHED, holds
from validators.crossing.places import is_by_handle
from validators.crossing.trials import has_own
from validators.crossing.unpublished import says_open
from validators.document.callings import calling, holders_in
from validators.document.names import slots_of
from validators.document.operations import Object, Operation, list_operations
from validators.document.relations import related
from validators.estates.ground import stand
from validators.estates.ledger import Ledger
from validators.estates.naming import somebody_for
from validators.estates.things import Thing, is_called
from validators.messages.calls import Call

TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "integer"}


def fields(**kinds: Json) -> Json:
    shown: Json = {"schema": {"type": "object", "properties": dict(kinds)}}
    return {"responses": {"200": {"content": {"application/json": shown}}}}


def named(path: str, said: str = "", kind: Json = TEXT) -> dict[str, Json]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return {
        "parameters": [
            {"in": "path", "name": each, "schema": kind, "description": said} for each in names
        ]
    }


NAME = "The name of it."
ACCOUNT: Json = fields(id=NUMBER, login=TEXT, name=TEXT)
DOCUMENT: Object = {
    "paths": {
        "/user/repos": {"post": fields(id=NUMBER, name=TEXT)},
        "/repos/{owner}/{repo}": {
            **named("/repos/{owner}/{repo}", NAME),
            "get": fields(id=NUMBER, name=TEXT, owner={"type": "object"}),
        },
        "/repos/{owner}/{repo}/issues": {
            **named("/repos/{owner}/{repo}", NAME),
            "post": fields(id=NUMBER, number=NUMBER),
        },
        "/repos/{owner}/{repo}/issues/{number}": {
            **named("/repos/{owner}/{repo}/issues/{number}", NAME),
            "get": fields(id=NUMBER, number=NUMBER),
        },
        "/user/starred/{owner}/{repo}": {**named("/{owner}/{repo}", NAME), "put": {}},
        "/orgs/{org}": {**named("/orgs/{org}", NAME), "get": ACCOUNT},
        "/teams/{team_slug}": {**named("/{team_slug}"), "get": fields(id=NUMBER, slug=TEXT)},
        "/boards/{board}": {**named("/{board}", "The board."), "get": ACCOUNT},
        "/users/{username}": {**named("/{username}"), "get": ACCOUNT},
    }
}


@pytest.fixture(name="operations")
def known() -> dict[str, Operation]:
    return {each.label: each for each in related(DOCUMENT, list_operations(DOCUMENT))}


def filled(ledger: Ledger, operation: Operation) -> Iterator[tuple[str, ...]]:
    return islice(ledger.fill(operation), 5)


def test_a_repository_is_called_by_its_owner_and_its_name(operations: dict[str, Operation]) -> None:
    ledger, read = Ledger(), operations["GET /repos/{owner}/{repo}"]
    for at, login in enumerate(("ada", "bob"), start=5):
        said: Json = {"id": at, "name": f"engine-{at}", "owner": {"id": 1, "login": login}}
        ledger.note("repo", said, {}, None, (), read.keys)
    assert [*filled(ledger, read)] == [("ada", "engine-5"), ("bob", "engine-6")]
    starred = operations["PUT /user/starred/{owner}/{repo}"]
    assert [*filled(ledger, starred)] == [("ada", "engine-5"), ("bob", "engine-6")]
    assert ledger.things[0].chain == {"owner": "ada", "repo": "engine-5"}
    assert ledger.refer("repo_id") == "5"


def test_what_is_counted_per_repository_is_called_by_its_number(
    operations: dict[str, Operation],
) -> None:
    ledger, read = Ledger(), operations["GET /repos/{owner}/{repo}/issues/{number}"]
    ledger.note(
        "repo", {"id": 5, "name": "engine", "full_name": "ada/engine"}, {}, None, (), read.keys
    )
    within = {"owner": "ada", "repo": "engine"}
    ledger.note("issue", {"id": 70, "number": 2}, within, None, (), read.keys)
    assert [*filled(ledger, read)] == [("ada", "engine", "2")]
    issue = ledger.things[-1]
    assert (issue.id, issue.place, issue.chain["issue"]) == ("70", "2", "2")


@pytest.mark.parametrize(
    ("label", "resource", "expected"),
    [
        ("GET /orgs/{org}", "org", "ada"),
        ("GET /teams/{team_slug}", "team", "core"),
        ("GET /users/{username}", "user", "ada"),
        ("GET /boards/{board}", "board", "3"),
    ],
    ids=["a described name", "its own word", "an account", "nothing says so"],
)
def test_the_document_says_what_a_path_calls_it_by(
    operations: dict[str, Operation], label: str, resource: str, expected: str
) -> None:
    ledger, said = Ledger(), {"id": 3, "login": "ada", "name": "Ada's", "slug": "core"}
    ledger.note(resource, {**said}, {}, None, (), operations[label].keys)
    assert [*filled(ledger, operations[label])] == [(expected,)]


def test_an_id_stays_an_id() -> None:
    shown = {"id": "integer", "name": "string", "login": "string"}
    assert calling("org", {"type": "string", "description": NAME}, shown) == "login"
    assert not calling("org_id", {"type": "string", "description": NAME}, shown)
    assert not calling("org", {"type": "integer", "description": NAME}, shown)
    assert not calling("org", {"type": "string", "format": "uuid", "description": NAME}, shown)
    known = Ledger()
    known.note("org", {"id": 3, "slug": "a"}, {}, None, (), {"org": ("id", "slug")})
    assert known.things[0].place == "3"


def test_of_two_places_side_by_side_the_last_is_what_the_segment_says() -> None:
    assert slots_of("/repos/{owner}/{repo}") == (("owner", "owner"), ("repo", "repo"))
    assert slots_of("/tags/{key}/{value}") == (("tag", "key"), ("value", "value"))
    assert holders_in({"owner": "ada"}, ("owner/repo",), "x") == {"owner": "ada"}
    assert holders_in({"url": "https://h/ada/x"}, ("owner/repo",), "x") == {}


def test_a_text_called_as_its_object_is_no_reference_to_it() -> None:
    ledger = Ledger()
    ledger.take(Thing(resource="content", fields={"content": "words", "path": "a.md"}, key="path"))
    assert ledger.refer("content") is None
    assert ledger.refer("content_path") is None
    assert ledger.things[0].id == "a.md"
    ledger.note("secret", {"name": "TOKEN"}, {}, None, (), {"secret": ("secret_name", "name")})
    assert ledger.things[-1].id == "TOKEN"
    assert ledger.refer("name") is None


def test_only_what_says_that_it_is_public_excuses_a_list() -> None:
    traces: Json = {"headers": [], "body": ["canary"]}
    for items, expected in (
        ({"open": 1, "closed": 0, "kept": 1}, True),
        ({"open": 1, "closed": 1, "kept": 1}, False),
        ({"open": 1, "closed": 0, "kept": 0}, False),
        (None, False),
    ):
        said: dict[str, Json] = {"reason": PUBLISHED, "traces": traces, "items": items}
        assert holds(said) is expected
    assert not holds({"reason": OPEN, "traces": traces})
    assert holds({"reason": OPEN, "traces": {"headers": [], "body": []}})
    assert says_open("private", value=False)
    assert says_open("visibility", value="public")
    assert not says_open("private", value=True)
    assert not says_open("archived", value=False)


@pytest.mark.parametrize(
    ("path", "field", "expected"),
    [
        ("/repos/{repo}/invitations", "username", "kim"),
        ("/repos/{repo}/invitations", "name", None),
        ("/orgs/{org}/members", "username", None),
        ("/users", "username", None),
    ],
    ids=["a colleague", "another field", "a member", "an account"],
)
def test_whoever_a_request_calls_by_a_username_is_a_colleague(
    path: str, field: str, expected: str | None
) -> None:
    tenant = owner()
    tenant.ledger.take(Thing(resource="user", fields={"id": 1, "login": "ada"}))
    tenant.ledger.take(Thing(resource="member", fields={"login": "kim"}, key="login"))
    operation = Operation(method="POST", path=path, schemes=(frozenset({"token"}),))
    assert somebody_for(tenant.author, operation, field, tenant.ledger) == expected


def test_an_account_fits_wherever_a_path_asks_for_a_username() -> None:
    member = Thing(resource="member", fields={"login": "kim"}, key="login")
    assert is_called(member, "collaborator", "username")
    assert not is_called(member, "collaborator", "email")
    assert not is_called(member, "collaborator", "collaborator_id")
    mailed = Thing(resource="member", fields={"email": "kim@x.example"}, key="email")
    assert not is_called(mailed, "collaborator", "username")


def test_a_handle_is_no_reference_to_whom_it_names() -> None:
    kim = Thing(resource="member", fields={"login": "kim"}, key="login")
    assert is_by_handle(("body", "username"), kim)
    assert not is_by_handle(("body", "user_id"), kim)
    assert not is_by_handle(("body", "username"), Thing(resource="team", fields={"id": "t"}))


def test_a_number_that_counts_in_each_parent_may_be_ones_own_under_a_step(tmp_path: Path) -> None:
    with heldout("forge", "", tmp_path) as testbed:
        duel, _ = stand(testbed).duels()
        label = "PUT /repos/{owner}/{repo}/issues/{number}/lock"
        lock = next(each for each in duel.ground.operations if each.label == label)
        own = next(duel.attacker.ledger.fill(lock))
        assert has_own(duel, Call(operation=lock, path=own))
        assert not has_own(duel, Call(operation=lock, path=(*own[:-1], "987654")))
