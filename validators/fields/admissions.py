"""Does somebody who takes up an invitation become more than it says, by a field that he adds?

Where the code makes no new account, a stranger who is signed in takes it up (`estates.guests`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gate.model import Json, Observation
from validators.estates.ground import Duel
from validators.estates.guests import STAYING, Door, Guest, Stay, door, guests, seated
from validators.estates.identities import is_ranking
from validators.estates.own_fields import free_fields
from validators.fields.promotions import flat
from validators.judging import AGAIN
from validators.messages.calls import Pointer
from validators.messages.traces import EXCERPT, normalise


def admit(duel: Duel) -> Iterator[Observation]:
    """A stranger comes in as he is invited, then with each rank of the owner's that he is without.

    What the owner's list of members says of him decides, and he is put out each time.
    """
    entrance = door(duel)
    for guest in guests(duel) if entrance is not None else ():
        stay = entrance.joined(duel, guest) if entrance is not None else None
        if entrance is None or stay is None or not stay.row:
            continue
        ended, operation = entrance.put_out(duel, guest), stay.call.operation
        if ended is None:
            yield duel.note("unreached", operation, reason=STAYING)
            return
        ranks = missing(duel, entrance, stay)
        if ranks:
            yield duel.note("owned-write", operation, status=stay.answer.status, positive=True)
        for place, value in ranks.items():
            yield from assumed(duel, entrance, guest, place, value)
        yield from duel.ground.after(ended[0].operation)
        return


def missing(duel: Duel, entrance: Door, stay: Stay) -> dict[Pointer, Json]:
    """What the list says of the owner's rank where it says something else of the guest's.

    A rank that the redemption declares is for whoever takes it up to choose.
    """
    declared = free_fields(duel.victim.author, dict(stay.call.operation.body))
    best = ranks_in(entrance.row_of(duel, seated(duel)) or {})
    mine = ranks_in(stay.row)
    return {
        place: best[place]
        for place in mine
        if place in best and best[place] != mine[place] and place[-1] not in declared
    }


def ranks_in(row: Mapping[str, Json]) -> dict[Pointer, Json]:
    """What a row of a list says of somebody's rank, by where it stands; also a list of ranks."""
    lists: dict[Pointer, Json] = {(name,): each for name, each in row.items() if each}
    return {at: each for at, each in (lists | flat(dict(row))).items() if is_rank(at, each)}


def is_rank(place: Pointer, value: Json) -> bool:
    """Is it a rank, and no object that holds more?"""
    return is_ranking(str(place[-1])) and not isinstance(value, dict)


def assumed(
    duel: Duel, entrance: Door, guest: Guest, place: Pointer, value: Json
) -> Iterator[Observation]:
    """The guest comes in with this rank; once more, by a new invitation, when he has it then."""
    name = str(place[-1])
    for turn in range(AGAIN):
        stay = entrance.joined(duel, guest, {name: value})
        if stay is None:
            return
        kept = ranks_in(stay.row).get(place) == value
        yield duel.note(
            "assigned",
            stay.call.operation,
            role="invited member",
            field=name,
            group="rank",
            known=True,
            round=turn,
            status=stay.answer.status,
            granted=bool(stay.row),
            kept=kept,
            reached=[],
            excerpt=guest.holder.hidden(normalise(stay.answer.body, stay.call.sent)[:EXCERPT]),
            curl=stay.line(duel),
        )
        if (stay.row and entrance.put_out(duel, guest) is None) or not kept:
            return
