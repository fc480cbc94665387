"""Which fields of a request name what is new, and which refer to what is known?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from gate.model import Json
from validators.document.names import (
    CHANGING,
    RECIPIENTS,
    RESERVED,
    field_of,
    is_identity,
    resource_in,
    words_of,
)
from validators.document.operations import Object, Operation, as_list, as_object, spared
from validators.document.schemas import kind_of
from validators.estates.ledger import Ledger
from validators.estates.principals import is_person
from validators.estates.things import Thing, is_stranger
from validators.messages.bodies import OMIT, Author
from validators.messages.callers import is_self
from validators.messages.calls import Call, leaves, value_at

NO_FIELDS: Object = {}
NAMED, HANDLES = frozenset({"username", "user_name"}), ("username", "login", "handle")
CODES = frozenset({"code", "number", "serial"})
SEARCHED = frozenset({"q", "query", "search", "term", "keyword", "keywords"})


def given_for(
    operation: Operation, given: Mapping[str, Json], in_use: Collection[str] = ()
) -> dict[str, Json]:
    """The values for this operation: those for all, and those whose name begins with its label.

    What one object is called is no name for another: where a value was refused as in use, that for
    all is left out (the `sku` of a path, which a new product cannot have as well).
    """
    own = f"{operation.label} "
    barred = operation.label in in_use
    return {
        name.removeprefix(own): each
        for name, each in given.items()
        if not (barred and not is_identity(name) and not name.startswith(own))
    }


def looked_for(
    author: Author, operation: Operation, demanded: Object = NO_FIELDS
) -> dict[str, Json]:
    """What a search has to ask for, now or whenever it is run: what all marks begin with.

    A new mark would find nothing, and nothing would be seen of whose things a search finds.
    """
    body = author.simplify(dict(operation.body))
    must = as_list(body.get("required"))
    fields = {
        name: each for name, each in as_object(body.get("properties")).items() if name in must
    }
    free = {
        name: author.simplify(each)
        for name, each in {**operation.query, **demanded, **fields}.items()
        if name.lower() in SEARCHED
    }
    limited = {"enum", "const", "pattern", "format", "maxLength"}
    return {
        name: author.canaries.token
        for name, each in free.items()
        if kind_of(each) == "string" and not limited & each.keys()
    }


def names_itself(operation: Operation, name: str) -> bool:
    """Is it what a new object is to be called (`bin_code`), rather than a known one?"""
    if operation.safe or operation.ends or operation.verb in CHANGING:
        return False
    if name in operation.query and operation.method != "POST":
        return False
    resource, wanted = operation.resource, resource_in(name)
    # What is made beside others of its kind has a short name of its own (`SUP` of a project).
    if name.lower() == "key" and operation.method == "POST" and not operation.verb:
        return True
    if is_identity(name) or name.lower() in {*RESERVED, resource}:
        return False
    return wanted == resource or name in operation.keys.get(resource, ())


def code_for(operation: Operation, name: str, ledger: Ledger) -> str | None:
    """The code of an object made elsewhere that a step puts to use (`POST /carts/{id}/coupon`)."""
    if name.lower() not in CODES or operation.method != "POST" or not operation.names:
        return None
    made = (
        each.fields.get(name)
        for each in ledger.things
        if each.resource == operation.resource
        and each.origin is not None
        and each.origin.operation.label != operation.label
    )
    return next((each for each in made if isinstance(each, str)), None)


def told_of(
    ledger: Ledger, operation: Operation, path: tuple[str, ...], query: Object
) -> dict[str, Json]:
    """What the object that a path names says of the query: in an address, or by the same name."""
    told = ledger.linked(operation, path, operation.optional)
    return told | ledger.said_of(operation, path, query)


def links(operation: Operation, author: Author) -> dict[str, Json]:
    """The optional query parameters that refer to a known object."""
    return {
        name: schema
        for name, schema in operation.optional.items()
        if author.refer(name) is not None
    }


def keep_references(old: Call, new: Call, ledger: Ledger) -> Call:
    """The new call with the references of the old one, so that it makes something of the same."""
    known = {thing.id for thing in ledger.things if thing.origin != old}
    for place, value in leaves(old.body):
        name = next((str(each) for each in reversed(place) if isinstance(each, str)), "")
        names_one = value in known and (is_identity(name) or not value.isdigit())
        if names_itself(old.operation, name):
            continue
        now = dict(leaves(new.body)).get(place)
        if names_one and now not in {None, value}:
            new = new.put(("body", *place), value_at(old.body, place))
    return new


def recipient_for(operation: Operation, name: str, ledger: Ledger) -> str | None:
    """Somebody real whom a field means (`to`), as the document's example calls such a one.

    That is an account that this tenant has signed up, so that no other tenant's gets anything of
    it, else the caller himself.
    """
    words = words_of(name)
    samples = [as_object(each).get(name) for each in operation.samples]
    shown = next((each for each in samples if isinstance(each, str)), "")
    if not RECIPIENTS & set(words[:1]) or not shown:
        return None
    people = [each for each in ledger.things if is_stranger(each) or ledger.is_own(each)]
    people.sort(key=lambda each: not is_stranger(each))
    kinds = (
        ("email",)
        if "@" in shown
        else ("account", "account_no", "iban")
        if (shown.isdigit())
        else ("username", "login", "handle")
    )
    found = (as_object(dict(each.fields)).get(kind) for each in people for kind in kinds)
    return next((str(each) for each in found if each), None)


def somebody_for(author: Author, operation: Operation, name: str, ledger: Ledger) -> str | None:
    """Whom a field means, by a name or an address instead of an id."""
    known = recipient_for(operation, name, ledger)
    return known or account_for(author, operation, name, ledger)


def account_for(author: Author, operation: Operation, name: str, ledger: Ledger) -> str | None:
    """Whoever a request means by his `username`, where it makes no account and signs nobody in.

    Somebody else than the caller if anybody is known.
    """
    about = is_person(operation.product) or operation.public or operation.signs_in
    if about or "_".join(words_of(name)) not in NAMED or signs_up(author, operation):
        return None
    people = [each for each in ledger.things if is_person(each.resource) and not each.origin]
    people.sort(key=lambda each: is_self(each.fields, ledger.names) or each.resource == "user")
    handles = (each.fields.get(kind) for each in people for kind in HANDLES)
    return next((str(each) for each in handles if isinstance(each, str) and each), None)


def signs_up(author: Author, operation: Operation) -> bool:
    """Does it take a new account, whose name is in nobody's use yet?"""
    if operation.method != "POST" or operation.safe or operation.signs_in:
        return False
    fields = as_object(author.simplify(dict(operation.body)).get("properties"))
    return any("password" in words_of(name) for name in fields)


def as_it_is(author: Author, things: Sequence[Thing], operation: Operation) -> dict[str, Object]:
    """What a change of the caller's account leaves out, or says as it is where it must be said.

    A PUT replaces the whole.
    """
    names = spared(operation)
    if not names:
        return {}
    must = as_list(author.simplify(dict(operation.body)).get("required"))
    account = (each for each in things if each.resource == operation.resource and not each.origin)
    now = next((each.fields for each in account), NO_FIELDS)
    return {name: {"const": now[name]} if name in must and name in now else OMIT for name in names}


def headers_of(
    operation: Operation, author: Author, credentials: Collection[str]
) -> dict[str, str]:
    """The headers that a request must have, but for those that the caller sends anyway."""
    sent = {name.lower() for name in credentials}
    return {
        name: str(author.write(each, name if name in author.given else field_of(name)))
        for name, each in operation.headers.items()
        if name.lower() not in sent
    }
