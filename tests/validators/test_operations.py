import pytest

from gate.forms import JSON_PATCH
from gate.model import Json
from validators.document.operations import (
    Object,
    Operation,
    as_object,
    list_operations,
)
from validators.document.relations import related
from validators.document.schemes import is_satisfied, usable_schemes
from validators.document.wording import finds_people, for_all
from validators.messages.calls import Call, written

DUE = "2026-01-02T03:04:05Z"
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


@pytest.mark.parametrize(("media", "read"), [("application/json", True), ("*/*", True),
                                             ("text/csv", False)])  # fmt: skip
def test_an_answer_of_any_type_has_a_schema_like_json(media: str, read: bool) -> None:
    schema: dict[str, Json] = {"type": "object", "properties": {"id": {"type": "string"}}}
    answer: dict[str, Json] = {"200": {"content": {media: {"schema": schema}}}}
    (found,) = list_operations({"paths": {"/clients": {"post": {"responses": answer}}}})
    assert found.replies == (schema if read else {})


def test_security_of_an_operation_overrides_that_of_the_document() -> None:
    public = {each.path: each.public for each in list_operations(DOCUMENT)}
    assert public == {"/runs/{id}": False, "/health": True, "/either": True, "/admin": False}


def test_of_two_schemes_in_one_header_the_tenants_is_the_common_one() -> None:
    operations = list_operations(DOCUMENT)
    assert usable_schemes(DOCUMENT, operations, frozenset({"authorization"})) == {"key"}
    assert usable_schemes(DOCUMENT, operations, frozenset({"x-key"})) == {"header"}
    assert usable_schemes(DOCUMENT, operations, frozenset({"cookie"})) == frozenset()


def test_two_credentials_satisfy_a_scheme_each() -> None:
    operations = list_operations(DOCUMENT)
    both = frozenset({"authorization", "x-key"})
    assert usable_schemes(DOCUMENT, operations, both) == {"key", "header"}


@pytest.mark.parametrize(
    ("path", "sent", "asked"),
    [
        ("/runs/{id}", {"Authorization"}, True),
        ("/runs/{id}", {"X-Key"}, False),
        ("/health", {"X-Key"}, True),
        ("/either", {"X-Key"}, True),
    ],
)
def test_who_sends_no_such_credential_is_not_asked_for_his_role(
    path: str, sent: set[str], asked: bool
) -> None:
    (operation,) = (o for o in list_operations(DOCUMENT) if o.path == path and o.method == "GET")
    assert is_satisfied(operation, DOCUMENT, sent) is asked


FOUND: Object = {
    "components": {
        "pathItems": {"Notes": {"post": {"requestBody": {"$ref": "#/components/requestBodies/N"}}}},
        "requestBodies": {
            "N": {"content": {"application/json": {"examples": {"one": {"value": {"due": DUE}}}}}}
        },
    },
    "paths": {
        "/notes": {"$ref": "#/components/pathItems/Notes"},
        "/notes/{id}": {
            "get": {
                "parameters": [
                    {"name": "id", "in": "path"},
                    {"name": "at", "in": "query", "required": True, "example": "2026-01-02"},
                    {
                        "name": "filter",
                        "in": "query",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    },
                ]
            }
        },
        "/files": {
            "post": {
                "requestBody": {
                    "content": {
                        "multipart/form-data": {
                            "schema": {
                                "properties": {
                                    "photo": {"type": "string", "format": "binary"},
                                    "papers": {"type": "array", "items": {"format": "binary"}},
                                    "scan": {
                                        "anyOf": [
                                            {"contentMediaType": "application/pdf"},
                                            {"type": "null"},
                                        ]
                                    },
                                    "title": {"type": "string"},
                                }
                            },
                            "encoding": {"photo": {"contentType": "image/png, image/jpeg"}},
                        }
                    }
                }
            }
        },
    },
}


def test_documents_as_found_in_the_wild_are_read() -> None:
    note, read, upload = list_operations(FOUND)
    assert note.label == "POST /notes"
    assert note.samples == ({"due": DUE},)
    assert note.body["properties"] == {
        "due": {"type": "string", "format": "date-time", "example": DUE}
    }
    assert read.places == {"id": {}}
    assert read.query == {"at": {"examples": ["2026-01-02"]}}
    assert read.optional == {"filter": {"type": "object"}}
    assert upload.files == {"photo": "image/png", "papers": "text/plain", "scan": "application/pdf"}
    assert upload.speakable


def test_a_cookie_is_a_credential_like_others() -> None:
    schemes: Json = {"session": {"type": "apiKey", "in": "cookie", "name": "sid"}}
    document: Object = {
        "components": {"securitySchemes": schemes},
        "paths": {"/me": {"get": {"security": [{"session": []}]}}},
    }
    operations = list_operations(document)
    assert usable_schemes(document, operations, frozenset({"cookie"})) == {"session"}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Who leads? Shown to all customers.", "Shown to all customers"),
        ("Shared with every company.", "Shared with every company"),
        ("Available to all registered users.", "Available to all registered users"),
        ("Visible to all members.", ""),
        ("Open to all teams of the workspace.", ""),
        ("Never shown to all customers.", ""),
        ("Not available to everybody.", ""),
        ("Mails all customers.", ""),
    ],
)
def test_what_the_document_shares_with_all_tenants_is_read_from_its_words(
    words: str, found: str
) -> None:
    assert for_all(Operation(method="GET", path="/ranks", prose={"description": words})) == found


def test_a_directory_is_asked_for_others_by_their_names() -> None:
    def read(path: str, words: str) -> bool:
        return finds_people(Operation(method="GET", path=path, prose={"summary": words}))

    assert read("/users/by-name/{username}", "Find another user, for example to invite them.")
    assert not read("/users/{user_id}", "Find another user")
    assert not read("/users/by-name/{username}", "Read a user")


def table(example: str) -> Object:
    page: Json = {"type": "object", "properties": {"id": {}, "title": {}, "body": {}}}
    shown: Json = {"responses": {"200": {"content": {"application/json": {"schema": page}}}}}
    rows: Json = {"text/csv": {"schema": {"type": "string", "example": example}}}
    return {
        "paths": {
            "/pages/{id}": {"get": shown},
            "/import": {"post": {"requestBody": {"content": rows}}},
        }
    }


@pytest.mark.parametrize(
    ("example", "makes", "columns"),
    [
        ("title,body\nFirst,Hello", "page", {"title", "body"}),
        ("title,weight\nFirst,3", "", {"title", "weight"}),
        ("title", "", set()),
        ("", "", set()),
        ("no header\nhere", "", set()),
    ],
)
def test_an_import_makes_what_has_all_its_columns(
    example: str, makes: str, columns: set[str]
) -> None:
    document = table(example)
    *_, imported = related(document, list_operations(document))
    body = as_object(dict(imported.body))
    assert (imported.makes, {*as_object(body.get("properties"))}) == (makes, columns)


def test_a_json_patch_changes_what_the_object_was_made_of() -> None:
    made: Json = {"properties": {"title": {"type": "string"}, "a/b~c": {"type": "string"}}}
    patch: Json = {"type": "array", "items": {"type": "object"}}
    taken: dict[str, Json] = {"application/json": {"schema": made}}
    both: dict[str, Json] = {JSON_PATCH: {"schema": patch}, "application/merge-patch+json": {}}
    document: Object = {
        "paths": {
            "/deals": {"post": {"requestBody": {"content": taken}}},
            "/deals/{id}": {
                "patch": {"requestBody": {"content": {JSON_PATCH: {"schema": patch}}}},
                "put": {"requestBody": {"content": both}},
            },
        }
    }
    _, patched, put = related(document, list_operations(document))
    assert patched.body == {"type": "object", **as_object(made)}
    assert put.media == "application/merge-patch+json"
    call = Call(operation=patched, path=("7",), body={"title": "x", "a/b~c": None})
    assert written(call) == [
        {"op": "replace", "path": "/title", "value": "x"},
        {"op": "replace", "path": "/a~1b~0c", "value": None},
    ]


@pytest.mark.parametrize(
    ("schema", "more", "left"),
    [
        ("Operation", {}, "operation"),
        ("Deal", {}, ""),
        ("Operation", {"/operations": {"post": {}}}, ""),
    ],
)
def test_a_deletion_may_leave_what_a_path_asks_for(
    schema: str, more: dict[str, Json], left: str
) -> None:
    reply: Json = {"schema": {"$ref": f"#/components/schemas/{schema}"}}
    answer: Json = {"200": {"content": {"application/json": reply}}}
    document: Object = {
        "components": {"schemas": {schema: {"type": "object"}}},
        "paths": {
            "/deals/{id}": {"delete": {"responses": answer}},
            "/undo/{operationId}": {"post": {}},
            **more,
        },
    }
    ended, *_ = related(document, list_operations(document))
    assert ended.makes == left
