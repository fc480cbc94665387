"""Which fields could be added to a body, and with what in them?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gate.model import Json
from validators.document.names import SELF, is_identity, resource_in, slots_of
from validators.document.operations import Operation, as_list, as_object
from validators.estates.affiliations import affiliations
from validators.estates.ground import Duel
from validators.estates.identities import RANKS, identities, is_owning, is_ranking
from validators.estates.own_fields import fields_in, free_fields, himself
from validators.estates.principals import is_person
from validators.estates.things import Thing
from validators.fields.account_fields import is_settled
from validators.fields.kept_fields import Injection, unlike

WHOSE = (
    *("tenant", "owner", "user", "org", "organization", "organisation", "account"),
    *("workspace", "company", "team"),
)
GENERIC = (
    *(f"{word}{ending}" for word in WHOSE for ending in ("_id", "Id", "")),
    "created_by",
    "createdBy",
)
MOST_FIELDS = 12

Fields = tuple[Injection, ...]
Names = Mapping[str, str]


def injections(
    duel: Duel, operation: Operation, thing: Thing | None, theirs: Names
) -> list[Injection]:
    """The fields that answers are known to have and the request's schema does not offer."""
    free = free_fields(duel.victim.author, dict(operation.body), operation.resource)
    shown = dict(thing.fields) if thing else {}
    replies = as_object(duel.victim.author.simplify(dict(operation.replies)).get("properties"))
    names = [name for name in [*shown, *replies] if name not in free]
    if is_of_oneself(operation) or (thing is not None and not thing.id):
        names = [name for name in names if is_settled(name, shown.get(name))]
    found = [
        each
        for name in dict.fromkeys(names)
        if (each := known(duel, operation, name, thing, theirs))
    ]
    return found[:MOST_FIELDS]


def is_of_oneself(operation: Operation) -> bool:
    """Is it the caller's own account that is changed, and nobody's else?"""
    about = operation.resource in SELF or is_person(operation.resource)
    return about and not operation.names and operation.method != "POST"


def guesses(duel: Duel, operation: Operation, thing: Thing | None) -> tuple[Fields, ...]:
    """The usual names of owners and of ranks that neither answers nor the request's schema have.

    Owners once with what their names ask for, and with each name that the other tenant goes by.
    """
    declared = fields_in(duel.victim.author, dict(operation.body), operation.resource)
    taken = {*declared, *(thing.fields if thing else ())}
    learned = affiliations(duel.attacker, duel.victim)
    free = [name for name in dict.fromkeys((*learned, *GENERIC)) if name not in taken]
    by_name: dict[str, Json] = {
        name: learned.get(name) or foreign_value(duel, name, thing) for name in free
    }
    values: list[dict[str, Json]] = [by_name]
    values += (dict.fromkeys(free, each) for each in identities(duel.attacker, duel.victim))
    owners = [as_owners(each) for at, each in enumerate(values) if each not in values[:at]]
    ranks = [
        Injection(name=name, value=value, kind="rank", known=False)
        for name, value in RANKS.items()
        if name not in taken
    ]
    return (*owners, tuple(ranks))


def as_owners(values: Mapping[str, Json]) -> Fields:
    """Fields that say whose an object is."""
    return tuple(
        Injection(name=name, value=value, kind="owner", known=False)
        for name, value in values.items()
        if value is not None
    )


def known(
    duel: Duel, operation: Operation, name: str, thing: Thing | None, theirs: Names
) -> Injection | None:
    """What to put into a field that answers have."""
    shown = thing.fields if thing else {}
    now = shown.get(name)
    if isinstance(now, str) and (called := theirs.get(now)):
        return Injection(name=name, value=called, kind="owner", known=True)
    if is_owning(name) or (thing and is_part_of(duel, name, now, thing)):
        value = foreign_value(duel, name, thing)
        return (
            None if value is None else Injection(name=name, value=value, kind="owner", known=True)
        )
    if is_ranking(name):
        rank = RANKS.get(name) or others_rank(duel, operation, name, now) or "admin"
        if now == rank:  # what he is already is no promotion
            return None
        return Injection(name=name, value=rank, kind="rank", known=name in shown)
    value = other_choice(duel, operation, name, now) or unlike(name, now)
    if now is None and name in shown and not is_identity(name):
        value = yet_to_come(duel, operation, name)
    if thing and is_identity(name) and str(now) == thing.id:
        twin = foreign_twin(duel, thing)
        value = twin if isinstance(now, str) or twin is None else int(twin)
        return None if value is None else Injection(name=name, value=value, kind="id", known=True)
    return None if value is None else Injection(name=name, value=value, kind="other", known=True)


def others_rank(duel: Duel, operation: Operation, name: str, now: Json) -> Json:
    """What the other tenant has there, of what has no usual highest (a plan, a tier)."""
    once = himself(duel.attacker, duel.ground.operations, operation)
    things = duel.attacker.ledger.things
    theirs = [once, *(each.fields for each in things if each.resource == operation.resource)]
    found = (each[name] for each in theirs if isinstance(each.get(name), str))
    return next((each for each in found if isinstance(now, str) and each != now), None)


def foreign_value(duel: Duel, name: str, thing: Thing | None) -> Json:
    """The other tenant's value of an owner-like field: of the same kind of object if possible."""
    things = sorted(
        (each for each in duel.attacker.ledger.things if each.fields.get(name) is not None),
        key=lambda each: thing is None or each.resource != thing.resource,
    )
    own = {str(each.fields.get(name)) for each in duel.victim.ledger.things}
    for each in things:
        if str(each.fields[name]) not in own:
            return each.fields[name]
    wanted = resource_in(name)
    for each in duel.attacker.ledger.things:
        if each.resource == wanted and duel.victim.ledger.by_value(each.id) is None:
            return each.id
    names = identities(duel.attacker, duel.victim)
    return names[0] if names else None


def is_part_of(duel: Duel, name: str, now: Json, thing: Thing) -> bool:
    """Is it what the object belongs to, another one of which the other tenant has made?"""
    fitting = duel.victim.ledger.things_for(name) if is_identity(name) else []
    theirs = duel.attacker.ledger.by_value(str(foreign_value(duel, name, thing)))
    own = str(now) != thing.id and any(each.id == str(now) for each in fitting)
    return own and theirs is not None and theirs.origin is not None


def other_choice(duel: Duel, operation: Operation, name: str, now: Json) -> Json:
    """Another one of the choices that the document has for a field of the answer."""
    author = duel.victim.author
    declared = author.simplify(fields_in(author, dict(operation.replies)).get(name))
    # Numbers stand for words in older documents; a truth value has no third.
    choices = [each for each in as_list(declared.get("enum")) if type(each) is type(now)]
    plain = isinstance(now, str | int) and not isinstance(now, bool)
    return next((each for each in choices if plain and each != now), None)


def yet_to_come(duel: Duel, operation: Operation, name: str) -> Json:
    """A value for what is empty by now and another operation fills; None where none does.

    Such as a grade or a verdict: another operation on the same kind of object takes it.
    """
    author = duel.victim.author
    for each in duel.ground.operations:
        about = {each.product, *(resource for resource, _ in slots_of(each.path)[-1:])}
        schema = fields_in(author, dict(each.body), each.resource).get(name)
        if schema is not None and operation.product in about and not each.safe:
            return replace(author, refer=lambda _: None, choices=lambda _: ()).write(schema, name)
    return None


def foreign_twin(duel: Duel, thing: Thing) -> str | None:
    """The id of the other tenant's object of this kind."""
    found = [
        each
        for each in duel.attacker.ledger.things
        if each.resource == thing.resource and each.origin
    ]
    fresh = duel.attacker.renew(found[0]) if found else None
    return fresh.id if fresh else None
