"""What do ids of another tenant do in a body or query?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gate.check import Testbed
from gate.model import Observation
from validators.crossing.aims import Aim
from validators.crossing.confirming import repeat
from validators.crossing.directories import is_open
from validators.crossing.foreign_writes import survey
from validators.crossing.places import RECIPES, Place, makeable, places_in
from validators.crossing.trials import (
    absent_at,
    at_pointer,
    attack,
    controlled,
    is_chosen,
    meant_for_others,
    reason_to_spare,
    references,
)
from validators.crossing.upserts import upserts
from validators.document.names import (
    ACCOUNT,
    MERGING,
    RECIPIENTS,
    names_people,
    words_of,
)
from validators.document.resource_names import renames
from validators.estates.estate import Estate
from validators.estates.ground import Duel, stand
from validators.estates.mending import REFUSED, mend
from validators.estates.things import Thing, chain_of, values_of
from validators.estates.wholes import fresh_things, standing
from validators.messages.calls import Call, Pointer, like_type

CONFLICT = 409
HANDLES = ("slug", "handle", "code")
PEOPLE = ACCOUNT | {"user", "account", "wallet", "iban"}


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Put the other tenant's ids where a body or query refers to an object.

    Where requests refer to objects is seen from values: a field holds a reference when the id that
    the tenant's own request puts there is known to its ledger, by name (`source_run_id`,
    `member_ids`, `invoice`). The owner's call on an object made for it is the positive control. The
    other tenant then sends its own request with the foreign id in one place, alone and in lists
    beside an own one, and with ids that nobody has. The owner looks at the object before, between
    and after; the caller's own views are searched for what they show of it afterwards.
    """
    ground = stand(testbed)
    duel, _ = ground.duels()
    yield from ground.facts
    if ground.vacuous:
        return
    places = [
        place
        for operation in sorted(ground.operations, key=lambda each: each.ends)
        if operation.speakable
        for place in places_in(duel, operation)
    ]
    yield survey(ground, len(places))
    for place in places:
        yield from fight(duel, place)
        yield from ground.after(place.operation)
    yield from upserts(duel)


def fight(duel: Duel, place: Place) -> Iterator[Observation]:
    """Everything about one place: the owner's success, then the attacks."""
    operation, where = place.operation, place.where
    if is_addressed(place):
        yield duel.note("suppressed", operation, reason=f"{where}: it is to reach somebody else")
        return
    if reason := meant_for_others(duel, operation):
        yield duel.note("suppressed", operation, reason=reason)
        return
    if may_take_part(duel, place):
        reason = f"{where}: whoever anybody may look up may have a part in it"
        yield duel.note("suppressed", operation, reason=reason)
        return
    if reason := reason_to_spare(duel, operation, place.thing):
        yield duel.note("unreached", operation, reason=f"{where}: {reason}")
        return
    place, (fact, granted) = named(duel, place)
    if is_worn(place, fact):
        duel.ground.envelope.worn.add(operation.label)
        fact, granted = control(duel, place)
        duel.ground.envelope.worn -= set() if granted else {operation.label}
    if fact is not None:
        yield fact
    yield from repeat(lambda turn: rounds(duel, place, turn))


def named(duel: Duel, place: Place) -> tuple[Place, tuple[Observation | None, bool]]:
    """The place with the owner's success, by an object's id or by another name of it (a slug).

    What is asked to end an id that it does not know may well say yes, and end nothing.
    """
    first = fact, granted = control(duel, place)
    if place.operation.safe or (granted and fact is not None and fact.data["visible"]):
        return place, first
    known, fields = {"", place.thing.id}, place.thing.fields
    for name in HANDLES if not place.called else ():
        if str(fields.get(name) or "") in known:
            continue
        again = replace(place, called=name)
        second = said, well = control(duel, again)
        if well and said is not None and (said.data["visible"] or not granted):
            return again, second
    return place, first


def is_worn(place: Place, fact: Observation | None) -> bool:
    """Was the owner refused for the state of the object that the path names?"""
    named = bool(place.operation.names)
    return named and fact is not None and fact.data["status"] == CONFLICT


def is_addressed(place: Place) -> bool:
    """Does the field say to whom something goes (`to`, `to_account`), which may be anybody?"""
    first, *rest = words_of(field_at(place)) or [""]
    return first in RECIPIENTS and (place.thing.resource == "user" or bool(PEOPLE & set(rest)))


def may_take_part(duel: Duel, place: Place) -> bool:
    """Is it somebody who has a part in something (`mentions`), and whom anybody may look up?"""
    return names_people(field_at(place)) and is_open(duel, place.thing)


def field_at(place: Place) -> str:
    """The field that the id stands in, or in a list of."""
    return next((each for each in reversed(place.pointer) if isinstance(each, str)), "")


def rounds(duel: Duel, place: Place, turn: int) -> tuple[list[Observation], bool]:
    """Each attack once; True when one was granted or had an effect."""
    seen: list[Observation] = []
    again, told = False, is_open(duel, place.thing)
    for aim in aims(duel, place):
        facts, effect = attack(duel, aim, turn)
        seen.extend(replace(each, data={**each.data, "listed": told}) for each in facts)
        again = again or effect or bool(facts[-1].data.get("granted"))
    return seen, again


def control(duel: Duel, place: Place) -> tuple[Observation | None, bool]:
    """The owner's own request on an object made for it, as the service wants it written."""
    fact = None
    for recipe in dict.fromkeys((place.recipe, *RECIPES)):
        things = standing(duel.victim, place.operation) or ()
        own = things
        moved = renames(place.operation.verb, values_of(place.operation, things))
        if moved or place.operation.ends or place.operation.label in duel.ground.envelope.before:
            own = fresh_things(duel.victim, things, place.operation)
        path = values_of(place.operation, own)
        chain, current = chain_of(place.operation, own), place.thing.fields
        call = place.chosen(duel.victim.write(place.operation, path, chain, recipe, current))
        if at_pointer(call, place.pointer) is None and recipe != place.recipe:
            continue
        # What was made anew may lack what the request needs of it, such as a version.
        for thing in (duel.victim.renew(place.thing), place.thing):
            if thing is not None:
                asked = apart(duel.victim, place, put(call, place, thing))
                fact, granted = controlled(duel, asked, thing.chain, ids=place.where)
                if granted:
                    return fact, True
    mended = mended_for(duel, place)
    return controlled(duel, mended, place.thing.chain, ids=place.where) if mended else (fact, False)


def mended_for(duel: Duel, place: Place) -> Call | None:
    """The owner's request as a refusal asks for it, which the attacker's is written like then."""
    operation, owner = place.operation, duel.victim
    things = next(owner.ledger.match(operation), ())
    path, chain = values_of(operation, things), chain_of(operation, things)

    def again() -> Call:
        call = owner.write(operation, path, chain, place.recipe, place.thing.fields)
        return put(place.chosen(call), place, place.thing)

    answer = owner.send(again())
    return mend(owner, operation, again, answer)[0] if answer.status in REFUSED else None


def put(call: Call, place: Place, thing: Thing) -> Call:
    """The request with this object in the place."""
    return at(call, place.pointer, place.name_of(thing))


def at(call: Call, pointer: Pointer, name: str) -> Call:
    """The request with this name or id there."""
    return call.put(pointer, like_type(name, at_pointer(call, pointer)))


def aims(duel: Duel, place: Place) -> Iterator[Aim]:
    """The attacker's own request with the foreign id, alone and beside an own one."""
    pointer = place.pointer
    label = f"foreign {place.where}"
    for bulk in (False, True) if isinstance(pointer[-1], int) else (False,):
        # A read does no harm, and what was made anew is referred to by nothing.
        again = None if place.operation.safe else duel.victim.renew(place.thing)
        thing = again or place.thing
        calls = [base(duel, place, bulk=bulk) for _ in range(3)]
        found = [each for each in calls if each is not None]
        if len(found) < len(calls):
            return
        where = (*pointer[:-1], 1) if bulk else pointer
        typed = like_type(place.name_of(thing), at_pointer(found[0], where))
        yield Aim(
            label=f"{label} beside an own one" if bulk else label,
            foreign=found[0].put(where, typed),
            absent=tuple(absent_at(duel, each, where, place.name_of(thing)) for each in found[1:]),
            watched=thing.chain,
            anew=lambda: (duel.victim.renew(place.thing) or place.thing).chain,
            own=lambda: base(duel, place, bulk=False),
            chosen=is_chosen(thing),
        )


def base(duel: Duel, place: Place, *, bulk: bool) -> Call | None:
    """The attacker's request on his own objects, in a list with room for one more."""
    things = standing(duel.attacker, place.operation)
    if things is None:
        return None
    path = values_of(place.operation, things)
    chain = chain_of(place.operation, things)
    # Unlike what the victim's object says now, so that a change shows.
    call = duel.attacker.write(place.operation, path, chain, place.recipe, place.thing.fields)
    call = place.chosen(call)
    if place.ends:
        call = apart(duel.attacker, place, with_spare(duel, place, call))
    if bulk:
        listed = at_pointer(call, place.pointer[:-1])
        own = listed if isinstance(listed, list) else []
        call = call.put(place.pointer[:-1], [*own[:1], *own[:1]])
    return call


def with_spare(duel: Duel, place: Place, call: Call) -> Call:
    """The request on an own object that can be ended without loss."""
    own = duel.attacker.ledger.by_value(str(at_pointer(call, place.pointer)))
    fresh = duel.attacker.renew(own) if own else None
    return call if fresh is None else put(call, place, fresh)


def apart(estate: Estate, place: Place, call: Call) -> Call:
    """The request with new objects for all else that it would end: what is merged is gone."""
    if place.operation.verb not in MERGING:
        return call
    for pointer, thing in references(call, estate):
        if pointer == place.pointer or thing.resource != place.thing.resource:
            continue
        fresh = estate.renew(makeable(estate, thing))
        call = at(call, pointer, place.name_of(fresh)) if fresh else call
    return call
