"""How are lists asked for more where objects go by resource names: all parents, and filters?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from validators.document.filters import term_in
from validators.document.names import words_of
from validators.document.operations import Object
from validators.document.resource_names import ANYTHING, pairs_of
from validators.estates.ground import Duel
from validators.messages.calls import Call, Pointer

MOST_FIELDS = 2


def by_names(
    duel: Duel, call: Call, places: Mapping[Pointer, Object]
) -> Iterator[tuple[str, Call]]:
    """The list over all parents (`projects/-`, AIP-159), and with a filter (AIP-160).

    What the caller may not see is in neither. The filter is for a mark of the victim's: `has`, and
    the name of the field, for no document says how one is written.
    """
    if not any(map(pairs_of, call.path)):
        return
    for at in range(len(call.path)):
        path = (*call.path[:at], ANYTHING, *call.path[at + 1 :])
        yield f"over all of {call.operation.names[at]}", replace(call, path=path)
    for place, schema in places.items():
        if words_of(str(place[-1])) == ["filter"] and term_in(schema) is None:
            for name in marked(duel, call):
                text = f'{name}:"{duel.victim.canaries.token}"'
                yield f"with {place[-1]} by {name}", call.put(place, text)


def marked(duel: Duel, call: Call) -> list[str]:
    """The fields of the victim's objects of this kind that hold a mark."""
    found = (
        name
        for thing in duel.victim.ledger.things
        if thing.resource == call.operation.product
        for name, value in thing.fields.items()
        if isinstance(value, str) and duel.victim.canaries.token in value
    )
    return [*dict.fromkeys(found)][:MOST_FIELDS]
