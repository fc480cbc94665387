"""Which operations does an OpenAPI document declare, and what do they ask for?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gate.forms import JSON_PATCH, MULTIPART, PLAIN, TABLE, is_form
from gate.model import Json
from validators.document.likeness import row_like, schema_like
from validators.document.names import (
    ACCOUNT,
    ENDING,
    PARAMETER,
    READING,
    SELF,
    SIGNING,
    resource_of,
    slots_of,
    verb_of,
    words_of,
)

Object = Mapping[str, Json]
ROLE_WORDS = ("x-required-roles", "x-roles", "x-required-role", "x-role", "x-allowed-roles")
RIGHT_WORDS = ("x-required-permissions", "x-permissions", "x-required-permission", "x-permission")
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
ANY = "*/*"
NOTHING: Object = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path. `schemes`: alternatives of security schemes; empty means public.

    `query` and `headers` are the schemas of what a request must have, `optional` of query
    parameters that it may have, `spoken` the headers that it may have, `places` the schemas of the
    path's; `media` is the type of the body, `files` the types of a form's fields that are files,
    `samples` the document's examples of the body, `replies` the schema of a success, `makes` the
    resource that it makes when the path names another one. `keys`: by resource, what the document's
    paths call that which names one.
    `prose` is what the document says in words, by place; `reads`: it was seen to only read.
    """

    method: str
    path: str
    places: Object = field(default_factory=dict)
    query: Object = field(default_factory=dict)
    optional: Object = field(default_factory=dict)
    headers: Object = field(default_factory=dict)
    spoken: tuple[str, ...] = ()
    body: Object = field(default_factory=dict)
    media: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    samples: Sequence[Json] = ()
    replies: Object = field(default_factory=dict)
    streams: bool = False
    roles: tuple[str, ...] = ()
    schemes: tuple[frozenset[str], ...] = ()
    makes: str = ""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    prose: Mapping[str, str] = field(default_factory=dict)
    reads: bool = False

    @property
    def label(self) -> str:
        """The stable name, `GET /v1/runs/{run_id}`."""
        return f"{self.method} {self.path}"

    @property
    def names(self) -> tuple[str, ...]:
        """The path parameters from left to right."""
        return tuple(PARAMETER.findall(self.path))

    @property
    def public(self) -> bool:
        """Does the document let anybody in?"""
        return not self.schemes or frozenset() in self.schemes

    @property
    def verb(self) -> str:
        """The verb in its path, if there is one."""
        return verb_of(self.path)

    @property
    def resource(self) -> str:
        """What it is about."""
        return resource_of(self.path)

    @property
    def product(self) -> str:
        """What its answer is about."""
        return self.makes or self.resource

    @property
    def safe(self) -> bool:
        """Does it only read: GET, or a POST that says so (`/search`, `/getInvoice`)?"""
        by_word = self.method == "POST" and self.verb in READING and not self.makes
        return self.method == "GET" or by_word or self.reads

    @property
    def ends(self) -> bool:
        """Does it end what it acts on?"""
        return self.method == "DELETE" or self.verb in ENDING

    @property
    def signs_in(self) -> bool:
        """Does it concern how an account signs in or out?"""
        literal = [part for part in self.path.split("/") if part and not PARAMETER.search(part)]
        return bool(SIGNING & set(words_of(literal[-1]))) if literal else False

    @property
    def speakable(self) -> bool:
        """Can its body be written here, and its answer be read to the end?"""
        return not self.streams

    @property
    def reads_one(self) -> bool:
        """Does the path end in an id?"""
        return self.path.rstrip("/").endswith("}")


def spared(operation: Operation) -> tuple[str, ...]:
    """What a change of the caller's own account leaves as it is: how he signs in, what he may."""
    own = operation.resource in SELF or operation.resource == "user"
    change = operation.method in {"PUT", "PATCH"} and not operation.names
    return (*ACCOUNT, *SIGNING, "role", "roles") if own and change else ()


def as_object(value: Json) -> Object:
    """The value as a JSON object; anything else is an empty one."""
    return value if isinstance(value, dict) else NOTHING


def as_list(value: Json) -> Sequence[Json]:
    """The value as a JSON array; anything else is an empty one."""
    return value if isinstance(value, list) else ()


def list_operations(document: Object) -> tuple[Operation, ...]:
    """Every operation, in the order of the document (OpenAPI 3.1, section 4.8)."""
    found = tuple(walk(document))
    keys: dict[str, tuple[str, ...]] = {}
    for each in found:
        for resource, name in slots_of(each.path):
            keys[resource] = tuple(dict.fromkeys((*keys.get(resource, ()), name)))
    return tuple(replace(each, keys=keys) for each in found)


def walk(document: Object) -> Iterator[Operation]:
    """The operations one by one."""
    for path, item in as_object(document.get("paths")).items():
        whole = resolve(document, item)
        shared = as_list(whole.get("parameters"))
        for method, declared in whole.items():
            if method in METHODS:
                yield read(document, method.upper(), path, as_object(declared), shared)


def read(
    document: Object, method: str, path: str, declared: Object, shared: Sequence[Json]
) -> Operation:
    """One operation as the document declares it."""
    parameters = [*shared, *as_list(declared.get("parameters"))]
    media, content = content_of(document, declared)
    samples = samples_of(document, content)
    body = as_object(content["schema"]) if "schema" in content else guessed(media, samples)
    if media.startswith(TABLE):
        body = row_in([*samples, body.get("example"), *as_list(body.get("examples"))]) or body
    success = success_of(document, declared)
    return Operation(
        method=method,
        path=path,
        places=schemas_of(document, parameters, "path", required=True),
        query=schemas_of(document, parameters, "query", required=True),
        optional=schemas_of(document, parameters, "query", required=False),
        headers=schemas_of(document, parameters, "header", required=True),
        spoken=(*schemas_of(document, parameters, "header", required=False),),
        body=body,
        media=media,
        files=files_of(document, body, content) if media.startswith(MULTIPART) else {},
        samples=samples,
        replies=schema_in(success),
        streams="text/event-stream" in as_object(success.get("content")),
        roles=roles_of(declared),
        schemes=alternatives(declared.get("security", document.get("security"))),
        prose=prose_of(document, declared),
    )


def prose_of(document: Object, declared: Object) -> dict[str, str]:
    """What is said in words of an operation and of its refusals; names of a list by the line."""
    answers = as_object(declared.get("responses"))
    refusal, conflict = (resolve(document, answers.get(status)) for status in ("403", "409"))
    asked = [as_object(each) for each in as_list(declared.get("security"))]
    scopes = [str(scope) for each in asked for names in each.values() for scope in as_list(names)]
    said = {
        "summary": declared.get("summary"),
        "description": declared.get("description"),
        "answer 403": refusal.get("description"),
        "answer 409": conflict.get("description"),
        "operationId": declared.get("operationId"),
        "tags": "\n".join(map(str, as_list(declared.get("tags")))),
        "scopes": "\n".join(scopes),
        "permissions": " and ".join(names_in(declared, RIGHT_WORDS)),
    }
    return {place: str(text) for place, text in said.items() if text}


def roles_of(declared: Object) -> tuple[str, ...]:
    """The roles that the document lets in, by one of the usual extensions; empty when silent."""
    return names_in(declared, ROLE_WORDS)


def names_in(declared: Object, extensions: Sequence[str]) -> tuple[str, ...]:
    """The names under the first of these extensions that is there."""
    for word in extensions:
        found = declared.get(word)
        names = as_list(found) or ([found] if isinstance(found, str) else [])
        if names:
            return tuple(str(each) for each in names)
    return ()


def alternatives(security: Json) -> tuple[frozenset[str], ...]:
    """The sets of schemes of which one must be satisfied."""
    return tuple(frozenset(as_object(each)) for each in as_list(security))


def schemas_of(
    document: Object, parameters: Sequence[Json], place: str, *, required: bool
) -> Object:
    """The schemas of the parameters of one place, those that must or those that may be given."""
    found = [resolve(document, parameter) for parameter in parameters]
    return {
        str(each["name"]): schema_of(document, each)
        for each in found
        if each.get("in") == place and (place == "path" or each.get("required") is True) is required
    }


def schema_of(document: Object, parameter: Object) -> dict[str, Json]:
    """The schema of a parameter, with the words and examples that stand beside it."""
    inside = as_object(next(iter(as_object(parameter.get("content")).values()), None))
    schema = dict(as_object(parameter.get("schema", inside.get("schema"))))
    if "description" in parameter:
        schema.setdefault("description", parameter["description"])
    samples = samples_of(document, parameter)
    if samples:
        schema["examples"] = [*samples, *as_list(schema.get("examples"))]
    return schema


def content_of(document: Object, operation: Object) -> tuple[str, Object]:
    """The media type of the body and what is said of it; none is `("", {})`.

    JSON is preferred, and to a JSON Patch any other.
    """
    content = as_object(resolve(document, operation.get("requestBody")).get("content"))
    known = sorted(content, key=lambda each: ("json" not in each, each.startswith(JSON_PATCH)))
    media = next(iter(known), "")
    return media, as_object(content.get(media))


def samples_of(document: Object, declared: Object) -> tuple[Json, ...]:
    """The examples of a body or parameter: `example`, named `examples`, those of its schema."""
    schema = resolve(document, declared.get("schema"))
    named = as_object(declared.get("examples")).values()
    found = [declared.get("example"), *(resolve(document, each).get("value") for each in named)]
    if "properties" in schema or not schema:
        found += [schema.get("example"), *as_list(schema.get("examples"))]
    return tuple(each for each in found if each is not None)


def guessed(media: str, samples: Sequence[Json]) -> Object:
    """The schema of a body of which the document shows examples at most."""
    if samples:
        return schema_like(samples[0])
    return {"type": "object"} if "json" in media or is_form(media) else NOTHING


def row_in(samples: Sequence[Json]) -> Object:
    """The schema of a table's row, by the first example that has a header."""
    texts = (each for each in samples if isinstance(each, str))
    return next(filter(None, map(row_like, texts)), NOTHING)


def files_of(document: Object, schema: Object, content: Object) -> dict[str, str]:
    """The fields of a multipart form that are files, with the media type of each."""
    encoding, found = as_object(content.get("encoding")), {}
    for name, each in as_object(resolve(document, dict(schema)).get("properties")).items():
        plain = resolve(document, each)
        parts: list[Json] = [dict(plain), *as_list(plain.get("anyOf")), plain.get("items")]
        for option in [resolve(document, part) for part in parts]:
            media = str(option.get("contentMediaType", ""))
            if media or option.get("format") in {"binary", "byte"}:
                said = str(as_object(encoding.get(name)).get("contentType", media))
                first = said.partition(",")[0].strip()
                general = not first or "*" in first or first == "application/octet-stream"
                found[name] = PLAIN if general else first
    return found


def success_of(document: Object, operation: Object) -> Object:
    """The declared answer of the first success status."""
    answers = as_object(operation.get("responses"))
    status = next((each for each in sorted(answers) if each.startswith("2")), "")
    return resolve(document, answers.get(status))


def schema_in(declared: Object) -> Object:
    """The schema of a declared JSON answer, empty when there is none.

    One of any type is JSON unless it says otherwise (`*/*`, as Spring's documents have it).
    """
    for media, content in as_object(declared.get("content")).items():
        if "json" in media or media == ANY:
            return as_object(as_object(content).get("schema"))
    return NOTHING


def resolve(document: Object, value: Json) -> Object:
    """Follow `$ref` inside the document (RFC 6901) until something else stands there."""
    found = as_object(value)
    for _ in range(20):
        reference = found.get("$ref")
        if not isinstance(reference, str):
            return found
        target: Json = dict(document)
        for part in reference.removeprefix("#/").split("/"):
            target = as_object(target).get(part.replace("~1", "/").replace("~0", "~"))
        found = as_object(target)
    raise ValueError("the document's references run in a circle")
