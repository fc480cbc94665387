"""Does a refusal tell that another tenant uses a name, a code or an address already?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gate.model import Json, Observation
from validators.crossing.directories import is_open
from validators.document.names import words_of
from validators.document.operations import Object, Operation, as_object
from validators.document.wording import unique_within
from validators.estates.anew import Done, again, made_by, make, natural_keys
from validators.estates.estate import Estate
from validators.estates.exchanges import is_secret
from validators.estates.ground import Duel
from validators.estates.ledger import Ledger
from validators.estates.named_fields import names_new
from validators.estates.naming import code_for
from validators.estates.principals import is_person
from validators.estates.same_names import plain
from validators.estates.things import Thing
from validators.estates.throwaways import KEYS, PASSWORDS, is_maker
from validators.messages.calls import Call, Pointer, curl, leaves, retrace, send, value_at
from validators.messages.traces import EXCERPT, SHORTEST, find_marks, normalise

# Of these there is one in the world, whoever has it: that it is taken is no secret of a tenant's.
WORLDWIDE = frozenset({"domain", "host", "hostname", "subdomain", "username", "login"})
TENANTS = frozenset({"tenant", "org", "organization", "organisation", "account", "workspace",
                     "company"})  # fmt: skip
ROUNDS, MOST_FIELDS = 2, 3


def taken_names(duel: Duel) -> Iterator[Observation]:
    """What a tenant has made, made by the other one under the same name.

    For each natural key of each creation: a new object of the victim's, the same value by the
    other tenant, and a value that nobody has, before and after.
    """
    for operation in duel.ground.operations:
        mine, theirs = made_by(duel.victim, operation), made_by(duel.attacker, operation)
        if mine is None or theirs is None or not is_naming(duel, operation):
            continue
        origin = mine.origin or Call(operation=operation)
        if reason := by_design(origin):
            yield duel.note("suppressed", operation, reason=reason)
            continue
        for pointer in [*keys_in(duel, origin)[:MOST_FIELDS], *ids_in(duel, operation)]:
            for turn in range(ROUNDS):
                facts = [*compare(duel, operation, (mine, theirs), pointer, turn)]
                yield from facts
                if all(each.data.get("granted", True) for each in facts):
                    break


def is_naming(duel: Duel, operation: Operation) -> bool:
    """Has a signed-in caller made something by it that is no credential?"""
    made = made_by(duel.victim, operation)
    return (
        made is not None
        and operation.method == "POST"
        and not operation.public
        and not duel.ground.hints.is_shared(operation.label)
        and not (is_maker(duel.victim, operation) and is_credential(made))
    )


def is_credential(made: Thing) -> bool:
    """Is it a key or a token, or was a secret given for it, and not only the place for a later one?

    What its maker said himself was not given: the `key` of a project.
    """
    said = as_object(made.origin.body) if made.origin else {}
    given = any(
        is_secret(name) and value for name, value in made.fields.items() if name not in said
    )
    return given or bool(KEYS & set(words_of(made.resource)))


def keys_in(duel: Duel, origin: Call) -> list[Pointer]:
    """The natural keys that are a tenant's own matter.

    What anybody may look up by it, such as the alias of a short link, is the world's; so is what
    somebody signs in by without saying of which tenant he is. What puts the code of another object
    to use names nothing.
    """
    person = is_person(origin.operation.product)
    worldwide = logins(duel) if person else frozenset[str]()
    looked_up = {
        plain(each.names[-1])
        for each in duel.ground.declared
        if each.names and (each.public or duel.ground.hints.is_public(each.label))
    }
    found = []
    for pointer in dict.fromkeys(
        (*promised(duel, origin), *(each for each, _ in natural_keys(duel.victim, origin)))
    ):
        name = str(next(each for each in reversed(pointer) if isinstance(each, str)))
        if WORLDWIDE & set(words_of(name)) or plain(name) in looked_up | worldwide:
            continue
        if code_for(origin.operation, name, duel.victim.ledger) is None:
            found.append(pointer)
    return found


def ids_in(duel: Duel, operation: Operation) -> list[Pointer]:
    """The ids that a caller may choose for what he makes below something of his (AIP-133)."""
    new = [n for n in operation.optional if names_new(duel.victim.ledger, operation, n)]
    return [("query", name) for name in new if operation.names]


def promised(duel: Duel, origin: Call) -> list[Pointer]:
    """The texts of which the document says in words that one tenant has each of them once."""
    described = {name: str(each.get("description", "")) for name, each in fields_of(duel, origin)}
    return [
        ("body", *place)
        for place, text in leaves(origin.body)
        if place
        and isinstance(value_at(origin.body, place), str)
        and not duel.victim.ledger.by_value(text)
        and unique_within(origin.operation, str(place[-1]), described.get(str(place[-1]), ""))
    ]


def fields_of(duel: Duel, origin: Call) -> Iterator[tuple[str, Object]]:
    """The fields at the top of a body, each with its schema."""
    simple = duel.victim.author.simplify
    for name, each in as_object(simple(dict(origin.operation.body)).get("properties")).items():
        yield name, simple(each)


def logins(duel: Duel) -> frozenset[str]:
    """What stands beside a password where nobody is signed in yet, unless a tenant does as well."""
    found: set[str] = set()
    for each in duel.ground.declared:
        fields = [*as_object(duel.victim.author.simplify(dict(each.body)).get("properties"))]
        words = {word for name in fields for word in words_of(name)}
        if each.method == "POST" and each.public and PASSWORDS & words and not TENANTS & words:
            found.update(map(plain, fields))
    return frozenset(found)


def by_design(origin: Call) -> str:
    """Why the whole world may share these names; "" when it may not.

    Who signs in by a name alone has it for himself everywhere, and so has a tenant its own.
    """
    if any(PASSWORDS & set(words_of(str(place[-1]))) for place, _ in leaves(origin.body) if place):
        return "it makes an account that signs in by its name"
    if TENANTS & set(words_of(origin.operation.product)):
        return "it makes a tenant, whose name is its own everywhere"
    return ""


def compare(
    duel: Duel, operation: Operation, things: tuple[Thing, Thing], pointer: Pointer, turn: int
) -> Iterator[Observation]:
    """One name: made by the victim, then by the other tenant; beside two that nobody has."""
    mine, before = make(duel.victim, things[0]), make(duel.attacker, things[1])
    if mine is not None and mine.granted and pointer[0] == "query":
        mine = with_id(duel.victim, mine, pointer)
    positive = mine is not None and mine.granted and before is not None and before.granted
    statuses = [each.answer.status for each in (mine, before) if each is not None]
    yield duel.note("owned-call", operation, status=max(statuses, default=0), positive=positive)
    if mine is None or before is None or not positive:
        return
    known = duel.victim.record(Ledger(), mine.call, mine.answer, made=True)
    if known is not None and is_open(duel, known):
        yield duel.note("suppressed", operation, reason="the other tenant may read what it makes")
        return
    yield asked(duel, (mine, known), before, pointer, turn)


def with_id(estate: Estate, done: Done, pointer: Pointer) -> Done:
    """Another one, under an id that its maker has chosen."""
    call = again(estate, done).put(pointer, estate.canaries.draw())
    answer = estate.send(call)
    return replace(done, call=call, answer=answer, granted=estate.accepts(answer))


def asked(
    duel: Duel, made: tuple[Done, Thing | None], before: Done, pointer: Pointer, turn: int
) -> Observation:
    """What the other tenant gets under the victim's name, and under a new one afterwards."""
    other, (mine, known) = duel.attacker, made
    said: Json = {"query": dict(mine.call.query), "body": mine.call.body}
    call = again(other, before).put(pointer, value_at(said, pointer))
    answer = send(other.client, call)
    alone = again(other, before)
    free = alone.put(pointer, other.canaries.draw()) if pointer[0] == "query" else alone
    after = send(other.client, free)
    # A short number stands in any header.
    marks = {known.id: "id"} if known is not None and len(known.id) >= SHORTEST else {}
    return duel.note(
        "taken-call",
        call.operation,
        ids="",
        role=other.client.role,
        field=".".join(map(str, pointer[1:])),
        round=turn,
        status=answer.status,
        granted=other.accepts(answer),
        alone=other.accepts(after),
        traces=find_marks(answer, marks, call.sent),
        excerpt=normalise(answer.body, call.sent)[:EXCERPT],
        curl=retrace(curl(duel.victim.client, mine.call), curl(other.client, call)),
    )
