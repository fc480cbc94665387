"""Causes of what was missed on services that nobody had seen: each in a build that has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gate.check import Answer
from gate.model import Json, Result
from gate.run import gather, judge
from gate.testbed.external import External, external
from tests.targets.heldout_bazaar import Bazaar
from tests.targets.heldout_board import Board
from tests.targets.heldout_board_core import Problem
from tests.targets.heldout_serving import description
from tests.targets.serving import running, wsgi
from validators import CHECKS
from validators.credentials.confusion import said_in_headers
from validators.credentials.recoveries import codes_in
from validators.crossing.excuses import LISTED, NAMED, PART, holds
from validators.crossing.listing import cursor_in
from validators.document.operations import Operation, list_operations
from validators.document.wording import cuts_scopes, ends_old, ends_sessions
from validators.estates.envelope import Envelope
from validators.estates.estate import open_estate
from validators.estates.planting import pays
from validators.estates.states import views_of

BY_ID = {check.id.partition(".")[2]: check for check in CHECKS}


@pytest.fixture(autouse=True)
def no_long_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of these services takes time to end a credential."""
    monkeypatch.setattr("validators.credentials.lasting.GRACE", 0.5)


def looked(testbed: External, check: str) -> Result:
    return judge(BY_ID[check], gather(BY_ID[check], testbed, lambda _: None))


class Nobody:
    """A client who is never asked."""

    tenant, role = "red", "owner"
    credentials: Mapping[str, str] = {}

    def request(self, *_: Any, **__: Any) -> Answer:
        raise AssertionError

    def curl(self, *_: Any, **__: Any) -> str:
        return ""


@contextmanager
def served(service: str, app: Any, folder: Path, *, hints: bool = True) -> Iterator[External]:
    """Another build of a held-out service, by its own target file."""
    with running(wsgi(app)) as base_url:
        text, environment = description(service, base_url, hints)
        file = folder / "target.toml"
        file.write_text(text, encoding="utf-8")
        with external(file, folder, 11, environment) as testbed:
            yield testbed


class Lasting(Board):
    """A board whose links go on showing a page that was deleted."""

    def shared(self, _: Any, token: str) -> Any:
        for link in self.links.values():
            if link["token"] == token and link["live"]:
                page = self.pages[link["pageId"]]
                return 200, {"title": page["title"], "body": page["body"]}, {}
        raise Problem(404, "This link is not valid any more")


def test_a_link_that_outlives_what_it_is_to_is_found(tmp_path: Path) -> None:
    with served("board", Lasting(""), tmp_path) as testbed:
        result = looked(testbed, "issued-credentials")
    assert {each.subject for each in result.findings} == {"DELETE /w/{workspace}/pages/{pageId}"}


class Telling(Bazaar):
    """A bazaar that shows strangers something of whom they look up, or in its directory."""

    def __init__(self, shown: str) -> None:
        super().__init__("")
        self.shown = shown

    def directory(self, me: Any, body: Any) -> Any:
        if self.shown != "listed":
            return super().directory(me, body)
        rows = [
            {"username": each["username"], "mail": each["email"]} for each in self.users.values()
        ]
        return 200, {"status": "success", "message": "ok", "data": rows}

    def profile(self, me: Any, body: Any, username: str) -> Any:
        code, said = super().profile(me, body, username)
        if self.shown == "one-sided" and me["username"] == "bob" and username != "bob":
            said["data"]["email"] = self.users[username]["email"]
        return code, said


@pytest.mark.parametrize(
    ("shown", "check", "operation"),
    [
        ("listed", "list-leak", "GET /users/v1"),
        ("one-sided", "read-by-id", "GET /users/v1/{username}"),
    ],
)
def test_a_directory_hides_no_leak_beside_its_names(
    shown: str, check: str, operation: str, tmp_path: Path
) -> None:
    with served("bazaar", Telling(shown), tmp_path, hints=False) as testbed:
        result = looked(testbed, check)
    assert operation in {each.subject for each in result.findings}, result


TRACES: Json = {"headers": [], "body": ["canary"]}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"traces": TRACES}, True),
        ({"reason": LISTED, "traces": {"body": []}}, True),
        ({"reason": LISTED, "traces": TRACES}, False),
        ({"reason": PART, "traces": TRACES}, False),
        ({"reason": PART, "part": {"own": ["a", "b"], "shown": ["a"], "back": ["a"]}}, True),
        ({"reason": PART, "part": {"own": ["a"], "shown": ["a"], "back": ["a"]}}, False),
        (
            {"reason": PART, "part": {"own": ["a", "b", "c"], "shown": ["a", "b"], "back": ["a"]}},
            False,
        ),
        ({"reason": NAMED, "rest": []}, True),
        ({"reason": NAMED, "rest": ["canary"]}, False),
        ({"beyond": ["$.email"]}, False),
    ],
)
def test_a_suppression_holds_by_what_stands_beside_it(
    data: dict[str, Json], expected: bool
) -> None:
    assert holds(data) is expected


def said(text: str) -> Operation:
    return Operation(method="POST", path="/x", prose={"description": text})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Change the password. All other sessions of the user are signed out.", True),
        ("Signs out all other devices.", True),
        ("Signs out everywhere else.", True),
        ("Logs the user out everywhere else unless asked not to.", False),
        ("Every access token is revoked.", True),
        ("Revokes all of the user's sessions.", True),
        ("Other sessions are not ended.", False),
        ("Other sessions may be ended.", False),
        ("All sessions are listed at /sessions.", False),
        ("Change the password.", False),
    ],
)
def test_only_plain_words_promise_that_other_sessions_end(text: str, expected: bool) -> None:
    assert bool(ends_sessions(said(text))) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Replace a key's secret; the old one ends", True),
        ("The previous secret is revoked immediately.", True),
        ("The old key stops working at once.", True),
        ("The old secret ends after 24 hours.", False),
        ("The old secret is revoked when the grace period is over.", False),
        ("The secret of before is no longer accepted.", True),
        ("The old key no longer works.", True),
        ("The old secret is no longer accepted after a day.", False),
        ("The old secret is not revoked.", False),
        ("Replace a key's secret.", False),
    ],
)
def test_only_plain_words_promise_that_an_old_secret_ends(text: str, expected: bool) -> None:
    assert bool(ends_old(said(text))) is expected


def test_only_plain_words_promise_that_scopes_are_cut_down() -> None:
    assert cuts_scopes(said("Shown only now. Scopes that exceed your role are dropped."))
    assert cuts_scopes(said("Permissions beyond your own are rejected."))
    assert not cuts_scopes(said("Scopes of the key. Others are dropped."))


def answer(body: str = "[]", **headers: str) -> Answer:
    return Answer(status=200, headers=headers, body=body, seconds=0.0)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (answer('{"next_cursor": "abc"}'), "abc"),
        (answer('{"next": "https://x.example/a?limit=1&cursor=ab%3D"}'), "ab="),
        (
            answer(link='</a?cursor=c1&limit=1>; rel="prev", </a?limit=1&cursor=c2>; rel="next"'),
            "c2",
        ),
        (answer(link="</a?cursor=c3>; rel=next"), "c3"),
        (answer(link='</a?page=2>; rel="next"'), None),
        (answer(), None),
    ],
)
def test_a_cursor_stands_in_the_body_or_in_the_address_of_the_next_page(
    given: Answer, expected: str | None
) -> None:
    assert cursor_in(given, "cursor") == expected


def test_headers_that_the_document_declares_may_name_somebody() -> None:
    parameters = [
        {"in": "header", "name": name, "schema": {"type": "string"}}
        for name in ("Impersonate", "X-Client-Version", "X-Request-Id")
    ]
    document: dict[str, Json] = {"paths": {"/me": {"get": {"parameters": [*parameters]}}}}
    (operation,) = list_operations(document)
    sent = said_in_headers(operation, "vera")
    assert sent["Impersonate"] == "vera"
    assert "X-Request-Id" not in sent
    assert sent["X-Forwarded-Host"] == "vera.example.org"


def posting(path: str, *names: str) -> Operation:
    fields: dict[str, Json] = {name: {"type": "string"} for name in names}
    body: dict[str, Json] = {"type": "object", "properties": fields}
    return Operation(method="POST", path=path, body=body, media="application/json")


def test_what_gives_an_amount_to_somebody_leaves_a_record() -> None:
    author = open_estate(Nobody(), {}, "s", Envelope(), {}).author
    assert pays(author, posting("/wallet/transfer", "to_account", "amount", "memo"))
    assert not pays(author, posting("/projects/transfer", "project_id", "to_user", "note"))
    assert not pays(author, posting("/cards/{id}/transfer", "to", "amount"))


def test_the_more_of_an_object_s_ids_a_path_has_the_nearer_it_is() -> None:
    paths = (
        *(f"/w/{{workspace}}/{name}" for name in ("usage", "members", "keys", "trash", "log")),
        "/w/{workspace}/pages/{pageId}",
        "/w/{workspace}/pages/{pageId}/comments",
    )
    reads = [Operation(method="GET", path=path) for path in paths]
    estate = open_estate(Nobody(), {}, "s", Envelope(), {})
    views = views_of(estate, reads, {"w": "north", "page": "p-1"})
    assert [view.operation.path for view in views][:2] == [*paths[-2:]]


def test_a_code_is_told_by_its_name() -> None:
    text = '{"data": {"otp": "12ab", "resetToken": 4711, "message": "sent", "code": null}}'
    assert codes_in(answer(text)) == ["12ab", "4711"]


def test_a_code_is_told_by_the_link_of_a_mail() -> None:
    mail = '<a href="https://shop.example/reset?lang=en&amp;token=ey1.b%2Dc">New password</a>'
    assert codes_in(answer(mail)) == ["ey1.b-c"]
    assert codes_in(answer('<img src="/pixel?campaign=7">')) == []
