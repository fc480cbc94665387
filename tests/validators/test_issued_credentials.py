"""What a service gives out is worth what it says, and as long as it says: on any service."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from gate.check import Answer
from gate.model import Outcome, Result
from gate.run import Record, gather, judge
from gate.testbed.external import External
from tests.targets.heldout_serving import heldout
from tests.targets.serving import target
from tests.targets.vault import FLAWS, vault
from validators.channels.issued_credentials import CHECK
from validators.credentials.ended_credentials import ends_all, ends_one, ends_own, rotates, said_in
from validators.credentials.key_scopes import is_named, is_reading
from validators.document.operations import Operation
from validators.estates.ground import stand
from validators.estates.throwaways import Pass, secrets_in
from validators.messages.calls import Call

SIGN_OUT = {
    "clinic": ("logout", "POST /logout"),
    "helpdesk": ("logout", "DELETE /v1/sessions/current"),
    "invoicing": ("logout", "POST /api/auth.logout"),
    "warehouse": ("key-revoked", "DELETE /api/keys/current"),
}
# What links are to, which must not open it any more.
LINKED = {"clinic": ["DELETE /records/{record_id}"]}
SECURED = (frozenset({"bearer"}),)


@pytest.fixture(autouse=True)
def no_long_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of these services takes time to end a credential."""
    monkeypatch.setattr("validators.credentials.lasting.GRACE", 0.5)


def looked(testbed: External) -> tuple[Record, Result]:
    record = gather(CHECK, testbed, lambda _: None)
    return record, judge(CHECK, record)


def found(result: Result) -> set[tuple[str, str]]:
    return {(each.rule, each.subject) for each in result.findings}


@pytest.mark.parametrize("service", SIGN_OUT)
def test_a_session_or_key_that_outlives_its_own_end_is_found(service: str, tmp_path: Path) -> None:
    flaw, operation = SIGN_OUT[service]
    with heldout(service, flaw, tmp_path) as testbed:
        _, result = looked(testbed)
    assert found(result) == {("outlives-its-end", operation)}


@pytest.mark.parametrize("hints", [True, False])
@pytest.mark.parametrize("service", SIGN_OUT)
def test_what_ends_is_no_finding_and_was_looked_at(
    service: str, hints: bool, tmp_path: Path
) -> None:
    with heldout(service, "", tmp_path, hints) as testbed:
        record, result = looked(testbed)
    assert result.outcome is Outcome.PASS, result
    ended = [each for each in record.observations if each.kind == "ended-call"]
    expected = [SIGN_OUT[service][1], *LINKED.get(service, [])]
    assert [each.subject for each in ended] == expected
    assert not any(each.data["works"] for each in ended)


@pytest.mark.parametrize("flaw", [name for name in FLAWS if FLAWS[name][0] not in {
    "kept-answer", "key-in-use", "name-taken", "time-tells"}])  # fmt: skip
def test_a_credential_that_is_worth_more_or_lasts_longer_is_found(
    flaw: str, tmp_path: Path
) -> None:
    with vault(flaw, tmp_path) as testbed:
        _, result = looked(testbed)
    assert found(result) == {FLAWS[flaw]}


def test_traps_of_sessions_scopes_and_keys_are_no_finding(tmp_path: Path) -> None:
    with vault("", tmp_path) as testbed:
        record, result = looked(testbed)
    assert result.outcome is Outcome.PASS, result
    kinds = {each.kind for each in record.observations}
    assert {"ended-call", "scope-call", "handed-call", "stood-call"} <= kinds
    assert not {"lost", "unreached"} & kinds


def test_the_run_s_own_credentials_are_as_good_afterwards(tmp_path: Path) -> None:
    with vault("", tmp_path) as testbed:
        looked(testbed)
        seats = [(tenant, role) for tenant in testbed.tenants for role in testbed.roles(tenant)]
        assert {testbed.actor(*seat).request("GET", "/me").status for seat in seats} == {200}


def test_without_a_credential_to_lose_there_is_no_pass(tmp_path: Path) -> None:
    with heldout("invoicing", "", tmp_path) as testbed:
        _, result = looked(dataclasses.replace(testbed, enter=lambda _, __: None))
    assert result.outcome is Outcome.INCONCLUSIVE
    reasons = {each.subject: each.reason for each in result.doubts}
    assert "no credential could be had" in reasons["POST /api/auth.logout"]


def test_an_end_that_takes_the_run_s_own_credentials_along_is_said(tmp_path: Path) -> None:
    with heldout("helpdesk", "", tmp_path) as testbed:
        stand(testbed)
        role = "agent"
        own = testbed.actor("north", role)

        def same(tenant: str, asked: str) -> Any:
            entry = testbed.enter(tenant, asked)
            assert entry is not None
            return dataclasses.replace(entry, headers=dict(own.credentials))

        _, result = looked(dataclasses.replace(testbed, enter=same))
    assert not result.findings
    assert any("the run's own credentials" in each.reason for each in result.doubts)


def test_a_key_that_an_id_ends_is_looked_at_on_a_service_without_sessions(tmp_path: Path) -> None:
    with target("shop", "revoked-key", tmp_path) as testbed:
        _, result = looked(testbed)
    assert found(result) == {("outlives-its-end", "DELETE /keys/{key_id}")}


def test_no_secret_of_a_throw_away_is_recorded(tmp_path: Path) -> None:
    with vault("session-stays", tmp_path) as testbed:
        record, _ = looked(testbed)
    text = str([each.data for each in record.observations])
    assert "$THROWAWAY" in text
    assert "session_" not in text
    assert "vk_" not in text


@pytest.mark.parametrize(
    ("method", "path", "own", "everything"),
    [
        ("POST", "/logout", True, False),
        ("POST", "/api/auth.signOut", True, False),
        ("POST", "/auth/sign-out", True, False),
        ("POST", "/logout-all", True, True),
        ("DELETE", "/session", True, False),
        ("DELETE", "/sessions", True, True),
        ("DELETE", "/sessions/current", True, False),
        ("DELETE", "/v1/api-keys/self", True, False),
        ("POST", "/oauth/token/revoke", True, False),
        ("DELETE", "/cart", False, False),
        ("POST", "/invitations/revoke", False, False),
        ("POST", "/sessions", False, False),
        ("GET", "/logout", False, False),
        ("DELETE", "/keys/{key_id}", False, False),
        ("DELETE", "/me", False, False),
    ],
)
def test_what_ends_the_caller_s_own_credential(
    method: str, path: str, own: bool, everything: bool
) -> None:
    operation = Operation(method=method, path=path, schemes=SECURED)
    assert ends_own(operation) is own
    assert (own and ends_all(operation)) is everything


@pytest.mark.parametrize(
    ("method", "path", "one", "another"),
    [
        ("DELETE", "/keys/{key_id}", True, False),
        ("DELETE", "/keys/{key_id}/", True, False),
        ("POST", "/api-keys/{key_id}:revoke", True, False),
        ("POST", "/api-keys/{key_id}:rotate", False, True),
        ("POST", "/tokens/{id}/regenerate", False, True),
        ("DELETE", "/projects/{project_id}", False, False),
        ("PATCH", "/keys/{key_id}", False, False),
    ],
)
def test_what_ends_or_renews_a_credential_by_its_id(
    method: str, path: str, one: bool, another: bool
) -> None:
    operation = Operation(method=method, path=path, schemes=SECURED)
    assert (ends_one(operation), rotates(operation)) == (one, another)


def test_a_scope_is_about_the_operations_whose_paths_have_its_words() -> None:
    keys = Operation(method="GET", path="/v1/api-keys")
    assert is_named("apikeys:create", keys)
    assert not is_named("projects:read", keys)
    assert not is_named("read", Operation(method="GET", path="/v1/projects"))


@pytest.mark.parametrize(
    ("scope", "only"),
    [
        ("projects:read", True),
        ("read", True),
        ("read_write", False),
        ("readwrite", False),
        ("admin:read:all", False),
        ("projects:write", False),
        ("data:export", False),
    ],
)
def test_a_scope_that_only_reads_says_so(scope: str, only: bool) -> None:
    assert is_reading(scope) is only


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (None, None),
        ({"token": "?"}, {"token": "t-1"}),
        ({"refreshToken": "?"}, {"refreshToken": "r-1"}),
        ({"reason": "bored"}, {"reason": "bored"}),
        ({"key_id": "k-of-another"}, "not sent"),
        ({"device_refresh_token": "?"}, "not sent"),
    ],
)
def test_what_a_sign_out_asks_for_is_said_or_it_is_not_sent(body: Any, said: Any) -> None:
    answer = Answer(status=200, headers={}, body='{"refresh_token": "r-1"}', seconds=0.0)
    holder = Pass(how="another login", headers={}, secret="t-1", answer=answer)
    operation = Operation(method="POST", path="/logout", schemes=SECURED)
    call = said_in(Call(operation=operation, body=body), holder)
    assert ("not sent" if call is None else call.body) == said


def test_secrets_are_told_by_name_and_shape() -> None:
    body = (
        '{"accessKey": "wh_0123456789ab", "token": "short", "name": "key of a long name",'
        ' "data": {"attributes": {"secret": "s-0123456789"}}}'
    )
    headers = {"set-cookie": "sid=abcdef0123456789; HttpOnly"}
    answer = Answer(status=201, headers=headers, body=body, seconds=0.0)
    assert secrets_in(answer) == ["wh_0123456789ab", "s-0123456789", "abcdef0123456789"]
