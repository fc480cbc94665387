"""How is a list asked for another tenant by what its own rows say of whose they are?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from gate.model import Json
from validators.document.filters import written
from validators.document.names import field_of, is_identity
from validators.document.operations import Object, Operation
from validators.estates.estate import Estate
from validators.estates.ground import Duel
from validators.estates.identities import is_owning
from validators.messages.callers import context_of
from validators.messages.calls import Call, Pointer

MOST_OWNERS = 2


def by_owner(
    duel: Duel, call: Call, places: Mapping[Pointer, Object]
) -> Iterator[tuple[str, Call]]:
    """The list with the victim under each field that says whose a row is (`company_id`).

    As a parameter that the document does not name, and in each filter that it shows how to write.
    What a header says of whom he asks for (`X-Account`) may be taken from a parameter as well.
    """
    named = {str(place[-1]) for place in places} | {*call.query}
    inside = "body" if isinstance(call.body, dict) else "query"
    for name, value in {**owners(duel, call.operation), **contexts(duel)}.items():
        if name not in named:
            yield f"with {name}, which is no parameter", call.put((inside, name), value)
        for place, schema in places.items():
            if text := written(str(place[-1]), schema, name, value):
                yield f"with {place[-1]} by {name}", call.put(place, text)


def owners(duel: Duel, operation: Operation) -> dict[str, Json]:
    """What the victim's rows of this kind say of whose they are, where the attacker's do not.

    Then what the accounts say of whose they are: rows may leave out what a filter knows.
    """
    found: dict[str, Json] = {}
    for about in (operation.product, "user"):
        mine = set(owned_by(duel.attacker, about))
        for name, value in owned_by(duel.victim, about):
            if (name, value) not in mine:
                found.setdefault(name, value)
    return dict([*found.items()][:MOST_OWNERS])


def contexts(duel: Duel) -> dict[str, Json]:
    """For whom the victim's headers ask, by the field that would say so, and the attacker's not."""
    mine, theirs = (
        context_of(each.client.credentials, each.author.document)
        for each in (duel.attacker, duel.victim)
    )
    return {field_of(name): value for name, value in theirs.items() if mine.get(name) != value}


def owned_by(estate: Estate, resource: str) -> list[tuple[str, str | int]]:
    """The ids that this tenant's objects of one kind have of owners, the most frequent first."""
    found = Counter(
        (name, value)
        for thing in estate.ledger.things
        if thing.resource == resource
        for name, value in thing.fields.items()
        if is_owning(name) and is_identity(name) and isinstance(value, str | int) and value
    )
    return [pair for pair, _ in found.most_common()]
