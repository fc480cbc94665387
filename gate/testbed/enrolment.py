"""How does a document say that somebody signs up, signs in, and shows who he is?

Only names and schemas are looked at; what is asked for is filled by a `Filler`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from gate.forms import MULTIPART, is_form
from gate.model import Json

Document = Mapping[str, Json]
Filler = Callable[[str, Json], Json]
REGISTER = re.compile(
    r"(?i)(register|registration|sign-?_?up|enrol|onboard|create-?_?(user|account|tenant))"
)
MAKES = re.compile(
    r"(?i)/(users|accounts|tenants|organi[sz]ations|workspaces|customers|members)/?$"
)
LOGIN = re.compile(
    r"(?i)(log-?_?in|sign-?_?in|authenticate|\btokens?\b|sessions?\b|\bauth/?$|\bjwt\b)"
)
ENTRY = re.compile(r"(?i)(log-?_?in|sign-?_?in)")
OTHER = re.compile(r"(?i)refresh|reset|forgot|recover|verif|confirm|revoke|logout|sign-?_?out|test")
PASSWORD = re.compile(r"(?i)(pass(word|wd|phrase|code)?\d?$|pass(word|wd)|pwd|secret|\bpin$)")
ACCOUNT = re.compile(r"(?i)(mail|user|login|name|handle|nick|account|identifier)")
TOKEN = re.compile(r"(?i)(access_?token|token|jwt|api_?key|secret|session(_?id)?)$")
WORD = r"(Bearer|Token|JWT|Api-?Key)"
PREFIX = re.compile(
    rf"(?i:prefix)\W+{WORD}\b|\b{WORD}:?\s+[<{{\[(]?(?:x{{2,}}|your|[a-z_ -]*(?:token|key)[>}}\])])"
)
USUAL = {
    "date": "1990-01-02",
    "date-time": "1990-01-02T03:04:05Z",
    "uri": "https://example.org/",
}
DEEPEST = 5
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """An operation that takes somebody in: its path, and the schema and media type of its body."""

    path: str
    media: str
    schema: Json
    operation: Json
    open: bool

    @property
    def names(self) -> str:
        """What it is called."""
        return f"{self.path} {member(self.operation, 'operationId')}"

    @property
    def encoding(self) -> Literal["json", "form", "multipart"]:
        """How its body is written, in the words of a target file."""
        if not is_form(self.media):
            return "json"
        return "multipart" if self.media.startswith(MULTIPART) else "form"


def registration(document: Document) -> Post | None:
    """The operation by which anybody becomes a user or tenant."""
    found = [each for each in posts(document) if has_password(document, each.schema)]
    found.sort(key=lambda each: not each.open)
    named = [each for each in found if REGISTER.search(each.names) and not OTHER.search(each.path)]
    made = [
        each
        for each in found
        if each.open and MAKES.search(each.path) and not LOGIN.search(each.path)
    ]
    return next(iter([*named, *made]), None)


def login(document: Document) -> Post | None:
    """The operation that gives a credential for a password; one that takes JSON is preferred."""
    made = registration(document)
    found = [
        each
        for each in posts(document)
        if LOGIN.search(each.path)
        and not OTHER.search(each.path)
        and (made is None or each.path != made.path)
        and has_password(document, each.schema)
    ]
    found.sort(
        key=lambda each: (not each.open, each.encoding != "json", not ENTRY.search(each.path))
    )
    return next(iter(found), None)


def posts(document: Document) -> Iterator[Post]:
    """The POST operations without a parameter in their path.

    Some documents ask for a credential everywhere, so that those that are `open` only come first.
    """
    for path, item in members(document.get("paths")):
        operation = member(resolved(document, item), "post")
        if "{" in path or not isinstance(operation, dict):
            continue
        content = member(resolved(document, operation.get("requestBody")), "content")
        names = [media for media, _ in members(content)]
        media = next((each for each in names if "json" in each), next(iter(names), ""))
        schema = member(member(content, media), "schema") or liked(member(content, media))
        yield Post(
            path=path,
            media=media,
            schema=schema,
            operation=operation,
            open=not asks(document, operation),
        )


def liked(content: Json) -> Json:
    """A schema with the names of the example that stands in its place."""
    named = [member(each, "value") for _, each in members(member(content, "examples"))]
    sample = next((each for each in (member(content, "example"), *named) if each), None)
    properties: dict[str, Json] = {name: {"example": each} for name, each in members(sample)}
    return {"type": "object", "properties": properties, "required": [*properties]}


def asks(document: Document, operation: Json) -> bool:
    """Does an operation ask for a credential?"""
    own = member(operation, "security")
    wanted = document.get("security") if own is None else own
    return bool(wanted) and not (isinstance(wanted, list) and {} in wanted)


def has_password(document: Document, schema: Json) -> bool:
    """Does a body hold a password, at any depth?"""
    return any(PASSWORD.search(name) for name, _ in leaves(document, schema))


def leaves(document: Document, schema: Json, depth: int = 0) -> Iterator[tuple[str, Json]]:
    """All fields of a body that hold no further ones."""
    for name, each in properties(document, schema).items():
        inner = properties(document, each)
        if inner and depth < DEEPEST:
            yield from leaves(document, each, depth + 1)
        else:
            yield name, each


def properties(document: Document, schema: Json) -> dict[str, Json]:
    """The properties of a schema, also of its parts and of its first option."""
    plain = resolved(document, schema)
    parts = member(plain, "allOf")
    found: dict[str, Json] = {}
    for part in parts if isinstance(parts, list) else []:
        found |= properties(document, part)
    for word in ("anyOf", "oneOf"):
        options = member(plain, word)
        for option in options[:1] if isinstance(options, list) else []:
            found |= properties(document, option)
    return {**found, **dict(members(member(plain, "properties")))}


def body_of(document: Document, schema: Json, fill: Filler, depth: int = 0) -> dict[str, Json]:
    """A body with what is required, or with all that is known where nothing is said to be."""
    plain, known = resolved(document, schema), properties(document, schema)
    said = required(document, plain)
    body: dict[str, Json] = {}
    for name, each in known.items():
        inner, wanted = properties(document, each), name in said or name == "grant_type"
        telling = bool(PASSWORD.search(name)) or bool(ACCOUNT.search(name)) or bool(inner)
        if member(resolved(document, each), "readOnly") is True:
            continue
        if wanted or (not said and telling):
            deeper = inner and depth < DEEPEST
            body[name] = (
                body_of(document, each, fill, depth + 1)
                if deeper
                else fill(name, option_of(document, each))
            )
    return body


def required(document: Document, schema: Json) -> set[str]:
    """The names that a schema or one of its parts requires."""
    plain = resolved(document, schema)
    said = member(plain, "required")
    found = {str(each) for each in said} if isinstance(said, list) else set()
    for word in ("allOf", "anyOf", "oneOf"):
        options = member(plain, word)
        for part in options[: None if word == "allOf" else 1] if isinstance(options, list) else []:
            found |= required(document, part)
    return found


def option_of(document: Document, schema: Json) -> Json:
    """The schema, or the first of its options that is not null."""
    plain = resolved(document, schema)
    for word in ("anyOf", "oneOf"):
        options = member(plain, word)
        for each in options if isinstance(options, list) else []:
            option = resolved(document, each)
            if member(option, "type") != "null":
                return option
    return plain


def value_for(name: str, schema: Json, who: str, password: str) -> Json:
    """What a field holds for this person; `who` is a word that may stand in a name or address."""
    if PASSWORD.search(name):
        return password
    fixed = fixed_for(name, schema)
    return text_for(name, schema, who) if fixed is None else fixed


def fixed_for(name: str, schema: Json) -> Json:
    """What is the same for everybody: a choice, a number, a truth value, the only word allowed."""
    choices, kind = member(schema, "enum"), kind_of(schema)
    word = re.fullmatch(r"\^?(\w+)\$?", str(member(schema, "pattern") or ""))
    least = member(schema, "minimum") or member(schema, "example") or 1
    by_kind: dict[str, Json] = {"boolean": True, "array": [], "integer": least, "number": least}
    if isinstance(choices, list) and choices:
        return choices[0]
    if word or name == "grant_type":
        return word[1] if word else "password"
    return member(schema, "const") or by_kind.get(kind)


def kind_of(schema: Json) -> str:
    """The JSON type that a schema names, the first one that is not null."""
    kind = member(schema, "type")
    named = kind if isinstance(kind, list) else [kind]
    return next((str(each) for each in named if each != "null"), "")


def text_for(name: str, schema: Json, who: str) -> Json:
    """An address, a date, a number to call, an example where not any text will do, or a name."""
    form = str(member(schema, "format") or "")
    if form == "email" or re.search(r"(?i)mail", name):
        return f"{who}@example.org"
    if form in USUAL or re.search(r"(?i)phone|mobile", name):
        return USUAL.get(form, "+4917012345678")
    free = not member(schema, "pattern") and form != "uuid"
    shown = member(schema, "example") or member(schema, "default")
    return who if ACCOUNT.search(name) or free or shown is None else shown


def credential(document: Document) -> tuple[str, str]:
    """The header that carries the credential, and how it is written there.

    Of what serves equally many operations, a cookie is for browsers and comes last.
    """
    schemes = dict(members(member(document.get("components"), "securitySchemes")))
    used = [name for each in wanted(document) for name in each]

    def rank(name: str) -> tuple[int, bool]:
        return -used.count(name), member(resolved(document, schemes[name]), "in") == "cookie"

    order = sorted(schemes, key=rank)
    for declared in (resolved(document, schemes[name]) for name in order):
        if member(declared, "type") == "apiKey":
            return key_header(declared)
        if str(member(declared, "scheme")).lower() == "basic":
            return "Authorization", "Basic {token}"
        return "Authorization", "Bearer {token}"
    return "Authorization", "Bearer {token}"


def key_header(declared: Json) -> tuple[str, str]:
    """The header of an API key; a cookie is one, too."""
    name = str(member(declared, "name"))
    if member(declared, "in") == "cookie":
        return "Cookie", f"{name}={{token}}"
    said = PREFIX.search(str(member(declared, "description") or ""))
    word = next((each for each in said.groups() if each), "") if said else ""
    if name.lower() == "authorization" and word:
        return name, f"{word} {{token}}"
    return name, "{token}"


def wanted(document: Document) -> Iterator[list[str]]:
    """The schemes that each operation names."""
    for _, _, operation in operations(document):
        own = member(operation, "security")
        said = document.get("security") if own is None else own
        for each in said if isinstance(said, list) else []:
            yield [name for name, _ in members(each)]


def operations(document: Document) -> Iterator[tuple[str, str, Json]]:
    """Method, path and declaration of every operation."""
    for path, item in members(document.get("paths")):
        for method, declared in members(resolved(document, item)):
            if method in METHODS:
                yield method.upper(), path, declared


def token_of(document: Document, post: Post) -> str:
    """Where a success answer holds the token, as far as the document says; "" where it does not."""
    for status, answer in members(member(post.operation, "responses")):
        if status.startswith("2"):
            for _, declared in members(member(resolved(document, answer), "content")):
                found = sorted(way(document, member(declared, "schema"), ""), key=rank)
                if found:
                    return found[0]
    return ""


def way(document: Document, schema: Json, before: str, depth: int = 0) -> Iterator[str]:
    """The dotted names of properties that are a token by their name."""
    for name, inner in properties(document, schema).items():
        deeper = properties(document, inner)
        if TOKEN.search(name) and not deeper:
            yield f"{before}{name}"
        if depth < DEEPEST:
            yield from way(document, inner, f"{before}{name}.", depth + 1)


def rank(name: str) -> tuple[bool, bool, int]:
    """The likelier token first: an access token, no refresh token, not far inside."""
    low = name.lower()
    return "refresh" in low, "access" not in low, low.count(".")


def resolved(document: Document, value: Json) -> Json:
    """Follow references inside the document."""
    for _ in range(20):
        reference = member(value, "$ref")
        if not isinstance(reference, str):
            return value
        value = dict(document)
        for part in reference.removeprefix("#/").split("/"):
            value = member(value, part.replace("~1", "/").replace("~0", "~"))
    return None


def members(value: Json) -> list[tuple[str, Json]]:
    """The members of an object, none of anything else."""
    return list(value.items()) if isinstance(value, dict) else []


def member(value: Json, name: str) -> Json:
    """A member of an object, or None."""
    return value.get(name) if isinstance(value, dict) else None
