"""What does a step give into the caller's hand: a new object's id, or the token of a link?"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, unquote, urlsplit

from gate.check import Answer, Client
from gate.model import Json
from validators.document.names import (
    CHANGING,
    RECIPIENTS,
    RESERVED,
    SESSIONS,
    is_identity,
    resource_in,
    words_of,
)
from validators.document.operations import Operation, as_object
from validators.estates.things import Thing
from validators.messages.bodies import Author
from validators.messages.calls import Call, expand, leaves
from validators.messages.traces import UUID

DEEP, FOUND = 3, 200
AMOUNTS = frozenset({"amount", "sum", "value", "points", "credits", "coins", "tokens"})
# What an object is called is given into nobody's hand.
PLAIN = frozenset({"name", "slug", "login", "username", "path", "number", "title"})


def gives_id(author: Author, operation: Operation) -> bool:
    """Does a success name an object that the request did not (`report.start` gives `reportId`)?"""
    return any(
        is_identity(name) and resource_in(name) == operation.resource
        for name in given(author, operation)
    )


def pays(author: Author, operation: Operation) -> bool:
    """Does it give an amount to somebody, which leaves a record (`/wallet/transfer`)?

    What moves an object into other hands says no amount.
    """
    names = as_object(author.simplify(dict(operation.body)).get("properties"))
    said = [words_of(name) for name in names]
    to = any(RECIPIENTS & set(words[:1]) for words in said)
    return not operation.names and to and any(AMOUNTS & set(words) for words in said)


def handles(author: Author, operation: Operation) -> tuple[str, ...]:
    """What a step gives that another path asks for: `/shared/{token}`."""
    steps = operation.verb in CHANGING or not operation.media
    if not steps or operation.method != "POST" or operation.safe:
        return ()
    if SESSIONS & set(words_of(operation.path)):
        return ()
    asked = {name for names in operation.keys.values() for name in names}
    fitting = given(author, operation) & (asked - {*operation.names, *RESERVED, *PLAIN})
    return tuple(sorted(name for name in fitting if not is_identity(name)))


def given(author: Author, operation: Operation) -> set[str]:
    """The names of what a success says and the request did not."""
    return names_in(author, dict(operation.replies)) - names_in(author, dict(operation.body))


def names_in(author: Author, schema: Json, depth: int = 0) -> set[str]:
    """The names of a schema's properties, and of theirs."""
    properties = as_object(author.simplify(schema).get("properties"))
    inside = [names_in(author, each, depth + 1) for each in properties.values() if depth < DEEP]
    return {*properties, *(name for found in inside for name in found)}


def handed(author: Author, call: Call, said: Json) -> Iterator[Thing]:
    """The handles in an answer, each as a thing of its own that the call has made."""
    for wanted in handles(author, call.operation):
        value = next((text for place, text in leaves(said) if place and place[-1] == wanted), None)
        if value is not None:
            yield Thing(
                resource=resource_in(wanted), fields={wanted: value, "id": value}, origin=call
            )


def located(client: Client, call: Call, answer: Answer) -> Json:
    """What a call made, where its answer says nothing but where or what it is.

    By its address (RFC 9110, section 10.2.2), or by its name alone (`"a-slug"`, `17`). Read there
    as its maker; at least its id, the last part of the address. A word or number that leads
    nowhere ("created") names nothing, unless it is a UUID.
    """
    collection = expand(call.operation.path, call.path).rstrip("/")
    said, where = answer.json(), urlsplit(answer.headers.get("location", "")).path.rstrip("/")
    plain = isinstance(said, str | int) and not isinstance(said, bool) and bool(str(said).strip())
    if plain:
        where = f"{collection}/{quote(str(said), safe='')}"
    if not where:
        return None
    _, known, rest = where.partition(collection)  # the target's address may have a path itself
    found = client.request("GET", collection + rest if known else where)
    read = as_object(found.json()) if found.status == FOUND else {}
    if plain and not (read or UUID.fullmatch(str(said))):
        return None
    return dict(read) or {"id": unquote(where.rpartition("/")[2])}
