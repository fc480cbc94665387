"""Another credential beside the run's own: by a login, by a registration, or not at all."""

from __future__ import annotations

from pathlib import Path

from gate.testbed.again import enter_again
from tests.targets.heldout_serving import heldout
from tests.targets.serving import target


def test_who_logs_in_gets_another_session_and_keeps_the_first(tmp_path: Path) -> None:
    with heldout("helpdesk", "", tmp_path) as testbed:
        entry = enter_again(testbed, "north", "agent")
        assert entry is not None
        own = testbed.actor("north", "agent")
        assert dict(entry.headers).keys() == dict(own.credentials).keys()
        assert entry.headers != own.credentials
        nobody = testbed.actor("", "anonymous")
        assert nobody.request("GET", "/v1/me", headers=entry.headers).status == 200
        assert own.request("GET", "/v1/me").status == 200
        assert not entry.stranger
        secret = entry.headers["Authorization"].removeprefix("Bearer ")
        assert testbed.secrets[secret] == entry.placeholder
        assert secret not in repr(entry)


def test_what_came_in_a_cookie_is_sent_as_one(tmp_path: Path) -> None:
    with heldout("books", "", tmp_path) as testbed:
        entry = enter_again(testbed, "larch", "bookkeeper")
        assert entry is not None
        nobody = testbed.actor("", "anonymous")
        assert nobody.request("GET", "/api/Account/Me", headers=entry.headers).status == 200


def test_who_registers_is_a_stranger(tmp_path: Path) -> None:
    with target("notes", "", tmp_path) as testbed:
        entries = [enter_again(testbed, "one", "owner") for _ in range(2)]
    assert all(entry is not None and entry.stranger for entry in entries)
    assert entries[0] != entries[1]


def test_who_has_one_key_for_good_gets_no_other(tmp_path: Path) -> None:
    with target("shop", "", tmp_path) as testbed:
        assert enter_again(testbed, "red", "owner") is None


def test_a_refused_login_is_no_credential_and_no_error(tmp_path: Path) -> None:
    with heldout("helpdesk", "", tmp_path) as testbed:
        assert enter_again(testbed, "north", "nobody") is None
    assert enter_again(testbed, "north", "agent") is None


def test_a_testbed_without_a_door_has_none() -> None:
    assert enter_again(object(), "north", "agent") is None
