"""What comes of the making of something else, though nothing makes it as such: a notification?

Such an object is seen in a list only. That another one like it comes with each new object of some
kind is found out by making one, so that an attack on it can be tried again on another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from gate.check import Client, Testbed
from gate.model import Json
from gate.testbed.hints import roles_of
from validators.document.names import is_identity, names_people, slots_of, words_of
from validators.document.operations import Operation
from validators.estates.envelope import Source
from validators.estates.estate import LEAST, LINKED, Estate
from validators.estates.naming import keep_references
from validators.estates.planting import browse
from validators.estates.principals import introductions, is_person
from validators.estates.things import MARKING, Thing, find_things, is_somebody, is_stranger
from validators.messages.calls import Call, Pointer, leaves, like_type, send, value_at
from validators.messages.patience import Patient, Silence

MOST_MAKERS = 8
CREDENTIALS = frozenset({"key", "keys", "token", "credential"})


def colleagues_of(testbed: Testbed, owner: Client, silence: Silence) -> dict[str, Client]:
    """The tenant's principals of other roles, the strongest first."""
    return {
        role: Patient(client=testbed.actor(owner.tenant, role), silence=silence)
        for role in reversed(roles_of(testbed, owner.tenant))
        if role != owner.role
    }


def learn_sources(estate: Estate, operations: Sequence[Operation]) -> None:
    """Make what is to reach somebody once people are known, and see what comes of what.

    People are seen and not made, so that at first nobody can be named who is then told. What
    nobody gets for his own doings is made by a colleague.
    """
    makers, reads = list(makers_of(estate)), introductions(operations)
    personal = [each for each in makers if make(estate, reads, each, personal=True)]
    if personal:
        browse(estate, operations)
    for resource, listing in orphans(estate, operations):
        for maker in [*personal, *(each for each in makers if each not in personal)][:MOST_MAKERS]:
            known = listed(estate, listing, resource)
            made = make(estate, reads, maker)
            if made and listed(estate, listing, resource).keys() - known.keys():
                source = Source(maker=label_of(maker), listing=listing, reads=tuple(reads))
                estate.envelope.sources[resource] = source
                break
    for resource, listing in missing(estate, operations):
        if had_told(estate, resource, listing, reads):
            browse(estate, operations)


def had_told(estate: Estate, resource: str, listing: Operation, reads: Sequence[Operation]) -> bool:
    """Have colleagues make what names the caller, or what is on his things, until he is told."""
    known = estate.envelope.sources.get(resource)
    ways = product((True, False), estate.colleagues.items(), [*makers_of(estate)][:MOST_MAKERS])
    for personal, (role, colleague), maker in ways:
        source = Source(maker=label_of(maker), listing=listing, reads=tuple(reads), role=role)
        if known is not None and known != source:
            continue
        made = make(estate, reads, maker, personal=personal, by=colleague)
        if made and listed(estate, listing, resource):
            estate.envelope.sources[resource] = source
            return True
    return False


def come_of(estate: Estate, thing: Thing) -> Thing | None:
    """Another one like an object that nobody made, by making what such a one comes of."""
    source = estate.envelope.sources.get(thing.resource)
    if thing.origin is not None or source is None:
        return None
    made = (each for each in makers_of(estate) if label_of(each) == source.maker)
    maker, known = next(made, None), listed(estate, source.listing, thing.resource)
    by = estate.colleagues.get(source.role)
    if maker is None or (source.role and by is None):
        return None
    if not make(estate, source.reads, maker, by=by):
        return None
    now = listed(estate, source.listing, thing.resource)
    return next((each for key, each in now.items() if key not in known), None)


def make(
    estate: Estate,
    reads: Sequence[Operation],
    maker: Thing,
    *,
    personal: bool = False,
    by: Client | None = None,
) -> bool:
    """Make another one that names the caller himself wherever it names a person.

    One that names nobody is not made where only what is `personal` is wanted. It may be made `by`
    a colleague of his.
    """
    old = maker.origin
    if old is None:
        return False
    call = estate.write(old.operation, estate.place_for(old), maker.parents, LINKED)
    call = keep_references(old, call, estate.ledger)
    people = [place for place, value in leaves(call.body) if names_one(estate, place, value)]
    own = own_id(estate, reads) if people else ""
    if personal and not own:
        return False
    for place in people if own else ():
        call = call.put(("body", *place), like_type(own, value_at(call.body, place)))
    return estate.accepts(estate.send(call) if by is None else send(by, call))


def names_one(estate: Estate, place: Pointer, value: str) -> bool:
    """Is it a person's id, rather than a small number that is one by accident?"""
    name = next((each for each in reversed(place) if isinstance(each, str)), "")
    named = len(value) >= MARKING or names_people(name) or is_identity(name)
    things = estate.ledger.things if named else ()
    return any(each.id == value and is_somebody(each) for each in things)


def own_id(estate: Estate, reads: Sequence[Operation]) -> str:
    """By which id other objects name the caller, as reads of himself tell; "" for none known."""
    for read in reads:
        said = {text for _, text in leaves(estate.send(Call(operation=read)).json())}
        for each in estate.ledger.things:
            if each.id in said and is_somebody(each):
                return each.id
    return ""


def makers_of(estate: Estate) -> Iterator[Thing]:
    """One object for each operation that made one."""
    labels: set[str] = set()
    for each in estate.ledger.things:
        made = each.natural == 0 and each.origin is not None and not is_stranger(each)
        if made and label_of(each) not in labels and not is_key(each):
            labels.add(label_of(each))
            yield each


def is_key(thing: Thing) -> bool:
    """Is it a credential, of which a service may let only so many be made in a minute?"""
    return bool(CREDENTIALS & set(words_of(thing.resource)))


def label_of(thing: Thing) -> str:
    """The operation that made it."""
    return thing.origin.operation.label if thing.origin else ""


def orphans(estate: Estate, operations: Sequence[Operation]) -> Iterator[tuple[str, Operation]]:
    """What is changed by its id and was only seen, with the list that shows it."""
    made = {each.resource for each in estate.ledger.things if each.origin}
    seen = {each.resource for each in estate.ledger.things} - made - estate.envelope.sources.keys()
    for each in changed_lists(operations):
        if each.product in seen:
            yield each.product, each


def missing(estate: Estate, operations: Sequence[Operation]) -> Iterator[tuple[str, Operation]]:
    """What is changed by its id and was never seen, with the list that should show it."""
    seen = {each.resource for each in estate.ledger.things}
    for each in changed_lists(operations) if estate.colleagues else ():
        granted = each.product not in seen and estate.accepts(
            estate.send(estate.write(each, (), recipe=LEAST))
        )
        if granted:
            yield each.product, each


def changed_lists(operations: Sequence[Operation]) -> Iterator[Operation]:
    """The plain lists of what is changed by its id, people aside."""
    changed = {slots_of(each.path)[-1][0] for each in operations if each.names and not each.safe}
    for each in operations:
        plain = each.method == "GET" and not each.names and each.speakable and not each.public
        if plain and each.product in changed and not is_person(each.product):
            yield each


def listed(estate: Estate, listing: Operation, resource: str) -> dict[str, Thing]:
    """The objects in a list by their ids, the first and the last ones."""
    said = estate.send(estate.write(listing, (), recipe=LEAST)).json()
    found = (
        thing
        for value in (said, backwards(said))
        for thing in find_things(listing.product, value, {}, listing.keys)
    )
    return {each.id: each for each in found if each.resource == resource}


def backwards(value: Json) -> Json:
    """The same with the lists in it from their ends."""
    if isinstance(value, dict):
        return {name: backwards(member) for name, member in value.items()}
    return [backwards(each) for each in reversed(value)] if isinstance(value, list) else value
