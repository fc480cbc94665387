"""What do ids of another tenant do in a body or query?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gate.check import Testbed
from gate.model import Observation
from validators.crossing.aims import Aim
from validators.crossing.confirming import repeat
from validators.crossing.directories import is_open
from validators.crossing.foreign_writes import is_write, survey
from validators.crossing.trials import (
    absent_at,
    at_pointer,
    attack,
    controlled,
    fresh_things,
    is_chosen,
    reason_to_spare,
    references,
    words,
)
from validators.crossing.upserts import upserts
from validators.document.names import (
    ACCOUNT,
    ENDING,
    MERGING,
    RECIPIENTS,
    TAKING,
    VERBS,
    names_people,
    words_of,
)
from validators.document.operations import Operation, as_list, as_object
from validators.estates.estate import Estate, Recipe
from validators.estates.ground import Duel, stand
from validators.estates.principals import is_person
from validators.estates.things import Thing, chain_of, values_of
from validators.messages.calls import Call, Pointer, like_type

RECIPES = (Recipe(linked=True), Recipe(full=False, linked=True), Recipe(full=False))
MOST_PLACES = 6
DOING = VERBS | {"put", "post"}
PEOPLE = ACCOUNT | {"user", "account", "wallet", "iban"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a request refers to an object, and to which one of the victim's.

    `choice`: what the request is to do with it, and where it says so, if it can do several things.
    """

    operation: Operation
    pointer: Pointer
    thing: Thing
    recipe: Recipe
    choice: tuple[Pointer, str] | None = None

    @property
    def where(self) -> str:
        """The place in words, with what is done there: `body operations contactId, delete`."""
        return words(self.pointer) + (f", {self.choice[1]}" if self.choice else "")

    @property
    def ends(self) -> bool:
        """May what it refers to be gone afterwards?"""
        verbs = {self.operation.verb, self.choice[1].lower() if self.choice else ""}
        return self.operation.ends or bool(verbs & (ENDING | MERGING))

    def chosen(self, call: Call) -> Call:
        """The request, doing this."""
        return call.put(*self.choice) if self.choice else call


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


def places_in(duel: Duel, operation: Operation) -> Iterator[Place]:
    """The places of one operation, each once, that refer to what only the victim has."""
    if not operation.safe and not is_write(operation):
        return
    if operation.public and duel.ground.secured:  # a sign-up has to say that a name is taken
        return
    seen: set[str] = set()
    for recipe in RECIPES:
        call = own_call(duel, operation, recipe)
        if call is None:
            continue
        found = references(call, duel.victim)
        for pointer, thing in found[:MOST_PLACES]:
            shared = duel.attacker.ledger.by_value(thing.id, thing.resource)
            if words(pointer) not in seen and shared is None:
                seen.add(words(pointer))
                place = Place(
                    operation=operation,
                    pointer=pointer,
                    thing=makeable(duel.victim, thing),
                    recipe=recipe,
                )
                yield place
                for choice in choices_beside(duel, call, pointer):
                    yield replace(place, choice=choice)


def makeable(estate: Estate, thing: Thing) -> Thing:
    """The object, or one beside it that can be made again where it cannot."""
    beside = (
        each
        for each in estate.ledger.things
        if each.origin and each.resource == thing.resource and each.parents == thing.parents
    )
    return thing if thing.origin or is_person(thing.resource) else next(beside, thing)


def choices_beside(duel: Duel, call: Call, pointer: Pointer) -> Iterator[tuple[Pointer, str]]:
    """What else may be done with what stands there: `method: get, update or delete` beside its id.

    Only what the document lists, where half of it are verbs at least.
    """
    at, schema = pointer[:1], dict(call.operation.body)
    if at != ("body",):
        return
    for step in (*pointer[1:], ""):
        plain = duel.victim.author.simplify(schema)
        for name, each in as_object(plain.get("properties")).items():
            said = [str(one) for one in as_list(duel.victim.author.simplify(each).get("enum"))]
            verbs = [one for one in said if one.lower() in DOING]
            if len(verbs) * 2 >= len(said) and verbs and name != step:
                now = at_pointer(call, (*at, name))
                yield from (((*at, name), one) for one in said if now not in {None, one})
        inside = plain.get("items") if isinstance(step, int) else None
        schema = dict(as_object(inside or as_object(plain.get("properties")).get(str(step))))
        at = (*at, step)


def own_call(duel: Duel, operation: Operation, recipe: Recipe) -> Call | None:
    """The victim's own request; None when its path cannot be filled."""
    things = next(duel.victim.ledger.match(operation), None)
    if things is None:
        return None
    path = values_of(operation, things)
    return duel.victim.write(operation, path, chain_of(operation, things), recipe)


def fight(duel: Duel, place: Place) -> Iterator[Observation]:
    """Everything about one place: the owner's success, then the attacks."""
    operation, where = place.operation, place.where
    if is_addressed(place):
        yield duel.note("suppressed", operation, reason=f"{where}: it is to reach somebody else")
        return
    if operation.verb in TAKING:
        yield duel.note("suppressed", operation, reason=f"to {operation.verb} is for others")
        return
    if may_take_part(duel, place):
        reason = f"{where}: whoever anybody may look up may have a part in it"
        yield duel.note("suppressed", operation, reason=reason)
        return
    if reason := reason_to_spare(duel, operation, place.thing):
        yield duel.note("unreached", operation, reason=f"{where}: {reason}")
        return
    fact, _ = control(duel, place)
    if fact is not None:
        yield fact
    yield from repeat(lambda turn: rounds(duel, place, turn))


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
    """The owner's own request on an object made for it."""
    fact = None
    for recipe in dict.fromkeys((place.recipe, *RECIPES)):
        things = next(duel.victim.ledger.match(place.operation), ())
        own = things
        if place.operation.ends or place.operation.label in duel.ground.envelope.before:
            own = fresh_things(duel.victim, things, place.operation)
        path = values_of(place.operation, own)
        chain, current = chain_of(place.operation, own), place.thing.fields
        call = place.chosen(duel.victim.write(place.operation, path, chain, recipe, current))
        if at_pointer(call, place.pointer) is None and recipe != place.recipe:
            continue
        # What was made anew may lack what the request needs of it, such as a version.
        for thing in (duel.victim.renew(place.thing), place.thing):
            if thing is not None:
                asked = apart(duel.victim, place, put(call, place.pointer, thing))
                fact, granted = controlled(duel, asked, thing.chain, ids=place.where)
                if granted:
                    return fact, True
    return fact, False


def put(call: Call, pointer: Pointer, thing: Thing) -> Call:
    """The request with this object's id in the place."""
    return call.put(pointer, like_type(thing.id, at_pointer(call, pointer)))


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
        at = (*pointer[:-1], 1) if bulk else pointer
        typed = like_type(thing.id, at_pointer(found[0], at))
        yield Aim(
            label=f"{label} beside an own one" if bulk else label,
            foreign=found[0].put(at, typed),
            absent=tuple(absent_at(duel, each, at, thing.id) for each in found[1:]),
            watched=thing.chain,
            anew=lambda: (duel.victim.renew(place.thing) or place.thing).chain,
            own=lambda: base(duel, place, bulk=False),
            chosen=is_chosen(thing),
        )


def base(duel: Duel, place: Place, *, bulk: bool) -> Call | None:
    """The attacker's request on his own objects, in a list with room for one more."""
    things = next(duel.attacker.ledger.match(place.operation), None)
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
    return call if fresh is None else put(call, place.pointer, fresh)


def apart(estate: Estate, place: Place, call: Call) -> Call:
    """The request with new objects for all else that it would end: what is merged is gone."""
    if place.operation.verb not in MERGING:
        return call
    for pointer, thing in references(call, estate):
        fresh = estate.renew(makeable(estate, thing))
        if pointer != place.pointer and thing.resource == place.thing.resource and fresh:
            call = put(call, pointer, fresh)
    return call
