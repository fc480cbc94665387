from __future__ import annotations

from collections.abc import Sequence

from gate.exhibits import Cell, Matrix
from gate.model import Observation
from validators.channels import read_by_id, roles
from validators.channels.read_by_id import fact, spoil
from validators.roles.access import access

READ = "GET /v1/runs/{run_id}"


def cells(seen: Sequence[Observation], row: str = READ) -> dict[str, Cell]:
    (matrix,) = access(seen)
    return dict(zip(matrix.columns, dict(matrix.rows)[row], strict=True))


def test_each_caller_s_fate_is_in_the_matrix() -> None:
    assert cells(read_by_id.CLEAN) == {
        "own tenant's owner": "allowed",
        "nobody": "refused",
        "other tenant's owner": "refused",
    }
    assert cells(roles.CLEAN, roles.LABEL) == {
        "own tenant's viewer": "refused",
        "own tenant's editor": "refused",
        "own tenant's admin": "allowed",
        "own tenant's owner": "allowed",
    }


def test_what_showed_the_owner_s_data_got_through_whatever_the_status() -> None:
    leak = spoil(2, status=404, traces={"headers": [], "body": ["canary"]})
    assert cells(leak)["other tenant's owner"] == "got through"


def test_a_success_that_shows_nothing_is_no_refusal() -> None:
    assert cells(spoil(2, status=200))["other tenant's owner"] == "nothing shown"


def test_a_failing_or_limiting_service_has_decided_nothing() -> None:
    for status in (500, 429, 0):
        assert cells(spoil(2, status=status))["other tenant's owner"] == "undecided"


def test_an_effect_seen_once_is_open_and_twice_got_through() -> None:
    hit = fact("foreign-write", status=404, changed=[f"{READ} $.name"], noise=[])
    assert cells([hit])["other tenant's owner"] == "undecided"
    assert cells([hit, hit])["other tenant's owner"] == "got through"


def test_a_forged_credential_is_not_nobody() -> None:
    got = {"status": 200, "granted": True, "like_owner": True, "role": "anonymous"}
    forged = [
        fact("forged-call", credential=name, **got)
        for name in ("no credential", "a forged credential")
    ]
    found = {"nobody": "got through", "forged or revoked credential": "got through"}
    assert cells(forged) == found


def test_what_was_left_alone_is_not_tried_and_what_is_public_is_meant() -> None:
    assert cells([fact("unreached")]) == {"own tenant's owner": "not tried"}
    assert cells([fact("suppressed", role="anonymous")]) == {"nobody": "allowed"}


def test_without_an_operation_there_is_no_matrix() -> None:
    assert list(access(read_by_id.GROUND)) == []


def test_the_judges_of_isolation_show_it() -> None:
    for check, record in (
        (read_by_id.CHECK, read_by_id.CLEAN),
        (roles.CHECK, roles.CLEAN),
    ):
        assert [each for each in check.judge(record) if isinstance(each, Matrix)]
