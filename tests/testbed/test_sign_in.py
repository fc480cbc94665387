"""Whoever a target file names can sign in, and no credential is ever printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.check import Answer
from gate.errors import SetupError, UsageError
from gate.testbed.external import external
from gate.testbed.target_file import read_target
from gate.testbed.tokens import extract
from tests.targets.notes import Notes
from tests.targets.serving import REGISTER, plain, running

HEAD = 'name = "notes"\nbase_url = "{0}"\n'
LOGIN = """
[[actors]]
tenant = "{0}"
[actors.login]
path = "/login"
body = {{ name = "{0}", password = "${{{1}}}" }}
token = "session.token"
"""
WFC = """
authTemplate:
  loginEndpointAuth:
    endpoint: /login
    verb: POST
    token:
      extractFrom: body
      extractSelector: /session/token
      sendIn: header
      sendName: Authorization
      sendTemplate: "Bearer {token}"
auth:
  - name: ann
    loginEndpointAuth:
      payloadUserPwd:
        username: ann
        password: ann's secret
        usernameField: name
        passwordField: password
  - name: bob
    loginEndpointAuth:
      payloadRaw: '{"name": "bob", "password": "bob s secret"}'
"""
PASSWORDS = {"ANN": "ann's secret", "BOB": "bob s secret"}


def people() -> Notes:
    notes = Notes()
    for name, password in (("ann", PASSWORDS["ANN"]), ("bob", PASSWORDS["BOB"])):
        notes.enter("register", {"name": name, "password": password})
    return notes


def write(folder: Path, text: str) -> Path:
    file = folder / "target.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_login_request_gives_the_credential(tmp_path: Path) -> None:
    with running(plain(people())) as base_url:
        text = HEAD.format(base_url) + LOGIN.format("ann", "ANN") + LOGIN.format("bob", "BOB")
        with external(write(tmp_path, text), tmp_path, 1, PASSWORDS) as bed:
            assert bed.actor("ann").request("GET", "/profile").json() == {
                "id": "ann",
                "motto": "",
                "level": "basic",
            }
            assert bed.secrets["session-ann-0123456789"] == "$TOKEN_ANN_OWNER"
            assert bed.secrets["ann's secret"] == "$ANN"
            assert "$TOKEN_ANN_OWNER" in bed.actor("ann").curl("GET", "/profile")
            assert not any(secret in repr(bed) for secret in bed.secrets)


def test_self_registration_makes_two_new_tenants(tmp_path: Path) -> None:
    notes = Notes()
    with running(plain(notes)) as base_url:
        file = write(tmp_path, HEAD.format(base_url) + REGISTER)
        with external(file, tmp_path, 1, {}) as bed:
            assert bed.tenants == ("one", "two")
            assert bed.actor("one").request("GET", "/profile").status == 200
            assert bed.hints.throw_away
    assert len(notes.users) == 2
    assert all(password in bed.secrets for password in notes.users.values())


def test_a_wfc_file_as_schemathesis_reads_it_signs_in(tmp_path: Path) -> None:
    (tmp_path / "auth.yaml").write_text(WFC, encoding="utf-8")
    with running(plain(people())) as base_url:
        file = write(tmp_path, HEAD.format(base_url) + 'wfc = "auth.yaml"\n')
        with external(file, tmp_path, 1, {}) as bed:
            assert bed.tenants == ("ann", "bob")
            assert bed.actor("bob").request("GET", "/profile").status == 200
            assert "ann's secret" in bed.secrets


def test_set_up_requests_are_sent_and_a_refused_one_is_named(tmp_path: Path) -> None:
    setup = '[[setup]]\ntenant = "one"\npath = "{0}"\nbody = {{ title = "t", text = "t" }}\n'
    notes = Notes()
    with running(plain(notes)) as base_url:
        text = HEAD.format(base_url) + REGISTER + setup.format("/notes")
        with external(write(tmp_path, text), tmp_path, 1, {}):
            assert len(notes.notes) == 1
        text = HEAD.format(base_url) + REGISTER + setup.format("/nothing")
        with (
            pytest.raises(SetupError, match="POST /nothing answered 405"),
            external(write(tmp_path, text), tmp_path, 1, {}),
        ):
            pass


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("session.token", "session.key", "without a token at session.key"),
        ("/login", "/register", "POST /register answered 409"),
    ],
)
def test_a_refused_sign_in_is_named(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    with running(plain(people())) as base_url:
        text = HEAD.format(base_url) + LOGIN.format("ann", "ANN") + LOGIN.format("bob", "BOB")
        file = write(tmp_path, text.replace(old, new))
        with pytest.raises(SetupError, match=complaint), external(file, tmp_path, 1, PASSWORDS):
            pass


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("data.tokens.1", "b"),
        ("data.tokens.7", ""),
        ("data.none", ""),
        ("header:X-Token", "h"),
        ("data", ""),
    ],
)
def test_a_token_is_found_by_its_way_through_the_answer(where: str, found: str) -> None:
    body = '{"data": {"tokens": ["a", "b"]}}'
    answer = Answer(status=200, headers={"x-token": "h"}, body=body, seconds=0.0)
    assert extract(where, answer) == found


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (LOGIN.format("ann", "ANN").replace("${ANN}", "letmein"), "password must refer to a var"),
        ('[[actors]]\ntenant = "ann"\n', "headers or login is needed"),
        ('wfc = "absent.yaml"\n', r"absent\.yaml cannot be read"),
        ('[hints]\npublic = ["all"]\n' + REGISTER, r"wrong at hints\.public\.0"),
        (REGISTER.replace("/register", "register"), r"wrong at register\.path"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, text: str, complaint: str) -> None:
    file = write(tmp_path, HEAD.format("http://127.0.0.1:1") + text)
    with pytest.raises(UsageError, match=complaint) as raised:
        read_target(file)
    assert "\n" not in str(raised.value)
    assert "letmein" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("auth: [", "is not YAML"), ("auth: []", "wrong at auth"), ("- 1", "wrong at the whole")],
)
def test_a_broken_wfc_file_is_one_sentence(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "auth.yaml").write_text(text, encoding="utf-8")
    file = write(tmp_path, HEAD.format("http://127.0.0.1:1") + 'wfc = "auth.yaml"\n')
    with pytest.raises(UsageError, match=complaint):
        read_target(file)
