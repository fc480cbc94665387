"""A refused request is written again as the refusal says, and what helps is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from gate.check import Answer
from gate.model import Json
from tests.validators.scripted import owner
from validators.document.operations import Object, Operation, list_operations
from validators.document.patterns import fits, texts
from validators.estates.alike_values import alike_values
from validators.estates.envelope import Envelope
from validators.estates.estate import Estate, open_estate
from validators.estates.mending import mend, ways_of
from validators.estates.things import Thing
from validators.messages.bodies import OMIT, Author, draw_canaries
from validators.messages.refusals import blames


@pytest.mark.parametrize(
    ("pattern", "marked"),
    [
        (r"^[a-z]+(-[a-z0-9]+)*$", True),
        (r"^[A-Z]{3}-\d{4}$", False),
        (r"^\+[1-9]\d{7,14}$", False),
        (r"^(cat|dog)_[a-z0-9]{2,40}$", True),
        (r"^[^/\s]+$", True),
        (r"^#[0-9a-fA-F]{6}$", False),
        (r"^(?=.{5,30}$)[A-Z0-9]+(?:/[A-Z0-9]+)?$", True),
        (r"^\w{1,8}@\w{3}\.(?:org|net)$", False),
    ],
)
def test_a_pattern_is_kept_and_holds_the_mark_where_there_is_room(
    pattern: str, marked: bool
) -> None:
    found = list(texts(pattern, "kmark23456001", Random(1)))
    assert found
    assert all(re.search(pattern, each) for each in found), found
    assert ("kmark23456001" in found[0].lower()) is marked


@pytest.mark.parametrize("pattern", ["(", None, 7])
def test_what_is_no_pattern_describes_no_text(pattern: Json) -> None:
    assert list(texts(pattern, "kmark", Random(1))) == []
    assert fits("anything", {"pattern": "("})


NAMES = {"slug", "start", "startDate", "endDate", "zip"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"detail": [{"loc": ["body", "slug"], "msg": "bad", "input": "zip"}]}, ["slug"]),
        ({"errors": [{"pointer": "#/address/zip", "detail": "five digits"}]}, ["zip"]),
        ({"errors": [{"source": {"pointer": "/data/attributes/slug"}, "title": "x"}]}, ["slug"]),
        ({"errors": {"json": {"slug": ["Missing data."], "zip": ["bad"]}}}, ["slug", "zip"]),
        ({"slug": ["Enter a valid slug."]}, ["slug"]),
        ({"errors": [{"param": "zip", "msg": "Invalid value"}]}, ["zip"]),
        ({"errors": [{"field": "address.zip", "message": "bad"}]}, ["zip"]),
        ({"message": "the end date must be after the start date"}, ["endDate", "startDate"]),
        ({"error": {"message": "unusable"}}, []),
        ({"detail": [{"loc": ["body", "colour"], "msg": "x", "type": "missing"}]}, ["colour"]),
        ({"detail": [{"loc": ["body"], "msg": "slug is not free"}]}, ["slug"]),
        ("slug must be given", ["slug"]),
        ({"status": 400, "message": "[0].zip must not be empty", "path": "/v2/start"}, ["zip"]),
        ({"errors": [{"path": "zip", "message": "can't be null"}]}, ["zip"]),
    ],
)
def test_the_field_that_is_blamed_is_found(body: Any, expected: list[str]) -> None:
    said = body if isinstance(body, str) else json.dumps(body)
    found = blames(Answer(status=422, headers={}, body=said, seconds=0.0), NAMES)
    assert list(found)[: len(expected)] == expected
    assert bool(found) is bool(expected)


@pytest.mark.parametrize(
    ("schema", "said", "way"),
    [
        ({"type": "string"}, "must be a valid e-mail address", {"format": "email"}),
        ({"type": "string"}, "String should have at least 40 characters", {"minLength": 40}),
        ({"type": "string"}, "should match pattern '^[A-Z]+$'", {"pattern": "^[A-Z]+$"}),
        ({"type": "string"}, "Input should be 'red' or 'blue'", {"const": "red"}),
        ({"type": "string", "example": "RES-1"}, "is wrong", {"x-beginning": "RES-"}),
        ({"type": "string", "example": "12-34"}, "is wrong", {"pattern": r"^\d\d\-\d\d$"}),
        ({"type": "integer"}, "Input should be greater than 41", {"minimum": 42.0}),
        ({"type": "integer"}, "must be at most 3", {"maximum": 3.0}),
        ({"type": "string"}, "extra fields not permitted", OMIT),
        ({"type": "string", "default": "sat"}, "is not supported", {"const": "sat"}),
        ({"type": "boolean"}, "must be accepted", {"const": True}),
    ],
)
def test_the_likeliest_other_way_comes_first(schema: Object, said: str, way: Object) -> None:
    first = next(ways_of(schema, said))
    assert way.items() <= first.items()


def test_a_field_of_which_nothing_is_said_is_soon_left_out() -> None:
    assert [*ways_of({"type": "string"}, "is not supported")].index(OMIT) == 5


@dataclass
class Desk:
    """A service that refuses a body until its rule is kept; `heard` are the bodies."""

    rule: Callable[[dict[str, Any]], Json]
    tenant: str = "acme"
    role: str = "owner"
    credentials: dict[str, str] = field(default_factory=dict)
    heard: list[Any] = field(default_factory=list)

    def request(self, *_: Any, body: Json = None, **__: Any) -> Answer:
        self.heard.append(body)
        wrong = self.rule(body if isinstance(body, dict) else {})
        said = json.dumps(wrong or {"id": "1"})
        return Answer(status=422 if wrong else 201, headers={}, body=said, seconds=0.0)

    def curl(self, method: str, path: str, *, body: Json = None) -> str:
        return f"curl {method} {path} {body}"


def estate_of(desk: Desk, content: Json) -> tuple[Estate, Operation]:
    document: Object = {
        "paths": {"/things": {"post": {"requestBody": {"content": {"application/json": content}}}}}
    }
    (operation,) = list_operations(document)
    return open_estate(desk, document, "1", Envelope(), {}), operation


def at(name: str, message: str) -> Json:
    return {"detail": [{"loc": ["body", name], "msg": message}]}


def coded(body: dict[str, Any]) -> Json:
    code = str(body.get("code"))
    return None if code.startswith("RES-") else at("code", "code must start with RES-")


def dated(body: dict[str, Any]) -> Json:
    if body["end"] <= body["start"]:
        return {"error": "end must be after start"}
    return None if body["start"] > "2030" else {"error": "start must be in the future"}


def asking(body: dict[str, Any]) -> Json:
    if "country" not in body:
        return {"detail": [{"loc": ["body", "country"], "msg": "x", "type": "missing"}]}
    return None if body["country"] == "DE" else at("country", "unknown country")


def silent(body: dict[str, Any]) -> Json:
    return None if body.get("mood") == "calm" else {"error": "no"}


STRING: Json = {"type": "string"}
BOTH: Json = ["start", "end"]
DATE: Json = {"type": "string", "format": "date"}


@pytest.mark.parametrize(
    ("rule", "content"),
    [
        (coded, {"schema": {"properties": {"code": {**STRING, "examples": ["RES-1"]}}}}),
        (dated, {"schema": {"properties": {"start": DATE, "end": DATE}, "required": BOTH}}),
        (asking, {}),
        (silent, {"example": {"mood": "calm", "text": "a text"}}),
    ],
    ids=["a prefix", "an order of dates", "a field that the document lacks", "an example only"],
)
def test_what_helps_is_kept_for_the_next_request(rule: Any, content: Json) -> None:
    desk = Desk(rule)
    estate, operation = estate_of(desk, content)
    refused = estate.send(estate.write(operation, ()))
    assert refused.status == 422
    call, answer = mend(estate, operation, lambda: estate.write(operation, ()), refused)
    assert call is not None
    assert answer.status == 201
    assert estate.send(estate.write(operation, ())).status == 201


@pytest.mark.parametrize("own", [7, "u-7"])
def test_who_is_refused_as_somebody_else_says_that_he_is_himself(own: Json) -> None:
    desk = Desk(lambda body: None if body.get("user_id") == own else at("user_id", "Invalid user"))
    content: Json = {"schema": {"properties": {"user_id": {}}, "required": ["user_id"]}}
    estate, operation = estate_of(desk, content)
    estate.ledger.names["username"] = "ann"
    for fields in ({"id": 3, "username": "ben"}, {"id": own, "username": "ann", "motto": ""}):
        estate.ledger.take(Thing(resource="auth" if "motto" in fields else "user", fields=fields))
    refused = estate.send(estate.write(operation, ()))
    call, answer = mend(estate, operation, lambda: estate.write(operation, ()), refused)
    assert call is not None
    assert call.body == {"user_id": own}
    assert answer.status == 201


def test_what_no_way_helps_leaves_no_lesson() -> None:
    desk = Desk(lambda _: at("code", "is wrong"))
    estate, operation = estate_of(desk, {"schema": {"properties": {"code": STRING}}})
    call, _ = mend(
        estate,
        operation,
        lambda: estate.write(operation, ()),
        estate.send(estate.write(operation, ())),
    )
    assert call is None
    assert estate.envelope.taught == {}
    assert len(desk.heard) < 30


def test_only_what_stays_secret_from_the_document_s_example_gives_way_to_it() -> None:
    desk = Desk(silent)
    estate, operation = estate_of(desk, {"example": {"mood": "calm", "text": "a text"}})
    refused = estate.send(estate.write(operation, ()))
    mend(estate, operation, lambda: estate.write(operation, ()), refused)
    assert desk.heard[-1]["mood"] == "calm"


def test_a_field_that_answers_only_hold_is_not_sent() -> None:
    chance = Random(1)
    author = Author(
        document={}, chance=chance, canaries=draw_canaries(chance), refer=lambda _: None
    )
    schema: Json = {
        "properties": {"id": {**STRING, "readOnly": True}, "name": STRING},  # type: ignore[dict-item]
        "required": ["id", "name"],
    }
    assert set(author.write(schema)) == {"name"}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("schema", "low", "high"),
    [
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0, 1),
        ({"type": "integer", "minimum": 5, "exclusiveMinimum": True}, 5, 7),
        ({"type": "integer", "maximum": 5, "exclusiveMaximum": True}, 0, 5),
    ],
)
def test_excluded_limits_are_excluded(schema: Json, low: float, high: float) -> None:
    chance = Random(1)
    author = Author(
        document={}, chance=chance, canaries=draw_canaries(chance), refer=lambda _: None
    )
    assert low < author.write(schema) < high  # type: ignore[operator]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ({"scopes": ["all"]}, [["all"]]),
        ({"scopes": "all"}, []),
        ({"scopes": ["t-1"]}, []),
        ({"scopes": []}, []),
        ({"words": ["all"]}, []),
    ],
    ids=["words", "a text", "an id", "nothing", "another field"],
)
def test_a_list_whose_words_nobody_tells_is_written_as_another_of_its_kind_has_it(
    shown: dict[str, Json], expected: list[Json]
) -> None:
    tenant = owner()
    tenant.ledger.take(Thing(resource="token", fields={"id": "t-1", **shown}))
    operation = Operation(method="POST", path="/tokens")
    found = [each["const"] for each in alike_values(tenant, operation, "scopes")]
    assert found == expected
