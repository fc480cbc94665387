"""Sessions in cookies, keys in another header, and codes in addresses, as ASP.NET Core has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from werkzeug.wrappers import Request, Response

from gate.model import Json
from gate.testbed.client import HttpClient
from tests.targets.serving import running, wsgi
from tests.validators.scripted import Duel, Service, owner
from validators.credentials.confusion import said_in_headers
from validators.document.operations import Operation
from validators.estates.affiliations import affiliations, belongings
from validators.estates.envelope import Envelope
from validators.estates.estate import open_estate
from validators.estates.members import code_in
from validators.estates.signing import ways
from validators.fields.injections import other_choice
from validators.messages.calls import Call

CODE = "tHF9LaP-lUY2b67Fq7tMTUvBpFidXxpb"
SECRET = "bk_MtKEj93kAJh38"
SCHEMES: dict[str, Json] = {
    "session": {"type": "apiKey", "in": "cookie", "name": "App.Session"},
    "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    "token": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
}


def test_nobody_stays_nobody_when_somebody_has_signed_in() -> None:
    def app(environ: Any, start: Any) -> Iterator[bytes]:
        answer = Response(Request(environ).headers.get("Cookie", "none"))
        answer.set_cookie("App.Session", SECRET)
        return iter(answer(environ, start))

    with running(wsgi(app)) as base_url:
        nobody = HttpClient(base_url=base_url)
        somebody = HttpClient(base_url=base_url, credentials={"Cookie": "App.Session=mine"})
        said = [each.request("GET", "/").body for each in (nobody, nobody, somebody, somebody)]
    assert said == ["none", "none", "App.Session=mine", "App.Session=mine"]


def test_the_code_of_an_invitation_stands_in_an_address() -> None:
    address = f"https://app.example/invitations/accept?token={CODE}&lang=en"
    assert code_in({"id": 1, "acceptUrl": address}, "token") == CODE
    assert code_in({"inviteUrl": address}, "invitationCode") == CODE
    assert not code_in({"inviteUrl": "https://app.example/invitations"}, "token")
    assert code_in({"code": "short-1", "url": address}, "code") == "short-1"


def test_a_key_is_sent_as_the_document_says_and_a_cookie_as_a_cookie() -> None:
    client = Service(lambda *_: (200, {}), credentials={"Cookie": "App.Session=mine"})
    document: dict[str, Json] = {"components": {"securitySchemes": SCHEMES}}
    estate = open_estate(client, document, "s", Envelope(), {})
    own = {"Cookie": f"App.Session={SECRET}"}
    assert list(ways(estate, SECRET, "cookie")) == [("", own)]
    assert list(ways(estate, SECRET, "$.key")) == [
        ("", own),
        (" as X-Api-Key", {"X-Api-Key": SECRET}),
        (" as Authorization", {"Authorization": f"Bearer {SECRET}"}),
    ]


def test_the_choices_of_a_field_may_be_numbers() -> None:
    status: dict[str, Json] = {"type": "integer", "enum": [0, 1, 2]}
    fields: dict[str, Json] = {"status": status, "open": {"type": "boolean", "enum": [True]}}
    replies: dict[str, Json] = {"type": "object", "properties": fields}
    change = Operation(method="PUT", path="/invoices/{id}", replies=replies)
    duel: Any = Duel(owner(), owner())
    assert other_choice(duel, change, "status", 0) == 1
    assert other_choice(duel, change, "status", 1) == 0
    assert other_choice(duel, change, "status", "0") is None
    assert other_choice(duel, change, "open", False) is None


def test_what_a_tenant_is_called_is_learned_from_what_its_people_are_told() -> None:
    def told(firm: int, name: str) -> Any:
        def say(_: str, __: str, ___: Any) -> tuple[int, Json]:
            firms: Json = [{"firmId": firm, "firmName": name}]
            return 200, {"id": firm, "currentFirmId": firm, "planId": 7, "firms": firms}

        estate = owner(say, name)
        call = Call(operation=Operation(method="GET", path="/api/account/me"), path=())
        estate.note(call, estate.send(call))
        return estate

    larch, maple = told(1, "Larch"), told(2, "Maple")
    assert affiliations(larch, maple) == {"currentFirmId": 1, "firmId": 1}
    assert belongings(larch, maple) == ["firm"]
    assert not affiliations(larch, told(1, "Larch"))
    said = said_in_headers(Operation(method="GET", path="/accounts"), "1", ["firm"])
    assert said["X-Firm-Id"] == said["X-Tenant-Id"] == "1"
