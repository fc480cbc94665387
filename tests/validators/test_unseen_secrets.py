"""What credentials and links of the later held-out sets are worth, and each cause of a miss."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from random import Random
from types import MappingProxyType
from typing import Any

import pytest

from gate.check import Answer
from gate.model import Json, Observation
from gate.testbed.hints import Hints
from tests.validators.scripted import Duel, Service, owner
from validators.credentials.key_scopes import Trial, raised
from validators.credentials.object_secrets import object_secrets
from validators.credentials.scopes import Cut, cut_for
from validators.credentials.signed_links import sign_of, signed_links
from validators.document.operations import Operation, list_operations
from validators.document.wording import unique_within
from validators.estates.envelope import Envelope
from validators.estates.estate import open_estate
from validators.estates.throwaways import is_maker
from validators.messages.calls import Call
from validators.messages.refusals import offered


@pytest.fixture(autouse=True)
def no_long_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of these services takes time to end a credential."""
    monkeypatch.setattr("validators.credentials.lasting.GRACE", 0.5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Scopes are some of read, write, export, audit, admin.", "read write export audit admin"),
        ("Input should be 'read', 'write' or 'admin'", "read write admin"),
        ('must be one of ["runs:read", "runs:write"]', "runs:read runs:write"),
        ("allowed values: runs.read | runs.write", "runs.read runs.write"),
        ("invalid scope", ""),
        ("scope kg58i8twfkmd037 is not known", ""),
    ],
)
def test_a_message_offers_words_instead(text: str, words: str) -> None:
    assert offered(text) == tuple(words.split())


def keys_with(**scopes: Json) -> Operation:
    body: dict[str, Json] = {"type": "object", "properties": {"name": {}, "scopes": scopes}}
    return Operation(method="POST", path="/keys", body=body, media="application/json")


def refusing(_: str, __: str, body: Any) -> tuple[int, Json]:
    known = set(body.get("scopes", ())) <= {"read", "write"}
    return (201, {}) if known else (422, {"errors": [{"scopes": "one of: read, write"}]})


def test_scopes_that_no_document_lists_are_those_that_a_refusal_offers() -> None:
    texts: Json = {"type": "string"}
    cut = Cut(name="scopes", choices=("read", "write"), listed=True)
    assert cut_for(owner(refusing), keys_with(type="array", items=texts)) == cut
    assert cut_for(owner(), keys_with(type="array", items=texts)) is None, "it takes any word"
    said = keys_with(type="array", items=texts, description="Any of `read` and `write`")
    assert cut_for(owner(), said) == cut
    assert cut_for(owner(refusing), keys_with(type="integer")) is None


SIGNED = Operation(method="GET", path="/files/{fileId}", query={"sig": {"type": "string"}})


def files(*ways: str) -> list[Observation]:
    """What came of links to a file, where the service takes a signature that is wrong in `ways`."""
    right = {"f-1": "sign-one-1", "f-2": "sign-two-2"}

    def say(_: str, path: str, __: Any) -> tuple[int, Json]:
        key, _, said = path.removeprefix("/files/").partition("?sig=")
        wrong = "none" if not said else "other" if said in right.values() else "made up"
        return (200, {"text": key}) if right.get(key) == said or wrong in ways else (403, {})

    victim, attacker = owner(say), owner(say)
    victim.ledger.note("file", {"id": "f-1", "sig": "sign-one-1"}, {})
    attacker.ledger.note("file", {"id": "f-2", "sig": "sign-two-2"}, {})
    duel: Any = LinkDuel(victim, attacker, LinkGround((SIGNED,), Service(say)), Random(3))
    return list(signed_links(duel))


class LinkGround:
    hints = Hints()

    def __init__(self, operations: tuple[Operation, ...], nobody: Service) -> None:
        self.operations, self.nobody = operations, nobody


class LinkDuel(Duel):
    def note(self, kind: str, operation: Operation, **data: Json) -> Observation:
        return Observation(kind=kind, subject=operation.label, data=data)


@pytest.mark.parametrize(
    ("way", "credential"),
    [
        ("none", "no signature"),
        ("made up", "a signature that nobody made"),
        ("other", "another object's signature"),
    ],
)
def test_a_signature_that_is_not_verified_is_seen(way: str, credential: str) -> None:
    (owned, *tried) = files(way)
    assert owned.data["positive"]
    assert [each.data["credential"] for each in tried if each.data["granted"]] == [credential]


def test_a_signature_that_is_verified_clears_the_link() -> None:
    (owned, *tried) = files()
    assert owned.data["positive"]
    assert [each.data["granted"] for each in tried] == [False] * 3


def test_only_what_seals_a_public_read_of_one_object_is_a_signature() -> None:
    optional = Operation(method="GET", path="/files/{fileId}", optional=SIGNED.query)
    assert sign_of(SIGNED) == sign_of(optional) == "sig"
    secured = Operation(
        method="GET", path="/files/{fileId}", query=SIGNED.query, schemes=(frozenset({"key"}),)
    )
    page = Operation(method="GET", path="/files/{fileId}", query={"page": {"type": "string"}})
    assert not any(map(sign_of, (secured, page)))


def linked(shown: dict[str, Json], *, closed: bool) -> list[Observation]:
    """What came of a link whose signature is not demanded, neither by the document nor at all."""
    read = Operation(method="GET", path="/files/{fileId}", schemes=(frozenset({"key"}),))
    content = Operation(method="GET", path="/files/{fileId}/content", optional=SIGNED.query)

    def say(_: str, path: str, __: Any) -> tuple[int, Json]:
        return (200, {"text": "one"}) if path.startswith("/files/f-1") else (404, {})

    def nobody(method: str, path: str, body: Any) -> tuple[int, Json]:
        return (401, {}) if closed and "/content" not in path else say(method, path, body)

    victim = owner(say)
    victim.ledger.note("file", {"id": "f-1", **shown}, {})
    ground = LinkGround((read, content), Service(nobody))
    duel: Any = LinkDuel(victim, owner(say), ground, Random(3))
    return list(signed_links(duel))


def test_a_signature_that_may_be_left_out_seals_what_is_closed_but_for_the_link() -> None:
    link: Json = "https://api.example/files/f-1/content?sig=sign-one-1"
    owned, *tried = linked({"url": link}, closed=True)
    assert owned.data["positive"]
    assert [each.data["granted"] for each in tried] == [True] * 2
    assert not linked({"url": link}, closed=False), "anybody may see the file itself"
    assert not linked({"sig": "sign-one-1"}, closed=True), "it is in no link"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("409 when the account has a device with this serial already.", True),
        ("A serial is unique within the organization.", True),
        ("409 when the serial is already in use in your workspace.", True),
        ("409 when the serial is taken.", False),
        ("409 when the account already exists with this serial.", False),
        ("A serial is unique in this account and all others.", False),
        ("409 when the account has a device of this name already.", False),
        ("The account has a device with this serial.", False),
    ],
)
def test_what_one_tenant_has_once_by_the_words_of_the_document(text: str, own: bool) -> None:
    answers: Json = {"409": {"description": text}}
    document: dict[str, Json] = {"paths": {"/devices": {"post": {"responses": answers}}}}
    (operation,) = list_operations(document)
    assert bool(unique_within(operation, "serial", "")) is own
    described = Operation(method="POST", path="/devices", prose={"description": text})
    assert bool(unique_within(described, "serial", "")) is own


def test_the_description_of_a_field_says_it_of_that_field() -> None:
    bare = Operation(method="POST", path="/devices")
    assert unique_within(bare, "serial", "Unique within the account.")
    assert not unique_within(bare, "serial", "Unique.")


DEVICES: dict[str, Json] = {
    "components": {
        "securitySchemes": {
            "user": {"type": "http", "scheme": "bearer"},
            "device": {"type": "apiKey", "in": "header", "name": "X-Device"},
        }
    }
}
USER, DEVICE = (frozenset({"user"}),), (frozenset({"device"}),)
MAKE = Operation(method="POST", path="/devices", schemes=USER, media="application/json")
READING = Operation(method="POST", path="/readings", schemes=DEVICE)
ENDS = "A new token; the one before ends"


class Hub(Service):
    """Devices with tokens of their own, of which an old one goes on where it is `lasting`."""

    def __init__(self, lasting: bool) -> None:
        super().__init__(lambda *_: (404, {}))
        self.lasting, self.tokens, self.serial = lasting, dict[str, str](), count()

    def request(self, method: str, path: str, *, headers: Any = None, **_: Any) -> Answer:
        status, said = self.told(f"{method} {path}", (headers or {}).get("x-device", ""))
        return Answer(status=status, headers={}, body=json.dumps(said), seconds=0.0)

    def told(self, asked: str, token: str) -> tuple[int, Json]:
        if asked == "POST /readings":
            return (202, {"stored": 1}) if token in self.tokens else (401, {"error": "no"})
        key = asked.split("/")[2] if asked.endswith("/token") else f"d-{next(self.serial)}"
        if asked.endswith("/token") and not self.lasting:
            self.tokens = {old: of for old, of in self.tokens.items() if of != key}
        new = f"token-number-{next(self.serial)}-of-{key}"
        self.tokens[new] = key
        return 201, {"id": key, "token": new}


class HubGround(LinkGround):
    declared = (MAKE, READING)
    skipped = MappingProxyType({READING.label: "another credential"})


@pytest.mark.parametrize(
    ("lasting", "words", "works"),
    [(True, ENDS, [True]), (False, ENDS, [False]), (True, "A new token", [])],
)
def test_an_object_s_old_secret_must_end_where_the_document_says_so(
    lasting: bool, words: str, works: list[bool]
) -> None:
    hub = Hub(lasting)
    renew = Operation(
        method="POST", path="/devices/{deviceId}/token", schemes=USER, prose={"summary": words}
    )
    victim = open_estate(hub, DEVICES, "s", Envelope(), {})
    victim.note(Call(operation=MAKE), victim.send(Call(operation=MAKE)), made=True)
    duel: Any = LinkDuel(victim, owner(), HubGround((MAKE, renew), hub), Random(3))
    (owned, *tried) = object_secrets(duel)
    assert owned.data["positive"]
    assert [each.data["works"] for each in tried if each.kind == "ended-call"] == works


def replying(**shown: Json) -> Operation:
    """What makes a project of a key and a name."""
    said: Json = {"key": {"type": "string"}, "name": {"type": "string"}}
    return Operation(
        method="POST",
        path="/projects",
        body={"type": "object", "properties": said},
        media="application/json",
        replies={"type": "object", "properties": shown},
        schemes=USER,
    )


def test_what_the_caller_says_himself_is_no_secret_that_he_is_given() -> None:
    assert not is_maker(owner(), replying(id={}, key={}))
    assert is_maker(owner(), replying(id={}, key={}, token={}))
    assert is_maker(owner(), replace(replying(id={}, key={}), path="/keys"))


SCOPES = ("read", "write", "admin")
LIST, KEYS = (Operation(method="GET", path=path, schemes=USER) for path in ("/notes", "/keys"))
MINT = replace(keys_with(type="array", items={"enum": [*SCOPES]}), schemes=USER)


class Vault(Service):
    """Keys with scopes, of which those without `admin` make others where it is `open`."""

    def __init__(self, *, handing: bool, cutting: bool = False) -> None:
        super().__init__(lambda *_: (404, {}), credentials={"Authorization": "Bearer owner"})
        self.handing, self.cutting = handing, cutting
        self.keys: dict[str, set[str]] = {"owner": {*SCOPES}}

    def request(
        self, method: str, path: str, *, body: Json = None, headers: Any = None, **_: Any
    ) -> Answer:
        holder = (headers or self.credentials).get("Authorization", "").removeprefix("Bearer ")
        status, said = self.told(f"{method} {path}", self.keys.get(holder, set()), body)
        return Answer(status=status, headers={}, body=json.dumps(said), seconds=0.0)

    def told(self, asked: str, held: set[str], body: Any) -> tuple[int, Json]:
        wanted = {"GET /notes": "read", "GET /keys": "admin", "POST /keys": "admin"}[asked]
        if wanted not in held and not (self.handing and asked == "POST /keys"):
            return 403, {"error": wanted}
        if asked != "POST /keys":
            return 200, {"data": []}
        secret = f"secret-number-{len(self.keys)}"
        given = set(body["scopes"])
        self.keys[secret] = given & held if self.cutting else given
        return 201, {"id": len(self.keys), "secret": secret}


@pytest.mark.parametrize(
    ("vault", "gained"),
    [
        (Vault(handing=True), [["GET /keys"]]),
        (Vault(handing=True, cutting=True), [[]]),
        (Vault(handing=False), []),
    ],
    ids=["handed", "cut down", "refused"],
)
def test_a_key_that_is_no_administrator_s_makes_none(vault: Vault, gained: list[Json]) -> None:
    victim = open_estate(vault, DEVICES, "s", Envelope(), {})
    duel: Any = LinkDuel(victim, owner(), LinkGround((LIST, KEYS, MINT), vault), Random(3))
    cut = cut_for(victim, MINT)
    assert cut is not None
    calls = {each.label: Call(operation=each) for each in (LIST, KEYS)}
    trial = Trial(maker=MINT, cut=cut, place="$.secret", calls=calls, creations={})
    assert [each.data["gained"] for each in raised(duel, trial)] == gained
