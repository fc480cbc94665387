"""What does a service itself call that to which somebody belongs: a firm, a practice, a studio?

The usual words for a tenant are known; others are learned from what reads such as `/me` say.
"""

from __future__ import annotations

from gate.model import Json
from validators.document.names import RESERVED, SELF, is_identity, resource_in
from validators.estates.estate import Estate
from validators.estates.things import Thing


def affiliations(one: Estate, other: Estate) -> dict[str, Json]:
    """The ids in what two principals are told of themselves that differ, by the field: `firmId`."""
    mine, theirs = told_of(one), told_of(other)
    return {name: mine[name] for name in mine if theirs.get(name, mine[name]) != mine[name]}


def belongings(one: Estate, other: Estate) -> list[str]:
    """The nouns of these fields, without what stands before them (`currentFirmId` is a firm's)."""
    nouns = (resource_in(name).rpartition("_")[2] for name in affiliations(one, other))
    return [*dict.fromkeys(filter(None, nouns))]


def told_of(estate: Estate) -> dict[str, Json]:
    """What the reads about the caller himself say by an id, the first of each name."""
    found: dict[str, Json] = {}
    for thing in estate.ledger.things:
        if not is_about_caller(estate, thing):
            continue
        for name, value in thing.fields.items():
            plain = isinstance(value, str | int) and not isinstance(value, bool) and value != ""
            if plain and is_identity(name) and name.lower() not in RESERVED:
                found.setdefault(name, value)
    return found


def is_about_caller(estate: Estate, thing: Thing) -> bool:
    """Is it the caller's own account, or a part of what he is told of that?"""
    parts = any(resource in SELF for resource in thing.parents)
    return thing.resource in SELF or parts or estate.ledger.is_own(thing)
