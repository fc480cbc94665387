"""Fields of a sign-up or of one's own profile that make more of an account than others are."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.model import Result
from gate.run import gather, judge
from gate.testbed.external import external
from tests.targets.guild import FLAWS, Guild
from tests.targets.heldout_serving import MODULES, heldout
from tests.targets.serving import running, wsgi
from validators.channels.mass_assignment import CHECK

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


@pytest.mark.parametrize(("service", "flaw"), SEEN_BEFORE)
def test_a_held_out_flaw_that_was_missed_is_found(service: str, flaw: str, tmp_path: Path) -> None:
    with heldout(service, flaw, tmp_path) as testbed:
        result = judge(CHECK, gather(CHECK, testbed, lambda _: None))
    assert {subject for _, subject in found(result)} == {MODULES[service].FLAWS[flaw].operation}
