"""What would a target file for this service say? A first draft, from its document alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from gate.model import Json
from gate.testbed.enrolment import (
    Document,
    Post,
    asks,
    body_of,
    credential,
    login,
    member,
    members,
    operations,
    registration,
    resolved,
    token_of,
    value_for,
)

RESET = re.compile(
    r"(?i)(^(?!.*(password|email|mfa|otp)).*reset|populate|/seed\b|createdb|wipe|drop|truncate)"
)
COMMON = re.compile(
    r"(?i)/(catalogue?s?|announcements?|category|categories|country|countries|currency"
    r"|currencies|plans?|tags?|templates?|articles?|languages?|time-?zones?|status|health\w*|version|features?|carriers?)/?$"
)
ROLE_WORDS = ("x-required-roles", "x-roles", "x-required-role", "x-role", "x-allowed-roles")
WEAKEST = ("guest", "reader", "viewer", "user", "member", "agent", "clerk", "editor", "contributor",
           "maintainer", "manager", "admin", "administrator", "owner", "superuser")  # fmt: skip
TENANTS = ("one", "two")
MOST = 8


def draft(base_url: str, place: str, document: Document) -> str:
    """A commented target file; what could not be told is left as a comment to fill in."""
    return "\n".join(lines(base_url, place, document)) + "\n"


def lines(base_url: str, place: str, document: Document) -> Iterator[str]:
    """The draft, line by line."""
    title = member(document.get("info"), "title")
    yield "# A draft from the service's own document: read it, correct it, then run"
    yield "#   maestro target check target.toml     can everybody sign in?"
    yield "#   maestro gate isolation --target target.toml"
    yield f"name = {quoted(str(title or 'service'))}"
    yield f"base_url = {quoted(base_url)}"
    yield f"openapi = {quoted(place)}"
    yield ""
    yield from signing(document)
    yield ""
    yield from hinting(document)


def signing(document: Document) -> Iterator[str]:
    """How two tenants sign in: by registration and login when the document shows them."""
    post, then = registration(document), login(document)
    if post is not None:
        yield "# Two new tenants register for each run. If people who register on their own share a"
        yield "# tenant, or you would rather use accounts that exist, name two actors instead."
        yield from registering(document, post, then)
        yield ""
    else:
        yield "# Two tenants, each with somebody who may do everything there (its owner)."
    commented = "# " if post is not None else ""
    actors = by_login(document, then) if then is not None else by_header(document)
    for line in actors:
        yield f"{commented}{line}".rstrip()
    yield "# Somebody with fewer rights in the first tenant shows whether roles are kept apart:"
    yield f'# [[actors]] with tenant = "one", role = {quoted((*roles_in(document), "viewer")[0])},'
    yield "# and the same lines as above with variables of its own."


def registering(document: Document, post: Post, then: Post | None) -> Iterator[str]:
    """Self-registration; `{name}` and `{password}` are new in each run."""

    def fill(name: str, schema: Json) -> Json:
        return value_for(name, schema, "{name}", "{password}")

    yield "[register]"
    yield f"path = {quoted(post.path)}"
    if post.encoding != "json":
        yield f"encoding = {quoted(post.encoding)}"
    yield f"body = {inline(body_of(document, post.schema, fill))}"
    if then is not None:
        yield f"login_path = {quoted(then.path)}"
        if then.encoding != "json":
            yield f"login_encoding = {quoted(then.encoding)}"
        yield f"login_body = {inline(body_of(document, then.schema, fill))}"
    yield from sending(document, then or post)


def by_login(document: Document, post: Post) -> Iterator[str]:
    """Two actors that log in."""
    for tenant in TENANTS:

        def fill(name: str, schema: Json, suffix: str = tenant.upper()) -> Json:
            variable = f"${{{re.sub(r'[^A-Za-z0-9]', '_', name).upper()}_{suffix}}}"
            known = value_for(name, schema, variable, variable)
            return variable if isinstance(known, str) and variable in known else known

        body = body_of(document, post.schema, fill)
        yield "[[actors]]"
        yield f"tenant = {quoted(tenant)}"
        yield "[actors.login]"
        yield f"path = {quoted(post.path)}"
        if post.encoding != "json":
            yield f"encoding = {quoted(post.encoding)}"
        yield f"body = {inline(body)}   # export these variables before the run"
        yield from sending(document, post)
        yield ""


def by_header(document: Document) -> Iterator[str]:
    """Two actors with a credential each."""
    header, template = credential(document)
    what = "base64 of name:password" if template.startswith("Basic") else "the credential alone"
    yield f"# {header} is what the document asks for. Export the variables before the run: {what}."
    for tenant in TENANTS:
        value = template.replace("{token}", f"${{TOKEN_{tenant.upper()}}}")
        yield "[[actors]]"
        yield f"tenant = {quoted(tenant)}"
        yield f"headers = {{ {key(header)} = {quoted(value)} }}"
        yield ""


def sending(document: Document, post: Post) -> Iterator[str]:
    """Where the answer holds the token and how it is sent, as far as the document says it."""
    token = token_of(document, post)
    header, template = credential(document)
    shown = quoted(token) if token else '"data.token"'
    said = "where the answer holds it" if token else "not in the document: looked for"
    yield f"{'' if token else '# '}token = {shown}   # {said}"
    yield f"# send = {quoted(header)}"
    yield f"# template = {quoted(template)}"


def hinting(document: Document) -> Iterator[str]:
    """What may have to be said, with what the document suggests."""
    found = list(operations(document))
    secured = any(asks(document, each) for _, _, each in found)
    reads = [(f"GET {path}", each) for method, path, each in found if method == "GET"]
    public = [label for label, each in reads if secured and not asks(document, each)]
    common = [label for label, _ in reads if COMMON.search(label) and label not in public]
    resets = [f"{method} {path}" for method, path, _ in found if RESET.search(path)]
    roles = [*roles_in(document)]
    yield f"# {len(found)} operations, {len(public)} of them reads that ask for no credential."
    yield "[hints]"
    yield "# Uncomment what is meant so; the document alone excuses no leak."
    shown = listing(public) or '["GET /catalogue"]'
    yield from hint("public", [], shown, "read by anybody on purpose")
    yield from hint("shared", [], listing(common) or '["GET /news"]', "all tenants see the same")
    yield from hint("roles", roles, '["viewer", "owner"]', "from the weakest to the strongest")
    yield from hint("leave_out", resets, '["POST /reset"]', "never called")
    yield '# values = { country = "DE" }   # fields that cannot be guessed, by name; for one'
    yield '#   operation only: { "POST /orders country" = "DE" }'
    yield "# throw_away = true   # the accounts are for this run only: passwords may be changed"


def hint(name: str, found: list[str], example: str, meaning: str) -> Iterator[str]:
    """A hint that the document gives, or one as a comment."""
    shown = listing(found)
    yield f"{name} = {shown}   # {meaning}" if shown else f"# {name} = {example}   # {meaning}"


def listing(found: list[str]) -> str:
    """Labels as a TOML array; "" for none."""
    return f"[{', '.join(map(quoted, found))}]" if found else ""


def roles_in(document: Document) -> tuple[str, ...]:
    """The roles that operations or a schema's `role` name, the weakest first as far as known."""
    found: dict[str, None] = {}
    for _, _, declared in operations(document):
        for word in ROLE_WORDS:
            said = member(declared, word)
            named = said if isinstance(said, list) else [said]
            found |= {each: None for each in named if isinstance(each, str)}
    for _, schema in members(member(document.get("components"), "schemas")):
        for name, each in members(member(schema, "properties")):
            choices = member(resolved(document, each), "enum")
            if name.lower() in {"role", "user_role", "userrole"} and isinstance(choices, list):
                found |= {choice: None for choice in choices if isinstance(choice, str)}
    last = len(WEAKEST)
    order = {role: WEAKEST.index(role.lower()) for role in found if role.lower() in WEAKEST}
    return tuple(sorted(found, key=lambda role: order.get(role, last)))


def inline(value: Json) -> str:
    """A value as TOML writes it within a line."""
    if isinstance(value, dict):
        inner = ", ".join(f"{key(name)} = {inline(each)}" for name, each in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(inline, value))}]"
    return quoted(value) if isinstance(value, str) else json.dumps(value)


def key(name: str) -> str:
    """A TOML key, bare where it may be."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else quoted(name)


def quoted(text: str) -> str:
    """A TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
