"""A missing permission is found by the document's words, or by what is refused beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gate.model import Outcome, Result
from gate.run import gather, judge
from gate.testbed.external import External, external
from tests.targets.club import ALONE, STAFF, Club
from tests.targets.serving import actors, running, wsgi
from validators.channels.roles import CHECK

ORDER = '[hints]\nroles = ["temp", "member", "manager", "owner"]\n'
STAFFED = [
    ("announce", "reserved-operation", "POST /announcements"),
    ("audit", "reserved-operation", "GET /audit"),
    ("banner", "reserved-operation", "PATCH /banner"),
    ("stocktake", "reserved-operation", "POST /stocktakes"),
    ("budget", "reserved-operation", "POST /budgets"),
    ("admin-create", "reserved-operation", "POST /admin/users"),
    ("admin-list", "reserved-operation", "GET /admin/users"),
    ("delete-only", "uneven-permission", "DELETE /documents/{document_id}"),
    ("blind-edit", "uneven-permission", "PATCH /entries/{entry_id}"),
    ("foreign-read", "foreign-role", "GET /documents/{document_id}"),
    ("foreign-edit", "foreign-role", "PATCH /notices/{notice_id}"),
]
# By an ordinary account alone; a role that nobody has cannot be known to be refused.
SINGLE = [
    each
    for each in STAFFED
    if each[0] in {"announce", "audit", "banner", "admin-create", "admin-list"}
]


@contextmanager
def club(
    flaw: str, folder: Path, tokens: dict[str, tuple[str, str]], hints: str
) -> Iterator[External]:
    alone = tokens is ALONE
    named = {token: (who, "owner" if alone else role) for token, (who, role) in tokens.items()}
    text, environment = actors(named, "Authorization", "Bearer ")
    with running(wsgi(Club(flaw))) as base_url:
        file = folder / "target.toml"
        head = f'name = "club"\nbase_url = "{base_url}"\n'
        file.write_text(f"{head}{text}{hints}", encoding="utf-8")
        with external(file, folder, 5, environment) as testbed:
            yield testbed


def result_of(
    flaw: str, folder: Path, tokens: dict[str, tuple[str, str]] = STAFF, hints: str = ORDER
) -> Result:
    with club(flaw, folder, tokens, hints) as testbed:
        return judge(CHECK, gather(CHECK, testbed, lambda _: None))


def found(result: Result) -> set[tuple[str, str]]:
    assert not result.failures, result.failures
    return {(each.rule, each.subject) for each in result.findings}


@pytest.mark.parametrize("hints", [ORDER, ""], ids=["ordered", "unordered"])
def test_a_clean_service_with_its_traps_has_no_finding(hints: str, tmp_path: Path) -> None:
    result = result_of("", tmp_path, hints=hints)
    assert not found(result), result.findings
    assert result.outcome is Outcome.PASS, result.doubts


def test_a_clean_service_known_by_ordinary_accounts_has_no_finding(tmp_path: Path) -> None:
    result = result_of("", tmp_path, ALONE, "")
    assert not found(result), result.findings
    assert result.outcome is Outcome.PASS, result.doubts


@pytest.mark.parametrize("hints", [ORDER, ""], ids=["ordered", "unordered"])
@pytest.mark.parametrize(("flaw", "rule", "operation"), STAFFED)
def test_a_role_that_gets_too_much_is_found(
    flaw: str, rule: str, operation: str, hints: str, tmp_path: Path
) -> None:
    # Where the order is known, a stronger role that is refused says the same once more.
    seen = found(result_of(flaw, tmp_path, hints=hints)) - {("weaker-may-more", operation)}
    assert seen == {(rule, operation)}


@pytest.mark.parametrize(("flaw", "rule", "operation"), SINGLE)
def test_an_ordinary_account_alone_shows_what_is_open_to_it(
    flaw: str, rule: str, operation: str, tmp_path: Path
) -> None:
    assert found(result_of(flaw, tmp_path, ALONE, "")) == {(rule, operation)}


def test_a_finding_says_on_what_it_stands(tmp_path: Path) -> None:
    (finding,) = result_of("announce", tmp_path, hints="").findings
    assert '"Only administrators can create announcements"' in finding.detail
    (finding,) = result_of("delete-only", tmp_path, hints="").findings
    assert "POST /documents" in finding.detail
    assert "refused it" in finding.detail
