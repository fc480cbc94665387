"""What does the document say about the conventions that every operation follows?"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from app.conduct import Readers
from app.endpoint import Declaration
from app.idempotency import HEADER, PATTERN, REPLAYED
from app.masks import PART, item_of

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
ENTITY_TAG: Json = {
    "description": "The strong entity tag of the object (RFC 9110, section 8.8.3).",
    "required": True,
    "schema": {"type": "string", "pattern": '^"[A-Za-z0-9_-]{20}(:[a-z]+)?"$'},
}
IDEMPOTENCY_KEY: Json = {
    "name": HEADER,
    "in": "header",
    "description": "Chosen by the caller for this one request. Sent again within 24 hours, the "
    "same request is not done again: it gets the same answer.",
    "schema": {"type": "string", "pattern": PATTERN},
}
REPEATED: Json = {
    "description": "The answer is a repetition: nothing was done now.",
    "schema": {"type": "string", "const": "true"},
}
NEXT: Json = {"description": '`<…>; rel="next"` (RFC 8288), if there is more.', "schema": TEXT}
WORDS = {
    "If-Match": "Do it only when the object has one of these entity tags.",
    "If-None-Match": "Do it only when the object has none of these entity tags.",
}
UNSEEN = "Answer 304 when the object has one of these entity tags."
FIELDS_WORDS = "The fields to answer with, with commas. A part has a media type of its own."
DEPRECATION: Json = {
    "description": "Since when the operation is deprecated (RFC 9745).",
    "required": True,
    "schema": {"type": "string", "pattern": "^@-?[0-9]+$"},
}
SUNSET: Json = {"description": "When it will be gone (RFC 8594).", "required": True, "schema": TEXT}


def convention_errors(declared: Declaration, readers: Readers) -> set[int]:
    """The error statuses that come from the conventions."""
    found = {409} if declared.repeatable else set()
    if readers.of(declared) is not None:
        found.add(412)
    return found | ({428} if declared.demands_match else set())


def convention_parameters(declared: Declaration, readers: Readers) -> list[Json]:
    """The request headers that the operation heeds."""
    found = [IDEMPOTENCY_KEY] if declared.repeatable else []
    if declared.tagged:
        found.append(_condition("If-None-Match", UNSEEN))
    if readers.of(declared) is not None:
        found += [_condition(name, words) for name, words in WORDS.items()]
    return deepcopy(found)


def convention_headers(declared: Declaration, readers: Readers) -> Json:
    """The response headers of the operation's success."""
    found: Json = {}
    if readers.tags(declared):
        found["ETag"] = ENTITY_TAG
    if declared.repeatable:
        found[REPLAYED] = REPEATED
    if declared.maskable and "cursor" in declared.query_names:
        found["Link"] = NEXT
    if declared.deprecation is not None:
        found["Deprecation"] = DEPRECATION
        if declared.deprecation.sunset is not None:
            found["Sunset"] = SUNSET
    return deepcopy(found)


def not_modified() -> Json:
    """304: the caller has it."""
    return {"description": "Not Modified", "headers": {"ETag": deepcopy(ENTITY_TAG)}}


def describe_mask(parameter: Json) -> None:
    """Say what `fields` is for."""
    parameter["description"] = FIELDS_WORDS


def add_part(declared: Declaration, success: Json, schemas: Json) -> None:
    """Describe the answer to a mask: the same object, with any of its fields."""
    if not declared.maskable or declared.model is None:
        return
    item = item_of(declared.model)
    name = (item or declared.model).__name__
    schemas[f"{name}Part"] = _part_of(schemas, declared.model.__name__, name)
    part: Json = {"$ref": f"#/components/schemas/{name}Part"}
    if item is not None:
        page = deepcopy(schemas[declared.model.__name__])
        page["title"] = f"{declared.model.__name__}Part"
        page["properties"]["items"]["items"] = part
        schemas[page["title"]] = page
        part = {"$ref": f"#/components/schemas/{page['title']}"}
    success["content"][PART] = {"schema": part}


def _part_of(schemas: Json, owner: str, name: str) -> Json:
    """The schema without `required`. A page's items are still described as the page's own."""
    whole = deepcopy(schemas[name] if name in schemas else schemas[f"{owner}.{name}"])
    whole.pop("required", None)
    whole["minProperties"] = 1
    whole["title"] = f"{name}Part"
    found: Json = whole
    return found


def _condition(name: str, words: str) -> Json:
    return {"name": name, "in": "header", "description": words, "schema": TEXT}
