"""Two tenants register by what a document shows, however the service lets people in."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, jsonify, request

from gate.check import Answer
from gate.errors import SetupError, UsageError
from gate.testbed.enrolment import registration
from gate.testbed.external import external
from gate.testbed.sign_in import newcomers
from gate.testbed.tokens import find
from tests.targets.documents import API_KEY, BEARER, TEXT, document, operation, record
from tests.targets.serving import running, wsgi

MAIL = {"type": "string", "format": "email"}
COOKIE = {"type": "apiKey", "in": "cookie", "name": "sid"}
PLAIN = record("email", "password", email=MAIL, password=TEXT)
NESTED = record("data", data=record("attributes", attributes=PLAIN))
PERSON = record(
    "username",
    "email",
    "password",
    "confirm_password",
    "accept_terms",
    username={"type": "string", "pattern": "^[a-z0-9]{3,20}$"},
    email=MAIL,
    password={"type": "string", "minLength": 8},
    confirm_password=TEXT,
    accept_terms={"type": "boolean"},
    plan={"type": "string", "enum": ["free", "paid"]},
)
FORM = record("username", "password", username=TEXT, password=TEXT)


@dataclass
class Way:
    """How a service lets people in: bodies, the member that signs in, the answer, the header."""

    register: Any
    login: Any
    scheme: Any
    known_by: str = "email"
    form: bool = False
    place: str = "token"
    sent: str = "Authorization"
    prefix: str = "Bearer "
    paths: tuple[str, str] = ("/auth/register", "/auth/login")
    users: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def app(self) -> Flask:
        app = Flask("door")
        app.add_url_rule("/openapi.json", view_func=lambda: jsonify(self.document()))
        app.add_url_rule(self.paths[0], "register", self.enrol, methods=["POST"])
        app.add_url_rule("/me", "me", self.me)
        if self.login:
            app.add_url_rule(self.paths[1], "login", self.enter, methods=["POST"])
        return app

    def document(self) -> Any:
        paths = {self.paths[0]: {"post": operation(self.register, public=True)}}
        if self.login:
            entry = operation(self.login, public=True)
            if self.form:
                content = entry["requestBody"]["content"]
                content["application/x-www-form-urlencoded"] = content.pop("application/json")
            paths[self.paths[1]] = {"post": entry}
        return document("Door", {**paths, "/me": {"get": operation()}}, self.scheme)

    def enrol(self) -> Any:
        sent = flat(request.get_json())
        wrong = sent.get("confirm_password", sent["password"]) != sent["password"]
        if wrong or sent.get("accept_terms", True) is not True:
            return {"error": "the passwords differ, or the terms were not accepted"}, 400
        self.users[sent[self.known_by]] = sent["password"]
        return (self.let_in(sent[self.known_by]), 201) if self.login is None else ({}, 201)

    def enter(self) -> Any:
        sent = request.form.to_dict() if self.form else flat(request.get_json())
        name = sent.get("username", sent.get("email", ""))
        if name not in self.users or self.users[name] != sent["password"]:
            return {"error": "wrong name or password"}, 401
        return self.let_in(name)

    def let_in(self, name: str) -> Any:
        token = secrets.token_urlsafe(24)
        self.tokens[token] = name
        if self.place == "cookie":
            answer = Response("{}", mimetype="application/json")
            answer.set_cookie("theme", "dark-and-long")
            answer.set_cookie("sid", token)
            return answer
        if self.place == "header":
            return Response("{}", headers={"X-Auth-Token": token}, mimetype="application/json")
        value: Any = token
        for part in reversed(self.place.split(".")):
            value = {part: value}
        return {"refresh_token": "not-this-one-0123456789", **value}

    def me(self) -> Any:
        said = request.headers.get(self.sent, "")
        token = request.cookies.get("sid", "") if self.place == "cookie" else said
        name = self.tokens.get(token.removeprefix(self.prefix))
        known = self.place == "cookie" or said.startswith(self.prefix)
        return ({"name": name}, 200) if name and known else ({"error": "who?"}, 401)


def flat(body: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, each in body.items():
        found |= flat(each) if isinstance(each, dict) else {name: each}
    return found


WAYS = {
    "json": lambda: Way(PLAIN, PLAIN, BEARER),
    "json:api": lambda: Way(
        NESTED,
        NESTED,
        BEARER,
        place="data.attributes.session.jwt",
        paths=("/v1/accounts", "/v1/sessions"),
    ),
    "a form that takes the address": lambda: Way(PERSON, FORM, BEARER, form=True),
    "a form that takes the name": lambda: Way(
        PERSON, FORM, BEARER, form=True, known_by="username", place="access_token"
    ),
    "a cookie": lambda: Way(PERSON, PLAIN, COOKIE, place="cookie"),
    "a header": lambda: Way(PLAIN, PLAIN, BEARER, place="header"),
    "a key for registering": lambda: Way(
        PLAIN, None, API_KEY, place="account.api_key", sent="X-Api-Key", prefix=""
    ),
    "another word before the token": lambda: Way(PLAIN, PLAIN, BEARER, prefix="Token "),
}


def two_lines(folder: Path, base_url: str) -> Path:
    file = folder / "target.toml"
    file.write_text(f'name = "door"\nbase_url = "{base_url}"\n', encoding="utf-8")
    return file


@pytest.mark.parametrize("name", WAYS)
def test_two_people_register_and_sign_in(name: str, tmp_path: Path) -> None:
    way = WAYS[name]()
    with running(wsgi(way.app())) as base_url:
        file = two_lines(tmp_path, base_url)
        with external(file, tmp_path, 1, {}) as bed:
            seen = [bed.actor(who).request("GET", "/me") for who in ("one", "two")]
            names = {answer.json()["name"] for answer in seen}  # type: ignore[call-overload,index]
            assert len(names) == 2
            assert set(way.tokens) <= set(bed.secrets)
            assert set(way.users.values()) <= set(bed.secrets)
            assert not any(token in bed.actor("one").curl("GET", "/me") for token in way.tokens)
            assert bed.hints.throw_away


def test_without_a_way_in_the_target_file_is_at_fault(tmp_path: Path) -> None:
    bare = document("Bare", {"/things": {"get": operation()}}, BEARER)
    app = Flask("bare")
    app.add_url_rule("/openapi.json", view_func=lambda: jsonify(bare))
    with running(wsgi(app)) as base_url:
        file = two_lines(tmp_path, base_url)
        with (
            pytest.raises(UsageError, match="shows no operation by which anybody can register"),
            external(file, tmp_path, 1, {}),
        ):
            pass


def test_a_refused_registration_says_what_the_service_said(tmp_path: Path) -> None:
    way = Way(record("password", password=TEXT), PLAIN, BEARER, known_by="password")
    way.login = record("email", "password", email=MAIL, password=TEXT)
    with running(wsgi(way.app())) as base_url:
        file = two_lines(tmp_path, base_url)
        with (
            pytest.raises(SetupError, match=r"POST /auth/login answered 401: .*wrong name"),
            external(file, tmp_path, 1, {}),
        ):
            pass


def test_what_asks_for_a_credential_or_makes_no_account_is_no_registration() -> None:
    paths = {
        "/users": {"post": operation(PLAIN)},
        "/password/reset": {"post": operation(PLAIN, public=True)},
        "/newsletter/register": {"post": operation(record("email", email=MAIL), public=True)},
    }
    shown = document("None", paths, BEARER)
    assert registration(shown) is None
    assert newcomers(shown) is None


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        ('{"token_type": "bearer", "access_token": "aaaaaaaa", "token": "bbbbbbbb"}', {}, "a" * 8),
        ('{"user": {"id": 1}, "data": [{"jwt": "cccccccc"}]}', {}, "c" * 8),
        ('{"refresh_token": "dddddddd"}', {"authorization": "Bearer eeeeeeee"}, "e" * 8),
        ("", {"set-cookie": "a=ffffffff; Path=/, session=gggggggg; HttpOnly"}, "g" * 8),
        ('{"token": null, "message": "check your mail"}', {}, None),
    ],
)
def test_a_token_is_found_wherever_it_lies(
    body: str, headers: dict[str, str], expected: str | None
) -> None:
    found = find(Answer(status=200, headers=headers, body=body, seconds=0.0))
    assert (found.value if found else None) == expected
