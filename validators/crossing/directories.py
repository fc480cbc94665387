"""What does a service show everybody: which names are in its directory, and what of whom?

Evidence decides. A name is public when a list that asks for a credential shows it to both tenants
in the same answer. A public part is what strangers see where the owner sees more, and where the
owner, who asks for the stranger's, is shown no other fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gate.check import Answer
from gate.model import Json, Observation
from validators.crossing.excuses import LISTED, OPEN, PART, is_part
from validators.crossing.unpublished import kept_back, says_open
from validators.document.names import ACCOUNT, RESERVED, is_identity, words_of
from validators.document.operations import Operation, as_object
from validators.estates.estate import LEAST, Estate
from validators.estates.ground import Duel
from validators.estates.handles import names_in
from validators.estates.principals import introductions
from validators.estates.things import Thing, is_stranger, values_of
from validators.messages.calls import Call, leaves, send
from validators.messages.traces import scalars

# What somebody is reached by, or gets in with.
CONTACT = frozenset({
    "email", "mail", "phone", "mobile", "telephone", "address", "street", "iban", "birthday",
    "birthdate", "password", "token", "secret",
})  # fmt: skip
SHORTEST_CONTACT = 5


def why_public(duel: Duel, call: Call, mine: tuple[str, ...] | None) -> str:
    """Why may anybody know that this is there; "" when nothing says so."""
    if is_listed(duel, call.path):
        return LISTED
    if is_profiled(duel, call):
        return OPEN
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
    own = [each for each in duel.attacker.ledger.things if each.resource == thing.resource]
    for read in duel.ground.operations:
        if read.safe and read.speakable and read.reads_one and read.resource == thing.resource:
            path = values_of(read, (thing,)) if len(read.names) == 1 else ()
            if not path or path in (values_of(read, (each,)) for each in own):
                continue  # a number that both have names the attacker's own
            call = duel.victim.write(read, path, recipe=LEAST)
            if call is not None and duel.attacker.accepts(send(duel.attacker.client, call)):
                return True
    return False


def excused(duel: Duel, thing: Thing, facts: Sequence[Observation]) -> Sequence[Observation]:
    """The facts, each answer that tells that the object is there marked so where that is no secret.

    Whoever may read it by its id knows that anyway.
    """
    absent = {each.data.get("status") for each in facts if each.kind == "absent-write"}
    apart = [each for each in facts if each.data.get("status") not in absent]
    if not apart or not is_open(duel, thing):
        return facts
    return [
        replace(each, data={**each.data, "listed": True}) if each in apart else each
        for each in facts
    ]


def texts_of(estate: Estate, operation: Operation) -> set[str]:
    """All texts that a read shows this tenant."""
    answer = estate.send(estate.write(operation, (), recipe=LEAST))
    return {text for _, text in leaves(answer.json())} if estate.accepts(answer) else set()


def shows_part(duel: Duel, call: Call, mine: tuple[str, ...] | None) -> bool:
    """Do strangers, in both directions, see the same fields, and the owner these and more?"""
    return is_part(part_of(duel, call, mine))


def part_of(duel: Duel, call: Call, mine: tuple[str, ...] | None) -> dict[str, Json]:
    """The places that the owner, a stranger, and the owner of the stranger's are shown."""
    if mine is None or mine == call.path or not call.operation.safe:
        return {}
    seen = {
        "own": {**fields_of(duel.victim, call, call.path), **told_himself(duel, call)},
        "shown": fields_of(duel.attacker, call, call.path),
        "back": fields_of(duel.victim, call, mine),
    }
    return {name: [*sorted(places)] for name, places in seen.items()}


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
    return {place: str(value) for place, value in scalars(answer.json()) if value is not None}


def told_himself(duel: Duel, call: Call) -> dict[str, str]:
    """What the service tells the victim of himself, where a path names him."""
    for read in introductions(duel.ground.operations) if call.operation.reads_one else ():
        answer = duel.victim.send(Call(operation=read))
        said = {place: str(each) for place, each in scalars(answer.json()) if each is not None}
        if duel.victim.accepts(answer) and call.path[-1] in said.values():
            return said
    return {}


def is_profile(duel: Duel, call: Call, mine: tuple[str, ...] | None) -> bool:
    """Is it what everybody is shown of who goes by a name: of everybody the same part?

    A name that was chosen to be called by (`/users/{username}`, `/orgs/{org}`, which takes the
    `login`), no id and no address; and nothing in it by which somebody is reached.
    """
    if len(call.path) != 1 or not call.operation.reads_one or not is_handle(duel, call):
        return False
    shown = fields_of(duel.attacker, call, call.path)
    known = {place for place in shown if is_contact(place.rpartition(".")[2].rstrip("[]"))}
    return not known and shows_part(duel, call, mine)


def is_handle(duel: Duel, call: Call) -> bool:
    """Does the path name its object by what an account is called?"""
    things = next(duel.victim.ledger.match(call.operation), ())
    handles = {*(ACCOUNT - {"email"})}
    said = {things[-1].called, *call.operation.names[-1:]} if things else set[str]()
    return bool(said & handles) and not call.path[-1].isdigit()


def is_profiled(duel: Duel, call: Call) -> bool:
    """Does the only name in a path belong to somebody of whom everybody is shown a part?"""
    whole = call.operation.path.partition("}")[0] + "}"
    for read in duel.ground.operations:
        if read.method == "GET" and read.path == whole and read.speakable and len(call.path) == 1:
            mine = next(duel.attacker.ledger.fill(read), None)
            return is_profile(duel, Call(operation=read, path=call.path), mine)
    return False


def published(duel: Duel, call: Call) -> dict[str, Json]:
    """How many of a list's objects that strangers are shown are public by their own word.

    `closed` are those that say otherwise or nothing, `kept` those that only the owner is shown.
    """
    theirs, own = (items_of(estate, call) for estate in (duel.attacker, duel.victim))
    said = [is_open_thing(each) for each in theirs]
    kept = [each for each in own if kept_back(each) and each not in theirs]
    return {"open": said.count(True), "closed": said.count(False), "kept": len(kept)}


def items_of(estate: Estate, call: Call) -> list[Mapping[str, Json]]:
    """The objects of a list as a tenant is shown it."""
    answer = estate.send(call)
    said = answer.json() if estate.accepts(answer) else None
    return [as_object(each) for each in said] if isinstance(said, list) else []


def is_open_thing(fields: Mapping[str, Json]) -> bool:
    """Does it say that it is public (`private: false`)?"""
    return any(says_open(name, value) for name, value in fields.items())


def beyond_word(duel: Duel, operation: Operation, answer: Answer) -> list[str]:
    """Where an answer shows how to reach the victim, which its schema does not name.

    What is shared by word is so with the fields that the document describes; where it describes
    none, its word covers all.
    """
    author = duel.attacker.author
    declared = names_in(author, listed_schema(duel, operation))
    if not declared:
        return []
    theirs = contacts_of(duel.victim) - contacts_of(duel.attacker)
    return [
        place
        for place, value in scalars(answer.json())
        if is_contact(name := place.rpartition(".")[2].rstrip("[]"))
        and name not in declared
        and (str(value) in theirs or duel.victim.canaries.token in str(value))
    ]


def listed_schema(duel: Duel, operation: Operation) -> Json:
    """What the document says of one of those that it shows."""
    plain = duel.attacker.author.simplify(dict(operation.replies))
    return plain.get("items", dict(plain))


def contacts_of(estate: Estate) -> set[str]:
    """How a tenant's own account is reached, as far as reads tell him or he signs in with it."""
    seen = [each for each in estate.ledger.things if each.resource == "user" and not each.origin]
    said = [pair for each in seen for pair in each.fields.items()]
    return {
        str(value)
        for name, value in (*said, *estate.ledger.names.items())
        if is_contact(name) and len(str(value)) >= SHORTEST_CONTACT
    }


def is_contact(name: str) -> bool:
    """Is a field of this name how somebody is reached, or gets in?"""
    return bool(CONTACT & set(words_of(name)))


def without_names(estate: Estate, answer: Answer) -> str:
    """A directory's text without the names of accounts, if it shows nothing else of them.

    It is one of accounts that anybody may open when it shows one that a public sign-up made: such
    an account is nobody's but its own. Where anything but names and ids stands beside the name,
    nothing is taken out.
    """
    parts = list(scalars(answer.json()))
    strangers = names_of_strangers(estate)
    rows = {place.rpartition(".")[0] for place, value in parts if str(value) in strangers}
    about = [(place, value) for place, value in parts if place.rpartition(".")[0] in rows]
    text = answer.body
    if all(is_naming(place.rpartition(".")[2]) for place, _ in about):
        for _, value in about:
            text = text.replace(f'"{value}"', '""')
    return text


def names_of_strangers(estate: Estate) -> set[str]:
    """What accounts are called that a public sign-up made."""
    made = [each for each in estate.ledger.things if is_stranger(each)]
    said = [pair for each in made if each.origin for pair in as_object(each.origin.body).items()]
    return {str(value) for name, value in said if value and is_naming(name)}


def is_naming(name: str) -> bool:
    """Does a field of this name say how an account is called in public, or its id?"""
    return "_".join(words_of(name)) in {*(ACCOUNT - {"email"}), *RESERVED} or is_identity(name)
