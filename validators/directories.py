"""What does a service show everybody: which names are in its directory, and what of whom?

Evidence decides. A name is public when a list that asks for a credential shows it to both tenants
in the same answer. A public part is what strangers see where the owner sees more, and where the
owner, who asks for the stranger's, is shown no other fields.
"""

from __future__ import annotations

from validators.calls import Call, leaves, send
from validators.estate import LEAST, Estate
from validators.ground import Duel
from validators.operations import Operation
from validators.things import Thing, values_of
from validators.traces import scalars

LISTED = "a list shows this name to everybody, so that no answer tells that it exists"
PART = "strangers see a part of it, of everybody the same, and its owner sees more"


def why_public(duel: Duel, call: Call, mine: tuple[str, ...] | None) -> str:
    """Why may anybody know that this is there; "" when nothing says so."""
    if is_listed(duel, call.path):
        return LISTED
    return PART if shows_part(duel, call, mine) and tells_apart(duel, call, mine) else ""


def is_listed(duel: Duel, names: tuple[str, ...]) -> bool:
    """Are these names, and no mere numbers, in a list that both tenants are answered alike?"""
    envelope = duel.ground.envelope
    if envelope.listed is None:
        envelope.listed = set()
        for each in duel.ground.operations:
            if each.method == "GET" and not each.names and each.speakable and not each.public:
                one, two = (texts_of(estate, each) for estate in duel.ground.estates)
                envelope.listed |= one if one == two else set()
    words = [each for each in names if not each.isdigit()]
    return bool(names) and len(words) == len(names) and envelope.listed.issuperset(words)


def is_open(duel: Duel, thing: Thing) -> bool:
    """Is the victim's object read by the other tenant anyway? Then its name tells nothing more.

    Whether it may is asked by `isolation.read-by-id`.
    """
    for read in duel.ground.operations:
        if read.safe and read.speakable and read.reads_one and read.resource == thing.resource:
            path = values_of(read, (thing,)) if len(read.names) == 1 else ()
            call = duel.victim.write(read, path, recipe=LEAST) if path else None
            if call is not None and duel.attacker.accepts(send(duel.attacker.client, call)):
                return True
    return False


def texts_of(estate: Estate, operation: Operation) -> set[str]:
    """All texts that a read shows this tenant."""
    answer = estate.send(estate.write(operation, (), recipe=LEAST))
    return {text for _, text in leaves(answer.json())} if estate.accepts(answer) else set()


def shows_part(duel: Duel, call: Call, mine: tuple[str, ...] | None) -> bool:
    """Do strangers, in both directions, see the same fields, and the owner these and more?"""
    if mine is None or mine == call.path or not call.operation.safe:
        return False
    own = fields_of(duel.victim, call, call.path)
    shown = fields_of(duel.attacker, call, call.path)
    back = fields_of(duel.victim, call, mine)
    return bool(shown) and shown.keys() < own.keys() and shown.keys() == back.keys()


def tells_apart(duel: Duel, call: Call, mine: tuple[str, ...] | None) -> bool:
    """Does what strangers see say anything of whom it is about, beside the name that was asked?"""
    shown = fields_of(duel.attacker, call, call.path)
    back = fields_of(duel.victim, call, mine or ())
    return any(shown[each] != back.get(each) for each in shown if shown[each] not in call.path)


def fields_of(estate: Estate, call: Call, path: tuple[str, ...]) -> dict[str, str]:
    """What this tenant is shown at a path, by the place in the answer; nothing when refused."""
    answer = estate.send(Call(operation=call.operation, path=path, query=call.query))
    if not path or not estate.accepts(answer):
        return {}
    return {place: str(value) for place, value in scalars(answer.json())}
