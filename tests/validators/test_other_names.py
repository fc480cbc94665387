"""Names in other styles: keys that callers choose, brackets, and requests for many at once."""

from __future__ import annotations

import pytest

from validators.document.names import resource_in, resource_of, verb_of
from validators.estates.things import find_things


@pytest.mark.parametrize(
    ("name", "resource"),
    [("filter[customer]", "customer"), ("bin_code", "bin"), ("warehouseCode", "warehouse")],
)
def test_a_name_says_what_it_refers_to(name: str, resource: str) -> None:
    assert resource_in(name) == resource


def test_bulk_says_neither_what_is_done_nor_to_what() -> None:
    assert resource_of("/api/items/bulk") == "item"
    assert verb_of("/api/items/bulk-delete") == "delete"
    assert verb_of("/api/customer.getMany") == "get"


@pytest.mark.parametrize(
    ("resource", "fields", "expected"),
    [
        ("item", {"sku": "A-1", "title": "x"}, "A-1"),
        ("bin", {"bin_code": "B-1", "remark": ""}, "B-1"),
        ("ticket", {"id": "7", "attributes": {"sku": "no"}}, "7"),
    ],
)
def test_an_object_is_named_as_the_paths_of_the_document_name_it(
    resource: str, fields: dict[str, object], expected: str
) -> None:
    (thing,) = find_things(resource, fields, {}, {"item": ("sku",)})  # type: ignore[arg-type]
    assert thing.id == expected


def test_the_attributes_of_json_api_are_fields_of_the_object() -> None:
    answer = {"data": {"type": "tickets", "id": "7", "attributes": {"subject": "s"}}}
    (thing,) = find_things("ticket", answer, {})  # type: ignore[arg-type]
    assert thing.fields["subject"] == "s"
