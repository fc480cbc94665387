"""What an API client is given opens nothing itself: it is traded for a token, and ends with him."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gate.check import Answer
from gate.model import Json, Outcome, Result
from gate.run import Record, gather, judge
from tests.targets.heldout_serving import heldout
from validators.channels.issued_credentials import CHECK
from validators.credentials.refreshing import REFRESHING, refreshes
from validators.document.operations import list_operations
from validators.estates.exchanges import exchange_in, scoped_to
from validators.estates.ground import reader_of, stand
from validators.messages.calls import Call

CLIENT = "DELETE /api/v2/api-clients/{apiClientId}"
TRADE = "POST /api/v2/auth/token"


@pytest.fixture(autouse=True)
def no_long_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service takes no time to end a credential."""
    monkeypatch.setattr("validators.credentials.lasting.GRACE", 0.5)


def looked(flaw: str, folder: Path) -> tuple[Record, Result]:
    with heldout("depot", flaw, folder) as testbed:
        record = gather(CHECK, testbed, lambda _: None)
    return record, judge(CHECK, record)


@pytest.mark.parametrize(
    ("flaw", "rule", "operation"),
    [("client-undead", "outlives-its-end", CLIENT), ("client-scope", "beyond-its-maker", TRADE)],
)
def test_a_token_that_a_secret_was_traded_for_is_worth_no_more(
    flaw: str, rule: str, operation: str, tmp_path: Path
) -> None:
    _, result = looked(flaw, tmp_path)
    assert [(each.rule, each.subject) for each in result.findings] == [(rule, operation)]


def test_what_ends_and_is_cut_down_is_no_finding_and_was_looked_at(tmp_path: Path) -> None:
    record, result = looked("", tmp_path)
    assert result.outcome is Outcome.PASS, result
    ended = [each.data for each in record.observations if each.subject == CLIENT]
    opened = [each["opened"] for each in ended if "opened" in each]
    assert opened == ["GET /api/v2/orders", TRADE]
    handed = [each for each in record.observations if each.kind == "handed-call"]
    assert TRADE in {each.subject for each in handed}
    lines = " ".join(str(each.data.get("curl")) for each in record.observations)
    assert "$THROWAWAY" in lines


TEXT: Json = {"type": "string"}


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        (["client_id", "client_secret", "grant_type", "scope"], True),
        (["client_id", "client_secret", "refresh_token"], True),
        (["client_id", "refresh_token"], False),
        (["client_secret"], False),
        (["user_id", "tenant_id", "token"], False),
    ],
)
def test_what_trades_a_secret_takes_whose_it_is(fields: list[str], found: bool) -> None:
    body: dict[str, Json] = {"properties": dict.fromkeys(fields, TEXT), "required": fields[:2]}
    content: dict[str, Json] = {"application/x-www-form-urlencoded": {"schema": body}}
    said: dict[str, Json] = {"requestBody": {"content": content}, "security": []}
    document: dict[str, Json] = {"paths": {"/oauth/token": {"post": said}}}
    exchange = exchange_in(reader_of(document), list_operations(document))
    assert (exchange is not None) is found
    if exchange is not None:
        call = exchange.filled(Call(operation=exchange.operation, body={}), "s3", {"id": 7}, "7")
        granted = {"grant_type": "client_credentials"} if "grant_type" in fields else {}
        assert call.body == {"client_id": "7", "client_secret": "s3", **granted}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"scopes": ["orders:read"]}, {"orders", "read"}),
        ({"key": {"scope": "notes files:write"}}, {"notes", "files", "write"}),
        ({"name": "orders"}, set()),
    ],
)
def test_the_scopes_of_a_credential_are_what_its_answer_says(said: Json, words: set[str]) -> None:
    answer = Answer(status=201, headers={}, body=json.dumps(said), seconds=0.0)
    assert scoped_to(answer) == words
    assert not scoped_to(None)


@pytest.mark.parametrize(("flaw", "works"), [("", False), ("signout-refresh", True)])
def test_where_nobody_new_comes_another_login_signs_out_and_refreshes(
    flaw: str, works: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("validators.credentials.refreshing.somebody_new", lambda _: iter(()))
    with heldout("payroll", flaw, tmp_path) as testbed:
        duel, _ = stand(testbed).duels()
        seen = [each for each in refreshes(duel) if each.kind == "ended-call"]
    assert [(each.data["credential"], each.data["works"]) for each in seen] == [(REFRESHING, works)]


@pytest.mark.parametrize(
    ("fields", "given", "found"),
    [
        (["key", "scopes"], "accessToken", True),
        (["key", "scopes"], "message", False),
        (["key", "email"], "accessToken", False),
        (["idToken"], "accessToken", False),
        (["refreshToken"], "accessToken", False),
    ],
)
def test_a_key_may_say_itself_whose_it_is(fields: list[str], given: str, found: bool) -> None:
    body: dict[str, Json] = {"properties": dict.fromkeys(fields, TEXT)}
    reply: Json = {"content": {"application/json": {"schema": {"properties": {given: TEXT}}}}}
    said: dict[str, Json] = {
        "requestBody": {"content": {"application/json": {"schema": body}}},
        "responses": {"200": reply},
        "security": [],
    }
    document: dict[str, Json] = {"paths": {"/v1/auth:exchangeKey": {"post": said}}}
    exchange = exchange_in(reader_of(document), list_operations(document))
    assert (exchange is not None) is found
    if exchange is not None:
        call = exchange.filled(Call(operation=exchange.operation, body={}), "s3", {"id": 7}, "7")
        assert call.body == {"key": "s3"}
