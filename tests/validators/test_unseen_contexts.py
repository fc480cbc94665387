"""The causes of what was missed, or wrongly found, on the fourth held-out set, each by itself.

Its builds are in test_found_flaws.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gate.model import Json
from gate.testbed import statements
from tests.validators.scripted import Duel, owner
from validators.behind.undocumented import beyond_document
from validators.credentials.forged_credentials import forged
from validators.crossing.aims import Sequel, lost
from validators.crossing.foreign_lists import is_of, rows_in
from validators.document.filters import written
from validators.document.operations import Operation, list_operations
from validators.document.relations import related
from validators.estates.ledger import Ledger
from validators.estates.naming import names_itself
from validators.messages.callers import context_of
from validators.messages.calls import Call

DOCUMENT: dict[str, Json] = {
    "components": {"securitySchemes": {"t": {"type": "http", "scheme": "bearer"}}}
}
SIGNED = {"Authorization": "Bearer s3cret-of-somebody", "X-Account": "alpha"}


def test_a_header_that_no_security_scheme_names_says_for_whom_one_asks() -> None:
    assert context_of(SIGNED, DOCUMENT) == {"X-Account": "alpha"}
    assert context_of({"X-Account": "alpha"}, DOCUMENT) == {}, "it may be the credential itself"
    assert context_of(SIGNED, {}) == {}


def test_a_forged_credential_asks_for_the_same_account_as_the_real_one() -> None:
    estate = owner()
    object.__setattr__(estate.client, "credentials", SIGNED)
    estate = replace(estate, author=replace(estate.author, document=DOCUMENT))
    tried = list(forged(estate))
    assert {each.headers["X-Account"] for each in tried} == {"alpha"}
    assert all(each.headers.get("Authorization") != SIGNED["Authorization"] for each in tried)


def test_a_header_that_is_sent_anyway_is_not_made_up() -> None:
    estate = owner()
    object.__setattr__(estate.client, "credentials", SIGNED)
    text = {"type": "string"}
    operation = Operation(method="GET", path="/v1/x", headers={"X-Account": text, "X-Other": text})
    assert estate.write(operation, ()).headers.keys() == {"X-Other"}


def test_what_names_one_in_a_query_is_its_key_where_a_reply_shows_it() -> None:
    text: Json = {"type": "string"}
    said: Json = {"type": "object", "properties": {"result": {"$ref": "#/components/schemas/D"}}}
    schemas: Json = {"D": {"allOf": [{"properties": {"uid": text, "name": text}}]}}
    query: Json = [
        {"name": each, "in": "query", "required": True, "schema": text} for each in ("uid", "at")
    ]
    answers: Json = {"200": {"content": {"application/json": {"schema": said}}}}
    document: dict[str, Json] = {
        "components": {"schemas": schemas},
        "paths": {"/device": {"get": {"parameters": query, "responses": answers}}},
    }
    (read,) = related(document, list_operations(document))
    assert read.keys == {"device": ("uid",)}
    change = replace(read, method="PATCH")
    assert not names_itself(change, "uid"), "it names a known one"


def test_what_is_made_beside_others_has_a_key_of_its_own() -> None:
    make = Operation(method="POST", path="/spaces")
    assert names_itself(make, "key")
    assert not names_itself(make, "id"), "it may be somebody's"
    assert not names_itself(replace(make, method="PATCH"), "key")
    assert not names_itself(replace(make, path="/spaces/restore"), "key")


def test_a_read_takes_from_a_link_what_stands_in_its_query() -> None:
    ledger = Ledger()
    shown: Json = {"download": "https://x.example/v1/exports/e-8/file?signature=s%2B8&at=9#top"}
    ledger.note("export", {"id": "e-8", "links": shown}, {})
    read = Operation(method="GET", path="/exports/{export}/file")
    assert ledger.said_of(read, ("e-8",), ["signature"]) == {"signature": "s+8"}
    assert ledger.said_of(read, ("e-9",), ["signature"]) == {}
    other = replace(read, path="/exports/{export}/log")
    assert ledger.said_of(other, ("e-8",), ["signature"]) == {}, "an address of something else"


def test_a_read_takes_from_the_object_what_it_asks_for() -> None:
    ledger = Ledger()
    ledger.note("export", {"id": 7, "signature": "s-7"}, {})
    ledger.note("export", {"id": 8, "signature": "s-8"}, {})
    read = Operation(method="GET", path="/downloads/{exportId}")
    assert ledger.said_of(read, ("8",), ["signature", "other"]) == {"signature": "s-8"}
    assert ledger.said_of(read, ("9",), ["signature"]) == {}
    assert ledger.said_of(Operation(method="GET", path="/x"), (), ["signature"]) == {}


@pytest.mark.parametrize(
    ("parameter", "schema", "value", "filtered"),
    [
        ("$filter", {}, 41, "orgId eq 41"),
        ("$filter", {}, "a", "orgId eq 'a'"),
        ("filter", {}, 41, ""),
        ("filter", {"example": "status:open"}, 41, "orgId:41"),
    ],
)
def test_a_filter_is_written_as_shown_or_as_odata_has_it(
    parameter: str, schema: dict[str, Json], value: Json, filtered: str
) -> None:
    assert written(parameter, schema, "orgId", value) == filtered


def test_what_the_document_says_itself_is_nobody_s_secret() -> None:
    document: dict[str, Json] = {"info": {"title": "e.g. alpha-power"}}
    assert beyond_document({"alpha-power": "id", "bravo": "id"}, document) == {"bravo": "id"}


def test_rows_are_known_by_whose_they_say_they_are() -> None:
    (row,) = rows_in({"data": [{"id": 1, "userId": "u-1"}, "text"], "total": 1})
    assert is_of(row, "u-1")
    assert not is_of(row, "1")
    assert not is_of(row, "u-2")


def job(state: str, *, ends: bool = False) -> dict[str, Json]:
    """What is left of a job whose owner cannot cancel it, beside one that he can, if it `ends`."""
    states = {"/jobs/1:cancel": state, "/jobs/2:cancel": "queued"}

    def say(_: str, path: str, __: Any) -> tuple[int, Json]:
        if states[path] == "queued":
            states[path] = "cancelled"
            return 200, {}
        return (204, None) if ends else (409, {"detail": f"The job has {states[path]} already."})

    operation = Operation(method="POST", path="/jobs/{id}:cancel")
    calls = [Call(operation=operation, path=(number,)) for number in "12"]
    duel: Any = Duel(victim=owner(say), attacker=owner())
    return lost(duel, Sequel(calls[0], lambda: calls[1]), (), time.monotonic())


def test_what_has_ended_by_itself_was_not_ended_by_the_attack() -> None:
    assert job("succeeded") == {}
    assert job("queued") == {}
    assert job("cancelled")["changed"] == ["POST /jobs/{id}:cancel by its owner, status"]


def test_what_is_written_while_the_log_is_read_is_heard_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, torn = b"one\n", b"one\ntwo, of which the re"
    log = tmp_path / "postgresql.log"
    log.write_bytes(b"")
    reads = iter([whole, torn, torn, whole])
    monkeypatch.setattr(statements, "gained", lambda *_: next(reads))
    heard: list[str] = []
    monkeypatch.setattr(statements, "statements_in", lambda text, _: heard.append(text) or [])
    statements.listener(log, "app")()
    assert heard == ["one\n"]
