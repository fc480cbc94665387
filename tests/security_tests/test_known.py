"""Does the fuzzer get to know what exists, and is it told so that it uses it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from gate.check import Answer, NoAnswerError
from gate.model import Json
from security_tests.document import Route
from security_tests.fuzz_report import Case
from security_tests.known import (
    Known,
    items_of,
    living,
    made_by,
    named_by,
    places_in,
    walk,
    with_examples,
)

PATHS = (
    "/shops/{shop}/books",
    "/shops",
    "/shops/{shop}",
    "/books/{book_id}/pages/{page}",
    "/books/{book_id}/pages",
    "/books/{book_id}:burn",
    "/me",
)
ROUTES = tuple(Route(method="GET", path=path, secured=True) for path in PATHS)
ANSWERS = {
    "/shops": '{"items": [{"id": "s2"}, {"id": "s1"}], "next": null}',
    "/shops/s1/books": '[{"id": "b1"}]',
    "/shops/s2/books": '[{"id": "b2", "title": "x"}]',
    "/books/b1/pages": '{"pages": [{"id": "p", "page": 7}]}',
}


@dataclass
class Shop:
    """A client of a target with these lists; anything else it does not have."""

    asked: list[str] = field(default_factory=list)

    def request(self, _: str, path: str) -> Answer:
        self.asked.append(path)
        if path == "/books/b2/pages":
            raise NoAnswerError
        status = 200 if path in ANSWERS else 404
        return Answer(status=status, headers={}, body=ANSWERS.get(path, "{}"), seconds=0)


def test_lists_are_walked_from_parents_to_children() -> None:
    client: Any = Shop()
    found = walk(client, ROUTES)
    assert client.asked == [
        *("/shops", "/shops/s1/books", "/shops/s2/books"),
        *("/books/b1/pages", "/books/b2/pages"),
    ]
    assert {"shop": "s1", "book_id": "b1", "page": 7} in found
    assert {"shop": "s2", "book_id": "b2"} in found


def test_the_newest_item_is_the_last_to_be_known() -> None:
    client: Any = Shop()
    assert [each for each in walk(client, ROUTES) if len(each) == 1] == [
        {"shop": "s1"},
        {"shop": "s2"},
    ]


def test_a_list_is_named_by_the_parameter_behind_its_noun() -> None:
    named = {route.path: named_by(route, ROUTES) for route in ROUTES}
    assert {path: name for path, name in named.items() if name} == {
        "/shops/{shop}/books": "book_id",
        "/shops": "shop",
        "/books/{book_id}/pages": "page",
    }


def test_a_list_may_be_the_answer_or_in_it() -> None:
    assert items_of([1]) == [1]
    assert items_of({"next": None, "data": [2]}) == [2]
    assert items_of({"id": "x"}) == []
    assert items_of(None) == []


DOCUMENT: Mapping[str, Json] = {
    "paths": {
        "/books/{book_id}/pages/{page}": {
            method: {
                "parameters": [
                    {"in": "path", "name": "book_id"},
                    {"in": "path", "name": "page"},
                    {"in": "query", "name": "page"},
                ]
            }
            for method in ("get", "delete")
        },
        "/other/{other}": {"get": {"parameters": [{"in": "path", "name": "other"}]}},
    },
    "components": {
        "schemas": {"Mark": {"properties": {"book_id": {}, "page": {}, "text": {}}}, "Text": {}}
    },
}
FOUND: list[Known] = [{"book_id": "b1", "page": 7}, {"book_id": "b2", "page": 9}, {"book_id": "b3"}]


def test_parameters_get_examples_that_belong_together() -> None:
    told: Any = with_examples(DOCUMENT, FOUND)
    book, page, query = told["paths"]["/books/{book_id}/pages/{page}"]["get"]["parameters"]
    assert book["examples"] == {"0": {"value": "b1"}, "1": {"value": "b2"}}
    assert page["examples"] == {"0": {"value": 7}, "1": {"value": 9}}
    assert "examples" not in query


def test_what_would_be_gone_afterwards_and_what_is_unknown_get_none() -> None:
    told: Any = with_examples(DOCUMENT, FOUND)
    paths: Any = DOCUMENT["paths"]
    path = "/books/{book_id}/pages/{page}"
    assert told["paths"][path]["delete"] == paths[path]["delete"]
    assert told["paths"]["/other/{other}"] == paths["/other/{other}"]
    assert with_examples(DOCUMENT, []) == DOCUMENT


def test_fields_get_the_values_of_one_entry() -> None:
    told: Any = with_examples(DOCUMENT, FOUND)
    fields = told["components"]["schemas"]["Mark"]["properties"]
    assert fields == {"book_id": {"examples": ["b2"]}, "page": {"examples": [9]}, "text": {}}


CASE = Case(
    operation="POST /shops/{shop}/books",
    phase="coverage",
    method="POST",
    path="/shops/s1/books?fast=1",
    body=None,
    sent="",
    signed=True,
    status=201,
    answer='{"id": "b9"}',
    failed=(),
)


def test_what_a_request_made_is_known_with_its_parents() -> None:
    assert made_by(CASE, ROUTES) == {"shop": "s1", "book_id": "b9"}
    page = replace(CASE, operation="POST /books/{book_id}/pages", path="/books/b1/pages")
    assert made_by(replace(page, answer='{"id": "x", "page": 3}'), ROUTES) == {
        "book_id": "b1",
        "page": 3,
    }


@pytest.mark.parametrize(
    "other",
    [
        replace(CASE, status=409),
        replace(CASE, method="GET"),
        replace(CASE, answer="no JSON"),
        replace(CASE, answer='["b9"]'),
        replace(CASE, operation="POST /me", path="/me"),
    ],
)
def test_what_made_nothing_is_not_known(other: Case) -> None:
    assert made_by(other, ROUTES) == {}


def test_numbers_in_a_path_are_numbers() -> None:
    assert places_in("/books/{book_id}/pages/{page}:burn", "/books/b1/pages/7:burn") == {
        "book_id": "b1",
        "page": 7,
    }
    assert places_in("/books/{book_id}", "/books/b1/x") == {}


def test_what_is_gone_is_not_known() -> None:
    client: Any = Shop()
    routes = [Route(method="GET", path="/shops/s1/books", secured=True), *ROUTES]
    dead: list[Known] = [{"shop": "s1", "book_id": "b1", "page": 8}]
    unread: list[Known] = [{"shop": "s1", "book_id": "b1"}]
    assert list(living(client, routes, dead + unread)) == unread
    assert client.asked == ["/books/b1/pages/8"]
