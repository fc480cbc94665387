"""A first target file comes from the service's own document, and it is valid."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask, Response
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from gate.cli import attempt
from gate.testbed.target_draft import draft
from gate.testbed.target_file import WrittenTarget
from tests.targets.documents import TEXT, document, operation, record
from tests.targets.ledgers import DOCUMENT as LEDGERS
from tests.targets.notes import DOCUMENT as NOTES
from tests.targets.notes import Notes
from tests.targets.serving import actors, plain, running, wsgi
from tests.targets.shop import DOCUMENT as SHOP
from tests.targets.shop import Shop
from tests.targets.stays import stays
from tests.targets.stays_document import DOCUMENT as STAYS

BASE = "http://127.0.0.1:8000"


@pytest.mark.parametrize("shown", [SHOP, LEDGERS, NOTES], ids=["shop", "ledgers", "notes"])
def test_a_draft_is_a_valid_target_file(shown: dict[str, object]) -> None:
    text = draft(BASE, "/openapi.json", shown)  # type: ignore[arg-type]
    written = WrittenTarget.model_validate(tomllib.loads(text))
    if shown is NOTES:
        assert written.register_tenants is not None
    else:
        assert [actor.tenant for actor in written.actors] == ["one", "two"]


def test_the_draft_names_the_header_that_the_document_asks_for() -> None:
    assert 'X-Api-Key = "${TOKEN_ONE}"' in draft(BASE, "/openapi.json", LEDGERS)
    assert 'Authorization = "Bearer ${TOKEN_TWO}"' in draft(BASE, "/openapi.json", SHOP)


def test_the_draft_takes_a_header_rather_than_a_cookie_that_serves_as_well() -> None:
    cookie = {"type": "apiKey", "in": "cookie", "name": "sessionid"}
    token = {"type": "apiKey", "in": "header", "name": "X-Token"}
    shown = {
        **LEDGERS,
        "components": {"securitySchemes": {"cookie": cookie, "token": token}},
        "security": [{"cookie": []}, {"token": []}],
    }
    assert 'X-Token = "${TOKEN_ONE}"' in draft(BASE, "/openapi.json", shown)
    only = {**shown, "security": [{"cookie": []}]}
    assert 'Cookie = "sessionid=${TOKEN_ONE}"' in draft(BASE, "/openapi.json", only)


def test_the_draft_knows_login_registration_and_the_token_s_place() -> None:
    text = draft(BASE, "/openapi.json", NOTES)
    assert 'path = "/login"' in text
    assert '# body = { name = "${NAME_ONE}", password = "${PASSWORD_ONE}" }' in text
    assert 'token = "session.token"' in text
    assert '\npath = "/register"' in text
    assert '\nbody = { name = "{name}", password = "{password}" }' in text


def test_a_reset_is_left_out() -> None:
    shown = {**SHOP, "paths": {"/db/reset": {"post": {}}, "/password/reset": {"post": {}}}}
    written = WrittenTarget.model_validate(tomllib.loads(draft(BASE, "/x", shown)))
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


def described(app: Flask, base: str, document: Any) -> Flask:
    """The application below a path, with its document at its root."""
    app.wsgi_app = DispatcherMiddleware(  # type: ignore[method-assign]
        page(document, "/openapi.json"), {base: app.wsgi_app}
    )
    return app


def page(value: Any, path: str, media: str = "application/json") -> Flask:
    """A site that shows one thing."""
    site = Flask("page")
    text = value if isinstance(value, str) else json.dumps(value)
    site.add_url_rule(path, view_func=lambda: Response(text, mimetype=media))
    return site


SERVERS = {**STAYS, "servers": [{"url": "https://api.example.com/v2/"}]}
DOCS_PAGE = "<html><script>SwaggerUIBundle({ url: '/spec/openapi.yaml' })</script></html>"


@pytest.mark.parametrize("place", ["", "/", "/openapi.json", "/v2", "/nothing"])
def test_the_draft_of_any_address_of_a_service_is_ready_to_run(place: str, tmp_path: Path) -> None:
    out = tmp_path / "target.toml"
    with running(wsgi(described(stays(), "/v2", SERVERS))) as base_url:
        assert attempt(["target", "init", base_url + place, "--out", str(out)]) == 0
        text = out.read_text(encoding="utf-8")
        assert f'base_url = "{base_url}/v2"' in text
        assert 'login_encoding = "form"' in text
        assert attempt(["target", "check", str(out)]) == 0


def test_a_page_that_shows_a_yaml_document_leads_to_it(tmp_path: Path) -> None:
    site = page(DOCS_PAGE, "/help", "text/html")
    text = yaml.safe_dump({**STAYS, "info": {"title": "No", "version": 1, "x-date": "2026-01-02"}})
    site.add_url_rule("/spec/openapi.yaml", "yaml", lambda: Response(text, mimetype="text/yaml"))
    out = tmp_path / "target.toml"
    with running(wsgi(site)) as base_url:
        assert attempt(["target", "init", f"{base_url}/help", "--out", str(out)]) == 0
    written = WrittenTarget.model_validate(tomllib.loads(out.read_text(encoding="utf-8")))
    assert written.openapi == "/spec/openapi.yaml"
    assert written.base_url == base_url


def test_a_document_in_a_file_is_named_by_it(tmp_path: Path) -> None:
    saved, out = tmp_path / "api.json", tmp_path / "target.toml"
    saved.write_text(json.dumps(STAYS), encoding="utf-8")
    with running(wsgi(stays())) as base_url:
        code = attempt(["target", "init", base_url, "--openapi", str(saved), "--out", str(out)])
        assert code == 0
        assert 'openapi = "api.json"' in out.read_text(encoding="utf-8")
        assert attempt(["target", "check", str(out)]) == 0


@pytest.mark.parametrize(
    ("shown", "media", "complaint"),
    [
        ("<html>hello</html>", "text/html", "shows no OpenAPI document at /, /openapi.json"),
        ({"swagger": "2.0", "paths": {"/a": {}}}, "application/json", "is Swagger 2.0"),
        ({"openapi": "3.1.0"}, "application/json", "shows no OpenAPI document at"),
        ("[unfinished", "text/yaml", "shows no OpenAPI document at"),
    ],
)
def test_what_is_no_document_is_named_in_one_sentence(
    shown: Any, media: str, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "target.toml"
    with running(wsgi(page(shown, "/openapi.json", media))) as base_url:
        assert attempt(["target", "init", base_url, "--out", str(out)]) == 11
    said = capsys.readouterr().err.splitlines()
    assert complaint in said[0]
    assert len(said) == 2
    assert not out.exists()


def test_a_check_of_the_file_tells_who_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text, environment = actors(Shop.tokens, "Authorization", "Bearer ")
    for name, value in (environment | {"BLUE_OWNER": "expired-0123456789"}).items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "target.toml"
    with running(wsgi(Shop())) as base_url:
        file.write_text(f'name = "shop"\nbase_url = "{base_url}"\n{text}', encoding="utf-8")
        assert attempt(["target", "check", str(file)]) == 11
    shown = capsys.readouterr().out
    assert "blue, owner              refused  GET /me 401" in shown
    assert "red, owner               let in   GET /me 200" in shown
    assert "expired" not in shown


def test_nested_bodies_roles_and_words_before_a_token_are_taken_from_the_document() -> None:
    attributes = record("email", "password", email=TEXT, password=TEXT)
    body = record("data", data=record("attributes", attributes=attributes))
    paths = {"/sessions": {"post": operation(body, public=True)}, "/x": {"get": operation()}}
    scheme = {"type": "apiKey", "in": "header", "name": "Authorization"}
    shown = document("Nested", paths, {**scheme, "description": "Token <your key>"})
    shown["components"]["schemas"] = {
        "Member": record(role={"type": "string", "enum": ["admin", "viewer", "auditor"]})
    }
    text = draft(BASE, "/openapi.json", shown)
    written = WrittenTarget.model_validate(tomllib.loads(text))
    (login, _) = (actor.login for actor in written.actors)
    assert login is not None
    sent = {"email": "${EMAIL_ONE}", "password": "${PASSWORD_ONE}"}
    assert login.body == {"data": {"attributes": sent}}
    assert written.hints.roles == ["viewer", "admin", "auditor"]
    assert '# template = "Token {token}"' in text


def test_an_address_without_the_path_of_the_operations_is_corrected_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "target.toml"
    with running(wsgi(described(stays(), "/v2", SERVERS))) as base_url:
        text = f'name = "stays"\nbase_url = "{base_url}"\n'
        file.write_text(text, encoding="utf-8")
        assert attempt(["target", "check", str(file)]) == 64
        assert f'write base_url = "{base_url}/v2"' in capsys.readouterr().err
        # Without `openapi`, the document is also looked for below the host.
        file.write_text(text.replace(base_url, f"{base_url}/v2"), encoding="utf-8")
        assert attempt(["target", "check", str(file)]) == 0
