"""Does a request change what another tenant has under a natural key: by making it, or taking it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from gate.model import Observation
from validators.crossing.aims import Aim
from validators.crossing.confirming import repeat
from validators.crossing.places import own_call
from validators.crossing.trials import attack, controlled, words
from validators.document.names import TAKING, is_identity, words_of
from validators.document.operations import Operation, as_list, as_object
from validators.estates.anew import write
from validators.estates.estate import FULL, LEAST, LINKED, Estate
from validators.estates.ground import Duel
from validators.estates.ledger import Ledger
from validators.estates.principals import is_person
from validators.estates.things import Thing
from validators.estates.throwaways import is_maker
from validators.messages.calls import Call, Pointer, leaves, value_at

# What two objects of a tenant rarely share, the surest first; a name is the last resort.
KEYS = ("external", "sku", "serial", "barcode", "isbn", "ean", "vin", "email", "mail", "code",
        "slug", "key", "handle", "reference", "ref", "number", "identifier", "name")  # fmt: skip
CODES = frozenset({"code", "token", "pin", "secret", "otp", "passcode"})
ENOUGH_ALIKE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """A write that may find an object of this kind by what stands at the place."""

    operation: Operation
    pointer: Pointer
    name: str
    thing: Thing

    def put(self, call: Call, thing: Thing) -> Call:
        """The request with this object's key."""
        return call.put(self.pointer, thing.fields.get(self.name))


def upserts(duel: Duel) -> Iterator[Observation]:
    """Write under a key that the other tenant has given, such as an import by e-mail address.

    Only where the owner's own request with the key of an object of his is granted and changes what
    he sees; the other tenant's, and two with new keys, come after. What is for others to take
    (`claim`) needs a code that its owner gives, and is tried with one that nobody gave.
    """
    for operation in duel.ground.operations:
        tried = is_tried(duel, operation) and not is_maker(duel.victim, operation)
        keyed = keyed_in(duel, operation) if tried else None
        if keyed is None:
            continue
        fact = None if takes(operation) else control(duel, keyed)
        if fact is not None and fact.data["visible"]:
            yield fact
        if takes(operation) or (fact is not None and fact.data["visible"]):
            yield from repeat(partial(rounds, duel, keyed))
            yield from duel.ground.after(operation)


def is_tried(duel: Duel, operation: Operation) -> bool:
    """Does a signed-in caller write with it what he has?"""
    writes = not (operation.safe or operation.ends or operation.signs_in)
    open_to_all = operation.public and duel.ground.secured
    return (
        operation.method in {"POST", "PUT"}
        and writes
        and operation.speakable
        and not operation.reads_one
        and not open_to_all
        and (operation.verb not in TAKING or takes(operation))
    )


def takes(operation: Operation) -> bool:
    """Does it take an object from whoever gave the caller its code?"""
    asked = as_list(operation.body.get("required"))
    return operation.verb in TAKING and any(CODES & set(words_of(str(name))) for name in asked)


def keyed_in(duel: Duel, operation: Operation) -> Keyed | None:
    """The surest key in the request that an object of the victim's has, with others beside it."""
    call = own_call(duel.victim, operation)
    found = []
    named = [place for place, _ in leaves(call.body) if place] if call else []
    for place in named:
        name = str(place[-1])
        beside = as_object(value_at(call.body, place[:-1])) if call else {}
        said = set(words_of(name)) - (CODES if takes(operation) else set())
        rank = min((KEYS.index(word) for word in said if word in KEYS), default=-1)
        least = 1 if takes(operation) else ENOUGH_ALIKE
        thing = alike(duel.victim, name, beside, least)
        if rank >= 0 and thing is not None and not is_identity(name):
            found.append((rank, ("body", *place), name, thing))
    if not found:
        return None
    _, pointer, name, thing = min(found, key=lambda each: each[0])
    return Keyed(operation=operation, pointer=pointer, name=name, thing=thing)


def alike(estate: Estate, name: str, fields: Mapping[str, object], least: int) -> Thing | None:
    """An object that can be made again, is nobody, and says as many things of the same names."""
    return next(
        (
            each
            for each in estate.ledger.things
            if each.origin
            and not is_person(each.resource)
            and isinstance(each.fields.get(name), str)
            and len(fields.keys() & each.fields.keys()) >= least
        ),
        None,
    )


def made(estate: Estate, thing: Thing) -> Thing | None:
    """Another object like this one, with keys that are nobody's marks: the caller will have them.

    None when it cannot be made.
    """
    for recipe in (FULL, LINKED, LEAST):
        call = write(estate, thing, recipe, varied=True, headers={})
        answer = estate.send(call) if call else None
        if call and answer and estate.accepts(answer):
            return estate.record(Ledger(), call, answer, made=True)
    return None


def control(duel: Duel, keyed: Keyed) -> Observation | None:
    """The owner's own request with the key of an object made for it; None unless it is granted."""
    fresh, call = made(duel.victim, keyed.thing), own_call(duel.victim, keyed.operation)
    if fresh is None or call is None:
        return None
    where = f"taken {words(keyed.pointer)}"
    fact, granted = controlled(duel, keyed.put(call, fresh), fresh.chain, ids=where)
    return fact if granted else None


def rounds(duel: Duel, keyed: Keyed, turn: int) -> tuple[list[Observation], bool]:
    """The attack once, on a new object; what was only refused or only made something says nothing.

    A refusal of a name that is taken is another question's (`isolation.side-channels`).
    """
    fresh = made(duel.victim, keyed.thing)
    calls = [own_call(duel.attacker, keyed.operation) for _ in range(3)]
    found = [each for each in calls if each is not None]
    if fresh is None or len(found) < len(calls):
        return [], False
    aim = Aim(
        label=f"taken {words(keyed.pointer)}",
        foreign=keyed.put(found[0], fresh),
        absent=tuple(found[1:]),
        watched=fresh.chain,
        anew=lambda: (made(duel.victim, keyed.thing) or fresh).chain,
        own=lambda: own_call(duel.attacker, keyed.operation),
        chosen=True,
    )
    facts, effect = attack(duel, aim, turn)
    told = [replace(each, data={**each.data, "listed": False}) for each in facts]
    return (told if facts[-1].data["granted"] else []), effect
