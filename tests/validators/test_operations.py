from gate.model import Json
from validators.operations import Object, list_operations, usable_schemes

BEARER: Json = {"type": "http", "scheme": "bearer"}
DOCUMENT: Object = {
    "security": [{"key": []}],
    "components": {
        "securitySchemes": {
            "operator": BEARER,
            "key": BEARER,
            "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
        },
        "parameters": {"page": {"in": "query", "name": "page", "required": True, "schema": {}}},
    },
    "paths": {
        "/runs/{id}": {
            "parameters": [{"$ref": "#/components/parameters/page"}],
            "get": {},
            "put": {
                "requestBody": {"content": {"application/merge-patch+json": {"schema": {"a": 1}}}}
            },
        },
        "/health": {"get": {"security": []}},
        "/either": {"get": {"security": [{"key": []}, {}]}},
        "/admin": {"get": {"security": [{"operator": []}]}},
    },
}


def test_an_operation_knows_its_path_query_and_body() -> None:
    get, put, *_ = list_operations(DOCUMENT)
    assert (get.label, get.names, get.reads_one) == ("GET /runs/{id}", ("id",), True)
    assert get.query == {"page": {}}
    assert put.body == {"a": 1}


def test_security_of_an_operation_overrides_that_of_the_document() -> None:
    public = {each.path: each.public for each in list_operations(DOCUMENT)}
    assert public == {"/runs/{id}": False, "/health": True, "/either": True, "/admin": False}


def test_of_two_schemes_in_one_header_the_tenants_is_the_common_one() -> None:
    operations = list_operations(DOCUMENT)
    assert usable_schemes(DOCUMENT, operations, frozenset({"authorization"})) == {"key"}
    assert usable_schemes(DOCUMENT, operations, frozenset({"x-key"})) == {"header"}
    assert usable_schemes(DOCUMENT, operations, frozenset({"cookie"})) == frozenset()
