"""A first target file comes from the service's own document, and it is valid."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from gate.cli import attempt
from gate.testbed.target_draft import draft
from gate.testbed.target_file import WrittenTarget
from tests.targets.ledgers import DOCUMENT as LEDGERS
from tests.targets.notes import DOCUMENT as NOTES
from tests.targets.notes import Notes
from tests.targets.serving import plain, running
from tests.targets.shop import DOCUMENT as SHOP

BASE = "http://127.0.0.1:8000"


@pytest.mark.parametrize("document", [SHOP, LEDGERS, NOTES], ids=["shop", "ledgers", "notes"])
def test_a_draft_is_a_valid_target_file(document: dict[str, object]) -> None:
    text = draft(BASE, "/openapi.json", document)  # type: ignore[arg-type]
    written = WrittenTarget.model_validate(tomllib.loads(text))
    if document is NOTES:
        assert written.register_tenants is not None
    else:
        assert [actor.tenant for actor in written.actors] == ["one", "two"]


def test_the_draft_names_the_header_that_the_document_asks_for() -> None:
    assert 'X-Api-Key = "${TOKEN_ONE}"' in draft(BASE, "/openapi.json", LEDGERS)
    assert 'Authorization = "Bearer ${TOKEN_TWO}"' in draft(BASE, "/openapi.json", SHOP)


def test_the_draft_knows_login_registration_and_the_token_s_place() -> None:
    text = draft(BASE, "/openapi.json", NOTES)
    assert 'path = "/login"' in text
    assert '# body = { name = "${NAME_ONE}", password = "${PASSWORD_ONE}" }' in text
    assert 'token = "session.token"' in text
    assert '\npath = "/register"' in text
    assert '\nbody = { name = "{name}", password = "{password}" }' in text


def test_a_reset_is_left_out() -> None:
    document = {**SHOP, "paths": {"/db/reset": {"post": {}}, "/password/reset": {"post": {}}}}
    written = WrittenTarget.model_validate(tomllib.loads(draft(BASE, "/x", document)))
    assert written.hints.leave_out == ["POST /db/reset"]


def test_the_command_writes_the_draft_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "target.toml"
    with running(plain(Notes())) as base_url:
        assert attempt(["target", "init", base_url, "--out", str(out)]) == 0
        assert attempt(["target", "init", base_url, "--out", str(out)]) == 64
    assert "cannot be written" in capsys.readouterr().err
    assert f'base_url = "{base_url}"' in out.read_text(encoding="utf-8")


def test_a_wrong_address_and_a_silent_one_are_told_apart(tmp_path: Path) -> None:
    out = str(tmp_path / "target.toml")
    assert attempt(["target", "init", "ftp://nowhere", "--out", out]) == 64
    assert attempt(["target", "init", "http://127.0.0.1:1", "--out", out]) == 11
