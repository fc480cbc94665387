"""Somebody sends two credentials, and each operation is content with one of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.check import Check
from gate.model import Finding
from gate.run import gather, judge
from gate.testbed.external import external
from tests.targets.serving import running, wsgi
from tests.targets.wallets import KEYS, TOKENS, Wallets
from validators.channels.credentials import CHECK as CREDENTIALS
from validators.channels.read_by_id import CHECK as READ_BY_ID

ACTOR = """
[[actors]]
tenant = "{name}"
headers = {{ Authorization = "Bearer ${{TOKEN_{name}}}", X-Api-Key = "${{KEY_{name}}}" }}
"""
ENVIRONMENT = {
    **{f"TOKEN_{name}": token for token, name in TOKENS.items()},
    **{f"KEY_{name}": key for key, name in KEYS.items()},
}


def findings(flaw: str, check: Check, folder: Path) -> list[Finding]:
    with running(wsgi(Wallets(flaw))) as base_url:
        file = folder / "target.toml"
        people = "".join(ACTOR.format(name=name) for name in ("ann", "bob"))
        file.write_text(f'name = "wallets"\nbase_url = "{base_url}"\n{people}', encoding="utf-8")
        with external(file, folder, 11, ENVIRONMENT) as testbed:
            return list(judge(check, gather(check, testbed, lambda _: None)).findings)


def test_a_forged_credential_is_held_against_what_asks_for_it_alone(tmp_path: Path) -> None:
    assert findings("", CREDENTIALS, tmp_path) == []


def test_a_forged_credential_is_found_beside_another_one(tmp_path: Path) -> None:
    found = findings("half-a-key", CREDENTIALS, tmp_path)
    assert {"GET /invoices", "GET /invoices/{invoice_id}"} <= {each.subject for each in found}


@pytest.mark.parametrize("flaw", ["", "half-a-key"])
def test_what_refuses_its_owner_shows_nothing_of_his(flaw: str, tmp_path: Path) -> None:
    assert findings(flaw, READ_BY_ID, tmp_path) == []
