"""Fields of a sign-up or of one's own profile that make more of an account than others are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gate.model import Result
from gate.run import gather, judge
from gate.testbed.external import external
from tests.targets.documents import TEXT, record
from tests.targets.guild import FLAWS, Guild
from tests.targets.heldout_serving import MODULES, heldout
from tests.targets.serving import running, wsgi
from validators.channels.mass_assignment import CHECK
from validators.document.operations import Operation
from validators.estates.ground import reader_of
from validators.estates.own_fields import place_in
from validators.fields.account_fields import is_settled
from validators.messages.calls import Call, Pointer

Json = Any

REGISTER = """
[register]
path = "/sign-up"
body = { login = "{name}", password = "{password}" }
login_path = "/sessions"
login_body = { login = "{name}", password = "{password}" }
token = "token"
"""
SEEN_BEFORE = [
    ("garage", "register-role"),
    ("garage", "profile-points"),
    ("bazaar", "register-admin"),
    ("bazaar", "profile-admin"),
    ("board", "me-staff"),
    ("board", "page-planted"),
    ("board", "page-moved"),
    ("board", "import-workspace"),
]


def result_of(flaw: str, folder: Path) -> Result:
    with running(wsgi(Guild(flaw))) as base_url:
        file = folder / "target.toml"
        file.write_text(f'name = "guild"\nbase_url = "{base_url}"\n{REGISTER}', encoding="utf-8")
        with external(file, folder, 11, {}) as testbed:
            return judge(CHECK, gather(CHECK, testbed, lambda _: None))


def found(result: Result) -> set[tuple[str, str]]:
    assert not result.failures
    return {(each.rule, each.subject) for each in result.findings}


def test_what_an_account_may_say_of_itself_is_no_finding(tmp_path: Path) -> None:
    result = result_of("", tmp_path)
    assert not found(result)
    assert not result.doubts


@pytest.mark.parametrize("flaw", FLAWS)
def test_what_a_new_account_takes_is_found(flaw: str, tmp_path: Path) -> None:
    assert found(result_of(flaw, tmp_path)) == {FLAWS[flaw]}


@pytest.mark.matrix
@pytest.mark.parametrize(("service", "flaw"), SEEN_BEFORE)
def test_a_held_out_flaw_that_was_missed_is_found(service: str, flaw: str, tmp_path: Path) -> None:
    with heldout(service, flaw, tmp_path) as testbed:
        result = judge(CHECK, gather(CHECK, testbed, lambda _: None))
    assert {subject for _, subject in found(result)} == {MODULES[service].FLAWS[flaw].operation}


@pytest.mark.parametrize(
    ("name", "value", "settled"),
    [
        ("role", "user", True),
        ("role", "", False),  # what somebody does for a living, where he says it
        ("isStaff", False, True),
        ("emailVerified", False, True),
        ("balance", 0, True),
        ("created_at", "2026-01-02T03:04:05Z", True),
        ("tenant_id", "t-1", True),
        ("organizationId", 7, True),
        ("company", "ACME", False),
        ("status", "on holiday", False),
        ("points_of_view", "many", False),
        ("email", "ann@example.org", False),
        ("userId", 7, False),
        ("password", "secret", False),
        ("roles", None, False),
    ],
)
def test_what_a_service_settles_of_an_account_is_told_from_what_one_says_of_himself(
    name: str, value: Json, settled: bool
) -> None:
    assert is_settled(name, value) is settled


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (record("title", title=TEXT), ()),
        (record("order", order=record("title", title=TEXT)), ("order",)),
        (record("data", data=record(attributes=record(title=TEXT))), ("data", "attributes")),
        (record("lots", lots={"type": "array", "items": record(title=TEXT)}), ("lots", 0)),
        ({"type": "array", "items": record(title=TEXT)}, (0,)),
        (record("lines", lines={"type": "array", "items": record(title=TEXT)}), ()),
        (record("tags", tags={"type": "object", "additionalProperties": TEXT}), ()),
        (record("place", place=record(town=TEXT), title=TEXT), ()),
    ],
)
def test_a_field_goes_into_the_object_that_a_body_wraps(body: Json, place: Pointer) -> None:
    author = reader_of({})
    operation = Operation(method="POST", path="/lots", media="application/json", body=body)
    call = Call(operation=operation, body=replace(author, full=True).write(body))
    assert place_in(author, call) == place
