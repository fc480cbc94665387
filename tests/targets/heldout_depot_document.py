"""The document of the order and inventory service as springdoc would make it from the code."""

from __future__ import annotations

import re
from collections import Counter

from tests.targets.heldout_depot_core import BASE, HAL, OPERATIONS, Operation, kind
from tests.targets.heldout_depot_schemas import SCHEMAS, Row, described, schema

ANY = "*/*"
COMPANY = {
    "name": "X-Company-Id",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "format": "uuid"},
}
MATCH = {"name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"}}
VERSIONED = (
    "orders",
    "suppliers",
    "coupons",
    "gift-cards",
    "employees",
    "webhooks",
    "products",
    "locations",
    "purchase-orders",
    "price-lists",
    "customers",
)
PAGING = (
    ("page", "Zero-based page index (0..N)", {"type": "integer", "default": 0, "minimum": 0}),
    ("size", "The size of the page to be returned", {"type": "integer", "default": 20}),
    (
        "sort",
        "Sorting criteria in the format: property,(asc|desc).",
        {"type": "array", "items": {"type": "string"}},
    ),
)
ERROR = {
    "type": "object",
    "properties": {
        "timestamp": {"type": "string", "format": "date-time"},
        "status": {"type": "integer", "format": "int32"},
        "error": {"type": "string"},
        "message": {"type": "string"},
        "path": {"type": "string"},
    },
}
SORT = {name: {"type": "boolean"} for name in ("empty", "sorted", "unsorted")}
PAGEABLE: Row = {name: {"type": "integer"} for name in ("pageNumber", "pageSize", "offset")}
PAGEABLE |= {name: {"type": "boolean"} for name in ("paged", "unpaged")}
PAGEABLE["sort"] = {"$ref": "#/components/schemas/SortObject"}
SPRING = {
    "ErrorResponse": ERROR,
    "SortObject": {"type": "object", "properties": SORT},
    "PageableObject": {"type": "object", "properties": PAGEABLE},
}
LINKS = {
    "type": "object",
    "additionalProperties": {"type": "object", "properties": {"href": {"type": "string"}}},
}


def listed(table: str) -> tuple[str, Row]:
    """The schema of a page, in Spring Data's manner or in HAL's."""
    item = described(f"{kind(table)}Dto")
    number: Row = {"type": "integer", "format": "int64"}
    if table in HAL:
        named = f"{kind(table)[0].lower()}{kind(table)[1:]}DtoList"
        item = described(f"EntityModel{kind(table)}Dto")
        inner = {"type": "object", "properties": {named: {"type": "array", "items": item}}}
        sizes = dict.fromkeys(("size", "totalElements", "totalPages", "number"), number)
        said: Row = {"_embedded": inner, "_links": LINKS}
        said["page"] = {"type": "object", "properties": sizes}
        return f"PagedModelEntityModel{kind(table)}Dto", {"type": "object", "properties": said}
    said = {"totalElements": number, "totalPages": number, "size": number, "number": number}
    said["content"] = {"type": "array", "items": item}
    flags = {name: {"type": "boolean"} for name in ("first", "last", "empty")}
    more = {"pageable": described("PageableObject"), "sort": described("SortObject")}
    more["numberOfElements"] = number
    return f"Page{kind(table)}Dto", {"type": "object", "properties": {**said, **flags, **more}}


def entity(table: str) -> tuple[str, Row]:
    """One of a HAL resource: its DTO with links."""
    said = schema(f"{kind(table)}Dto")
    said["properties"]["_links"] = LINKS
    return f"EntityModel{kind(table)}Dto", said


def given(gives: str) -> Row:
    if gives == "text/csv":
        return {"text/csv": {"schema": {"type": "string"}}}
    if gives == "binary":
        return {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    if gives.startswith("Page/"):
        return {ANY: {"schema": {"$ref": f"#/components/schemas/{listed(gives[5:])[0]}"}}}
    hal = {f"{kind(table)}Dto": entity(table)[0] for table in HAL}
    return {ANY: {"schema": described(hal.get(gives, gives))}}


def parameters(operation: Operation) -> list[Row]:
    found: list[Row] = []
    for name in re.findall(r"\{(\w+)\}", operation.path):
        plain = name in ("sku", "number")
        long = name in ("purchaseOrderId", "priceListId", "categoryId", "notificationId")
        of = "str" if plain else "uuid"
        said = {"type": "integer", "format": "int64"} if long else described(of)
        found.append({"name": name, "in": "path", "required": True, "schema": said})
    for word in operation.asks.split():
        name, _, of = word.partition(":")
        about = {"name": name, "in": "query", "required": operation.need == "nobody"}
        found.append(about | {"schema": described(of)})
    if operation.gives.startswith("Page/") and operation.method == "GET":
        for name, text, paging in PAGING:
            about = {"name": name, "in": "query", "required": False}
            found.append(about | {"description": text, "schema": paging})
    whole = operation.path.count("/") == 2 or operation.path.endswith("/{lineId}")
    held = whole and operation.path.split("/")[1] in VERSIONED
    changes = held and operation.method in ("PUT", "PATCH")
    if operation.need not in ("nobody", "USER"):
        found.append(COMPANY)
    return [*found, MATCH] if changes else found


def told(operation: Operation, name: str) -> Row:
    tag = kind(operation.path.split("/")[1])
    tag = re.sub(r"(?<!^)([A-Z])", r"-\1", tag).lower()
    said: Row = {"tags": [f"{tag}-controller"], "operationId": name}
    if operation.need in ("MANAGER", "OWNER"):
        said["description"] = f"hasRole('{operation.need}')"
    asked = parameters(operation)
    if asked:
        said["parameters"] = asked
    if operation.takes:
        media, body = "application/json", described(operation.takes)
        if operation.takes == "binary":
            media, body = "application/octet-stream", {"type": "string", "format": "binary"}
        said["requestBody"] = {"content": {media: {"schema": body}}, "required": True}
    phrases = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content"}
    answer: Row = {"description": phrases[operation.status]}
    if operation.gives:
        answer["content"] = given(operation.gives)
    said["responses"] = {str(operation.status): answer}
    if asked and asked[0]["in"] == "path":
        wrong = {ANY: {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}}
        said["responses"]["404"] = {"description": "Not Found", "content": wrong}
    said["security"] = [] if operation.need == "nobody" else [{"bearerAuth": []}]
    return said


def openapi() -> Row:
    """Methods of the same name in different controllers are told apart by numbers."""
    paths: Row = {}
    names: Counter[str] = Counter()
    for operation in OPERATIONS:
        name = operation.name
        serial = names[name]
        names[name] += 1
        known = paths.setdefault(BASE + operation.path, {})
        known[operation.method.lower()] = told(operation, f"{name}_{serial}" if serial else name)
    schemas = {name: schema(name) for name in SCHEMAS}
    pages = {operation.gives[5:] for operation in OPERATIONS if operation.gives[:5] == "Page/"}
    schemas |= dict(listed(table) for table in sorted(pages))
    schemas |= dict(entity(table) for table in HAL)
    roles = "Role hierarchy: OWNER > MANAGER > CLERK. X-Company-Id selects the company."
    bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Depot API", "version": "v2", "description": roles},
        "servers": [{"url": "/", "description": "Generated server url"}],
        "paths": paths,
        "components": {
            "schemas": schemas | SPRING,
            "securitySchemes": {"bearerAuth": bearer},
        },
    }
