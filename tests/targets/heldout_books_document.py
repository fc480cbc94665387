"""The document of the bookkeeping service as Swashbuckle would make it from the code."""

from __future__ import annotations

import re

from tests.targets.heldout_books_core import GUIDS, OPERATIONS, Operation, paging
from tests.targets.heldout_books_schemas import ENUMS, SCHEMAS, Row, described, schema
from tests.targets.heldout_books_target import COOKIE

TEXTS = ("text/plain", "application/json", "text/json")
BODIES = ("application/json", "text/json", "application/*+json")
PHRASES = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content"}
# These controllers have ProducesResponseType for what goes wrong; the others were left as they are.
CAREFUL = ("Invoices", "Customers", "CreditNotes", "Imports", "Account", "BankAccounts")
PROBLEM = {
    "type": "object",
    "properties": {
        **{name: {"type": "string", "nullable": True} for name in ("type", "title")},
        "status": {"type": "integer", "format": "int32", "nullable": True},
        **{name: {"type": "string", "nullable": True} for name in ("detail", "instance")},
    },
    "additionalProperties": {},
}
UPLOAD = {"file": {"type": "string", "format": "binary"}}


def several(media: tuple[str, ...], said: Row) -> Row:
    return {each: {"schema": said} for each in media}


def page(dto: str) -> Row:
    items = {"type": "array", "items": described(dto), "nullable": True}
    number = described("int")
    sizes = dict.fromkeys(("totalCount", "pageIndex", "pageSize"), number)
    properties = {"items": items, **sizes}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def given(gives: str) -> Row:
    if gives == "text/csv":
        return {"text/csv": {"schema": {"type": "string"}}}
    if gives == "file":
        binary = {"type": "string", "format": "binary"}
        return {"application/octet-stream": {"schema": binary}}
    if gives.startswith("Page/"):
        return several(TEXTS, described(f"{gives[5:]}PagedResult"))
    return several(TEXTS, described(gives))


def parameters(operation: Operation) -> list[Row]:
    found: list[Row] = []
    for name in re.findall(r"\{(\w+)\}", operation.path):
        of = "guid" if operation.controller in GUIDS else "int"
        of = "str" if name in ("token", "number") else of
        found.append({"name": name, "in": "path", "required": True, "schema": described(of)})
    for word in paging(operation).split():
        name, _, of = word.partition(":")
        said = described(of)
        if name in ("PageIndex", "PageSize"):
            said["default"] = 0 if name == "PageIndex" else 20
        found.append({"name": name, "in": "query", "schema": said})
    return found


def told(operation: Operation) -> Row:
    said: Row = {"tags": [operation.controller]}
    if asked := parameters(operation):
        said["parameters"] = asked
    if operation.takes == "file":
        more = {"invoiceId": described("int")} if operation.controller == "Attachments" else {}
        form: Row = {"type": "object", "properties": {**UPLOAD, **more}}
        encoding = {name: {"style": "form"} for name in form["properties"]}
        media = {"multipart/form-data": {"schema": form, "encoding": encoding}}
        said["requestBody"] = {"content": media}
    elif operation.takes:
        said["requestBody"] = {"content": several(BODIES, described(operation.takes))}
    answer: Row = {"description": PHRASES[operation.status]}
    if operation.gives:
        answer["content"] = given(operation.gives)
    said["responses"] = {str(operation.status): answer}
    wrong = several(TEXTS, described("ProblemDetails"))
    if operation.controller in CAREFUL and operation.takes:
        said["responses"]["400"] = {"description": "Bad Request", "content": wrong}
    if operation.controller in CAREFUL and asked and asked[0]["in"] == "path":
        said["responses"]["404"] = {"description": "Not Found", "content": wrong}
    if operation.need != "nobody":  # by an operation filter, from [Authorize]
        said["responses"]["401"] = {"description": "Unauthorized"}
        if operation.need != "Bookkeeper":
            said["responses"]["403"] = {"description": "Forbidden"}
        said["security"] = [{"cookie": []}]
        if operation.controller in ("Invoices", "Customers", "Vendors"):
            said["security"].append({"apiKey": []})
    return said


def openapi() -> Row:
    paths: Row = {}
    for operation in sorted(OPERATIONS, key=lambda each: each.controller):
        paths.setdefault(operation.path, {})[operation.method.lower()] = told(operation)
    schemas = {name: schema(name) for name in (*SCHEMAS, *ENUMS)}
    for operation in OPERATIONS:
        if operation.gives.startswith("Page/"):
            schemas[f"{operation.gives[5:]}PagedResult"] = page(operation.gives[5:])
    return {
        "openapi": "3.0.1",
        "info": {"title": "Books.Api", "version": "v1"},
        "paths": paths,
        "components": {
            "schemas": dict(sorted((schemas | {"ProblemDetails": PROBLEM}).items())),
            "securitySchemes": {
                "cookie": {"type": "apiKey", "name": COOKIE, "in": "cookie"},
                "apiKey": {"type": "apiKey", "name": "X-Api-Key", "in": "header"},
            },
        },
    }
