"""Where does a request refer to an object, and what may it do with it?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from validators.crossing.foreign_writes import is_write
from validators.crossing.trials import at_pointer, references, words
from validators.document.names import ENDING, MERGING, VERBS, words_of
from validators.document.operations import Operation, as_list, as_object
from validators.estates.estate import FULL, Estate, Recipe
from validators.estates.ground import Duel
from validators.estates.naming import NAMED
from validators.estates.principals import is_person
from validators.estates.things import Thing, chain_of, values_of
from validators.messages.calls import Call, Pointer

RECIPES = (Recipe(linked=True), Recipe(full=False, linked=True), Recipe(full=False))
MOST_PLACES = 6
DOING = VERBS | {"put", "post"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a request refers to an object, and to which one of the victim's.

    `choice`: what the request is to do with it, and where it says so, if it can do several things.
    `called`: the field that it is named by there, where that is not its id.
    """

    operation: Operation
    pointer: Pointer
    thing: Thing
    recipe: Recipe
    choice: tuple[Pointer, str] | None = None
    called: str = ""

    @property
    def where(self) -> str:
        """The place in words, with what is done there: `body operations contactId, delete`."""
        return words(self.pointer) + (f", {self.choice[1]}" if self.choice else "")

    @property
    def ends(self) -> bool:
        """May what it refers to be gone afterwards?"""
        verbs = {self.operation.verb, self.choice[1].lower() if self.choice else ""}
        return self.operation.ends or bool(verbs & (ENDING | MERGING))

    def name_of(self, thing: Thing) -> str:
        """What names an object of this kind there."""
        said = thing.fields.get(self.called) if self.called else None
        return said if isinstance(said, str) and said else thing.id

    def chosen(self, call: Call) -> Call:
        """The request, doing this."""
        return call.put(*self.choice) if self.choice else call


def places_in(duel: Duel, operation: Operation) -> Iterator[Place]:
    """The places of one operation, each once, that refer to what only the victim has."""
    if not operation.safe and not is_write(operation):
        return
    if operation.public and duel.ground.secured:  # a sign-up has to say that a name is taken
        return
    seen: set[str] = set()
    for recipe in RECIPES:
        call = own_call(duel.victim, operation, recipe)
        if call is None:
            continue
        found = references(call, duel.victim)
        for pointer, thing in found[:MOST_PLACES]:
            shared = duel.attacker.ledger.by_value(thing.id, thing.resource)
            if words(pointer) not in seen and shared is None and not is_by_handle(pointer, thing):
                seen.add(words(pointer))
                place = Place(
                    operation=operation,
                    pointer=pointer,
                    thing=makeable(duel.victim, thing),
                    recipe=recipe,
                    called=thing.called if str(at_pointer(call, pointer)) != thing.id else "",
                )
                yield place
                for choice in choices_beside(duel, call, pointer):
                    yield replace(place, choice=choice)


def is_by_handle(pointer: Pointer, thing: Thing) -> bool:
    """Does it call somebody by his handle, which is how anybody invites whom he knows?"""
    name = next((each for each in reversed(pointer) if isinstance(each, str)), "")
    return is_person(thing.resource) and "_".join(words_of(name)) in NAMED


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


def own_call(estate: Estate, operation: Operation, recipe: Recipe = FULL) -> Call | None:
    """The tenant's own request; None when its path cannot be filled."""
    things = next(estate.ledger.match(operation), None)
    if things is None:
        return None
    chain = chain_of(operation, things)
    return estate.write(operation, values_of(operation, things), chain, recipe)
