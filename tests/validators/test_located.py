"""What is known of an object whose maker is only told where it is?"""

from __future__ import annotations

import pytest
from werkzeug.wrappers import Request, Response

from gate.check import Answer
from gate.model import Json
from gate.testbed.client import HttpClient
from tests.targets.serving import running, wsgi
from validators.document.names import slots_of
from validators.document.operations import Operation
from validators.estates.handles import located
from validators.estates.things import find_things
from validators.messages.calls import Call

CREATE = Operation(method="POST", path="/v2/orders")


@Request.application
def orders(request: Request) -> Response:
    """One order, which its maker may read."""
    if request.path == "/v2/orders/o-7":
        return Response('{"number": "A-1", "id": "o-7"}', mimetype="application/json")
    return Response(status=404)


def found(location: str, body: str = "") -> Json:
    with running(wsgi(orders)) as base_url:
        answer = Answer(status=201, headers={"location": location}, body=body, seconds=0.0)
        return located(HttpClient(base_url=base_url), Call(operation=CREATE), answer)


def test_what_was_made_is_read_where_the_answer_says_that_it_is() -> None:
    assert found("/v2/orders/o-7") == {"number": "A-1", "id": "o-7"}


@pytest.mark.parametrize("place", ["https://api.example.org", "/gateway", ""])
def test_the_address_is_taken_as_the_target_is_reached(place: str) -> None:
    assert found(f"{place}/v2/orders/o-7") == {"number": "A-1", "id": "o-7"}


def test_what_its_maker_may_not_read_is_known_by_its_id() -> None:
    assert found("/v2/orders/o%208") == {"id": "o 8"}


def test_an_answer_that_says_nothing_made_nothing_known() -> None:
    assert found("") is None


def test_what_an_answer_calls_by_its_name_alone_is_read_there() -> None:
    assert found("", '"o-7"') == {"number": "A-1", "id": "o-7"}
    made = "8f14e45f-ceea-467f-a8a0-0f3c1d2b4a5e"
    assert found("", f'"{made}"') == {"id": made}


@pytest.mark.parametrize("word", ['"created"', "true", '""', "17"])
def test_a_word_that_leads_nowhere_names_nothing(word: str) -> None:
    assert found("", word) is None


def test_a_page_is_no_object_and_its_number_no_id() -> None:
    row: Json = {"id": "o-1", "number": "A-1"}
    page: Json = {"content": [row], "number": 0, "size": 20, "totalElements": 1, "totalPages": 1}
    assert [each.id for each in find_things("order", page, {})] == ["o-1"]
    assert [each.id for each in find_things("order", {"items": [], "number": "A-1"}, {})] == ["A-1"]


@pytest.mark.parametrize("relation", ["orders", "orderList", "orderDtoList", "orderModelList"])
def test_a_relation_is_named_by_what_it_holds_or_by_its_class(relation: str) -> None:
    body: Json = {"_embedded": {relation: [{"id": "o-1"}]}}
    assert [(each.resource, each.id) for each in find_things("page", body, {})] == [
        ("order", "o-1")
    ]


def test_a_way_to_look_something_up_is_no_noun() -> None:
    assert slots_of("/products/by-sku/{sku}") == (("product", "sku"),)
    assert slots_of("/orders/byNumber/{number}") == (("order", "number"),)
    assert slots_of("/bylaws/{id}") == (("bylaw", "id"),)
