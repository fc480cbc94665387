"""What would a target file for this service say? A first draft, from its document alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from gate.model import Json

PLACES = ("/openapi.json", "/v1/openapi.json", "/api/openapi.json", "/v3/api-docs", "/swagger.json")
REGISTER = re.compile(r"(?i)/(register|sign-?up|signup|users|accounts|tenants)/?$")
LOGIN = re.compile(r"(?i)/(login|sign-?in|signin|token|auth|sessions?)/?$")
TOKEN = re.compile(r"(?i)(access_?token|token|jwt|api_?key|secret)$")
RESET = re.compile(r"(?i)(reset|populate|seed|createdb|wipe|drop)")


def draft(base_url: str, place: str, document: Mapping[str, Json]) -> str:
    """A commented target file; what could not be told is left as a comment to fill in."""
    return "\n".join(lines(base_url, place, document)) + "\n"


def lines(base_url: str, place: str, document: Mapping[str, Json]) -> Iterator[str]:
    """The draft, line by line."""
    title = member(document.get("info"), "title")
    yield "# A draft from the service's own document: read it, correct it, then run"
    yield "#   maestro gate isolation --target target.toml"
    yield f"name = {quoted(str(title or urlsplit(base_url).hostname))}"
    yield f"base_url = {quoted(base_url)}"
    yield f"openapi = {quoted(place)}"
    yield ""
    yield from signing(document)
    yield ""
    yield from hinting(document)


def signing(document: Mapping[str, Json]) -> Iterator[str]:
    """How two tenants sign in: by registration and login when the document shows them."""
    register = found(document, REGISTER, open_only=True)
    login = found(document, LOGIN, open_only=True)
    header, template = credential(document)
    if login is not None:
        yield from logging_in(document, login, header, template)
    else:
        yield "# Two tenants, and one principal per role where there are roles."
        yield f"# Export the variables before the run; {header} is what the document asks for."
        for tenant in ("ONE", "TWO"):
            yield "[[actors]]"
            yield f"tenant = {quoted(tenant.lower())}"
            value = template.replace("{token}", f"${{TOKEN_{tenant}}}")
            yield f"headers = {{ {quoted(header)} = {quoted(value)} }}"
            yield ""
    if register is not None:
        yield "# Instead of actors: two new tenants for each run, by self-registration."
        yield "# [register]"
        yield f"# path = {quoted(register)}"
        yield f"# body = {inline(body_of(document, register), new=True)}"
        if login is not None:
            yield f"# login_path = {quoted(login)}"
            yield f"# login_body = {inline(body_of(document, login), new=True)}"
        yield f"# token = {quoted(token_of(document, login or register))}"


def logging_in(
    document: Mapping[str, Json], login: str, header: str, template: str
) -> Iterator[str]:
    """Two actors that log in."""
    for tenant in ("ONE", "TWO"):
        yield "[[actors]]"
        yield f"tenant = {quoted(tenant.lower())}"
        yield "[actors.login]"
        yield f"path = {quoted(login)}"
        yield f"body = {inline(body_of(document, login), suffix=tenant)}"
        yield f"token = {quoted(token_of(document, login))}  # where the answer holds it"
        yield f"send = {quoted(header)}"
        yield f"template = {quoted(template)}"
        yield ""


def hinting(document: Mapping[str, Json]) -> Iterator[str]:
    """What may have to be said, with what the document's names suggest."""
    resets = [label for label in labels(document) if RESET.search(label)]
    yield "[hints]" if resets else "# [hints]"
    yield '# public = ["GET /catalogue"]       # read by anybody on purpose'
    yield '# shared = ["GET /announcements"]   # seen by all tenants on purpose'
    yield '# roles = ["viewer", "editor", "owner"]   # from the weakest to the strongest'
    yield '# values = { country = "DE" }        # fields that cannot be guessed'
    yield "# throw_away = true   # the accounts are for this run only: passwords may be changed"
    listed = ", ".join(map(quoted, resets))
    yield f"{'' if resets else '# '}leave_out = [{listed}]   # never called, such as a reset"


def found(document: Mapping[str, Json], pattern: re.Pattern[str], *, open_only: bool) -> str | None:
    """The first POST path of this name that asks for no credential."""
    fitting = [
        path
        for path, item in members(document.get("paths"))
        if pattern.search(path) and "post" in dict(members(item)) and "{" not in path
    ]
    free = [
        path
        for path in fitting
        if not open_only or not asks(document, operation_at(document, path))
    ]
    return next(iter(free), None)


def asks(document: Mapping[str, Json], operation: Json) -> bool:
    """Does an operation ask for a credential?"""
    own = member(operation, "security")
    return bool(document.get("security") if own is None else own)


def operation_at(document: Mapping[str, Json], path: str) -> Json:
    """What is posted at a path."""
    return member(member(document.get("paths"), path), "post")


def credential(document: Mapping[str, Json]) -> tuple[str, str]:
    """The header that carries the credential, and how it is written there."""
    schemes = member(document.get("components"), "securitySchemes")
    for _, declared in members(schemes):
        if member(declared, "type") == "apiKey" and member(declared, "in") == "header":
            return str(member(declared, "name")), "{token}"
    return "Authorization", "Bearer {token}"


def body_of(document: Mapping[str, Json], path: str) -> list[str]:
    """The names of a request's fields, the required ones when it says which."""
    body = resolved(document, member(operation_at(document, path), "requestBody"))
    _, content = next(iter(members(member(body, "content"))), ("", None))
    schema = resolved(document, member(content, "schema"))
    required = member(schema, "required")
    names = required if isinstance(required, list) else []
    return [str(each) for each in names] or [
        name for name, _ in members(member(schema, "properties"))
    ]


def token_of(document: Mapping[str, Json], path: str) -> str:
    """Where a success answer holds the token, or the usual name."""
    for status, answer in members(member(operation_at(document, path), "responses")):
        if status.startswith("2"):
            content = member(resolved(document, answer), "content")
            for _, declared in members(content):
                schema = resolved(document, member(declared, "schema"))
                for name in way(document, schema, ""):
                    return name
    return "token"


def way(document: Mapping[str, Json], schema: Json, before: str) -> Iterator[str]:
    """The dotted names of properties that are a token by their name."""
    for name, inner in members(member(schema, "properties")):
        if TOKEN.search(name):
            yield f"{before}{name}"
        yield from way(document, resolved(document, inner), f"{before}{name}.")


def inline(names: list[str], *, suffix: str = "", new: bool = False) -> str:
    """A body as an inline table, with variables or with what is new for each run."""
    secret = re.compile(r"(?i)(password|passwd|secret|pin)")
    parts = []
    for name in names or ["username", "password"]:
        if new:
            mail = "{name}@example.org" if "mail" in name.lower() else "{name}"
            value = "{password}" if secret.search(name) else mail
        else:
            value = f"${{{re.sub(r'[^A-Za-z0-9]', '_', name).upper()}_{suffix}}}"
        parts.append(f"{quoted(name)} = {quoted(value)}")
    return f"{{ {', '.join(parts)} }}"


def labels(document: Mapping[str, Json]) -> Iterator[str]:
    """Every operation, `GET /path`."""
    for path, item in members(document.get("paths")):
        for method, _ in members(item):
            if method in {"get", "post", "put", "patch", "delete"}:
                yield f"{method.upper()} {path}"


def resolved(document: Mapping[str, Json], value: Json) -> Json:
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


def quoted(text: str) -> str:
    """A TOML string."""
    return json.dumps(text, ensure_ascii=False)
